//! One visit: fetch, read, clean, match, remember. A straight line, and one transaction at its end.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::clock::Clock;
use super::comparing::{Compared, compare};
use super::condition;
use super::counting::{by_source, count_visit, note_success};
use super::gather::gather;
use super::gathered::{Asking, Batch, Gathered};
use super::news::{self, Sorted};
use super::recognise::{self, Sifted};
use super::schedule::{self, Found};
use super::trouble::Trouble;
use crate::alerting::group::{self, Sighted};
use crate::alerting::subscription::Desk;
use crate::feeds::key;
use crate::fetch::Fetcher;
use crate::model::alert::Waits;
use crate::model::claim::{Claim, ClaimId};
use crate::model::post::{Alias, Post, PostKey};
use crate::model::sighting::{Decision, Sighting};
use crate::model::source::{Source, SourceKind, SourceState, Validators};
use crate::model::units::{counted, in_words};
use crate::rules::compile::RuleSet;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Visit;
use crate::telemetry::metrics::{ByReason, BySource, Metrics};

/// What every visit needs; shared by all of them.
#[derive(Debug)]
pub struct House {
    /// The memory.
    pub store: Store,
    /// The one who asks.
    pub fetcher: Fetcher,
    /// The rules of the moment; a visit keeps those it began with.
    pub rules: watch::Receiver<Arc<RuleSet>>,
    /// Who wants to know.
    pub desks: watch::Receiver<Arc<[Desk]>>,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
}

impl House {
    /// Gives what gathering needs.
    pub fn asking(&self) -> Asking<'_> {
        Asking { fetcher: &self.fetcher, store: Some(&self.store), now: self.clock.now() }
    }
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visited {
    /// The source has nothing new to say.
    Unchanged,
    /// A document was read.
    Read(Tally),
    /// The source was not asked: its host wants to be left alone.
    PutOff {
        /// Why.
        sentence: String,
        /// For how long.
        wait: Duration,
    },
    /// It failed; the class is a word for metrics, the sentence is for people.
    Failed {
        /// `timeout`, `html_not_feed`, …
        class: &'static str,
        /// What went wrong.
        sentence: String,
    },
}

/// What a visit that read a document found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Posts in the document.
    pub posts: usize,
    /// Of these never seen before.
    pub new: usize,
    /// Of the new ones too old to be compared.
    pub history: usize,
    /// Posts that repeat a claim.
    pub sightings: usize,
    /// Posts that nearly do.
    pub near_misses: usize,
    /// Letters begun.
    pub letters: usize,
    /// The claims repeated.
    pub claims: BTreeSet<ClaimId>,
}

/// Visits `source` once and remembers what was found. Gives the source's new state and how it went.
///
/// Cancel-safe in the sense that counts: what is not committed is as if the visit had not happened, and is repeated.
/// `chance` is 0..1 and spreads the next visit.
pub async fn visit(house: &House, source: &Source, state: &SourceState, chance: f64) -> (SourceState, Visited) {
    let batch = match gather(&house.asking(), source, state).await {
        Ok(Gathered::Batch(batch)) => *batch,
        Ok(Gathered::Unchanged { validators, hint, moved }) => {
            count_visit(house, source, "unchanged");
            let found = Found { hint, validators, is_pushed: is_pushed(house, source).await, ..Found::default() };
            return unchanged(house, source, state, &found, moved, chance).await;
        }
        Err(Trouble { is_put_off: true, sentence, wait: Some(wait), .. }) => {
            count_visit(house, source, "put off");
            // Not written down: after a restart it is overdue, which is what it is.
            return (schedule::put_off(state, &sentence, wait, house.clock.now()), Visited::PutOff { sentence, wait });
        }
        Err(trouble) => return failed(house, source, state, &trouble, chance).await,
    };
    let repaired = batch.repaired.clone();
    match remember(house, source, state, batch, chance).await {
        Ok((state, tally)) => {
            count_visit(house, source, "read");
            tally.log(source, &repaired);
            (state, Visited::Read(tally))
        }
        Err(trouble) => failed(house, source, state, &trouble, chance).await,
    }
}

