//! The gate before the relay: shut for a while after it turned us away, then opened for one letter first.
//!
//! A password that was refused must not be tried again by every worker for every letter: relays lock accounts for that.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// After the relay refused *us*: password, certificate, settings.
const BARRED: Duration = Duration::from_secs(5 * 60);
/// After the relay could not be reached, the first time; doubled each time it still cannot, up to `BARRED`.
const AWAY: Duration = Duration::from_secs(15);

/// The gate; shared by all workers.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    now: Now,
    /// Times in a row that the relay could not be reached.
    away: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Now {
    /// Nobody knows whether the relay is willing: one may go and see.
    #[default]
    Unknown,
    /// One is on the way to see.
    Trying,
    /// It was willing last time.
    Open,
    /// Left in peace until then.
    Shut(Instant),
}

/// Leave to go to the relay. Given back by dropping it.
#[derive(Debug)]
pub struct Pass<'g> {
    gate: &'g Gate,
    alone: bool,
}

impl Gate {
    /// Waits until the relay may be spoken to.
    pub async fn enter(&self) -> Pass<'_> {
        loop {
            if let Some(pass) = self.enter_unless_shut().await {
                return pass;
            }
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let until = match self.lock().now {
                Now::Shut(until) => until,
                _ => continue,
            };
            tokio::select! { () = changed => {} () = sleep_until(until) => {} }
        }
    }

    /// Waits while another is on the way to see; gives nothing while the relay is being left in peace.
    pub async fn enter_unless_shut(&self) -> Option<Pass<'_>> {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no change is missed, also one made before the first wait.
            changed.as_mut().enable();
            {
                let mut state = self.lock();
                match state.now {
                    Now::Open => return Some(Pass { gate: self, alone: false }),
                    Now::Shut(until) if Instant::now() < until => return None,
                    Now::Unknown | Now::Shut(_) => {
                        state.now = Now::Trying;
                        return Some(Pass { gate: self, alone: true });
                    }
                    Now::Trying => {}
                }
            }
            changed.await;
        }
    }

    /// The relay took a letter, or said something about a letter: it speaks with us.
    pub fn open(&self) {
        let mut state = self.lock();
        let was_open = state.now == Now::Open;
        *state = State { now: Now::Open, away: 0 };
        drop(state);
        if !was_open {
            self.changed.notify_waiters();
        }
    }

    /// The relay could not be reached. Gives how long it is left in peace.
    pub fn away(&self) -> Duration {
        let mut state = self.lock();
        let wait = AWAY.saturating_mul(1 << state.away.min(5)).min(BARRED);
        if !matches!(state.now, Now::Shut(_)) {
            *state = State { now: Now::Shut(Instant::now() + wait), away: state.away.saturating_add(1) };
        }
        drop(state);
        self.changed.notify_waiters();
        wait
    }

    /// The relay refused us. Gives how long it is left in peace.
    pub fn barred(&self) -> Duration {
        self.lock().now = Now::Shut(Instant::now() + BARRED);
        self.changed.notify_waiters();
        BARRED
    }

    /// Whether the relay is being left in peace.
    pub fn is_shut(&self) -> bool {
        matches!(self.lock().now, Now::Shut(until) if Instant::now() < until)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Whether its holder is the one who goes to see: then with one letter.
    pub fn is_alone(&self) -> bool {
        self.alone
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        if self.alone && state.now == Now::Trying {
            // Came back without an answer: there was no letter, or the worker was stopped. Another may go.
            state.now = Now::Unknown;
            drop(state);
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    async fn is_held_back(gate: &Gate) -> bool {
        timeout(Duration::from_millis(1), gate.enter()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn one_goes_first_and_opens_it_for_all() {
        let gate = Gate::default();
        let first = gate.enter().await;
        assert!(first.is_alone() && is_held_back(&gate).await);
        gate.open();
        assert!(!gate.enter().await.is_alone());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_password_is_tried_once_in_five_minutes() {
        let gate = Gate::default();
        let began = Instant::now();
        let mut tries = 0;
        while began.elapsed() < Duration::from_secs(3600) {
            let pass = gate.enter().await;
            assert!(pass.is_alone());
            gate.barred();
            tries += 1;
        }
        assert_eq!(tries, 13);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unreachable_relay_is_tried_less_and_less_often() {
        let gate = Gate::default();
        let mut waits = Vec::new();
        for _ in 0..7 {
            let _pass = gate.enter().await;
            waits.push(gate.away().as_secs());
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 300, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_that_comes_back_without_an_answer_lets_another_go() {
        let gate = Gate::default();
        drop(gate.enter().await);
        assert!(gate.enter().await.is_alone());
    }
}
