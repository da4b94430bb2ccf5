//! What the post office tells about itself: what was done, what waits, why it could not work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{error, info, warn};

use super::gate::Gate;
use crate::mail::error::MailError;
use crate::model::delivery::{Delivery, Outcome};
use crate::store::error::StoreError;
use crate::telemetry::metrics::{ByCode, ByDesk, Metrics};

/// What the post office has done since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Letters closed.
    pub closed: u64,
    /// Deliveries accepted.
    pub sent: u64,
    /// Attempts put off by the relay.
    pub later: u64,
    /// Deliveries given up.
    pub refused: u64,
    /// Times the relay could not be reached or refused us.
    pub turned_away: u64,
    /// Deliveries that wait now.
    pub waiting: u64,
    /// Why the relay turned us away last, unless it has taken a letter since.
    pub trouble: Option<String>,
    /// Where letters go.
    pub place: String,
}

/// Counts what becomes of letters, and tells the log.
#[derive(Debug)]
pub(super) struct Ledger {
    closed: AtomicU64,
    sent: AtomicU64,
    later: AtomicU64,
    refused: AtomicU64,
    turned_away: AtomicU64,
    trouble: Mutex<Option<String>>,
    metrics: Arc<Metrics>,
    /// Letters go through a relay, not into a folder.
    by_smtp: bool,
}

impl Ledger {
    pub fn new(metrics: Arc<Metrics>, by_smtp: bool) -> Self {
        let zero = AtomicU64::default;
        if by_smtp {
            metrics.expect_relay();
        }
        Self {
            closed: zero(),
            sent: zero(),
            later: zero(),
            refused: zero(),
            turned_away: zero(),
            trouble: Mutex::default(),
            metrics,
            by_smtp,
        }
    }

    /// Notes that letters were written.
    pub fn closed(&self, letters: usize) {
        self.closed.fetch_add(letters as u64, Ordering::Relaxed);
    }

    /// Observes how long an accepted letter was on its way.
    pub fn arrived(&self, delivery: &Delivery, now: Timestamp) {
        self.metrics.delivery_lag.observe(now.duration_since(delivery.written_at).as_secs_f64().max(0.0));
    }

    /// Counts, logs and tells the gate. Says whether the relay turned us away. No recipient and no words of the relay about
    /// a letter go into the log: the queue has them.
    pub fn note(&self, delivery: &Delivery, outcome: &Outcome, gate: &Gate) -> bool {
        let (id, desk, claim) = (delivery.id.0, &delivery.desk, &delivery.claim);
        let (counter, word, trouble) = match outcome {
            Outcome::Sent { .. } => {
                let about = if claim.0.is_empty() { "a digest".to_owned() } else { format!("a letter about {claim}") };
                info!(delivery = id, %desk, %claim, attempts = delivery.attempts, "{about} was sent to desk {desk}");
                (&self.sent, "sent", None)
            }
            Outcome::Later { .. } => {
                info!(delivery = id, %desk, attempts = delivery.attempts, "the relay put letter {id} off; see `claimwatch mail queue show {id}`");
                (&self.later, "later", None)
            }
            Outcome::Refused { .. } => {
                error!(delivery = id, %desk, %claim, "letter {id} was refused for good; see `claimwatch mail queue show {id}`");
                (&self.refused, "refused", None)
            }
            Outcome::Away { reason } => {
                let wait = gate.away();
                warn!(wait_seconds = wait.as_secs(), "{}; all letters wait {} s", without_addresses(reason), wait.as_secs());
                (&self.turned_away, "away", Some(reason.clone()))
            }
            Outcome::Barred { reason } => {
                let wait = gate.barred();
                error!(
                    wait_seconds = wait.as_secs(),
                    "{}; all letters wait {} s, none is lost",
                    without_addresses(reason),
                    wait.as_secs()
                );
                (&self.turned_away, "barred", Some(reason.clone()))
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.metrics.alerts.get_or_create(&ByDesk { desk: desk.0.clone(), outcome: word.to_owned() }).inc();
        if self.by_smtp {
            let code_class = match outcome {
                Outcome::Sent { .. } => "2xx",
                Outcome::Later { .. } => "4xx",
                Outcome::Refused { .. } => "5xx",
                Outcome::Away { .. } | Outcome::Barred { .. } => "none",
            };
            self.metrics.smtp_replies.get_or_create(&ByCode { code_class }).inc();
        }
        if matches!(outcome, Outcome::Refused { .. }) {
            self.metrics.bounces.inc();
        }
        let turned_away = trouble.is_some();
        if !turned_away {
            gate.open();
        }
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        turned_away
    }

    /// The same for a program or a chat room, which rests for so long now: it tells the gate of the relay nothing.
    pub fn note_hook(&self, delivery: &Delivery, outcome: &Outcome, rest: Option<Duration>) {
        let (id, desk, claim, to) = (delivery.id.0, &delivery.desk, &delivery.claim, &delivery.recipient);
        let wait = rest.unwrap_or_default().as_secs();
        let (counter, word) = match outcome {
            Outcome::Sent { .. } => {
                let about = if claim.0.is_empty() { "a digest".to_owned() } else { format!("a letter about {claim}") };
                info!(delivery = id, %desk, %claim, attempts = delivery.attempts, "{about} was handed to {to} of desk {desk}");
                (&self.sent, "sent")
            }
            Outcome::Refused { .. } => {
                error!(delivery = id, %desk, %claim, "{to} of desk {desk} refused letter {id} for good; see `claimwatch mail queue show {id}`");
                (&self.refused, "refused")
            }
            Outcome::Barred { .. } => {
                error!(delivery = id, %desk, wait_seconds = wait, "{to} of desk {desk} refuses us; its letters wait {wait} s, none is lost; see `claimwatch mail queue show {id}`");
                (&self.turned_away, "barred")
            }
            Outcome::Later { .. } | Outcome::Away { .. } => {
                info!(delivery = id, %desk, attempts = delivery.attempts, wait_seconds = wait, "{to} of desk {desk} did not take letter {id} yet; see `claimwatch mail queue show {id}`");
                (&self.later, "later")
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.metrics.alerts.get_or_create(&ByDesk { desk: desk.0.clone(), outcome: word.to_owned() }).inc();
    }

    pub fn report(&self, waiting: u64, place: &str) -> Report {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Report {
            closed: count(&self.closed),
            sent: count(&self.sent),
            later: count(&self.later),
            refused: count(&self.refused),
            turned_away: count(&self.turned_away),
            waiting,
            trouble: self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            place: place.to_owned(),
        }
    }
}

/// Relays repeat addresses in their answers; the log keeps none.
fn without_addresses(reason: &str) -> String {
    let words = reason.split(' ').map(|word| if word.contains('@') { "(an address)" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Why the post office could not work.
#[derive(Debug)]
pub enum PostOfficeError {
    /// The store.
    Store(StoreError),
    /// The mail settings.
    Mail(MailError),
}

impl std::fmt::Display for PostOfficeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Mail(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PostOfficeError {}

impl From<StoreError> for PostOfficeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<MailError> for PostOfficeError {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_the_words_of_a_relay_stay_out_of_the_log() {
        let reason = "the relay answered MAIL with 553 5.7.1 <alerts@desk.test>: Sender address rejected";
        let told = "the relay answered MAIL with 553 5.7.1 (an address) Sender address rejected";
        assert_eq!(without_addresses(reason), told);
    }
}
