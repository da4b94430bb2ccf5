//! `claimwatch mail preview`: the letter that an alert would cause, as files to look at.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::opened::{Opened, open};
use super::output::{Answer, Format, json};
use super::test::rule_called;
use super::{ConfigPath, Exit};
use crate::alerting::route::desks_for;
use crate::alerting::subscription::Desk;
use crate::alerting::{digest, feed, letter};
use crate::mail::hook;
use crate::mail::message::{Sender, compose};
use crate::matching::weigh;
use crate::model::alert::LetterId;
use crate::model::claim::Claim;
use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::digest::{Digest, DigestKind, Figures, Gathered, Reason, Section};
use crate::model::feed::{Entry, Shelf};
use crate::model::letter::{Change, Dossier, Hour, Letter, MessageId, Occasion, Seen};
use crate::model::post::Post;
use crate::model::sighting::{Sighting, SightingId};
use crate::model::source::SourceName;
use crate::rules::Rule;
use crate::rules::compile::compile;
use crate::web;

/// Arguments of `mail preview`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The claim that the text repeats; without it, the first rule that has a test.
    #[arg(long, value_name = "ID", conflicts_with = "sighting")]
    pub claim: Option<String>,
    /// The post's text; without it, the first test of the rule that must match.
    #[arg(long, value_name = "TEXT", conflicts_with = "sighting")]
    pub text: Option<String>,
    /// A post that was seen, by its number.
    #[arg(long, value_name = "NUMBER")]
    pub sighting: Option<i64>,
    /// Write as to this desk: its language and time zone; without it, the first that the claim goes to.
    #[arg(long, value_name = "NAME")]
    pub desk: Option<String>,
    /// Which letter.
    #[arg(long, value_enum, default_value_t)]
    pub kind: Which,
    /// Put the files here.
    #[arg(long, value_name = "FOLDER", default_value = "var/preview")]
    pub to: PathBuf,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Kinds of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Which {
    /// The first of a thread.
    #[default]
    First,
    /// A later one.
    Update,
    /// After quiet days.
    Resurgence,
    /// The claim is spreading fast.
    Spike,
    /// The fact-check was changed.
    VerdictChanged,
    /// The rule was taken out of use.
    RuleRetired,
    /// A digest with this post in it.
    Digest,
    /// A digest with nothing in it.
    Heartbeat,
}

/// What `mail preview --help` says last.
pub const AFTER_HELP: &str = "\
Sends nothing. Writes letter.eml (whole, for a mail program), letter.html (for a browser) and letter.txt; for a \
desk with other ways out also what those get: webhook-NAME.json, matrix-NAME.json, alerts.atom.

Examples:
  claimwatch mail preview
  claimwatch mail preview --claim nk-sleep-well-tonight \\
      --text \"North Korea: sleep well tonight!\" --kind update
  claimwatch mail preview --sighting 412 --desk politics --to /tmp/letter

Exit code: 0 · 1 the text does not repeat the claim: the letter shows what there is · 2 no such claim, desk or \
sighting · 3 configuration or rules cannot be read · 4 the files cannot be written";

/// Writes the letter.
pub async fn preview(arguments: &Arguments) -> Answer {
    let opened = match open(&arguments.config, &[]).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let answer = written(arguments, &opened).await.unwrap_or_else(|answer| answer);
    opened.close().await;
    answer
}

async fn written(arguments: &Arguments, opened: &Opened) -> Result<Answer, Answer> {
    let now = Timestamp::now();
    let (claim, seen, matches) = match arguments.sighting {
        Some(number) => remembered(opened, SightingId(number)).await?,
        None => tried(arguments, opened, now)?,
    };
    let desk = desk(arguments, opened, &claim)?;
    let letter = letter_of(arguments.kind, &claim, seen, &desk, now);
    let from = opened.config.as_ref().map_or("claimwatch@localhost", |config| config.mail.from.as_str());
    let sender = Sender::read(from).map_err(|error| Answer::trouble(format!("{error}\n"), Exit::Unreadable))?;
    let delivery = delivery(&letter, &desk, &claim, sender.domain(), now);
    let message = compose(&delivery, &sender).map_err(|why| Answer::trouble(format!("{why}\n"), Exit::World))?;
    let text = format!("Subject: {}\n\n{}", letter.subject, letter.text);
    let whole =
        [("letter.eml", message.bytes.as_slice()), ("letter.html", letter.html.as_bytes()), ("letter.txt", text.as_bytes())];
    let mut files: Vec<(String, Vec<u8>)> = whole.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    files.extend(elsewhere(&delivery, &desk, now)?);
    let put = |(name, bytes): &(String, Vec<u8>)| put(&arguments.to, name, bytes);
    let paths: Vec<PathBuf> = files.iter().map(put).collect::<Result<_, _>>()?;
    let exit = if matches { Exit::Fine } else { Exit::Faults };
    if arguments.format == Format::Json {
        let answer = json!({
            "desk": desk.name.0, "claim": claim.id.0, "matches": matches, "subject": letter.subject, "language": letter.lang.0,
            "files": paths, "facts": letter.facts,
        });
        return Ok(Answer::new(json(&answer), exit));
    }
    let mut answer = format!("{text}\n");
    if !matches {
        answer.push_str(&format!("Note: by its rule this text does not repeat {}; nobody would be written to.\n", claim.id));
    }
    for path in &paths {
        answer.push_str(&format!("{}\n", path.display()));
    }
    Ok(Answer::new(answer, exit))
}

