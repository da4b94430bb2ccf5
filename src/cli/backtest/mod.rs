//! `claimwatch backtest`: what a change of rules would have done to the posts of the past.

mod bulk;
mod compare;
mod git;
mod markdown;
mod report;
mod tally;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use self::bulk::{Archives, BulkTally, archives_of};
use self::compare::{Before, Tried, changed, compare, what_changed};
use self::markdown::in_markdown;
pub(super) use self::report::whence;
use self::report::{Report, in_json, in_text};
use self::tally::Tally;
use super::opened::{Opened, Since, open};
use super::output::{Answer, Paint, colour, counted};
use super::past::{Past, PastPost, on_all_cores_with};
use super::progress::{Progress, grouped};
use super::test::rule_called;
use super::{ConfigPath, Exit};
use crate::matching::ranked::Scratch;
use crate::model::claim::ClaimId;
use crate::rules::bulk::BulkClaim;
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
    /// Try only these rules or bulk claims.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Fail if more than so many posts would newly reach a desk, in a letter or the digest.
    #[arg(long, value_name = "N")]
    pub max_new: Option<u64>,
    /// Show so many posts of each kind and rule.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub show: usize,
    /// Leave the claims of archives (bulk claims) out.
    #[arg(long)]
    pub without_archives: bool,
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
The rules as they lie in the files are tried on posts of the past, those that claimwatch remembers or those of a \
file ({\"id\", \"text\", \"title\"?, \"author\"?, \"url\"?, \"lang\"?} on each line). Without --base they are \
compared with what was decided when the posts came; a file has no decisions, so there all that is found appears. \
Drafts are tried as if they were in test. Dates (active_from, expires) are left out of account. Nothing is \
written; it can run beside the daemon.

Archives (*.jsonl) are tried too: with --base where they were changed, without it always. That takes as much \
memory as the daemon needs for them, twice where two states are compared; --without-archives leaves them out.

  +  appears: was not found, and now is
  -  disappears
  ~  moves between letter, digest and counting

What people said of a post (claimwatch feedback) stands beside it. --max-new counts posts that would newly reach \
a desk: drafts and rules in test tell nobody.

Examples:
  claimwatch backtest                             against what was decided
  claimwatch backtest --base HEAD nk-problem-solved           against git
  claimwatch backtest --base origin/main --format markdown --max-new 50
  claimwatch backtest --posts archive.jsonl.gz

Exit code: 0 · 1 more than --max-new · 2 no such rule or revision · 3 the rules have errors · 4 no posts to try \
on";

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
    let old: Option<Old> = match &arguments.base {
        None => None,
        Some(revision) => Some(rules_then(arguments, opened, revision, &mut complaints)?),
    };
    let rules = &opened.reading.rules;
    let rules_then = old.as_ref().map(|old| old.rules.as_slice());
    let is_rule = |id: &String| {
        let among = |rules: &[Rule]| rules.iter().any(|rule| rule.claim.id.0 == *id);
        among(rules) || rules_then.is_some_and(among)
    };
    let only_rules = arguments.without_archives || (!arguments.ids.is_empty() && arguments.ids.iter().all(is_rule));
    let then = old.as_ref().map(|old| &old.then);
    let archives = if only_rules { None } else { archives_of(opened, then, &mut complaints) };
    for id in arguments.ids.iter().filter(|id| !is_rule(id)) {
        let of = |claims: &[BulkClaim]| claims.iter().any(|claim| claim.id == *id);
        if !archives.as_ref().is_some_and(|kept| of(&kept.now) || kept.then.as_deref().is_some_and(of)) {
            rule_called(id, rules)?;
        }
    }
    let chosen = |rule: &&Rule| arguments.ids.is_empty() || arguments.ids.contains(&rule.claim.id.0);
    let now: Vec<Rule> = rules.iter().filter(chosen).cloned().collect();
    let then: Option<Vec<Rule>> = rules_then.map(|rules| rules.iter().filter(chosen).cloned().collect());

    // A rule's strength depends on no other rule: only those that were changed need be tried.
    let pairs = match &then {
        Some(then) => changed(then, &now),
        None => now.iter().map(|rule| (None, Some(rule))).collect(),
    };
    let from_memory = arguments.posts.is_none();
    // What was decided about claims that nobody has any more; with other rules than the configured it would be most of them.
    let takes_gone = old.is_none() && from_memory && arguments.rules.is_empty();
    let mut of_bulk = archives.as_ref().map(|archives| BulkTally::new(archives, &arguments.ids, takes_gone));
    let policy = opened.config.as_ref().map(|config| config.bulk.clone()).unwrap_or_default();
    let Archives { now: bulk_now, then: bulk_then } = archives.unwrap_or_default();
    let tried = Tried::of(pairs.iter().filter_map(|(_, new)| *new), true).with_bulk(bulk_now, &policy, rules);
    let before = match &then {
        Some(_) => {
            let rules = Tried::of(pairs.iter().filter_map(|(old, _)| *old), false);
            let taken = rules_then.unwrap_or_default();
            Before::Rules(Box::new(rules.with_bulk(bulk_then.unwrap_or_default(), &policy, taken)))
        }
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
    if !tallies.is_empty() || of_bulk.is_some() {
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
        posts = try_all(&mut past, &before, &tried, &opinions, (&mut tallies, of_bulk.as_mut()), arguments.show).await?;
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
            (Some(old), _) => old.name.clone(),
            (None, true) => "what was decided".to_owned(),
            (None, false) => "nothing".to_owned(),
        },
        against_git: old.is_some(),
        time: from_memory.then(|| arguments.since.to_string()),
        posts,
        seconds: started.elapsed().as_secs_f64(),
        untouched,
        tallies,
        bulk: of_bulk,
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

/// The rules at a git revision.
struct Old {
    rules: Vec<Rule>,
    then: git::Then,
    /// How to call it.
    name: String,
}

fn rules_then(arguments: &Arguments, opened: &Opened, revision: &str, complaints: &mut String) -> Result<Old, Answer> {
    let configured = opened.config.as_ref().map(|config| config.rule_paths.clone()).unwrap_or_default();
    let paths = if arguments.rules.is_empty() { configured } else { arguments.rules.clone() };
    let archives = if arguments.without_archives { &[][..] } else { &opened.reading.archives };
    let then = git::rules_at(revision, &paths, archives).map_err(|why| Answer::trouble(format!("{why}.\n"), Exit::Usage))?;
    let (rules, found) = syntax::read(&then.texts);
    if any_error(&found) {
        complaints.push_str(&format!(
            "At {revision} {} had errors; what could be read of them is compared.\n",
            counted(then.texts.len(), "rule file")
        ));
    }
    let is_named_whole = then.commit.starts_with(revision);
    let name = if is_named_whole { then.commit.clone() } else { format!("{revision} ({})", then.commit) };
    Ok(Old { rules, then, name })
}

async fn try_all(
    past: &mut Past<'_>,
    before: &Before,
    tried: &Tried,
    opinions: &[Opined],
    (tallies, mut of_bulk): (&mut [Tally], Option<&mut BulkTally>),
    show: usize,
) -> Result<u64, Answer> {
    let places: HashMap<ClaimId, usize> = tallies.iter().enumerate().map(|(place, tally)| (tally.claim.clone(), place)).collect();
    let mut said: HashMap<&ClaimId, Vec<&Opined>> = HashMap::new();
    for one in opinions {
        said.entry(&one.feedback.claim).or_default().push(one);
    }
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
        let seen = on_all_cores_with(&piece, Scratch::default, |scratch, one| {
            compare(&one.post, one.decided.as_deref(), before, tried, scratch)
        });
        for (one, seen) in piece.iter().zip(seen) {
            for seen in seen {
                let said = said.get(&seen.claim).map(Vec::as_slice).unwrap_or_default();
                match (places.get(&seen.claim).and_then(|place| tallies.get_mut(*place)), &mut of_bulk) {
                    (Some(tally), _) => tally.count(&one.post, seen, said, show, tried),
                    (None, Some(of_bulk)) => of_bulk.count(&one.post, seen, said, show, tried),
                    (None, None) => {}
                }
            }
        }
        posts += piece.len() as u64;
        progress.at(posts, &format_args!("{} posts", grouped(posts)));
    }
}
