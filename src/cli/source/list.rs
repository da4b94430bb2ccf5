//! `source list`: how every source is doing, read beside a running daemon.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::configuration;
use crate::cli::output::{Answer, Format, Paint, colour, counted, json};
use crate::cli::{ConfigPath, Exit};
use crate::model::hub::{Subscription, SubscriptionState};
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
    let mut hubs = Vec::new();
    let mut states = match Store::beside(&config.store).await {
        Ok(store) => {
            let states = store.source_states().await;
            hubs = store.subscriptions().await.unwrap_or_default();
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
    // Posts were pushed in although the configuration names no source for them.
    let unnamed: Vec<Source> = Source::pushable(&config.sources)
        .into_iter()
        .filter(|source| !config.sources.contains(source) && states.contains_key(&source.name))
        .collect();
    let rows: Vec<(&Source, SourceState)> =
        config.sources.iter().chain(&unnamed).map(|source| (source, states.remove(&source.name).unwrap_or_default())).collect();
    if arguments.format == Format::Json {
        let all: Vec<_> = rows.iter().map(|(source, state)| as_json(source, state, &hubs)).collect();
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
        for line in conditions(source, state).into_iter().chain(pushed(source, &hubs, now)) {
            text.push_str(&format!("{:wide$}  {line}\n", ""));
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

/// What else is worth knowing about a source, a line each.
fn conditions(source: &Source, state: &SourceState) -> Vec<String> {
    let condition = &state.condition;
    let mut lines = Vec::new();
    let pause = condition.pause_seconds.map(std::time::Duration::from_secs).unwrap_or_default();
    if pause > source.every.mul_f64(1.2) {
        lines.push(format!("asked every {} now: it brings little, or its server wishes so", in_words(pause)));
    }
    if state.health == Health::Degraded && !condition.repaired.is_empty() {
        lines.push(format!("repaired: {}", condition.repaired.join(", ")));
    }
    if let Some(address) = &condition.address {
        lines.push(format!("has moved for good, and is asked at {}", place(&address.is)));
    }
    if let Some(moved) = condition.moved.as_ref().filter(|moved| moved.times >= 3) {
        lines.push(format!(
            "says it has moved for good to {}; if that is right, write it into the configuration",
            place(&moved.to)
        ));
    }
    if state.health == Health::Suspended {
        lines.push("given up on, and asked once a day".to_owned());
    }
    lines
}

/// What stands between a source and its hub.
fn pushed(source: &Source, hubs: &[Subscription], now: Timestamp) -> Option<String> {
    let one = hubs.iter().find(|one| one.source == source.name && one.state != SubscriptionState::Leaving)?;
    let hub = one.hub.parse::<url::Url>().ok()?.host_str().unwrap_or_default().to_owned();
    Some(match (one.lease_until.filter(|until| *until > now), &one.last_error) {
        (Some(until), _) => format!("pushed by {hub}, for {} more", between(now, until)),
        (None, Some(error)) => format!("not pushed by {hub}: {error}"),
        (None, None) => format!("{hub} was asked to push it"),
    })
}

/// An address without what it may carry behind a question mark.
fn place(url: &url::Url) -> String {
    format!("{}{}", url.host_str().unwrap_or_default(), url.path())
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

fn as_json(source: &Source, state: &SourceState, hubs: &[Subscription]) -> serde_json::Value {
    let hub = hubs.iter().find(|one| one.source == source.name);
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
        "pause_seconds": state.condition.pause_seconds,
        "repaired": state.condition.repaired,
        "last_news": state.condition.last_news.map(|at| at.to_string()),
        "failing_since": state.condition.failing_since.map(|at| at.to_string()),
        "moved_to": state.condition.moved.as_ref().map(|moved| place(&moved.to)),
        "asked_at": state.condition.address.as_ref().map(|address| place(&address.is)),
        "visits_without_news": state.unchanged,
        "pushed_until": hub.and_then(|one| one.lease_until).map(|at| at.to_string()),
        "pushed_last": hub.and_then(|one| one.heard_at).map(|at| at.to_string()),
    })
}
