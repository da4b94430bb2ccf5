//! Visits: what is known of sources and posts, and one transaction for all that a visit found.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::feedback::Dismissed;
use super::identity;
use super::rows::{at, decision_word, health, health_word, json, ms, number};
use super::{Sqlite, inbox};
use crate::model::alert::{Known, Step};
use crate::model::digest::Reason;
use crate::model::post::{Post, PostKey, Standing};
use crate::model::sighting::{Decision, Sighting};
use crate::model::source::{Health, SourceName, SourceState, Validators};
use crate::store::error::StoreError;
use crate::store::records::{Recorded, Visit};

impl Sqlite {
    pub(in crate::store) async fn source_states(&self) -> Result<BTreeMap<SourceName, SourceState>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, health, etag, last_modified, next_due, last_success, failures, last_error, unchanged, \
             cursor, paused_at, condition FROM sources",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                let rests = row.try_get::<Option<i64>, _>("paused_at")?.is_some();
                let state = SourceState {
                    health: if rests { Health::Disabled } else { health(row.try_get("health")?) },
                    validators: Validators { etag: row.try_get("etag")?, last_modified: row.try_get("last_modified")? },
                    next_due: row.try_get::<Option<i64>, _>("next_due")?.map(at),
                    last_success: row.try_get::<Option<i64>, _>("last_success")?.map(at),
                    failures: number(row.try_get("failures")?),
                    last_error: row.try_get("last_error")?,
                    unchanged: number(row.try_get("unchanged")?),
                    cursor: row.try_get("cursor")?,
                    // What a newer claimwatch wrote and this one cannot read is found out again.
                    condition: row
                        .try_get::<Option<String>, _>("condition")?
                        .and_then(|text| serde_json::from_str(&text).ok())
                        .unwrap_or_default(),
                };
                Ok((SourceName(row.try_get("name")?), state))
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn known(&self, source: &SourceName, keys: &[PostKey]) -> Result<HashSet<PostKey>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let mut known = HashSet::new();
        for key in keys {
            // History elsewhere may be news here: only posts that were compared count as known to every source.
            let sql = if is_everywhere(key) {
                "SELECT id FROM posts WHERE key = $2 AND key >= '*' AND key < '+' AND (weighed = 1 OR source = $1)"
            } else {
                "SELECT id FROM posts WHERE source = $1 AND key = $2"
            };
            let row: Option<i64> = sqlx::query_scalar(sql)
                .bind(&source.0)
                .bind(&key.0)
                .fetch_optional(&mut *reader)
                .await
                .map_err(|e| self.error(&e))?;
            if row.is_some() {
                known.insert(key.clone());
            }
        }
        Ok(known)
    }

    pub(in crate::store) async fn record_state(&self, source: &SourceName, state: &SourceState) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        // Nothing is decided by this time: it only says when the operator's notice came up.
        self.note_health(&mut tx, source, state, Timestamp::now()).await?;
        remember_source(&mut tx, source, state).await.map_err(|e| self.error(&e))?;
        self.commit(tx).await
    }

    pub(in crate::store) async fn record(
        &self,
        visit: &Visit,
        group: impl FnOnce(&Known) -> Vec<Step> + Send,
    ) -> Result<Recorded, StoreError> {
        self.write(visit, true, group).await
    }

    pub(in crate::store) async fn record_posts(
        &self,
        visit: &Visit,
        group: impl FnOnce(&Known) -> Vec<Step> + Send,
    ) -> Result<Recorded, StoreError> {
        self.write(visit, false, group).await
    }

    async fn write(
        &self,
        visit: &Visit,
        with_state: bool,
        group: impl FnOnce(&Known) -> Vec<Step> + Send,
    ) -> Result<Recorded, StoreError> {
        // Written down before the writer is taken: encoding a thousand posts must not hold up the post office.
        let posts = visit.new.iter().map(|post| json(post, "a post")).collect::<Result<Vec<_>, _>>()?;
        let seen = visit
            .sightings
            .iter()
            .map(|(sighting, claim)| Ok((json(sighting, "a sighting")?, json(claim, "a claim")?)))
            .collect::<Result<Vec<_>, StoreError>>()?;

        let renewed = visit
            .identity
            .renewed
            .iter()
            .map(|renewed| Ok((renewed, renewed.text.as_ref().map(|post| json(post, "a post")).transpose()?)))
            .collect::<Result<Vec<_>, StoreError>>()?;

        let mut tx = self.begin().await?;
        let fresh = insert_posts(&mut tx, visit, &posts).await.map_err(|e| self.error(&e))?;
        for key in &visit.seen_again {
            see_again(&mut tx, visit, key).await.map_err(|e| self.error(&e))?;
        }
        for renewed in renewed {
            identity::renew(&mut tx, &visit.source, renewed).await.map_err(|e| self.error(&e))?;
        }
        for standing in &visit.identity.standings {
            note_standing(&mut tx, standing).await.map_err(|e| self.error(&e))?;
        }
        let mut recorded = Recorded { posts: fresh.len(), ..Recorded::default() };
        let rows = insert_sightings(&mut tx, visit, &fresh, &seen, &mut recorded).await.map_err(|e| self.error(&e))?;
        recorded.sightings = rows.len();
        if !rows.is_empty() {
            let known = self.known_of(&mut tx, visit, &rows).await?;
            for step in group(&known) {
                self.take_step(&mut tx, visit, &rows, step, &mut recorded).await?;
            }
        }
        if with_state {
            self.note_health(&mut tx, &visit.source, &visit.state, visit.seen_at).await?;
            remember_source(&mut tx, &visit.source, &visit.state).await.map_err(|e| self.error(&e))?;
            inbox::clear(&mut tx, &visit.source, &visit.state).await.map_err(|e| self.error(&e))?;
        }
        self.commit(tx).await?;
        Ok(recorded)
    }
}

