//! What the post office tells about itself: what was done, what waits, why it could not work.

use std::sync::atomic::AtomicU64;

use crate::mail::error::MailError;
use crate::store::error::StoreError;

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

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub closed: AtomicU64,
    pub sent: AtomicU64,
    pub later: AtomicU64,
    pub refused: AtomicU64,
    pub turned_away: AtomicU64,
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
