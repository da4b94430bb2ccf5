//! `claimwatch near-misses`: posts that nearly repeat a claim, what they lack, and what to try.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::backtest::whence;
use super::marks::{marked, shortened};
use super::opened::{Opened, Since, open};
use super::output::{Answer, Format, Paint, colour, json as as_json};
use super::past::{Past, on_all_cores};
use super::progress::{Progress, grouped};
use super::test::rule_called;
use super::trial::{awake, gate_failure, kind_name, stretch};
use super::{ConfigPath, Exit};
use crate::matching::judge::{GateKind, Judgement};
use crate::matching::{examine, weigh};
use crate::model::claim::{ClaimId, Status};
use crate::model::feedback::Opinion;
use crate::model::post::Post;
use crate::model::sighting::{Decision, Span};
use crate::rules::Rule;
use crate::rules::compile::{RuleSet, compile};
use crate::store::editors::Opined;
use crate::text::frequency::{Tongue, weight};
use crate::text::likeness::Print;
use crate::text::words::words;

/// Arguments of `near-misses`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only of these rules; a draft is looked at when it is named.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Look at the posts remembered since then: "30d", "2026-09-01".
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub since: Since,
    /// Look at the posts of this file instead, a JSON object on each line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub posts: Option<PathBuf>,
    /// Show so many posts of each rule, the strongest first.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub show: usize,
    /// Show also those that people have dismissed.
    #[arg(long)]
    pub dismissed: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Use the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
A near-miss is strong enough but fails a gate (all_of, any_of, none_of), or passes the gates and falls short of the rule's
threshold by less than 0.15. Each is tried with the rules as they are now. Look for what your rule should have found: most
near-misses are rightly none. Nothing is written; it can run beside the daemon.

Examples:
  claimwatch near-misses
  claimwatch near-misses nk-problem-solved --since 90d --show 20
  claimwatch near-misses --posts archive.jsonl

Exit code: 0 · 2 no such rule · 3 the rules have errors · 4 no posts to look at";

/// Words that weigh less (hundredths of a nat) are no names that a gate could ask for.
const NAME: u32 = 550;

/// So many words are proposed.
const PROPOSED: usize = 6;

/// Words remembered for each rule: a great many posts must not fill the memory.
const MOST_WORDS: usize = 20_000;

/// A post that nearly repeats a claim.
struct Miss {
    claim: ClaimId,
    strength: f32,
    threshold: f32,
    post: Post,
    wording: Vec<Span>,
    gates: Vec<Span>,
    closest: String,
    failed: Vec<(GateKind, String)>,
    try_this: String,
    names: Vec<String>,
}

/// All near-misses of one rule.
#[derive(Default)]
struct Misses {
    number: u64,
    dismissed: u64,
    short: u64,
    gates: BTreeMap<String, u64>,
    names: BTreeMap<String, u64>,
    shown: Vec<Miss>,
}

/// Looks for them.
pub async fn near_misses(arguments: &Arguments) -> Answer {
    let opened = match open(&arguments.config, &arguments.rules).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let answer = run(arguments, &opened).await;
    opened.close().await;
    answer.unwrap_or_else(|answer| answer)
}

async fn run(arguments: &Arguments, opened: &Opened) -> Result<Answer, Answer> {
    let mut chosen: Vec<Rule> = Vec::new();
    for id in &arguments.ids {
        chosen.push(awake(rule_called(id, &opened.reading.rules)?));
    }
    if arguments.ids.is_empty() {
        let loaded = |rule: &&Rule| matches!(rule.claim.status, Status::Active | Status::Test);
        chosen = opened.reading.rules.iter().filter(loaded).cloned().collect();
    }
    let rules = compile(chosen);
    let mut past = match &arguments.posts {
        Some(path) => Past::of_file(path)?,
        None => Past::of_memory(opened.memory("Name a file of posts with --posts.")?, arguments.since.before(Timestamp::now())),
    };
    let opinions = match &opened.store {
        Ok(store) => store.opinions().await.map_err(|error| Answer::trouble(format!("{error}\n"), Exit::World))?,
        Err(_) => Vec::new(),
    };
    let mut progress = Progress::new(past.total().await?);
    let mut all: BTreeMap<ClaimId, Misses> = BTreeMap::new();
    let mut posts = 0;
    loop {
        let piece = past.next().await?;
        if piece.is_empty() {
            break;
        }
        let found = on_all_cores(&piece, |one| misses_in(&one.post, &rules));
        for miss in found.into_iter().flatten() {
            let dismissed = is_dismissed(&miss, &opinions);
            all.entry(miss.claim.clone()).or_default().take(miss, dismissed, arguments);
        }
        posts += piece.len() as u64;
        progress.at(posts, &format_args!("{} posts", grouped(posts)));
    }
    progress.end();
    let text = match arguments.format {
        Format::Json => in_json(&all, posts),
        Format::Text => in_text(&all, posts, arguments, Paint { colour: colour() }),
    };
    Ok(Answer { text, trouble: past.complaints(), exit: Exit::Fine })
}

