//! Deliveries: claimed before they are sent, settled after, put back when a crash came between.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, from_json, ms, number};
use crate::model::alert::{DeskName, LetterId};
use crate::model::claim::ClaimId;
use crate::model::delivery::{Delivery, DeliveryId, Outcome};
use crate::model::letter::{Letter, MessageId};
use crate::store::error::StoreError;
use crate::store::records::Settlement;

/// Letters of a thread named in `References`; the root comes first and always.
const REFERENCES: i64 = 20;

/// Programs and chat rooms, not mail: no mail address has a colon in front of its `@` unless quoted.
macro_rules! hook {
    () => {
        "(d.recipient LIKE 'webhook:%' OR d.recipient LIKE 'matrix:%')"
    };
}

/// A delivery waits for earlier letters of its alert to the same recipient.
macro_rules! its_turn {
    ($head:literal, $tail:expr) => {
        concat!(
            $head,
            " WHERE d.state = 'queued' AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.alert = d.alert AND e.recipient = d.recipient \
             AND e.instalment < d.instalment AND e.state IN ('queued', 'sending')) ",
            $tail
        )
    };
}

impl Sqlite {
    pub(in crate::store) async fn claim_deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.begin().await?;
        // MATERIALIZED: PostgreSQL may otherwise run the inner query more than once and claim more than the limit.
        let mut ids: Vec<i64> = sqlx::query_scalar(its_turn!(
            "WITH next AS MATERIALIZED (SELECT d.id FROM deliveries d",
            concat!(
                "AND NOT ",
                hook!(),
                " AND d.next_at <= $1 ORDER BY d.next_at, d.id LIMIT $2) \
                 UPDATE deliveries SET state = 'sending', attempts = attempts + 1, first_tried = COALESCE(first_tried, $1) \
                 WHERE id IN (SELECT id FROM next) RETURNING id"
            )
        ))
        .bind(ms(now))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        if ids.is_empty() {
            self.leave(tx).await?;
            return Ok(Vec::new());
        }
        ids.sort_unstable();
        let mut deliveries = Vec::with_capacity(ids.len());
        for id in ids {
            deliveries.push(self.delivery(&mut tx, id).await?);
        }
        self.commit(tx).await?;
        Ok(deliveries)
    }

    pub(in crate::store) async fn claim_hook(
        &self,
        now: Timestamp,
        desk: &DeskName,
        recipient: &str,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut tx = self.begin().await?;
        let id: Option<i64> = sqlx::query_scalar(its_turn!(
            "WITH next AS MATERIALIZED (SELECT d.id FROM deliveries d JOIN alerts a ON a.id = d.alert",
            "AND d.recipient = $2 AND a.desk = $3 AND d.next_at <= $1 ORDER BY d.next_at, d.id LIMIT 1) \
             UPDATE deliveries SET state = 'sending', attempts = attempts + 1, first_tried = COALESCE(first_tried, $1) \
             WHERE id IN (SELECT id FROM next) RETURNING id"
        ))
        .bind(ms(now))
        .bind(recipient)
        .bind(&desk.0)
        .fetch_optional(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let Some(id) = id else {
            self.leave(tx).await?;
            return Ok(None);
        };
        let delivery = self.delivery(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(Some(delivery))
    }

    pub(in crate::store) async fn hooks_due(&self) -> Result<Vec<(DeskName, String, Timestamp)>, StoreError> {
        let rows = sqlx::query(its_turn!(
            "SELECT a.desk, d.recipient, MIN(d.next_at) AS due FROM deliveries d JOIN alerts a ON a.id = d.alert",
            concat!("AND ", hook!(), " GROUP BY a.desk, d.recipient ORDER BY due")
        ))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let read = |row: &SqliteRow| Ok((DeskName(row.try_get("desk")?), row.try_get("recipient")?, at(row.try_get("due")?)));
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(&e))
    }

    async fn delivery(&self, tx: &mut SqliteConnection, id: i64) -> Result<Delivery, StoreError> {
        let row = sqlx::query(
            "SELECT d.letter AS letter_id, d.alert, d.instalment, d.recipient, d.message_id, d.attempts, d.first_tried, \
             d.queued_at, l.letter, l.closed_at, a.claim, a.desk \
             FROM deliveries d JOIN letters l ON l.id = d.letter JOIN alerts a ON a.id = d.alert WHERE d.id = $1",
        )
        .bind(id)
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let letter_id = LetterId(row.try_get("letter_id").map_err(|e| self.error(&e))?);
        let words: String = row.try_get("letter").map_err(|e| self.error(&e))?;
        let letter: Letter = from_json(&words, || format!("letter {}", letter_id.0))?;
        let read = || -> Result<(Delivery, i64, i64), sqlx::Error> {
            let queued_at: i64 = row.try_get("queued_at")?;
            let delivery = Delivery {
                id: DeliveryId(id),
                letter_id,
                letter,
                desk: DeskName(row.try_get("desk")?),
                claim: ClaimId(row.try_get("claim")?),
                recipient: row.try_get("recipient")?,
                message_id: MessageId(row.try_get("message_id")?),
                references: Vec::new(),
                written_at: at(row.try_get::<Option<i64>, _>("closed_at")?.unwrap_or(queued_at)),
                attempts: number(row.try_get("attempts")?),
                queued_at: at(row.try_get::<Option<i64>, _>("first_tried")?.unwrap_or(queued_at)),
            };
            Ok((delivery, row.try_get("alert")?, row.try_get("instalment")?))
        };
        let (mut delivery, alert, instalment) = read().map_err(|e| self.error(&e))?;
        delivery.references = self.references(tx, &delivery, alert, instalment).await?;
        Ok(delivery)
    }

    /// Root of the thread and the letters before this one, oldest first.
    async fn references(
        &self,
        tx: &mut SqliteConnection,
        delivery: &Delivery,
        alert: i64,
        instalment: i64,
    ) -> Result<Vec<MessageId>, StoreError> {
        let mut earlier: Vec<String> = sqlx::query_scalar(
            "SELECT message_id FROM deliveries WHERE alert = $1 AND recipient = $2 AND instalment < $3 \
             ORDER BY instalment DESC LIMIT $4",
        )
        .bind(alert)
        .bind(&delivery.recipient)
        .bind(instalment)
        .bind(REFERENCES)
        .fetch_all(tx)
        .await
        .map_err(|e| self.error(&e))?;
        earlier.reverse();
        let domain = delivery.message_id.0.split_once('@').map_or("localhost", |(_, domain)| domain);
        let root = match delivery.claim.0.as_str() {
            "" => self.digest_root(alert, domain),
            _ => self.thread_root(&delivery.claim, &delivery.desk, domain),
        };
        Ok(std::iter::once(root).chain(earlier.into_iter().map(MessageId)).collect())
    }

    pub(in crate::store) async fn settle(&self, now: Timestamp, settlements: &[Settlement]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for settlement in settlements {
            settle_one(&mut tx, now, settlement).await.map_err(|e| self.error(&e))?;
            match (&settlement.outcome, settlement.again_at) {
                (Outcome::Sent { .. }, _) => self.note_taken(&mut tx, settlement.delivery).await?,
                (Outcome::Refused { reason }, _) => self.note_dead(&mut tx, settlement.delivery, reason, true, now).await?,
                (Outcome::Later { reason }, None) => self.note_dead(&mut tx, settlement.delivery, reason, false, now).await?,
                (Outcome::Barred { reason }, _) => self.note_barred(&mut tx, settlement.delivery, reason, now).await?,
                (Outcome::Later { .. } | Outcome::Away { .. }, _) => {}
            }
        }
        self.commit(tx).await
    }

    pub(in crate::store) async fn release(&self, deliveries: &[DeliveryId]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for delivery in deliveries {
            put_back(&mut tx, delivery.0, None).await.map_err(|e| self.error(&e))?;
        }
        self.commit(tx).await
    }

    pub(in crate::store) async fn requeue_ambiguous(&self) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("UPDATE deliveries SET state = 'queued' WHERE state = 'sending'")
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        self.commit(tx).await?;
        Ok(done.rows_affected())
    }

    pub(in crate::store) async fn next_delivery_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> =
            sqlx::query_scalar(its_turn!("SELECT MIN(d.next_at) FROM deliveries d", concat!("AND NOT ", hook!())))
                .fetch_one(&self.readers)
                .await
                .map_err(|e| self.error(&e))?;
        Ok(due.map(at))
    }
}

