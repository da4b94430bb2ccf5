//! Letters: those whose time has come, and closing one so that its words and its deliveries are rows together.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::feed::is_feed;
use super::holding::{Address, Open};
use super::rows::{at, count, from_json, json, ms, number};
use crate::model::alert::{AlertId, DeskName, LetterId};
use crate::model::claim::{Claim, ClaimId};
use crate::model::digest::{Matter, Reason};
use crate::model::letter::{Dossier, Hour, Letter, MessageId};
use crate::store::error::StoreError;
use crate::store::records::{Closed, Closing, DueLetter};

/// Letters closed in one go.
const AT_ONCE: i64 = 100;

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

/// How far back the trend of a claim goes: seven whole days in any time zone.
const TREND: i64 = 8 * 24 * HOUR;

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
        today: Option<&Claim>,
        write: impl FnOnce(&Dossier, u32) -> Closing + Send,
    ) -> Result<Closed, StoreError> {
        let mut tx = self.begin().await?;
        let mut closed = Closed::default();
        let Some(open) = self.open_letter(&mut tx, id).await? else {
            self.leave(tx).await?;
            return Ok(closed);
        };
        self.silence_letter(&mut tx, id, &open, now, &mut closed).await?;
        if self.sightings_of(&mut tx, id).await? == 0 {
            self.close_unsent(&mut tx, id, now, Reason::Silenced).await?;
            self.commit(tx).await?;
            return Ok(closed);
        }
        let mut dossier = self.dossier(&mut tx, id, &open, now).await?;
        if let Some(today) = today {
            dossier.claim = today.clone();
        }
        let lately = self.letters_of_hour(&mut tx, &open.desk, now).await?;
        match write(&dossier, lately) {
            Closing::Send { letter, recipients } => {
                let recipients = self.live(&mut tx, &recipients).await?;
                if recipients.is_empty() {
                    self.tell_operator(&mut tx, &Matter::DeskUnreachable { desk: open.desk.clone() }, now).await?;
                    self.hold_letter(&mut tx, id, &open, now, Reason::NoRecipient, &mut closed).await?;
                } else {
                    self.freeze(&mut tx, id, now, &letter).await?;
                    self.remember_told(&mut tx, AlertId(open.alert), &dossier.claim).await?;
                    let address = Address { letter: id, alert: AlertId(open.alert), instalment: open.instalment };
                    closed.deliveries = self.address(&mut tx, &address, &recipients, now, now, domain).await?;
                }
            }
            Closing::Hold { because } => {
                if because == Reason::NoRecipient {
                    self.tell_operator(&mut tx, &Matter::DeskUnreachable { desk: open.desk.clone() }, now).await?;
                }
                self.hold_letter(&mut tx, id, &open, now, because, &mut closed).await?;
            }
            Closing::Wait { until, waits } => {
                sqlx::query("UPDATE letters SET due_at = $1, waits = $2 WHERE id = $3")
                    .bind(ms(until))
                    .bind(waits.word())
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await
                    .map_err(|e| self.error(&e))?;
                closed.waits = Some(waits);
            }
        }
        self.commit(tx).await?;
        Ok(closed)
    }

    /// Writes the words of a letter down, and that it is closed.
    pub(super) async fn freeze(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        now: Timestamp,
        letter: &Letter,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE letters SET closed_at = $1, letter = $2 WHERE id = $3")
            .bind(ms(now))
            .bind(json(letter, "a letter")?)
            .bind(id.0)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }

    /// Makes the deliveries of a letter, to be tried from `from` on.
    pub(super) async fn address(
        &self,
        tx: &mut SqliteConnection,
        address: &Address,
        recipients: &[String],
        now: Timestamp,
        from: Timestamp,
        domain: &str,
    ) -> Result<usize, StoreError> {
        let mut made = 0;
        for recipient in recipients {
            // Nobody fetches it from the queue: whoever asks for the feed from now on gets it.
            let stands_in_feed = is_feed(recipient);
            let MessageId(message_id) = self.message_id(address.letter, now, recipient, domain);
            let done = sqlx::query(
                "INSERT INTO deliveries (letter, alert, instalment, recipient, message_id, state, attempts, queued_at, next_at, \
                 settled_at, reply) VALUES ($1, $2, $3, $4, $5, $8, 0, $6, $7, $9, $10) ON CONFLICT (letter, recipient) DO NOTHING",
            )
            .bind(address.letter.0)
            .bind(address.alert.0)
            .bind(i64::from(address.instalment))
            .bind(recipient)
            .bind(message_id)
            .bind(ms(now))
            .bind(ms(from))
            .bind(if stands_in_feed { "sent" } else { "queued" })
            .bind(stands_in_feed.then(|| ms(now)))
            .bind(stands_in_feed.then_some("stands in the feed"))
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
            made += usize::try_from(done.rows_affected()).unwrap_or(0);
        }
        Ok(made)
    }

    /// Remembers the claim as the thread tells it now.
    pub(super) async fn remember_told(&self, tx: &mut SqliteConnection, alert: AlertId, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query("UPDATE alerts SET told = $1 WHERE id = $2")
            .bind(json(claim, "a claim")?)
            .bind(alert.0)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
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

    /// The id that all digests of one desk and day refer to.
    pub(super) fn digest_root(&self, alert: i64, domain: &str) -> MessageId {
        MessageId(format!("digest.{}@{domain}", digest(&[&self.store_id, "digest", &alert.to_string()])))
    }

    /// The claim as the thread told it last: what a letter without sightings of its own is about.
    async fn claim_told(&self, tx: &mut SqliteConnection, open: &Open) -> Result<Claim, StoreError> {
        let told: String = sqlx::query_scalar("SELECT told FROM alerts WHERE id = $1 AND told IS NOT NULL")
            .bind(open.alert)
            .fetch_one(tx)
            .await
            .map_err(|e| self.error(&e))?;
        from_json(&told, || format!("what was told of claim {}", open.claim))
    }

    pub(super) async fn dossier(
        &self,
        tx: &mut SqliteConnection,
        id: LetterId,
        open: &Open,
        now: Timestamp,
    ) -> Result<Dossier, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM letter_sightings WHERE letter = $1) AS posts, \
             (SELECT COUNT(DISTINCT s.sighting) FROM letter_sightings s JOIN letters l ON l.id = s.letter \
              WHERE l.alert = $2 AND l.instalment < $3 AND l.letter IS NOT NULL) AS told, \
             (SELECT COUNT(*) FROM letters l WHERE l.alert = $2 AND l.instalment < $3 AND l.letter IS NOT NULL) AS sent",
        )
        .bind(id.0)
        .bind(open.alert)
        .bind(i64::from(open.instalment))
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let numbers = || Ok((row.try_get("posts")?, row.try_get("told")?, row.try_get::<i64, _>("sent")?));
        let (posts, told, sent) = numbers().map_err(|e: sqlx::Error| self.error(&e))?;

        // The claim as the newest sighting of the letter knew it: the verdict may have been corrected since the first.
        let claim = match self.newest_claim(tx, id, &open.claim).await? {
            Some(claim) => claim,
            None => self.claim_told(tx, open).await?,
        };

        let sightings = self.gathered(tx, id).await?;
        Ok(Dossier {
            claim,
            occasion: open.occasion.clone(),
            episode: open.episode,
            // Letters that were never sent are not counted: the desk has not seen them.
            instalment: number(sent).saturating_add(1),
            sightings,
            posts: count(posts),
            told: count(told),
            trend: trend(tx, &open.claim, now).await.map_err(|e| self.error(&e))?,
            at: now,
        })
    }
}

/// How often a claim was seen lately, hour by hour. As in the letters themselves, posts that only report, ask, deny or check do
/// not count, nor near-misses.
async fn trend(tx: &mut SqliteConnection, claim: &ClaimId, now: Timestamp) -> Result<Vec<Hour>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT s.seen_at / $1 AS hour, COUNT(*) AS sightings FROM sightings s WHERE s.claim = $2 AND s.seen_at > $3 \
         AND s.decision = 'alert' AND NOT EXISTS (SELECT 1 FROM routes r WHERE r.sighting = s.id AND r.held IN \
         ('report', 'question', 'denial', 'factcheck', 'rule', 'bulk', 'trial', 'ignored', 'dismissed')) \
         GROUP BY hour ORDER BY hour",
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

/// Twenty-four hex digits of a digest over parts that cannot run into each other.
fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
