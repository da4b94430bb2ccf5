//! Which digest a desk is due, if any: at its times of day, over the hourly limit, when a silence ends, when something broke.

use jiff::{SignedDuration, Timestamp};

use super::hours::{earlier, last_slot, later, quiet_until};
use super::subscription::Desk;
use crate::model::digest::{Content, DeskState, DueDigest, Reason, Waiting};

/// What came beyond the hourly limit is told after this time: the next hour's letters are free again.
const AFTER_CAP: SignedDuration = SignedDuration::from_hours(1);
/// The operator is not told of the first failure alone: one cause makes many.
const GATHER_NOTICES: SignedDuration = SignedDuration::from_mins(10);
/// Least time between two letters of notices.
const BETWEEN_NOTICES: SignedDuration = SignedDuration::from_hours(1);

/// Gives the digest that `desk` is due now; ask again after it was sent.
///
/// A digest time that passed while nobody ran is made up for once, by one letter. In quiet hours nothing is due.
pub fn due(now: Timestamp, desk: &Desk, state: &DeskState) -> Option<DueDigest> {
    let known_since = state.known_since?;
    if quiet_until(now, desk).is_some() {
        return None;
    }
    let today = day_number(now, desk);
    let make = |slot, content| DueDigest { slot, day: today, content };
    let ended = state.ended.iter().map(|silence| make(format!("silence {}", silence.0), Content::Silence(*silence)));
    if let Some(due) = ended.into_iter().find(|due| !state.slots.contains(&due.slot)) {
        return Some(due);
    }
    if let Some(slot) = last_slot(now, desk)
        && !state.slots.contains(&slot.name())
    {
        let first_of_day = !state.slots.iter().any(|name| name.starts_with(&slot.day.to_string()));
        let heartbeat = desk.heartbeat && first_of_day && slot.at > known_since;
        // What is dated ahead of us was held by a clock that was wrong.
        let has_come = |oldest: Timestamp, newest: Timestamp| oldest <= slot.at || newest > now;
        let waits = state.waiting.iter().any(|waiting| has_come(waiting.oldest, waiting.newest));
        let notices = state.oldest_notice.is_some_and(|oldest| has_come(oldest, oldest));
        let wrong = state.oldest_correction.is_some_and(|oldest| has_come(oldest, oldest));
        if heartbeat || waits || notices || wrong {
            let day = number_of(slot.day);
            return Some(DueDigest { slot: slot.name(), day, content: Content::All });
        }
    }
    let capped = state.waiting.iter().find(|waiting| waiting.reason == Reason::Cap);
    if let Some(Waiting { oldest, .. }) = capped
        && (later(*oldest, AFTER_CAP) <= now || *oldest > now)
    {
        let slot = format!("cap {}", oldest.as_millisecond());
        if !state.slots.contains(&slot) {
            return Some(make(slot, Content::OverCap));
        }
    }
    notices(now, desk, state, GATHER_NOTICES)
}

/// Gives the letter of notices that `desk` is due when nothing more will happen for a while: what came up need not gather.
pub fn notices_at_once(now: Timestamp, desk: &Desk, state: &DeskState) -> Option<DueDigest> {
    let awake = state.known_since.is_some() && quiet_until(now, desk).is_none();
    notices(now, desk, state, SignedDuration::ZERO).filter(|_| awake)
}

fn notices(now: Timestamp, desk: &Desk, state: &DeskState, gather: SignedDuration) -> Option<DueDigest> {
    let oldest = state.oldest_notice.filter(|oldest| later(*oldest, gather) <= now || *oldest > now)?;
    let told_lately = state.last_notices.is_some_and(|last| last > earlier(now, BETWEEN_NOTICES) && last <= now);
    let slot = format!("notices {}", oldest.as_millisecond());
    let due = DueDigest { slot, day: day_number(now, desk), content: Content::Notices };
    (!told_lately && !state.slots.contains(&due.slot)).then_some(due)
}

/// The day of a moment at the desk, as a number that grows.
fn day_number(now: Timestamp, desk: &Desk) -> u32 {
    number_of(now.to_zoned_datetime(super::hours::zone(desk)).date())
}

/// 20261125 for 25 November 2026.
fn number_of(day: jiff::civil::Date) -> u32 {
    let part = |n: i64| u32::try_from(n).unwrap_or(0);
    part(i64::from(day.year())) * 10_000 + part(i64::from(day.month())) * 100 + part(i64::from(day.day()))
}
