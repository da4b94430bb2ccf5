//! Housekeeping: backup, check, counting, forgetting.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use super::rows::{at, count, ms};
use super::{Sqlite, options};
use crate::store::error::StoreError;
use crate::store::records::{Forgotten, Numbers};

/// How long a key is remembered after it was last seen, at the least: what comes again sooner is no news.
const KEEP_KEYS: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Rows changed in one transaction, so that visits and letters do not wait for housekeeping.
const AT_ONCE: i64 = 1000;

impl Sqlite {
    pub(in crate::store) async fn put_note(&self, name: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            .bind(name)
            .bind(value)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1").bind(name).fetch_optional(&self.readers);
        found.await.map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let folder = |source| StoreError::Folder { path: to.to_owned(), source };
        if to.exists() {
            return Err(folder(std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it is there already")));
        }
        let part = with_suffix(to, ".part");
        let _ = tokio::fs::remove_file(&part).await;
        // A connection of its own: copying a large database must hold up neither readers nor the writer.
        let mut copying = options(&self.settings).connect().await.map_err(|e| self.error(&e))?;
        let copied = sqlx::query("VACUUM INTO $1").bind(part.to_string_lossy().into_owned()).execute(&mut copying).await;
        let _ = copying.close().await;
        let sound = match copied {
            Ok(_) => examine(&part).await,
            Err(e) => Err(StoreError::of(to, &e)),
        };
        let faults = match sound {
            Ok(faults) => faults,
            Err(error) => {
                let _ = tokio::fs::remove_file(&part).await;
                return Err(error);
            }
        };
        if let Some(first) = faults.into_iter().next() {
            let _ = tokio::fs::remove_file(&part).await;
            return Err(StoreError::Corrupt { path: self.path.clone(), found: first });
        }
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        tokio::fs::set_permissions(&part, private).await.map_err(folder)?;
        tokio::fs::File::open(&part).await.map_err(folder)?.sync_all().await.map_err(folder)?;
        tokio::fs::rename(&part, to).await.map_err(folder)
    }

    pub(in crate::store) async fn check(&self) -> Result<Vec<String>, StoreError> {
        examine(&self.path).await
    }

    pub(in crate::store) async fn numbers(&self, now: Timestamp) -> Result<Numbers, StoreError> {
        let hour_ago = ms(now).saturating_sub(60 * 60 * 1000);
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM posts) AS posts, \
             (SELECT COUNT(*) FROM posts WHERE seen_at > $1) AS posts_last_hour, \
             (SELECT COUNT(*) FROM sightings) AS sightings, \
             (SELECT COUNT(*) FROM sightings WHERE seen_at > $1) AS sightings_last_hour, \
             (SELECT COUNT(*) FROM alerts WHERE claim <> '') AS alerts, \
             (SELECT COUNT(*) FROM letters WHERE closed_at IS NULL) AS gathering, \
             (SELECT COUNT(*) FROM deliveries WHERE state IN ('queued', 'sending')) AS waiting, \
             (SELECT COUNT(*) FROM deliveries WHERE state = 'sending') AS sending, \
             (SELECT MIN(queued_at) FROM deliveries WHERE state IN ('queued', 'sending')) AS oldest_waiting, \
             (SELECT COUNT(*) FROM deliveries WHERE state = 'sent') AS sent, \
             (SELECT COUNT(*) FROM deliveries WHERE state = 'dead') AS dead",
        )
        .bind(hour_ago)
        .fetch_one(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let get = |column: &str| row.try_get::<i64, _>(column).map(count).map_err(|e| self.error(&e));
        let oldest: Option<i64> = row.try_get("oldest_waiting").map_err(|e| self.error(&e))?;
        Ok(Numbers {
            posts: get("posts")?,
            posts_last_hour: get("posts_last_hour")?,
            sightings: get("sightings")?,
            sightings_last_hour: get("sightings_last_hour")?,
            alerts: get("alerts")?,
            gathering: get("gathering")?,
            waiting: get("waiting")?,
            sending: get("sending")?,
            oldest_waiting: oldest.map(at),
            sent: get("sent")?,
            dead: get("dead")?,
            size_bytes: [self.path.clone(), with_suffix(&self.path, "-wal")]
                .iter()
                .filter_map(|file| file.metadata().ok())
                .map(|file| file.len())
                .sum(),
        })
    }

    pub(in crate::store) async fn forget(&self, now: Timestamp) -> Result<Forgotten, StoreError> {
        let texts = before(now, self.settings.keep_posts);
        let keys = before(now, self.settings.keep_posts.max(KEEP_KEYS));
        let reasons = before(now, self.settings.keep_reasons);
        // A post quoted by a letter that still gathers, or by a digest to come, keeps its text until that is written; only what
        // nobody but the operator could be told of does not wait for ever.
        Ok(Forgotten {
            texts: self
                .in_pieces(
                    "UPDATE posts SET post = NULL WHERE id IN (SELECT p.id FROM posts p WHERE p.post IS NOT NULL \
                     AND p.last_seen < $1 AND NOT EXISTS (SELECT 1 FROM sightings s JOIN letter_sightings j ON j.sighting = s.id \
                     JOIN letters l ON l.id = j.letter WHERE s.post = p.id AND l.closed_at IS NULL) \
                     AND NOT EXISTS (SELECT 1 FROM sightings s JOIN routes r ON r.sighting = s.id WHERE s.post = p.id \
                     AND r.held IS NOT NULL AND r.told_in IS NULL AND r.desk NOT IN ('', 'operator')) LIMIT $2)",
                    texts,
                )
                .await?,
            anchors: self
                .in_pieces(
                    // What nobody can be shown any more needs no copies; rows older than the cut come first, so few are looked at.
                    "DELETE FROM copy_anchors WHERE post IN (SELECT a.post FROM copy_anchors a JOIN posts p ON p.id = a.post \
                     WHERE a.post < COALESCE((SELECT MIN(id) FROM posts WHERE seen_at >= $1), 9223372036854775807) \
                     AND p.post IS NULL LIMIT $2)",
                    texts,
                )
                .await?,
            reasons: self
                .in_pieces(
                    "UPDATE sightings SET sighting = NULL WHERE id IN (SELECT s.id FROM sightings s \
                     WHERE s.sighting IS NOT NULL AND s.seen_at < $1 AND NOT EXISTS (SELECT 1 FROM letter_sightings j \
                     JOIN letters l ON l.id = j.letter WHERE j.sighting = s.id AND l.closed_at IS NULL) LIMIT $2)",
                    reasons,
                )
                .await?,
            posts: self
                .in_pieces(
                    "DELETE FROM posts WHERE id IN (SELECT p.id FROM posts p WHERE p.last_seen < $1 \
                     AND NOT EXISTS (SELECT 1 FROM sightings s WHERE s.post = p.id) LIMIT $2)",
                    keys,
                )
                .await?,
        })
    }

    async fn in_pieces(&self, sql: &'static str, before: i64) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let mut tx = self.begin().await?;
            let done = sqlx::query(sql).bind(before).bind(AT_ONCE).execute(&mut *tx).await.map_err(|e| self.error(&e))?;
            self.commit(tx).await?;
            all += done.rows_affected();
            if count(AT_ONCE) > done.rows_affected() {
                return Ok(all);
            }
        }
    }
}

/// What `integrity_check` and `foreign_key_check` find in a database file; nothing, if it is sound.
async fn examine(path: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    let mut reading = SqliteConnectOptions::new().filename(path).disable_statement_logging().connect().await.map_err(failed)?;
    let mut found: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&mut reading).await.map_err(failed)?;
    found.retain(|line| line != "ok");
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut reading).await.map_err(failed)?;
    if !orphans.is_empty() {
        found.push(format!("{} rows refer to rows that are not there", orphans.len()));
    }
    let _ = reading.close().await;
    Ok(found)
}

fn before(now: Timestamp, age: Duration) -> i64 {
    let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
    now.checked_sub(age).map_or(i64::MIN, ms)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
