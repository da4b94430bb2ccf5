//! Letters that are not sent: what they hold goes to the digest with its reason, inside the transaction that closes them.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{from_json, ms, number};
use super::silences;
use crate::model::alert::{AlertId, DeskName, LetterId};
use crate::model::claim::{Claim, ClaimId};
use crate::model::digest::Reason;
use crate::model::letter::Occasion;
use crate::model::post::Post;
use crate::model::silence::Silence;
use crate::model::source::SourceName;
use crate::store::error::StoreError;
use crate::store::records::Closed;

const HOUR: i64 = 60 * 60 * 1000;

/// A letter that gathers, with its alert.
pub(super) struct Open {
    pub alert: i64,
    pub claim: ClaimId,
    pub desk: DeskName,
    pub episode: u32,
    pub instalment: u32,
    pub occasion: Occasion,
}

/// Where a letter stands in its thread.
pub(super) struct Address {
    pub letter: LetterId,
    pub alert: AlertId,
    pub instalment: u32,
}

impl Sqlite {
    pub(super) async fn open_letter(&self, tx: &mut SqliteConnection, id: LetterId) -> Result<Option<Open>, StoreError> {
        let row = sqlx::query(
            "SELECT l.alert, l.instalment, l.occasion, a.claim, a.desk, a.episode FROM letters l JOIN alerts a ON a.id = l.alert \
             WHERE l.id = $1 AND l.closed_at IS NULL",
        )
        .bind(id.0)
        .fetch_optional(tx)
        .await
        .map_err(|e| self.error(&e))?;
        let Some(row) = row else { return Ok(None) };
        let raw = || -> Result<(Open, String), sqlx::Error> {
            let open = Open {
                alert: row.try_get("alert")?,
                claim: ClaimId(row.try_get("claim")?),
                desk: DeskName(row.try_get("desk")?),
                episode: number(row.try_get("episode")?),
                instalment: number(row.try_get("instalment")?),
                occasion: Occasion::News,
            };
            Ok((open, row.try_get("occasion")?))
        };
        let (mut open, occasion) = raw().map_err(|e| self.error(&e))?;
        open.occasion = from_json(&occasion, || format!("letter {}", id.0))?;
        Ok(Some(open))
    }

    pub(super) async fn sightings_of(&self, tx: &mut SqliteConnection, id: LetterId) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT COUNT(*) FROM letter_sightings WHERE letter = $1")
            .bind(id.0)
            .fetch_one(tx)
            .await
            .map_err(|e| self.error(&e))
    }

    /// Letters of claims that the desk got within the last hour and that count against its limit.
    pub(super) async fn letters_of_hour(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM letters l JOIN alerts a ON a.id = l.alert WHERE l.letter IS NOT NULL AND l.closed_at > $1 \
             AND l.closed_at <= $2 AND a.desk = $3 AND a.claim <> '' AND l.occasion = '\"news\"'",
        )
        .bind(ms(now).saturating_sub(HOUR))
        .bind(ms(now))
        .bind(&desk.0)
        .fetch_one(tx)
        .await
        .map(number)
        .map_err(|e| self.error(&e))
    }

    /// Closes a letter unsent and gives what it holds to the digest.
    pub(super) async fn hold_letter(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        open: &Open,
        now: Timestamp,
        reason: Reason,
        closed: &mut Closed,
    ) -> Result<(), StoreError> {
        let held = sqlx::query(
            "UPDATE routes SET held = $1, held_at = $2 WHERE desk = $3 AND held IS NULL \
             AND sighting IN (SELECT sighting FROM letter_sightings WHERE letter = $4)",
        )
        .bind(reason.word())
        .bind(ms(now))
        .bind(&open.desk.0)
        .bind(id.0)
        .execute(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        *closed.held.entry(reason).or_default() += usize::try_from(held.rows_affected()).unwrap_or(0);
        self.close_unsent(tx, id, now, reason).await
    }

    pub(super) async fn close_unsent(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        now: Timestamp,
        reason: Reason,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE letters SET closed_at = $1, unsent_because = $2 WHERE id = $3")
            .bind(ms(now))
            .bind(reason.word())
            .bind(id.0)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }

    /// Takes out of an open letter what a silence covers that was laid since it joined.
    pub(super) async fn silence_letter(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        open: &Open,
        now: Timestamp,
        closed: &mut Closed,
    ) -> Result<(), StoreError> {
        for silence in silences::holding(self, tx, now).await? {
            let Some(claim) = self.newest_claim(tx, id, &open.claim).await? else { return Ok(()) };
            for sighting in self.covered(tx, id, open, &claim, &silence).await? {
                sqlx::query("DELETE FROM letter_sightings WHERE letter = $1 AND sighting = $2")
                    .bind(id.0)
                    .bind(sighting)
                    .execute(&mut *tx)
                    .await
                    .map_err(|e| self.error(&e))?;
                sqlx::query(
                    "UPDATE routes SET held = 'silenced', held_at = $1, silence = $2 \
                     WHERE sighting = $3 AND desk = $4 AND held IS NULL",
                )
                .bind(ms(now))
                .bind(silence.id.0)
                .bind(sighting)
                .bind(&open.desk.0)
                .execute(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
                *closed.held.entry(Reason::Silenced).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Which sightings of a letter a silence covers.
    async fn covered(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        open: &Open,
        claim: &Claim,
        silence: &Silence,
    ) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.id, p.source, CASE WHEN $2 = 1 THEN p.post END AS post FROM letter_sightings j \
             JOIN sightings s ON s.id = j.sighting JOIN posts p ON p.id = s.post WHERE j.letter = $1",
        )
        .bind(id.0)
        .bind(i64::from(!silence.matchers.authors.is_empty()))
        .fetch_all(tx)
        .await
        .map_err(|e| self.error(&e))?;
        let mut covered = Vec::new();
        for row in rows {
            let raw = || -> Result<(i64, String, Option<String>), sqlx::Error> {
                Ok((row.try_get("id")?, row.try_get("source")?, row.try_get("post")?))
            };
            let (sighting, source, post) = raw().map_err(|e| self.error(&e))?;
            // A post that cannot be read has no author that could be compared.
            let author = post.and_then(|post| serde_json::from_str::<Post>(&post).ok()).and_then(|post| post.author);
            if silence.covers(claim, &open.desk, &SourceName(source), author.as_deref()) {
                covered.push(sighting);
            }
        }
        Ok(covered)
    }

    /// The claim as the newest sighting of a letter knew it; nothing for a letter that holds none.
    pub(super) async fn newest_claim(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        claim: &ClaimId,
    ) -> Result<Option<Claim>, StoreError> {
        let found: Option<String> = sqlx::query_scalar(
            "SELECT c.claim FROM letter_sightings j JOIN sightings s ON s.id = j.sighting \
             JOIN claims c ON c.id = s.claim AND c.revision = s.revision WHERE j.letter = $1 ORDER BY s.id DESC LIMIT 1",
        )
        .bind(id.0)
        .fetch_optional(tx)
        .await
        .map_err(|e| self.error(&e))?;
        found.map(|found| from_json(&found, || format!("claim {claim}"))).transpose()
    }
}
