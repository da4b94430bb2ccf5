//! What a digest tells: sections by reason and claim, notices, and how claimwatch fared.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, count, from_json, health, ms};
use super::silences;
use crate::model::alert::{DeskName, LetterId};
use crate::model::claim::Claim;
use crate::model::digest::{Content, DigestKind, DueDigest, Figures, Gathered, Matter, Notice, Reason, Section};
use crate::model::letter::Seen;
use crate::model::sighting::SightingId;
use crate::model::source::{Health, SourceName};
use crate::store::error::StoreError;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Claims listed in a section; the rest is counted.
const CLAIMS: usize = 30;
/// Posts quoted of one claim; the rest is counted.
const ITEMS: i64 = 3;
/// Notices in one letter; the rest comes with the next.
pub(super) const NOTICES: i64 = 100;

/// What of a desk's waiting sightings a digest tells: `$1` is the desk, `$2` the time, `$3` the silence or nothing.
macro_rules! told_by {
    ($content:expr, $head:literal, $tail:literal) => {
        match $content {
            Content::All => concat!(
                $head,
                " r.desk = $1 AND r.held IS NOT NULL AND r.told_in IS NULL AND $3 IS NULL AND (r.silence IS NULL \
                 OR EXISTS (SELECT 1 FROM silences x WHERE x.id = r.silence AND x.to_at <= $2)) ",
                $tail
            ),
            Content::OverCap => {
                concat!($head, " r.desk = $1 AND r.held = 'cap' AND r.told_in IS NULL AND $2 IS NOT NULL AND $3 IS NULL ", $tail)
            }
            Content::Silence(_) => concat!(
                $head,
                " r.desk = $1 AND r.held IS NOT NULL AND r.told_in IS NULL AND $2 IS NOT NULL AND r.silence = $3 ",
                $tail
            ),
            Content::Notices => concat!($head, " r.desk = $1 AND 1 = 0 AND $2 IS NOT NULL AND $3 IS NULL ", $tail),
        }
    };
}

impl Sqlite {
    /// Marks what a digest tells as told.
    pub(super) async fn mark_told(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        content: Content,
        letter: LetterId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = told_by!(content, "UPDATE routes AS r SET told_in = $4 WHERE", "");
        sqlx::query(sql)
            .bind(&desk.0)
            .bind(ms(now))
            .bind(silence_of(content))
            .bind(letter.0)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }

    pub(super) async fn kind(&self, tx: &mut SqliteConnection, due: &DueDigest) -> Result<DigestKind, StoreError> {
        Ok(match due.content {
            Content::All => DigestKind::Regular,
            Content::OverCap => DigestKind::OverCap,
            Content::Notices => DigestKind::Notices,
            Content::Silence(id) => {
                let silence = silences::one(self, tx, id).await?;
                DigestKind::SilenceEnded {
                    silence: id,
                    covered: silence.matchers.to_string(),
                    author: silence.author,
                    comment: silence.comment,
                    from: silence.from,
                    to: silence.to,
                }
            }
        })
    }

