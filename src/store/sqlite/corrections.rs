//! Corrections: what was told and no longer holds is withdrawn where it waits, and taken back where it was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::holding::{Address, Open};
use super::rows::{from_json, json, ms, number};
use crate::model::alert::{AlertId, DeskName, LetterId};
use crate::model::claim::ClaimId;
use crate::model::digest::Reason;
use crate::model::letter::{Change, Dossier, Letter, Occasion};
use crate::store::error::StoreError;
use crate::store::records::{Amended, Amendment, Closed, ToldClaim};

impl Sqlite {
    pub(in crate::store) async fn told_claims(&self, since: Timestamp) -> Result<Vec<ToldClaim>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.id, a.claim, a.desk, a.told FROM alerts a WHERE a.claim <> '' AND a.told IS NOT NULL \
             AND a.last_sighting > $1 \
             AND a.episode = (SELECT MAX(b.episode) FROM alerts b WHERE b.claim = a.claim AND b.desk = a.desk) ORDER BY a.id",
        )
        .bind(ms(since))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let mut told = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = || -> Result<(i64, String, String, String), sqlx::Error> {
                Ok((row.try_get("id")?, row.try_get("claim")?, row.try_get("desk")?, row.try_get("told")?))
            };
            let (alert, claim, desk, words) = raw().map_err(|e| self.error(&e))?;
            let (alert, id, desk) = (AlertId(alert), ClaimId(claim), DeskName(desk));
            let claim = from_json(&words, || format!("what was told of claim {id}"))?;
            told.push(ToldClaim { alert, id, desk, claim });
        }
        Ok(told)
    }

    pub(in crate::store) async fn correct(
        &self,
        amendment: &Amendment,
        now: Timestamp,
        domain: &str,
        write: impl Fn(&Dossier) -> Letter + Send,
    ) -> Result<Amended, StoreError> {
        let mut tx = self.begin().await?;
        let mut amended = Amended::default();
        let Some(mut open) = self.still_told(&mut tx, amendment).await? else {
            self.leave(tx).await?;
            return Ok(amended);
        };
        let withdrawn = self.withdraw(&mut tx, amendment).await?;
        amended.withdrawn = withdrawn.len();
        let readers = self.readers_of(&mut tx, amendment).await?;
        if !readers.is_empty() {
            open.occasion = Occasion::Correction(amendment.change.clone());
            let place = self.next_letter(&mut tx, &mut open, now).await?;
            let mut dossier = self.dossier(&mut tx, place.letter, &open, now).await?;
            dossier.claim = amendment.now.clone();
            self.freeze(&mut tx, place.letter, now, &write(&dossier)).await?;
            amended.told = self.address(&mut tx, &place, &readers, now, amendment.from, domain).await?;
        }
        match amendment.change {
            Change::Retired => {
                let gathering: Option<i64> = sqlx::query_scalar("SELECT id FROM letters WHERE alert = $1 AND closed_at IS NULL")
                    .bind(open.alert)
                    .fetch_optional(&mut *tx)
                    .await
                    .map_err(|e| self.error(&e))?;
                if let Some(gathering) = gathering {
                    let mut closed = Closed::default();
                    self.hold_letter(&mut tx, LetterId(gathering), &open, now, Reason::Retired, &mut closed).await?;
                    amended.held = closed.held.values().sum();
                }
            }
            // Whoever did not get an earlier letter yet gets its posts with what holds now.
            Change::FactChecks { .. } => {
                open.occasion = Occasion::News;
                for (letter, recipients) in by_letter(withdrawn) {
                    let place = self.next_letter(&mut tx, &mut open, now).await?;
                    self.copy_sightings(&mut tx, letter, place.letter).await?;
                    let mut dossier = self.dossier(&mut tx, place.letter, &open, now).await?;
                    dossier.claim = amendment.now.clone();
                    self.freeze(&mut tx, place.letter, now, &write(&dossier)).await?;
                    amended.rewritten += self.address(&mut tx, &place, &recipients, now, amendment.from, domain).await?;
                }
            }
        }
        self.remember_told(&mut tx, amendment.alert, &amendment.now).await?;
        self.commit(tx).await?;
        Ok(amended)
    }

    /// The alert, if its desk is still told what the correction was decided by.
    async fn still_told(&self, tx: &mut SqliteConnection, amendment: &Amendment) -> Result<Option<Open>, StoreError> {
        let row = sqlx::query("SELECT claim, desk, episode FROM alerts WHERE id = $1 AND told = $2")
            .bind(amendment.alert.0)
            .bind(json(&amendment.before, "a claim")?)
            .fetch_optional(tx)
            .await
            .map_err(|e| self.error(&e))?;
        let Some(row) = row else { return Ok(None) };
        let read = || -> Result<Open, sqlx::Error> {
            Ok(Open {
                alert: amendment.alert.0,
                claim: ClaimId(row.try_get("claim")?),
                desk: DeskName(row.try_get("desk")?),
                episode: number(row.try_get("episode")?),
                instalment: 0,
                occasion: Occasion::News,
            })
        };
        read().map(Some).map_err(|e| self.error(&e))
    }

    /// Takes out of the queue what has not left; gives which letters, and to whom.
    async fn withdraw(&self, tx: &mut SqliteConnection, amendment: &Amendment) -> Result<Vec<(LetterId, String)>, StoreError> {
        let why = match amendment.change {
            Change::Retired => "withdrawn: the rule was taken out of use",
            Change::FactChecks { .. } => "withdrawn: the fact-check was changed",
        };
        let rows = sqlx::query(
            "UPDATE deliveries SET state = 'dropped', reply = $1 WHERE alert = $2 AND state = 'queued' RETURNING letter, recipient",
        )
        .bind(why)
        .bind(amendment.alert.0)
        .fetch_all(tx)
        .await
        .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| Ok((LetterId(row.try_get("letter")?), row.try_get("recipient")?)))
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }

    /// Recipients of the desk who got a letter of the alert, or are just getting one.
    async fn readers_of(&self, tx: &mut SqliteConnection, amendment: &Amendment) -> Result<Vec<String>, StoreError> {
        let got: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT recipient FROM deliveries WHERE alert = $1 AND state IN ('sent', 'sending')")
                .bind(amendment.alert.0)
                .fetch_all(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
        let readers: Vec<String> = amendment.recipients.iter().filter(|to| got.contains(to)).cloned().collect();
        self.live(tx, &readers).await
    }

    /// Makes the row of one more letter of an alert.
    async fn next_letter(&self, tx: &mut SqliteConnection, open: &mut Open, now: Timestamp) -> Result<Address, StoreError> {
        let instalment: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(instalment), 0) + 1 FROM letters WHERE alert = $1")
            .bind(open.alert)
            .fetch_one(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        open.instalment = number(instalment);
        let letter: i64 = sqlx::query_scalar(
            "INSERT INTO letters (alert, instalment, due_at, closed_at, occasion) VALUES ($1, $2, $3, $3, $4) RETURNING id",
        )
        .bind(open.alert)
        .bind(instalment)
        .bind(ms(now))
        .bind(json(&open.occasion, "an occasion")?)
        .fetch_one(tx)
        .await
        .map_err(|e| self.error(&e))?;
        Ok(Address { letter: LetterId(letter), alert: AlertId(open.alert), instalment: open.instalment })
    }

    async fn copy_sightings(&self, tx: &mut SqliteConnection, from: LetterId, to: LetterId) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO letter_sightings (letter, sighting) SELECT $1, sighting FROM letter_sightings WHERE letter = $2")
            .bind(to.0)
            .bind(from.0)
            .execute(tx)
            .await
            .map(drop)
            .map_err(|e| self.error(&e))
    }
}

/// Recipients by letter, in the order of the letters.
fn by_letter(withdrawn: Vec<(LetterId, String)>) -> BTreeMap<LetterId, Vec<String>> {
    let mut letters: BTreeMap<LetterId, Vec<String>> = BTreeMap::new();
    for (letter, recipient) in withdrawn {
        letters.entry(letter).or_default().push(recipient);
    }
    letters
}