/// What the desk's other ways out get, each with a name for its file.
fn elsewhere(delivery: &Delivery, desk: &Desk, now: Timestamp) -> Result<Vec<(String, Vec<u8>)>, Answer> {
    let mut files = Vec::new();
    for hook in &desk.hooks {
        let name: String = hook.recipient().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let message = hook::compose(delivery, hook, now).map_err(|why| Answer::trouble(format!("{why}\n"), Exit::World))?;
        files.push((format!("{name}.json"), message.body.into_bytes()));
    }
    if desk.feed {
        let (message_id, letter) = (delivery.message_id.clone(), delivery.letter.clone());
        let authority = message_id.0.split_once('@').map_or("localhost", |(_, domain)| domain).to_owned();
        let entry = Entry { number: 1, message_id, letter, at: now, is_taken_back: false };
        let shelf = Shelf { authority, since: now, entries: vec![entry] };
        let address = format!("http://localhost{}", web::feeds::path(&desk.name.0));
        files.push(("alerts.atom".to_owned(), feed::write(desk, &shelf, &address).into_bytes()));
    }
    Ok(files)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Answer> {
    let path = folder.join(name);
    let done = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
    done.map_err(|error| Answer::trouble(format!("{} cannot be written: {error}\n", path.display()), Exit::World))?;
    Ok(path)
}

/// A sighting from the memory, and its claim as the rules have it today.
async fn remembered(opened: &Opened, number: SightingId) -> Result<(Claim, Seen, bool), Answer> {
    let store = opened.memory("Give a claim and a text instead: --claim ID --text \"…\".")?;
    let sighted = store.sighted(number).await.map_err(|error| Answer::trouble(format!("{error}\n"), Exit::Usage))?;
    let (Some(post), Some(sighting)) = (sighted.post, sighted.sighting) else {
        let text = format!("The post of sighting {number} is forgotten: its time (keep_posts, keep_reasons) is over.\n");
        return Err(Answer::trouble(text, Exit::Usage));
    };
    let rule = rule_called(&sighted.claim.0, &opened.reading.rules)?;
    Ok((rule.claim.clone(), Seen { number, post, sighting, copies: Vec::new() }, true))
}

/// A text held against a rule.
fn tried(arguments: &Arguments, opened: &Opened, now: Timestamp) -> Result<(Claim, Seen, bool), Answer> {
    let rules = &opened.reading.rules;
    let sample = |rule: &Rule| rule.tests.iter().find(|test| test.matches && !test.pending).map(|test| test.text.clone());
    let rule = match &arguments.claim {
        Some(id) => rule_called(id, rules)?,
        None => rules.iter().find(|rule| sample(rule).is_some()).ok_or_else(|| {
            Answer::trouble("There is no rule with a test yet; give --claim ID and --text \"…\".\n".to_owned(), Exit::Usage)
        })?,
    };
    let text = arguments.text.clone().or_else(|| sample(rule)).ok_or_else(|| {
        Answer::trouble(format!("{} has no test that must match; give --text \"…\".\n", rule.claim.id), Exit::Usage)
    })?;
    let mut post = Post::of_text(&text, now);
    post.source = SourceName("preview".to_owned());
    post.url = Some("https://example.org/the-post".to_owned());
    let set = compile(vec![rule.clone()]);
    let judgement = weigh(&post, &set).into_iter().next().map(|judgement| judgement.into_sighting(&post));
    let matches = judgement.as_ref().is_some_and(|sighting| sighting.decision == crate::model::sighting::Decision::Alert);
    let sighting = judgement.unwrap_or_else(|| nothing_found(&rule.claim, &post));
    Ok((rule.claim.clone(), Seen { number: SightingId(1), post, sighting, copies: Vec::new() }, matches))
}

/// For a text that shares nothing with the rule.
fn nothing_found(claim: &Claim, post: &Post) -> Sighting {
    Sighting {
        claim: claim.id.clone(),
        revision: claim.revision.clone(),
        source: post.source.clone(),
        post: post.key.clone(),
        strength: Default::default(),
        confidence: Default::default(),
        decision: crate::model::sighting::Decision::Below,
        stance: Default::default(),
        cue: None,
        when: Default::default(),
        evidence: Vec::new(),
        gate_spans: Vec::new(),
    }
}

fn desk(arguments: &Arguments, opened: &Opened, claim: &Claim) -> Result<Desk, Answer> {
    let desks = opened.config.as_ref().map(|config| config.desks.as_slice()).unwrap_or_default();
    let Some(name) = &arguments.desk else {
        let first = desks_for(claim, desks).first().map(|desk| (*desk).clone());
        return Ok(first.or_else(|| desks.first().cloned()).unwrap_or_else(|| Desk::new("preview", Vec::new())));
    };
    desks.iter().find(|desk| desk.name.0 == *name).cloned().ok_or_else(|| {
        let known: Vec<&str> = desks.iter().map(|desk| desk.name.0.as_str()).collect();
        Answer::trouble(format!("There is no desk \"{name}\"; the configuration has: {}.\n", known.join(", ")), Exit::Usage)
    })
}

/// The letter, with numbers made up where only a thread or a week could give them.
fn letter_of(which: Which, claim: &Claim, seen: Seen, desk: &Desk, now: Timestamp) -> Letter {
    let hour = |ago: i64, sightings| Hour { from: now.checked_sub(SignedDuration::from_hours(ago)).unwrap_or(now), sightings };
    let first = Dossier {
        claim: claim.clone(),
        occasion: Occasion::News,
        episode: 1,
        instalment: 1,
        sightings: vec![seen.clone()],
        posts: 1,
        told: 0,
        trend: vec![hour(0, 1)],
        at: now,
    };
    let later = |occasion| Dossier {
        occasion,
        instalment: 3,
        told: 12,
        trend: vec![hour(74, 2), hour(50, 3), hour(26, 7), hour(0, 1)],
        ..first.clone()
    };
    let untold = |change| Dossier { sightings: Vec::new(), posts: 0, ..later(Occasion::Correction(change)) };
    let figures =
        Figures { sources: 1, healthy: 1, posts: 120, sightings: 1, held: vec![(Reason::Report, 1)], ..Figures::default() };
    let day = SignedDuration::from_hours(24);
    let digest_of = |sections| Digest {
        kind: DigestKind::Regular,
        since: now.checked_sub(day).unwrap_or(now),
        until: now,
        figures: figures.clone(),
        corrections: Vec::new(),
        sections,
        notices: Vec::new(),
    };
    match which {
        Which::First => letter::write(&first, desk),
        Which::Update => letter::write(&later(Occasion::News), desk),
        Which::Resurgence => letter::write(&Dossier { episode: 2, occasion: Occasion::Resurgence, ..first }, desk),
        Which::Spike => letter::write(&later(Occasion::Spike { last_hour: 31, usual_hundredths: 25 }), desk),
        Which::VerdictChanged => letter::write(&untold(Change::FactChecks { before: Vec::new() }), desk),
        Which::RuleRetired => letter::write(&untold(Change::Retired), desk),
        Which::Heartbeat => digest::write(&digest_of(Vec::new()), desk),
        Which::Digest => {
            let gathered = Gathered { claim: claim.clone(), posts: 1, items: vec![seen] };
            let section = Section { reason: Reason::Report, posts: 1, claims: vec![gathered], more_claims: 0 };
            digest::write(&digest_of(vec![section]), desk)
        }
    }
}

fn delivery(letter: &Letter, desk: &Desk, claim: &Claim, domain: &str, now: Timestamp) -> Delivery {
    Delivery {
        id: DeliveryId(0),
        letter_id: LetterId(0),
        letter: letter.clone(),
        desk: desk.name.clone(),
        claim: claim.id.clone(),
        recipient: desk.to.first().cloned().unwrap_or_else(|| "desk@example.org".to_owned()),
        message_id: MessageId(format!("preview.{}@{domain}", now.as_millisecond())),
        references: vec![MessageId(format!("preview.root@{domain}"))],
        written_at: now,
        attempts: 1,
        queued_at: now,
    }
}
