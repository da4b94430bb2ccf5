//! What digests told of claims, and what of it no longer holds: the next digest says so.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{from_json, json, ms};
use crate::model::alert::DeskName;
use crate::model::claim::{Claim, ClaimId};
use crate::model::digest::{Corrected, Section};
use crate::store::alerts::Digested;
use crate::store::error::StoreError;

/// Corrections in one digest; the rest comes with the next.
const CORRECTIONS: i64 = 50;

impl Sqlite {
    pub(in crate::store) async fn digested_claims(&self, since: Timestamp) -> Result<Vec<Digested>, StoreError> {
        // What a thread told is corrected in the thread.
        let rows = sqlx::query(
            "SELECT c.desk, c.claim, c.told, c.correction FROM digest_claims c WHERE c.told_at > $1 AND NOT EXISTS \
             (SELECT 1 FROM alerts a WHERE a.claim = c.claim AND a.desk = c.desk AND a.told IS NOT NULL AND a.last_sighting > $1) \
             ORDER BY c.desk, c.claim",
        )
        .bind(ms(since))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(&e))?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = || -> Result<(String, String, String, Option<String>), sqlx::Error> {
                Ok((row.try_get("desk")?, row.try_get("claim")?, row.try_get("told")?, row.try_get("correction")?))
            };
            let (desk, claim, told, correction) = raw().map_err(|e| self.error(&e))?;
            let about = || format!("what a digest told of claim {claim}");
            let told = from_json(&told, about)?;
            let correction = correction.map(|correction| from_json(&correction, about)).transpose()?;
            all.push(Digested { desk: DeskName(desk), id: ClaimId(claim.clone()), told, correction });
        }
        Ok(all)
    }

    pub(in crate::store) async fn note_corrections(
        &self,
        corrections: &[(DeskName, ClaimId, Option<Corrected>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (desk, claim, correction) in corrections {
            let correction = correction.as_ref().map(|correction| json(correction, "a correction")).transpose()?;
            sqlx::query("UPDATE digest_claims SET correction = $1, corrected_at = $2 WHERE desk = $3 AND claim = $4")
                .bind(&correction)
                .bind(correction.is_some().then(|| ms(now)))
                .bind(&desk.0)
                .bind(&claim.0)
                .execute(&mut *tx)
                .await
                .map_err(|e| self.error(&e))?;
        }
        self.commit(tx).await
    }

    /// What the desk's next digest corrects.
    pub(super) async fn corrections(&self, tx: &mut SqliteConnection, desk: &DeskName) -> Result<Vec<Corrected>, StoreError> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT correction FROM digest_claims WHERE desk = $1 AND correction IS NOT NULL ORDER BY corrected_at, claim LIMIT $2",
        )
        .bind(&desk.0)
        .bind(CORRECTIONS)
        .fetch_all(tx)
        .await
        .map_err(|e| self.error(&e))?;
        rows.iter().map(|row| from_json(row, || format!("a correction for desk {desk}"))).collect()
    }

    /// Remembers what a digest told: its corrections hold from now on, and so does what stands in its sections.
    pub(super) async fn remember_digested(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        corrections: &[Corrected],
        sections: &[Section],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let told = corrections.iter().map(|correction| &correction.claim);
        let told = told.chain(sections.iter().flat_map(|section| &section.claims).map(|gathered| &gathered.claim));
        for claim in told {
            self.remember_claim(tx, desk, claim, now).await?;
        }
        Ok(())
    }

    async fn remember_claim(
        &self,
        tx: &mut SqliteConnection,
        desk: &DeskName,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO digest_claims (desk, claim, told, told_at) VALUES ($1, $2, $3, $4) ON CONFLICT (desk, claim) \
             DO UPDATE SET told = excluded.told, told_at = excluded.told_at, correction = NULL, corrected_at = NULL",
        )
        .bind(&desk.0)
        .bind(&claim.id.0)
        .bind(json(claim, "a claim")?)
        .bind(ms(now))
        .execute(tx)
        .await
        .map(drop)
        .map_err(|e| self.error(&e))
    }
}
