//! What two sets of rules make of the same post.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::matching::bulk::weigh_bulk;
use crate::matching::ranked::{Scratch, Wanted};
use crate::matching::{examine_with, weigh};
use crate::model::claim::{ClaimId, Status};
use crate::model::post::Post;
use crate::model::sighting::{Decision, Sighting, Span, When};
use crate::rules::bulk::BulkClaim;
use crate::rules::bulk_policy::{Policy, Reach};
use crate::rules::compile::{RuleSet, compile};
use crate::rules::{Rule, Strictness};
use crate::store::editors::Decided;

/// So many of the likeliest bulk claims are looked through for the one asked about.
const LOOKED_AT: usize = 20;

/// Where a post ends up for a claim; what comes later in this order is heard more loudly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) enum Place {
    /// Nothing happens.
    #[default]
    Nowhere,
    /// A near-miss.
    Near,
    /// Counted only: the rule is in test, or a draft that is tried.
    Counted,
    /// In the digest.
    Digest,
    /// In a letter.
    Letter,
}

impl Place {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Nowhere => "nothing",
            Self::Near => "near-miss",
            Self::Counted => "counted",
            Self::Digest => "digest",
            Self::Letter => "letter",
        }
    }

    /// Whether the post counts as repeating the claim.
    pub(super) fn is_found(self) -> bool {
        self >= Self::Counted
    }

    /// Whether somebody is told.
    pub(super) fn is_told(self) -> bool {
        self >= Self::Digest
    }

    fn of(decision: Decision, when: When, status: Status) -> Self {
        match (decision, when) {
            (Decision::Below, _) | (_, When::Ignore) => Self::Nowhere,
            (Decision::Possible, _) => Self::Near,
            (Decision::Alert, _) if status != Status::Active => Self::Counted,
            (Decision::Alert, When::Digest) => Self::Digest,
            (Decision::Alert, When::Alert) => Self::Letter,
        }
    }
}

/// What the rules were before.
pub(super) enum Before {
    /// Other rules.
    Rules(Box<Tried>),
    /// What was decided when the posts came.
    Memory,
    /// Nothing: all that is found appears.
    Nothing,
}

/// Rules and bulk claims to try, drafts among them.
pub(super) struct Tried {
    set: RuleSet,
    statuses: HashMap<ClaimId, Status>,
}

/// What a set thinks of a post and a claim.
pub(super) struct View {
    /// How strong it is; for a bulk claim, how sure.
    pub strength: f32,
    /// Words of the wording.
    pub spans: Vec<Span>,
    /// Words of the gates.
    pub gates: Vec<Span>,
    /// Why it does not match.
    pub why: String,
}

impl Tried {
    /// The rules as they would be loaded; with `drafts`, drafts as if they were in test.
    pub(super) fn of<'r>(rules: impl IntoIterator<Item = &'r Rule>, drafts: bool) -> Self {
        let wake = |rule: &Rule| {
            let mut rule = rule.clone();
            if drafts && rule.claim.status == Status::Draft {
                rule.claim.status = Status::Test;
            }
            rule
        };
        let rules: Vec<Rule> = rules.into_iter().map(wake).collect();
        let statuses = rules.iter().map(|rule| (rule.claim.id.clone(), rule.claim.status)).collect();
        Self { set: compile(rules), statuses }
    }

    /// Puts the claims of archives beside the rules. Those that have the id of one of `taken` are left out.
    pub(super) fn with_bulk(mut self, mut claims: Vec<BulkClaim>, policy: &Policy, taken: &[Rule]) -> Self {
        let taken: HashSet<&str> = taken.iter().map(|rule| rule.claim.id.0.as_str()).collect();
        claims.retain(|claim| !taken.contains(claim.id.as_str()));
        self.set = self.set.with_bulk(claims, policy.clone());
        self
    }

    /// Whether it is one of the rules tried.
    pub(super) fn is_rule(&self, claim: &ClaimId) -> bool {
        self.statuses.contains_key(claim)
    }

    /// The bulk claim of that id.
    pub(super) fn bulk_claim(&self, claim: &ClaimId) -> Option<&BulkClaim> {
        self.set.bulk.called(&claim.0)
    }

    fn find(&self, post: &Post, scratch: &mut Scratch) -> BTreeMap<ClaimId, (Place, Sighting)> {
        let counted = if self.set.bulk_policy.reach == Reach::Count { Status::Test } else { Status::Active };
        let placed = examine_with(post, &self.set, scratch).into_iter().map(|sighting| {
            let status = self.statuses.get(&sighting.claim).copied().unwrap_or(counted);
            (sighting.claim.clone(), (Place::of(sighting.decision, sighting.when, status), sighting))
        });
        placed.collect()
    }

    /// What this set thinks of a post and a claim.
    pub(super) fn view(&self, claim: &ClaimId, post: &Post) -> Option<View> {
        if !self.is_rule(claim) {
            return self.view_of_bulk(claim, post);
        }
        let judgements = weigh(post, &self.set);
        let found = judgements.iter().find(|judgement| judgement.rule.claim.id == *claim)?;
        let (strength, threshold) = (found.strength.value(), found.rule.threshold.value());
        let shut: Vec<String> = found.gates.iter().filter(|gate| !gate.passed).map(crate::cli::trial::gate_failure).collect();
        let why = match (strength >= threshold, shut.is_empty()) {
            (true, true) => String::new(),
            (false, true) => format!("{strength:.3} of {threshold:.2}"),
            (true, false) => shut.join("; "),
            (false, false) => format!("{strength:.3} of {threshold:.2}; {}", shut.join("; ")),
        };
        let spans = found.evidence.first().map(|best| best.spans.clone()).unwrap_or_default();
        let gates = found.gates.iter().filter_map(|gate| gate.hit.map(|(_, span)| span)).collect();
        Some(View { strength, spans, gates, why })
    }

    fn view_of_bulk(&self, claim: &ClaimId, post: &Post) -> Option<View> {
        if self.bulk_claim(claim).is_none() {
            let why = "no longer in the archives".to_owned();
            return Some(View { strength: 0.0, spans: Vec::new(), gates: Vec::new(), why });
        }
        let found = weigh_bulk(post, &self.set, &mut Scratch::default(), Wanted { top: LOOKED_AT, at_least: 0.0 });
        let found = found.into_iter().find(|found| found.sighting.claim == *claim)?;
        let sure = found.found.confidence.value();
        let bar = self.set.bulk_policy.alert.value();
        let why = if sure < bar { format!("confidence {sure:.3} of {bar:.2}") } else { String::new() };
        Some(View { strength: sure, spans: found.found.spans, gates: Vec::new(), why })
    }
}

