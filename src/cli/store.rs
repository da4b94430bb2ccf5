//! `claimwatch store`: a sound copy of the memory, and whether the memory itself is sound.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::output::{Answer, Format, json};
use super::{ConfigPath, Exit};
use crate::config::{self, Config};
use crate::rules::diagnostic::Level;
use crate::store::Store;
use crate::store::error::StoreError;

/// Arguments of `store`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Examples:
  claimwatch store backup /backups/claimwatch-monday.db
  claimwatch store check

Exit code: 0 · 1 the database is damaged · 3 the configuration cannot be read · 4 it cannot be read or written";

/// What can be done with the memory.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Write a copy of the database, also while claimwatch runs, and check the copy.
    Backup {
        /// Where to; must not exist yet.
        #[arg(value_name = "PATH")]
        to: PathBuf,
        /// The configuration.
        #[command(flatten)]
        config: ConfigPath,
    },
    /// Read the whole database and say what is wrong with it.
    Check {
        /// The configuration.
        #[command(flatten)]
        config: ConfigPath,
        /// Answer in this form.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Does it.
pub async fn store(arguments: &Arguments) -> Answer {
    match &arguments.what {
        What::Backup { to, config } => as_it_is(config, async |store| backup(store, to).await).await,
        What::Check { config, format } => as_it_is(config, async |store| check(store, *format).await).await,
    }
}

async fn backup(store: &Store, to: &Path) -> Result<Answer, StoreError> {
    store.backup(to).await?;
    let path = to.display();
    Ok(Answer::new(
        format!(
            "The copy {path} is complete and sound.\nTo go back to it: stop claimwatch, put the copy in the database's place, \
             remove the files ending in -wal and -shm, start claimwatch.\n"
        ),
        Exit::Fine,
    ))
}

async fn check(store: &Store, format: Format) -> Result<Answer, StoreError> {
    let faults = store.check().await?;
    let exit = if faults.is_empty() { Exit::Fine } else { Exit::Faults };
    if format == Format::Json {
        return Ok(Answer::new(json(&serde_json::json!({ "sound": faults.is_empty(), "faults": faults })), exit));
    }
    let text = if faults.is_empty() {
        "The database is sound.\n".to_owned()
    } else {
        let list: String = faults.iter().map(|fault| format!("  {fault}\n")).collect();
        format!(
            "The database is damaged:\n{list}Stop claimwatch and go back to the last copy made with `claimwatch store backup`.\n"
        )
    };
    Ok(Answer::new(text, exit))
}

/// Opens the memory beside a running claimwatch and asks it; troubles become answers.
pub async fn with_store(config: &ConfigPath, ask: impl AsyncFnOnce(&Store, &Config) -> Result<Answer, StoreError>) -> Answer {
    let config = match configuration(config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    asked(Store::beside(&config.store).await, async |store| ask(store, &config).await).await
}

/// The same with a memory of any version, older or newer than this program.
async fn as_it_is(config: &ConfigPath, ask: impl AsyncFnOnce(&Store) -> Result<Answer, StoreError>) -> Answer {
    match configuration(config) {
        Ok(config) => asked(Store::as_it_is(&config.store).await, ask).await,
        Err(answer) => answer,
    }
}

fn configuration(config: &ConfigPath) -> Result<Config, Answer> {
    // Commands beside the daemon need none of its secrets.
    let reading = config::read(&config.config, Level::Warning);
    reading.config.ok_or_else(|| Answer::trouble(super::output::drawn(&reading.report, false), Exit::Unreadable))
}

async fn asked(store: Result<Store, StoreError>, ask: impl AsyncFnOnce(&Store) -> Result<Answer, StoreError>) -> Answer {
    let answer = match store {
        Ok(store) => {
            let answer = ask(&store).await;
            store.close().await;
            answer
        }
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| Answer::trouble(format!("{error}\n"), Exit::World))
}
