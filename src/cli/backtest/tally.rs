//! What a change does to one rule: numbers, posts to look at, and what people had said of them.

use super::compare::{Place, Seen, Tried, View};
use crate::cli::precision::Precision;
use crate::model::claim::ClaimId;
use crate::model::feedback::{Feedback, Opinion};
use crate::model::post::Post;
use crate::model::sighting::Span;
use crate::rules::bulk_policy::wording;
use crate::store::editors::Opined;
use crate::text::likeness::Print;

/// How a post changes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Found now.
    Appears,
    /// Found before.
    Disappears,
    /// Found both times, and told otherwise.
    Moves,
}

impl Change {
    /// In the order of reading.
    pub(super) const ALL: [Self; 3] = [Self::Appears, Self::Disappears, Self::Moves];

    /// Its sign.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Appears => '+',
            Self::Disappears => '-',
            Self::Moves => '~',
        }
    }

    fn of(before: Place, after: Place) -> Option<Self> {
        match (before.is_found(), after.is_found()) {
            (false, true) => Some(Self::Appears),
            (true, false) => Some(Self::Disappears),
            (true, true) if before != after => Some(Self::Moves),
            _ => None,
        }
    }
}

/// A post to look at.
pub(super) struct Example {
    /// How it changes.
    pub change: Change,
    /// From where.
    pub before: Place,
    /// To where.
    pub after: Place,
    /// How strong it is now; for a bulk claim, how sure.
    pub strength: f32,
    /// Which bulk claim it is about.
    pub about: Option<(ClaimId, String)>,
    /// The post.
    pub post: Post,
    /// Words of the wording.
    pub wording: Vec<Span>,
    /// Words of the gates.
    pub gates: Vec<Span>,
    /// Why it is not found any more.
    pub why: String,
    /// What people said of it, or of copies of it.
    pub said: Vec<Feedback>,
}

/// Judged posts among those found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Judged {
    /// What people said.
    pub precision: Precision,
    /// Of how many they said nothing.
    pub unseen: u64,
}

/// Everything about one rule.
pub(super) struct Tally {
    /// The rule.
    pub claim: ClaimId,
    /// What was done to it.
    pub changes: String,
    /// Posts found before and now.
    pub was: u64,
    /// Now.
    pub now: u64,
    /// Near-misses before.
    pub near_was: u64,
    /// Near-misses now.
    pub near_now: u64,
    /// How many appear, disappear and move, in this order.
    pub numbers: [u64; 3],
    /// Posts that newly reach a desk.
    pub newly_told: u64,
    /// What people said of those found before.
    pub judged_was: Judged,
    /// What they said of those found now.
    pub judged_now: Judged,
    /// Posts to look at: the first of each kind.
    pub examples: Vec<Example>,
}

impl Tally {
    /// Nothing counted yet.
    pub(super) fn new(claim: ClaimId, changes: String) -> Self {
        Self {
            claim,
            changes,
            was: 0,
            now: 0,
            near_was: 0,
            near_now: 0,
            numbers: [0; 3],
            newly_told: 0,
            judged_was: Judged::default(),
            judged_now: Judged::default(),
            examples: Vec::new(),
        }
    }

    /// Whether any post changes its place.
    pub(super) fn changes_anything(&self) -> bool {
        self.numbers.iter().sum::<u64>() > 0
    }

    /// Counts one post about the rule; keeps it to be shown if it changes its place and fewer than `show` of its kind are kept.
    /// `opinions` are those about the claim.
    pub(super) fn count(&mut self, post: &Post, seen: Seen, opinions: &[&Opined], show: usize, tried: &Tried) {
        self.count_of(post, seen, opinions, show, tried);
    }

    /// Counts one post about any claim; gives how it changes its place, if it does.
    pub(super) fn count_of(
        &mut self,
        post: &Post,
        seen: Seen,
        opinions: &[&Opined],
        show: usize,
        tried: &Tried,
    ) -> Option<Change> {
        let Seen { claim, before, after, sighting } = seen;
        self.near_was += u64::from(before == Place::Near);
        self.near_now += u64::from(after == Place::Near);
        if !before.is_found() && !after.is_found() {
            return None;
        }
        let said = said_of(post, opinions);
        self.was += u64::from(before.is_found());
        self.now += u64::from(after.is_found());
        if before.is_found() {
            self.judged_was.note(&said);
        }
        if after.is_found() {
            self.judged_now.note(&said);
        }
        self.newly_told += u64::from(after.is_told() && !before.is_told());
        let change = Change::of(before, after)?;
        if let Some(number) = self.numbers.get_mut(change as usize) {
            *number += 1;
        }
        if self.examples.iter().filter(|example| example.change == change).count() >= show {
            return Some(change);
        }
        let about = (!tried.is_rule(&claim) && self.claim != claim).then(|| {
            let words = tried.bulk_claim(&claim).map(|bulk| wording(bulk).to_owned());
            let words = words.or_else(|| Some(sighting.as_ref()?.evidence.last()?.wording.clone()));
            (claim.clone(), words.unwrap_or_else(|| "no longer in the archives".to_owned()))
        });
        let view = tried.view(&claim, post);
        let View { strength, spans, gates, why } = view.unwrap_or_else(|| {
            let spans = sighting.as_ref().and_then(|one| one.evidence.first()).map(|best| best.spans.clone());
            let gates = sighting.as_ref().map(|one| one.gate_spans.clone());
            View { strength: 0.0, spans: spans.unwrap_or_default(), gates: gates.unwrap_or_default(), why: String::new() }
        });
        self.examples.push(Example {
            change,
            before,
            after,
            strength,
            about,
            post: post.clone(),
            wording: spans,
            gates,
            why,
            said,
        });
        Some(change)
    }
}

/// What people said about this post, or one that says the same.
fn said_of(post: &Post, opinions: &[&Opined]) -> Vec<Feedback> {
    let mut print = None;
    opinions
        .iter()
        .filter(|one| {
            let print = print.get_or_insert_with(|| Print::of(post.parts.iter().map(|part| part.text.as_str())));
            one.print.is_like(print)
        })
        .map(|one| one.feedback.clone())
        .collect()
}

impl Judged {
    fn note(&mut self, said: &[Feedback]) {
        match said.last().map(|last| last.opinion) {
            Some(Opinion::Confirmed) => self.precision.confirmed += 1,
            Some(Opinion::Dismissed) => self.precision.dismissed += 1,
            None => self.unseen += 1,
        }
    }
}
