//! `claimwatch export`: rules as ClaimReview, for other desks and for search engines.

use std::path::PathBuf;

use clap::Args;

use super::drafts::write;
use super::output::{Answer, counted, json};
use super::test::{rule_called, rules_for};
use super::{ConfigPath, Exit};
use crate::model::claim::Status;
use crate::rules::Rule;
use crate::rules::export::document;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only this rule, whatever its status; without it, all but drafts.
    #[arg(value_name = "ID")]
    pub rule: Option<String>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Use the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Gives JSON-LD (schema.org): one ClaimReview for each fact-check that has an address, with the rating in the \
publisher's own words, the claimant, the day and the addresses where the claim appeared. `claimwatch import` \
reads it back.

Examples:
  claimwatch export --to claims.json
  claimwatch export nk-sleep-well-tonight

Exit code: 0 · 2 no such rule · 3 the rules have errors · 4 the file cannot be written";

/// Exports and says what was left out.
pub fn export(arguments: &Arguments) -> Answer {
    let reading = match rules_for(&arguments.config, &arguments.rules) {
        Ok(reading) => reading,
        Err(answer) => return answer,
    };
    let rules: Vec<&Rule> = match &arguments.rule {
        Some(id) => match rule_called(id, &reading.rules) {
            Ok(rule) => vec![rule],
            Err(answer) => return answer,
        },
        None => reading.rules.iter().filter(|rule| rule.claim.status != Status::Draft).collect(),
    };
    let (document, count, without) = document(rules.iter().copied());
    let left_out = without
        .iter()
        .map(|(rule, check)| format!("Left out: {} by {}, because it has no address.\n", rule.claim.id, check.publisher));
    let unchecked = rules.iter().filter(|rule| rule.claim.fact_checks.is_empty());
    let unchecked = unchecked.map(|rule| format!("Left out: {}, which names no fact-check.\n", rule.claim.id));
    let trouble: String = left_out.chain(unchecked).collect();
    let text = json(&document);
    let Some(path) = &arguments.to else { return Answer { text, trouble, exit: Exit::Fine } };
    match write(path, text.as_bytes()) {
        Ok(()) => {
            let text = format!("{} of {} in {}.\n", counted(count, "fact-check"), counted(rules.len(), "rule"), path.display());
            Answer { text, trouble, exit: Exit::Fine }
        }
        Err(error) => Answer::trouble(format!("{} cannot be written: {error}.\n", path.display()), Exit::World),
    }
}
