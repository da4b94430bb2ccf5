//! From checked rules to the one immutable set that posts are compared with.
//!
//! Every word that a rule uses becomes a [`Term`](vocabulary::Term), known by number. A wording is a row of terms with weights;
//! a gate is a list of rows. What a post is compared with is looked up from its words: [`watch`] gives the wordings that must be
//! weighed when words turn up (see [`prefix`] for why these few are enough).

mod gates;
pub mod neighbours;
pub mod pairs;
pub mod prefix;
pub mod vocabulary;
pub mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;

use super::bulk::BulkClaim;
use super::bulk_policy::Policy;
use super::cues::{self, Cues};
use super::index::BulkIndex;
use super::{Rule, Term as RuleTerm, Wording};
use crate::model::claim::{Claim, ClaimId, Status};
use crate::text::address;
use crate::text::guard::Guard;
use crate::text::words::words;
use vocabulary::{Scope, TermId, Vocabulary, VocabularyBuilder};
use watch::Watchlist;

/// How far below its threshold a post is still a near-miss, in thousandths.
pub const NEAR_MISS: u32 = 150;

/// All rules of an installation, ready to be compared with posts. Immutable; shared behind an `Arc`; swapped whole.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// Tells sets apart in memory that is kept between posts; the empty set is 0.
    pub number: u64,
    /// Every word that the rules use.
    pub vocabulary: Vocabulary,
    rules: Vec<Compiled>,
    /// Which wordings to weigh when words turn up.
    pub watchlist: Watchlist,
    addresses: HashMap<String, Vec<u32>, RandomState>,
    /// Words that show how a post stands to a claim.
    pub cues: Arc<Cues>,
    /// Bulk claims from archives.
    pub bulk: BulkIndex,
    /// What becomes of them.
    pub bulk_policy: Policy,
}

/// A rule and what it is compared by.
#[derive(Debug)]
pub struct Compiled {
    /// The rule.
    pub rule: Rule,
    /// Its phrases and variants, in its order.
    pub wordings: Vec<Row>,
    /// `all_of`, `any_of`, `none_of`.
    pub gates: Gates,
    /// Threshold in thousandths.
    pub threshold: u32,
    /// Whether any address is given.
    pub has_addresses: bool,
    /// Addresses of its own fact-checks, canonical.
    pub fact_checks: Vec<String>,
}

/// A wording as a row of terms.
#[derive(Debug)]
pub struct Row {
    /// Its terms, as they stand in the text.
    pub terms: Vec<TermId>,
    /// Each term once, with what it tells in hundredths of a nat; the heaviest first.
    pub weights: Vec<(TermId, u32)>,
    /// Sum of the weights.
    pub total: u32,
    /// Whether it says that something is not so.
    pub negated: bool,
}

/// Gates, each term as rows of words.
#[derive(Debug)]
pub struct Gates {
    /// One list for each inner list of `all_of`.
    pub all_of: Vec<Vec<GateTerm>>,
    /// `any_of`.
    pub any_of: Vec<GateTerm>,
    /// `none_of`.
    pub none_of: Vec<GateTerm>,
}

/// What a term of a gate is looked for by.
#[derive(Debug)]
pub enum GateTerm {
    /// Words that follow each other; the last may be the beginning of a word.
    Row(Vec<TermId>),
    /// What has no words (an emoji, a single character of a script without blanks): looked for as written.
    Verbatim(String),
}

impl Compiled {
    /// Every term of its wordings and gates, some more than once.
    pub fn terms(&self) -> impl Iterator<Item = TermId> {
        let Gates { all_of, any_of, none_of } = &self.gates;
        let of_gates = all_of.iter().chain([any_of, none_of]).flatten().flat_map(|term| match term {
            GateTerm::Row(row) => row.as_slice(),
            GateTerm::Verbatim(_) => &[],
        });
        self.wordings.iter().flat_map(|row| row.weights.iter().map(|(term, _)| *term)).chain(of_gates.copied())
    }
}

impl RuleSet {
    /// The rules in the order they were given, without those that are left out.
    pub fn rules(&self) -> &[Compiled] {
        &self.rules
    }

    /// Finds a rule by its id.
    pub fn get(&self, id: &ClaimId) -> Option<&Rule> {
        self.rules.iter().map(|compiled| &compiled.rule).find(|rule| rule.claim.id == *id)
    }

