//! Posts taken back by their authors or their network.

use jiff::Timestamp;

use super::Sqlite;
use super::rows::ms;
use crate::model::post::PostKey;
use crate::store::error::StoreError;

impl Sqlite {
    pub(in crate::store) async fn retract(
        &self,
        keys: &[PostKey],
        addresses: &[String],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = async {
            let mut marked = 0;
            for key in keys {
                let sql =
                    "UPDATE posts SET retracted_at = $1 WHERE key = $2 AND key >= '*' AND key < '+' AND retracted_at IS NULL";
                marked += sqlx::query(sql).bind(ms(now)).bind(&key.0).execute(&mut *tx).await?.rows_affected();
            }
            for address in addresses {
                // '0' is the character after '/': a range, so that the index on addresses is used.
                let end = format!("{}0", address.strip_suffix('/').unwrap_or(address));
                let sql = "UPDATE posts SET retracted_at = $1 WHERE key >= '*' AND key < '+' AND post IS NOT NULL \
                           AND retracted_at IS NULL AND json_extract(post, '$.url') >= $2 AND json_extract(post, '$.url') < $3";
                let query = sqlx::query(sql).bind(ms(now)).bind(address).bind(end);
                marked += query.execute(&mut *tx).await?.rows_affected();
            }
            // A post quoted by a letter that still gathers keeps its text until the letter is written; this finds it later.
            sqlx::query(
                "UPDATE posts SET post = NULL WHERE id IN (SELECT p.id FROM posts p WHERE p.retracted_at IS NOT NULL \
                 AND p.post IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sightings s JOIN letter_sightings j ON j.sighting = s.id \
                 JOIN letters l ON l.id = j.letter WHERE s.post = p.id AND l.closed_at IS NULL) LIMIT 1000)",
            )
            .execute(&mut *tx)
            .await?;
            Ok(marked)
        }
        .await
        .map_err(|e: sqlx::Error| self.error(&e))?;
        self.commit(tx).await?;
        Ok(done)
    }
}
