//! From checked rules to the one immutable set that posts are compared with.

use super::Rule;

/// All rules of an installation, ready to be compared with posts. Immutable; shared behind an `Arc`; swapped whole.
#[derive(Debug, Default)]
pub struct RuleSet {}

/// Compiles rules. Drafts, paused and retired rules are left out.
pub fn compile(rules: Vec<Rule>) -> RuleSet {
    let _ = rules;
    todo!()
}

impl RuleSet {
    pub fn len(&self) -> usize {
        0
    }
    pub fn claim(&self, _: &crate::model::claim::ClaimId) -> Option<&crate::model::claim::Claim> {
        None
    }
}
