//! `claimwatch check`: every mistake in configuration and rules, at once.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::output::{Answer, ListFormat, Paint, colour, counted, diagnostics, drawn, github, json, tally};
use super::{ConfigPath, Exit};
use crate::config;
use crate::rules::diagnostic::Level;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Check only these rule files or folders, without the configuration.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Nothing is started, sent or changed. Every mistake is told with its number, its place and how to mend it.

Examples:
  claimwatch check                     the configuration and all its rules
  claimwatch check rules/health.toml   one rule file
  claimwatch check archive.jsonl.gz    an archive of bulk claims

Exit code: 0 no errors · 1 errors · 3 the configuration cannot be read";

/// Checks and says what was found.
pub fn check(arguments: &Arguments) -> Answer {
    let config = &arguments.config.config;
    let only_rules = !arguments.paths.is_empty();
    let mut reading = if only_rules {
        config::read_rules(&arguments.paths, Some(config))
    } else {
        // Editors and CI have none of the operator's secrets.
        config::read(config, Level::Warning)
    };
    let (bulk, found) = config::archives::read(&reading.archives, &reading.rules);
    reading.report.found.extend(found);
    let report = &reading.report;
    let errors = report.count(Level::Error);
    let exit = match errors {
        0 => Exit::Fine,
        _ if report.texts.is_empty() && reading.archives.is_empty() => Exit::Unreadable,
        _ => Exit::Faults,
    };
    let claims = report.texts.iter().map(|text| claims_in(&text.bytes)).sum();
    if arguments.format == ListFormat::Github {
        return Answer::new(github(report), exit);
    }
    if arguments.format == ListFormat::Json {
        let answer = json!({
            "files": report.texts.len(),
            "claims": claims,
            "bulk_files": reading.archives.len(),
            "bulk_claims": bulk.len(),
            "errors": errors,
            "warnings": report.count(Level::Warning),
            "diagnostics": diagnostics(report),
        });
        return Answer::new(json(&answer), exit);
    }
    let colour = colour();
    let paint = Paint { colour };
    let tally = tally(report);
    let tally = if errors == 0 { paint.good(&tally) } else { paint.bad(&tally) };
    let mut text = drawn(report, colour);
    let archives = match reading.archives.len() {
        0 => String::new(),
        files => format!(", and {} in {}", counted(bulk.len(), "bulk claim"), counted(files, "archive")),
    };
    text.push_str(&format!("{}, {}{archives}: {tally}.\n", counted(report.texts.len(), "file"), counted(claims, "claim")));
    if errors > 0 && !report.texts.is_empty() {
        text.push_str("Until they are mended, `run` does not start; a daemon that is running keeps its last good rules.\n");
    }
    Answer::new(text, exit)
}

/// Counts the headings, so that claims in faulty files count too.
fn claims_in(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').filter(|line| line.trim_ascii_start().starts_with(b"[[claim]]")).count()
}
