//! The past as editors look at it: posts in their order, how each claim has done, which addresses still answer.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sqlx::Row;

use super::Sqlite;
use super::rows::{at, count, decision, from_json, ms, opinion};
use crate::model::claim::{ClaimId, Revision, Status};
use crate::model::feedback::Opinion;
use crate::model::sighting::{SightingId, When};
use crate::store::editors::{Decided, Doing, LinkState, PIECES, Remembered};
use crate::store::error::StoreError;

impl Sqlite {
    pub(in crate::store) async fn count_posts(&self, since: Timestamp) -> Result<u64, StoreError> {
        sqlx::query_scalar("SELECT COUNT(*) FROM posts WHERE seen_at >= $1 AND post IS NOT NULL")
            .bind(ms(since))
            .fetch_one(&self.readers)
            .await
            .map(count)
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn posts_after(
        &self,
        after: i64,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<Remembered>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, post, weighed FROM posts WHERE id > $1 \
             AND id >= COALESCE((SELECT MIN(id) FROM posts WHERE seen_at >= $2), 0) AND seen_at >= $2 AND post IS NOT NULL \
             ORDER BY id LIMIT $3",
        )
        .bind(after)
        .bind(ms(since))
        .bind(i64::from(most))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let id_of = |row: Option<&sqlx::sqlite::SqliteRow>| row.and_then(|row| row.try_get::<i64, _>("id").ok());
        let (Some(first), Some(last)) = (id_of(rows.first()), id_of(rows.last())) else { return Ok(Vec::new()) };
        let mut decided = self.decided(first, last).await?;
        rows.iter()
            .map(|row| {
                let id: i64 = row.try_get("id").map_err(|e| self.error(&e))?;
                let weighed: i64 = row.try_get("weighed").map_err(|e| self.error(&e))?;
                let post = from_json(row.try_get("post").map_err(|e| self.error(&e))?, || format!("post {id}"))?;
                let found = decided.remove(&id).unwrap_or_default();
                Ok(Remembered { row: id, post, decided: (weighed != 0).then_some(found) })
            })
            .collect()
    }

