//! `claimwatch silence`: not to be written to about something, for a while.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::output::{Answer, Format, Paint, colour, counted, json as as_json};
use super::store::with_store;
use super::{ConfigPath, Exit};
use crate::config::Config;
use crate::model::silence::{Matchers, SilenceId};
use crate::model::units::in_words;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Laid;

/// A silence longer than this is a rule to be changed instead.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Arguments of `silence`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t, global = true)]
    pub format: Format,
}

/// What can be done with silences.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lay a silence; it holds at once, also in a running claimwatch.
    Add(AddArguments),
    /// List silences that hold, and those that ended within the last month.
    List,
    /// End silences now; the desks are told what they held back.
    Expire {
        /// Their numbers, as `list` tells them.
        #[arg(required = true, value_name = "NUMBER")]
        ids: Vec<i64>,
    },
}

/// Arguments of `silence add`.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// Posts about this claim (its id).
    #[arg(long, value_name = "ID")]
    pub claim: Vec<String>,
    /// Posts about claims of this topic.
    #[arg(long, value_name = "TOPIC")]
    pub topic: Vec<String>,
    /// Posts about claims with this tag.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Posts found at this source.
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,
    /// Posts by this author, as the letters name them.
    #[arg(long, value_name = "AUTHOR")]
    pub author: Vec<String>,
    /// Letters to this desk.
    #[arg(long, value_name = "NAME")]
    pub desk: Vec<String>,
    /// How long it holds: "2h", "3d".
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time: Duration,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
    /// Who lays it.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown")]
    pub by: String,
}

/// What `silence --help` says last.
pub const AFTER_HELP: &str = "\
A post is covered when it fits every kind of matcher named, and one value of each. What a silence covers is not \
lost: it is stored with its reason, and when the silence ends the desk is told what was held back. Nothing \
passes a silence.

Examples:
  claimwatch silence add --claim nk-sleep-well-tonight --for 2d \\
      --comment \"story of the day, we know\"
  claimwatch silence add --source tag --author bot@example.social --for 7d \\
      --comment \"spam wave\"
  claimwatch silence list
  claimwatch silence expire 3

Exit code: 0 · 2 nothing to match, or no such silence · 3 the configuration cannot be read · 4 the memory cannot \
be reached";

/// Does what is asked, beside a running daemon or without one.
pub async fn silence(arguments: &Arguments) -> Answer {
    let (now, format) = (Timestamp::now(), arguments.format);
    with_store(&arguments.config, async |store, config| match &arguments.command {
        Command::Add(add) => self::add(store, config, add, now, format).await,
        Command::List => list(store, now, format).await,
        Command::Expire { ids } => expire(store, ids, now, format).await,
    })
    .await
}

async fn add(store: &Store, config: &Config, add: &AddArguments, now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    let matchers = Matchers {
        claims: add.claim.clone(),
        topics: add.topic.clone(),
        tags: add.tag.clone(),
        sources: add.source.clone(),
        authors: add.author.clone(),
        desks: add.desk.clone(),
    };
    if matchers.is_empty() {
        let text = "A silence must say what it covers: --claim, --topic, --tag, --source, --author or --desk.\n";
        return Ok(Answer::trouble(text.to_owned(), Exit::Usage));
    }
    if add.time.is_zero() || add.time > LONGEST {
        let text =
            "A silence holds for some time, and for a year at the most: --for 2d. For longer, change the rule or the desk.\n";
        return Ok(Answer::trouble(text.to_owned(), Exit::Usage));
    }
    if let Some(unknown) = unknown(&matchers, config) {
        return Ok(Answer::trouble(unknown, Exit::Usage));
    }
    let to = now.checked_add(add.time).unwrap_or(Timestamp::MAX);
    let id = store.lay_silence(&matchers, add.by.trim(), add.comment.trim(), now, to).await?;
    if format == Format::Json {
        let told = json!({ "id": id.0, "covers": matchers, "from": now.to_string(), "to": to.to_string() });
        return Ok(Answer::new(as_json(&told), Exit::Fine));
    }
    let until = to.strftime("%Y-%m-%d %H:%M UTC");
    let text = format!(
        "Silence {} holds from now until {until}: {matchers}.\nEnd it sooner with `claimwatch silence expire {}`.\n",
        id.0, id.0
    );
    Ok(Answer::new(text, Exit::Fine))
}

/// A desk or a source that the configuration does not have: such a silence would never do anything.
fn unknown(matchers: &Matchers, config: &Config) -> Option<String> {
    let desks: Vec<&str> = config.desks.iter().map(|desk| desk.name.0.as_str()).collect();
    let sources: Vec<&str> = config.sources.iter().map(|source| source.name.0.as_str()).collect();
    for (kind, wanted, known) in [("desk", &matchers.desks, desks), ("source", &matchers.sources, sources)] {
        for name in wanted {
            if !known.iter().any(|known| known.to_lowercase() == name.trim().to_lowercase()) {
                return Some(format!("There is no {kind} \"{name}\"; the configuration has: {}.\n", known.join(", ")));
            }
        }
    }
    None
}

async fn list(store: &Store, now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    let laid = store.silences(now).await?;
    if format == Format::Json {
        let all: Vec<Value> = laid.iter().map(|laid| in_json(laid, now)).collect();
        return Ok(Answer::new(as_json(&Value::Array(all)), Exit::Fine));
    }
    if laid.is_empty() {
        return Ok(Answer::new("No silence holds.\n".to_owned(), Exit::Fine));
    }
    let paint = Paint { colour: colour() };
    Ok(Answer::new(laid.iter().map(|laid| block(laid, now, paint)).collect(), Exit::Fine))
}

fn block(laid: &Laid, now: Timestamp, paint: Paint) -> String {
    let Laid { silence, held } = laid;
    let left = Duration::try_from(now.duration_until(silence.to)).unwrap_or_default();
    let ends = silence.to.strftime("%Y-%m-%d %H:%M UTC");
    let state = if silence.holds_at(now) {
        paint.odd(&format!("until {ends} ({} left)", in_words(left)))
    } else if silence.from > now {
        paint.dim(&format!("from {}", silence.from.strftime("%Y-%m-%d %H:%M UTC")))
    } else {
        paint.dim(&format!("ended {ends}"))
    };
    let held = counted(usize::try_from(*held).unwrap_or(usize::MAX), "post");
    format!(
        "{:>4}  {}  {state}\n      {held} held back · by {} · {}\n",
        silence.id.0, silence.matchers, silence.author, silence.comment
    )
}

fn in_json(laid: &Laid, now: Timestamp) -> Value {
    let silence = &laid.silence;
    json!({
        "id": silence.id.0, "covers": silence.matchers, "by": silence.author, "comment": silence.comment,
        "from": silence.from.to_string(), "to": silence.to.to_string(), "holds": silence.holds_at(now), "held": laid.held,
    })
}

async fn expire(store: &Store, ids: &[i64], now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    for id in ids {
        match store.end_silence(SilenceId(*id), now).await {
            Ok(()) => {}
            Err(StoreError::Unknown { .. }) => {
                let text = format!("There is no silence {id} that still holds; see `claimwatch silence list`.\n");
                return Ok(Answer::trouble(text, Exit::Usage));
            }
            Err(error) => return Err(error),
        }
    }
    if format == Format::Json {
        return Ok(Answer::new(as_json(&json!({ "expired": ids })), Exit::Fine));
    }
    let ended = counted(ids.len(), "silence");
    Ok(Answer::new(format!("{ended} ended. The desks are told what was held back.\n"), Exit::Fine))
}
