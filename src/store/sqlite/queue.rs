//! The queue as an operator sees it: list, show, retry, drop.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{at, count, from_json, ms, number, state};
use crate::model::alert::DeskName;
use crate::model::claim::ClaimId;
use crate::model::delivery::DeliveryId;
use crate::model::letter::{Letter, MessageId};
use crate::store::alerts::Stuck;
use crate::store::error::StoreError;
use crate::store::records::Queued;

/// A delivery with its letter and its alert.
macro_rules! queued {
    ($tail:literal) => {
        concat!(
            "SELECT d.id, d.state, d.recipient, d.message_id, d.attempts, d.queued_at, d.next_at, d.reply, \
             a.desk, a.claim, l.id AS letter_id, l.letter \
             FROM deliveries d JOIN letters l ON l.id = d.letter JOIN alerts a ON a.id = d.alert ",
            $tail
        )
    };
}

impl Sqlite {
    pub(in crate::store) async fn queue(&self, limit: usize) -> Result<Vec<Queued>, StoreError> {
        let rows = sqlx::query(queued!("WHERE d.state IN ('queued', 'sending', 'dead') ORDER BY d.queued_at, d.id LIMIT $1"))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        rows.iter().map(|row| self.read_queued(row).map(|(queued, _)| queued)).collect()
    }

    pub(in crate::store) async fn stuck(&self) -> Result<Vec<Stuck>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.desk, d.recipient, COUNT(*) AS letters, MIN(d.queued_at) AS since, MAX(d.reply) AS reply FROM deliveries d \
             JOIN alerts a ON a.id = d.alert WHERE d.state IN ('queued', 'sending') AND d.reply IS NOT NULL \
             AND (d.recipient LIKE 'webhook:%' OR d.recipient LIKE 'matrix:%') GROUP BY a.desk, d.recipient ORDER BY since",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let read = |row: &SqliteRow| {
            Ok(Stuck {
                desk: DeskName(row.try_get("desk")?),
                recipient: row.try_get("recipient")?,
                letters: count(row.try_get("letters")?),
                since: at(row.try_get("since")?),
                reply: row.try_get("reply")?,
            })
        };
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn queued(&self, id: DeliveryId) -> Result<(Queued, Letter), StoreError> {
        let row =
            sqlx::query(queued!("WHERE d.id = $1")).bind(id.0).fetch_optional(&self.readers).await.map_err(|e| self.error(&e))?;
        row.map_or_else(|| Err(unknown(id)), |row| self.read_queued(&row))
    }

    fn read_queued(&self, row: &SqliteRow) -> Result<(Queued, Letter), StoreError> {
        let read = || -> Result<(Queued, String, i64), sqlx::Error> {
            let queued = Queued {
                id: DeliveryId(row.try_get("id")?),
                state: state(row.try_get("state")?),
                desk: DeskName(row.try_get("desk")?),
                claim: ClaimId(row.try_get("claim")?),
                recipient: row.try_get("recipient")?,
                subject: String::new(),
                message_id: MessageId(row.try_get("message_id")?),
                attempts: number(row.try_get("attempts")?),
                queued_at: at(row.try_get("queued_at")?),
                next_at: at(row.try_get("next_at")?),
                reply: row.try_get("reply")?,
            };
            Ok((queued, row.try_get("letter")?, row.try_get("letter_id")?))
        };
        let (mut queued, words, letter_id) = read().map_err(|e| self.error(&e))?;
        let letter: Letter = from_json(&words, || format!("letter {letter_id}"))?;
        queued.subject.clone_from(&letter.subject);
        Ok((queued, letter))
    }

    pub(in crate::store) async fn retry(&self, id: DeliveryId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'queued', attempts = 0, first_tried = NULL, settled_at = NULL, next_at = $1 \
             WHERE id = $2 AND state IN ('queued', 'dead')",
        )
        .bind(ms(now))
        .bind(id.0)
        .execute(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        self.commit(tx).await?;
        if done.rows_affected() == 0 { Err(unknown(id)) } else { Ok(()) }
    }

    pub(in crate::store) async fn drop_delivery(&self, id: DeliveryId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("UPDATE deliveries SET state = 'dropped', settled_at = $1 WHERE id = $2 AND state IN ('queued', 'dead')")
                .bind(ms(now))
                .bind(id.0)
                .execute(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
        self.commit(tx).await?;
        if done.rows_affected() == 0 { Err(unknown(id)) } else { Ok(()) }
    }
}

fn unknown(id: DeliveryId) -> StoreError {
    StoreError::Unknown { what: format!("delivery {} that waits or was given up", id.0) }
}
