//! `claimwatch mail queue`: letters that wait or were given up.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::opened::configuration;
use super::output::{Answer, Format, Paint, colour, counted, json};
use super::{ConfigPath, Exit};
use crate::model::delivery::DeliveryId;
use crate::model::letter::Letter;
use crate::model::units;
use crate::rules::diagnostic::Level;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{DeliveryState, Queued};

/// Arguments of `mail queue`.
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

/// What can be done with the queue.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List letters that wait or were given up, oldest first.
    List {
        /// Show so many at the most.
        #[arg(long, default_value_t = 200, value_name = "NUMBER")]
        most: usize,
    },
    /// Show one letter: where it stands, the relay's last words, its text.
    Show {
        /// Its number, as `list` tells it.
        id: i64,
    },
    /// Try letters again at once, with their five days begun anew.
    Retry {
        /// Their numbers, as `list` tells them.
        #[arg(required_unless_present = "all_dead")]
        ids: Vec<i64>,
        /// All that were given up.
        #[arg(long, conflicts_with = "ids")]
        all_dead: bool,
    },
    /// Take letters out for good; they are never sent.
    Drop {
        /// Their numbers, as `list` tells them.
        #[arg(required = true)]
        ids: Vec<i64>,
    },
}

/// Does what is asked, beside a running daemon or without one.
pub async fn queue(arguments: &Arguments) -> Answer {
    let config = match configuration(&arguments.config.config, Level::Warning) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let store = match Store::beside(&config.store).await {
        Ok(store) => store,
        Err(error) => return world(&error),
    };
    let now = Timestamp::now();
    let format = arguments.format;
    let answer = match &arguments.command {
        Command::List { most } => list(&store, *most, now, format).await,
        Command::Show { id } => show(&store, *id, now, format).await,
        Command::Retry { ids, all_dead } => retry(&store, ids, *all_dead, now, format).await,
        Command::Drop { ids } => drop_out(&store, ids, now, format).await,
    };
    store.close().await;
    answer.unwrap_or_else(|error| world(&error))
}

fn world(error: &StoreError) -> Answer {
    let exit = if matches!(error, StoreError::Unknown { .. }) { Exit::Usage } else { Exit::World };
    Answer::trouble(format!("{error}\n"), exit)
}

async fn list(store: &Store, most: usize, now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    let queue = store.queue(most).await?;
    let dead = queue.iter().filter(|one| one.state == DeliveryState::Dead).count();
    if format == Format::Json {
        let all: Vec<Value> = queue.iter().map(as_json).collect();
        return Ok(Answer::new(json(&Value::Array(all)), Exit::Fine));
    }
    let paint = Paint { colour: colour() };
    let mut text = String::new();
    for one in &queue {
        let standing = standing(one, now);
        let standing = if one.state == DeliveryState::Dead { paint.bad(&standing) } else { standing };
        text.push_str(&format!("{:>6}  {}  desk {}, {}: {standing}\n", one.id.0, one.recipient, one.desk, about(one)));
        if let Some(reply) = &one.reply {
            text.push_str(&format!("        {}\n", paint.dim(reply)));
        }
    }
    let waiting = queue.len() - dead;
    let shown = if queue.len() == most { " (those shown; there may be more)" } else { "" };
    text.push_str(&match (waiting, dead) {
        (0, 0) => "No letter waits.\n".to_owned(),
        (waiting, 0) => format!("{} waiting{shown}.\n", counted(waiting, "letter")),
        (waiting, dead) => format!(
            "{} waiting, {dead} given up{shown}. What was given up stays until somebody decides: `retry` or `drop`.\n",
            counted(waiting, "letter")
        ),
    });
    Ok(Answer::new(text, Exit::Fine))
}

async fn show(store: &Store, id: i64, now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    let (one, letter) = store.queued(DeliveryId(id)).await?;
    if format == Format::Json {
        let mut answer = as_json(&one);
        if let Value::Object(fields) = &mut answer {
            fields.insert("text".to_owned(), Value::String(letter.text));
        }
        return Ok(Answer::new(json(&answer), Exit::Fine));
    }
    Ok(Answer::new(page(&one, &letter, now), Exit::Fine))
}

