//! `claimwatch feedback`: say of a sighting that it is right, or that it is not this claim.

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::marks::marked;
use super::opened::{day, days_ago};
use super::output::{Answer, Format, Paint, colour, json as as_json};
use super::store::with_store;
use super::{ConfigPath, Exit};
use crate::model::feedback::{Feedback, Opinion};
use crate::model::sighting::{Decision, SightingId};
use crate::store::Store;
use crate::store::editors::{Said, Sighted, Wanted};
use crate::store::error::StoreError;

/// Arguments of `feedback`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Number of the sighting; letters and `show` name it. Without one, those that nobody has judged are listed.
    #[arg(value_name = "SIGHTING", requires = "opinion", value_parser = number)]
    pub sighting: Option<i64>,
    /// confirm: the post repeats the claim. dismiss: it does not, and shall not come back.
    #[arg(value_name = "confirm|dismiss", value_enum)]
    pub opinion: Option<Word>,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// In a few words, for whoever looks after the rule.
    #[arg(long, value_name = "WORDS")]
    pub why: Option<String>,
    /// List only sightings of this claim.
    #[arg(long, value_name = "ID", conflicts_with = "sighting")]
    pub rule: Option<String>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Word {
    /// The post repeats the claim.
    Confirm,
    /// It does not.
    Dismiss,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
What is said is kept with the revision of the rule. A dismissed post, and copies of it with small changes, tell \
nobody again while the rule keeps its wording; a changed rule is asked anew. Who has erred says the other word: \
the last counts. It can be said while claimwatch runs.

Examples:
  claimwatch feedback                        what nobody has judged yet
  claimwatch feedback 412 confirm
  claimwatch feedback 412 dismiss --by Ana --why \"asks, does not claim\"

Exit code: 0 noted · 2 no such sighting · 3 configuration unreadable · 4 no database";

/// So many are listed.
const LISTED: u32 = 20;

/// Longest word about a sighting, in bytes: it is a remark, not an article.
const LONGEST_BYTES: usize = 2000;

fn number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    digits.parse().map_err(|_| "sightings have numbers: letters and `claimwatch show ID` name them".to_owned())
}

/// Notes what is said, or lists what waits for a word.
pub async fn feedback(arguments: &Arguments) -> Answer {
    let too_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > LONGEST_BYTES);
    if too_long(&arguments.by) || too_long(&arguments.why) {
        return Answer::trouble(format!("Keep it short: {LONGEST_BYTES} letters are the most.\n"), Exit::Usage);
    }
    with_store(&arguments.config, async |store, _| match (arguments.sighting, arguments.opinion) {
        (Some(number), Some(word)) => say(store, SightingId(number), word, arguments).await,
        _ => list(store, arguments).await,
    })
    .await
}

async fn say(store: &Store, id: SightingId, word: Word, arguments: &Arguments) -> Result<Answer, StoreError> {
    let opinion = match word {
        Word::Confirm => Opinion::Confirmed,
        Word::Dismiss => Opinion::Dismissed,
    };
    let tidy = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (by, why) = (tidy(&arguments.by), tidy(&arguments.why));
    let said = match store.say(id, opinion, by.as_deref(), why.as_deref(), Timestamp::now()).await {
        Err(StoreError::Unknown { .. }) => {
            let text = format!("There is no sighting {id}. `claimwatch feedback` lists the newest.\n");
            return Ok(Answer::trouble(text, Exit::Usage));
        }
        said => said?,
    };
    let sighted = store.sighted(id).await?;
    if arguments.format == Format::Json {
        let before = said.before.as_ref().map(|before| feedback_json(Some(before)));
        let answer = json!({ "sighting": sighting_json(&sighted), "before": before, "letters_spared": said.letters_spared });
        return Ok(Answer::new(as_json(&answer), Exit::Fine));
    }
    Ok(Answer::new(told(&sighted, &said, opinion), Exit::Fine))
}

fn told(sighted: &Sighted, said: &Said, opinion: Opinion) -> String {
    let paint = Paint { colour: colour() };
    let word = match opinion {
        Opinion::Confirmed => paint.good("confirmed"),
        Opinion::Dismissed => paint.odd("dismissed"),
    };
    let mut text = format!("Sighting {} is {word} for {}.\n", sighted.id, paint.strong(&sighted.claim.0));
    text.push_str(&format!("  {}\n", excerpt(sighted, paint)));
    if let Some(before) = &said.before {
        let changed = if before.opinion == opinion { "It was" } else { "Until now it was" };
        text.push_str(&format!("{changed} {}.\n", in_words(before)));
    }
    if opinion == Opinion::Dismissed {
        text.push_str("It, and copies of it with small changes, tell nobody again while the rule keeps its wording");
        text.push_str(&format!(" (revision {}).\n", sighted.revision.0));
        if said.letters_spared > 0 {
            text.push_str("It was taken out of a letter that had not left yet.\n");
        }
    }
    text
}

