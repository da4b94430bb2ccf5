//! Times of day at a desk: digest times and quiet hours, in its own time zone, in days of 23 and 25 hours too.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::subscription::{Desk, QuietHours};

/// A digest time that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The day it belongs to.
    pub day: Date,
    /// The time of day.
    pub time: Time,
    /// When that was.
    pub at: Timestamp,
}

impl Slot {
    /// `2026-11-25 08:00`: unique for a desk, also where the clock is put back and an hour comes twice.
    pub fn name(&self) -> String {
        format!("{} {}", self.day, self.time.strftime("%H:%M"))
    }
}

/// The zone a desk lives in.
pub fn zone(desk: &Desk) -> TimeZone {
    TimeZone::get(&desk.time_zone).unwrap_or(TimeZone::UTC)
}

/// Gives the digest time of the desk that came last, if it has any.
///
/// A time that a day does not have (clocks put forward) comes as much later as they were put forward; one that a day has
/// twice comes the first time.
pub fn last_slot(now: Timestamp, desk: &Desk) -> Option<Slot> {
    let zone = zone(desk);
    let today = now.to_zoned_datetime(zone.clone()).date();
    let days = [today.tomorrow().ok(), Some(today), today.yesterday().ok()];
    let slots = days.into_iter().flatten().flat_map(|day| desk.digest.iter().map(move |time| (day, *time)));
    slots
        .filter_map(|(day, time)| Some(Slot { day, time, at: instant(day, time, &zone)? }))
        .filter(|slot| slot.at <= now)
        .max_by_key(|slot| slot.at)
}

/// Gives the digest time of the desk that comes next, if it has any.
pub fn next_slot(now: Timestamp, desk: &Desk) -> Option<Timestamp> {
    let zone = zone(desk);
    let today = now.to_zoned_datetime(zone.clone()).date();
    let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok()];
    let slots = days.into_iter().flatten().flat_map(|day| desk.digest.iter().map(move |time| (day, *time)));
    slots.filter_map(|(day, time)| instant(day, time, &zone)).filter(|at| *at > now).min()
}

/// Gives the end of the quiet hours the desk is in; nothing if it may be written to.
pub fn quiet_until(now: Timestamp, desk: &Desk) -> Option<Timestamp> {
    let QuietHours { from, to } = desk.quiet_hours?;
    let zone = zone(desk);
    let today = now.to_zoned_datetime(zone.clone()).date();
    [today.yesterday().ok(), Some(today)].into_iter().flatten().find_map(|day| {
        let last_day = if from < to { day } else { day.tomorrow().ok()? };
        let (begin, end) = (instant(day, from, &zone)?, instant(last_day, to, &zone)?);
        (begin <= now && now < end).then_some(end)
    })
}

fn instant(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok()
}

/// Moves a time on, to the end of all times at the most.
pub(super) fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Moves a time back.
pub(super) fn earlier(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Whether the desk has quiet hours that a digest time falls into: it would wait until they end.
pub fn digest_in_quiet_hours(desk: &Desk) -> Option<Time> {
    let QuietHours { from, to } = desk.quiet_hours?;
    let inside = |time: Time| if from < to { from <= time && time < to } else { time >= from || time < to };
    desk.digest.iter().copied().find(|time| inside(*time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::desk;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn paris(digest: &[&str], quiet: Option<(&str, &str)>) -> Desk {
        let time = |text: &str| text.parse::<Time>().unwrap();
        Desk {
            time_zone: "Europe/Paris".into(),
            digest: digest.iter().map(|t| time(t)).collect(),
            quiet_hours: quiet.map(|(from, to)| QuietHours { from: time(from), to: time(to) }),
            ..desk("politics")
        }
    }

    #[test]
    fn a_digest_time_comes_in_the_desks_own_zone() {
        let desk = paris(&["08:00", "17:00"], None);
        assert_eq!(last_slot(at("2026-11-25T06:59:59Z"), &desk).unwrap().name(), "2026-11-24 17:00");
        assert_eq!(last_slot(at("2026-11-25T07:00:00Z"), &desk).unwrap().name(), "2026-11-25 08:00");
        assert_eq!(last_slot(at("2026-11-25T16:30:00Z"), &desk).unwrap().name(), "2026-11-25 17:00");
    }

    #[test]
    fn a_digest_at_an_hour_that_a_day_does_not_have_comes_later_and_once() {
        // On 29 March 2026 Paris goes from 02:00 to 03:00.
        let desk = paris(&["02:30"], None);
        assert_eq!(last_slot(at("2026-03-29T01:29:59Z"), &desk).unwrap().name(), "2026-03-28 02:30");
        let slot = last_slot(at("2026-03-29T01:30:00Z"), &desk).unwrap();
        assert_eq!((slot.name(), slot.at), ("2026-03-29 02:30".into(), at("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn an_hour_that_comes_twice_is_one_slot() {
        // On 25 October 2026 Paris goes from 03:00 back to 02:00: 02:30 is 00:30 UTC and 01:30 UTC.
        let desk = paris(&["02:30"], None);
        let names: Vec<_> = ["2026-10-25T00:30:00Z", "2026-10-25T01:29:59Z", "2026-10-25T01:30:00Z", "2026-10-25T05:00:00Z"]
            .into_iter()
            .map(|now| last_slot(at(now), &desk).unwrap().name())
            .collect();
        assert_eq!(names, ["2026-10-25 02:30"; 4]);
    }

    #[test]
    fn the_next_digest_time_is_the_first_that_has_not_come() {
        let desk = paris(&["08:00", "17:00"], None);
        assert_eq!(next_slot(at("2026-11-25T06:59:59Z"), &desk), Some(at("2026-11-25T07:00:00Z")));
        assert_eq!(next_slot(at("2026-11-25T07:00:00Z"), &desk), Some(at("2026-11-25T16:00:00Z")));
        assert_eq!(next_slot(at("2026-11-25T16:00:00Z"), &desk), Some(at("2026-11-26T07:00:00Z")));
        assert_eq!(next_slot(at("2026-11-25T16:00:00Z"), &paris(&[], None)), None);
    }

    #[test]
    fn quiet_hours_run_over_midnight_and_end_on_time() {
        let desk = paris(&[], Some(("22:00", "07:00")));
        assert_eq!(quiet_until(at("2026-11-25T20:59:59Z"), &desk), None);
        assert_eq!(quiet_until(at("2026-11-25T21:00:00Z"), &desk), Some(at("2026-11-26T06:00:00Z")));
        assert_eq!(quiet_until(at("2026-11-26T05:59:59Z"), &desk), Some(at("2026-11-26T06:00:00Z")));
        assert_eq!(quiet_until(at("2026-11-26T06:00:00Z"), &desk), None);
    }

    #[test]
    fn quiet_hours_are_an_hour_longer_when_the_clock_is_put_back_and_end_once() {
        let desk = paris(&[], Some(("22:00", "02:30")));
        assert_eq!(quiet_until(at("2026-10-25T00:00:00Z"), &desk), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(quiet_until(at("2026-10-25T01:15:00Z"), &desk), None, "the second 02:15 is not quiet again");
    }

    #[test]
    fn a_digest_time_in_quiet_hours_is_found() {
        assert!(digest_in_quiet_hours(&paris(&["06:00"], Some(("22:00", "07:00")))).is_some());
        assert!(digest_in_quiet_hours(&paris(&["07:00"], Some(("22:00", "07:00")))).is_none());
        assert!(digest_in_quiet_hours(&paris(&["13:00"], Some(("12:00", "14:00")))).is_some());
    }
}
