//! `claimwatch test`: what the editors expect of their rules, tried on the engine.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::output::{Answer, ListFormat, Paint, colour, counted, drawn, github, json};
use super::trial::{Outcome, Trial, try_rule};
use super::{ConfigPath, Exit};
use crate::config::{self, Reading, Report};
use crate::rules::Rule;
use crate::rules::diagnostic::{Diagnostic, Level, any_error};
use crate::rules::reading::table::nearest;

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Test the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Test only these rules.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Each rule is tried alone on the posts of its [claim.tests], drafts too.
  .  as expected        *  as expected, but a close call
  M  missing: it should match and does not
  N  noisy: it should not match and does
  p  pending: known to fail
  !  pending, yet as expected: take `pending` away

Exit code: 0 all as expected · 1 some are not · 2 no such rule · 3 the rules have errors";

/// Reads the rules that a command needs, or says why it cannot go on.
pub(super) fn rules_for(config: &ConfigPath, paths: &[PathBuf]) -> Result<Reading, Answer> {
    let reading = match paths {
        [] => config::read_rules_of(&config.config),
        paths => config::read_rules(paths, Some(&config.config)),
    };
    if any_error(&reading.report.found) {
        let drawn = drawn(&reading.report, false);
        return Err(Answer::trouble(format!("{drawn}The rules have errors; mend them first.\n"), Exit::Unreadable));
    }
    Ok(reading)
}

/// The rule of that id, or an answer that names a similar one.
pub(super) fn rule_called<'r>(id: &str, rules: &'r [Rule]) -> Result<&'r Rule, Answer> {
    rules.iter().find(|rule| rule.claim.id.0 == id).ok_or_else(|| {
        let known: Vec<&str> = rules.iter().map(|rule| rule.claim.id.0.as_str()).collect();
        let hint = nearest(id, &known).map(|id| format!(" Did you mean {id}?")).unwrap_or_default();
        Answer::trouble(format!("There is no rule {id}.{hint}\n"), Exit::Usage)
    })
}

/// Tries the tests and says how they went.
pub fn test(arguments: &Arguments) -> Answer {
    let reading = match rules_for(&arguments.config, &arguments.rules) {
        Ok(reading) => reading,
        Err(answer) => return answer,
    };
    let mut chosen: Vec<&Rule> = Vec::new();
    for id in &arguments.ids {
        match rule_called(id, &reading.rules) {
            Ok(rule) => chosen.push(rule),
            Err(answer) => return answer,
        }
    }
    if arguments.ids.is_empty() {
        chosen = reading.rules.iter().collect();
    }
    let now = Timestamp::now();
    let tried: Vec<(&Rule, Vec<Trial>)> = chosen.into_iter().map(|rule| (rule, try_rule(rule, now))).collect();
    let failed = tried.iter().flat_map(|(_, trials)| trials).filter(|trial| trial.outcome.is_fault()).count();
    let exit = if failed == 0 { Exit::Fine } else { Exit::Faults };
    match arguments.format {
        ListFormat::Json => Answer::new(json(&as_json(&tried, failed)), exit),
        ListFormat::Github => Answer::new(github(&as_report(&tried)), exit),
        ListFormat::Text => Answer::new(as_text(&tried, failed, Paint { colour: colour() }), exit),
    }
}

fn as_text(tried: &[(&Rule, Vec<Trial>)], failed: usize, paint: Paint) -> String {
    let width = tried.iter().map(|(rule, _)| rule.claim.id.0.len()).max().unwrap_or_default();
    let dots_width = tried.iter().map(|(_, trials)| trials.len()).max().unwrap_or_default().min(40);
    let mut text = String::new();
    for (rule, trials) in tried {
        let dots: String = trials.iter().map(|trial| trial.outcome.sign()).collect();
        text.push_str(&format!("{:width$}  {dots:dots_width$}  {}\n", rule.claim.id.0, verdict(trials, paint)));
        for trial in trials.iter().filter(|trial| !matches!(trial.outcome, Outcome::Expected)) {
            text.push_str(&told(trial, paint));
        }
    }
    let all: usize = tried.iter().map(|(_, trials)| trials.len()).sum();
    let pending = tried.iter().flat_map(|(_, trials)| trials).filter(|trial| trial.outcome == Outcome::Pending).count();
    let passed = format!("{} of {all} as expected", all - failed - pending);
    let passed = if failed == 0 { paint.good(&passed) } else { paint.bad(&passed) };
    let pending = if pending == 0 { String::new() } else { format!(", {pending} pending") };
    text.push_str(&format!("{}: {passed}{pending}.\n", counted(tried.len(), "rule")));
    text
}

fn verdict(trials: &[Trial], paint: Paint) -> String {
    let count = |outcome: Outcome| trials.iter().filter(|trial| trial.outcome == outcome).count();
    let mut words: Vec<String> = Vec::new();
    let mut say = |number: usize, what: &str| {
        if number > 0 {
            words.push(format!("{number} {what}"));
        }
    };
    say(count(Outcome::Missing), "missing");
    say(count(Outcome::Noisy), "noisy");
    let bad = !words.is_empty();
    let mut words = words.join(", ");
    if trials.is_empty() {
        return paint.odd("no tests yet: add [claim.tests] with must_match and must_not_match");
    }
    words = if bad { paint.bad(&words) } else { paint.good("ok") };
    for (number, what) in [
        (count(Outcome::CloseCall), "close call"),
        (count(Outcome::Pending), "pending"),
        (count(Outcome::Arrived), "no longer pending"),
    ] {
        if number > 0 {
            words.push_str(&format!(", {number} {what}"));
        }
    }
    words
}

fn told(trial: &Trial, paint: Paint) -> String {
    let name = match trial.outcome {
        Outcome::Missing => paint.bad("MISSING"),
        Outcome::Noisy => paint.bad("NOISY  "),
        Outcome::CloseCall => paint.odd("close  "),
        Outcome::Pending => paint.dim("pending"),
        Outcome::Arrived => paint.odd("arrived"),
        Outcome::Expected => String::new(),
    };
    let mut text = format!("  {name}  {}\n", trial.shown(paint));
    for line in trial.reasons() {
        text.push_str(&format!("           {line}\n"));
    }
    text
}

/// Tests that went otherwise than wanted, as mistakes at their places.
fn as_report(tried: &[(&Rule, Vec<Trial>)]) -> Report {
    let trials = tried.iter().flat_map(|(rule, trials)| trials.iter().map(move |trial| (rule, trial)));
    let found = trials
        .filter(|(_, trial)| trial.outcome.is_fault())
        .map(|(rule, trial)| {
            let (code, what) = match trial.outcome {
                Outcome::Noisy => ("NOISY", "should not match this post, and does"),
                _ => ("MISSING", "should match this post, and does not"),
            };
            Diagnostic {
                level: Level::Error,
                code,
                message: format!("{} {what}", rule.claim.id),
                place: trial.test.place.clone(),
                help: Some(trial.reasons().join("\n")),
                also: None,
            }
        })
        .collect();
    Report { found, ..Report::default() }
}

fn as_json(tried: &[(&Rule, Vec<Trial>)], failed: usize) -> serde_json::Value {
    let rules: Vec<_> = tried
        .iter()
        .map(|(rule, trials)| {
            json!({
                "id": rule.claim.id.0,
                "revision": rule.claim.revision.0,
                "threshold": rule.threshold.value(),
                "tests": trials.iter().map(Trial::as_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "failed": failed, "rules": rules })
}
