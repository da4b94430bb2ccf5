//! What a desk was told of a claim and what holds today: when the two differ, the thread is corrected.

use crate::model::claim::{Claim, FactCheck, Status};
use crate::model::letter::Change;

/// What changed between what was told and what the rules in force have today, and the claim as it is to be remembered; nothing
/// if nothing that a desk relies on did. A claim that a desk was told is out of use is [`Status::Retired`].
pub fn change(before: &Claim, today: Option<&Claim>) -> Option<(Change, Claim)> {
    match today.filter(|claim| claim.status == Status::Active) {
        None if before.status == Status::Retired => None,
        None => Some((Change::Retired, Claim { status: Status::Retired, ..before.clone() })),
        // It is back in use: the next letter says what holds.
        Some(_) if before.status == Status::Retired => None,
        Some(now) if same_checks(&before.fact_checks, &now.fact_checks) => None,
        Some(now) => Some((Change::FactChecks { before: before.fact_checks.clone() }, now.clone())),
    }
}

/// Whether two lists of fact-checks say the same: who, where, what was found. A corrected title is no correction of a letter.
pub fn same_checks(a: &[FactCheck], b: &[FactCheck]) -> bool {
    let what = |check: &FactCheck| (check.publisher.clone(), check.url.clone(), check.rating.clone(), check.verdict);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| what(a) == what(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::claim;
    use crate::model::claim::Verdict;

    fn checked(rating: &str) -> Claim {
        let check = FactCheck {
            publisher: "The Lunar Review".into(),
            url: None,
            title: None,
            rating: Some(rating.into()),
            verdict: Verdict::False,
            date: None,
            lang: None,
        };
        Claim { fact_checks: vec![check], ..claim("cheese") }
    }

    fn found(before: &Claim, today: Option<&Claim>) -> Option<Change> {
        change(before, today).map(|(change, _)| change)
    }

    #[test]
    fn what_stayed_the_same_is_not_corrected() {
        let mut retitled = checked("False");
        retitled.fact_checks[0].title = Some("A new headline".into());
        retitled.claim = "Said in other words.".into();
        assert_eq!(found(&checked("False"), Some(&retitled)), None);
    }

    #[test]
    fn a_changed_verdict_is_corrected_and_says_what_was_told() {
        let before = checked("False").fact_checks;
        assert_eq!(found(&checked("False"), Some(&checked("Mixed"))), Some(Change::FactChecks { before }));
    }

    #[test]
    fn a_rule_that_is_gone_on_trial_or_retired_is_told_once() {
        assert_eq!(found(&checked("False"), None), Some(Change::Retired));
        let on_trial = Claim { status: Status::Test, ..checked("False") };
        assert_eq!(found(&checked("False"), Some(&on_trial)), Some(Change::Retired));
        let told = Claim { status: Status::Retired, ..checked("False") };
        assert_eq!(found(&told, None), None);
        assert_eq!(found(&told, Some(&checked("Mixed"))), None);
    }
}
