//! Values as rows hold them: milliseconds, words, JSON.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::feedback::Opinion;
use crate::model::sighting::Decision;
use crate::model::source::Health;
use crate::store::error::StoreError;
use crate::store::records::DeliveryState;

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A time out of a row; one that no calendar knows becomes the nearest that it knows.
pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

pub(super) fn number(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(if n < 0 { 0 } else { u32::MAX })
}

pub(super) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

pub(super) fn json<T: Serialize>(value: &T, what: &str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Row { what: what.to_owned(), found: e.to_string() })
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: impl FnOnce() -> String) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Row { what: what(), found: e.to_string() })
}

pub(super) fn health_word(health: Health) -> &'static str {
    match health {
        Health::New => "new",
        Health::Ok => "ok",
        Health::Degraded => "degraded",
        Health::Failing => "failing",
        Health::Suspended => "suspended",
        Health::Disabled => "disabled",
    }
}

/// A word we do not know is read as "never visited": the next visit sets it right.
pub(super) fn health(word: &str) -> Health {
    match word {
        "ok" => Health::Ok,
        "degraded" => Health::Degraded,
        "failing" => Health::Failing,
        "suspended" => Health::Suspended,
        "disabled" => Health::Disabled,
        _ => Health::New,
    }
}

pub(super) fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Below => "below",
        Decision::Possible => "possible",
        Decision::Alert => "alert",
    }
}

/// A word we do not know told nobody.
pub(super) fn decision(word: &str) -> Decision {
    match word {
        "alert" => Decision::Alert,
        "possible" => Decision::Possible,
        _ => Decision::Below,
    }
}

pub(super) fn opinion(word: &str) -> Opinion {
    if word == "confirmed" { Opinion::Confirmed } else { Opinion::Dismissed }
}

pub(super) fn state(word: &str) -> DeliveryState {
    match word {
        "sending" => DeliveryState::Sending,
        "sent" => DeliveryState::Sent,
        "dead" => DeliveryState::Dead,
        "dropped" => DeliveryState::Dropped,
        _ => DeliveryState::Queued,
    }
}
