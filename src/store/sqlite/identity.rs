//! The identity of posts: recognised under another key, edited, told already through another source, copied.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, decision_word, from_json, ms, number};
use super::visits::is_everywhere;
use crate::model::post::{Alias, Post, PostKey};
use crate::model::sighting::Sighting;
use crate::model::source::SourceName;
use crate::store::error::StoreError;
use crate::store::identity::{Edited, Remembered, Renewed};
use crate::store::records::Visit;
use crate::text::likeness::Print;

/// The same post under another name is expected for so long.
const RENAMED_WITHIN_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Most texts compared for each anchor: what everybody copies is found among the newest.
const MOST_COMPARED: i64 = 16;

impl Sqlite {
    pub(in crate::store) async fn recognise(
        &self,
        source: &SourceName,
        posts: &[(PostKey, Alias)],
    ) -> Result<Vec<Option<Remembered>>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let mut found = Vec::with_capacity(posts.len());
        for (key, alias) in posts {
            let row = remembered(&mut reader, source, key, alias).await.map_err(|e| self.error(&e))?;
            found.push(match row {
                Some((row, by_alias)) => Some(self.known_post(&mut reader, &row, by_alias, alias).await?),
                None => None,
            });
        }
        Ok(found)
    }

    async fn known_post(
        &self,
        reader: &mut SqliteConnection,
        row: &SqliteRow,
        by_alias: bool,
        alias: &Alias,
    ) -> Result<Remembered, StoreError> {
        let read = || -> Result<_, sqlx::Error> {
            let url: Option<String> = row.try_get("url_alias")?;
            let text: Option<String> = row.try_get("text_hash")?;
            Ok((row.try_get::<i64, _>("id")?, PostKey(row.try_get("key")?), url, text))
        };
        let (id, key, url, text) = read().map_err(|e| self.error(&e))?;
        let edited = match &text {
            Some(text) if *text != alias.text => Some(Box::new(self.edited(reader, id).await?)),
            _ => None,
        };
        let renewed = text.as_ref() != Some(&alias.text) || (alias.url.is_some() && url != alias.url);
        Ok(Remembered { key, by_alias, renewed, edited })
    }

    async fn edited(&self, reader: &mut SqliteConnection, id: i64) -> Result<Edited, StoreError> {
        let row = sqlx::query(
            "SELECT post, revision, seen_at FROM posts WHERE id = $1 OR revision_of = $1 ORDER BY revision DESC LIMIT 1",
        )
        .bind(id)
        .fetch_one(reader)
        .await
        .map_err(|e| self.error(&e))?;
        let read = || -> Result<_, sqlx::Error> {
            let post: Option<String> = row.try_get("post")?;
            Ok((post, number(row.try_get("revision")?), at(row.try_get("seen_at")?)))
        };
        let (post, texts, last_at) = read().map_err(|e| self.error(&e))?;
        let before = post.map(|post| from_json(&post, || format!("post {id}"))).transpose()?;
        Ok(Edited { before, texts, last_at })
    }
}

/// Finds a post by its key, else by its address, else by its words; says whether it was not the key.
async fn remembered(
    reader: &mut SqliteConnection,
    source: &SourceName,
    key: &PostKey,
    alias: &Alias,
) -> Result<Option<(SqliteRow, bool)>, sqlx::Error> {
    // History elsewhere may be news here: only posts that were compared count as known to every source.
    let by_key = if is_everywhere(key) {
        "SELECT id, key, url_alias, text_hash FROM posts WHERE key = $2 AND key >= '*' AND key < '+' \
         AND (weighed = 1 OR source = $1)"
    } else {
        "SELECT id, key, url_alias, text_hash FROM posts WHERE source = $1 AND key = $2"
    };
    if let Some(row) = sqlx::query(by_key).bind(&source.0).bind(&key.0).fetch_optional(&mut *reader).await? {
        return Ok(Some((row, false)));
    }
    if is_everywhere(key) {
        return Ok(None);
    }
    if let Some(url) = &alias.url {
        let by_url = "SELECT id, key, url_alias, text_hash FROM posts WHERE url_alias = $2 AND source = $1 \
                      AND revision_of IS NULL ORDER BY id DESC LIMIT 1";
        if let Some(row) = sqlx::query(by_url).bind(&source.0).bind(url).fetch_optional(&mut *reader).await? {
            return Ok(Some((row, true)));
        }
    }
    if !alias.tells {
        return Ok(None);
    }
    let by_text = "SELECT id, key, url_alias, text_hash FROM posts WHERE text_hash = $2 AND tells = 1 AND source = $1 \
                   AND revision_of IS NULL ORDER BY id DESC LIMIT 1";
    let row = sqlx::query(by_text).bind(&source.0).bind(&alias.text).fetch_optional(reader).await?;
    Ok(row.map(|row| (row, true)))
}

