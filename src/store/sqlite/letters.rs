//! Letters: those whose time has come, and closing one so that its words and its deliveries are rows together.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, count, from_json, json, ms, number};
use crate::model::alert::{DeskName, LetterId};
use crate::model::claim::{Claim, ClaimId};
use crate::model::letter::{Dossier, Hour, MessageId, Occasion, Seen};
use crate::model::post::Post;
use crate::model::sighting::{Sighting, SightingId};
use crate::store::error::StoreError;
use crate::store::records::{Closing, DueLetter};

/// Posts a dossier holds in full; a letter quotes fewer, but joins near-copies among these.
const IN_FULL: i64 = 200;

/// Letters closed in one go.
const AT_ONCE: i64 = 100;

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

/// How far back the trend of a claim goes: seven whole days in any time zone.
const TREND: i64 = 8 * 24 * HOUR;

/// The row of a letter that gathers, and of its alert.
struct Open {
    alert: i64,
    claim: ClaimId,
    episode: u32,
    instalment: u32,
}

impl Sqlite {
    pub(in crate::store) async fn due_letters(&self, now: Timestamp, first_ones_too: bool) -> Result<Vec<DueLetter>, StoreError> {
        let rows = sqlx::query(
            "SELECT l.id, a.desk, a.claim FROM letters l JOIN alerts a ON a.id = l.alert \
             WHERE l.closed_at IS NULL AND (l.due_at <= $1 OR ($2 = 1 AND l.instalment = 1)) \
             ORDER BY l.due_at, l.id LIMIT $3",
        )
        .bind(ms(now))
        .bind(i64::from(first_ones_too))
        .bind(AT_ONCE)
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                Ok(DueLetter {
                    id: LetterId(row.try_get("id")?),
                    desk: DeskName(row.try_get("desk")?),
                    claim: ClaimId(row.try_get("claim")?),
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn next_letter_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar("SELECT MIN(due_at) FROM letters WHERE closed_at IS NULL")
            .fetch_one(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        Ok(due.map(at))
    }

    pub(in crate::store) async fn close_letter(
        &self,
        id: LetterId,
        now: Timestamp,
        domain: &str,
        write: impl FnOnce(&Dossier) -> Closing + Send,
    ) -> Result<usize, StoreError> {
        let mut tx = self.begin().await?;
        let Some(open) = open_letter(&mut tx, id).await.map_err(|e| self.error(&e))? else {
            self.leave(tx).await?;
            return Ok(0);
        };
        let dossier = self.dossier(&mut tx, id, &open, now).await?;
        let (words, recipients, because) = match write(&dossier) {
            Closing::Send { letter, recipients } => (Some(json(&letter, "a letter")?), recipients, None),
            Closing::Hold { because } => (None, Vec::new(), Some(because)),
        };
        sqlx::query("UPDATE letters SET closed_at = $1, letter = $2, unsent_because = $3 WHERE id = $4")
            .bind(ms(now))
            .bind(words)
            .bind(because)
            .bind(id.0)
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        let mut made = 0;
        for recipient in &recipients {
            let MessageId(message_id) = self.message_id(id, now, recipient, domain);
            let done = sqlx::query(
                "INSERT INTO deliveries (letter, alert, instalment, recipient, message_id, state, attempts, queued_at, next_at) \
                 VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6, $6) ON CONFLICT (letter, recipient) DO NOTHING",
            )
            .bind(id.0)
            .bind(open.alert)
            .bind(i64::from(open.instalment))
            .bind(recipient)
            .bind(message_id)
            .bind(ms(now))
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
            made += usize::try_from(done.rows_affected()).unwrap_or(0);
        }
        self.commit(tx).await?;
        Ok(made)
    }

    /// The Message-ID of a letter at one recipient. The time of closing is in it, because a database put back from a backup
    /// numbers new letters like lost ones, and mail programs hide a letter whose id they have seen.
    fn message_id(&self, letter: LetterId, closed_at: Timestamp, recipient: &str, domain: &str) -> MessageId {
        let parts = [&self.store_id, &letter.0.to_string(), &ms(closed_at).to_string(), recipient];
        MessageId(format!("letter.{}@{domain}", digest(&parts)))
    }

    /// The id that all letters about a claim at a desk refer to, so that mail programs keep them together; no letter bears it.
    pub(super) fn thread_root(&self, claim: &ClaimId, desk: &DeskName, domain: &str) -> MessageId {
        MessageId(format!("claim.{}@{domain}", digest(&[&self.store_id, &claim.0, &desk.0])))
    }

    async fn dossier(&self, tx: &mut SqliteConnection, id: LetterId, open: &Open, now: Timestamp) -> Result<Dossier, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM letter_sightings WHERE letter = $1) AS posts, \
             (SELECT COUNT(*) FROM letter_sightings s JOIN letters l ON l.id = s.letter \
              WHERE l.alert = $2 AND l.instalment < $3) AS told",
        )
        .bind(id.0)
        .bind(open.alert)
        .bind(i64::from(open.instalment))
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let (posts, told) = (|| Ok((row.try_get("posts")?, row.try_get("told")?)))().map_err(|e: sqlx::Error| self.error(&e))?;

        // The claim as the newest sighting of the letter knew it: the verdict may have been corrected since the first.
        let claim: String = sqlx::query_scalar(
            "SELECT c.claim FROM letter_sightings j JOIN sightings s ON s.id = j.sighting \
             JOIN claims c ON c.id = s.claim AND c.revision = s.revision WHERE j.letter = $1 ORDER BY s.id DESC LIMIT 1",
        )
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let claim: Claim = from_json(&claim, || format!("claim {}", open.claim))?;

        let rows = sqlx::query(
            "SELECT s.id, p.post, s.sighting FROM letter_sightings j JOIN sightings s ON s.id = j.sighting \
             JOIN posts p ON p.id = s.post WHERE j.letter = $1 ORDER BY s.id LIMIT $2",
        )
        .bind(id.0)
        .bind(IN_FULL)
        .fetch_all(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let mut sightings = Vec::with_capacity(rows.len());
        for row in rows {
            let number: i64 = row.try_get("id").map_err(|e| self.error(&e))?;
            let post: Option<String> = row.try_get("post").map_err(|e| self.error(&e))?;
            let sighting: Option<String> = row.try_get("sighting").map_err(|e| self.error(&e))?;
            let (Some(post), Some(sighting)) = (post, sighting) else { continue };
            let post: Post = from_json(&post, || format!("the post of sighting {number}"))?;
            let sighting: Sighting = from_json(&sighting, || format!("sighting {number}"))?;
            sightings.push(Seen { number: SightingId(number), post, sighting });
        }
        Ok(Dossier {
            claim,
            occasion: Occasion::default(),
            episode: open.episode,
            instalment: open.instalment,
            sightings,
            posts: count(posts),
            told: count(told),
            trend: trend(tx, &open.claim, now).await.map_err(|e| self.error(&e))?,
            at: now,
        })
    }
}

/// How often a claim was seen lately, hour by hour; near-misses do not count.
async fn trend(tx: &mut SqliteConnection, claim: &ClaimId, now: Timestamp) -> Result<Vec<Hour>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT seen_at / $1 AS hour, COUNT(*) AS sightings FROM sightings \
         WHERE claim = $2 AND seen_at > $3 AND decision = 'alert' GROUP BY hour ORDER BY hour",
    )
    .bind(HOUR)
    .bind(&claim.0)
    .bind(ms(now).saturating_sub(TREND))
    .fetch_all(tx)
    .await?;
    let hour = |row: &sqlx::sqlite::SqliteRow| -> Result<Hour, sqlx::Error> {
        let from = row.try_get::<i64, _>("hour")?.saturating_mul(HOUR);
        Ok(Hour { from: at(from), sightings: count(row.try_get("sightings")?) })
    };
    rows.iter().map(hour).collect()
}

async fn open_letter(tx: &mut SqliteConnection, id: LetterId) -> Result<Option<Open>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT l.alert, l.instalment, a.claim, a.episode FROM letters l JOIN alerts a ON a.id = l.alert \
         WHERE l.id = $1 AND l.closed_at IS NULL",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        Ok(Open {
            alert: row.try_get("alert")?,
            claim: ClaimId(row.try_get("claim")?),
            episode: number(row.try_get("episode")?),
            instalment: number(row.try_get("instalment")?),
        })
    })
    .transpose()
}

/// Twenty-four hex digits of a digest over parts that cannot run into each other.
fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
