//! `claimwatch status`: how a running claimwatch is doing, and what needs a person.

use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::output::{Answer, Format, Paint, colour, counted, json as as_json};
use super::store::with_store;
use super::{ConfigPath, Exit};
use crate::alerting::subscription::Desk;
use crate::config::Config;
use crate::model::digest::Reason;
use crate::model::source::{Health, SourceName, SourceState};
use crate::model::units::in_words;
use crate::store::Store;
use crate::store::alerts::Stuck;
use crate::store::error::StoreError;
use crate::store::records::{Note, Numbers};

/// Letters that wait longer than this need a look.
const LONG: Duration = Duration::from_secs(15 * 60);
/// Below this nothing is fetched.
const DISK_FLOOR_BYTES: u64 = 64 << 20;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Looks into the database beside a running claimwatch, or at what the last one left. `claimwatch explain \
--sighting NUMBER` tells of one post, `claimwatch source list` of every source.

Exit code: 0 · 3 the configuration cannot be read · 4 the database cannot be read";

/// Looks at the memory beside the daemon.
pub async fn status(arguments: &Arguments) -> Answer {
    let format = arguments.format;
    with_store(&arguments.config, async |store, config| {
        let picture = Picture::of(store, config, Timestamp::now()).await?;
        let text =
            if format == Format::Json { as_json(&picture.in_json()) } else { picture.in_sentences(Paint { colour: colour() }) };
        Ok(Answer::new(text, Exit::Fine))
    })
    .await
}

/// Everything `status` tells.
struct Picture {
    now: Timestamp,
    running: Option<(String, String)>,
    reload: Option<(String, String)>,
    sources: Vec<(SourceName, SourceState)>,
    numbers: Numbers,
    /// By reason: how many posts wait for a digest, how many were held within a day.
    held: Vec<(Reason, u64, u64)>,
    silences: usize,
    /// Recipients that are no longer written to.
    paused: Vec<String>,
    /// Programs and chat rooms that did not take their letters.
    stuck: Vec<Stuck>,
    /// Whether an operator is named who could be told by mail.
    has_operator: bool,
    free_bytes: u64,
}

impl Picture {
    async fn of(store: &Store, config: &Config, now: Timestamp) -> Result<Self, StoreError> {
        let mut states = store.source_states().await?;
        let sources = config.sources.iter().map(|source| (source.name.clone(), states.remove(&source.name).unwrap_or_default()));
        let two = |note: Option<String>| note.and_then(|note| note.split_once('|').map(|(a, b)| (a.to_owned(), b.to_owned())));
        Ok(Self {
            now,
            // A daemon that was killed could not take its note down.
            running: two(store.note(Note::Running).await?).filter(|(_, pid)| Path::new("/proc").join(pid).exists()),
            reload: two(store.note(Note::Reload).await?),
            sources: sources.collect(),
            numbers: store.numbers(now).await?,
            held: store.held(now, now.checked_sub(DAY).unwrap_or(Timestamp::MIN)).await?,
            silences: store.silences(now).await?.iter().filter(|laid| laid.silence.holds_at(now)).count(),
            paused: store.refusing().await?.into_iter().filter(|one| one.paused_at.is_some()).map(|one| one.address).collect(),
            stuck: store.stuck().await?,
            has_operator: config.desks.iter().any(Desk::is_operator),
            free_bytes: store.free_bytes()?,
        })
    }

    /// What a person should look at, the most urgent first.
    fn needs_a_person(&self) -> Vec<String> {
        let mut needs = Vec::new();
        if self.running.is_none() {
            needs.push("claimwatch is not running: start it with `claimwatch run` or `systemctl start claimwatch`".to_owned());
        }
        if self.free_bytes < DISK_FLOOR_BYTES {
            needs.push(format!("the disk is nearly full ({} free): nothing is fetched", ByteSize(self.free_bytes)));
        }
        if self.numbers.dead > 0 {
            let letters = counted(usize::try_from(self.numbers.dead).unwrap_or(usize::MAX), "letter");
            needs.push(format!("{letters} given up: see `claimwatch mail queue list`"));
        }
        if self.oldest_wait().is_some_and(|wait| wait > LONG) {
            needs.push("letters wait for long: see `claimwatch mail queue list`".to_owned());
        }
        if let Some((when, how)) = &self.reload
            && how != "good"
        {
            let place = how.strip_prefix("failed: ").map(|place| format!(" for a mistake at {place}")).unwrap_or_default();
            let when = seconds(when);
            needs.push(format!(
                "the rules could not be read again on {when}{place}, the old ones are in force: see `claimwatch check`"
            ));
        }
        for address in &self.paused {
            needs.push(format!(
                "{address} refused three letters for good and is no longer written to: mend `to`, or `claimwatch mail recipients resume {address}`"
            ));
        }
        for Stuck { desk, recipient, letters, since, reply } in &self.stuck {
            let letters = counted(usize::try_from(*letters).unwrap_or(usize::MAX), "letter");
            let since = seconds(&since.to_string());
            needs.push(format!("{recipient} of desk {desk} has not taken {letters} yet, the oldest of {since}: {reply}"));
        }
        let unread = self.held.iter().find(|(reason, waiting, _)| *reason == Reason::NoReader && *waiting > 0);
        if let (Some((_, waiting, _)), false) = (unread, self.has_operator) {
            let posts = counted(usize::try_from(*waiting).unwrap_or(usize::MAX), "post");
            needs.push(format!("{posts} reached no desk, and no [operator] is named who could be told"));
        }
        for (name, state) in &self.sources {
            if matches!(state.health, Health::Failing | Health::Suspended) {
                let why = state.last_error.as_deref().unwrap_or("no reason is noted");
                needs.push(format!("source {name} is {}: {why}", word(state.health)));
            }
        }
        needs
    }

