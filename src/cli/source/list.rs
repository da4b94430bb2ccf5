//! `source list`: how every source is doing, read beside a running daemon.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::configuration;
use crate::cli::output::{Answer, Format, Paint, colour, counted, json};
use crate::cli::{ConfigPath, Exit};
use crate::model::source::{Health, Source, SourceState};
use crate::model::units::in_words;
use crate::store::Store;
use crate::store::error::StoreError;

/// Arguments of `source list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

pub(super) async fn list(arguments: &Arguments) -> Answer {
    let config = match configuration(&arguments.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let mut states = match Store::beside(&config.store).await {
        Ok(store) => {
            let states = store.source_states().await;
            store.close().await;
            match states {
                Ok(states) => states,
                Err(error) => return Answer::trouble(format!("{error}\n"), Exit::World),
            }
        }
        // Nothing was visited yet.
        Err(StoreError::Missing { .. }) => BTreeMap::new(),
        Err(error) => return Answer::trouble(format!("{error}\n"), Exit::World),
    };
    let rows: Vec<(&Source, SourceState)> =
        config.sources.iter().map(|source| (source, states.remove(&source.name).unwrap_or_default())).collect();
    if arguments.format == Format::Json {
        let all: Vec<_> = rows.iter().map(|(source, state)| as_json(source, state)).collect();
        return Answer::new(json(&json!(all)), Exit::Fine);
    }
    let paint = Paint { colour: colour() };
    let now = Timestamp::now();
    let wide = rows.iter().map(|(source, _)| source.name.0.chars().count()).max().unwrap_or(0).max(4);
    let mut text =
        paint.dim(&format!("{:<wide$}  {:<9}  {:<18}  {:<10}  {}\n", "name", "health", "last success", "every", "where"));
    for (source, state) in &rows {
        let word = format!("{:<9}", word_of(state.health));
        let word = match state.health {
            Health::Ok => paint.good(&word),
            Health::Failing | Health::Suspended => paint.bad(&word),
            Health::Degraded | Health::Disabled => paint.odd(&word),
            Health::New => paint.dim(&word),
        };
        let last = state.last_success.map_or("never".to_owned(), |at| format!("{} ago", between(at, now)));
        let every = match () {
            () if source.kind.is_stream() => "all along".to_owned(),
            () if source.kind.waits_for_a_call() => "when sent".to_owned(),
            () => in_words(source.every),
        };
        text.push_str(&format!("{:<wide$}  {word}  {last:<18}  {every:<10}  {}\n", source.name.0, source.kind.place()));
        if let Some(error) = &state.last_error {
            let again = state.next_due.filter(|due| *due > now).map(|due| format!("; next try in {}", between(now, due)));
            let failed = counted(usize::try_from(state.failures).unwrap_or(usize::MAX), "failure");
            text.push_str(&format!("{:wide$}  {error} ({failed}{})\n", "", again.unwrap_or_default()));
        }
        if state.health == Health::Disabled {
            text.push_str(&format!("{:wide$}  rests, as ordered; go on with: claimwatch source resume {}\n", "", source.name));
        }
    }
    if rows.is_empty() {
        text = "The configuration names no source; add one with: claimwatch source add URL\n".to_owned();
    }
    Answer::new(text, Exit::Fine)
}

fn between(then: Timestamp, now: Timestamp) -> String {
    in_words(std::time::Duration::try_from(now.duration_since(then)).unwrap_or_default())
}

/// The word for a source's health.
fn word_of(health: Health) -> &'static str {
    match health {
        Health::New => "new",
        Health::Ok => "ok",
        Health::Degraded => "degraded",
        Health::Failing => "failing",
        Health::Suspended => "suspended",
        Health::Disabled => "disabled",
    }
}

fn as_json(source: &Source, state: &SourceState) -> serde_json::Value {
    json!({
        "name": source.name.0,
        "kind": source.kind.word(),
        "where": source.kind.place(),
        "every_seconds": source.every.as_secs(),
        "health": word_of(state.health),
        "last_success": state.last_success.map(|at| at.to_string()),
        "next_visit": state.next_due.map(|at| at.to_string()),
        "failures": state.failures,
        "last_error": state.last_error,
        "visits_without_news": state.unchanged,
    })
}
