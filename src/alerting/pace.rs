//! How often a thread is written to: a distance that grows, and what spreads so fast that it does not wait for it.

use jiff::{SignedDuration, Timestamp};

use super::hours::{earlier, later};
use crate::model::alert::{AlertState, NextLetter, Waits};
use crate::model::letter::Occasion;

/// Least time between two letters of one alert; it doubles with each letter of the last day, so that a claim that is
/// repeated all day makes a handful of letters.
const BETWEEN_LETTERS: SignedDuration = SignedDuration::from_hours(1);

/// The doubling ends here: sixteen hours.
const DOUBLINGS: u32 = 4;

/// A spike needs more sightings in an hour than this, …
const SPIKE_LEAST: u64 = 5;
/// … more than so many times what an hour of the last week brought, …
const SPIKE_TIMES: u64 = 3;
/// … over the hours of the week before this one, …
const HOURS_BEFORE: u64 = 7 * 24 - 1;
/// … in an alert that is older than the hour that is compared, …
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// … and a day since we last said so.
const BETWEEN_SPIKES: SignedDuration = SignedDuration::from_hours(24);

/// The next letter of an alert whose last one is out.
pub(super) fn spaced(now: Timestamp, gathered: Timestamp, alert: &AlertState) -> NextLetter {
    let doublings = alert.letters_today.saturating_sub(1).min(DOUBLINGS);
    let distance = BETWEEN_LETTERS.checked_mul(1 << doublings).unwrap_or(BETWEEN_LETTERS);
    let wished = alert.last_letter.map_or(gathered, |last| later(last, distance).max(gathered));
    // A clock that ran ahead and was set back must not hold the next letter for as long as it was wrong.
    let due_at = wished.min(later(now, distance).max(gathered));
    let waits = if due_at > gathered { Waits::Spaced } else { Waits::Gathering };
    NextLetter { due_at, waits, occasion: Occasion::News }
}

/// Says whether the claim is seen far more often than in the last week: `new` sightings of this visit and those of the last
/// hour are more than five, and more than three times what an hour of the seven days before brought.
pub(super) fn spike(now: Timestamp, alert: &AlertState, new: u64) -> Option<Occasion> {
    let hours = alert.last_hour.saturating_add(new);
    let is_spike = hours > SPIKE_LEAST && hours.saturating_mul(HOURS_BEFORE) > alert.last_week.saturating_mul(SPIKE_TIMES);
    let is_old_enough = alert.opened_at <= earlier(now, HOUR);
    // A time that lies ahead comes from a clock that was wrong; it must not keep us silent.
    let was_told = alert.last_spike.is_some_and(|last| last > earlier(now, BETWEEN_SPIKES) && last <= now);
    (is_spike && is_old_enough && !was_told)
        .then(|| Occasion::Spike { last_hour: hours, usual_hundredths: alert.last_week.saturating_mul(100) / HOURS_BEFORE })
}
