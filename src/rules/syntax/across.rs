//! What can only be seen across files: ids used twice, rules that replace each other in a circle.

use std::collections::HashMap;

use crate::model::claim::ClaimId;
use crate::rules::diagnostic::{Diagnostic, Level};
use crate::rules::{Rule, codes};

/// Compares all rules with each other.
pub(super) fn check(rules: &[Rule], found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&ClaimId, &Rule> = HashMap::new();
    for rule in rules {
        match first.get(&rule.claim.id) {
            Some(earlier) => found.push(Diagnostic {
                level: Level::Error,
                code: codes::USED_TWICE,
                message: format!("id `{}` is used twice", rule.claim.id),
                place: rule.upkeep.id_place.clone(),
                help: Some(
                    "give this claim an id of its own; ids are never used again, not even after a rule is gone".to_owned(),
                ),
                also: Some((earlier.upkeep.id_place.clone(), "first used here".to_owned())),
            }),
            None => {
                first.insert(&rule.claim.id, rule);
            }
        }
    }
    circles(rules, &first, found);
}

/// Follows `replaces` from every rule; a rule that comes back to itself is told once.
fn circles(rules: &[Rule], by_id: &HashMap<&ClaimId, &Rule>, found: &mut Vec<Diagnostic>) {
    // 0 not seen, 1 on the way, 2 done: each rule is entered once, so the work is linear.
    let mut state: HashMap<&ClaimId, u8> = HashMap::new();
    for rule in rules {
        if state.contains_key(&rule.claim.id) {
            continue;
        }
        state.insert(&rule.claim.id, 1);
        let mut way = vec![(rule, 0)];
        while let Some((here, next)) = way.pop() {
            let Some(id) = here.upkeep.replaces.get(next) else {
                state.insert(&here.claim.id, 2);
                continue;
            };
            way.push((here, next + 1));
            let Some(older) = by_id.get(id) else { continue };
            match state.get(&older.claim.id) {
                Some(1) => found.push(circle(here, older)),
                Some(_) => {}
                None => {
                    state.insert(&older.claim.id, 1);
                    way.push((older, 0));
                }
            }
        }
    }
}

fn circle(newer: &Rule, older: &Rule) -> Diagnostic {
    Diagnostic {
        level: Level::Error,
        code: codes::CIRCLE,
        message: format!("`{}` replaces `{}`, which replaces it in turn", newer.claim.id, older.claim.id),
        place: newer.upkeep.id_place.clone(),
        help: Some("`replaces` names older rules only: delete it in the older of the two".to_owned()),
        also: Some((older.upkeep.id_place.clone(), "the other rule".to_owned())),
    }
}
