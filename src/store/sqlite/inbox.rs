//! The inbox: posts pushed in beside the daemon, kept until the visit that reads them is recorded.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{count, ms};
use crate::model::source::{SourceName, SourceState};
use crate::store::error::StoreError;

impl Sqlite {
    pub(in crate::store) async fn push(&self, source: &SourceName, posts: &[String], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for post in posts {
            sqlx::query("INSERT INTO inbox (source, post, came_at) VALUES ($1, $2, $3)")
                .bind(&source.0)
                .bind(post)
                .bind(ms(now))
                .execute(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
        }
        self.commit(tx).await
    }

    pub(in crate::store) async fn inbox(
        &self,
        source: &SourceName,
        after: i64,
        most: i64,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query("SELECT id, post FROM inbox WHERE source = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(&source.0)
            .bind(after)
            .bind(most)
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        let row = |row: &sqlx::sqlite::SqliteRow| Ok((row.try_get("id")?, row.try_get("post")?));
        rows.iter().map(row).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn waiting(&self) -> Result<Vec<(SourceName, u64)>, StoreError> {
        let rows = sqlx::query("SELECT source, COUNT(*) AS number FROM inbox GROUP BY source")
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        let row =
            |row: &sqlx::sqlite::SqliteRow| Ok((SourceName(row.try_get("source")?), count(row.try_get::<i64, _>("number")?)));
        rows.iter().map(row).collect::<Result<_, sqlx::Error>>().map_err(|e| self.error(&e))
    }
}

/// Takes out what a recorded visit has read: up to the cursor, in the same transaction. Cursors of other kinds are no numbers.
pub(super) async fn clear(tx: &mut SqliteConnection, source: &SourceName, state: &SourceState) -> Result<(), sqlx::Error> {
    let Some(read) = state.cursor.as_deref().and_then(|cursor| cursor.parse::<i64>().ok()) else { return Ok(()) };
    sqlx::query("DELETE FROM inbox WHERE source = $1 AND id <= $2").bind(&source.0).bind(read).execute(tx).await?;
    Ok(())
}
