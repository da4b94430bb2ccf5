//! What the operator is told of, and recipients that refuse letters: noted in the transaction in which it happens.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use super::rows::{at, health, json, ms, number};
use crate::model::alert::{DeskName, OPERATOR};
use crate::model::delivery::DeliveryId;
use crate::model::digest::Matter;
use crate::model::source::{Health, SourceName, SourceState};
use crate::store::error::StoreError;
use crate::store::records::Refusing;

/// Refusals in a row after which a recipient is no longer written to.
const PATIENCE: u32 = 3;
/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Sqlite {
    /// Notes something for the operator, unless the same is noted and was not told yet.
    pub(super) async fn tell_operator(
        &self,
        tx: &mut SqliteConnection,
        matter: &Matter,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO notices (about, matter, at) VALUES ($1, $2, $3) ON CONFLICT (about) WHERE told_in IS NULL DO NOTHING",
        )
        .bind(about(matter))
        .bind(json(matter, "a notice")?)
        .bind(ms(now))
        .execute(tx)
        .await
        .map(drop)
        .map_err(|e| self.error(&e))
    }

    /// Notes that a source began to fail, was given up on, or is well again.
    pub(super) async fn note_health(
        &self,
        tx: &mut SqliteConnection,
        source: &SourceName,
        state: &SourceState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let before: Option<String> = sqlx::query_scalar("SELECT health FROM sources WHERE name = $1")
            .bind(&source.0)
            .fetch_optional(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        let before = before.map_or(Health::New, |word| health(&word));
        let (source, why) = (source.clone(), state.last_error.clone().unwrap_or_default());
        let is_ill = |health| matches!(health, Health::Failing | Health::Suspended);
        let matter = match state.health {
            same if same == before => return Ok(()),
            Health::Failing => Matter::SourceFailing { source, why },
            Health::Suspended => Matter::SourceSuspended { source, why },
            Health::Ok | Health::Degraded if is_ill(before) => Matter::SourceRecovered { source },
            _ => return Ok(()),
        };
        self.tell_operator(tx, &matter, now).await
    }

    /// Notes that a letter was given up and, where the recipient refused it for good, counts that.
    pub(super) async fn note_dead(
        &self,
        tx: &mut SqliteConnection,
        delivery: DeliveryId,
        reply: &str,
        refused: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = sqlx::query(
            "SELECT d.recipient, a.desk FROM deliveries d JOIN alerts a ON a.id = d.alert WHERE d.id = $1 AND d.state = 'dead'",
        )
        .bind(delivery.0)
        .fetch_optional(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        let Some(row) = row else { return Ok(()) };
        let raw = || -> Result<(String, String), sqlx::Error> { Ok((row.try_get("recipient")?, row.try_get("desk")?)) };
        let (recipient, desk) = raw().map_err(|e| self.error(&e))?;
        let is_operators = desk == OPERATOR;
        // The operator is not told by mail that mail to the operator fails: `status` tells.
        if !is_operators {
            let (desk, recipient, reply) = (DeskName(desk), recipient.clone(), reply.to_owned());
            self.tell_operator(tx, &Matter::LetterGivenUp { delivery: delivery.0, desk, recipient, reply }, now).await?;
        }
        // A program that refused a letter is another matter at the next: its desks are not known by its name alone.
        if !refused || is_hook(&recipient) {
            return Ok(());
        }
        let refusals: i64 = sqlx::query_scalar(
            "INSERT INTO recipients (address, refusals, reply) VALUES ($1, 1, $2) \
             ON CONFLICT (address) DO UPDATE SET refusals = recipients.refusals + 1, reply = excluded.reply RETURNING refusals",
        )
        .bind(&recipient)
        .bind(reply)
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        if number(refusals) != PATIENCE {
            return Ok(());
        }
        sqlx::query("UPDATE recipients SET paused_at = $1 WHERE address = $2")
            .bind(ms(now))
            .bind(&recipient)
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        // Whatever waits would be refused too, and relays think ill of those who go on asking.
        sqlx::query(
            "UPDATE deliveries SET state = 'dead', settled_at = $1, reply = 'not tried: the recipient refused three letters' \
             WHERE recipient = $2 AND state = 'queued'",
        )
        .bind(ms(now))
        .bind(&recipient)
        .execute(&mut *tx)
        .await
        .map_err(|e| self.error(&e))?;
        if is_operators {
            return Ok(());
        }
        self.tell_operator(tx, &Matter::RecipientPaused { recipient, reply: reply.to_owned() }, now).await
    }

    /// Notes that a relay, a program or a chat room refuses us, once a day.
    pub(super) async fn note_barred(
        &self,
        tx: &mut SqliteConnection,
        delivery: DeliveryId,
        reply: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = sqlx::query("SELECT d.recipient, a.desk FROM deliveries d JOIN alerts a ON a.id = d.alert WHERE d.id = $1")
            .bind(delivery.0)
            .fetch_one(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        let raw = || -> Result<(String, String), sqlx::Error> { Ok((row.try_get("recipient")?, row.try_get("desk")?)) };
        let (hook, desk) = raw().map_err(|e| self.error(&e))?;
        let reply = reply.to_owned();
        let matter = match is_hook(&hook) {
            true => Matter::HookBarred { desk: DeskName(desk), hook, reply },
            false => Matter::RelayBarred { reply },
        };
        let lately: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM notices WHERE about = $1 AND at > $2)")
            .bind(about(&matter))
            .bind(ms(now).saturating_sub(DAY))
            .fetch_one(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        if lately { Ok(()) } else { self.tell_operator(tx, &matter, now).await }
    }

    /// A recipient that takes a letter has forgiven.
    pub(super) async fn note_taken(&self, tx: &mut SqliteConnection, delivery: DeliveryId) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM recipients WHERE paused_at IS NULL AND address = (SELECT recipient FROM deliveries WHERE id = $1)",
        )
        .bind(delivery.0)
        .execute(tx)
        .await
        .map(drop)
        .map_err(|e| self.error(&e))
    }

    /// Those of the recipients that are written to.
    pub(super) async fn live(&self, tx: &mut SqliteConnection, recipients: &[String]) -> Result<Vec<String>, StoreError> {
        let paused: Vec<String> = sqlx::query_scalar("SELECT address FROM recipients WHERE paused_at IS NOT NULL")
            .fetch_all(tx)
            .await
            .map_err(|e| self.error(&e))?;
        Ok(recipients.iter().filter(|address| !paused.contains(address)).cloned().collect())
    }

    pub(in crate::store) async fn refusing(&self) -> Result<Vec<Refusing>, StoreError> {
        let rows = sqlx::query("SELECT address, refusals, paused_at, reply FROM recipients ORDER BY address")
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(&e))?;
        rows.iter()
            .map(|row| {
                Ok(Refusing {
                    address: row.try_get("address")?,
                    refusals: number(row.try_get("refusals")?),
                    paused_at: row.try_get::<Option<i64>, _>("paused_at")?.map(at),
                    reply: row.try_get::<Option<String>, _>("reply")?.unwrap_or_default(),
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|e| self.error(&e))
    }

    pub(in crate::store) async fn write_again_to(&self, address: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM recipients WHERE address = $1")
            .bind(address)
            .execute(&mut *tx)
            .await
            .map_err(|e| self.error(&e))?;
        self.commit(tx).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Unknown { what: format!("recipient {address} that refuses letters") });
        }
        Ok(())
    }
}

fn is_hook(recipient: &str) -> bool {
    recipient.starts_with("webhook:") || recipient.starts_with("matrix:")
}

/// What a notice is about: while one is not told, another about the same is not made.
fn about(matter: &Matter) -> String {
    match matter {
        Matter::LetterGivenUp { delivery, .. } => format!("letter {delivery}"),
        Matter::RecipientPaused { recipient, .. } => format!("recipient {recipient}"),
        Matter::SourceFailing { source, .. } => format!("failing {source}"),
        Matter::SourceSuspended { source, .. } => format!("suspended {source}"),
        Matter::SourceRecovered { source } => format!("recovered {source}"),
        Matter::DeskUnreachable { desk } => format!("desk {desk}"),
        Matter::HookBarred { desk, hook, .. } => format!("barred {hook} of {desk}"),
        Matter::RelayBarred { .. } => "barred relay".to_owned(),
    }
}
