//! Where a stream stands: what is kept of it with the posts, where to resume, what was missed, and how long to wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::feeds::jetstream::Place;
use crate::model::source::Wire;

/// Events come again from so long before the last one: servers deliver out of order where replay meets the present.
const OVERLAP_US: i64 = 10 * SECOND_US;
/// A whole network is never silent for so long: a first event later than this behind the cursor tells of a gap.
const SILENCE_US: i64 = 60 * SECOND_US;
/// So far back servers remember, as a rule; a watch list may well be silent for longer.
const LOOKBACK_US: i64 = 36 * 3600 * SECOND_US;
const SECOND_US: i64 = 1_000_000;
/// Failures in a row before another host is tried.
const ROTATE_AFTER: u32 = 2;
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Times a frame that breaks the connection is met at the same place before it is stepped over.
const STEP_OVER_AFTER: u32 = 2;

/// What is remembered of a stream, in the same transaction as the posts read up to there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// When the server saw the newest event that is written down, microseconds since 1970.
    pub time_us: i64,
    /// The number of that event…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<i64>,
    /// …which means something at this host only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Gaps found so far.
    pub gaps: u64,
    /// The last of them: from, to (0: not known), microseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_gap: Option<(i64, i64)>,
}

impl Cursor {
    /// Reads it from what the store keeps.
    pub fn of(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// As the store keeps it.
    pub fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Moves on to an event, never back: where replay meets the present they come out of order.
    pub fn advance(&mut self, time_us: i64, event: Option<i64>, host: &str) {
        self.time_us = self.time_us.max(time_us);
        if let Some(event) = event {
            let same = self.host.as_deref() == Some(host);
            self.event = Some(self.event.filter(|_| same).map_or(event, |before| before.max(event)));
            self.host = Some(host.to_owned());
        }
    }

    /// Where to go on at `host`. `stepped` seconds (or events) are stepped over.
    ///
    /// Numbers belong to one host; elsewhere, and in version 1, time is what all share.
    pub fn resume(&self, wire: Wire, host: &str, stepped: i64) -> Place {
        match (wire, self.event) {
            _ if self.time_us == 0 => Place::Now,
            (Wire::V2, Some(event)) if self.host.as_deref() == Some(host) => Place::Event(event.saturating_add(stepped)),
            _ if stepped > 0 => Place::Time(self.time_us.saturating_add(stepped.saturating_mul(SECOND_US))),
            _ => Place::Time(self.time_us.saturating_sub(OVERLAP_US)),
        }
    }

    /// Says whether something was missed between what is written down and the first event after a resumption.
    ///
    /// Version 1 takes a cursor older than all it has and says nothing; this is the only way to know.
    pub fn is_gap(&self, first_us: i64, whole_network: bool) -> bool {
        let silence = if whole_network { SILENCE_US } else { LOOKBACK_US };
        self.time_us > 0 && first_us.saturating_sub(self.time_us) > silence
    }

    /// Writes a gap down, from what is known to `to`.
    pub fn note_gap(&mut self, to: i64) {
        self.gaps += 1;
        self.last_gap = Some((self.time_us, to));
    }
}

/// The hosts of a stream, and how they treat us.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Which of the hosts is asked.
    pub host: usize,
    failures: u32,
    /// Frames in a row that broke the connection at the same place.
    poisoned: u32,
    at: i64,
}

impl Turns {
    /// Notes that events came.
    pub fn went_well(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure; the next host is tried after two in a row.
    pub fn failed(&mut self, hosts: usize) {
        self.failures += 1;
        if self.failures.is_multiple_of(ROTATE_AFTER) {
            self.host = (self.host + 1) % hosts.max(1);
        }
    }

    /// Notes that a frame broke the connection while the cursor stood at `time_us`.
    pub fn poisoned(&mut self, time_us: i64) {
        self.poisoned = if self.at == time_us { self.poisoned + 1 } else { 1 };
        self.at = time_us;
    }

    /// How much is stepped over so that a frame that breaks every connection does not hold us for ever: none at first, then
    /// 1, 2, 4, … (seconds, or events).
    pub fn step(&self, time_us: i64) -> i64 {
        match self.poisoned.checked_sub(STEP_OVER_AFTER) {
            Some(times) if self.at == time_us => 1 << times.min(20),
            _ => 0,
        }
    }

    /// How long to wait before the next attempt: up to 1, 2, 4, … 60 s, anything in between by `chance` (0..1), so that
    /// clients thrown off together do not come back together ("full jitter").
    pub fn pause(&self, chance: f64) -> Duration {
        if self.failures == 0 {
            return Duration::ZERO;
        }
        let most = Duration::from_secs(1 << (self.failures - 1).min(6)).min(LONGEST_PAUSE);
        most.mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Cursor {
        Cursor { time_us: seconds * SECOND_US, ..Cursor::default() }
    }

    #[test]
    fn a_stream_goes_on_ten_seconds_before_it_stopped() {
        assert_eq!(Cursor::default().resume(Wire::V1, "a", 0), Place::Now);
        assert_eq!(at(100).resume(Wire::V1, "a", 0), Place::Time(90 * SECOND_US));
        let mut cursor = at(100);
        cursor.advance(101 * SECOND_US, Some(7), "a");
        assert_eq!(cursor.resume(Wire::V2, "a", 0), Place::Event(7));
        assert_eq!(cursor.resume(Wire::V2, "b", 0), Place::Time(91 * SECOND_US), "numbers mean nothing elsewhere");
        cursor.advance(102 * SECOND_US, Some(3), "b");
        assert_eq!(cursor.resume(Wire::V2, "b", 0), Place::Event(3));
        assert_eq!(Cursor::of(cursor.text().as_deref()), cursor);
    }

    #[test]
    fn the_cursor_never_goes_back() {
        let mut cursor = at(100);
        cursor.advance(99 * SECOND_US, None, "a");
        assert_eq!(cursor.time_us, 100 * SECOND_US);
    }

    #[test]
    fn a_server_that_silently_begins_later_leaves_a_gap_and_a_quiet_watch_list_none() {
        assert!(at(1000).is_gap(1061 * SECOND_US, true) && !at(1000).is_gap(1059 * SECOND_US, true));
        assert!(!at(1000).is_gap(9000 * SECOND_US, false) && at(1000).is_gap(200_000 * SECOND_US, false));
        assert!(!Cursor::default().is_gap(9000 * SECOND_US, true), "a first visit misses nothing");
    }

    #[test]
    fn pauses_grow_to_a_minute_with_full_jitter_and_hosts_take_turns() {
        let mut turns = Turns::default();
        let mut seen = Vec::new();
        for _ in 0..8 {
            turns.failed(4);
            seen.push((turns.host, turns.pause(1.0).as_secs()));
        }
        assert_eq!(seen, [(0, 1), (1, 2), (1, 4), (2, 8), (2, 16), (3, 32), (3, 60), (0, 60)]);
        assert_eq!(turns.pause(0.0), Duration::ZERO);
        turns.went_well();
        assert_eq!(turns.pause(1.0), Duration::ZERO);
    }

    #[test]
    fn a_frame_that_breaks_every_connection_is_stepped_over() {
        let mut turns = Turns::default();
        let steps: Vec<_> = (0..4)
            .map(|_| {
                turns.poisoned(5);
                turns.step(5)
            })
            .collect();
        assert_eq!(steps, [0, 1, 2, 4]);
        assert_eq!(turns.step(6), 0, "elsewhere nothing is stepped over");
    }
}
