//! `claimwatch ingest`: posts from a file or a pipe, compared and alerted on like those of every other source.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::archive::{self, unreadable};
use super::output::{Answer, Format, counted, drawn, json, tally};
use super::{ConfigPath, Exit};
use crate::config::{self, Config};
use crate::daemon::clock::Clock;
use crate::daemon::error::DaemonError;
use crate::daemon::round::{Tally, Visited};
use crate::daemon::{self, News, Orders, reload};
use crate::feeds::pushed::{LONGEST_LINE_BYTES, Pushed};
use crate::model::source::{Source, SourceName};
use crate::rules::bulk::next_line;
use crate::rules::diagnostic::Level;
use crate::store::Store;
use crate::store::error::StoreError;

/// Arguments of `ingest`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Read posts from this file, plain or gzip; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub posts: PathBuf,
    /// They come from this source of kind "push"; the first one where none is named.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
A post is a JSON object on a line of its own:
  {\"id\", \"text\", \"title\"?, \"author\"?, \"url\"?, \"lang\"?, \"published\"?}
The same id again is the same post: a file can be given twice and alerts once. A running claimwatch reads the \
posts within seconds; where none runs they are compared here, and letters that are due are sent.

Examples:
  claimwatch ingest tips.jsonl
  my-scraper | claimwatch ingest - --source whatsapp-tips

Exit code: 0 all were taken · 1 some lines could not be read, the others were taken · 2 no such source · 3 \
configuration, rules or file unreadable · 4 the database failed";

/// Posts written down in one transaction.
const AT_ONCE: usize = 500;
/// Bad lines told one by one.
const MOST_TOLD: usize = 20;

/// Takes posts in.
pub async fn ingest(arguments: &Arguments) -> Answer {
    let reading = config::read(&arguments.config.config, Level::Warning);
    let Some(config) = reading.config else {
        let text = format!("{}Nothing was taken: {}.\n", drawn(&reading.report, false), tally(&reading.report));
        return Answer::trouble(text, Exit::Unreadable);
    };
    let source = match source(&config, arguments.source.as_deref()) {
        Ok(source) => source,
        Err(text) => return Answer::trouble(text, Exit::Usage),
    };
    let lines = match archive::open(&arguments.posts) {
        Ok(lines) => lines,
        Err(error) => return unreadable(&arguments.posts, &error),
    };
    // Made or brought up to date where no daemon does it; written to beside whoever runs.
    let runs = match Store::open(&config.store).await {
        Ok(store) => {
            store.close().await;
            false
        }
        Err(StoreError::Held { .. }) => true,
        Err(error) => return Answer::trouble(format!("{error}\n"), Exit::World),
    };
    let taken = match take(&config, &source.name, &arguments.posts, lines).await {
        Ok(taken) => taken,
        Err(answer) => return answer,
    };
    let found = if runs || taken.good == 0 { None } else { read_them(arguments).await };
    answer(arguments, &source.name, &taken, found.as_ref(), runs)
}

fn source(config: &Config, name: Option<&str>) -> Result<Source, String> {
    let sources = Source::pushable(&config.sources);
    let found = match name {
        Some(name) => sources.iter().find(|source| source.name.0 == name),
        None => sources.first(),
    };
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = sources.iter().map(|source| source.name.0.as_str()).collect();
        let known = if names.is_empty() { "it names none".to_owned() } else { format!("there is {}", names.join(", ")) };
        format!("The configuration names no source of kind \"push\" called \"{}\"; {known}.\n", name.unwrap_or("ingest"))
    })
}

/// What was read.
#[derive(Debug, Default)]
struct Taken {
    good: usize,
    bad: usize,
    told: Vec<(usize, String)>,
}

