//! What a visit's sightings do to alerts: what is known of them, and the steps decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, count, from_json, json, ms, number};
use super::silences;
use crate::model::alert::{AlertId, AlertState, DeskName, Gathering, Known, LetterId, NextLetter, Step, Topic, Waits};
use crate::model::claim::ClaimId;
use crate::model::digest::Reason;
use crate::model::letter::Occasion;
use crate::model::sighting::{Decision, Sighting, When};
use crate::store::error::StoreError;
use crate::store::records::{Recorded, Standing, Visit};

/// Letter, when it is due, its occasion.
type GatheringRow = (i64, i64, String);

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

impl Sqlite {
    /// Gives what deciding about the visit's sightings needs; `rows` are those that are fresh, by their place in the visit.
    pub(super) async fn known_of(
        &self,
        tx: &mut SqliteConnection,
        visit: &Visit,
        rows: &HashMap<usize, i64>,
    ) -> Result<Known, StoreError> {
        let fresh: BTreeSet<usize> = rows.keys().copied().collect();
        let seen = fresh.iter().filter_map(|index| visit.sightings.get(*index));
        let claims: BTreeSet<&ClaimId> = seen.map(|(sighting, _)| &sighting.claim).collect();
        let mut alerts = BTreeMap::new();
        for claim in claims {
            self.alert_states(tx, claim, visit.seen_at, &mut alerts).await?;
        }
        Ok(Known { alerts, silences: silences::holding(self, tx, visit.seen_at).await?, fresh })
    }

