//! `claimwatch backtest`: what a change of rules would have done to the posts of the past.

mod compare;
mod git;
mod report;
mod tally;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use self::compare::{Before, Tried, changed, compare, what_changed};
pub(super) use self::report::whence;
use self::report::{Report, in_json, in_markdown, in_text};
use self::tally::Tally;
use super::opened::{Opened, Since, open};
use super::output::{Answer, Paint, colour, counted};
use super::past::{Past, PastPost, on_all_cores};
use super::progress::{Progress, grouped};
use super::test::rule_called;
use super::{ConfigPath, Exit};
use crate::rules::diagnostic::any_error;
use crate::rules::{Rule, syntax};
use crate::store::editors::Opined;

/// Arguments of `backtest`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Compare with the rules as they were at this git revision: HEAD, origin/main, a commit.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// Try on the posts remembered since then: "90d", "2026-09-01".
    #[arg(long, value_name = "TIME", default_value = "90d")]
    pub since: Since,
    /// Try on the posts of this file instead, a JSON object on each line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub posts: Option<PathBuf>,
    /// Try only these rules.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Fail if more than so many posts would newly reach a desk, in a letter or the digest.
    #[arg(long, value_name = "N")]
    pub max_new: Option<u64>,
    /// Show so many posts of each kind and rule.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub show: usize,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Use the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Form,
}

/// In which form the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Form {
    /// Sentences for people.
    #[default]
    Text,
    /// A comment for a pull request.
    Markdown,
    /// JSON for programs.
    Json,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