/// Matches what is new and writes everything down in one transaction.
async fn remember(
    house: &House,
    source: &Source,
    state: &SourceState,
    batch: Batch,
    chance: f64,
) -> Result<(SourceState, Tally), Trouble> {
    let now = house.clock.now();
    let Batch { posts, mut repaired, hint, validators, cursor, more, key_policy, moved, standings, hub, .. } = batch;
    let all = posts.len();
    let aliases = key::aliases(&posts);
    let asked: Vec<(PostKey, Alias)> =
        posts.iter().zip(&aliases).map(|(post, alias)| (post.key.clone(), alias.clone())).collect();
    let known = house.store.recognise(&source.name, &asked).await?;
    let Sifted { unknown, seen_again, edited, mut identity, churned } = recognise::sift(posts, aliases, known);
    identity.standings = standings;
    let Sorted { mut news, mut history } = news::sort(unknown, source, state, now);
    if churned {
        repaired.push("identifiers that change at every visit: posts are recognised by address and words".to_owned());
        history.append(&mut news);
    } else if key_policy.as_ref().is_some_and(|policy| state.condition.key_policy.as_ref().is_some_and(|was| was != policy)) {
        // Under another policy every key is new; what has no other name cannot be told from what was there before.
        let (named, nameless) = recognise::tell_apart(news, &identity.aliases);
        news = named;
        history.extend(nameless);
    }
    let mut found = Found {
        new: news.len() + history.len(),
        hint,
        validators: Some(validators),
        repaired: Some(repaired),
        cursor,
        more,
        key_policy,
        hub: Some(hub),
        is_pushed: is_pushed(house, source).await,
    };

    let Compared { new, sightings, later } = compare((&house.rules, &house.metrics), news, edited, &mut identity, now).await?;
    if !later.is_empty() {
        // Asked for in full next time, or the server would say that nothing has changed since.
        found.validators = Some(Validators::default());
    }
    let mut tally = Tally { posts: all, new: found.new, history: history.len(), ..Tally::default() };
    tally.count(&sightings);
    let after = schedule::after_success(source, state, &found, now, chance);
    let state = condition::after_success(source, state, after, moved, now);
    let visit = Visit {
        source: source.name.clone(),
        state: state.clone(),
        seen_at: now,
        history: history.iter().map(|post| post.key.clone()).collect(),
        new: new.into_iter().chain(history).collect(),
        seen_again,
        sightings,
        identity,
    };
    write_down(house, &visit, &mut tally, Keep::Everything).await?;
    note_success(house, source, now);
    Ok((state, tally))
}

/// What of a visit is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// All of it.
    Everything,
    /// Not the source's state: it belongs to the visits.
    PostsOnly,
}

/// Writes down what was found, in one transaction, and counts it.
pub(super) async fn write_down(house: &House, visit: &Visit, tally: &mut Tally, keep: Keep) -> Result<(), StoreError> {
    let now = visit.seen_at;
    let seen = sighted(visit);
    let desks = Arc::clone(&house.desks.borrow());
    let group = |known: &_| group::group(now, &desks, &seen, known);
    let recorded = match keep {
        Keep::Everything => house.store.record(visit, group).await?,
        Keep::PostsOnly => house.store.record_posts(visit, group).await?,
    };
    tally.letters = recorded.letters;
    house.metrics.suppress(Waits::Spaced.word(), recorded.spaced);
    for (reason, sightings) in &recorded.held {
        house.metrics.suppress(reason.word(), *sightings);
    }
    if recorded.left_out > 0 {
        info!(source.id = %visit.source, left_out = recorded.left_out,
            "{}: {} told nobody: editors dismissed the like of it", visit.source, counted(recorded.left_out, "sighting"));
    }
    let (metrics, by_source) = (&house.metrics, BySource { source: visit.source.0.clone() });
    metrics.posts_ingested.inc_by(tally.new as u64);
    observe_lag(metrics, visit);
    metrics.source_posts.get_or_create(&by_source).inc_by(tally.new as u64);
    metrics.sightings.inc_by(tally.sightings as u64);
    metrics.source_sightings.get_or_create(&by_source).inc_by(tally.sightings as u64);
    metrics.near_misses.inc_by(tally.near_misses as u64);
    Ok(())
}

/// The sightings of a visit, each with what routing must know of its post.
pub fn sighted(visit: &Visit) -> Vec<Sighted<'_>> {
    let posts: HashMap<&PostKey, &Post> = visit.new.iter().map(|post| (&post.key, post)).collect();
    let mut sighted = Vec::with_capacity(visit.sightings.len());
    for (sighting, claim) in &visit.sightings {
        let post = posts.get(&sighting.post);
        let lang = post.and_then(|post| post.lang.as_ref());
        sighted.push(Sighted { sighting, claim, lang, author: post.and_then(|post| post.author.as_deref()) });
    }
    sighted
}