    pub(in crate::store) async fn standing(
        &self,
        claims: &[ClaimId],
        desks: &[DeskName],
        now: Timestamp,
    ) -> Result<Standing, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(|e| self.error(&e))?;
        let mut standing = Standing::default();
        for claim in claims {
            self.alert_states(&mut reader, claim, now, &mut standing.alerts).await?;
        }
        for desk in desks {
            let letters = self.letters_of_hour(&mut reader, desk, now).await?;
            standing.letters.insert(desk.clone(), letters);
        }
        standing.silences = silences::holding(self, &mut reader, now).await?;
        Ok(standing)
    }

    async fn alert_states(
        &self,
        tx: &mut SqliteConnection,
        claim: &ClaimId,
        now: Timestamp,
        known: &mut BTreeMap<Topic, AlertState>,
    ) -> Result<(), StoreError> {
        let now = ms(now);
        let rows = sqlx::query(
            "SELECT a.id, a.desk, a.episode, a.opened_at, a.last_sighting, \
             (SELECT MAX(l.instalment) FROM letters l WHERE l.alert = a.id) AS instalments, \
             (SELECT MAX(l.closed_at) FROM letters l WHERE l.alert = a.id) AS last_letter, \
             (SELECT COUNT(*) FROM letters l WHERE l.alert = a.id AND l.closed_at > $2 AND l.closed_at <= $3) AS letters_today, \
             (SELECT MAX(l.closed_at) FROM letters l WHERE l.alert = a.id AND l.occasion LIKE '{\"spike\"%') AS last_spike, \
             (SELECT COUNT(*) FROM routes r WHERE r.alert = a.id AND r.seen_at > $4 AND r.seen_at <= $3) AS last_hour, \
             (SELECT COUNT(*) FROM routes r WHERE r.alert = a.id AND r.seen_at > $5 AND r.seen_at <= $4) AS last_week, \
             g.id AS gathering, g.due_at, g.occasion \
             FROM alerts a LEFT JOIN letters g ON g.alert = a.id AND g.closed_at IS NULL WHERE a.claim = $1 \
             AND a.episode = (SELECT MAX(b.episode) FROM alerts b WHERE b.claim = a.claim AND b.desk = a.desk)",
        )
        .bind(&claim.0)
        .bind(now.saturating_sub(DAY))
        .bind(now)
        .bind(now.saturating_sub(HOUR))
        .bind(now.saturating_sub(7 * DAY))
        .fetch_all(tx)
        .await
        .map_err(|e| self.error(&e))?;
        for row in rows {
            let read = || -> Result<(DeskName, AlertState, Option<GatheringRow>), sqlx::Error> {
                let time = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(at));
                let state = AlertState {
                    id: AlertId(row.try_get("id")?),
                    episode: number(row.try_get("episode")?),
                    instalments: number(row.try_get::<Option<i64>, _>("instalments")?.unwrap_or(0)),
                    opened_at: at(row.try_get("opened_at")?),
                    last_sighting: at(row.try_get("last_sighting")?),
                    last_letter: time("last_letter")?,
                    letters_today: number(row.try_get("letters_today")?),
                    last_spike: time("last_spike")?,
                    last_hour: count(row.try_get("last_hour")?),
                    last_week: count(row.try_get("last_week")?),
                    gathering: None,
                };
                let gathering = match row.try_get::<Option<i64>, _>("gathering")? {
                    Some(letter) => Some((letter, row.try_get("due_at")?, row.try_get("occasion")?)),
                    None => None,
                };
                Ok((DeskName(row.try_get("desk")?), state, gathering))
            };
            let (desk, mut state, gathering) = read().map_err(|e| self.error(&e))?;
            if let Some((letter, due_at, occasion)) = gathering {
                let occasion: Occasion = from_json(&occasion, || format!("letter {letter}"))?;
                state.gathering = Some(Gathering { letter: LetterId(letter), due_at: at(due_at), occasion });
            }
            known.insert(Topic { claim: claim.clone(), desk }, state);
        }
        Ok(())
    }

    /// Does what a step says.
    ///
    /// The constraints refuse a second alert of one claim, desk and episode, a second letter of one number, or a second way of
    /// one sighting to one desk: then the whole visit fails and nothing is written.
    pub(super) async fn take_step(
        &self,
        tx: &mut SqliteConnection,
        visit: &Visit,
        rows: &HashMap<usize, i64>,
        step: Step,
        recorded: &mut Recorded,
    ) -> Result<(), StoreError> {
        let (Step::Open { sightings, .. }
        | Step::Join { sightings, .. }
        | Step::Continue { sightings, .. }
        | Step::Keep { sightings, .. }
        | Step::Hold { sightings, .. }) = &step;
        let places = sightings.clone();
        let fresh: Vec<i64> = places.iter().filter_map(|index| rows.get(index).copied()).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let seen_at = visit.seen_at;
        let (alert, letter) = match step {
            Step::Open { topic, episode, letter, .. } => {
                let alert = self.open_alert(tx, &topic, episode, seen_at).await?;
                recorded.opened += 1;
                recorded.letters += 1;
                (alert, self.begin_letter(tx, alert, 1, &letter).await?)
            }
            Step::Continue { alert, instalment, letter, .. } => {
                recorded.letters += 1;
                if letter.waits == Waits::Spaced {
                    recorded.spaced += fresh.len();
                }
                (alert.0, self.begin_letter(tx, alert.0, instalment, &letter).await?)
            }
            Step::Join { letter, alert, hasten, .. } => {
                if let Some(sooner) = hasten {
                    self.hasten(tx, letter, &sooner).await?;
                    // The clerk sleeps until the hour that was.
                    recorded.letters += 1;
                }
                (alert.0, letter.0)
            }
            Step::Keep { topic, alert, reason, .. } => {
                let alert = match alert {
                    Some(alert) => alert.0,
                    None => {
                        recorded.opened += 1;
                        self.open_alert(tx, &topic, 1, seen_at).await?
                    }
                };
                self.touch(tx, alert, seen_at).await?;
                recorded.hold(reason, fresh.len());
                let hold = Held { reason, silence: None };
                return self.route(tx, &fresh, &topic.desk, Some(alert), Some(hold), seen_at).await;
            }
            Step::Hold { desk, reason, silence, .. } => {
                recorded.hold(reason, fresh.len());
                let hold = Held { reason, silence: silence.map(|silence| silence.0) };
                if reason == Reason::Silenced {
                    // A claim that is silenced is not quiet: what comes after the silence is no resurgence. Only what would have
                    // had a letter counts, as without a silence: a near-miss keeps no thread awake.
                    let repeats = |one: &&Sighting| one.decision == Decision::Alert && one.when == When::Alert;
                    let held = places.iter().filter_map(|index| visit.sightings.get(*index)).map(|(one, _)| one);
                    let claims: BTreeSet<&ClaimId> = held.filter(repeats).map(|one| &one.claim).collect();
                    for claim in claims {
                        self.touch_newest(tx, claim, &desk, seen_at).await?;
                    }
                }
                return self.route(tx, &fresh, &desk, None, Some(hold), seen_at).await;
            }
        };
        self.touch(tx, alert, seen_at).await?;
        for sighting in &fresh {
            sqlx::query(
                "INSERT INTO letter_sightings (letter, sighting) VALUES ($1, $2) ON CONFLICT (letter, sighting) DO NOTHING",
            )
            .bind(letter)
            .bind(sighting)
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        }
        let desk: String = sqlx::query_scalar("SELECT desk FROM alerts WHERE id = $1")
            .bind(alert)
            .fetch_one(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        self.route(tx, &fresh, &DeskName(desk), Some(alert), None, seen_at).await
    }

    async fn open_alert(
        &self,
        tx: &mut SqliteConnection,
        topic: &Topic,
        episode: u32,
        seen_at: Timestamp,
    ) -> Result<i64, StoreError> {
        sqlx::query_scalar(
            "INSERT INTO alerts (claim, desk, episode, opened_at, last_sighting) VALUES ($1, $2, $3, $4, $4) RETURNING id",
        )
        .bind(&topic.claim.0)
        .bind(&topic.desk.0)
        .bind(i64::from(episode))
        .bind(ms(seen_at))
        .fetch_one(tx)
        .await
        .map_err(|e| self.error(&e))
    }

    async fn begin_letter(
        &self,
        tx: &mut SqliteConnection,
        alert: i64,
        instalment: u32,
        letter: &NextLetter,
    ) -> Result<i64, StoreError> {
        sqlx::query_scalar(
            "INSERT INTO letters (alert, instalment, due_at, waits, occasion) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(alert)
        .bind(i64::from(instalment))
        .bind(ms(letter.due_at))
        .bind(letter.waits.word())
        .bind(json(&letter.occasion, "an occasion")?)
        .fetch_one(tx)
        .await
        .map_err(|e| self.error(&e))
    }

    async fn hasten(&self, tx: &mut SqliteConnection, letter: LetterId, sooner: &NextLetter) -> Result<(), StoreError> {
        sqlx::query("UPDATE letters SET due_at = $1, waits = $2, occasion = $3 WHERE id = $4 AND closed_at IS NULL")
            .bind(ms(sooner.due_at))
            .bind(sooner.waits.word())
            .bind(json(&sooner.occasion, "an occasion")?)
            .bind(letter.0)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }

    async fn touch(&self, tx: &mut SqliteConnection, alert: i64, seen_at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE alerts SET last_sighting = $1 WHERE id = $2")
            .bind(ms(seen_at))
            .bind(alert)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }

    async fn touch_newest(
        &self,
        tx: &mut SqliteConnection,
        claim: &ClaimId,
        desk: &DeskName,
        seen_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE alerts SET last_sighting = $1 WHERE claim = $2 AND desk = $3 \
             AND episode = (SELECT MAX(b.episode) FROM alerts b WHERE b.claim = $2 AND b.desk = $3)",
        )
        .bind(ms(seen_at))
        .bind(&claim.0)
        .bind(&desk.0)
        .execute(tx)
        .await
        .map(drop)
        .map_err(|e| self.error(&e))
    }

    /// Notes where sightings went.
    async fn route(
        &self,
        tx: &mut SqliteConnection,
        sightings: &[i64],
        desk: &DeskName,
        alert: Option<i64>,
        held: Option<Held>,
        seen_at: Timestamp,
    ) -> Result<(), StoreError> {
        for sighting in sightings {
            sqlx::query(
                "INSERT INTO routes (sighting, desk, alert, held, silence, held_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(sighting)
            .bind(&desk.0)
            .bind(alert)
            .bind(held.as_ref().map(|held| held.reason.word()))
            .bind(held.as_ref().and_then(|held| held.silence))
            .bind(held.as_ref().map(|_| ms(seen_at)))
            .bind(ms(seen_at))
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        }
        Ok(())
    }
}

/// Why sightings have no letter of their own.
struct Held {
    reason: Reason,
    silence: Option<i64>,
}