fn misses_in(post: &Post, rules: &RuleSet) -> Vec<Miss> {
    let near: Vec<ClaimId> = examine(post, rules)
        .into_iter()
        .filter(|sighting| sighting.decision == Decision::Possible)
        .map(|sighting| sighting.claim)
        .collect();
    if near.is_empty() {
        return Vec::new();
    }
    let judgements = weigh(post, rules);
    judgements.iter().filter(|one| near.contains(&one.rule.claim.id)).map(|one| miss(post, one)).collect()
}

fn miss(post: &Post, judgement: &Judgement<'_>) -> Miss {
    let best = judgement.evidence.first();
    let wording = best.map(|best| best.spans.clone()).unwrap_or_default();
    let shut = judgement.gates.iter().filter(|gate| !gate.passed);
    let failed: Vec<(GateKind, String)> = shut.map(|gate| (gate.kind, gate_failure(gate))).collect();
    let lacks_a_name = failed.iter().any(|(kind, _)| *kind != GateKind::NoneOf);
    let names = if lacks_a_name { names_in(post, &wording) } else { Vec::new() };
    let try_this = match failed.first() {
        Some((GateKind::NoneOf, _)) => "take that word out of none_of, or write it longer".to_owned(),
        Some(_) if names.is_empty() => "add the word this post uses to that group, or to its shared list".to_owned(),
        Some(_) => format!("one of its words in that group: {}", quoted(names.iter().take(PROPOSED))),
        None => format!("phrases += {}", stretch(post, &wording)),
    };
    Miss {
        claim: judgement.rule.claim.id.clone(),
        strength: judgement.strength.value(),
        threshold: judgement.rule.threshold.value(),
        post: post.clone(),
        closest: best.map(|best| format!("{} \"{}\"", kind_name(best.kind), shortened(&best.wording, 0, 90))).unwrap_or_default(),
        wording,
        gates: judgement.gates.iter().filter_map(|gate| gate.hit.map(|(_, span)| span)).collect(),
        failed,
        try_this,
        names,
    }
}

