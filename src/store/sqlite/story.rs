//! Where one sighting went: the desks, the reasons, the letters and the deliveries it ended in.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{at, count, ms, number, state};
use super::silences;
use crate::model::alert::{DeskName, LetterId};
use crate::model::delivery::DeliveryId;
use crate::model::digest::Reason;
use crate::model::sighting::SightingId;
use crate::model::silence::SilenceId;
use crate::store::error::StoreError;
use crate::store::records::{Carried, Handed, Way};

impl Sqlite {
    pub(in crate::store) async fn ways(&self, id: SightingId) -> Result<Vec<Way>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let rows = sqlx::query(
            "SELECT r.desk, r.held, r.held_at, r.silence, r.told_in, a.episode FROM routes r LEFT JOIN alerts a ON a.id = r.alert \
             WHERE r.sighting = $1 ORDER BY r.desk",
        )
        .bind(id.0)
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| self.error(&e))?;
        let mut ways = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = || -> Result<(Way, Option<i64>, Option<i64>), sqlx::Error> {
                let way = Way {
                    desk: DeskName(row.try_get("desk")?),
                    reason: row.try_get::<Option<String>, _>("held")?.and_then(|word| Reason::of_word(&word)),
                    since: row.try_get::<Option<i64>, _>("held_at")?.map(at),
                    silence: None,
                    episode: row.try_get::<Option<i64>, _>("episode")?.map(number),
                    letters: Vec::new(),
                };
                Ok((way, row.try_get("silence")?, row.try_get("told_in")?))
            };
            let (mut way, silence, told_in) = raw().map_err(|e| self.error(&e))?;
            if let Some(silence) = silence {
                way.silence = Some(silences::one(self, &mut reader, SilenceId(silence)).await?);
            }
            let letters = sqlx::query(
                "SELECT l.id, l.due_at, l.closed_at, l.waits, l.unsent_because, d.slot \
                 FROM letters l JOIN alerts a ON a.id = l.alert LEFT JOIN digests d ON d.letter = l.id WHERE l.id = $3 \
                 OR (a.desk = $2 AND l.id IN (SELECT letter FROM letter_sightings WHERE sighting = $1)) ORDER BY l.id",
            )
            .bind(id.0)
            .bind(&way.desk.0)
            .bind(told_in)
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| self.error(&e))?;
            for letter in letters {
                let mut carried = carried(&letter).map_err(|e| self.error(&e))?;
                let handed =
                    sqlx::query("SELECT id, recipient, state, settled_at, reply FROM deliveries WHERE letter = $1 ORDER BY id")
                        .bind(carried.letter.0)
                        .fetch_all(&mut *reader)
                        .await
                        .map_err(|e| self.error(&e))?;
                carried.deliveries = handed.iter().map(delivery).collect::<Result<_, _>>().map_err(|e| self.error(&e))?;
                way.letters.push(carried);
            }
            ways.push(way);
        }
        Ok(ways)
    }

    pub(in crate::store) async fn held(&self, now: Timestamp, since: Timestamp) -> Result<Vec<(Reason, u64, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT held, SUM(CASE WHEN told_in IS NULL AND desk <> '' THEN 1 ELSE 0 END) AS waiting, \
             SUM(CASE WHEN held_at > $1 AND held_at <= $2 THEN 1 ELSE 0 END) AS lately FROM routes \
             WHERE held IS NOT NULL GROUP BY held",
        )
        .bind(ms(since))
        .bind(ms(now))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let mut held = Vec::new();
        for row in &rows {
            let read = || -> Result<(String, i64, i64), sqlx::Error> {
                Ok((row.try_get("held")?, row.try_get("waiting")?, row.try_get("lately")?))
            };
            let (word, waiting, lately) = read().map_err(|e| self.error(&e))?;
            held.extend(Reason::of_word(&word).map(|reason| (reason, count(waiting), count(lately))));
        }
        held.sort_unstable();
        Ok(held)
    }
}

fn carried(row: &SqliteRow) -> Result<Carried, sqlx::Error> {
    Ok(Carried {
        letter: LetterId(row.try_get("id")?),
        due_at: at(row.try_get("due_at")?),
        closed_at: row.try_get::<Option<i64>, _>("closed_at")?.map(at),
        waits: row.try_get("waits")?,
        unsent_because: row.try_get("unsent_because")?,
        digest: row.try_get("slot")?,
        deliveries: Vec::new(),
    })
}

fn delivery(row: &SqliteRow) -> Result<Handed, sqlx::Error> {
    Ok(Handed {
        delivery: DeliveryId(row.try_get("id")?),
        recipient: row.try_get("recipient")?,
        state: state(row.try_get("state")?),
        settled_at: row.try_get::<Option<i64>, _>("settled_at")?.map(at),
        reply: row.try_get("reply")?,
    })
}
