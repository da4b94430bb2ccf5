//! What people said about sightings: written down beside the running daemon, and obeyed by it.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, count, decision, from_json, ms, opinion};
use crate::model::claim::{ClaimId, Revision};
use crate::model::feedback::{Feedback, Opinion};
use crate::model::post::Post;
use crate::model::sighting::{Sighting, SightingId};
use crate::store::editors::{Opined, Said, Sighted, Wanted};
use crate::store::error::StoreError;
use crate::text::likeness::Print;

/// Dismissed posts that a new one is compared with, newest first.
const MOST_DISMISSED: i64 = 2000;

/// A sighting, its post and the newest word about it.
const SIGHTED: &str = "SELECT s.id, s.claim, s.revision, s.decision, s.sighting, s.seen_at, s.dismissed_like, p.post, \
     COALESCE((SELECT o.reposts FROM posts o WHERE o.id = p.revision_of), p.reposts) AS reposts, \
     f.opinion, f.said_by, f.why, f.said_at, f.revision AS said_of \
     FROM sightings s JOIN posts p ON p.id = s.post \
     LEFT JOIN feedback f ON f.id = (SELECT MAX(g.id) FROM feedback g WHERE g.sighting = s.id)";

impl Sqlite {
    pub(in crate::store) async fn sighted(&self, id: SightingId) -> Result<Sighted, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        self.one_sighted(&mut reader, id).await
    }

    async fn one_sighted(&self, from: &mut SqliteConnection, id: SightingId) -> Result<Sighted, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{SIGHTED} WHERE s.id = $1"));
        let row = sqlx::query(sql).bind(id.0).fetch_optional(from).await.map_err(|e| self.error(&e))?;
        let row = row.ok_or_else(|| StoreError::Unknown { what: format!("sighting {id}") })?;
        self.read(&row)
    }

    pub(in crate::store) async fn sightings(&self, wanted: &Wanted) -> Result<Vec<Sighted>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{SIGHTED} WHERE ($1 IS NULL OR s.claim = $1) AND (s.decision = 'alert' OR (s.decision = 'possible' AND $2 = 0)) \
             AND ($3 = 0 OR f.id IS NULL) ORDER BY s.id DESC LIMIT $4"
        ));
        let rows = sqlx::query(sql)
            .bind(wanted.claim.as_ref().map(|claim| claim.0.clone()))
            .bind(wanted.alerts)
            .bind(wanted.unjudged)
            .bind(i64::from(wanted.most))
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: &SqliteRow) -> Result<Sighted, StoreError> {
        let text = |column: &str| row.try_get::<Option<String>, _>(column).map_err(|e| self.error(&e));
        let whole = |column: &str| row.try_get::<Option<i64>, _>(column).map_err(|e| self.error(&e));
        let id = SightingId(whole("id")?.unwrap_or_default());
        let claim = ClaimId(text("claim")?.unwrap_or_default());
        let post: Option<Post> =
            text("post")?.map(|post| from_json(&post, || format!("the post of sighting {id}"))).transpose()?;
        let sighting: Option<Sighting> = text("sighting")?.map(|one| from_json(&one, || format!("sighting {id}"))).transpose()?;
        let feedback = match (text("opinion")?, whole("said_at")?) {
            (Some(word), Some(said_at)) => Some(Feedback {
                sighting: id,
                claim: claim.clone(),
                revision: Revision(text("said_of")?.unwrap_or_default()),
                opinion: opinion(&word),
                by: text("said_by")?,
                why: text("why")?,
                said_at: at(said_at),
            }),
            _ => None,
        };
        Ok(Sighted {
            reposts: whole("reposts")?.map(count).unwrap_or_default(),
            id,
            claim,
            revision: Revision(text("revision")?.unwrap_or_default()),
            decision: decision(&text("decision")?.unwrap_or_default()),
            seen_at: at(whole("seen_at")?.unwrap_or_default()),
            post,
            sighting,
            feedback,
            dismissed_like: whole("dismissed_like")?.map(SightingId),
        })
    }

    pub(in crate::store) async fn say(
        &self,
        id: SightingId,
        word: Opinion,
        by: Option<&str>,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<Said, StoreError> {
        let mut tx = self.begin().await?;
        let sighted = self.one_sighted(&mut tx, id).await?;
        let print = sighted.post.as_ref().map(print_of).unwrap_or_default();
        let spared = async {
            sqlx::query(
                "INSERT INTO feedback (sighting, claim, revision, opinion, said_by, why, print, said_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(id.0)
            .bind(&sighted.claim.0)
            .bind(&sighted.revision.0)
            .bind(word.word())
            .bind(by)
            .bind(why)
            .bind(print.to_string())
            .bind(ms(now))
            .execute(&mut *tx)
            .await?;
            if word == Opinion::Dismissed { take_out(&mut tx, id, now).await } else { Ok(0) }
        }
        .await
        .map_err(|e: sqlx::Error| self.error(&e))?;
        self.commit(tx).await?;
        Ok(Said { before: sighted.feedback, letters_spared: spared })
    }

    pub(in crate::store) async fn opinions(&self) -> Result<Vec<Opined>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.sighting, f.claim, f.revision, f.opinion, f.said_by, f.why, f.print, f.said_at FROM feedback f \
             WHERE f.id = (SELECT MAX(g.id) FROM feedback g WHERE g.sighting = f.sighting) ORDER BY f.id",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                let feedback = Feedback {
                    sighting: SightingId(row.try_get("sighting")?),
                    claim: ClaimId(row.try_get("claim")?),
                    revision: Revision(row.try_get("revision")?),
                    opinion: opinion(row.try_get("opinion")?),
                    by: row.try_get("said_by")?,
                    why: row.try_get("why")?,
                    said_at: at(row.try_get("said_at")?),
                };
                Ok(Opined { feedback, print: row.try_get::<&str, _>("print")?.parse().unwrap_or_default() })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }
}

