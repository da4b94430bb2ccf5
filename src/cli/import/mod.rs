//! `claimwatch import`: claims that others have checked, taken in as drafts of rules or as bulk claims.

mod files;
mod google;
mod target;
mod told;

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::output::{Answer, Format};
use super::{ConfigPath, Exit};
use crate::config;
use crate::feeds::language;
use crate::rules::diagnostic::Level;
use crate::rules::import::filter::Filter;
use crate::rules::import::gather::Fate;
use crate::rules::import::review::Outcome;
use crate::rules::import::table::{Field, assigned};
use crate::rules::import::tally::{Place, Tally};
use crate::rules::import::{Skip, review};
use target::Target;

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files to read, packed with gzip or not; - is standard input.
    #[arg(value_name = "FILE|-", required_unless_present = "google")]
    pub files: Vec<PathBuf>,
    /// Write drafts to this rule file (.toml), or bulk claims to this archive (.jsonl); what is there stays.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Say which column of a table holds what: claim=…,url=…,publisher=…,rating=…,date=…,title=…,lang=…,urls=…
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub columns: Option<String>,
    /// Take only claims in these languages.
    #[arg(long, value_name = "LANG", value_delimiter = ',')]
    pub only_lang: Vec<String>,
    /// Take only fact-checks of this day or later.
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// Take only fact-checks of these publishers: a site or a name.
    #[arg(long, value_name = "SITE|NAME", value_delimiter = ',')]
    pub publisher: Vec<String>,
    /// Ask Google's Fact Check Tools for these words; --only-lang, --since and --publisher are asked for too.
    #[arg(long, value_name = "WORDS", requires = "key_file")]
    pub google: Option<String>,
    /// The key for it, alone in a file that only you can read.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Ask for so many pages of a hundred claims at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub pages: usize,
    /// Ask another server than Google's.
    #[arg(long, value_name = "URL", hide = true, default_value = google::SERVER)]
    pub google_server: url::Url,
    /// The configuration: its rules are looked through for what is there already, its limits hold for Google.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Read are ClaimReview (JSON-LD, and JSON-LD or microdata inside web pages), Data Commons feeds, saved answers of \
Google's Fact Check Tools, tables with named columns (CSV, TSV) and claimwatch's own .jsonl. Drafts are never \
active: an editor looks at each. A fact-check that is there already is not taken twice; several fact-checks of \
one claim become one claim. Ratings stay the publisher's own words; a verdict comes only from the table in \
config/verdicts.toml, never from a number. Without --to nothing is written: you only see what would be.

Examples:
  claimwatch import saved-page.html --to rules/imported.toml
  claimwatch import data.json --only-lang en,es --since 2026-01-01 \\
      --to claims.jsonl
  claimwatch import table.csv --columns claim=statement,url=link \\
      --to claims.jsonl
  claimwatch import --google \"north korea\" --key-file google.key \\
      --only-lang en --to rules/imported.toml

Exit code: 0 fine · 1 a file holds nothing that can be used · 2 wrong usage · 3 a file or the rules cannot be \
read · 4 Google was not reached or refused, or the disk failed";

/// Everything an import has on its desk.
struct Import {
    filter: Filter,
    target: Target,
    tally: Tally,
    /// What a person should know about whole files.
    notes: Vec<String>,
    /// Files of which nothing could be used.
    useless: usize,
}

/// Imports and says what was taken, and what not and why.
pub async fn import(arguments: &Arguments) -> Answer {
    match run(arguments).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn run(arguments: &Arguments) -> Result<Answer, Answer> {
    let usage = |why: String| Answer::trouble(format!("{why}\n"), Exit::Usage);
    let columns =
        arguments.columns.as_deref().map_or(Ok(Vec::new()), assigned).map_err(|why| usage(format!("--columns: {why}.")))?;
    let languages: Option<Vec<String>> = arguments.only_lang.iter().map(|tag| review::language(tag)).collect();
    let languages = languages.ok_or_else(|| usage("--only-lang asks for language codes: en, es, pt …".to_owned()))?;
    let filter = Filter { languages, since: arguments.since, publishers: arguments.publisher.clone() };
    files::check(&arguments.files)?;
    let target = Target::open(arguments.to.as_deref(), &arguments.config.config)?;
    let mut import = Import { filter, target, tally: Tally::default(), notes: Vec::new(), useless: 0 };
    files::read(&arguments.files, &columns, &mut import)?;
    let mut broken = None;
    if let Some(words) = &arguments.google {
        broken = google::ask(arguments, words, &mut import).await.err();
    }
    let nothing = import.tally.found() == 0 && import.tally.has_faults() || import.useless > 0;
    let Import { target, tally, notes, .. } = import;
    let written = target.finish()?;
    let exit = match &broken {
        Some(broken) => broken.exit,
        None if nothing => Exit::Faults,
        None => Exit::Fine,
    };
    let trouble = broken.map(|broken| broken.trouble).unwrap_or_default();
    let text = match arguments.format {
        Format::Text => told::text(&tally, &written, &notes),
        Format::Json => told::json(&tally, &written, &notes, trouble.trim()),
    };
    Ok(Answer { text, trouble, exit })
}

/// The settings for asking the web: those of the configuration, or the usual ones where there is none.
pub(super) fn fetch_settings(arguments: &ConfigPath) -> Result<crate::fetch::settings::Settings, Answer> {
    if !arguments.config.exists() {
        return Ok(crate::fetch::settings::Settings::default());
    }
    let reading = config::read(&arguments.config, Level::Warning);
    match reading.config {
        Some(config) => Ok(config.fetch),
        None => {
            let drawn = super::output::drawn(&reading.report, false);
            Err(Answer::trouble(
                format!("{drawn}The limits for asking the web stand in the configuration: mend it first.\n"),
                Exit::Unreadable,
            ))
        }
    }
}

impl Import {
    /// Takes one outcome of reading.
    fn take(&mut self, outcome: Outcome, place: &Place<'_>) -> std::io::Result<()> {
        let mut record = match outcome {
            Ok(record) => record,
            Err(skip) => {
                self.tally.skip(skip, place);
                return Ok(());
            }
        };
        if record.check.lang.is_none() {
            record.check.lang = language::recognised(&record.claim).map(|lang| lang.0);
        }
        if let Some(skip) = self.filter.refuses(&record) {
            self.tally.skip(skip, place);
            return Ok(());
        }
        let fate = self.target.place(&record);
        match fate {
            Fate::There => self.tally.there.add(place),
            Fate::Twice => self.tally.skip(Skip::Twice, place),
            Fate::TooMany => self.tally.skip(Skip::TooManyChecks, place),
            Fate::New(_) if self.target.is_full() => self.tally.skip(Skip::TooMany, place),
            Fate::New(number) => {
                self.tally.taken.add(place);
                self.tally.remark(&record.remarks, place);
                self.target.take(number, record)?;
            }
            Fate::Joins(number) => match self.target.rule(number).map(str::to_owned) {
                // Rules that are there belong to their editors.
                Some(rule) => {
                    self.tally.beside.add(&format!("{rule}: {}", record.check.url.as_deref().unwrap_or("(no address)")));
                }
                None => {
                    let remarks = record.remarks.clone();
                    if self.target.join(number, record) {
                        self.tally.grouped.add(place);
                        self.tally.remark(&remarks, place);
                    } else {
                        self.tally.skip(Skip::TooMany, place);
                    }
                }
            },
        }
        Ok(())
    }
}

/// Which column holds what, as `--columns` says.
type Assigned = [(Field, String)];
