//! `claimwatch run`: the daemon, and what it tells the person who started it.

use std::future::Future;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::output::{self, Answer, counted as count, drawn, tally};
use super::{ConfigPath, Exit};
use crate::config;
use crate::daemon::clock::Clock;
use crate::daemon::error::DaemonError;
use crate::daemon::report::Report;
use crate::daemon::round::{Tally, Visited};
use crate::daemon::{self, News, Orders, reload};
use crate::mail::settings::Via;
use crate::model::units::in_words;
use crate::store::error::StoreError;
use crate::telemetry::{self, Form};

/// Says a sentence on standard output. A closed pipe (`claimwatch run | head`) must not stop the service.
macro_rules! say {
    ($($sentence:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($sentence)*);
    }};
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Visit every source once, send what is due and exit.
    #[arg(long)]
    pub once: bool,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
SIGHUP reads configuration and rules again; files with mistakes are told with their place and change nothing. \
SIGINT or SIGTERM stops it: visits and letters in hand are finished first.

Examples:
  claimwatch run                       until Ctrl-C; under systemd see deploy/
  claimwatch run --once                one round, for trying out

Exit code: 0 stopped · 4 the world failed · 75 another claimwatch holds the database · 78 the configuration, the \
rules or the database cannot be used, and starting again will not help";

/// Watches until stopped.
pub async fn run(arguments: Arguments) -> Exit {
    telemetry::start(Form::of_surroundings());
    let Arguments { config: ConfigPath { config: path }, once } = arguments;
    let loaded = match config::load(&path) {
        Ok(loaded) => loaded,
        Err(report) => {
            let tally = tally(&report);
            let text = format!("{}claimwatch did not start: {tally}.\n", drawn(&report, false));
            return output::print(Answer::trouble(text, Exit::BadConfiguration));
        }
    };
    reload::log(&loaded.report);
    let stop = match stop_signal() {
        Ok(stop) => stop,
        Err(error) => return give_up(&DaemonError::Signals(error)),
    };
    let clock = Clock::Machine;
    let via = loaded.config.mail.via.clone();
    let rules = reload::in_force(loaded.claims, reload::today(clock));
    let orders = Orders { config: loaded.config, config_path: path, rules, once, clock };
    let mut talk = Talk::new(via, clock, once);
    match daemon::run(orders, stop, |news| talk.hear(news)).await {
        Ok(()) => Exit::Fine,
        Err(error) => give_up(&error),
    }
}

fn give_up(error: &DaemonError) -> Exit {
    let exit = match error {
        DaemonError::Store(StoreError::Held { .. }) => Exit::Occupied,
        DaemonError::Store(StoreError::Newer { .. } | StoreError::Corrupt { .. }) | DaemonError::Mail(_) => {
            Exit::BadConfiguration
        }
        _ => Exit::World,
    };
    let sentence = match error {
        DaemonError::DiskIsFull => format!("Stopped early: {error}\n"),
        _ => format!("claimwatch did not start: {error}\n"),
    };
    output::print(Answer::trouble(sentence, exit))
}

/// Gives a future that ends when somebody presses Ctrl-C or systemd says stop.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Makes sentences of what the daemon tells, until the first round is over; from then on the log speaks.
struct Talk {
    via: Via,
    clock: Clock,
    once: bool,
    sources: usize,
    unchanged: usize,
    failed: Vec<String>,
    found: Tally,
    first_round_is_over: bool,
}

impl Talk {
    fn new(via: Via, clock: Clock, once: bool) -> Self {
        let (failed, found) = (Vec::new(), Tally::default());
        Self { via, clock, once, sources: 0, unchanged: 0, failed, found, first_round_is_over: false }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Started { sources, claims, desks, web, feeds } => {
                let (sources, claims, desks) = (count(sources, "source"), count(claims, "claim"), count(desks, "desk"));
                say!("claimwatch {} watches {sources} for {claims} and writes to {desks}.", env!("CARGO_PKG_VERSION"));
                if let Some(web) = web {
                    say!("Health and metrics: http://{web}/health/ready and http://{web}/metrics");
                    for path in feeds {
                        say!("A feed of alerts: http://{web}{path}");
                    }
                }
            }
            News::Visited { .. } if self.first_round_is_over => {}
            News::Visited { source, how } => self.remember(&source.0, how),
            News::FirstRound { waiting, post, next } => {
                self.first_round_is_over = true;
                self.say_what_was_read(waiting);
                if let Some(post) = post {
                    self.say_what_was_sent(&post);
                }
                if !self.once {
                    let when =
                        next.map_or("when a visit ends".to_owned(), |due| format!("in {}", in_words(self.clock.until(due))));
                    say!("Watching on; the next visit is {when}. Stop with Ctrl-C.");
                }
            }
        }
    }

    fn remember(&mut self, source: &str, how: Visited) {
        match how {
            Visited::Unchanged => self.unchanged += 1,
            Visited::Failed { sentence, .. } | Visited::PutOff { sentence, .. } => {
                self.failed.push(format!("{source}: {sentence}"));
            }
            Visited::Read(tally) => {
                self.sources += 1;
                self.found.add(&tally);
            }
        }
    }

    fn say_what_was_read(&self, waiting: usize) {
        let found = &self.found;
        if found.new == 0 && self.failed.is_empty() && waiting == 0 {
            say!("Nothing new: every post was seen before.");
        } else if self.sources > 0 {
            let (posts, sources) = (count(found.posts, "post"), count(self.sources, "source"));
            let claims = count(found.claims.len(), "checked claim");
            let (repeat, nearly) = (verb(found.sightings, "repeats", "repeat"), verb(found.near_misses, "does", "do"));
            say!("Read {posts} from {sources}, {} of them new: {repeat} {claims}, {nearly} so nearly.", found.new);
        }
        if found.history > 0 {
            say!(
                "{} only noted: what stood there before the first visit alerts nobody (`backfill` changes that).",
                count(found.history, "older post")
            );
        }
        if waiting > 0 {
            let sources = match self.once {
                true => verb(waiting, "source was not visited", "sources were not visited"),
                false => verb(waiting, "source has not answered yet", "sources have not answered yet"),
            };
            say!("{sources}.");
        }
        for failure in &self.failed {
            say!("Failed: {failure}");
        }
    }

    fn say_what_was_sent(&self, post: &Report) {
        let letters = count(usize::try_from(post.sent).unwrap_or(usize::MAX), "letter");
        match &self.via {
            _ if post.sent == 0 => {}
            Via::Folder { folder } => {
                say!("Wrote {letters}. They lie in {}, a Maildir; to look at one:", folder.display());
                let mutt = format!("mutt -f {}", folder.display());
                say!("    {mutt:<28}or any mail program that opens a Maildir");
                if let Some(newest) = newest(&folder.join("new")) {
                    say!("    less {}", newest.display());
                }
            }
            Via::Smtp(relay) => say!("Sent {letters} through {}.", relay.host),
        }
        if post.waiting > 0 {
            say!("{} waiting to be sent.", verb(usize::try_from(post.waiting).unwrap_or(usize::MAX), "letter is", "letters are"));
        }
        if let Some(trouble) = &post.trouble {
            say!("Letters cannot leave: {trouble}. None is lost.");
        }
    }
}

/// The letter that was put into a folder last.
fn newest(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let dated = entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())));
    dated.max().map(|(_, path)| path)
}

fn verb(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
