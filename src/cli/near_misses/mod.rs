//! `claimwatch near-misses`: posts that nearly repeat a claim, what they lack, and what to try.

mod told;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use self::told::{in_json, in_text};
use super::marks::shortened;
use super::opened::{Opened, Since, open};
use super::output::{Answer, Format, Paint, colour};
use super::past::{Past, on_all_cores_with};
use super::progress::{Progress, grouped};
use super::test::rule_called;
use super::trial::{awake, gate_failure, kind_name, stretch};
use super::{ConfigPath, Exit};
use crate::config::archives;
use crate::matching::judge::{GateKind, Judgement};
use crate::matching::ranked::Scratch;
use crate::matching::{examine_with, weigh};
use crate::model::claim::{ClaimId, Status};
use crate::model::feedback::Opinion;
use crate::model::post::Post;
use crate::model::sighting::{Decision, Sighting, Span};
use crate::rules::Rule;
use crate::rules::bulk_policy::wording;
use crate::rules::compile::{RuleSet, compile};
use crate::store::editors::Opined;
use crate::text::frequency::{Tongue, weight};
use crate::text::likeness::Print;
use crate::text::words::words;

/// Arguments of `near-misses`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only of these rules or bulk claims; a draft is looked at when it is named.
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
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
A near-miss is strong enough but fails a gate (all_of, any_of, none_of), or passes the gates and falls short of \
the rule's threshold by less than 0.15. Each is tried with the rules as they are now. Look for what your rule \
should have found: most near-misses are rightly none. Nothing is written; it can run beside the daemon.

Of bulk claims (archives, *.jsonl) those are near that are probable enough to be listed as possible and not sure \
enough to alert. They cannot be edited like a rule: a claim that comes back often is worth a rule of its own.

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

/// Bulk claims with near-misses that are kept one by one; of more only the number.
const MOST_BULK: usize = 2_000;

/// A post that nearly repeats a claim.
struct Miss {
    claim: ClaimId,
    is_bulk: bool,
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
    is_bulk: bool,
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
    let rules = &opened.reading.rules;
    let is_rule = |id: &String| rules.iter().any(|rule| rule.claim.id.0 == *id);
    let only_rules = arguments.without_archives || (!arguments.ids.is_empty() && arguments.ids.iter().all(is_rule));
    let archives = if only_rules { &[][..] } else { &opened.reading.archives };
    let (bulk, _) = archives::read(archives, &[]);
    let mut chosen: Vec<Rule> = Vec::new();
    for id in &arguments.ids {
        if is_rule(id) || !bulk.iter().any(|claim| claim.id == *id) {
            chosen.push(awake(rule_called(id, rules)?));
        }
    }
    if arguments.ids.is_empty() {
        let loaded = |rule: &&Rule| matches!(rule.claim.status, Status::Active | Status::Test);
        chosen = rules.iter().filter(loaded).cloned().collect();
    }
    let policy = opened.config.as_ref().map(|config| config.bulk.clone()).unwrap_or_default();
    let taken: HashSet<&str> = rules.iter().map(|rule| rule.claim.id.0.as_str()).collect();
    let bulk = bulk.into_iter().filter(|claim| !taken.contains(claim.id.as_str())).collect();
    let rules = compile(chosen).with_bulk(bulk, policy);
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
    let (mut posts, mut bulk_claims, mut more_bulk) = (0, 0, 0);
    loop {
        let piece = past.next().await?;
        if piece.is_empty() {
            break;
        }
        let found = on_all_cores_with(&piece, Scratch::default, |scratch, one| misses_in(&one.post, &rules, scratch));
        for miss in found.into_iter().flatten() {
            if miss.is_bulk && !is_counted(&miss.claim, &mut bulk_claims, &mut more_bulk, &all, arguments) {
                continue;
            }
            let dismissed = is_dismissed(&miss, &opinions);
            all.entry(miss.claim.clone()).or_default().take(miss, dismissed, arguments);
        }
        posts += piece.len() as u64;
        progress.at(posts, &format_args!("{} posts", grouped(posts)));
    }
    progress.end();
    let text = match arguments.format {
        Format::Json => in_json(&all, posts, more_bulk),
        Format::Text => in_text(&all, posts, more_bulk, arguments, Paint { colour: colour() }),
    };
    Ok(Answer { text, trouble: past.complaints(), exit: Exit::Fine })
}

/// Whether a near-miss of a bulk claim is kept: one that is asked for, and not of more claims than anybody looks through.
fn is_counted(
    claim: &ClaimId,
    claims: &mut usize,
    more: &mut u64,
    all: &BTreeMap<ClaimId, Misses>,
    arguments: &Arguments,
) -> bool {
    if !arguments.ids.is_empty() && !arguments.ids.contains(&claim.0) {
        return false;
    }
    if all.contains_key(claim) {
        return true;
    }
    if *claims >= MOST_BULK {
        *more += 1;
        return false;
    }
    *claims += 1;
    true
}

fn misses_in(post: &Post, rules: &RuleSet, scratch: &mut Scratch) -> Vec<Miss> {
    let found = examine_with(post, rules, scratch);
    let near: Vec<&Sighting> = found.iter().filter(|sighting| sighting.decision == Decision::Possible).collect();
    if near.is_empty() {
        return Vec::new();
    }
    let is_near = |id: &ClaimId| near.iter().any(|sighting| sighting.claim == *id);
    let is_of_archive = |sighting: &&&Sighting| rules.bulk.called(&sighting.claim.0).is_some();
    let mut misses: Vec<Miss> = near.iter().filter(is_of_archive).map(|sighting| bulk_miss(post, sighting, rules)).collect();
    if misses.len() < near.len() {
        let judgements = weigh(post, rules);
        misses.extend(judgements.iter().filter(|one| is_near(&one.rule.claim.id)).map(|one| miss(post, one)));
    }
    misses
}

fn bulk_miss(post: &Post, sighting: &Sighting, rules: &RuleSet) -> Miss {
    let claim = rules.bulk.called(&sighting.claim.0);
    let page = claim.and_then(|claim| claim.url.as_ref()).map(|url| format!(": claimwatch new --from {url}"));
    Miss {
        claim: sighting.claim.clone(),
        is_bulk: true,
        strength: sighting.confidence.value(),
        threshold: rules.bulk_policy.alert.value(),
        post: post.clone(),
        closest: claim.map(|claim| format!("claim \"{}\"", shortened(wording(claim), 0, 90))).unwrap_or_default(),
        wording: sighting.evidence.iter().flat_map(|evidence| evidence.spans.clone()).collect(),
        gates: Vec::new(),
        failed: Vec::new(),
        try_this: format!("a rule of its own{}", page.unwrap_or_default()),
        names: Vec::new(),
    }
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
        is_bulk: false,
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
        self.is_bulk = miss.is_bulk;
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
