//! What the operator orders beside the daemon: rest, go on, visit now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;

use super::Sqlite;
use super::rows::{at, ms};
use crate::model::source::SourceName;
use crate::store::error::StoreError;
use crate::store::records::Orders;

impl Sqlite {
    pub(in crate::store) async fn orders(&self) -> Result<BTreeMap<SourceName, Orders>, StoreError> {
        let rows =
            sqlx::query("SELECT name, paused_at, asked_at FROM sources WHERE paused_at IS NOT NULL OR asked_at IS NOT NULL")
                .fetch_all(&self.readers)
                .await
                .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                let paused_at: Option<i64> = row.try_get("paused_at")?;
                let asked_at: Option<i64> = row.try_get("asked_at")?;
                let orders = Orders { paused_at: paused_at.map(at), asked_at: asked_at.map(at) };
                Ok((SourceName(row.try_get("name")?), orders))
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn pause(&self, source: &SourceName, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO sources (name, health, failures, unchanged, paused_at) VALUES ($1, 'new', 0, 0, $2) \
                   ON CONFLICT (name) DO UPDATE SET paused_at = COALESCE(sources.paused_at, excluded.paused_at)";
        self.order(sql, source, Some(ms(now))).await
    }

    pub(in crate::store) async fn resume(&self, source: &SourceName) -> Result<(), StoreError> {
        self.order("UPDATE sources SET paused_at = $2 WHERE name = $1", source, None).await
    }

    pub(in crate::store) async fn ask(&self, source: &SourceName, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO sources (name, health, failures, unchanged, asked_at) VALUES ($1, 'new', 0, 0, $2) \
                   ON CONFLICT (name) DO UPDATE SET asked_at = excluded.asked_at";
        self.order(sql, source, Some(ms(now))).await
    }

    pub(in crate::store) async fn heard(&self, source: &SourceName) -> Result<(), StoreError> {
        self.order("UPDATE sources SET asked_at = $2 WHERE name = $1", source, None).await
    }

    async fn order(&self, sql: &'static str, source: &SourceName, time: Option<i64>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(sql).bind(&source.0).bind(time).execute(&mut *tx).await.map_err(|e| self.error(&e))?;
        self.commit(tx).await
    }
}
