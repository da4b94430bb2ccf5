//! Silences: laid and ended beside the running daemon, heeded inside the transactions that decide.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, count, from_json, json, ms};
use crate::model::silence::{Matchers, Silence, SilenceId};
use crate::store::error::StoreError;
use crate::store::records::Laid;

/// Ended silences that `silence list` still shows, in milliseconds: a month.
const SHOWN: i64 = 30 * 24 * 60 * 60 * 1000;

impl Sqlite {
    pub(in crate::store) async fn lay_silence(
        &self,
        matchers: &Matchers,
        author: &str,
        comment: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<SilenceId, StoreError> {
        let matchers = json(matchers, "what a silence covers")?;
        let mut tx = self.begin().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO silences (matchers, author, comment, from_at, to_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(matchers)
        .bind(author)
        .bind(comment)
        .bind(ms(from))
        .bind(ms(to))
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        self.commit(tx).await?;
        Ok(SilenceId(id))
    }

    pub(in crate::store) async fn end_silence(&self, id: SilenceId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("UPDATE silences SET to_at = $1 WHERE id = $2 AND to_at > $1")
            .bind(ms(now))
            .bind(id.0)
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        self.commit(tx).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Unknown { what: format!("silence {} that still holds", id.0) });
        }
        Ok(())
    }

    pub(in crate::store) async fn silences(&self, now: Timestamp) -> Result<Vec<Laid>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.id, s.matchers, s.author, s.comment, s.from_at, s.to_at, \
             (SELECT COUNT(*) FROM routes r WHERE r.silence = s.id) AS held FROM silences s WHERE s.to_at > $1 ORDER BY s.id",
        )
        .bind(ms(now).saturating_sub(SHOWN))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                let held = row.try_get("held").map_err(|e| self.error(&e))?;
                Ok(Laid { silence: read(self, row)?, held: count(held) })
            })
            .collect()
    }
}

/// The silences that hold at that time.
pub(super) async fn holding(db: &Sqlite, tx: &mut SqliteConnection, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, matchers, author, comment, from_at, to_at FROM silences WHERE to_at > $1 AND from_at <= $1 ORDER BY id",
    )
    .bind(ms(now))
    .fetch_all(tx)
    .await
    .map_err(|e| db.error(&e))?;
    rows.iter().map(|row| read(db, row)).collect()
}

/// One silence, whether it holds or not.
pub(super) async fn one(db: &Sqlite, tx: &mut SqliteConnection, id: SilenceId) -> Result<Silence, StoreError> {
    let row = sqlx::query("SELECT id, matchers, author, comment, from_at, to_at FROM silences WHERE id = $1")
        .bind(id.0)
        .fetch_one(tx)
        .await
        .map_err(|e| db.error(&e))?;
    read(db, &row)
}

pub(super) fn read(db: &Sqlite, row: &SqliteRow) -> Result<Silence, StoreError> {
    let raw = || -> Result<(i64, String, String, String, i64, i64), sqlx::Error> {
        Ok((
            row.try_get("id")?,
            row.try_get("matchers")?,
            row.try_get("author")?,
            row.try_get("comment")?,
            row.try_get("from_at")?,
            row.try_get("to_at")?,
        ))
    };
    let (id, matchers, author, comment, from, to) = raw().map_err(|e| db.error(&e))?;
    let matchers = from_json(&matchers, || format!("silence {id}"))?;
    Ok(Silence { id: SilenceId(id), matchers, author, comment, from: at(from), to: at(to) })
}
