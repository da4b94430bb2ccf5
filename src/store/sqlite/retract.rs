//! Posts taken back by their authors or their network.

use jiff::Timestamp;

use super::Sqlite;
use super::rows::ms;
use crate::model::post::PostKey;
use crate::store::error::StoreError;

impl Sqlite {
    /// Finds posts by the numbers their server gave them.
    pub(in crate::store) async fn numbered(&self, numbers: &[String]) -> Result<Vec<PostKey>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let mut found = Vec::new();
        for number in numbers {
            let keys: Vec<String> = sqlx::query_scalar("SELECT key FROM posts WHERE number = $1")
                .bind(number)
                .fetch_all(&mut *reader)
                .await
                .map_err(|e| self.error(&e))?;
            found.extend(keys.into_iter().map(PostKey));
        }
        Ok(found)
    }

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
                // Its later texts are posts of their own here.
                let sql = "UPDATE posts SET retracted_at = $1 WHERE retracted_at IS NULL AND revision_of IN \
                           (SELECT id FROM posts WHERE key = $2 AND key >= '*' AND key < '+')";
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::post::Post;
    use crate::model::source::{SourceName, SourceState};
    use crate::store::Store;
    use crate::store::records::Visit;
    use crate::store::settings::Settings;

    #[tokio::test]
    async fn what_is_taken_back_loses_its_text_and_is_still_known() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { path: folder.path().join("a.db"), ..Settings::default() };
        let db = Arc::new(Sqlite::open(&settings).await.unwrap());
        let store = Store::Sqlite(Arc::clone(&db));
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let post = |key: &str, who: &str| Post {
            key: PostKey(key.to_owned()),
            url: Some(format!("https://bsky.app/profile/{who}/post/{key}")),
            ..Post::of_text("words", now)
        };
        let new = vec![post("*1", "ann"), post("*2", "ann"), post("*3", "anna"), post("*4", "ann")];
        let keys: Vec<PostKey> = new.iter().map(|post| post.key.clone()).collect();
        let source = SourceName("network".to_owned());
        let visit = Visit {
            source: source.clone(),
            state: SourceState::default(),
            seen_at: now,
            new,
            history: Default::default(),
            seen_again: Vec::new(),
            sightings: Vec::new(),
            identity: Default::default(),
        };
        store.record(&visit, |_| Vec::new()).await.unwrap();
        let texts = async || {
            let sql = "SELECT key FROM posts WHERE post IS NOT NULL ORDER BY key";
            sqlx::query_scalar::<_, String>(sql).fetch_all(&db.readers).await.unwrap()
        };
        assert_eq!(store.retract(&keys[..1], &[], now).await.unwrap(), 1);
        assert_eq!(texts().await, ["*2", "*3", "*4"]);
        assert_eq!(store.retract(&[], &["https://bsky.app/profile/ann/".to_owned()], now).await.unwrap(), 2);
        assert_eq!(texts().await, ["*3"], "another author whose name begins alike keeps hers");
        assert_eq!(store.known(&source, &keys).await.unwrap().len(), 4);
    }
}
