//! Which rules hold on a given day.

use jiff::civil::Date;

use super::Rule;
use crate::model::claim::Status;

/// Whether posts are compared with this rule on that day: in test or active, begun and not expired.
pub fn holds_on(rule: &Rule, day: Date) -> bool {
    let begun = rule.upkeep.active_from.is_none_or(|first| first <= day);
    let over = rule.upkeep.expires.is_some_and(|last| last < day);
    matches!(rule.claim.status, Status::Test | Status::Active) && begun && !over
}
