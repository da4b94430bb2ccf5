//! The time of day, handed to everything that needs it, so that tests can run a day in a moment.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Tells the time.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    Machine,
    /// A clock that starts at a given moment and goes as fast as tokio's, which tests can pause and wind forward.
    From {
        /// What it showed…
        origin: Timestamp,
        /// …at this instant.
        at: Instant,
    },
}

impl Clock {
    /// Gives a clock that shows `origin` now and follows tokio's time from here on.
    pub fn from(origin: Timestamp) -> Self {
        Self::From { origin, at: Instant::now() }
    }

    /// Gives the time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Machine => Timestamp::now(),
            Self::From { origin, at } => origin.saturating_add(at.elapsed()).unwrap_or(*origin),
        }
    }

    /// Gives how long it is until `then`; nothing if that is past.
    pub fn until(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_until(then)).unwrap_or(Duration::ZERO)
    }
}