async fn unchanged(
    house: &House,
    source: &Source,
    state: &SourceState,
    found: &Found,
    moved: Option<url::Url>,
    chance: f64,
) -> (SourceState, Visited) {
    let now = house.clock.now();
    let after = schedule::after_success(source, state, found, now, chance);
    let state = condition::after_success(source, state, after, moved, now);
    note_success(house, source, now);
    keep(house, source, &state).await;
    (state, Visited::Unchanged)
}

async fn failed(house: &House, source: &Source, state: &SourceState, trouble: &Trouble, chance: f64) -> (SourceState, Visited) {
    let now = house.clock.now();
    let after = schedule::after_failure(source, state, &trouble.sentence, trouble.wait, trouble.is_held, now, chance);
    let state = condition::after_failure(state, after, trouble.class, trouble.is_held, now);
    let next = state.next_due.map(|due| in_words(house.clock.until(due))).unwrap_or_default();
    warn!(source.id = %source.name, class = trouble.class, failures = state.failures, "{}: {}; next try in {next}", source.name, trouble.sentence);
    count_visit(house, source, "failed");
    house.metrics.source_failures.get_or_create(&by_source(source)).set(i64::from(state.failures));
    house.metrics.feed_errors.get_or_create(&ByReason { reason: trouble.class.to_owned() }).inc();
    keep(house, source, &state).await;
    (state, Visited::Failed { class: trouble.class, sentence: trouble.sentence.clone() })
}

/// Writes down a state that came without posts. Losing it costs one visit too early, so a failure is only logged.
async fn keep(house: &House, source: &Source, state: &SourceState) {
    if let Err(error) = house.store.record_state(&source.name, state).await {
        warn!(source.id = %source.name, "the state of {} could not be written down: {error}", source.name);
    }
}

/// Says whether a hub pushes a source; where the memory cannot say, it is visited as usual.
async fn is_pushed(house: &House, source: &Source) -> bool {
    let can_be = matches!(source.kind, SourceKind::Feed { .. });
    can_be && house.store.is_pushed(&source.name, house.clock.now()).await.unwrap_or_default()
}

/// Observes how old the posts were that letters will tell of.
fn observe_lag(metrics: &Metrics, visit: &Visit) {
    let alerting: BTreeSet<&PostKey> =
        visit.sightings.iter().filter(|(sighting, _)| sighting.decision == Decision::Alert).map(|(s, _)| &s.post).collect();
    for published in visit.new.iter().filter(|post| alerting.contains(&post.key)).filter_map(|post| post.published) {
        metrics.match_lag.observe(visit.seen_at.duration_since(published).as_secs_f64().max(0.0));
    }
}

impl Tally {
    /// Adds what another visit found.
    pub fn add(&mut self, other: &Self) {
        self.posts += other.posts;
        self.new += other.new;
        self.history += other.history;
        self.sightings += other.sightings;
        self.near_misses += other.near_misses;
        self.letters += other.letters;
        self.claims.extend(other.claims.iter().cloned());
    }

    pub(super) fn count(&mut self, sightings: &[(Sighting, Claim)]) {
        let posts = |decision| {
            let found = sightings.iter().filter(|(sighting, _)| sighting.decision == decision);
            found.map(|(sighting, _)| &sighting.post).collect::<BTreeSet<_>>()
        };
        let alerting = posts(Decision::Alert);
        self.near_misses = posts(Decision::Possible).difference(&alerting).count();
        self.sightings = alerting.len();
        let alerts = sightings.iter().filter(|(sighting, _)| sighting.decision == Decision::Alert);
        self.claims = alerts.map(|(sighting, _)| sighting.claim.clone()).collect();
    }

    fn log(&self, source: &Source, repaired: &[String]) {
        let Self { posts, new, sightings, near_misses, .. } = *self;
        let name = &source.name;
        info!(
            source.id = %name, posts.read = posts, posts.new = new, sightings, near_misses,
            "{name}: read {posts} posts, {new} of them new; {sightings} repeat a checked claim, {near_misses} nearly do"
        );
        if !repaired.is_empty() {
            info!(source.id = %name, "{name}: the document had to be repaired: {}", repaired.join(", "));
        }
    }
}
