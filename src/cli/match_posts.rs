//! `claimwatch match`: which claims posts repeat, one line a post, in the order they were read.

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::archive::{self, PostLine, unreadable};
use super::output::{Answer, drawn};
use super::{Exit, eval, output};
use crate::config;
use crate::matching::bulk::weigh_bulk;
use crate::matching::ranked::{Scratch, Wanted};
use crate::matching::{examine_rules, weigh};
use crate::model::post::Post;
use crate::model::sighting::{Decision, Sighting};
use crate::rules::bulk::next_line;
use crate::rules::bulk_policy::{Policy, wording};
use crate::rules::compile::{RuleSet, compile};
use crate::rules::diagnostic::any_error;

/// Arguments of `match`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Compare with these claims: rule files, archives (.jsonl, .jsonl.gz), or folders of them.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub rules: Vec<PathBuf>,
    /// Read posts from this file; `-` is standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub posts: PathBuf,
    /// Give at most this many claims a post.
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub top: usize,
    /// Give only claims at least this sure.
    #[arg(long, value_name = "S", default_value_t = 0.5)]
    pub min_score: f32,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Lines,
    /// Use this table of weights, made by `fit`.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Use this many threads instead of one for each core.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// In which form each post is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Lines {
    /// A line for each match, for people.
    #[default]
    Text,
    /// A JSON object for each post.
    Json,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