fn quoted<'t>(words: impl Iterator<Item = &'t String>) -> String {
    words.map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// Words of the post that few texts have and that the wording does not: what a gate could ask for.
fn names_in(post: &Post, wording: &[Span]) -> Vec<String> {
    let tongue = post.lang.as_ref().map_or(Tongue::English, |lang| Tongue::of(&lang.0));
    let mut names: Vec<(u32, String)> = Vec::new();
    for (part, text) in post.parts.iter().enumerate() {
        for word in words(&text.text).plain() {
            let taken = wording.iter().any(|span| span.part == part && span.start < word.end && word.start < span.end);
            let weight = weight(word.form, tongue);
            let written = text.text.get(word.start..word.end).unwrap_or_default().trim_start_matches(['#', '@']);
            let is_word = written.chars().all(|c| c.is_alphabetic() || c == '-' || c == '\'') && written.chars().count() > 2;
            if !taken && weight >= NAME && is_word && !names.iter().any(|(_, known)| known == written) {
                names.push((weight, written.to_owned()));
            }
        }
    }
    // Names first: they are written large, and the rarer they are the better they tell.
    names.sort_by_key(|(weight, word)| (!word.starts_with(char::is_uppercase), std::cmp::Reverse(*weight)));
    names.into_iter().map(|(_, word)| word).collect()
}

fn is_dismissed(miss: &Miss, opinions: &[Opined]) -> bool {
    let about = || opinions.iter().filter(|one| one.feedback.claim == miss.claim);
    if about().next().is_none() {
        return false;
    }
    let print = Print::of(miss.post.parts.iter().map(|part| part.text.as_str()));
    about().rfind(|one| one.print.is_like(&print)).is_some_and(|one| one.feedback.opinion == Opinion::Dismissed)
}

impl Misses {
    fn take(&mut self, miss: Miss, dismissed: bool, arguments: &Arguments) {
        if dismissed {
            self.dismissed += 1;
            if !arguments.dismissed {
                return;
            }
        }
        self.number += 1;
        self.short += u64::from(miss.failed.is_empty());
        for (_, failure) in &miss.failed {
            *self.gates.entry(failure.clone()).or_default() += 1;
        }
        for name in &miss.names {
            if self.names.len() < MOST_WORDS || self.names.contains_key(name) {
                *self.names.entry(name.clone()).or_default() += 1;
            }
        }
        self.shown.push(miss);
        if self.shown.len() > 2 * arguments.show.max(16) {
            self.keep(arguments.show);
        }
    }

    fn keep(&mut self, most: usize) {
        self.shown.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        self.shown.truncate(most);
    }

    /// Words that several of the posts have: the likeliest to be missing in a gate.
    fn common_names(&self) -> Vec<(&String, u64)> {
        let mut names: Vec<(&String, u64)> =
            self.names.iter().map(|(name, number)| (name, *number)).filter(|(_, n)| *n > 1).collect();
        names.sort_by_key(|(name, number)| (std::cmp::Reverse(*number), *name));
        names.truncate(PROPOSED);
        names
    }
}

fn in_text(all: &BTreeMap<ClaimId, Misses>, posts: u64, arguments: &Arguments, paint: Paint) -> String {
    let whence_all = match &arguments.posts {
        Some(path) => path.display().to_string(),
        None => arguments.since.to_string(),
    };
    let mut text = String::new();
    let mut rules: Vec<(&ClaimId, &Misses)> = all.iter().filter(|(_, misses)| misses.number > 0).collect();
    rules.sort_by_key(|(id, misses)| (std::cmp::Reverse(misses.number), *id));
    for (id, misses) in &rules {
        text.push_str(&format!("{}  {}\n", paint.strong(&id.0), near_misses_in_words(misses.number)));
        for (failure, number) in &misses.gates {
            text.push_str(&format!("  {number:>4} ×  {failure}\n"));
        }
        if misses.short > 0 {
            text.push_str(&format!("  {:>4} ×  gates passed, not strong enough\n", misses.short));
        }
        let common = misses.common_names();
        if !common.is_empty() {
            let list: Vec<String> = common.iter().map(|(name, number)| format!("\"{name}\" ({number} posts)")).collect();
            text.push_str(&format!("  {} {}\n", paint.odd("words that those without a hit share:"), list.join(", ")));
        }
        text.push('\n');
        let mut shown: Vec<&Miss> = misses.shown.iter().collect();
        shown.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        for miss in shown.iter().take(arguments.show) {
            text.push_str(&one(miss, paint));
        }
        let more = misses.number.saturating_sub(arguments.show as u64);
        if more > 0 {
            text.push_str(&paint.dim(&format!("  … and {} more\n\n", grouped(more))));
        }
    }
    let dismissed: u64 = all.values().map(|misses| misses.dismissed).sum();
    let number: u64 = all.values().map(|misses| misses.number).sum();
    text.push_str(&format!("{} in {} posts ({whence_all})", near_misses_in_words(number), grouped(posts)));
    if dismissed > 0 && !arguments.dismissed {
        text.push_str(&format!("; {} that people have dismissed are not shown (--dismissed)", grouped(dismissed)));
    }
    text.push_str(".\n");
    text
}

fn near_misses_in_words(number: u64) -> String {
    if number == 1 { "1 near-miss".to_owned() } else { format!("{} near-misses", grouped(number)) }
}

fn one(miss: &Miss, paint: Paint) -> String {
    let marked = marked(&miss.post, &miss.wording, &miss.gates, paint);
    let sign = if miss.strength >= miss.threshold { "≥" } else { "<" };
    let mut text = format!(
        "  {:.2} {sign} {:.2}  {}\n      \"{marked}\"\n      closest: {}\n",
        miss.strength,
        miss.threshold,
        whence(&miss.post),
        miss.closest
    );
    for (_, failure) in &miss.failed {
        text.push_str(&format!("      {failure}\n"));
    }
    text.push_str(&format!("      if it should match, try: {}\n\n", miss.try_this));
    text
}

fn in_json(all: &BTreeMap<ClaimId, Misses>, posts: u64) -> String {
    let rules: Vec<Value> = all
        .iter()
        .map(|(id, misses)| {
            let shown: Vec<Value> = misses
                .shown
                .iter()
                .map(|miss| {
                    json!({
                        "strength": miss.strength,
                        "threshold": miss.threshold,
                        "source": miss.post.source,
                        "key": miss.post.key,
                        "url": miss.post.url,
                        "text": miss.post.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n"),
                        "closest": miss.closest,
                        "failed_gates": miss.failed.iter().map(|(_, failure)| failure).collect::<Vec<_>>(),
                        "try": miss.try_this,
                    })
                })
                .collect();
            let names: BTreeMap<&String, u64> = misses.common_names().into_iter().collect();
            json!({
                "id": id,
                "near_misses": misses.number,
                "dismissed": misses.dismissed,
                "not_strong_enough": misses.short,
                "failed_gates": misses.gates,
                "common_words": names,
                "posts": shown,
            })
        })
        .collect();
    as_json(&json!({ "posts": posts, "rules": rules }))
}
