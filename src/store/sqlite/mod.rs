//! The SQLite file: how it is opened, checked, brought up to date and closed.

mod corrections;
mod deliveries;
mod digested;
mod digests;
mod feed;
mod feedback;
mod gathered;
mod history;
mod holding;
mod housekeeping;
mod identity;
mod inbox;
mod letters;
mod notices;
mod orders;
mod queue;
mod retract;
mod rows;
mod silences;
mod steps;
mod story;
mod subscriptions;
mod telling;
mod visits;

use std::cmp::Ordering;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, Sqlite as Driver, SqliteConnection};

use super::error::StoreError;
use super::folder;
use super::settings::Settings;

/// Readers beside the one writer.
const READERS: u32 = 3;

/// How long a writer waits for a command that writes beside the daemon.
const BUSY: Duration = Duration::from_secs(5);

/// An open SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    settings: Settings,
    /// One connection: SQLite has one writer at a time, and waiting for it here is fair and does not poll.
    writer: SqlitePool,
    readers: SqlitePool,
    /// Part of every Message-ID.
    store_id: String,
    /// Dropped last: the lock must outlive the connections.
    _lock: Option<folder::Lock>,
}

impl Sqlite {
    pub(super) async fn open(settings: &Settings) -> Result<Self, StoreError> {
        folder::make(&settings.path)?;
        let lock = folder::lock(&settings.path)?;
        folder::make_private(&settings.path)?;
        let mut first = Self::connect(settings).await?;
        Self::look_over(settings, &mut first).await?;
        migrate(settings, &mut first).await?;
        close(first).await;
        Self::with(settings, Some(lock)).await
    }

    pub(super) async fn beside(settings: &Settings) -> Result<Self, StoreError> {
        let (found, known) = (Self::version_of(settings).await?, newest());
        let path = settings.path.clone();
        match found.cmp(&known) {
            Ordering::Greater => Err(StoreError::Newer { path, found, known }),
            Ordering::Less => Err(StoreError::Older { path, found, known }),
            Ordering::Equal => Self::with(settings, None).await,
        }
    }

    pub(super) async fn as_it_is(settings: &Settings) -> Result<Self, StoreError> {
        Self::version_of(settings).await?;
        Self::with(settings, None).await
    }

    /// Version of the tables of a file that is there; nothing is made or changed.
    async fn version_of(settings: &Settings) -> Result<i64, StoreError> {
        folder::may_be_read(&settings.path)?;
        let mut first = Self::connect(settings).await?;
        let found = version(settings, &mut first).await?;
        close(first).await;
        // An empty file: a daemon has just made it, or was stopped at that moment.
        if found == 0 { Err(StoreError::missing(&settings.path)) } else { Ok(found) }
    }

    async fn with(settings: &Settings, lock: Option<folder::Lock>) -> Result<Self, StoreError> {
        let failed = |e: sqlx::Error| StoreError::of(&settings.path, &e);
        let pool = |most| {
            SqlitePoolOptions::new()
                .max_connections(most)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(60))
        };
        let writer = pool(1).connect_with(options(settings)).await.map_err(failed)?;
        let readers = pool(READERS).connect_with(options(settings).pragma("query_only", "ON")).await.map_err(failed)?;
        let store_id = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
            .bind("store_id")
            .fetch_one(&writer)
            .await
            .map_err(failed)?;
        Ok(Self { path: settings.path.clone(), settings: settings.clone(), writer, readers, store_id, _lock: lock })
    }

    async fn connect(settings: &Settings) -> Result<SqliteConnection, StoreError> {
        options(settings).connect().await.map_err(|e| StoreError::of(&settings.path, &e))
    }

    /// Refuses a damaged file before anything is written to it.
    async fn look_over(settings: &Settings, first: &mut SqliteConnection) -> Result<(), StoreError> {
        let found: String =
            sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(first).await.map_err(|e| StoreError::of(&settings.path, &e))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(StoreError::Corrupt { path: settings.path.clone(), found: found.replace('\n', "; ") }),
        }
    }

    /// Begins a transaction that writes. IMMEDIATE, because one that reads first and writes later fails at once, without
    /// waiting, when another writer was quicker.
    async fn begin(&self) -> Result<Writing, StoreError> {
        let connection = self.writer.acquire().await.map_err(|e| self.error(&e))?;
        // Guarded before it begins: a future dropped right here must not leave a transaction open in the pool.
        let mut tx = Writing { connection, done: false };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *tx).await.map_err(|e| self.error(&e))?;
        Ok(tx)
    }

    async fn commit(&self, tx: Writing) -> Result<(), StoreError> {
        tx.finish("COMMIT").await.map_err(|e| self.error(&e))
    }

    /// Ends a transaction that has written nothing.
    async fn leave(&self, tx: Writing) -> Result<(), StoreError> {
        tx.finish("ROLLBACK").await.map_err(|e| self.error(&e))
    }

    fn error(&self, error: &sqlx::Error) -> StoreError {
        StoreError::of(&self.path, error)
    }

    pub(super) fn free_bytes(&self) -> Result<u64, StoreError> {
        folder::free_bytes(&self.path)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        // The last connection to close folds the log into the database.
        self.writer.close().await;
    }
}

