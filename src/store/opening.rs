//! How the memory is opened: by the one that works with it, beside that one, or only to be copied.

use std::sync::Arc;

use super::Store;
use super::error::StoreError;
use super::settings::Settings;
use super::sqlite::Sqlite;

impl Store {
    /// Opens the memory for the one claimwatch that works with it; makes it, or brings its tables up to date, where needed.
    ///
    /// # Errors
    /// `Held` by another process, `Newer` than this program, `Corrupt`, or what the disk says.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self::Sqlite(Arc::new(Sqlite::open(settings).await?)))
    }

    /// Opens the memory for a command beside a running claimwatch: makes nothing, changes no table's form, holds no lock.
    ///
    /// # Errors
    /// `Missing`, `Older` than this program, or those of `open` except `Held`.
    pub async fn beside(settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self::Sqlite(Arc::new(Sqlite::beside(settings).await?)))
    }

    /// Opens the memory whatever its version, to copy or check it and for nothing else: an upgrade begins with a copy.
    ///
    /// # Errors
    /// `Missing`, or what the disk says.
    pub async fn as_it_is(settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self::Sqlite(Arc::new(Sqlite::as_it_is(settings).await?)))
    }
}