The rules as they lie in the files are tried on posts of the past, those that claimwatch remembers or those of a file
({\"id\", \"text\", \"title\"?, \"author\"?, \"url\"?, \"lang\"?} on each line). Without --base they are compared with what was decided
when the posts came; a file has no decisions, so there all that is found appears. Drafts are tried as if they were in
test. Dates (active_from, expires) are left out of account. Nothing is written; it can run beside the daemon.

  +  appears: was not found, and now is        -  disappears        ~  moves between letter, digest and counting

What people said of a post (claimwatch feedback) stands beside it. --max-new counts posts that would newly reach a desk:
drafts and rules in test tell nobody.

Examples:
  claimwatch backtest                                      my edits, against what was decided
  claimwatch backtest --base HEAD nk-problem-solved        one rule, against the last commit
  claimwatch backtest --base origin/main --format markdown --max-new 50
  claimwatch backtest --posts archive.jsonl.gz

Exit code: 0 · 1 more than --max-new · 2 no such rule or revision · 3 the rules have errors · 4 no posts to try on";

/// Tries and tells.
pub async fn backtest(arguments: &Arguments) -> Answer {
    let opened = match open(&arguments.config, &arguments.rules).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let answer = run(arguments, &opened).await;
    opened.close().await;
    answer.unwrap_or_else(|answer| answer)
}

async fn run(arguments: &Arguments, opened: &Opened) -> Result<Answer, Answer> {
    let mut complaints = String::new();
    let old: Option<(Vec<Rule>, String)> = match &arguments.base {
        None => None,
        Some(revision) => {
            let (rules, name) = rules_then(arguments, opened, revision, &mut complaints)?;
            Some((rules, name))
        }
    };
    for id in &arguments.ids {
        let known_then = old.as_ref().is_some_and(|(rules, _)| rules.iter().any(|rule| rule.claim.id.0 == *id));
        if !known_then {
            rule_called(id, &opened.reading.rules)?;
        }
    }
    let chosen = |rule: &&Rule| arguments.ids.is_empty() || arguments.ids.contains(&rule.claim.id.0);
    let now: Vec<Rule> = opened.reading.rules.iter().filter(chosen).cloned().collect();
    let then: Option<Vec<Rule>> = old.as_ref().map(|(rules, _)| rules.iter().filter(chosen).cloned().collect());

    // A rule's strength depends on no other rule: only those that were changed need be tried.
    let pairs = match &then {
        Some(then) => changed(then, &now),
        None => now.iter().map(|rule| (None, Some(rule))).collect(),
    };
    let tried = Tried::of(pairs.iter().filter_map(|(_, new)| *new), true);
    let from_memory = arguments.posts.is_none();
    let before = match &then {
        Some(_) => Before::Rules(Box::new(Tried::of(pairs.iter().filter_map(|(old, _)| *old), false))),
        None if from_memory => Before::Memory,
        None => Before::Nothing,
    };
    let mut tallies: Vec<Tally> = pairs
        .iter()
        .filter_map(|(old, new)| {
            let rule = new.or(*old)?;
            let changes = then.as_ref().map(|_| what_changed(*old, *new)).unwrap_or_default();
            Some(Tally::new(rule.claim.id.clone(), changes))
        })
        .collect();

    let started = Instant::now();
    let mut posts = 0;
    if !tallies.is_empty() {
        let opinions = match &opened.store {
            Ok(store) => store.opinions().await.map_err(|error| Answer::trouble(format!("{error}\n"), Exit::World))?,
            Err(_) => Vec::new(),
        };
        let mut past = match &arguments.posts {
            Some(path) => Past::of_file(path)?,
            None => {
                let store = opened.memory("Name a file of posts with --posts.")?;
                Past::of_memory(store, arguments.since.before(Timestamp::now()))
            }
        };
        posts = try_all(&mut past, &before, &tried, &opinions, &mut tallies, arguments.show).await?;
        complaints.push_str(&past.complaints());
        if posts == 0 {
            let text = match &arguments.posts {
                Some(path) => format!("{complaints}{} holds no posts.\n", path.display()),
                None => format!(
                    "No posts are remembered ({}): let claimwatch run for a while, or name a file with --posts.\n",
                    arguments.since
                ),
            };
            return Err(Answer::trouble(text, Exit::World));
        }
    }
    let untouched = now.len() - pairs.iter().filter(|(_, new)| new.is_some()).count();
    let report = Report {
        base: match (&old, from_memory) {
            (Some((_, name)), _) => name.clone(),
            (None, true) => "what was decided".to_owned(),
            (None, false) => "nothing".to_owned(),
        },
        against_git: old.is_some(),
        time: from_memory.then(|| arguments.since.to_string()),
        posts,
        seconds: started.elapsed().as_secs_f64(),
        untouched,
        tallies,
        max_new: arguments.max_new,
    };
    let exit = if report.is_too_much() { Exit::Faults } else { Exit::Fine };
    let text = match arguments.format {
        Form::Text => in_text(&report, Paint { colour: colour() }),
        Form::Markdown => in_markdown(&report),
        Form::Json => in_json(&report),
    };
    Ok(Answer { text, trouble: complaints, exit })
}

/// The rules at a git revision, and how to call it.
fn rules_then(
    arguments: &Arguments,
    opened: &Opened,
    revision: &str,
    complaints: &mut String,
) -> Result<(Vec<Rule>, String), Answer> {
    let configured = opened.config.as_ref().map(|config| config.rule_paths.clone()).unwrap_or_default();
    let paths = if arguments.rules.is_empty() { configured } else { arguments.rules.clone() };
    let then = git::rules_at(revision, &paths).map_err(|why| Answer::trouble(format!("{why}.\n"), Exit::Usage))?;
    let (rules, found) = syntax::read(&then.texts);
    if any_error(&found) {
        complaints.push_str(&format!(
            "At {revision} {} had errors; what could be read of them is compared.\n",
            counted(then.texts.len(), "rule file")
        ));
    }
    let name = if then.commit.starts_with(revision) { then.commit } else { format!("{revision} ({})", then.commit) };
    Ok((rules, name))
}

async fn try_all(
    past: &mut Past<'_>,
    before: &Before,
    tried: &Tried,
    opinions: &[Opined],
    tallies: &mut [Tally],
    show: usize,
) -> Result<u64, Answer> {
    let mut progress = Progress::new(past.total().await?);
    let mut posts = 0;
    loop {
        let piece = past.next().await?;
        if piece.is_empty() {
            progress.end();
            return Ok(posts);
        }
        // What was only noted as history was never decided about: against decisions it proves nothing.
        let piece: Vec<PastPost> =
            piece.into_iter().filter(|one| !matches!(before, Before::Memory) || one.decided.is_some()).collect();
        let seen = on_all_cores(&piece, |one| compare(&one.post, one.decided.as_deref(), before, tried));
        for (one, seen) in piece.iter().zip(seen) {
            for seen in seen {
                let Some(tally) = tallies.iter_mut().find(|tally| tally.claim == seen.claim) else { continue };
                tally.count(&one.post, seen, opinions, show, tried);
            }
        }
        posts += piece.len() as u64;
        progress.at(posts, &format_args!("{} posts", grouped(posts)));
    }
}
