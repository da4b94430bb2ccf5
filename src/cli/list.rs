//! `claimwatch list`: the rules, one a line.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::lint::today;
use super::marks::shortened;
use super::output::{Answer, Format, Paint, colour, counted, json as as_json};
use super::test::rules_for;
use super::{ConfigPath, Exit};
use crate::model::claim::Status;
use crate::rules::{Rule, Strictness};

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// List the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Only rules of this status: draft, test, active, paused, retired.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    pub status: Option<Status>,
    /// Only rules of this topic or with this tag.
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Only rules whose owner's address holds these letters.
    #[arg(long, value_name = "OWNER")]
    pub owner: Option<String>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Examples:
  claimwatch list
  claimwatch list --status draft
  claimwatch list --topic north-korea --owner ana

Exit code: 0 · 3 the rules have errors";

/// The words for a status.
const STATUSES: [(&str, Status); 5] = [
    ("draft", Status::Draft),
    ("test", Status::Test),
    ("active", Status::Active),
    ("paused", Status::Paused),
    ("retired", Status::Retired),
];

fn status(word: &str) -> Result<Status, String> {
    let found = STATUSES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, status)| *status).ok_or_else(|| "choose draft, test, active, paused or retired".to_owned())
}

/// The word for a status.
pub(super) fn status_word(status: Status) -> &'static str {
    STATUSES.iter().find(|(_, known)| *known == status).map_or("", |(word, _)| word)
}

/// Lists them.
pub fn list(arguments: &Arguments) -> Answer {
    let reading = match rules_for(&arguments.config, &arguments.rules) {
        Ok(reading) => reading,
        Err(answer) => return answer,
    };
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    let wanted = |rule: &&Rule| {
        let on_topic = |topic: &String| rule.claim.topic.iter().chain(&rule.claim.tags).any(|known| same(known, topic));
        let owned = |name: &String| {
            rule.upkeep.owner.as_ref().is_some_and(|owner| owner.to_lowercase().contains(&name.trim().to_lowercase()))
        };
        arguments.status.is_none_or(|status| status == rule.claim.status)
            && arguments.topic.as_ref().is_none_or(on_topic)
            && arguments.owner.as_ref().is_none_or(owned)
    };
    let chosen: Vec<&Rule> = reading.rules.iter().filter(wanted).collect();
    if arguments.format == Format::Json {
        let all: Vec<Value> = chosen.iter().map(|rule| in_json(rule)).collect();
        return Answer::new(as_json(&json!({ "rules": all })), Exit::Fine);
    }
    let paint = Paint { colour: colour() };
    if chosen.is_empty() {
        return Answer::new(format!("None of {} is like that.\n", counted(reading.rules.len(), "rule")), Exit::Fine);
    }
    let width = chosen.iter().map(|rule| rule.claim.id.0.chars().count()).max().unwrap_or_default();
    let care = chosen.iter().any(|rule| rule.upkeep.owner.is_some() || rule.upkeep.review_by.is_some());
    let mut text = String::new();
    for rule in &chosen {
        text.push_str(&line(rule, width, care, paint));
    }
    text.push_str(&format!("{}.\n", counted(chosen.len(), "rule")));
    Answer::new(text, Exit::Fine)
}

fn line(rule: &Rule, width: usize, care: bool, paint: Paint) -> String {
    let word = format!("{:7}", status_word(rule.claim.status));
    let word = match rule.claim.status {
        Status::Active => paint.good(&word),
        Status::Test => paint.odd(&word),
        Status::Draft | Status::Paused | Status::Retired => paint.dim(&word),
    };
    let tests = match rule.tests.len() {
        0 => "no tests".to_owned(),
        number => counted(number, "test"),
    };
    let upkeep = if care {
        let owner = rule.upkeep.owner.as_deref().unwrap_or("–");
        let review = rule.upkeep.review_by.map_or("–".to_owned(), |date| date.to_string());
        let review = format!("{review:10}");
        let late = rule.upkeep.review_by.is_some_and(|date| date < today());
        format!("  {:24}  {}", shortened(owner, 0, 24), if late { paint.bad(&review) } else { review })
    } else {
        String::new()
    };
    format!(
        "{}  {word}  {tests:>8}{upkeep}  {}\n",
        paint.strong(&format!("{:width$}", rule.claim.id.0)),
        shortened(&rule.claim.claim, 0, 80)
    )
}

/// A rule as JSON.
pub(super) fn in_json(rule: &Rule) -> Value {
    let claim = &rule.claim;
    json!({
        "id": claim.id,
        "status": claim.status,
        "revision": claim.revision,
        "claim": claim.claim,
        "claimant": claim.claimant,
        "topic": claim.topic,
        "tags": claim.tags,
        "desks": claim.desks,
        "severity": claim.severity,
        "owner": rule.upkeep.owner,
        "review_by": rule.upkeep.review_by.map(|date| date.to_string()),
        "active_from": rule.upkeep.active_from.map(|date| date.to_string()),
        "expires": rule.upkeep.expires.map(|date| date.to_string()),
        "replaces": rule.upkeep.replaces,
        "strictness": Strictness::name_of(rule.threshold),
        "threshold": rule.threshold,
        "wordings": rule.wordings.len(),
        "tests": rule.tests.len(),
        "fact_checks": claim.fact_checks,
        "file": rule.place.file,
        "line": rule.place.line,
    })
}
