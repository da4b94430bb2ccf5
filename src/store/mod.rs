//! The memory: posts seen, sightings, alerts, letters and deliveries, in SQLite.
//!
//! Whether something is unique is a UNIQUE constraint in `migrations/`, never a check in code. What belongs together is one
//! transaction: a visit with everything it found; a letter's words with its deliveries; an attempt with its outcome.

/// Gives the answer of whichever store it is.
macro_rules! on {
    ($store:expr, $db:ident => $answer:expr) => {
        match $store {
            Store::Sqlite($db) => $answer,
        }
    };
}

pub mod alerts;
pub mod editors;
pub mod error;
mod folder;
pub mod identity;
mod opening;
pub mod records;
pub mod settings;
mod sqlite;
mod subscriptions;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::alert::{DeskName, Known, LetterId, Step};
use crate::model::claim::Claim;
use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::letter::{Dossier, Letter};
use crate::model::post::{Alias, PostKey};
use crate::model::source::{SourceName, SourceState};
use error::StoreError;
use identity::Remembered;
use records::{Closed, Closing, DueLetter, Forgotten, Note, Numbers, Orders, Queued, Recorded, Settlement, Visit};
use sqlite::Sqlite;

/// The memory of an installation. Clones share it.
#[derive(Debug, Clone)]
pub enum Store {
    /// A file on this machine.
    Sqlite(Arc<Sqlite>),
}