/// Only a delivery that is being sent can be settled: one that the operator dropped meanwhile stays dropped.
async fn settle_one(tx: &mut SqliteConnection, now: Timestamp, settlement: &Settlement) -> Result<(), sqlx::Error> {
    let (state, reply, next_at) = match (&settlement.outcome, settlement.again_at) {
        (Outcome::Sent { reply }, _) => ("sent", reply, None),
        (Outcome::Later { reason }, Some(again)) => ("queued", reason, Some(again)),
        (Outcome::Later { reason }, None) | (Outcome::Refused { reason }, _) => ("dead", reason, None),
        (Outcome::Away { reason } | Outcome::Barred { reason }, _) => {
            return put_back(tx, settlement.delivery.0, Some(reason)).await;
        }
    };
    let settled_at = next_at.is_none().then(|| ms(now));
    sqlx::query(
        "UPDATE deliveries SET state = $1, reply = $2, settled_at = $3, next_at = COALESCE($4, next_at) \
         WHERE id = $5 AND state = 'sending'",
    )
    .bind(state)
    .bind(reply)
    .bind(settled_at)
    .bind(next_at.map(ms))
    .bind(settlement.delivery.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts a claimed delivery back as if it had not been tried.
async fn put_back(tx: &mut SqliteConnection, id: i64, reason: Option<&String>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE deliveries SET state = 'queued', reply = COALESCE($1, reply), \
         first_tried = CASE WHEN attempts <= 1 THEN NULL ELSE first_tried END, \
         attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END WHERE id = $2 AND state = 'sending'",
    )
    .bind(reason)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(())
}
