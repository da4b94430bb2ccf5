//! The configuration: gathers every room's settings, reads the rule files and the secrets beside it.

pub mod archives;
mod common;
mod desks;
mod files;
mod hooks;
mod mail;
mod networks;
mod policy;
mod read;
mod sources;
mod web;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::alerting::subscription::Desk;
use crate::fetch;
use crate::mail as post_office;
use crate::model::source::Source;
use crate::rules::bulk::BulkClaim;
use crate::rules::bulk_policy::{Policy, Reach};
use crate::rules::diagnostic::{Diagnostic, Level, any_error, sort};
use crate::rules::{Rule, RuleText, codes, syntax};
use crate::store;
use crate::web::settings::Settings as Web;

/// The whole of `claimwatch.toml`, understood.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[store]`
    pub store: store::settings::Settings,
    /// `[rules] paths`: files and folders.
    pub rule_paths: Vec<PathBuf>,
    /// `[rules] bulk…`: what becomes of claims from archives.
    pub bulk: Policy,
    /// `[fetch]`
    pub fetch: fetch::settings::Settings,
    /// `[[source]]`, in the order of the file.
    pub sources: Vec<Source>,
    /// `[[desk]]`, in the order of the file, and `[operator]` behind them if there is one.
    pub desks: Vec<Desk>,
    /// `[mail]`
    pub mail: post_office::settings::Settings,
    /// `[web]`; nothing listens without it.
    pub web: Option<Web>,
}

/// What was found wrong, and the texts it was found in (for drawing the lines).
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Mistakes in the order of reading: the configuration first.
    pub found: Vec<Diagnostic>,
    /// Every file that was read.
    pub texts: Vec<RuleText>,
}

impl Report {
    /// Counts mistakes of a level.
    pub fn count(&self, level: Level) -> usize {
        self.found.iter().filter(|one| one.level == level).count()
    }
}

/// Everything a daemon starts from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What posts are compared with.
    pub claims: Claims,
    /// Warnings only.
    pub report: Report,
}

/// What posts are compared with, before it is compiled.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// All sound rules, of every status.
    pub rules: Vec<Rule>,
    /// Bulk claims from archives.
    pub bulk: Vec<BulkClaim>,
    /// What becomes of those.
    pub policy: Policy,
}

/// What could be read, sound or not.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The configuration, where it could be understood.
    pub config: Option<Config>,
    /// Rules from files without an error.
    pub rules: Vec<Rule>,
    /// Archives of bulk claims, not yet read: see [`archives::read`].
    pub archives: Vec<PathBuf>,
    /// What was found wrong.
    pub report: Report,
}

/// Reads the configuration, all rule files and all archives; compiles nothing.
///
/// # Errors
/// All mistakes of all files at once, if there is a single error among them.
pub fn load(path: &Path) -> Result<Loaded, Report> {
    let Reading { config, rules, archives, mut report } = read(path, Level::Error);
    let (bulk, found) = archives::read(&archives, &rules);
    report.found.extend(found);
    match config {
        Some(config) if !any_error(&report.found) => {
            let policy = config.bulk.clone();
            Ok(Loaded { config, claims: Claims { rules, bulk, policy }, report })
        }
        _ => Err(report),
    }
}

/// Reads the configuration and all rule files as far as they go; `missing_secrets` says how bad those are.
pub fn read(path: &Path, missing_secrets: Level) -> Reading {
    let mut report = Report::default();
    let Some(text) = files::one(path, &mut report.found) else { return Reading { report, ..Reading::default() } };
    let secrets = files::Secrets::beside(path, missing_secrets);
    let (config, found) = read::configuration(&text, &|name| secrets.read(name));
    report.found.extend(found);
    report.texts.push(text);
    // Even where the configuration is faulty its rule paths are mostly sound: check the rules too.
    let (paths, desks) = read::outline(report.texts.first());
    let (texts, unreadable) = files::rule_files(&paths);
    report.found.extend(unreadable);
    let (rules, mut found) = syntax::read(&texts);
    let archives = files::archives(&paths);
    found.extend(desks::known_to(&rules, &desks));
    found.extend(policy::unmet(&rules, &policy::of(report.texts.first())));
    if let Some(config) = &config {
        found.extend(desks::without_reader(&rules, &config.desks));
        let file = report.texts.first().map(|text| text.name.clone()).unwrap_or_default();
        let by_archive = !archives.is_empty() && config.bulk.reach != Reach::Count;
        let told = if by_archive { config.bulk.desks.as_slice() } else { &[] };
        found.extend(desks::without_rule(&rules, &config.desks, told, &file));
    }
    sort(&mut found);
    report.found.extend(found);
    report.texts.extend(texts);
    Reading { config, rules, archives, report }
}

/// Reads the rule files that a configuration names, and nothing else of it: testing a rule needs no password.
pub fn read_rules_of(path: &Path) -> Reading {
    let mut report = Report::default();
    let Some(text) = files::one(path, &mut report.found) else { return Reading { report, ..Reading::default() } };
    let (paths, _) = read::outline(Some(&text));
    read_rules(&paths, None)
}

/// Reads rule files alone; shared lists of the configuration's own rule files may be named in them.
pub fn read_rules(paths: &[PathBuf], config: Option<&Path>) -> Reading {
    let mut report = Report::default();
    let (texts, unreadable) = files::rule_files(paths);
    let mut neighbours = Vec::new();
    if let Some(text) = config.and_then(|path| files::one(path, &mut Vec::new())) {
        let (paths, _) = read::outline(Some(&text));
        neighbours = files::rule_files(&paths).0;
        let named: HashSet<PathBuf> = texts.iter().map(|text| files::real(&text.name)).collect();
        neighbours.retain(|other| !named.contains(&files::real(&other.name)));
    }
    let (rules, found) = syntax::read_beside(&texts, &neighbours);
    report.found.extend(unreadable);
    report.found.extend(found);
    let archives = files::archives(paths);
    if texts.is_empty() && archives.is_empty() && report.found.is_empty() {
        report.found.push(files::nothing_there(paths));
    }
    report.texts = texts;
    Reading { config: None, rules, archives, report }
}

/// Reads a secret from a file that a command line names; others must not be able to read it.
///
/// # Errors
/// A sentence that says what to do.
pub fn secret(path: &Path) -> Result<secrecy::SecretString, String> {
    let here = Path::new("").join("here");
    let secrets = files::Secrets::beside(&here, Level::Error);
    secrets.read(&path.to_string_lossy()).map_err(|fault| format!("{}; {}", fault.message, fault.help))
}

/// An error about a file as a whole.
fn about_file(name: String, message: String, help: &str) -> Diagnostic {
    let place = crate::rules::Place { file: name, line: 1, column: 1, bytes: 0..0 };
    Diagnostic { level: Level::Error, code: codes::UNREADABLE, message, place, help: Some(help.to_owned()), also: None }
}