async fn list(store: &Store, arguments: &Arguments) -> Result<Answer, StoreError> {
    let claim = arguments.rule.clone().map(crate::model::claim::ClaimId);
    let wanted = Wanted { claim, unjudged: true, alerts: true, most: LISTED };
    let found = store.sightings(&wanted).await?;
    if arguments.format == Format::Json {
        let all: Vec<Value> = found.iter().map(sighting_json).collect();
        return Ok(Answer::new(as_json(&json!({ "unjudged": all })), Exit::Fine));
    }
    let paint = Paint { colour: colour() };
    if found.is_empty() {
        let of = arguments.rule.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
        return Ok(Answer::new(format!("No sighting{of} waits for a word: all are judged, or there are none.\n"), Exit::Fine));
    }
    let mut text = format!("The newest sightings that nobody has judged ({LISTED} at the most):\n\n");
    for sighted in &found {
        text.push_str(&line(sighted, Timestamp::now(), paint));
    }
    text.push_str("\nSay of each: claimwatch feedback NUMBER confirm, or dismiss.\n");
    Ok(Answer::new(text, Exit::Fine))
}

/// A sighting as a list shows it, on two lines: number, claim, day, source, strength, what was said; and its words.
pub(super) fn line(sighted: &Sighted, now: Timestamp, paint: Paint) -> String {
    let source = sighted.post.as_ref().map_or("", |post| post.source.0.as_str());
    let strength = sighted.sighting.as_ref().map(|one| format!("  {:.2}", one.strength.value())).unwrap_or_default();
    let near = if sighted.decision == Decision::Possible { "  nearly" } else { "" };
    let said = sighted.feedback.as_ref().map(|said| format!("  {}", in_words(said))).unwrap_or_default();
    let number = paint.strong(&format!("{:>6}", sighted.id.0));
    let when = days_ago(sighted.seen_at, now);
    format!("{number}  {}  {when}  {source}{strength}{near}{said}\n        {}\n", sighted.claim, excerpt(sighted, paint))
}

/// "dismissed by Ana on 2026-10-02: asks, does not claim"
pub(super) fn in_words(feedback: &Feedback) -> String {
    let by = feedback.by.as_ref().map(|by| format!(" by {}", super::marks::shortened(by, 0, 60))).unwrap_or_default();
    let why = feedback.why.as_ref().map(|why| format!(": {}", super::marks::shortened(why, 0, 120))).unwrap_or_default();
    format!("{}{by} on {}{why}", feedback.opinion.word(), day(feedback.said_at))
}

fn excerpt(sighted: &Sighted, paint: Paint) -> String {
    let Some(post) = &sighted.post else { return paint.dim("(its text is no longer remembered)") };
    let spans = sighted.sighting.as_ref().and_then(|one| one.evidence.first()).map(|best| best.spans.clone());
    let gates = sighted.sighting.as_ref().map(|one| one.gate_spans.clone()).unwrap_or_default();
    format!("\"{}\"", marked(post, &spans.unwrap_or_default(), &gates, paint))
}

/// A sighting as JSON.
pub(super) fn sighting_json(sighted: &Sighted) -> Value {
    json!({
        "id": sighted.id.0,
        "claim": sighted.claim,
        "revision": sighted.revision,
        "decision": sighted.decision,
        "seen_at": sighted.seen_at,
        "source": sighted.post.as_ref().map(|post| &post.source),
        "url": sighted.post.as_ref().and_then(|post| post.url.as_ref()),
        "text": sighted.post.as_ref().map(|post| post.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n")),
        "strength": sighted.sighting.as_ref().map(|one| one.strength),
        "stance": sighted.sighting.as_ref().map(|one| one.stance),
        "feedback": feedback_json(sighted.feedback.as_ref()),
        "dismissed_like": sighted.dismissed_like.map(|id| id.0),
    })
}

fn feedback_json(feedback: Option<&Feedback>) -> Value {
    feedback.map_or(Value::Null, |said| {
        json!({ "opinion": said.opinion.word(), "by": said.by, "why": said.why, "at": said.said_at, "revision": said.revision })
    })
}
