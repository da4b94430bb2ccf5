//! Why the daemon could not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::report::PostOfficeError;
use crate::mail::error::MailError;
use crate::store::error::StoreError;

/// What kept the house from opening.
#[derive(Debug)]
pub enum DaemonError {
    /// The memory could not be opened.
    Store(StoreError),
    /// Letters could not be handed over.
    Mail(MailError),
    /// The address for metrics could not be had.
    Web(SocketAddr, io::Error),
    /// Some sources were not visited, because the disk is nearly full; letters that waited were sent.
    DiskIsFull,
    /// Signals could not be listened to.
    Signals(io::Error),
}

impl fmt::Display for DaemonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Mail(error) => error.fmt(f),
            Self::Web(address, error) => {
                write!(f, "cannot serve metrics on {address}: {error}; choose another `listen` under [web], or leave [web] out")
            }
            Self::DiskIsFull => {
                write!(f, "the disk is nearly full: nothing is fetched until 64 MiB are free where the database lies")
            }
            Self::Signals(error) => write!(f, "cannot listen to signals: {error}"),
        }
    }
}

impl std::error::Error for DaemonError {}

impl From<StoreError> for DaemonError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PostOfficeError> for DaemonError {
    fn from(error: PostOfficeError) -> Self {
        match error {
            PostOfficeError::Store(error) => Self::Store(error),
            PostOfficeError::Mail(error) => Self::Mail(error),
        }
    }
}

impl From<MailError> for DaemonError {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}