A post is a JSON object on a line of its own: {\"id\", \"text\", \"title\"?, \"author\"?, \"url\"?, \"lang\"?}. \
The score is the confidence: for a claim from an archive, how probable it is that the post repeats it; for a \
rule, its strength. --min-score 0 gives a plain ranking. Answers come in the order of the posts, whatever the \
number of threads.

Examples:
  claimwatch match --rules archive.jsonl.gz --posts posts.jsonl
  claimwatch match --rules rules archive.jsonl --format json < posts.jsonl
  claimwatch match --rules archive.jsonl --posts posts.jsonl.gz \\
      --top 60 --min-score 0 --format json

Exit code: 0 fine · 1 some posts could not be read · 3 the claims cannot be read";

/// Posts that a thread takes at a time.
const BATCH: usize = 256;

/// Longest line of a file of posts.
const LONGEST_LINE_BYTES: u64 = 16 << 20;

/// Bad posts that are told one by one.
const MOST_TOLD: usize = 20;

/// Posts still to be read.
struct Input {
    lines: Box<dyn BufRead + Send>,
    line: usize,
    batch: usize,
    ended: bool,
}

/// Answers already given.
struct Output {
    out: BufWriter<io::Stdout>,
    batch: usize,
    posts: usize,
    bad: usize,
    gone: bool,
    progress: Option<Instant>,
}

struct Batch {
    number: usize,
    posts: Vec<(usize, Result<Vec<u8>, ()>)>,
}

/// Matches every post.
pub fn match_posts(arguments: &Arguments) -> Exit {
    match run(arguments) {
        Ok(exit) => exit,
        Err(answer) => output::print(answer),
    }
}

fn run(arguments: &Arguments) -> Result<Exit, Answer> {
    let set = rule_set(&arguments.rules)?;
    let lines = archive::open(&arguments.posts).map_err(|error| unreadable(&arguments.posts, &error))?;
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1).max(1);
    let scratches = (0..threads).map(|_| eval::scratch(arguments.weights.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let progress = io::stderr().is_terminal().then(Instant::now);
    let input = Mutex::new(Input { lines, line: 0, batch: 0, ended: false });
    let out = BufWriter::with_capacity(1 << 16, io::stdout());
    let output = (Mutex::new(Output { out, batch: 0, posts: 0, bad: 0, gone: false, progress }), Condvar::new());
    std::thread::scope(|scope| {
        for scratch in scratches {
            scope.spawn(|| work(arguments, &set, scratch, &input, &output));
        }
    });
    let mut output = output.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let _ = output.out.flush();
    if output.progress.is_some() {
        let _ = writeln!(io::stderr(), "\r{} posts compared with {} claims.", output.posts, set.len() + set.bulk.len());
    }
    if output.bad > 0 {
        let _ = writeln!(io::stderr(), "{} posts could not be read.", output.bad);
        return Ok(Exit::Faults);
    }
    Ok(Exit::Fine)
}

/// Reads rules and archives.
fn rule_set(paths: &[PathBuf]) -> Result<RuleSet, Answer> {
    let reading = config::read_rules(paths, None);
    if any_error(&reading.report.found) {
        let drawn = drawn(&reading.report, false);
        return Err(Answer::trouble(format!("{drawn}The rules have errors; mend them first.\n"), Exit::Unreadable));
    }
    let (archive, trouble) = archive::claims(&reading.archives)?;
    let _ = io::stderr().write_all(trouble.as_bytes());
    Ok(compile(reading.rules).with_bulk(archive.claims, Policy::default()))
}

/// Takes batches until there are no more; gives answers when it is their turn.
fn work(arguments: &Arguments, set: &RuleSet, mut scratch: Scratch, input: &Mutex<Input>, output: &(Mutex<Output>, Condvar)) {
    let mut text = Vec::new();
    while let Some(batch) = take(&mut lock(input)) {
        text.clear();
        let mut bad = Vec::new();
        let count = batch.posts.len();
        for (line, post) in batch.posts {
            let post = post.map_err(|()| "longer than 16 MiB".to_owned()).and_then(|line| PostLine::read(&line));
            match post {
                Ok(post) => answer(post, arguments, set, &mut scratch, &mut text),
                Err(why) => bad.push((line, why)),
            }
        }
        let (shared, turn) = (&output.0, &output.1);
        let mut shared = lock(shared);
        while shared.batch != batch.number {
            shared = turn.wait(shared).unwrap_or_else(PoisonError::into_inner);
        }
        give(&mut shared, &text, &bad, count, arguments);
        turn.notify_all();
        if shared.gone {
            lock(input).ended = true;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(input: &mut Input) -> Option<Batch> {
    let mut batch = Batch { number: input.batch, posts: Vec::with_capacity(BATCH) };
    while !input.ended && batch.posts.len() < BATCH {
        let mut line = Vec::new();
        match next_line(&mut input.lines, &mut line, LONGEST_LINE_BYTES) {
            Ok(Some(whole)) => {
                input.line += 1;
                if whole && line.trim_ascii().is_empty() {
                    continue;
                }
                batch.posts.push((input.line, if whole { Ok(line) } else { Err(()) }));
            }
            Ok(None) | Err(_) => input.ended = true,
        }
    }
    input.batch += 1;
    (!batch.posts.is_empty()).then_some(batch)
}

fn give(output: &mut Output, text: &[u8], bad: &[(usize, String)], count: usize, arguments: &Arguments) {
    let told = MOST_TOLD.saturating_sub(output.bad);
    for (line, why) in bad.iter().take(told) {
        let _ = writeln!(io::stderr(), "{}:{line}: {why}", arguments.posts.display());
    }
    output.batch += 1;
    output.bad += bad.len();
    output.posts += count - bad.len();
    // A reader that has gone away (`| head`) is no fault.
    output.gone |= output.out.write_all(text).is_err();
    if let Some(last) = output.progress.filter(|last| last.elapsed() >= Duration::from_millis(200)) {
        let _ = last;
        output.progress = Some(Instant::now());
        let _ = write!(io::stderr(), "\r{} posts …", output.posts);
    }
}

/// A claim that a post may repeat, of either kind.
struct Found {
    sighting: Sighting,
    said: String,
    address: Option<String>,
}

/// Rules that are weighed only if somebody wants to see weak ones too.
const WEAK: f32 = 0.4;

/// Gives rules and bulk claims together, surest first.
fn found(post: &Post, arguments: &Arguments, set: &RuleSet, scratch: &mut Scratch) -> Vec<Found> {
    let (top, at_least) = (arguments.top, arguments.min_score);
    let of_bulk = weigh_bulk(post, set, scratch, Wanted { top, at_least }).into_iter().map(|judgement| Found {
        said: wording(judgement.found.claim).to_owned(),
        address: judgement.found.address,
        sighting: judgement.sighting,
    });
    if set.is_empty() {
        return of_bulk.collect();
    }
    let rules: Vec<Sighting> = if at_least < WEAK {
        weigh(post, set).into_iter().map(|judgement| judgement.into_sighting(post)).collect()
    } else {
        examine_rules(post, set)
    };
    let enough = rules.into_iter().filter(|sighting| sighting.confidence.value() >= at_least);
    let of_rules = enough.map(|sighting| Found {
        said: set.get(&sighting.claim).map(|rule| rule.claim.claim.clone()).unwrap_or_default(),
        address: None,
        sighting,
    });
    let mut found: Vec<Found> = of_rules.chain(of_bulk).collect();
    found.sort_by(|a, b| b.sighting.confidence.value().total_cmp(&a.sighting.confidence.value()));
    found.truncate(top);
    found
}

fn answer(post: PostLine, arguments: &Arguments, set: &RuleSet, scratch: &mut Scratch, text: &mut Vec<u8>) {
    let (id, post) = post.into_post();
    let found = found(&post, arguments, set, scratch);
    match arguments.format {
        Lines::Json => {
            let matches: Vec<Value> = found.iter().map(one).collect();
            let _ = serde_json::to_writer(&mut *text, &json!({ "id": id, "matches": matches }));
            text.push(b'\n');
        }
        Lines::Text => {
            for Found { sighting, said, .. } in &found {
                let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
                let (score, decision) = (sighting.confidence.value(), word(sighting.decision));
                let _ = writeln!(text, "{id}  {score:.2} {decision}  {}  {said}", sighting.claim);
            }
        }
    }
}

fn one(found: &Found) -> Value {
    let sighting = &found.sighting;
    json!({
        "claim": sighting.claim,
        "score": sighting.confidence,
        "strength": sighting.strength,
        "confidence": sighting.confidence,
        "decision": sighting.decision,
        "stance": sighting.stance,
        "address": found.address,
    })
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Alert => "alert",
        Decision::Possible => "possible",
        Decision::Below => "below",
    }
}
