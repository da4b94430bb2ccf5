//! One post against one claim: every part of the decision, kept so that it can be shown.

use crate::model::sighting::{Confidence, Decision, Evidence, Span, Stance, Strength};
use crate::rules::{Rule, Term};

/// What the engine thinks of one post and one claim, and why.
#[derive(Debug, Clone)]
pub struct Judgement<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// The strongest wording's strength.
    pub strength: Strength,
    /// How probable it is that this is the right claim.
    pub confidence: Confidence,
    /// Wordings found at least in part, strongest first.
    pub evidence: Vec<Evidence>,
    /// Each gate of the rule, in the order of the file.
    pub gates: Vec<Gate<'r>>,
    /// How the post stands to the claim.
    pub stance: Stance,
    /// What is to happen.
    pub decision: Decision,
}

/// A condition beside the wordings.
#[derive(Debug, Clone)]
pub struct Gate<'r> {
    /// Which of the three.
    pub kind: GateKind,
    /// What it asks for.
    pub terms: &'r [Term],
    /// What was found, if anything, and where.
    pub hit: Option<(&'r Term, Span)>,
    /// Whether the post passes.
    pub passed: bool,
}

/// The kinds of gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateKind {
    /// One inner list of `all_of`.
    AllOf,
    /// `any_of`.
    AnyOf,
    /// `none_of`.
    NoneOf,
}
