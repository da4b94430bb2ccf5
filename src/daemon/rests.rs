//! Ways out that are left in peace for a while after they failed, each by itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::alert::DeskName;
use crate::model::delivery::Outcome;

/// A way out: its desk, and how deliveries name it there.
pub(super) type Name = (DeskName, String);

/// After it did not take a letter, the first time; doubled each time it still does not, up to `LONGEST_AWAY`.
const AWAY: Duration = Duration::from_secs(15);
const LONGEST_AWAY: Duration = Duration::from_secs(5 * 60);
/// After it refused *us*: doubled too, for nobody mends a secret by the minute.
const BARRED: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Which ways out rest, and until when.
#[derive(Debug, Default)]
pub(super) struct Rests(Mutex<HashMap<Name, Rest>>);

#[derive(Debug)]
struct Rest {
    until: Instant,
    /// Failures in a row.
    times: u32,
}

impl Rests {
    /// How long a way out is still left in peace.
    pub fn left(&self, name: &Name) -> Option<Duration> {
        self.lock().get(name).map(|rest| rest.until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// Notes what became of a letter; gives the rest that follows. It lasts as long as was asked for (`wait`), at the least.
    pub fn note(&self, name: &Name, outcome: &Outcome, wait: Duration) -> Option<Duration> {
        let mut rests = self.lock();
        let (first, longest) = match outcome {
            Outcome::Sent { .. } | Outcome::Refused { .. } => {
                rests.remove(name);
                return None;
            }
            Outcome::Later { .. } | Outcome::Away { .. } => (AWAY, LONGEST_AWAY),
            Outcome::Barred { .. } => (BARRED, LONGEST),
        };
        let times = rests.get(name).map_or(0, |rest| rest.times);
        let rest = first.saturating_mul(1 << times.min(8)).min(longest).max(wait.min(LONGEST));
        rests.insert(name.clone(), Rest { until: Instant::now() + rest, times: times.saturating_add(1) });
        Some(rest)
    }

    /// Ends all rests: addresses and secrets may be others now.
    pub fn end(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Rest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(hook: &str) -> Name {
        (DeskName("politics".to_owned()), hook.to_owned())
    }

    fn later() -> Outcome {
        Outcome::Later { reason: String::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn each_way_out_rests_by_itself_and_longer_each_time() {
        let rests = Rests::default();
        let (one, other) = (name("webhook:one"), name("webhook:other"));
        let waits: Vec<_> =
            (0..7).filter_map(|_| rests.note(&one, &later(), Duration::ZERO)).map(|rest| rest.as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 300, 300]);
        assert_eq!((rests.left(&one).map(|left| left.as_secs()), rests.left(&other)), (Some(300), None));
        tokio::time::advance(Duration::from_secs(300)).await;
        assert_eq!(rests.left(&one), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_us_rests_for_minutes_a_wish_is_heeded_and_success_ends_all() {
        let rests = Rests::default();
        let barred = Outcome::Barred { reason: String::new() };
        let waits: Vec<_> =
            (0..6).filter_map(|_| rests.note(&name("a"), &barred, Duration::ZERO)).map(|rest| rest.as_secs() / 60).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        assert_eq!(rests.note(&name("b"), &later(), Duration::from_secs(600)), Some(Duration::from_secs(600)));
        rests.note(&name("a"), &Outcome::Sent { reply: String::new() }, Duration::ZERO);
        assert_eq!(rests.left(&name("a")), None);
        rests.end();
        assert_eq!(rests.left(&name("b")), None);
    }
}
