//! `claimwatch show`: one rule in words, and what is remembered of it.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::feedback::{line, sighting_json};
use super::list::{in_json, status_word};
use super::marks::shortened;
use super::opened::{Opened, open};
use super::output::{Answer, Format, Paint, colour, counted, json as as_json};
use super::precision::Precision;
use super::test::rule_called;
use super::trial::{asked, stance_name};
use super::{ConfigPath, Exit};
use crate::alerting::route::desks_for;
use crate::model::claim::{Severity, Verdict};
use crate::model::sighting::{When, WordingKind};
use crate::rules::{Rule, Strictness};
use crate::store::editors::{Doing, Sighted, Wanted};
use crate::store::error::StoreError;

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rule.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show so many of its sightings.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub sightings: u32,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Look for it in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Sightings have numbers: say of each whether it is right with claimwatch feedback NUMBER confirm, or dismiss.

Exit code: 0 · 2 no such rule · 3 the rules have errors";

/// Days looked back on.
const DAYS: i64 = 30;

/// Shows it.
pub async fn show(arguments: &Arguments) -> Answer {
    let opened = match open(&arguments.config, &arguments.rules).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let rule = match rule_called(&arguments.id, &opened.reading.rules) {
        Ok(rule) => rule,
        Err(answer) => return answer,
    };
    let now = Timestamp::now();
    let past = past(&opened, rule, arguments.sightings, now).await;
    opened.close().await;
    if arguments.format == Format::Json {
        let (doing, sightings) = match &past {
            Ok((doing, sightings)) => (doing_json(doing), sightings.iter().map(sighting_json).collect()),
            Err(_) => (Value::Null, Vec::new()),
        };
        let answer = json!({ "rule": in_json(rule), "last_30_days": doing, "sightings": sightings });
        return Answer::new(as_json(&answer), Exit::Fine);
    }
    let paint = Paint { colour: colour() };
    let mut text = in_sentences(rule, &opened, paint);
    match past {
        Ok((doing, sightings)) => text.push_str(&remembered(&doing, &sightings, now, paint)),
        Err(why) => text.push_str(&paint.dim(&format!("\nNothing is known of its past: {why}.\n"))),
    }
    Answer::new(text, Exit::Fine)
}

async fn past(opened: &Opened, rule: &Rule, most: u32, now: Timestamp) -> Result<(Doing, Vec<Sighted>), String> {
    let store = opened.store.as_ref().map_err(Clone::clone)?;
    let since = now.checked_sub(jiff::SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MIN);
    let wanted = Wanted { claim: Some(rule.claim.id.clone()), unjudged: false, alerts: false, most };
    let asked = async {
        let doing = store.doing(since, now).await?.remove(&rule.claim.id).unwrap_or_default();
        Ok((doing, store.sightings(&wanted).await?))
    };
    asked.await.map_err(|error: StoreError| error.to_string())
}

fn doing_json(doing: &Doing) -> Value {
    json!({
        "sightings": doing.sightings,
        "near_misses": doing.possible,
        "letters": doing.letters,
        "confirmed": doing.confirmed,
        "dismissed": doing.dismissed,
        "last_seen": doing.last_seen,
    })
}

fn in_sentences(rule: &Rule, opened: &Opened, paint: Paint) -> String {
    let claim = &rule.claim;
    let (id, status) = (paint.strong(&claim.id.0), status_word(claim.status));
    let mut text = format!(
        "{id}  {status}  {}\n",
        paint.dim(&format!("{}:{}, revision {}", rule.place.file, rule.place.line, claim.revision.0))
    );
    let mut say = |name: &str, words: &str| {
        let words = words.replace('\n', "\n            ");
        text.push_str(&format!("  {name:9} {words}\n"));
    };
    say("claim", &claim.claim);
    let said_on = claim.said_on.map(|date| format!(" on {date}")).unwrap_or_default();
    if let Some(claimant) = &claim.claimant {
        say("said by", &format!("{claimant}{said_on}"));
    }
    say("found by", &wordings(rule));
    for group in &rule.all_of {
        say("and", &format!("one of {}", asked(group)));
    }
    if !rule.any_of.is_empty() {
        say("and", &format!("one of {}", asked(&rule.any_of)));
    }
    if !rule.none_of.is_empty() {
        say("but not", &format!("with {}", asked(&rule.none_of)));
    }
    if !rule.urls.is_empty() {
        say("or at", &format!("{}, or a link to one", counted(rule.urls.len(), "address").replace("addresss", "addresses")));
    }
    for (stance, when) in &rule.when {
        let what = match when {
            When::Alert => "a letter",
            When::Digest => "the digest",
            When::Ignore => "nothing",
        };
        say("when", &format!("{}: {what}", stance_name(*stance)));
    }
    say("told", &told(rule, opened));
    for check in &claim.fact_checks {
        let date = check.date.map(|date| format!(", {date}")).unwrap_or_default();
        let rating = check.rating.as_ref().map(|rating| format!(": \"{rating}\"")).unwrap_or_default();
        let verdict =
            if check.verdict == Verdict::Unrated { String::new() } else { format!(" ({})", verdict_word(check.verdict)) };
        let url = check.url.as_ref().map(|url| format!("\n{url}")).unwrap_or_default();
        say("checked", &format!("{}{date}{rating}{verdict}{url}", check.publisher));
    }
    say("tests", &tests(rule));
    for (name, words) in care(rule) {
        say(name, &words);
    }
    text
}