    async fn decided(&self, first: i64, last: i64) -> Result<HashMap<i64, Vec<Decided>>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.id, s.post, s.claim, s.decision, json_extract(s.sighting, '$.when') AS whither, \
             json_extract(c.claim, '$.status') AS status FROM sightings s \
             JOIN claims c ON c.id = s.claim AND c.revision = s.revision WHERE s.post BETWEEN $1 AND $2",
        )
        .bind(first)
        .bind(last)
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let mut decided: HashMap<i64, Vec<Decided>> = HashMap::new();
        for row in &rows {
            let (post, one) = (|| {
                let when = match row.try_get::<Option<&str>, _>("whither")? {
                    Some("digest") => When::Digest,
                    Some("ignore") => When::Ignore,
                    _ => When::Alert,
                };
                let status = match row.try_get::<Option<&str>, _>("status")? {
                    Some("test") => Status::Test,
                    _ => Status::Active,
                };
                let (id, claim) = (SightingId(row.try_get("id")?), ClaimId(row.try_get("claim")?));
                Ok((row.try_get("post")?, Decided { id, claim, decision: decision(row.try_get("decision")?), when, status }))
            })()
            .map_err(|e: sqlx::Error| self.error(&e))?;
            decided.entry(post).or_default().push(one);
        }
        Ok(decided)
    }

    pub(in crate::store) async fn doing(&self, since: Timestamp, now: Timestamp) -> Result<BTreeMap<ClaimId, Doing>, StoreError> {
        self.count_doing(ms(since), ms(now)).await.map_err(|e| self.error(&e))
    }

    async fn count_doing(&self, since: i64, now: i64) -> Result<BTreeMap<ClaimId, Doing>, sqlx::Error> {
        let mut doing: BTreeMap<ClaimId, Doing> = BTreeMap::new();
        let piece = (now.saturating_sub(since) / PIECES as i64).max(1);
        let rows = sqlx::query(
            "SELECT claim, decision, json_extract(sighting, '$.when') = 'digest' AS digest, dismissed_like IS NOT NULL AS left_out, \
             MAX(0, (seen_at - $1) / $2) AS piece, COUNT(*) AS number FROM sightings WHERE seen_at >= $1 GROUP BY 1, 2, 3, 4, 5",
        )
        .bind(since)
        .bind(piece)
        .fetch_all(&self.readers)
        .await?;
        for row in &rows {
            let one = doing.entry(ClaimId(row.try_get("claim")?)).or_default();
            let number = count(row.try_get("number")?);
            let is_digest = row.try_get::<Option<i64>, _>("digest")?.unwrap_or_default() != 0;
            match row.try_get("decision")? {
                "alert" => {
                    one.sightings += number;
                    one.digest += if is_digest { number } else { 0 };
                    let piece = usize::try_from(row.try_get::<i64, _>("piece")?).unwrap_or_default();
                    if let Some(slot) = one.trend.get_mut(piece.min(PIECES - 1)) {
                        *slot += number;
                    }
                }
                "possible" => one.possible += number,
                _ if row.try_get::<i64, _>("left_out")? != 0 => one.left_out += number,
                _ => {}
            }
        }
        let letters = "SELECT a.claim, COUNT(*) AS number FROM letters l JOIN alerts a ON a.id = l.alert \
                       WHERE l.letter IS NOT NULL AND l.closed_at >= $1 AND a.claim <> '' GROUP BY 1";
        for row in &sqlx::query(letters).bind(since).fetch_all(&self.readers).await? {
            doing.entry(ClaimId(row.try_get("claim")?)).or_default().letters = count(row.try_get("number")?);
        }
        let last = "SELECT claim, MAX(seen_at) AS last FROM sightings WHERE decision = 'alert' GROUP BY 1";
        for row in &sqlx::query(last).fetch_all(&self.readers).await? {
            doing.entry(ClaimId(row.try_get("claim")?)).or_default().last_seen = Some(at(row.try_get("last")?));
        }
        let judged = "SELECT f.claim, f.revision, f.opinion, COUNT(*) AS number FROM feedback f \
                      WHERE f.id = (SELECT MAX(g.id) FROM feedback g WHERE g.sighting = f.sighting) AND f.said_at >= $1 \
                      GROUP BY 1, 2, 3";
        for row in &sqlx::query(judged).bind(since).fetch_all(&self.readers).await? {
            let one = doing.entry(ClaimId(row.try_get("claim")?)).or_default();
            let number = count(row.try_get("number")?);
            match opinion(row.try_get("opinion")?) {
                Opinion::Confirmed => one.confirmed += number,
                Opinion::Dismissed => one.dismissed += number,
            }
            *one.judged.entry(Revision(row.try_get("revision")?)).or_default() += number;
        }
        Ok(doing)
    }

    pub(in crate::store) async fn links(&self) -> Result<BTreeMap<String, LinkState>, StoreError> {
        let rows = sqlx::query("SELECT url, checked_at, good_at FROM links").fetch_all(&self.readers).await;
        let rows = rows.map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                let good_at: Option<i64> = row.try_get("good_at")?;
                let state = LinkState { checked_at: at(row.try_get("checked_at")?), good_at: good_at.map(at) };
                Ok((row.try_get("url")?, state))
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn note_links(&self, looked_at: &[(String, bool)], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (url, good) in looked_at {
            sqlx::query(
                "INSERT INTO links (url, checked_at, good_at) VALUES ($1, $2, $3) ON CONFLICT (url) DO UPDATE SET \
                 checked_at = excluded.checked_at, good_at = COALESCE(excluded.good_at, links.good_at)",
            )
            .bind(url)
            .bind(ms(now))
            .bind(good.then(|| ms(now)))
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        }
        self.commit(tx).await
    }
}
