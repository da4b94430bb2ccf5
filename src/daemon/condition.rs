//! What a source's answers say about it in the long run: gone, missing for now, given up on, moved for good.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::model::source::{Address, Condition, Health, Missing, Moved, Source, SourceKind, SourceState, Validators};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A source that fails for so long is only probed once a day.
const GIVEN_UP: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A missing document is no failure until it has been missing for so long…
const PATIENT_FOR: Duration = Duration::from_secs(48 * 60 * 60);
/// …and so often: large sites answer 404 for hours now and then.
const PATIENT_TIMES: u32 = 8;
/// Answers that must name the same new address before it is believed.
const SAID_OFTEN: u32 = 3;

/// Judges a source after a failed visit. `after` is its state by the timetable, `class` the word for what happened.
pub fn after_failure(before: &SourceState, after: SourceState, class: &str, held: bool, now: Timestamp) -> SourceState {
    if held {
        return after;
    }
    let known = &before.condition;
    let missing = known.missing.map_or(Missing { since: now, times: 1 }, |known| Missing { times: known.times + 1, ..known });
    let condition = Condition {
        failing_since: known.failing_since.or(Some(now)),
        gone_since: (class == "http_410").then(|| known.gone_since.unwrap_or(now)),
        missing: (class == "http_404").then_some(missing),
        ..after.condition.clone()
    };
    let since = |at: Option<Timestamp>, long: Duration| at.is_some_and(|at| age(at, now) >= long);
    let is_gone = since(condition.gone_since, DAY);
    let is_given_up = since(condition.failing_since, GIVEN_UP) || before.health == Health::Suspended;
    let may_come_back =
        condition.missing.is_some_and(|missing| missing.times < PATIENT_TIMES || age(missing.since, now) < PATIENT_FOR);
    let (health, next_due) = match after.health {
        _ if is_gone || is_given_up => (Health::Suspended, now.saturating_add(DAY).ok()),
        Health::Failing if may_come_back => (before.health, after.next_due),
        other => (other, after.next_due),
    };
    SourceState { condition, health, next_due, ..after }
}

/// Notes where a good answer came from. `moved` is where permanent redirects led, if any did.
///
/// A move is believed when three answers over a day name the same address, on the same site or the same host with https. Any
/// other address may be a captive portal's or a parked domain's: the redirect is followed, but the operator decides.
pub fn after_success(
    source: &Source,
    before: &SourceState,
    after: SourceState,
    moved: Option<Url>,
    now: Timestamp,
) -> SourceState {
    let SourceKind::Feed { url, .. } = &source.kind else { return after };
    let asked = asked_at(url, &before.condition);
    let known = before.condition.moved.as_ref();
    let said = moved.map(|to| match known.filter(|known| known.to == to) {
        Some(known) => Moved { times: known.times + 1, ..known.clone() },
        None => Moved { to, since: now, times: 1 },
    });
    let believed =
        said.as_ref().filter(|said| said.times >= SAID_OFTEN && age(said.since, now) >= DAY && is_same_site(&asked, &said.to));
    let address = match believed {
        Some(said) => Some(Address { of: url.clone(), is: said.to.clone() }),
        None => before.condition.address.clone().filter(|address| address.of == *url),
    };
    // What came from another address must not be asked for at this one.
    let came_from = address.as_ref().map_or_else(|| url.clone(), |address| address.is.clone());
    let validators = if came_from == asked { after.validators.clone() } else { Validators::default() };
    let moved = said.filter(|said| address.as_ref().is_none_or(|address| address.is != said.to));
    SourceState {
        condition: Condition { address, moved, asked: Some(came_from), ..after.condition.clone() },
        validators,
        ..after
    }
}

/// Gives the source as it is to be asked now, and what to ask with: at its new address if it has moved, and without validators
/// that came from another one.
pub fn to_ask<'s>(source: &'s Source, state: &SourceState) -> (Cow<'s, Source>, Validators) {
    let SourceKind::Feed { url, allow_private } = &source.kind else {
        return (Cow::Borrowed(source), state.validators.clone());
    };
    let asked = asked_at(url, &state.condition);
    let validators = match &state.condition.asked {
        Some(before) if *before != asked => Validators::default(),
        _ => state.validators.clone(),
    };
    if asked == *url {
        return (Cow::Borrowed(source), validators);
    }
    let kind = SourceKind::Feed { url: asked, allow_private: allow_private.clone() };
    (Cow::Owned(Source { kind, ..source.clone() }), validators)
}

fn asked_at(configured: &Url, condition: &Condition) -> Url {
    let moved = condition.address.as_ref().filter(|address| address.of == *configured);
    moved.map_or_else(|| configured.clone(), |address| address.is.clone())
}

