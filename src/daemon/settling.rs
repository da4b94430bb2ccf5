//! Settlements of several workers in one commit: each still waits for its own before its next letter leaves.
//!
//! A commit costs a wait for the disk. While one is under way the settlements of other workers gather, and the next commit
//! takes them all; so a crash still finds at most one letter a worker sent and not recorded.

use std::sync::{Mutex as Short, PoisonError};

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Settlement;

/// What waits for the next commit, and how far commits have come.
#[derive(Debug, Default)]
pub(super) struct Settling {
    waiting: Short<Waiting>,
    /// Number of the last settlement that is safe on the disk; held while a commit is under way.
    safe: Mutex<u64>,
}

#[derive(Debug, Default)]
struct Waiting {
    settlements: Vec<Settlement>,
    /// Number of the last settlement handed in.
    last: u64,
}

impl Settling {
    /// Records one settlement, alone or with those of other workers. Returns when it is safe on the disk.
    ///
    /// # Errors
    /// Those of writing; then it is still handed in, and `again` tries once more.
    pub(super) async fn settle(&self, store: &Store, now: Timestamp, settlement: Settlement) -> Result<(), (u64, StoreError)> {
        let number = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.settlements.push(settlement);
            waiting.last += 1;
            waiting.last
        };
        self.again(store, now, number).await.map_err(|error| (number, error))
    }

    /// Tries once more to record what was handed in under this number.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) async fn again(&self, store: &Store, now: Timestamp, number: u64) -> Result<(), StoreError> {
        let mut safe = self.safe.lock().await;
        if *safe >= number {
            return Ok(());
        }
        let (batch, last) = {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            (waiting.settlements.clone(), waiting.last)
        };
        store.settle(now, &batch).await?;
        // Taken out only now: what a failed commit did not record must be in the next one.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).settlements.drain(..batch.len());
        *safe = last;
        Ok(())
    }
}