/// A transaction that writes. Dropped without `commit` or `leave`, it takes its connection along, and what it wrote is gone.
///
/// Not sqlx's own: SQLite ends a transaction by itself when the disk is full, sqlx counts it as open for ever after, and the
/// connection could never write again.
struct Writing {
    connection: PoolConnection<Driver>,
    done: bool,
}

impl Writing {
    async fn finish(mut self, how: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(how).execute(&mut *self.connection).await?;
        self.done = true;
        Ok(())
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.done {
            self.connection.close_on_drop();
        }
    }
}

fn options(settings: &Settings) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&settings.path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("trusted_schema", "OFF")
        .optimize_on_close(true, None)
        .disable_statement_logging()
}

fn migrations() -> Vec<Migration> {
    let memory = include_str!("../migrations/sqlite/0001_memory.sql");
    let ingestion = include_str!("../migrations/sqlite/0002_ingestion.sql");
    let alerts = include_str!("../migrations/sqlite/0003_alerts.sql");
    let identity = include_str!("../migrations/sqlite/0004_identity.sql");
    let feedback = include_str!("../migrations/sqlite/0005_feedback.sql");
    let networks = include_str!("../migrations/sqlite/0006_networks.sql");
    let told = include_str!("../migrations/sqlite/0007_alerts.sql");
    let streams = include_str!("../migrations/sqlite/0008_streams.sql");
    let one = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    vec![
        one(1, "memory", memory),
        one(2, "ingestion", ingestion),
        one(3, "alerts", alerts),
        one(4, "identity", identity),
        one(5, "feedback", feedback),
        one(6, "networks", networks),
        one(7, "told", told),
        one(8, "streams", streams),
    ]
}

fn newest() -> i64 {
    migrations().iter().map(|migration| migration.version).max().unwrap_or(0)
}

async fn migrate(settings: &Settings, first: &mut SqliteConnection) -> Result<(), StoreError> {
    let found = version(settings, first).await?;
    let known = newest();
    if found > known {
        return Err(StoreError::Newer { path: settings.path.clone(), found, known });
    }
    Migrator::with_migrations(migrations()).run_direct(None, first, false).await.map_err(|e| match e {
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => StoreError::of(&settings.path, &e),
        other => StoreError::Row { what: "the record of changes to the tables".to_owned(), found: other.to_string() },
    })
}

/// Version of the tables; 0 before there are any.
async fn version(settings: &Settings, first: &mut SqliteConnection) -> Result<i64, StoreError> {
    let failed = |e: sqlx::Error| StoreError::of(&settings.path, &e);
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *first)
        .await
        .map_err(failed)?;
    if there == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations").fetch_one(first).await.map_err(failed)
}

/// Closes a connection; what it could not say while closing, the next one will say while opening.
async fn close(connection: SqliteConnection) {
    let _ = connection.close().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::{SourceName, SourceState};
    use crate::store::Store;
    use std::sync::Arc;

    /// A disk that is full, made by telling the one writer that the file may not grow.
    async fn allow_pages(db: &Sqlite, pages: &'static str) {
        sqlx::query(pages).execute(&db.writer).await.unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_is_recognised_and_over_when_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { path: folder.path().join("full.db"), ..Settings::default() };
        let db = Arc::new(Sqlite::open(&settings).await.unwrap());
        let store = Store::Sqlite(db.clone());
        let state = SourceState { last_error: Some("x".repeat(60_000)), ..SourceState::default() };
        store.record_state(&SourceName("before".into()), &state).await.unwrap();
        allow_pages(&db, "PRAGMA max_page_count = 1").await;
        let mut full = None;
        for n in 0..20 {
            full = store.record_state(&SourceName(format!("during {n}")), &state).await.err();
            if full.is_some() {
                break;
            }
        }
        let error = full.unwrap();
        assert!(error.is_full() && error.try_again_in().is_some(), "{error}");
        assert!(store.source_states().await.unwrap().contains_key(&SourceName("before".into())), "reading goes on");
        allow_pages(&db, "PRAGMA max_page_count = 1000000").await;
        store.record_state(&SourceName("after".into()), &state).await.unwrap();
        assert!(store.check().await.unwrap().is_empty());
    }
}