impl Store {
    /// Gives what is remembered of every source.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn source_states(&self) -> Result<BTreeMap<SourceName, SourceState>, StoreError> {
        on!(self, db => db.source_states().await)
    }

    /// Gives those of `keys` that are remembered from `source`.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn known(&self, source: &SourceName, keys: &[PostKey]) -> Result<HashSet<PostKey>, StoreError> {
        on!(self, db => db.known(source, keys).await)
    }

    /// Looks up posts of one document by key, then by address, then by words; gives what is remembered of each.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn recognise(
        &self,
        source: &SourceName,
        posts: &[(PostKey, Alias)],
    ) -> Result<Vec<Option<Remembered>>, StoreError> {
        on!(self, db => db.recognise(source, posts).await)
    }

    /// Records a visit in one transaction. `group` is asked, inside it, what to do with the visit's sightings; it is given
    /// the newest alert of every desk about every claim seen.
    ///
    /// Posts that another visit recorded meanwhile are taken out of the steps: they have alerted already.
    ///
    /// # Errors
    /// Those of writing; then nothing of the visit is recorded.
    pub async fn record(&self, visit: &Visit, group: impl FnOnce(&Known) -> Vec<Step> + Send) -> Result<Recorded, StoreError> {
        on!(self, db => db.record(visit, group).await)
    }

    /// Records a visit as [`Store::record`] does, but leaves the source's own state and cursor as they are.
    ///
    /// # Errors
    /// Those of writing; then nothing is recorded.
    pub async fn record_posts(
        &self,
        visit: &Visit,
        group: impl FnOnce(&Known) -> Vec<Step> + Send,
    ) -> Result<Recorded, StoreError> {
        on!(self, db => db.record_posts(visit, group).await)
    }

    /// Remembers how a source is doing, after a visit that brought nothing.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn record_state(&self, source: &SourceName, state: &SourceState) -> Result<(), StoreError> {
        on!(self, db => db.record_state(source, state).await)
    }

    /// Gives what the operator has ordered: sources that rest, and those to be visited now.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn orders(&self) -> Result<BTreeMap<SourceName, Orders>, StoreError> {
        on!(self, db => db.orders().await)
    }

    /// Lets a source rest until [`Store::resume`].
    ///
    /// # Errors
    /// Those of writing.
    pub async fn pause(&self, source: &SourceName, now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.pause(source, now).await)
    }

    /// Ends a rest.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn resume(&self, source: &SourceName) -> Result<(), StoreError> {
        on!(self, db => db.resume(source).await)
    }

    /// Asks the running daemon to visit a source now.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn ask(&self, source: &SourceName, now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.ask(source, now).await)
    }

    /// Notes that a visit that was asked for has begun.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn heard(&self, source: &SourceName) -> Result<(), StoreError> {
        on!(self, db => db.heard(source).await)
    }

    /// Puts posts (as `feeds::pushed` writes them) into the inbox, all or none; the daemon reads them as `source`.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn push(&self, source: &SourceName, posts: &[String], now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.push(source, posts, now).await)
    }

    /// Gives posts of the inbox behind number `after`, oldest first, each with its number; a recorded visit whose cursor is a
    /// number takes those up to it out.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn inbox(&self, source: &SourceName, after: i64, most: i64) -> Result<Vec<(i64, String)>, StoreError> {
        on!(self, db => db.inbox(source, after, most).await)
    }

    /// Gives the sources with posts in the inbox, and how many.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn waiting(&self) -> Result<Vec<(SourceName, u64)>, StoreError> {
        on!(self, db => db.waiting().await)
    }

    /// Finds posts by the numbers their server gave them, as a stream names what was deleted.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn numbered(&self, numbers: &[String]) -> Result<Vec<PostKey>, StoreError> {
        on!(self, db => db.numbered(numbers).await)
    }

    /// Takes back what its authors or its network have deleted: posts by their keys, and all posts whose addresses begin as
    /// given (each ending in a slash). Their texts are forgotten, at the latest when a letter that gathers them is written.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn retract(&self, keys: &[PostKey], addresses: &[String], now: Timestamp) -> Result<u64, StoreError> {
        on!(self, db => db.retract(keys, addresses, now).await)
    }

    /// Gives letters whose time has come by `now`, at most a hundred; with `first_ones_too`, also every first letter of an
    /// alert that still gathers.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn due_letters(&self, now: Timestamp, first_ones_too: bool) -> Result<Vec<DueLetter>, StoreError> {
        on!(self, db => db.due_letters(now, first_ones_too).await)
    }

    /// Closes a letter: `write` is given what it holds and how many letters its desk got within the last hour, inside the
    /// transaction, so that no sighting can join unseen; its words and its deliveries become rows together, or what it holds is
    /// kept for the digest. What a silence covers by now is taken out first. `domain` is the right side of its Message-IDs;
    /// `today` is the claim as the rules have it, where that is known.
    ///
    /// # Errors
    /// Those of writing; then the letter is still open. A letter closed meanwhile makes no deliveries and no error.
    pub async fn close_letter(
        &self,
        id: LetterId,
        now: Timestamp,
        domain: &str,
        today: Option<&Claim>,
        write: impl FnOnce(&Dossier, u32) -> Closing + Send,
    ) -> Result<Closed, StoreError> {
        on!(self, db => db.close_letter(id, now, domain, today, write).await)
    }

    /// When the next letter is due, if one gathers.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn next_letter_due(&self) -> Result<Option<Timestamp>, StoreError> {
        on!(self, db => db.next_letter_due().await)
    }

    /// Takes up to `limit` deliveries that are due and marks them as being sent, before anything is sent.
    ///
    /// A later letter of an alert is not taken while an earlier one to the same recipient is unsettled.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn claim_deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        on!(self, db => db.claim_deliveries(now, limit).await)
    }

    /// The same for one program or chat room of a desk, which [`Store::claim_deliveries`] leaves alone: one letter.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn claim_hook(&self, now: Timestamp, desk: &DeskName, recipient: &str) -> Result<Option<Delivery>, StoreError> {
        on!(self, db => db.claim_hook(now, desk, recipient).await)
    }

    /// Records what became of attempts, in one transaction.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn settle(&self, now: Timestamp, settlements: &[Settlement]) -> Result<(), StoreError> {
        on!(self, db => db.settle(now, settlements).await)
    }

    /// Puts claimed deliveries back that were not attempted.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn release(&self, deliveries: &[DeliveryId]) -> Result<(), StoreError> {
        on!(self, db => db.release(deliveries).await)
    }

    /// Puts deliveries back that a crash left half sent; they keep their Message-ID. Gives how many. Only at start.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn requeue_ambiguous(&self) -> Result<u64, StoreError> {
        on!(self, db => db.requeue_ambiguous().await)
    }

    /// When the next delivery can be taken, if one waits.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn next_delivery_due(&self) -> Result<Option<Timestamp>, StoreError> {
        on!(self, db => db.next_delivery_due().await)
    }

    /// Gives the programs and chat rooms that letters wait for: desk, name, and when the next can be taken; soonest first.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn hooks_due(&self) -> Result<Vec<(DeskName, String, Timestamp)>, StoreError> {
        on!(self, db => db.hooks_due().await)
    }

    /// Lists deliveries that are not settled well: waiting, being sent, or given up; oldest first, at most `limit`.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn queue(&self, limit: usize) -> Result<Vec<Queued>, StoreError> {
        on!(self, db => db.queue(limit).await)
    }

    /// Gives one delivery, in whatever state, with its letter.
    ///
    /// # Errors
    /// `Unknown` when there is none.
    pub async fn queued(&self, id: DeliveryId) -> Result<(Queued, Letter), StoreError> {
        on!(self, db => db.queued(id).await)
    }

    /// Makes a waiting or given-up delivery due at once, with its five days begun anew.
    ///
    /// # Errors
    /// `Unknown` when there is none that waits or was given up.
    pub async fn retry(&self, id: DeliveryId, now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.retry(id, now).await)
    }

    /// Takes a waiting or given-up delivery out for good.
    ///
    /// # Errors
    /// `Unknown` when there is none that waits or was given up.
    pub async fn drop_delivery(&self, id: DeliveryId, now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.drop_delivery(id, now).await)
    }

    /// Writes a copy of the database, checks the copy, and only then gives it its name.
    ///
    /// # Errors
    /// When `to` is there already, cannot be written, or the copy is not sound.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        on!(self, db => db.backup(to).await)
    }

    /// Reads the whole database and says what is wrong with it; nothing, if it is sound.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        on!(self, db => db.check().await)
    }

    /// Leaves a note for commands beside the daemon, in the place of the one of that name.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn put_note(&self, note: Note, value: &str) -> Result<(), StoreError> {
        on!(self, db => db.put_note(note.name(), value).await)
    }

    /// Reads a note.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn note(&self, note: Note) -> Result<Option<String>, StoreError> {
        on!(self, db => db.note(note.name()).await)
    }

    /// Counts.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn numbers(&self, now: Timestamp) -> Result<Numbers, StoreError> {
        on!(self, db => db.numbers(now).await)
    }

    /// Removes what the settings say need not be remembered any longer, in small transactions.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn forget(&self, now: Timestamp) -> Result<Forgotten, StoreError> {
        on!(self, db => db.forget(now).await)
    }

    /// Free space on the database's disk, in bytes, as far as this user may use it.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        on!(self, db => db.free_bytes())
    }

    /// Finishes writing, folds the log into the database and lets go of the lock.
    pub async fn close(&self) {
        on!(self, db => db.close().await);
    }
}