async fn remember_source(tx: &mut SqliteConnection, source: &SourceName, state: &SourceState) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sources (name, health, etag, last_modified, next_due, last_success, failures, last_error, unchanged, cursor, \
         condition) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (name) DO UPDATE SET health = excluded.health, etag = excluded.etag, \
         last_modified = excluded.last_modified, next_due = excluded.next_due, last_success = excluded.last_success, \
         failures = excluded.failures, last_error = excluded.last_error, unchanged = excluded.unchanged, \
         cursor = excluded.cursor, condition = excluded.condition",
    )
    .bind(&source.0)
    .bind(health_word(state.health))
    .bind(&state.validators.etag)
    .bind(&state.validators.last_modified)
    .bind(state.next_due.map(ms))
    .bind(state.last_success.map(ms))
    .bind(i64::from(state.failures))
    .bind(&state.last_error)
    .bind(i64::from(state.unchanged))
    .bind(&state.cursor)
    .bind(serde_json::to_string(&state.condition).ok())
    .execute(tx)
    .await?;
    Ok(())
}

/// Inserts the posts that nobody recorded meanwhile and gives their rows.
async fn insert_posts<'v>(
    tx: &mut SqliteConnection,
    visit: &'v Visit,
    posts: &[String],
) -> Result<HashMap<&'v PostKey, i64>, sqlx::Error> {
    let mut fresh = HashMap::new();
    for (post, text) in visit.new.iter().zip(posts) {
        let row = insert_post(tx, visit, post, text).await?;
        fresh.extend(row.map(|id| (&post.key, id)));
    }
    Ok(fresh)
}

