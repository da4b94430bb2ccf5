//! Whether the fact-checks that rules link to are still there: asked politely, under the daemon's own limits.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use url::Url;

use super::opened::day;
use super::output::counted;
use super::progress::Progress;
use crate::fetch::Fetcher;
use crate::fetch::error::FetchError;
use crate::fetch::settings::Settings;
use crate::model::claim::Status;
use crate::model::source::{Backfill, Source, SourceKind, SourceName, Validators};
use crate::rules::diagnostic::Diagnostic;
use crate::rules::lint::{place_of_text, warning};
use crate::rules::{Rule, RuleText, codes};
use crate::store::Store;
use crate::store::editors::LinkState;

/// How an address answered.
enum Answered {
    /// There is a page.
    Well,
    /// There is none.
    Gone(String),
    /// That could not be learnt today.
    Unsure(String),
}

/// What asking showed.
pub(super) struct Asked {
    /// Dead links.
    pub found: Vec<Diagnostic>,
    /// What a person should know beside them.
    pub remarks: String,
}

/// Asks for every fact-check of every rule that is not retired, each address once; remembers in `store` which answered well.
pub(super) async fn ask(rules: &[Rule], texts: &[RuleText], settings: &Settings, store: Option<&Store>) -> Asked {
    let mut by_host: BTreeMap<String, Vec<Url>> = BTreeMap::new();
    for url in rules.iter().filter(|rule| rule.claim.status != Status::Retired).flat_map(addresses) {
        let of_host = by_host.entry(url.host_str().unwrap_or_default().to_owned()).or_default();
        if !of_host.contains(url) {
            of_host.push(url.clone());
        }
    }
    let fetcher = Fetcher::new(settings);
    let number = by_host.values().map(Vec::len).sum::<usize>();
    let mut progress = Progress::new(Some(number as u64));
    // One host after the other waits for its turn; hosts do not wait for each other.
    let mut asking = stream::iter(by_host.into_values().map(|urls| {
        let fetcher = &fetcher;
        let asked = stream::iter(urls).then(async move |url| {
            let answer = one(fetcher, &url).await;
            (url, answer)
        });
        Box::pin(asked)
    }))
    .flatten_unordered(settings.in_flight);
    let mut answers: BTreeMap<Url, Result<(), FetchError>> = BTreeMap::new();
    while let Some((url, answer)) = asking.next().await {
        answers.insert(url, answer);
        progress.at(answers.len() as u64, &format_args!("{} links", answers.len()));
    }
    progress.end();
    let offline = answers.values().all(|answer| matches!(answer, Err(FetchError::Dns { .. } | FetchError::Connect { .. })));
    let answers: BTreeMap<Url, Answered> = answers.into_iter().map(|(url, answer)| (url, read(answer, offline))).collect();
    let known = match store {
        Some(store) => store.links().await.unwrap_or_default(),
        None => BTreeMap::new(),
    };
    let mut remarks = remarks(&answers, offline && number > 0);
    if let Some(store) = store {
        let sure: Vec<(String, bool)> = answers
            .iter()
            .filter(|(_, answer)| !matches!(answer, Answered::Unsure(_)))
            .map(|(url, answer)| (url.to_string(), matches!(answer, Answered::Well)))
            .collect();
        if let Err(error) = store.note_links(&sure, Timestamp::now()).await {
            remarks.push_str(&format!("What was learnt could not be remembered: {error}\n"));
        }
    }
    Asked { found: dead(rules, texts, &answers, &known), remarks }
}

fn addresses(rule: &Rule) -> impl Iterator<Item = &Url> {
    rule.claim.fact_checks.iter().filter_map(|check| check.url.as_ref())
}

async fn one(fetcher: &Fetcher, url: &Url) -> Result<(), FetchError> {
    let source = Source {
        name: SourceName("lint".to_owned()),
        kind: SourceKind::Feed { url: url.clone(), allow_private: Vec::new() },
        every: Duration::from_secs(24 * 60 * 60),
        backfill: Backfill::Nothing,
    };
    fetcher.fetch(&source, &Validators::default()).await.map(drop)
}

fn read(answer: Result<(), FetchError>, offline: bool) -> Answered {
    match answer {
        // Larger than what we read, or packed oddly: but it is there.
        Ok(()) | Err(FetchError::TooLarge { .. } | FetchError::Unpackable { .. }) => Answered::Well,
        Err(
            error @ (FetchError::NotFound { .. }
            | FetchError::Gone { .. }
            | FetchError::BlockedAddress { .. }
            | FetchError::SentAstray { .. }),
        ) => Answered::Gone(error.to_string()),
        Err(error @ FetchError::Dns { .. }) if !offline => Answered::Gone(error.to_string()),
        Err(error) => Answered::Unsure(error.to_string()),
    }
}

fn remarks(answers: &BTreeMap<Url, Answered>, offline: bool) -> String {
    if offline {
        return "No link could be asked for: this machine seems to be offline.\n".to_owned();
    }
    let unsure: Vec<&String> = answers
        .values()
        .filter_map(|answer| match answer {
            Answered::Unsure(why) => Some(why),
            Answered::Well | Answered::Gone(_) => None,
        })
        .collect();
    if unsure.is_empty() {
        return String::new();
    }
    let lines: String = unsure.iter().map(|why| format!("  {why}\n")).collect();
    format!("{} could not be judged today:\n{lines}", counted(unsure.len(), "link"))
}

fn dead(
    rules: &[Rule],
    texts: &[RuleText],
    answers: &BTreeMap<Url, Answered>,
    known: &BTreeMap<String, LinkState>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules.iter().filter(|rule| rule.claim.status != Status::Retired) {
        for url in addresses(rule) {
            let Some(Answered::Gone(why)) = answers.get(url) else { continue };
            let last = match known.get(url.as_str()).and_then(|state| state.good_at) {
                Some(at) => format!("it last answered well on {}", day(at)),
                None => "it has not answered well since we began to look".to_owned(),
            };
            found.push(warning(
                codes::DEAD_LINK,
                place_of_text(rule, url.as_str(), texts),
                format!("the fact-check is not there any more: {why}"),
                format!("{last}; put in its new address, or one from an archive: https://web.archive.org/web/{url}"),
            ));
        }
    }
    found
}
