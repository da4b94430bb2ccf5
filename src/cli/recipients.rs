//! `claimwatch mail recipients`: who refuses letters, and who is written to again.

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{Answer, Format, counted, json as as_json};
use super::store::with_store;
use super::{ConfigPath, Exit};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Refusing;

/// Arguments of `mail recipients`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t, global = true)]
    pub format: Format,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List recipients that refused letters for good; after three in a row they are no longer written to.
    List,
    /// Write to a recipient again.
    Resume {
        /// The address.
        address: String,
    },
}

/// Does what is asked, beside a running daemon or without one.
pub async fn recipients(arguments: &Arguments) -> Answer {
    let format = arguments.format;
    with_store(&arguments.config, async |store, _| match &arguments.command {
        Command::List => list(store, format).await,
        Command::Resume { address } => resume(store, address, format).await,
    })
    .await
}

async fn list(store: &Store, format: Format) -> Result<Answer, StoreError> {
    let refusing = store.refusing().await?;
    if format == Format::Json {
        let told = |one: &Refusing| {
            let paused = one.paused_at.map(|at| at.to_string());
            json!({ "address": one.address, "refusals": one.refusals, "paused_at": paused, "reply": one.reply })
        };
        return Ok(Answer::new(as_json(&json!(refusing.iter().map(told).collect::<Vec<_>>())), Exit::Fine));
    }
    if refusing.is_empty() {
        return Ok(Answer::new("No recipient refuses letters.\n".to_owned(), Exit::Fine));
    }
    let line = |one: &Refusing| {
        let state = match one.paused_at {
            Some(at) => format!("no longer written to since {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            None => "still written to".to_owned(),
        };
        let refusals = usize::try_from(one.refusals).unwrap_or(usize::MAX);
        format!("{}  {} refused, {state}\n    {}\n", one.address, counted(refusals, "letter"), one.reply)
    };
    Ok(Answer::new(refusing.iter().map(line).collect(), Exit::Fine))
}

async fn resume(store: &Store, address: &str, format: Format) -> Result<Answer, StoreError> {
    match store.write_again_to(address).await {
        Ok(()) if format == Format::Json => Ok(Answer::new(as_json(&json!({ "resumed": address })), Exit::Fine)),
        Ok(()) => Ok(Answer::new(format!("{address} is written to again, beginning with the next letter.\n"), Exit::Fine)),
        Err(StoreError::Unknown { .. }) => {
            let text = format!("{address} refuses no letters; see `claimwatch mail recipients list`.\n");
            Ok(Answer::trouble(text, Exit::Usage))
        }
        Err(error) => Err(error),
    }
}