/// A post that at least one of the two sets finds, or nearly finds, for a claim.
pub(super) struct Seen {
    /// The claim.
    pub claim: ClaimId,
    /// Before.
    pub before: Place,
    /// Now.
    pub after: Place,
    /// The sighting to show: the new one, else the old one, where it is known.
    pub sighting: Option<Sighting>,
}

/// Compares what was and what is, for one post.
pub(super) fn compare(
    post: &Post,
    decided: Option<&[Decided]>,
    before: &Before,
    now: &Tried,
    scratch: &mut Scratch,
) -> Vec<Seen> {
    let mut after = now.find(post, scratch);
    let mut then: BTreeMap<ClaimId, (Place, Option<Sighting>)> = match before {
        Before::Nothing => BTreeMap::new(),
        Before::Rules(tried) => {
            tried.find(post, scratch).into_iter().map(|(id, (place, one))| (id, (place, Some(one)))).collect()
        }
        Before::Memory => decided
            .unwrap_or_default()
            .iter()
            .map(|one| (one.claim.clone(), (Place::of(one.decision, one.when, one.status), None)))
            .collect(),
    };
    let mut claims: Vec<ClaimId> = after.keys().cloned().collect();
    claims.extend(then.keys().filter(|id| !after.contains_key(*id)).cloned());
    claims
        .into_iter()
        .map(|claim| {
            let (after, new) = after.remove(&claim).map_or((Place::Nowhere, None), |(place, one)| (place, Some(one)));
            let (before, old) = then.remove(&claim).unwrap_or_default();
            Seen { claim, before, after, sighting: new.or(old) }
        })
        .collect()
}

/// Which rules decide otherwise than before: pairs of old and new, where one may be missing.
pub(super) fn changed<'r>(before: &'r [Rule], now: &'r [Rule]) -> Vec<(Option<&'r Rule>, Option<&'r Rule>)> {
    let olds: HashMap<&ClaimId, &Rule> = before.iter().map(|rule| (&rule.claim.id, rule)).collect();
    let same = |a: &Rule, b: &Rule| a.claim.revision == b.claim.revision && a.claim.status == b.claim.status;
    let mut pairs: Vec<_> = now
        .iter()
        .map(|rule| (olds.get(&rule.claim.id).copied(), Some(rule)))
        .filter(|(old, new)| !matches!((old, new), (Some(old), Some(new)) if same(old, new)))
        .collect();
    let ids: HashSet<&ClaimId> = now.iter().map(|rule| &rule.claim.id).collect();
    pairs.extend(before.iter().filter(|rule| !ids.contains(&rule.claim.id)).map(|rule| (Some(rule), None)));
    pairs
}

/// What was done to a rule, in a few words: "strict → normal", "2 wordings more".
pub(super) fn what_changed(before: Option<&Rule>, now: Option<&Rule>) -> String {
    let (Some(old), Some(new)) = (before, now) else {
        return match now {
            Some(rule) if rule.claim.status == Status::Draft => "new, a draft".to_owned(),
            Some(_) => "new".to_owned(),
            None => "gone".to_owned(),
        };
    };
    let mut words = Vec::new();
    let name =
        |rule: &Rule| Strictness::name_of(rule.threshold).map_or_else(|| format!("{:.2}", rule.threshold.value()), str::to_owned);
    if old.claim.status != new.claim.status {
        let word = crate::cli::list::status_word;
        words.push(format!("{} → {}", word(old.claim.status), word(new.claim.status)));
    }
    if old.threshold != new.threshold {
        words.push(format!("{} → {}", name(old), name(new)));
    }
    let texts = |rule: &Rule| {
        rule.wordings.iter().map(|one| (one.kind as u8, one.text.clone())).collect::<std::collections::BTreeSet<_>>()
    };
    let (then, here) = (texts(old), texts(new));
    let mut say = |number: usize, what: &str| match number {
        0 => {}
        1 => words.push(format!("1 wording {what}")),
        number => words.push(format!("{number} wordings {what}")),
    };
    say(here.difference(&then).count(), "added");
    say(then.difference(&here).count(), "taken out");
    if (&old.all_of, &old.any_of, &old.none_of) != (&new.all_of, &new.any_of, &new.none_of) {
        words.push("other gates".to_owned());
    }
    if old.urls != new.urls {
        words.push("other addresses".to_owned());
    }
    if old.when != new.when {
        words.push("other [claim.when]".to_owned());
    }
    if words.is_empty() {
        words.push("other words in claim or fact-check only".to_owned());
    }
    words.join(", ")
}