async fn insert_post(tx: &mut SqliteConnection, visit: &Visit, post: &Post, text: &str) -> Result<Option<i64>, sqlx::Error> {
    let is_news = !visit.history.contains(&post.key);
    let (alias, revised) = (visit.identity.aliases.get(&post.key), visit.identity.revisions.get(&post.key));
    let row: Option<i64> = sqlx::query_scalar(
        "INSERT INTO posts (source, key, post, seen_at, last_seen, weighed, url_alias, text_hash, tells, revision, revision_of) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (SELECT id FROM posts WHERE key = $11 AND \
         (source = $1 OR (key >= '*' AND key < '+')))) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(&visit.source.0)
    .bind(&post.key.0)
    .bind(text)
    .bind(ms(post.seen_at))
    .bind(ms(visit.seen_at))
    .bind(i64::from(is_news))
    .bind(alias.and_then(|alias| alias.url.as_ref()))
    .bind(alias.map(|alias| &alias.text))
    .bind(i64::from(alias.is_some_and(|alias| alias.tells)))
    .bind(i64::from(revised.map_or(1, |revised| revised.number)))
    .bind(revised.map(|revised| &revised.of.0))
    .fetch_optional(&mut *tx)
    .await?;
    if row.is_some() {
        return Ok(row);
    }
    see_again(tx, visit, &post.key).await?;
    if !is_news || !is_everywhere(&post.key) {
        return Ok(None);
    }
    // Another source noted it as history before it became news here. Whoever sets the mark first compares it.
    sqlx::query_scalar(
        "UPDATE posts SET weighed = 1 WHERE key = $1 AND key >= '*' AND key < '+' AND weighed = 0 AND source <> $2 RETURNING id",
    )
    .bind(&post.key.0)
    .bind(&visit.source.0)
    .fetch_optional(tx)
    .await
}

/// Notes how often a post was reposted, and its number at its server. Of a post that is not remembered nothing is noted.
async fn note_standing(tx: &mut SqliteConnection, standing: &Standing) -> Result<(), sqlx::Error> {
    let Standing { key, number, reposts, more } = standing;
    if number.is_none() && *reposts == 0 && *more == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE posts SET reposts = MAX(reposts + $2, $3), number = COALESCE($4, number) WHERE key = $1 AND key >= '*' AND key < '+'",
    )
    .bind(&key.0)
    .bind(i64::from(*more))
    .bind(i64::from(*reposts))
    .bind(number)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that a known post is still there.
async fn see_again(tx: &mut SqliteConnection, visit: &Visit, key: &PostKey) -> Result<(), sqlx::Error> {
    let sql = if is_everywhere(key) {
        "UPDATE posts SET last_seen = $1 WHERE key = $3 AND key >= '*' AND key < '+' AND last_seen < $1 AND $2 <> ''"
    } else {
        "UPDATE posts SET last_seen = $1 WHERE source = $2 AND key = $3 AND last_seen < $1"
    };
    sqlx::query(sql).bind(ms(visit.seen_at)).bind(&visit.source.0).bind(&key.0).execute(tx).await?;
    Ok(())
}

/// Says whether a key means the same post in every source.
pub(super) fn is_everywhere(key: &PostKey) -> bool {
    key.0.starts_with('*')
}

/// Inserts the sightings in fresh posts; gives the row of each by its place in the visit. What is like a post that people
/// dismissed is written down as telling nobody, and has no row in the answer: no letter takes it.
async fn insert_sightings(
    tx: &mut SqliteConnection,
    visit: &Visit,
    fresh: &HashMap<&PostKey, i64>,
    seen: &[(String, String)],
    recorded: &mut Recorded,
) -> Result<HashMap<usize, i64>, sqlx::Error> {
    let mut rows = HashMap::new();
    // Posts that say nearly the same, for each post with sightings.
    let mut told: HashMap<i64, Vec<i64>> = HashMap::new();
    let posts: HashMap<&PostKey, &Post> = visit.new.iter().map(|post| (&post.key, post)).collect();
    let mut dismissed = Dismissed::default();
    for (index, ((sighting, claim), (sighting_json, claim_json))) in visit.sightings.iter().zip(seen).enumerate() {
        let Some(post) = fresh.get(&sighting.post) else { continue };
        if !told.contains_key(post) {
            told.insert(*post, identity::join_copies(tx, visit, *post, &sighting.post).await?);
        }
        if identity::is_told(tx, visit, *post, sighting, told.get(post).map_or(&[], Vec::as_slice)).await? {
            continue;
        }
        sqlx::query(
            "INSERT INTO claims (id, revision, claim, changed_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id, revision) DO UPDATE SET claim = excluded.claim, changed_at = excluded.changed_at \
             WHERE claims.claim <> excluded.claim",
        )
        .bind(&claim.id.0)
        .bind(&claim.revision.0)
        .bind(claim_json)
        .bind(ms(visit.seen_at))
        .execute(&mut *tx)
        .await?;
        let like = dismissed.like(&mut *tx, sighting, posts.get(&sighting.post).copied()).await?;
        let quiet = like.map(|_| Sighting { decision: Decision::Below, ..sighting.clone() });
        let quiet_json = quiet.as_ref().and_then(|quiet| json(quiet, "a sighting").ok());
        let decision = quiet.map_or(sighting.decision, |quiet| quiet.decision);
        let row: Option<i64> = sqlx::query_scalar(
            "INSERT INTO sightings (post, claim, revision, decision, sighting, seen_at, dismissed_like) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (post, claim) DO NOTHING RETURNING id",
        )
        .bind(post)
        .bind(&claim.id.0)
        .bind(&claim.revision.0)
        .bind(decision_word(decision))
        .bind(quiet_json.as_ref().unwrap_or(sighting_json))
        .bind(ms(visit.seen_at))
        .bind(like.map(|like| like.0))
        .fetch_optional(&mut *tx)
        .await?;
        match (row, like) {
            (Some(id), Some(_)) => {
                recorded.left_out += 1;
                recorded.hold(Reason::Dismissed, 1);
                sqlx::query("INSERT INTO routes (sighting, desk, held, held_at, seen_at) VALUES ($1, '', 'dismissed', $2, $2)")
                    .bind(id)
                    .bind(ms(visit.seen_at))
                    .execute(&mut *tx)
                    .await?;
            }
            (row, _) => rows.extend(row.map(|id| (index, id))),
        }
    }
    Ok(rows)
}