/// Notes by what a known post is recognised now. Its text is replaced only where no sighting points into it.
pub(super) async fn renew(
    tx: &mut SqliteConnection,
    source: &SourceName,
    (renewed, text): (&Renewed, Option<String>),
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE posts SET url_alias = COALESCE($3, url_alias), text_hash = $4, tells = $5, post = CASE WHEN $6 IS NULL OR post IS NULL \
         OR EXISTS (SELECT 1 FROM sightings s WHERE s.post = posts.id) THEN post ELSE $6 END \
         WHERE key = $2 AND (source = $1 OR (key >= '*' AND key < '+'))",
    )
    .bind(&source.0)
    .bind(&renewed.key.0)
    .bind(&renewed.alias.url)
    .bind(&renewed.alias.text)
    .bind(i64::from(renewed.alias.tells))
    .bind(text)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts a post with sightings among those that say nearly the same; gives those that are the same post under another name.
pub(super) async fn join_copies(
    tx: &mut SqliteConnection,
    visit: &Visit,
    id: i64,
    key: &PostKey,
) -> Result<Vec<i64>, sqlx::Error> {
    let Some(post) = visit.new.iter().find(|post| post.key == *key) else { return Ok(Vec::new()) };
    let print = Print::of(post.parts.iter().map(|part| part.text.as_str()));
    let mut group = None;
    let mut same = Vec::new();
    let mut compared = std::collections::HashSet::from([id]);
    for anchor in print.anchors() {
        let near: Vec<SqliteRow> = sqlx::query(
            "SELECT p.id, p.key, p.source, p.post, p.print, COALESCE(p.copy_of, p.id) AS copies FROM \
             (SELECT post FROM copy_anchors WHERE anchor = $1 ORDER BY post DESC LIMIT $2) a JOIN posts p ON p.id = a.post",
        )
        .bind(i64::from(*anchor))
        .bind(MOST_COMPARED)
        .fetch_all(&mut *tx)
        .await?;
        for row in near {
            let other: i64 = row.try_get("id")?;
            let theirs: Option<String> = row.try_get("print")?;
            let theirs = theirs.filter(|_| compared.insert(other)).and_then(|text| text.parse::<Print>().ok());
            if !theirs.is_some_and(|theirs| print.is_like(&theirs)) {
                continue;
            }
            // The oldest group, where likeness joins two of them.
            group = group.into_iter().chain([row.try_get::<i64, _>("copies")?]).min();
            let own = row.try_get::<String, _>("source")? == visit.source.0 && !is_everywhere(key);
            if own && !stands_in(visit, &PostKey(row.try_get("key")?)) && by_the_same(post, row.try_get("post")?) {
                same.push(other);
            }
        }
        sqlx::query("INSERT INTO copy_anchors (anchor, post) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(i64::from(*anchor))
            .bind(id)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query("UPDATE posts SET print = $1, copy_of = $2 WHERE id = $3")
        .bind(print.to_string())
        .bind(group.unwrap_or(id))
        .bind(id)
        .execute(tx)
        .await?;
    Ok(same)
}

/// Says whether a document still holds a post: then another like it is a copy, not the same under another name.
fn stands_in(visit: &Visit, key: &PostKey) -> bool {
    visit.seen_again.contains(key) || visit.new.iter().any(|post| post.key == *key)
}

/// Says whether two posts are by one author on one host; a post without an address lies where its source is.
fn by_the_same(post: &Post, other: Option<String>) -> bool {
    let host =
        |url: Option<&str>| url.and_then(|url| url::Url::parse(url).ok()).and_then(|url| url.host_str().map(str::to_owned));
    let Some(other) = other.and_then(|text| serde_json::from_str::<Post>(&text).ok()) else { return false };
    let (ours, theirs) = (host(post.url.as_deref()), host(other.url.as_deref()));
    post.author == other.author && (ours.is_none() || theirs.is_none() || ours == theirs)
}

/// Says whether a desk was told already that this post repeats this claim: through another source that has the same address,
/// or under another name. Asked inside the transaction, so that two visits at once cannot both be the first.
pub(super) async fn is_told(
    tx: &mut SqliteConnection,
    visit: &Visit,
    id: i64,
    sighting: &Sighting,
    same: &[i64],
) -> Result<bool, sqlx::Error> {
    let identity = &visit.identity;
    let Some(alias) = identity.aliases.get(&sighting.post) else { return Ok(false) };
    if alias.url.is_some() {
        let elsewhere: Option<i64> = sqlx::query_scalar(
            "SELECT s.id FROM posts me JOIN posts other ON other.url_alias = me.url_alias AND other.source <> me.source \
             JOIN sightings s ON s.post = other.id WHERE me.id = $1 AND s.claim = $2 AND (s.decision = 'alert' OR s.decision = $3) \
             LIMIT 1",
        )
        .bind(id)
        .bind(&sighting.claim.0)
        .bind(decision_word(sighting.decision))
        .fetch_optional(&mut *tx)
        .await?;
        if elsewhere.is_some() {
            return Ok(true);
        }
    }
    for other in same {
        let told: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM sightings WHERE post = $1 AND claim = $2 AND seen_at > $3 AND (decision = 'alert' OR decision = $4)",
        )
        .bind(other)
        .bind(&sighting.claim.0)
        .bind(ms(visit.seen_at).saturating_sub(RENAMED_WITHIN_MS))
        .bind(decision_word(sighting.decision))
        .fetch_optional(&mut *tx)
        .await?;
        if told.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
