//! The posts that a letter tells of: one of each group of near-copies, with the number of the others.

use std::collections::BTreeMap;

use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{count, from_json};
use crate::model::alert::LetterId;
use crate::model::letter::Seen;
use crate::model::post::Post;
use crate::model::sighting::{Sighting, SightingId};
use crate::model::source::SourceName;
use crate::store::error::StoreError;

/// Groups a dossier holds; a letter quotes fewer.
const IN_FULL: usize = 200;

/// Posts that say nearly the same.
#[derive(Default)]
struct Copies {
    /// The first of them whose text and reasons are still there.
    first: Option<i64>,
    sources: BTreeMap<String, i64>,
}

impl Sqlite {
    pub(super) async fn gathered(&self, tx: &mut SqliteConnection, letter: LetterId) -> Result<Vec<Seen>, StoreError> {
        let rows = sqlx::query(
            "SELECT COALESCE(p.copy_of, p.id) AS copies, p.source, COUNT(*) AS posts, \
             MIN(CASE WHEN p.post IS NOT NULL AND s.sighting IS NOT NULL THEN s.id END) AS first \
             FROM letter_sightings j JOIN sightings s ON s.id = j.sighting JOIN posts p ON p.id = s.post WHERE j.letter = $1 \
             GROUP BY COALESCE(p.copy_of, p.id), p.source",
        )
        .bind(letter.0)
        .fetch_all(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let mut groups: BTreeMap<i64, Copies> = BTreeMap::new();
        for row in rows {
            let raw = || -> Result<(i64, String, i64, Option<i64>), sqlx::Error> {
                Ok((row.try_get("copies")?, row.try_get("source")?, row.try_get("posts")?, row.try_get("first")?))
            };
            let (copies, source, posts, first) = raw().map_err(|e| self.error(&e))?;
            let group = groups.entry(copies).or_default();
            group.sources.insert(source, posts);
            group.first = group.first.into_iter().chain(first).min();
        }
        let mut groups: Vec<(i64, BTreeMap<String, i64>)> =
            groups.into_values().filter_map(|group| Some((group.first?, group.sources))).collect();
        groups.sort_unstable();
        let mut all = Vec::with_capacity(groups.len().min(IN_FULL));
        for (number, mut sources) in groups.into_iter().take(IN_FULL) {
            let row = sqlx::query("SELECT p.post, s.sighting FROM sightings s JOIN posts p ON p.id = s.post WHERE s.id = $1")
                .bind(number)
                .fetch_one(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
            let raw = || -> Result<(String, String), sqlx::Error> { Ok((row.try_get("post")?, row.try_get("sighting")?)) };
            let (post, sighting) = raw().map_err(|e| self.error(&e))?;
            let post: Post = from_json(&post, || format!("the post of sighting {number}"))?;
            let sighting: Sighting = from_json(&sighting, || format!("sighting {number}"))?;
            // The post itself is not one of its copies.
            if let Some(own) = sources.get_mut(&post.source.0) {
                *own -= 1;
            }
            let copies = sources.into_iter().filter(|(_, posts)| *posts > 0);
            let copies = copies.map(|(source, posts)| (SourceName(source), count(posts))).collect();
            all.push(Seen { number: SightingId(number), post, sighting, copies });
        }
        Ok(all)
    }
}