fn verdict_word(verdict: Verdict) -> String {
    serde_json::to_value(verdict).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn wordings(rule: &Rule) -> String {
    let of = |kind| rule.wordings.iter().filter(|wording| wording.kind == kind).count();
    let mut langs: Vec<&str> = Vec::new();
    for wording in &rule.wordings {
        let lang = wording.lang.as_ref().map_or("en", |lang| lang.0.as_str());
        if !langs.contains(&lang) {
            langs.push(lang);
        }
    }
    let strictness = Strictness::name_of(rule.threshold).map(|name| format!(" ({name})")).unwrap_or_default();
    format!(
        "{} and {} in {}; {:.2} of one is enough{strictness}",
        counted(of(WordingKind::Phrase), "phrase"),
        counted(of(WordingKind::Variant), "variant"),
        langs.join(", "),
        rule.threshold.value()
    )
}

fn told(rule: &Rule, opened: &Opened) -> String {
    let urgent = match rule.claim.severity {
        Severity::High => " (severity high)",
        Severity::Normal => "",
        Severity::Low => " (severity low)",
    };
    let Some(config) = &opened.config else { return format!("unknown without a configuration{urgent}") };
    let desks: Vec<&str> = desks_for(&rule.claim, &config.desks).iter().map(|desk| desk.name.0.as_str()).collect();
    match desks.as_slice() {
        [] => format!("nobody: no desk subscribes to its topic or tags{urgent}"),
        desks => format!("{}{urgent}", desks.join(", ")),
    }
}

fn tests(rule: &Rule) -> String {
    let must = rule.tests.iter().filter(|test| test.matches).count();
    let pending = rule.tests.iter().filter(|test| test.pending).count();
    let pending = if pending == 0 { String::new() } else { format!(", {pending} pending") };
    format!("{must} must match, {} must not{pending}", rule.tests.len() - must)
}

fn care(rule: &Rule) -> Vec<(&'static str, String)> {
    let upkeep = &rule.upkeep;
    let mut lines = Vec::new();
    lines.extend(upkeep.owner.clone().map(|owner| ("owner", owner)));
    lines.extend(upkeep.review_by.map(|date| ("review by", date.to_string())));
    lines.extend(upkeep.active_from.map(|date| ("from", date.to_string())));
    lines.extend(upkeep.expires.map(|date| ("until", date.to_string())));
    if !upkeep.replaces.is_empty() {
        lines.push(("replaces", upkeep.replaces.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ")));
    }
    lines.extend(upkeep.notes.as_ref().map(|notes| ("notes", notes.trim().to_owned())));
    lines
}

fn remembered(doing: &Doing, sightings: &[Sighted], now: Timestamp, paint: Paint) -> String {
    let precision = Precision { confirmed: doing.confirmed, dismissed: doing.dismissed };
    let number = |count: u64, word: &str| counted(usize::try_from(count).unwrap_or(usize::MAX), word);
    let mut text = format!(
        "\nIn the last {DAYS} days: {}, {}, {}; {} confirmed, {} dismissed",
        number(doing.sightings, "sighting"),
        number(doing.possible, "near-miss").replace("near-misss", "near-misses"),
        number(doing.letters, "letter"),
        doing.confirmed,
        doing.dismissed
    );
    let share = if precision.judged() > 0 { format!(", precision {}", precision.shown()) } else { String::new() };
    text.push_str(&format!("{share}.\n"));
    if doing.left_out > 0 {
        text.push_str(&format!(
            "{} told nobody: the like of it had been dismissed.\n",
            shortened(&number(doing.left_out, "post"), 0, 40)
        ));
    }
    if !sightings.is_empty() {
        text.push_str("\nIts newest sightings:\n");
        text.extend(sightings.iter().map(|sighted| line(sighted, now, paint)));
    }
    text
}
