//! Subscriptions at hubs.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{at, ms, number};
use crate::model::hub::{Subscription, SubscriptionState};
use crate::model::source::{SourceName, Token};
use crate::store::error::StoreError;

const COLUMNS: &str =
    "SELECT id, source, hub, topic, secret, state, failures, lease_until, heard_at, last_error FROM subscriptions";

impl Sqlite {
    pub(in crate::store) async fn want_subscriptions(&self, wanted: &[Subscription], now: Timestamp) -> Result<u64, StoreError> {
        let there = self.subscriptions(None).await?;
        let same = |one: &Subscription, other: &Subscription| {
            one.source == other.source
                && one.hub == other.hub
                && one.topic == other.topic
                && one.reach() == other.reach()
                && other.state != SubscriptionState::Leaving
        };
        let gone: Vec<&Subscription> = there
            .iter()
            .filter(|one| one.state != SubscriptionState::Leaving && !wanted.iter().any(|other| same(other, one)))
            .collect();
        let new: Vec<&Subscription> = wanted.iter().filter(|one| !there.iter().any(|other| same(one, other))).collect();
        if gone.is_empty() && new.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let done = async {
            for one in &gone {
                // What the hub has never heard of needs no end.
                let sql = match one.state {
                    SubscriptionState::Asked | SubscriptionState::Active => {
                        "UPDATE subscriptions SET state = 'leaving', ask_at = $2, failures = 0 WHERE id = $1"
                    }
                    _ => "DELETE FROM subscriptions WHERE id = $1 AND $2 > 0",
                };
                sqlx::query(sql).bind(&one.id).bind(ms(now)).execute(&mut *tx).await?;
            }
            for one in &new {
                sqlx::query(
                    "INSERT INTO subscriptions (id, source, hub, topic, secret, state, ask_at, failures) \
                     VALUES ($1, $2, $3, $4, $5, 'wanted', $6, 0) ON CONFLICT DO NOTHING",
                )
                .bind(&one.id)
                .bind(&one.source.0)
                .bind(&one.hub)
                .bind(&one.topic)
                .bind(&one.secret.0)
                .bind(ms(now))
                .execute(&mut *tx)
                .await?;
            }
            Ok(())
        }
        .await;
        done.map_err(|e: sqlx::Error| self.error(&e))?;
        self.commit(tx).await?;
        Ok((gone.len() + new.len()) as u64)
    }

    pub(in crate::store) async fn subscriptions(&self, due: Option<Timestamp>) -> Result<Vec<Subscription>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE $1 IS NULL OR ask_at <= $1 ORDER BY ask_at, id LIMIT 10000"));
        let rows = sqlx::query(sql).bind(due.map(ms)).fetch_all(&self.readers).await.map_err(|e| self.error(&e))?;
        rows.iter().map(|row| subscription(row).map_err(|e| self.error(&e))).collect()
    }

    pub(in crate::store) async fn subscription(&self, id: &str) -> Result<Option<Subscription>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = $1"));
        let row = sqlx::query(sql).bind(id).fetch_optional(&self.readers).await.map_err(|e| self.error(&e))?;
        row.map(|row| subscription(&row).map_err(|e| self.error(&e))).transpose()
    }

    pub(in crate::store) async fn keep_subscription(&self, one: &Subscription, ask_at: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE subscriptions SET state = CASE state WHEN 'leaving' THEN state ELSE $2 END, ask_at = $3, failures = $4, \
             lease_until = $5, last_error = $6 WHERE id = $1 AND (state <> 'leaving' OR $2 = 'leaving')",
        )
        .bind(&one.id)
        .bind(one.state.word())
        .bind(ms(ask_at))
        .bind(i64::from(one.failures))
        .bind(one.lease_until.map(ms))
        .bind(&one.last_error)
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn drop_subscription(&self, id: &str) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM subscriptions WHERE id = $1").bind(id).execute(&self.writer).await;
        done.map(drop).map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn heard_from_hub(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE subscriptions SET heard_at = $2 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(ms(now)).execute(&self.writer).await.map(drop).map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn is_pushed(&self, source: &SourceName, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM subscriptions WHERE source = $1 AND state = 'active' AND lease_until > $2";
        let row: Option<String> = sqlx::query_scalar(sql)
            .bind(&source.0)
            .bind(ms(now))
            .fetch_optional(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        Ok(row.is_some())
    }
}

fn subscription(row: &SqliteRow) -> Result<Subscription, sqlx::Error> {
    let word: String = row.try_get("state")?;
    Ok(Subscription {
        id: row.try_get("id")?,
        source: SourceName(row.try_get("source")?),
        hub: row.try_get("hub")?,
        topic: row.try_get("topic")?,
        secret: Token(row.try_get("secret")?),
        state: SubscriptionState::ALL.into_iter().find(|one| one.word() == word).unwrap_or(SubscriptionState::Refused),
        failures: number(row.try_get("failures")?),
        lease_until: row.try_get::<Option<i64>, _>("lease_until")?.map(at),
        heard_at: row.try_get::<Option<i64>, _>("heard_at")?.map(at),
        last_error: row.try_get("last_error")?,
    })
}