    fn oldest_wait(&self) -> Option<Duration> {
        let since = self.numbers.oldest_waiting?;
        Some(Duration::try_from(self.now.duration_since(since)).unwrap_or_default())
    }

    fn by_health(&self) -> Vec<(&'static str, usize)> {
        let all = [Health::Ok, Health::Degraded, Health::Failing, Health::Suspended, Health::Disabled, Health::New];
        let count = |health| self.sources.iter().filter(|(_, state)| state.health == health).count();
        all.into_iter().map(|health| (word(health), count(health))).filter(|(_, count)| *count > 0).collect()
    }

    fn in_sentences(&self, paint: Paint) -> String {
        let n = &self.numbers;
        let running = match &self.running {
            Some((since, pid)) => paint.good(&format!("running since {} (process {pid})", seconds(since))),
            None => paint.bad("not running"),
        };
        let health: Vec<String> = self.by_health().into_iter().map(|(health, count)| format!("{count} {health}")).collect();
        let oldest = self.oldest_wait().map_or(String::new(), |wait| format!(", the oldest for {}", in_words(wait)));
        let reload = match &self.reload {
            Some((when, how)) => format!("{how}, {}", seconds(when)),
            None => "none since the database was made".to_owned(),
        };
        let mut text = format!(
            "claimwatch   {running}\n\
             sources      {}: {}\n\
             posts        {} remembered, {} in the last hour\n\
             sightings    {} remembered, {} in the last hour\n\
             letters      {} sent, {} waiting{oldest}, {} gathering, {} given up\n\
             held         {}\n\
             reload       {reload}\n\
             disk         {} free, database {}\n",
            self.sources.len(),
            if health.is_empty() { "none configured".to_owned() } else { health.join(", ") },
            n.posts,
            n.posts_last_hour,
            n.sightings,
            n.sightings_last_hour,
            n.sent,
            n.waiting,
            n.gathering,
            n.dead,
            self.held_in_words(),
            ByteSize(self.free_bytes),
            ByteSize(n.size_bytes),
        );
        let needs = self.needs_a_person();
        if needs.is_empty() {
            text += &paint.good("Nothing needs a person.\n");
        } else {
            text += &paint.bad("Needs a person:\n");
            text.extend(needs.iter().map(|need| format!("  - {need}\n")));
        }
        text
    }

    /// `12 posts wait for a digest (possible 9, cap 3); 14 held within a day; 1 silence holds`
    fn held_in_words(&self) -> String {
        let by_reason = |count: fn(&(Reason, u64, u64)) -> u64| {
            let some: Vec<String> =
                self.held.iter().filter(|one| count(one) > 0).map(|one| format!("{} {}", one.0.word(), count(one))).collect();
            let all: u64 = self.held.iter().map(count).sum();
            (all, if some.is_empty() { String::new() } else { format!(" ({})", some.join(", ")) })
        };
        let (waiting, why) = by_reason(|(_, waiting, _)| *waiting);
        let (lately, lately_why) = by_reason(|(_, _, lately)| *lately);
        let silences = counted(self.silences, "silence");
        format!("{waiting} for a digest{why}, {lately} within a day{lately_why}; {silences} in force")
    }

    fn in_json(&self) -> Value {
        let n = &self.numbers;
        let source = |(name, state): &(SourceName, SourceState)| {
            json!({
                "name": name, "health": state.health, "last_success": state.last_success.map(|at| at.to_string()),
                "next_due": state.next_due.map(|at| at.to_string()), "failures": state.failures, "last_error": state.last_error,
            })
        };
        json!({
            "running_since": self.running.as_ref().map(|(since, _)| since),
            "pid": self.running.as_ref().and_then(|(_, pid)| pid.parse::<u32>().ok()),
            "sources": self.sources.iter().map(source).collect::<Vec<_>>(),
            "posts": { "remembered": n.posts, "last_hour": n.posts_last_hour },
            "sightings": { "remembered": n.sightings, "last_hour": n.sightings_last_hour },
            "letters": {
                "sent": n.sent, "waiting": n.waiting, "gathering": n.gathering, "dead": n.dead,
                "oldest_waiting": n.oldest_waiting.map(|at| at.to_string()),
            },
            "held": self.held.iter().map(|(reason, waiting, lately)| {
                json!({ "reason": reason, "waiting": waiting, "last_day": lately })
            }).collect::<Vec<_>>(),
            "silences": self.silences,
            "paused_recipients": self.paused,
            "stuck_hooks": self.stuck.iter().map(|one| json!({
                "desk": one.desk.0, "recipient": one.recipient, "letters": one.letters, "since": one.since.to_string(),
                "reply": one.reply,
            })).collect::<Vec<_>>(),
            "last_reload": self.reload.as_ref().map(|(when, how)| json!({ "at": when, "result": how })),
            "disk_free_bytes": self.free_bytes,
            "database_bytes": n.size_bytes,
            "needs_a_person": self.needs_a_person(),
        })
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::New => "never visited",
        Health::Ok => "ok",
        Health::Degraded => "degraded",
        Health::Failing => "failing",
        Health::Suspended => "suspended",
        Health::Disabled => "switched off",
    }
}

/// A time without its fractions of a second.
fn seconds(time: &str) -> String {
    time.parse::<Timestamp>().map_or_else(|_| time.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}