/// Takes a post out of letters that still gather and of digests to come. A letter without any other is closed unsent.
async fn take_out(tx: &mut SqliteConnection, id: SightingId, now: Timestamp) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "DELETE FROM routes WHERE sighting = $1 AND told_in IS NULL AND (held IS NOT NULL OR EXISTS (SELECT 1 FROM \
         letter_sightings j JOIN letters l ON l.id = j.letter JOIN alerts a ON a.id = l.alert \
         WHERE j.sighting = $1 AND l.closed_at IS NULL AND a.desk = routes.desk))",
    )
    .bind(id.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO routes (sighting, desk, held, held_at, seen_at) VALUES ($1, '', 'dismissed', $2, $2) \
         ON CONFLICT (sighting, desk) DO NOTHING",
    )
    .bind(id.0)
    .bind(ms(now))
    .execute(&mut *tx)
    .await?;
    let held = sqlx::query(
        "UPDATE letters SET closed_at = $2, unsent_because = 'dismissed' WHERE closed_at IS NULL \
         AND id IN (SELECT letter FROM letter_sightings WHERE sighting = $1) \
         AND NOT EXISTS (SELECT 1 FROM letter_sightings o WHERE o.letter = letters.id AND o.sighting <> $1)",
    )
    .bind(id.0)
    .bind(ms(now))
    .execute(&mut *tx)
    .await?;
    let spared = sqlx::query(
        "DELETE FROM letter_sightings WHERE sighting = $1 \
         AND letter IN (SELECT l.id FROM letters l WHERE l.closed_at IS NULL)",
    )
    .bind(id.0)
    .execute(tx)
    .await?;
    Ok(held.rows_affected() + spared.rows_affected())
}

/// The print of all that a post says.
fn print_of(post: &Post) -> Print {
    Print::of(post.parts.iter().map(|part| part.text.as_str()))
}

/// The dismissed posts of each claim and wording, read once for a visit.
#[derive(Default)]
pub(super) struct Dismissed {
    prints: HashMap<(ClaimId, Revision), Vec<(SightingId, Print)>>,
    posts: HashMap<crate::model::post::PostKey, Print>,
}

impl Dismissed {
    /// Gives the dismissed sighting that this one is like, if there is one: same claim, same wording of the rule, same words.
    pub(super) async fn like(
        &mut self,
        tx: &mut SqliteConnection,
        sighting: &Sighting,
        post: Option<&Post>,
    ) -> Result<Option<SightingId>, sqlx::Error> {
        let Some(post) = post else { return Ok(None) };
        let of = (sighting.claim.clone(), sighting.revision.clone());
        if !self.prints.contains_key(&of) {
            let rows = sqlx::query(
                "SELECT f.sighting, f.print FROM feedback f WHERE f.claim = $1 AND f.revision = $2 AND f.opinion = 'dismissed' \
                 AND f.id = (SELECT MAX(g.id) FROM feedback g WHERE g.sighting = f.sighting) ORDER BY f.id DESC LIMIT $3",
            )
            .bind(&of.0.0)
            .bind(&of.1.0)
            .bind(MOST_DISMISSED)
            .fetch_all(tx)
            .await?;
            let prints = rows.iter().map(|row| {
                Ok((SightingId(row.try_get("sighting")?), row.try_get::<&str, _>("print")?.parse().unwrap_or_default()))
            });
            self.prints.insert(of.clone(), prints.collect::<Result<_, sqlx::Error>>()?);
        }
        let known = self.prints.get(&of).map(Vec::as_slice).unwrap_or_default();
        if known.is_empty() {
            return Ok(None);
        }
        let print = self.posts.entry(post.key.clone()).or_insert_with(|| print_of(post));
        Ok(known.iter().find(|(_, dismissed)| dismissed.is_like(print)).map(|(id, _)| *id))
    }
}