    /// What a digest looks back to: the last regular one, or a day ago.
    pub(super) async fn since(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        this: LetterId,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let last: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(made_at) FROM digests WHERE desk = $1 AND letter <> $2 AND slot >= '0' AND slot < ':' AND made_at <= $3",
        )
        .bind(&desk.0)
        .bind(this.0)
        .bind(ms(now))
        .fetch_one(tx)
        .await
        .map_err(|e| self.error(&e))?;
        Ok(at(last.unwrap_or_else(|| ms(now).saturating_sub(DAY))))
    }

    pub(super) async fn sections(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        content: Content,
        now: Timestamp,
    ) -> Result<Vec<Section>, StoreError> {
        let sql = told_by!(
            content,
            "SELECT r.held, s.claim, COUNT(*) AS n, MAX(s.id) AS newest FROM routes r JOIN sightings s ON s.id = r.sighting WHERE",
            "GROUP BY r.held, s.claim ORDER BY n DESC, s.claim"
        );
        let rows = sqlx::query(sql)
            .bind(&desk.0)
            .bind(ms(now))
            .bind(silence_of(content))
            .fetch_all(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = || -> Result<(String, String, i64, i64), sqlx::Error> {
                Ok((row.try_get("held")?, row.try_get("claim")?, row.try_get("n")?, row.try_get("newest")?))
            };
            let (held, claim, posts, newest) = raw().map_err(|e| self.error(&e))?;
            groups.push((held, claim, count(posts), newest));
        }
        let mut sections = Vec::new();
        for reason in Reason::ALL {
            let of_it: Vec<_> = groups.iter().filter(|(held, ..)| held == reason.word()).collect();
            if of_it.is_empty() {
                continue;
            }
            let mut claims = Vec::new();
            for (_, claim, posts, newest) in of_it.iter().take(CLAIMS) {
                let items = self.items(tx, desk, content, reason, claim, now).await?;
                claims.push(Gathered { claim: self.claim_of(tx, *newest).await?, posts: *posts, items });
            }
            let posts = of_it.iter().map(|(.., posts, _)| posts).sum();
            sections.push(Section { reason, posts, claims, more_claims: of_it.len().saturating_sub(CLAIMS) as u64 });
        }
        Ok(sections)
    }

    async fn items(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        content: Content,
        reason: Reason,
        claim: &str,
        now: Timestamp,
    ) -> Result<Vec<Seen>, StoreError> {
        let sql = told_by!(
            content,
            "WITH firsts AS (SELECT MIN(s.id) AS id FROM routes r JOIN sightings s ON s.id = r.sighting \
             JOIN posts p ON p.id = s.post WHERE",
            "AND r.held = $4 AND s.claim = $5 AND p.post IS NOT NULL AND s.sighting IS NOT NULL \
             GROUP BY COALESCE(p.copy_of, p.id) ORDER BY MIN(s.id) LIMIT $6) \
             SELECT s.id, p.post, s.sighting FROM firsts JOIN sightings s ON s.id = firsts.id JOIN posts p ON p.id = s.post \
             ORDER BY s.id"
        );
        let rows = sqlx::query(sql)
            .bind(&desk.0)
            .bind(ms(now))
            .bind(silence_of(content))
            .bind(reason.word())
            .bind(claim)
            .bind(ITEMS)
            .fetch_all(tx)
            .await
            .map_err(|e| self.error(&e))?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = || -> Result<(i64, String, String), sqlx::Error> {
                Ok((row.try_get("id")?, row.try_get("post")?, row.try_get("sighting")?))
            };
            let (id, post, sighting) = raw().map_err(|e| self.error(&e))?;
            // One post that cannot be read must not hold up the digest: it is counted.
            let (Ok(post), Ok(sighting)) = (serde_json::from_str(&post), serde_json::from_str(&sighting)) else { continue };
            items.push(Seen { number: SightingId(id), post, sighting, copies: Vec::new() });
        }
        Ok(items)
    }

    async fn claim_of(&self, tx: &mut SqliteConnection, sighting: i64) -> Result<Claim, StoreError> {
        let claim: String = sqlx::query_scalar(
            "SELECT c.claim FROM sightings s JOIN claims c ON c.id = s.claim AND c.revision = s.revision WHERE s.id = $1",
        )
        .bind(sighting)
        .fetch_one(tx)
        .await
        .map_err(|e| self.error(&e))?;
        from_json(&claim, || format!("the claim of sighting {sighting}"))
    }

    pub(super) async fn notices(&self, tx: &mut SqliteConnection) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query("SELECT id, matter, at FROM notices WHERE told_in IS NULL ORDER BY id LIMIT $1")
            .bind(NOTICES)
            .fetch_all(tx)
            .await
            .map_err(|e| self.error(&e))?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = || -> Result<(i64, String, i64), sqlx::Error> {
                Ok((row.try_get("id")?, row.try_get("matter")?, row.try_get("at")?))
            };
            let (id, matter, when) = raw().map_err(|e| self.error(&e))?;
            let matter: Matter = from_json(&matter, || format!("notice {id}"))?;
            notices.push(Notice { at: at(when), matter });
        }
        Ok(notices)
    }

    pub(super) async fn figures(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        sources: &[SourceName],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Figures, StoreError> {
        let healths = self.healths(tx).await?;
        let read = async {
            let row = sqlx::query(
                "SELECT (SELECT COUNT(*) FROM posts WHERE seen_at > $1 AND seen_at <= $2) AS posts, \
                 (SELECT COUNT(*) FROM sightings WHERE seen_at > $1 AND seen_at <= $2) AS sightings, \
                 (SELECT COUNT(*) FROM letters l JOIN alerts a ON a.id = l.alert WHERE l.letter IS NOT NULL \
                  AND l.closed_at > $1 AND l.closed_at <= $2 AND a.desk = $3 AND a.claim <> '') AS letters, \
                 (SELECT COUNT(*) FROM deliveries WHERE state IN ('queued', 'sending')) AS waiting",
            )
            .bind(ms(since))
            .bind(ms(now))
            .bind(&desk.0)
            .fetch_one(&mut *tx)
            .await?;
            let rows = sqlx::query(
                "SELECT held, COUNT(*) AS n FROM routes WHERE desk = $1 AND held IS NOT NULL AND held_at > $2 AND held_at <= $3 \
                 GROUP BY held",
            )
            .bind(&desk.0)
            .bind(ms(since))
            .bind(ms(now))
            .fetch_all(&mut *tx)
            .await?;
            let mut held = Vec::new();
            for row in rows {
                let n = count(row.try_get("n")?);
                held.extend(Reason::of_word(row.try_get("held")?).map(|reason| (reason, n)));
            }
            held.sort_unstable();
            let get = |column: &str| row.try_get::<i64, _>(column).map(count);
            Ok(Figures {
                posts: get("posts")?,
                sightings: get("sightings")?,
                letters: get("letters")?,
                waiting: get("waiting")?,
                held,
                ..Figures::default()
            })
        };
        let figures: Figures = read.await.map_err(|e: sqlx::Error| self.error(&e))?;
        let is_well = |name: &&SourceName| healths.iter().any(|(other, well)| other == &name.0 && *well);
        let (well, unwell): (Vec<&SourceName>, Vec<&SourceName>) = sources.iter().partition(is_well);
        Ok(Figures {
            sources: sources.len() as u64,
            healthy: well.len() as u64,
            unwell: unwell.into_iter().cloned().collect(),
            ..figures
        })
    }

    /// Sources and whether their last visit went well.
    async fn healths(&self, tx: &mut SqliteConnection) -> Result<Vec<(String, bool)>, StoreError> {
        let rows = sqlx::query("SELECT name, health, failures, paused_at FROM sources")
            .fetch_all(tx)
            .await
            .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                let now = health(row.try_get("health")?);
                let fails: i64 = row.try_get("failures")?;
                let rests = row.try_get::<Option<i64>, _>("paused_at")?.is_some();
                let well = matches!(now, Health::Ok | Health::Degraded) && fails == 0 && !rests;
                Ok((row.try_get("name")?, well))
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }
}

/// What `$3` of `told_by` is.
fn silence_of(content: Content) -> Option<i64> {
    match content {
        Content::Silence(id) => Some(id.0),
        Content::All | Content::OverCap | Content::Notices => None,
    }
}
