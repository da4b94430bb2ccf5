//! What the memory answers about alerts beyond their letters: digests, corrections, silences, recipients that refuse.

use jiff::Timestamp;

use super::Store;
use super::error::StoreError;
use super::records::{Amended, Amendment, Laid, Refusing, Standing, ToldClaim, Way};
use crate::model::alert::DeskName;
use crate::model::claim::{Claim, ClaimId};
use crate::model::digest::{Corrected, DeskState, Digest, DueDigest, Reason};
use crate::model::feed::Shelf;
use crate::model::letter::{Dossier, Letter};
use crate::model::sighting::SightingId;
use crate::model::silence::{Matchers, SilenceId};
use crate::model::source::SourceName;

/// A program or a chat room that has not taken its letters yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The desk.
    pub desk: DeskName,
    /// How deliveries name it.
    pub recipient: String,
    /// Letters that it answered to and that wait.
    pub letters: u64,
    /// When the oldest of them was written.
    pub since: Timestamp,
    /// What it said.
    pub reply: String,
}

/// A claim that a digest told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Digested {
    /// The desk.
    pub desk: DeskName,
    /// What it is about.
    pub id: ClaimId,
    /// The claim as told.
    pub told: Claim,
    /// What the next digest is to say about it.
    pub correction: Option<Corrected>,
}

impl Store {
    /// Gives the claims that digests told of since then and no letter did.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn digested_claims(&self, since: Timestamp) -> Result<Vec<Digested>, StoreError> {
        on!(self, db => db.digested_claims(since).await)
    }

    /// Notes what the next digests are to correct; nothing where what was told holds again.
    ///
    /// # Errors
    /// Those of writing; then nothing is noted.
    pub async fn note_corrections(
        &self,
        corrections: &[(DeskName, ClaimId, Option<Corrected>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self, db => db.note_corrections(corrections, now).await)
    }

    /// Gives programs and chat rooms that did not take a letter at the last attempt, the one that waits longest first.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn stuck(&self) -> Result<Vec<Stuck>, StoreError> {
        on!(self, db => db.stuck().await)
    }

    /// Gives the newest letters that stand in a desk's feed, at most `most`. `domain` names the feed if none has yet.
    ///
    /// # Errors
    /// Those of reading, and of writing down the name the first time.
    pub async fn shelf(&self, desk: &DeskName, domain: &str, most: i64) -> Result<Shelf, StoreError> {
        on!(self, db => db.shelf(desk, domain, most).await)
    }

    /// Notes which desks there are from now on; what waited for one that is gone goes to the operator.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn know_desks(&self, desks: &[DeskName], now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.know_desks(desks, now).await)
    }

    /// Gives what deciding about a desk's digests needs.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn desk_state(&self, desk: &DeskName, now: Timestamp) -> Result<DeskState, StoreError> {
        on!(self, db => db.desk_state(desk, now).await)
    }

    /// Writes a digest in one transaction: `write` is given what it tells and gives its words and recipients. `sources` are
    /// those watched. Gives the deliveries made; nothing if the desk has had a digest of that name or has nobody to write to.
    ///
    /// # Errors
    /// Those of writing; then all that waited goes on waiting.
    pub async fn write_digest(
        &self,
        desk: &DeskName,
        due: &DueDigest,
        sources: &[SourceName],
        now: Timestamp,
        domain: &str,
        write: impl FnOnce(&mut Digest) -> (Letter, Vec<String>) + Send,
    ) -> Result<Option<usize>, StoreError> {
        on!(self, db => db.write_digest(desk, due, sources, now, domain, write).await)
    }

    /// Gives the alerts with a sighting since then whose desks were told something, with what they were told.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn told_claims(&self, since: Timestamp) -> Result<Vec<ToldClaim>, StoreError> {
        on!(self, db => db.told_claims(since).await)
    }

    /// Corrects what a thread told, in one transaction: letters that wait are withdrawn, those who got one are told, and where
    /// the fact-check changed, those who did not get one yet get its posts with what holds now. Nothing happens if the thread
    /// was corrected meanwhile.
    ///
    /// # Errors
    /// Those of writing; then nothing is corrected.
    pub async fn correct(
        &self,
        amendment: &Amendment,
        now: Timestamp,
        domain: &str,
        write: impl Fn(&Dossier) -> Letter + Send,
    ) -> Result<Amended, StoreError> {
        on!(self, db => db.correct(amendment, now, domain, write).await)
    }

    /// Lays a silence; it holds at once, also in a running daemon.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn lay_silence(
        &self,
        matchers: &Matchers,
        author: &str,
        comment: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<SilenceId, StoreError> {
        on!(self, db => db.lay_silence(matchers, author, comment, from, to).await)
    }

    /// Ends a silence now.
    ///
    /// # Errors
    /// `Unknown` when there is none that still holds.
    pub async fn end_silence(&self, id: SilenceId, now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.end_silence(id, now).await)
    }

    /// Lists silences that hold, will hold, or ended within the last month.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn silences(&self, now: Timestamp) -> Result<Vec<Laid>, StoreError> {
        on!(self, db => db.silences(now).await)
    }

    /// Lists recipients that refused letters for good, those included that are no longer written to.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn refusing(&self) -> Result<Vec<Refusing>, StoreError> {
        on!(self, db => db.refusing().await)
    }

    /// Forgets that a recipient refused letters: it is written to again.
    ///
    /// # Errors
    /// `Unknown` when it did not.
    pub async fn write_again_to(&self, address: &str) -> Result<(), StoreError> {
        on!(self, db => db.write_again_to(address).await)
    }

    /// Tells where a sighting went: desks, reasons, letters, deliveries.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn ways(&self, id: SightingId) -> Result<Vec<Way>, StoreError> {
        on!(self, db => db.ways(id).await)
    }

    /// Counts, by reason, the sightings that wait for a digest and those that were held since then.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn held(&self, now: Timestamp, since: Timestamp) -> Result<Vec<(Reason, u64, u64)>, StoreError> {
        on!(self, db => db.held(now, since).await)
    }

    /// Gives what would decide about a post that repeats these claims now: threads, silences, letters of the hour.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn standing(&self, claims: &[ClaimId], desks: &[DeskName], now: Timestamp) -> Result<Standing, StoreError> {
        on!(self, db => db.standing(claims, desks, now).await)
    }
}
