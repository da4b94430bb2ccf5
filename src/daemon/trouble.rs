//! What went wrong with a visit, in the terms that the schedule, the log and a person at the terminal need.

use std::fmt;
use std::time::Duration;

use tokio::task::JoinError;

use crate::feeds::error::ReadError;
use crate::fetch::error::FetchError;
use crate::store::error::StoreError;

/// Why a visit failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The word under which metrics count it.
    pub class: &'static str,
    /// What happened, for people.
    pub sentence: String,
    /// How long to stay away at least.
    pub wait: Option<Duration>,
    /// We were asked to wait, or the fault is ours: the source has not failed.
    pub is_held: bool,
    /// Something came, and could not be read.
    pub is_unreadable: bool,
    /// The source was not asked at all: its host wants to be left alone for `wait`.
    pub is_put_off: bool,
}

impl Trouble {
    /// A fault inside claimwatch: it must end one visit, not the service.
    pub fn of_ours(fault: &JoinError) -> Self {
        Self {
            class: "fault",
            sentence: format!("comparing its posts with the claims broke off: {fault}"),
            wait: None,
            is_held: true,
            is_unreadable: false,
            is_put_off: false,
        }
    }
}

impl Trouble {
    /// An address that leads nowhere.
    pub fn of_address(server: &url::Url) -> Self {
        Self {
            class: "request",
            sentence: format!("no timeline can be asked for at {server}"),
            wait: None,
            is_held: false,
            is_unreadable: false,
            is_put_off: false,
        }
    }
}

impl Trouble {
    /// A stream that ended or broke off.
    pub fn of_stream(sentence: &str) -> Self {
        Self {
            class: "stream",
            sentence: sentence.to_owned(),
            wait: None,
            is_held: false,
            is_unreadable: false,
            is_put_off: false,
        }
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self {
            class: error.class(),
            sentence: error.to_string(),
            wait: error.try_again_in(),
            is_held: error.is_postponed(),
            is_unreadable: false,
            is_put_off: matches!(error, FetchError::HostRests { .. }),
        }
    }
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        Self {
            class: error.class(),
            sentence: error.to_string(),
            wait: error.try_again_in(),
            is_held: false,
            is_unreadable: true,
            is_put_off: false,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self {
            class: "store",
            sentence: error.to_string(),
            wait: error.try_again_in(),
            is_held: true,
            is_unreadable: false,
            is_put_off: false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}