fn page(one: &Queued, letter: &Letter, now: Timestamp) -> String {
    let reply = one.reply.as_deref().unwrap_or("nothing yet");
    format!(
        "Letter {} to {} (desk {}, about {})\nIt {}.\nThe relay's last words: {reply}\nWritten: {}\nMessage-ID: <{}>\nSubject: {}\n\n{}\n",
        one.id.0,
        one.recipient,
        one.desk,
        about(one),
        standing(one, now),
        one.queued_at,
        one.message_id.0,
        one.subject,
        letter.text.trim_end(),
    )
}

async fn retry(store: &Store, ids: &[i64], all_dead: bool, now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    let mut ids = ids.to_vec();
    if all_dead {
        let queue = store.queue(usize::MAX).await?;
        ids.extend(queue.iter().filter(|one| one.state == DeliveryState::Dead).map(|one| one.id.0));
    }
    let mut done = Done::default();
    for id in ids {
        done.note(id, store.retry(DeliveryId(id), now).await)?;
    }
    Ok(done.answer(
        "tried again",
        "A running claimwatch sends them within half a minute, unless the relay is being left in peace.",
        format,
    ))
}

async fn drop_out(store: &Store, ids: &[i64], now: Timestamp, format: Format) -> Result<Answer, StoreError> {
    let mut done = Done::default();
    for &id in ids {
        done.note(id, store.drop_delivery(DeliveryId(id), now).await)?;
    }
    Ok(done.answer("taken out", "They are never sent.", format))
}

/// What was done with each number that was named.
#[derive(Debug, Default)]
struct Done {
    done: Vec<i64>,
    unknown: Vec<i64>,
}

impl Done {
    fn note(&mut self, id: i64, result: Result<(), StoreError>) -> Result<(), StoreError> {
        match result {
            Ok(()) => self.done.push(id),
            Err(StoreError::Unknown { .. }) => self.unknown.push(id),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn answer(&self, what: &str, then: &str, format: Format) -> Answer {
        let exit = if self.unknown.is_empty() { Exit::Fine } else { Exit::Usage };
        if format == Format::Json {
            return Answer::new(json(&json!({ "done": self.done, "unknown": self.unknown })), exit);
        }
        let mut text = format!("{}: {what}.", counted(self.done.len(), "letter"));
        if !self.done.is_empty() {
            text.push_str(&format!(" {then}"));
        }
        text.push('\n');
        for id in &self.unknown {
            text.push_str(&format!("There is no letter {id} that waits or was given up.\n"));
        }
        Answer { trouble: String::new(), text, exit }
    }
}

/// "waits, next try in 4 minutes, 2 attempts so far"
fn standing(one: &Queued, now: Timestamp) -> String {
    let attempts = match one.attempts {
        0 => "not tried yet".to_owned(),
        attempts => format!("{} so far", counted(attempts as usize, "attempt")),
    };
    match one.state {
        DeliveryState::Queued if one.next_at <= now => format!("waits for its turn, {attempts}"),
        DeliveryState::Queued => {
            let wait = std::time::Duration::try_from(one.next_at.duration_since(now)).unwrap_or_default();
            format!("waits, next try in {}, {attempts}", units::in_words(wait))
        }
        DeliveryState::Sending => format!("is being sent, {attempts}"),
        DeliveryState::Sent => format!("was sent, {attempts}"),
        DeliveryState::Dead => format!("was given up, {attempts}"),
        DeliveryState::Dropped => format!("was taken out by the operator, {attempts}"),
    }
}

fn as_json(one: &Queued) -> Value {
    let state = match one.state {
        DeliveryState::Queued => "queued",
        DeliveryState::Sending => "sending",
        DeliveryState::Sent => "sent",
        DeliveryState::Dead => "dead",
        DeliveryState::Dropped => "dropped",
    };
    json!({
        "id": one.id.0,
        "state": state,
        "desk": one.desk.0,
        "claim": one.claim.0,
        "recipient": one.recipient,
        "subject": one.subject,
        "message_id": one.message_id.0,
        "attempts": one.attempts,
        "queued_at": one.queued_at.to_string(),
        "next_at": one.next_at.to_string(),
        "reply": one.reply,
    })
}

/// What a letter is about.
fn about(one: &Queued) -> String {
    if one.claim.0.is_empty() { "digest".to_owned() } else { one.claim.0.clone() }
}
