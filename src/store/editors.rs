//! What editors ask the memory: posts of the past, sightings and what people said about them, and how each rule is doing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Store;
use super::error::StoreError;
use crate::model::claim::{ClaimId, Revision, Status};
use crate::model::feedback::{Feedback, Opinion};
use crate::model::post::Post;
use crate::model::sighting::{Decision, Sighting, SightingId, When};
use crate::text::likeness::Print;

/// A post of the past whose text is still remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// Its row: posts come in this order.
    pub row: i64,
    /// The post.
    pub post: Post,
    /// What was decided when it came: claim and decision, by the rules of that day. None for history, which was only noted.
    pub decided: Option<Vec<Decided>>,
}

/// What was decided about a post and a claim when the post came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The sighting.
    pub id: SightingId,
    /// The claim.
    pub claim: ClaimId,
    /// The decision.
    pub decision: Decision,
    /// Letter or digest.
    pub when: When,
    /// Where the rule stood: what is only on trial told nobody.
    pub status: Status,
}

/// A sighting as editors see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighted {
    /// Its number.
    pub id: SightingId,
    /// The claim.
    pub claim: ClaimId,
    /// Wording of the rule that decided.
    pub revision: Revision,
    /// What was decided.
    pub decision: Decision,
    /// When it was seen.
    pub seen_at: Timestamp,
    /// The post, unless its text is forgotten.
    pub post: Option<Post>,
    /// How often the post was reposted, as far as that was heard.
    pub reposts: u64,
    /// The reasons, unless they are forgotten.
    pub sighting: Option<Sighting>,
    /// What was said about it last.
    pub feedback: Option<Feedback>,
    /// The dismissed sighting it is like, where that is why it told nobody.
    pub dismissed_like: Option<SightingId>,
}

/// Which sightings are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of this claim.
    pub claim: Option<ClaimId>,
    /// Only those that nobody has judged.
    pub unjudged: bool,
    /// Only those that alert (else near-misses too).
    pub alerts: bool,
    /// At most so many, newest first.
    pub most: u32,
}

/// What came of a word about a sighting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What was said before, if anything.
    pub before: Option<Feedback>,
    /// Letters still gathering from which the post was taken out.
    pub letters_spared: u64,
}

/// A word about a sighting, with the print of its post: by it a post is recognised wherever it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Opined {
    /// The word.
    pub feedback: Feedback,
    /// The post's words.
    pub print: Print,
}

/// Pieces in which the time looked back on is counted.
pub const PIECES: usize = 10;

/// How a rule has done since some day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doing {
    /// Posts that repeat the claim.
    pub sightings: u64,
    /// Of these, posts that went to the digest by their stance.
    pub digest: u64,
    /// Posts that nearly repeat it.
    pub possible: u64,
    /// Posts left out because people had dismissed one like them.
    pub left_out: u64,
    /// Letters written about it.
    pub letters: u64,
    /// Sightings confirmed.
    pub confirmed: u64,
    /// Sightings dismissed.
    pub dismissed: u64,
    /// Of those judged, sightings by an older wording of the rule than the newest judged.
    pub judged: BTreeMap<Revision, u64>,
    /// When it was seen last, ever.
    pub last_seen: Option<Timestamp>,
    /// Sightings in each piece of the time.
    pub trend: [u64; PIECES],
}

/// What is remembered of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkState {
    /// When it was looked at last.
    pub checked_at: Timestamp,
    /// When it last answered well.
    pub good_at: Option<Timestamp>,
}

impl Store {
    /// Gives remembered posts first seen at `since` or later whose row comes after `after`, in the order of their rows, at most `most`.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn posts_after(&self, after: i64, since: Timestamp, most: u32) -> Result<Vec<Remembered>, StoreError> {
        let Self::Sqlite(db) = self;
        db.posts_after(after, since, most).await
    }

    /// Counts what [`Store::posts_after`] would give in all.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn count_posts(&self, since: Timestamp) -> Result<u64, StoreError> {
        let Self::Sqlite(db) = self;
        db.count_posts(since).await
    }

    /// Gives one sighting.
    ///
    /// # Errors
    /// `Unknown` when there is none.
    pub async fn sighted(&self, id: SightingId) -> Result<Sighted, StoreError> {
        let Self::Sqlite(db) = self;
        db.sighted(id).await
    }

    /// Lists sightings, newest first.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn sightings(&self, wanted: &Wanted) -> Result<Vec<Sighted>, StoreError> {
        let Self::Sqlite(db) = self;
        db.sightings(wanted).await
    }

    /// Writes down what somebody thinks of a sighting, in one transaction beside the running daemon. A dismissed post is taken out
    /// of letters that still gather; one that holds nothing else is closed unsent.
    ///
    /// # Errors
    /// `Unknown` when there is no such sighting; those of writing.
    pub async fn say(
        &self,
        id: SightingId,
        opinion: Opinion,
        by: Option<&str>,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<Said, StoreError> {
        let Self::Sqlite(db) = self;
        db.say(id, opinion, by, why, now).await
    }

    /// Gives what people said about sightings, the newest word about each.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn opinions(&self) -> Result<Vec<Opined>, StoreError> {
        let Self::Sqlite(db) = self;
        db.opinions().await
    }

    /// Says how every claim has done between `since` and `now`.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn doing(&self, since: Timestamp, now: Timestamp) -> Result<BTreeMap<ClaimId, Doing>, StoreError> {
        let Self::Sqlite(db) = self;
        db.doing(since, now).await
    }

    /// Gives what is remembered of addresses of fact-checks.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn links(&self) -> Result<BTreeMap<String, LinkState>, StoreError> {
        let Self::Sqlite(db) = self;
        db.links().await
    }

    /// Remembers which addresses answered well and which are gone.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn note_links(&self, looked_at: &[(String, bool)], now: Timestamp) -> Result<(), StoreError> {
        let Self::Sqlite(db) = self;
        db.note_links(looked_at, now).await
    }
}
