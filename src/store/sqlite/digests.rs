//! Digests: what waits for a desk, and one written so that its words, its deliveries and what it told are rows together.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::holding::Address;
use super::rows::{at, count, ms, number};
use super::telling::NOTICES;
use crate::model::alert::{AlertId, DeskName, LetterId, OPERATOR};
use crate::model::digest::{Content, DeskState, Digest, DueDigest, Figures, Reason, Waiting};
use crate::model::letter::Letter;
use crate::model::silence::{Matchers, SilenceId};
use crate::model::source::SourceName;
use crate::store::error::StoreError;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Slots remembered for deciding; the constraint remembers all.
const SLOTS_FOR: i64 = 8 * DAY;
/// A silence that held nothing back is told of for so long.
const ENDED_FOR: i64 = 30 * DAY;
impl Sqlite {
    pub(in crate::store) async fn know_desks(&self, desks: &[DeskName], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for desk in desks {
            sqlx::query("INSERT INTO desks (name, known_since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(&desk.0)
                .bind(ms(now))
                .execute(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
        }
        let waiting: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT desk FROM routes WHERE held IS NOT NULL AND told_in IS NULL AND desk <> ''")
                .fetch_all(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
        for gone in waiting.iter().filter(|name| name.as_str() != OPERATOR && desks.iter().all(|desk| desk.0 != **name)) {
            // What waited for a desk that is gone is told to the operator; where the operator gets the same already, once is enough.
            for sql in [
                "DELETE FROM routes WHERE desk = $1 AND held IS NOT NULL AND told_in IS NULL \
                 AND sighting IN (SELECT sighting FROM routes WHERE desk = $2)",
                "UPDATE routes SET desk = $2, held = 'no_reader' WHERE desk = $1 AND held IS NOT NULL AND told_in IS NULL",
            ] {
                sqlx::query(sql).bind(gone).bind(OPERATOR).execute(&mut *tx).await.map_err(|e| self.error(&e))?;
            }
        }
        self.commit(tx).await
    }

    pub(in crate::store) async fn desk_state(&self, desk: &DeskName, now: Timestamp) -> Result<DeskState, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let read = async {
            let known: Option<i64> = sqlx::query_scalar("SELECT known_since FROM desks WHERE name = $1")
                .bind(&desk.0)
                .fetch_optional(&mut *reader)
                .await?;
            let slots: Vec<String> = sqlx::query_scalar("SELECT slot FROM digests WHERE desk = $1 AND made_at > $2")
                .bind(&desk.0)
                .bind(ms(now).saturating_sub(SLOTS_FOR))
                .fetch_all(&mut *reader)
                .await?;
            let last: Option<i64> =
                sqlx::query_scalar("SELECT MAX(made_at) FROM digests WHERE desk = $1 AND slot LIKE 'notices %'")
                    .bind(&desk.0)
                    .fetch_one(&mut *reader)
                    .await?;
            let rows = sqlx::query(
                "SELECT r.held, COUNT(*) AS n, MIN(r.held_at) AS oldest, MAX(r.held_at) AS newest FROM routes r \
                 WHERE r.desk = $1 AND r.held IS NOT NULL AND r.told_in IS NULL AND (r.silence IS NULL \
                 OR EXISTS (SELECT 1 FROM silences x WHERE x.id = r.silence AND x.to_at <= $2)) GROUP BY r.held",
            )
            .bind(&desk.0)
            .bind(ms(now))
            .fetch_all(&mut *reader)
            .await?;
            let mut waiting = Vec::new();
            for row in rows {
                waiting.extend(Reason::of_word(row.try_get("held")?).map(|reason| (reason, row)));
            }
            let waiting = waiting.iter().map(|(reason, row)| {
                Ok(Waiting {
                    reason: *reason,
                    sightings: count(row.try_get("n")?),
                    oldest: at(row.try_get("oldest")?),
                    newest: at(row.try_get("newest")?),
                })
            });
            let waiting = waiting.collect::<Result<_, sqlx::Error>>()?;
            let wrong: Option<i64> =
                sqlx::query_scalar("SELECT MIN(corrected_at) FROM digest_claims WHERE desk = $1 AND correction IS NOT NULL")
                    .bind(&desk.0)
                    .fetch_one(&mut *reader)
                    .await?;
            let notice: Option<i64> = sqlx::query_scalar("SELECT MIN(at) FROM notices WHERE told_in IS NULL AND $1 = 1")
                .bind(i64::from(desk.0 == OPERATOR))
                .fetch_one(&mut *reader)
                .await?;
            let ended = sqlx::query(
                "SELECT s.id, s.matchers, s.to_at, \
                 EXISTS (SELECT 1 FROM routes r WHERE r.silence = s.id AND r.desk = $1 AND r.desk <> '' \
                 AND r.held IS NOT NULL AND r.told_in IS NULL) AS held \
                 FROM silences s WHERE s.to_at <= $2 \
                 AND NOT EXISTS (SELECT 1 FROM digests d WHERE d.desk = $1 AND d.slot = 'silence ' || s.id) ORDER BY s.id",
            )
            .bind(&desk.0)
            .bind(ms(now))
            .fetch_all(&mut *reader)
            .await?;
            let mut silences = Vec::new();
            for row in ended {
                let held: i64 = row.try_get("held")?;
                // What cannot be read names nobody.
                let matchers: Matchers = serde_json::from_str(row.try_get("matchers")?).unwrap_or_default();
                let named = matchers.desks.iter().any(|name| name.to_lowercase() == desk.0.to_lowercase());
                let is_recent = row.try_get::<i64, _>("to_at")? > ms(now).saturating_sub(ENDED_FOR);
                if held == 1 || (named && is_recent) {
                    silences.push(SilenceId(row.try_get("id")?));
                }
            }
            Ok(DeskState {
                known_since: known.map(at),
                slots: slots.into_iter().collect::<BTreeSet<_>>(),
                last_notices: last.map(at),
                waiting,
                oldest_correction: wrong.map(at),
                oldest_notice: notice.map(at),
                ended: silences,
            })
        };
        read.await.map_err(|e: sqlx::Error| self.error(&e))
    }

    /// Writes a digest, unless the desk has had it or nobody can be written to; gives the deliveries made.
    pub(in crate::store) async fn write_digest(
        &self,
        desk: &DeskName,
        due: &DueDigest,
        sources: &[SourceName],
        now: Timestamp,
        domain: &str,
        write: impl FnOnce(&mut Digest) -> (Letter, Vec<String>) + Send,
    ) -> Result<Option<usize>, StoreError> {
        let mut tx = self.begin().await?;
        let Some(place) = self.begin_digest(&mut tx, desk, due, now).await? else {
            self.leave(tx).await?;
            return Ok(None);
        };
        let notices = desk.0 == OPERATOR && matches!(due.content, Content::Notices | Content::All);
        let digest = Digest {
            kind: self.kind(&mut tx, due).await?,
            since: self.since(&mut tx, desk, place.letter, now).await?,
            until: now,
            figures: Figures::default(),
            corrections: if due.content == Content::All { self.corrections(&mut tx, desk).await? } else { Vec::new() },
            sections: self.sections(&mut tx, desk, due.content, now).await?,
            notices: if notices { self.notices(&mut tx).await? } else { Vec::new() },
        };
        let figures = self.figures(&mut tx, desk, sources, digest.since, now).await?;
        let mut digest = Digest { figures, ..digest };
        let (letter, recipients) = write(&mut digest);
        let recipients = self.live(&mut tx, &recipients).await?;
        if recipients.is_empty() {
            // What waits goes on waiting.
            self.leave(tx).await?;
            return Ok(None);
        }
        self.freeze(&mut tx, place.letter, now, &letter).await?;
        let made = self.address(&mut tx, &place, &recipients, now, now, domain).await?;
        self.mark_told(&mut tx, desk, due.content, place.letter, now).await?;
        self.remember_digested(&mut tx, desk, &digest.corrections, &digest.sections, now).await?;
        if notices && !digest.notices.is_empty() {
            sqlx::query(
                "UPDATE notices SET told_in = $1 WHERE id IN (SELECT id FROM notices WHERE told_in IS NULL ORDER BY id LIMIT $2)",
            )
            .bind(place.letter.0)
            .bind(NOTICES)
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        }
        self.commit(tx).await?;
        Ok(Some(made))
    }

    /// Makes the rows of a digest; nothing if the desk has had it.
    async fn begin_digest(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        due: &DueDigest,
        now: Timestamp,
    ) -> Result<Option<Address>, StoreError> {
        let begun = async {
            sqlx::query(
                "INSERT INTO alerts (claim, desk, episode, opened_at, last_sighting) VALUES ('', $1, $2, $3, $3) \
                 ON CONFLICT (claim, desk, episode) DO NOTHING",
            )
            .bind(&desk.0)
            .bind(i64::from(due.day))
            .bind(ms(now))
            .execute(&mut *tx)
            .await?;
            let alert: i64 = sqlx::query_scalar("SELECT id FROM alerts WHERE claim = '' AND desk = $1 AND episode = $2")
                .bind(&desk.0)
                .bind(i64::from(due.day))
                .fetch_one(&mut *tx)
                .await?;
            let instalment: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(instalment), 0) + 1 FROM letters WHERE alert = $1")
                .bind(alert)
                .fetch_one(&mut *tx)
                .await?;
            let letter: i64 = sqlx::query_scalar(
                "INSERT INTO letters (alert, instalment, due_at, closed_at) VALUES ($1, $2, $3, $3) RETURNING id",
            )
            .bind(alert)
            .bind(instalment)
            .bind(ms(now))
            .fetch_one(&mut *tx)
            .await?;
            let made: Option<i64> = sqlx::query_scalar(
                "INSERT INTO digests (letter, desk, slot, made_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (desk, slot) DO NOTHING RETURNING letter",
            )
            .bind(letter)
            .bind(&desk.0)
            .bind(&due.slot)
            .bind(ms(now))
            .fetch_optional(&mut *tx)
            .await?;
            Ok(made.map(|letter| Address { letter: LetterId(letter), alert: AlertId(alert), instalment: number(instalment) }))
        };
        begun.await.map_err(|e: sqlx::Error| self.error(&e))
    }
}