async fn take(config: &Config, source: &SourceName, path: &Path, lines: Box<dyn BufRead + Send>) -> Result<Taken, Answer> {
    let failed = |error: StoreError| Answer::trouble(format!("{error}\n"), Exit::World);
    let store = Store::beside(&config.store).await.map_err(failed)?;
    let mut lines = BufReader::with_capacity(1 << 16, AsRead(lines));
    let (mut taken, mut line, mut number, mut batch) = (Taken::default(), Vec::new(), 0, Vec::new());
    let ended = loop {
        match next_line(&mut lines, &mut line, LONGEST_LINE_BYTES as u64) {
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
            Ok(Some(whole)) => {
                number += 1;
                let post = match whole {
                    true if line.trim_ascii().is_empty() => continue,
                    true => Pushed::read(line.trim_ascii_end()),
                    false => Err(format!("longer than {} KiB", LONGEST_LINE_BYTES >> 10)),
                };
                match post {
                    Ok(post) => batch.push(post.line()),
                    Err(why) => {
                        taken.bad += 1;
                        if taken.told.len() < MOST_TOLD {
                            let _ = writeln!(io::stderr(), "{}:{number}: {why}", path.display());
                            taken.told.push((number, why));
                        }
                    }
                }
            }
        }
        // A pipe that has nothing more to say now must not hold back what it has said.
        if batch.len() >= AT_ONCE || lines.buffer().is_empty() {
            store.push(source, &batch, Timestamp::now()).await.map_err(failed)?;
            taken.good += batch.len();
            batch.clear();
        }
    };
    if !batch.is_empty() {
        store.push(source, &batch, Timestamp::now()).await.map_err(failed)?;
        taken.good += batch.len();
    }
    store.close().await;
    match ended {
        Ok(()) => Ok(taken),
        Err(error) => Err(Answer::trouble(
            format!("{} breaks off at line {number}: {error}; {} before it taken.\n", path.display(), were(taken.good)),
            Exit::Unreadable,
        )),
    }
}

/// Unpacked lines behind a buffer that can be looked into.
struct AsRead(Box<dyn BufRead + Send>);

impl Read for AsRead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

/// Lets a daemon of our own read them, where none runs.
async fn read_them(arguments: &Arguments) -> Option<Result<Tally, String>> {
    let path = &arguments.config.config;
    let Ok(loaded) = config::load(path) else {
        return Some(Err(
            "the configuration or the rules have errors (see: claimwatch check); they wait for claimwatch run".to_owned()
        ));
    };
    let clock = Clock::Machine;
    let rules = reload::in_force(loaded.claims, reload::today(clock));
    let config = Config { sources: Source::pushable(&loaded.config.sources), ..loaded.config };
    let orders = Orders { config, config_path: path.clone(), rules, once: true, clock };
    let (mut found, mut trouble) = (Tally::default(), None);
    let ran = daemon::run(orders, std::future::pending(), |news| match news {
        News::Visited { how: Visited::Read(tally), .. } => found.add(&tally),
        News::Visited { how: Visited::Failed { sentence, .. }, .. } => trouble = Some(sentence),
        _ => {}
    });
    match (ran.await, trouble) {
        // One was started meanwhile; it reads them.
        (Err(DaemonError::Store(StoreError::Held { .. })), _) => None,
        (Err(error), _) => Some(Err(error.to_string())),
        (Ok(()), Some(sentence)) => Some(Err(sentence)),
        (Ok(()), None) => Some(Ok(found)),
    }
}

fn were(posts: usize) -> String {
    format!("{} {}", counted(posts, "post"), if posts == 1 { "was" } else { "were" })
}

fn answer(
    arguments: &Arguments,
    source: &SourceName,
    taken: &Taken,
    found: Option<&Result<Tally, String>>,
    runs: bool,
) -> Answer {
    let exit = match found {
        Some(Err(_)) => Exit::World,
        _ if taken.bad > 0 => Exit::Faults,
        _ => Exit::Fine,
    };
    if arguments.format == Format::Json {
        let faults: Vec<_> = taken.told.iter().map(|(line, why)| json!({ "line": line, "why": why })).collect();
        let mut answer = json!({ "source": source.0, "taken": taken.good, "bad": taken.bad, "faults": faults });
        match found {
            Some(Ok(tally)) => {
                answer["new"] = json!(tally.new);
                answer["sightings"] = json!(tally.sightings);
                answer["letters"] = json!(tally.letters);
            }
            Some(Err(trouble)) => answer["error"] = json!(trouble),
            None => answer["read_by"] = json!("the running claimwatch"),
        }
        return Answer::new(json(&answer), exit);
    }
    let mut text = match (found, taken.good) {
        (_, 0) => format!("{source}: nothing was taken.\n"),
        (Some(Ok(tally)), good) => format!(
            "{source}: {} taken, {} of them new; {} a checked claim; {} begun.\n",
            were(good),
            tally.new,
            if tally.sightings == 1 { "1 repeats".to_owned() } else { format!("{} repeat", tally.sightings) },
            counted(tally.letters, "letter"),
        ),
        (Some(Err(trouble)), good) => format!("{source}: {} taken, but not read yet: {trouble}.\n", were(good)),
        (None, good) if runs => format!("{source}: {} taken; the running claimwatch reads them within seconds.\n", were(good)),
        (None, good) => format!("{source}: {} taken; the claimwatch that was started meanwhile reads them.\n", were(good)),
    };
    if taken.bad > 0 {
        text.push_str(&format!("{} could not be read.\n", counted(taken.bad, "line")));
    }
    Answer::new(text, exit)
}