    /// Finds a claim by its id, an editor's first: as stores and letters know it.
    pub fn claim(&self, id: &ClaimId) -> Option<Claim> {
        let bulk = || self.bulk.called(&id.0).map(|bulk| self.bulk_policy.claim(bulk));
        self.get(id).map(|rule| rule.claim.clone()).or_else(bulk)
    }

    /// Puts bulk claims beside the rules. Those that have the id of a rule are left out: an editor's rule says more.
    #[must_use]
    pub fn with_bulk(mut self, mut claims: Vec<BulkClaim>, policy: Policy) -> Self {
        let taken: HashSet<&str> = self.rules.iter().map(|compiled| compiled.rule.claim.id.0.as_str()).collect();
        claims.retain(|claim| !taken.contains(claim.id.as_str()));
        drop(taken);
        (self.bulk, self.bulk_policy) = (BulkIndex::build(claims), policy);
        self
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that name this (canonical) address.
    pub fn rules_naming(&self, canonical: &str) -> &[u32] {
        self.addresses.get(canonical).map_or(&[], Vec::as_slice)
    }

    /// Whether any rule names an address at all.
    pub fn names_addresses(&self) -> bool {
        !self.addresses.is_empty()
    }
}

/// Compiles rules. Drafts, paused and retired rules are left out.
pub fn compile(rules: Vec<Rule>) -> RuleSet {
    static SETS: AtomicU64 = AtomicU64::new(1);
    let mut builder = VocabularyBuilder::default();
    let mut set = RuleSet { number: SETS.fetch_add(1, Ordering::Relaxed), cues: cues::embedded(), ..RuleSet::default() };
    for rule in rules.into_iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)) {
        let number = set.rules.len() as u32;
        for canonical in rule.urls.iter().filter_map(|url| address::canonical(url)) {
            set.addresses.entry(canonical).or_default().push(number);
        }
        let compiled = Compiled {
            wordings: rule.wordings.iter().map(|wording| row(wording, &mut builder)).collect(),
            gates: Gates {
                all_of: rule.all_of.iter().map(|list| gate(list, &mut builder)).collect(),
                any_of: gate(&rule.any_of, &mut builder),
                none_of: gate(&rule.none_of, &mut builder),
            },
            threshold: (rule.threshold.value() * 1000.0).round() as u32,
            has_addresses: !rule.urls.is_empty(),
            fact_checks: rule
                .claim
                .fact_checks
                .iter()
                .filter_map(|check| address::canonical(check.url.as_ref()?.as_str()))
                .collect(),
            rule,
        };
        set.rules.push(compiled);
    }
    set.vocabulary = builder.finish();
    set.watchlist = Watchlist::of(&set.rules, &set.vocabulary);
    set
}

fn row(wording: &Wording, builder: &mut VocabularyBuilder) -> Row {
    // Rule files are in English where they name no language.
    let lang = builder.language(wording.lang.as_ref().map_or("en", |lang| lang.0.as_str()));
    let terms: Vec<TermId> = words(&wording.text).plain().map(|word| builder.term(word.form, Scope::Wording(lang))).collect();
    let mut weights: Vec<(TermId, u32)> = terms.iter().map(|term| (*term, builder.get(*term).weight)).collect();
    weights.sort_unstable_by_key(|(term, weight)| (std::cmp::Reverse(*weight), *term));
    weights.dedup();
    let negated = terms.iter().any(|term| builder.get(*term).guard == Some(Guard::Negation));
    Row { total: weights.iter().map(|(_, weight)| weight).sum(), terms, weights, negated }
}

fn gate(terms: &[RuleTerm], builder: &mut VocabularyBuilder) -> Vec<GateTerm> {
    terms.iter().map(|term| gate_term(term, builder)).collect()
}

fn gate_term(term: &RuleTerm, builder: &mut VocabularyBuilder) -> GateTerm {
    let found = words(&term.text);
    let forms: Vec<&str> = found.plain().map(|word| word.form).collect();
    let dense = |form: &&str| form.starts_with(crate::text::fold::is_written_without_blanks);
    match forms.as_slice() {
        [] => GateTerm::Verbatim(term.text.trim().to_owned()),
        [one] if dense(one) && one.chars().count() == 1 => GateTerm::Verbatim((*one).to_owned()),
        [first @ .., last] => {
            let scope = if term.prefix { Scope::Beginning } else { Scope::Gate };
            let mut row: Vec<TermId> = first.iter().map(|form| builder.term(form, Scope::Gate)).collect();
            row.push(builder.term(last, scope));
            GateTerm::Row(row)
        }
    }
}
