//! Whether the parts of the daemon still move: what feeds the watchdog and answers `/health`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A part that must move for the daemon to be called alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Organ {
    /// Decides which source is visited next.
    Scheduler,
    /// The visit that has been under way longest.
    Visits,
    /// Sends letters.
    PostOffice,
}

impl Organ {
    /// The longest this part may go without a sign of life: above the sum of the deadlines inside it.
    fn patience(self) -> Duration {
        match self {
            Self::Scheduler => Duration::from_secs(60),
            // A visit waits for its host's turn first; the fetch itself ends after 45 s.
            Self::Visits => Duration::from_secs(15 * 60),
            // One letter may take 30 s a step and 120 s for the final dot.
            Self::PostOffice => Duration::from_secs(10 * 60),
        }
    }
}

impl std::fmt::Display for Organ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Scheduler => "the scheduler",
            Self::Visits => "a visit",
            Self::PostOffice => "the post office",
        })
    }
}

/// Signs of life, written by the parts and read by the watchdog.
#[derive(Debug)]
pub struct Pulse {
    start: Instant,
    ready: AtomicBool,
    /// Milliseconds since `start`, plus one; 0 means "nothing to wait for".
    signs: [AtomicU64; 3],
}

impl Default for Pulse {
    fn default() -> Self {
        Self { start: Instant::now(), ready: AtomicBool::new(false), signs: Default::default() }
    }
}

impl Pulse {
    /// Notes that `organ` moves.
    pub fn beat(&self, organ: Organ) {
        self.beat_at(organ, self.start.elapsed());
    }

    /// Notes that `organ` has nothing to do, so that its silence means nothing.
    pub fn rest(&self, organ: Organ) {
        self.signs[organ as usize].store(0, Ordering::Relaxed);
    }

    fn beat_at(&self, organ: Organ, since_start: Duration) {
        let millis = u64::try_from(since_start.as_millis()).unwrap_or(u64::MAX - 1);
        self.signs[organ as usize].store(millis + 1, Ordering::Relaxed);
    }

    /// Says that every part stands, or that the daemon is going down.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// Whether every part stands.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Gives the part that has shown no sign of life for too long, if there is one, and for how long.
    pub fn stuck(&self) -> Option<(Organ, Duration)> {
        self.stuck_at(self.start.elapsed())
    }

    fn stuck_at(&self, since_start: Duration) -> Option<(Organ, Duration)> {
        [Organ::Scheduler, Organ::Visits, Organ::PostOffice].into_iter().find_map(|organ| {
            let sign = self.signs[organ as usize].load(Ordering::Relaxed).checked_sub(1)?;
            let silent = since_start.saturating_sub(Duration::from_millis(sign));
            (silent > organ.patience()).then_some((organ, silent))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_stopped_is_named_and_a_resting_one_is_not() {
        let pulse = Pulse::default();
        let minutes = |n: u64| Duration::from_secs(60 * n);
        assert_eq!(pulse.stuck_at(minutes(100)), None);
        pulse.beat_at(Organ::PostOffice, minutes(5));
        pulse.beat_at(Organ::Scheduler, minutes(14));
        assert_eq!(pulse.stuck_at(minutes(15)), None);
        assert_eq!(pulse.stuck_at(minutes(16)), Some((Organ::Scheduler, minutes(2))));
        pulse.rest(Organ::Scheduler);
        assert_eq!(pulse.stuck_at(minutes(16)), Some((Organ::PostOffice, minutes(11))));
    }
}