/// Says whether two addresses belong to one site: the same host, or hosts under one name that somebody has registered, by the
/// list of public suffixes (publicsuffix.org). Under `github.io` and its like every name is a site of its own.
fn is_same_site(from: &Url, to: &Url) -> bool {
    let (Some(a), Some(b)) = (from.domain(), to.domain()) else { return from.host() == to.host() };
    a == b || psl::domain_str(a).is_some_and(|site| psl::domain_str(b) == Some(site))
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::{Backfill, SourceName};

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    fn source(url: &str) -> Source {
        let kind = SourceKind::Feed { url: url.parse().unwrap(), allow_private: Vec::new() };
        Source { name: SourceName("s".to_owned()), kind, every: DAY, backfill: Backfill::Nothing }
    }

    /// The state after answers of one class, at these hours.
    fn failed(class: &str, hours: &[i64]) -> SourceState {
        let mut state = SourceState { health: Health::Ok, ..SourceState::default() };
        for hour in hours {
            let failures = state.failures + 1;
            let health = if failures >= 3 { Health::Failing } else { state.health };
            let after = SourceState { failures, health, next_due: Some(at(*hour + 1)), ..state.clone() };
            state = after_failure(&state, after, class, false, at(*hour));
        }
        state
    }

    #[test]
    fn two_410s_a_day_apart_suspend_a_source_which_is_probed_daily() {
        assert_eq!(failed("http_410", &[0, 1, 5]).health, Health::Failing);
        let state = failed("http_410", &[0, 25]);
        assert_eq!((state.health, state.next_due), (Health::Suspended, Some(at(49))));
        assert_eq!(failed("http_5xx", &[0, 25]).health, Health::Ok);
    }

    #[test]
    fn a_missing_document_is_no_failure_for_two_days_and_eight_tries() {
        assert_eq!(failed("http_404", &[0, 1, 2, 3, 4, 5, 6, 7, 8]).health, Health::Ok);
        assert_eq!(failed("http_404", &[0, 24, 60]).health, Health::Ok);
        assert_eq!(failed("http_404", &[0, 7, 14, 21, 28, 35, 42, 49]).health, Health::Failing);
    }

    #[test]
    fn a_source_that_never_answered_is_given_up_after_a_fortnight_too() {
        assert_eq!(failed("dns", &[0, 100, 13 * 24]).health, Health::Failing);
        assert_eq!(failed("dns", &[0, 100, 14 * 24]).health, Health::Suspended);
    }

    /// The address asked after these answers, each given at an hour.
    fn asked(configured: &str, answers: &[(i64, &str)]) -> String {
        let source = source(configured);
        let mut state = SourceState::default();
        for (hour, to) in answers {
            let moved = (!to.is_empty()).then(|| to.parse().unwrap());
            state = after_success(&source, &state, state.clone(), moved, at(*hour));
        }
        let (asked, _) = to_ask(&source, &state);
        asked.kind.url().unwrap().to_string()
    }

    #[test]
    fn a_move_is_believed_when_it_is_said_often_enough_and_leads_to_the_same_site() {
        let (old, new) = ("http://example.org/feed", "https://www.example.org/news.xml");
        assert_eq!(asked(old, &[(0, new), (12, new), (25, new)]), new);
        assert_eq!(asked(old, &[(0, new), (25, new)]), old, "twice is not often");
        assert_eq!(asked(old, &[(0, new), (1, new), (2, new)]), old, "two hours are not long");
        assert_eq!(asked(old, &[(0, new), (12, ""), (25, new)]), old, "it has taken it back between");
        let far = "https://parked.example.com/";
        assert_eq!(asked(old, &[(0, far), (12, far), (25, far)]), old, "another site may be anybody's");
        assert_eq!(asked(old, &[(0, new), (12, new), (25, new), (26, "")]), new, "there it is asked from now on");
    }

    #[test]
    fn sites_are_told_by_the_name_somebody_registered() {
        let same =
            |a: &str, b: &str| is_same_site(&format!("http://{a}/").parse().unwrap(), &format!("https://{b}/").parse().unwrap());
        assert!(same("example.org", "example.org") && same("feeds.example.org", "www.example.org"));
        assert!(same("a.example.co.uk", "b.example.co.uk"));
        assert!(!same("a.co.uk", "b.co.uk") && !same("example.org", "example.com") && !same("a.com.au", "b.com.au"));
        assert!(!same("ann.github.io", "bob.github.io") && same("old.fsb.gov.uk", "www.fsb.gov.uk"));
        assert!(same("a.xn--hxt814e.xn--p1ai", "b.xn--hxt814e.xn--p1ai") && same("a.bbc.com", "www.bbc.com"));
    }

    #[test]
    fn validators_of_one_address_are_not_sent_to_another() {
        let validators = Validators { etag: Some("\"a\"".into()), last_modified: None };
        let source = source("https://example.org/new");
        let condition = Condition { asked: "https://example.org/old".parse().ok(), ..Condition::default() };
        let state = SourceState { validators: validators.clone(), condition, ..SourceState::default() };
        assert_eq!(to_ask(&source, &state).1, Validators::default());
        let state = SourceState { condition: Condition::default(), ..state };
        assert_eq!(to_ask(&source, &state).1, validators);
    }
}
