//! Posts compared with the rules of the moment: what is new, and what an edit brought in.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::recognise::{self, Edit};
use super::trouble::Trouble;
use crate::feeds::clean;
use crate::matching;
use crate::matching::ranked::Scratch;
use crate::model::claim::Claim;
use crate::model::post::Post;
use crate::model::sighting::Sighting;
use crate::rules::compile::RuleSet;
use crate::store::identity::{Edited, Identity, Renewed};
use crate::telemetry::metrics::Metrics;

/// What posts turned out to repeat.
#[derive(Debug, Default)]
pub struct Compared {
    /// Posts to be written down as new: those never seen, and texts of edited ones that are worth a letter.
    pub new: Vec<Post>,
    /// What is seen in them.
    pub sightings: Vec<(Sighting, Claim)>,
    /// Edited posts that a desk is to be told of, but not before then.
    pub later: Vec<(Post, Timestamp)>,
}

/// Compares posts never seen and posts that were edited; notes in `identity` what became of the edited ones.
///
/// # Errors
/// When comparing breaks off, which is a fault of ours.
pub async fn compare(
    (rules, metrics): (&watch::Receiver<Arc<RuleSet>>, &Metrics),
    mut news: Vec<Post>,
    edited: Vec<(Post, Renewed, Edited)>,
    identity: &mut Identity,
    now: Timestamp,
) -> Result<Compared, Trouble> {
    let rules = Arc::clone(&rules.borrow());
    let started = Instant::now();
    let (news, mut sightings, edits) = spawn_blocking(move || {
        clean::name_languages(&mut news);
        let sightings: Vec<(Sighting, Claim)> = news.iter().flat_map(|post| examined(post, &rules)).collect();
        let edits: Vec<(Renewed, Edit<Claim>)> = edited
            .into_iter()
            .map(|(post, renewed, edited)| {
                let mut post = [post];
                clean::name_languages(&mut post);
                let [post] = post;
                let before = edited.before.as_ref().map(|before| examined(before, &rules)).unwrap_or_default();
                let after = examined(&post, &rules);
                (renewed, recognise::weigh(post, &edited, &before, after, now))
            })
            .collect();
        (news, sightings, edits)
    })
    .await
    .map_err(|fault| Trouble::of_ours(&fault))?;
    metrics.match_duration.observe(started.elapsed().as_secs_f64());

    let (mut new, mut later): (Vec<Post>, Vec<(Post, Timestamp)>) = (news, Vec::new());
    for (renewed, edit) in edits {
        match edit {
            Edit::Later(post, due) => later.push((*post, due)),
            Edit::Note => identity.renewed.push(renewed),
            Edit::Tell(again) => {
                let again = *again;
                identity.renewed.push(Renewed { text: None, ..renewed });
                identity.revisions.insert(again.post.key.clone(), again.revised);
                sightings.extend(again.sightings);
                new.push(again.post);
            }
        }
    }
    Ok(Compared { new, sightings, later })
}

thread_local! {
    /// Memory for comparing with bulk claims, which also remembers what words mean. Idle threads end soon, and it with them.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Finds the claims that a post repeats, each as stores and letters know it. Runs on threads that may block.
pub fn examined(post: &Post, rules: &RuleSet) -> Vec<(Sighting, Claim)> {
    let sightings = SCRATCH.with_borrow_mut(|scratch| matching::examine_with(post, rules, scratch));
    sightings.into_iter().filter_map(|sighting| rules.claim(&sighting.claim).map(|claim| (sighting, claim))).collect()
}
