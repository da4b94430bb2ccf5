//! What stands in a desk's feed of alerts.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{at, from_json};
use crate::model::alert::DeskName;
use crate::model::feed::{Entry, FEED, Shelf};
use crate::model::letter::MessageId;
use crate::store::error::StoreError;

/// The note that keeps the first domain a feed was named by.
const AUTHORITY: &str = "feed_authority";

impl Sqlite {
    pub(in crate::store) async fn shelf(&self, desk: &DeskName, domain: &str, most: i64) -> Result<Shelf, StoreError> {
        let authority = match self.note(AUTHORITY).await? {
            Some(authority) => authority,
            None => {
                let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                let put = sqlx::query(sql).bind(AUTHORITY).bind(domain).execute(&self.writer);
                put.await.map_err(|e| self.error(&e))?;
                domain.to_owned()
            }
        };
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let since: Option<i64> = sqlx::query_scalar("SELECT known_since FROM desks WHERE name = $1")
            .bind(&desk.0)
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| self.error(&e))?;
        let rows = sqlx::query(
            "SELECT l.id, l.letter, l.closed_at, d.message_id, \
             EXISTS (SELECT 1 FROM posts p JOIN sightings s ON s.post = p.id WHERE p.retracted_at IS NOT NULL AND s.id IN \
              (SELECT sighting FROM letter_sightings WHERE letter = l.id UNION SELECT sighting FROM routes WHERE told_in = l.id)) \
             AS taken_back \
             FROM deliveries d JOIN letters l ON l.id = d.letter JOIN alerts a ON a.id = d.alert \
             WHERE d.recipient = 'feed' AND d.state = 'sent' AND a.desk = $1 AND l.letter IS NOT NULL ORDER BY d.id DESC LIMIT $2",
        )
        .bind(&desk.0)
        .bind(most)
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| self.error(&e))?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.push(self.entry(row)?);
        }
        Ok(Shelf { authority, since: at(since.unwrap_or_default()), entries })
    }

    fn entry(&self, row: &SqliteRow) -> Result<Entry, StoreError> {
        let raw = || -> Result<(i64, String, i64, String, bool), sqlx::Error> {
            let closed: Option<i64> = row.try_get("closed_at")?;
            let (id, letter) = (row.try_get("id")?, row.try_get("letter")?);
            Ok((id, letter, closed.unwrap_or_default(), row.try_get("message_id")?, row.try_get("taken_back")?))
        };
        let (number, letter, closed, message_id, is_taken_back) = raw().map_err(|e| self.error(&e))?;
        let letter = from_json(&letter, || format!("letter {number}"))?;
        Ok(Entry { number, message_id: MessageId(message_id), letter, at: at(closed), is_taken_back })
    }
}

/// Whether a recipient is a feed: its deliveries are sent as soon as they are made.
pub(super) fn is_feed(recipient: &str) -> bool {
    recipient == FEED
}
