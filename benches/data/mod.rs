//! Claims, posts and rules to measure with: made up, the same at every run, or real lines from a folder.
//!
//! Made-up words follow Zipf's law; how many different ones there are grows with the square root of the number of claims
//! (Heaps' law), as in collections of real claims. Nine posts in ten share no claim, the tenth repeats one with words left out and mistyped.
//! `CLAIMWATCH_BENCH_DATA` may name a folder with `claims_300k.txt.gz` and `posts_20k.txt.gz`, one text a line.
#![allow(dead_code, reason = "each bench uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use std::io::Read;
use std::path::Path;

use claimwatch::model::claim::{Claim, ClaimId, Revision, Severity, Status};
use claimwatch::model::post::Post;
use claimwatch::model::sighting::{Strength, WordingKind};
use claimwatch::rules::bulk::BulkClaim;
use claimwatch::rules::{Place, Rule, Term, Wording};
use jiff::Timestamp;

/// Posts of every measurement.
pub const POSTS: usize = 20_000;

/// Sizes of the collections of claims that are measured.
pub const SIZES: [usize; 5] = [50, 1_000, 10_000, 100_000, 300_000];

/// So many different words are there for one claim; for four claims twice as many.
const WORDS_FOR_ONE_CLAIM: f64 = 200.0;

/// Marsaglia's xorshift: chance that repeats itself.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit as u64) as usize
    }

    fn share(&mut self) -> f64 {
        self.below(1 << 40) as f64 / (1u64 << 40) as f64
    }
}

/// Words by rank: the ordinary words of English in their order, with a made-up name at every sixth rank and after the last.
struct Lexicon(Vec<String>);

impl Lexicon {
    fn new(count: usize) -> Self {
        let lines = include_str!("../../src/text/frequencies/en.txt").lines();
        let mut ordinary = lines.flat_map(|line| line.split(' ').skip(1));
        let word = |rank: usize| match rank % 6 {
            5 => name(rank),
            _ => ordinary.next().map_or_else(|| name(rank), str::to_owned),
        };
        Self((0..count).map(word).collect())
    }

    /// A word by Zipf's law (Mandelbrot's form, by inverting its integral).
    fn word(&self, chance: &mut Chance) -> &str {
        const SHIFT: f64 = 2.7;
        let most = (self.0.len() as f64 / SHIFT).ln_1p();
        let rank = SHIFT * (chance.share() * most).exp_m1();
        &self.0[(rank as usize).min(self.0.len() - 1)]
    }
}

/// A name of syllables by its number.
fn name(mut number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ker", "lin", "mo", "sta", "vel", "ru", "ton", "zi", "gar", "pe", "shu", "dra", "kov", "nel", "wi"];
    let mut name = String::new();
    while name.len() < 5 || number > 0 {
        name.push_str(SYLLABLES[number % 16]);
        number /= 16;
    }
    name
}

/// A sentence: capitals at its beginning and for names, a comma now and then.
fn sentence(words: &[&str], chance: &mut Chance) -> String {
    let mut text = String::new();
    for (at, word) in words.iter().enumerate() {
        let is_name = word.len() > 4 && chance.below(7) == 0;
        if at > 0 {
            text.push_str(if chance.below(14) == 0 { ", " } else { " " });
        }
        let capital = text.len();
        text.push_str(word);
        if (at == 0 || is_name) && word.is_ascii() {
            text[capital..=capital].make_ascii_uppercase();
        }
    }
    text.push('.');
    text
}

/// Lines of a compressed file.
fn lines(folder: &Path, name: &str) -> Vec<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(folder.join(name)).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn real(name: &str) -> Option<Vec<String>> {
    std::env::var_os("CLAIMWATCH_BENCH_DATA").map(|folder| lines(Path::new(&folder), name))
}

/// What is claimed, `count` times: 12 to 20 words each.
pub fn claim_texts(count: usize) -> Vec<String> {
    if let Some(mut lines) = real("claims_300k.txt.gz") {
        // Real and varied lines stand apart in the file.
        let step = (lines.len() / count.max(1)).max(1);
        lines = lines.into_iter().step_by(step).take(count).collect();
        return lines;
    }
    let lexicon = Lexicon::new((WORDS_FOR_ONE_CLAIM * (count as f64).sqrt()) as usize);
    let mut chance = Chance::new(1);
    let claim = |_| {
        let length = 12 + chance.below(9);
        let words: Vec<&str> = (0..length).map(|_| lexicon.word(&mut chance)).collect();
        sentence(&words, &mut chance)
    };
    (0..count).map(claim).collect()
}

/// Posts for these claims: every tenth repeats one of them.
pub fn post_texts(claims: &[String], count: usize) -> Vec<String> {
    if let Some(lines) = real("posts_20k.txt.gz") {
        return lines.into_iter().take(count).collect();
    }
    let lexicon = Lexicon::new((WORDS_FOR_ONE_CLAIM * 100_000_f64.sqrt()) as usize);
    let mut chance = Chance::new(2);
    let post = |number: usize| {
        let length = 8 + chance.below(28);
        let words: Vec<&str> = (0..length).map(|_| lexicon.word(&mut chance)).collect();
        let text = sentence(&words, &mut chance);
        match number % 10 {
            0 => format!("{text} {}", retold(&claims[chance.below(claims.len())], &mut chance)),
            _ => text,
        }
    };
    (0..count).map(post).collect()
}

/// A claim in the words of somebody in a hurry.
fn retold(claim: &str, chance: &mut Chance) -> String {
    let mut words: Vec<String> = claim.split(' ').filter(|_| chance.below(8) > 0).map(str::to_lowercase).collect();
    if chance.below(3) == 0
        && let Some(word) = words.iter_mut().find(|word| word.len() > 6 && word.is_ascii())
    {
        word.remove(3);
    }
    words.join(" ")
}

pub fn posts(texts: &[String]) -> Vec<Post> {
    texts.iter().map(|text| Post::of_text(text, Timestamp::UNIX_EPOCH)).collect()
}

/// Bulk claims of four fields: the title has the longest words, the summary half of the words and as many of another claim.
pub fn bulk_claims(texts: &[String]) -> Vec<BulkClaim> {
    let claim = |(number, text): (usize, &String)| {
        let words: Vec<&str> = text.split_whitespace().take(200).collect();
        let mut by_length: Vec<usize> = (0..words.len()).collect();
        by_length.sort_by_key(|at| std::cmp::Reverse(words[*at].len()));
        by_length.truncate(6);
        by_length.sort_unstable();
        let title = by_length.iter().map(|at| words[*at]).collect::<Vec<_>>().join(" ");
        let other = &texts[(number * 7 + 3) % texts.len()];
        let others = other.split_whitespace().take(200).step_by(2);
        let summary = words.iter().step_by(2).copied().chain(others).collect::<Vec<_>>().join(" ");
        let plain: String = title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        BulkClaim {
            id: format!("claim-{number}"),
            claim: text.clone(),
            title: Some(title),
            summary: Some(summary),
            url: Some(format!("https://example.org/fact-check/{plain}/")),
            publisher: None,
            rating: None,
            date: None,
            lang: None,
            also: Vec::new(),
            urls: Vec::new(),
        }
    };
    texts.iter().enumerate().map(claim).collect()
}

/// A rule out of each claim: a phrase of its first words, a variant of all, one of every other word, and a gate.
pub fn rules(texts: &[String]) -> Vec<Rule> {
    let place = || Place { file: String::new(), line: 1, column: 1, bytes: 0..0 };
    let wording = |kind, text: String| Wording { kind, text, lang: None, place: place() };
    let one = |(number, claim): (usize, &String)| {
        let words: Vec<&str> = claim.split_whitespace().collect();
        let longest = words.iter().max_by_key(|word| word.len()).copied().unwrap_or_default();
        Rule {
            claim: Claim {
                id: ClaimId(format!("rule-{number}")),
                claim: claim.clone(),
                claimant: None,
                said_on: None,
                topic: None,
                tags: Vec::new(),
                severity: Severity::Normal,
                desks: Vec::new(),
                status: Status::Active,
                fact_checks: Vec::new(),
                revision: Revision(String::new()),
                bulk: false,
            },
            wordings: vec![
                wording(WordingKind::Phrase, words.iter().take(4).copied().collect::<Vec<_>>().join(" ")),
                wording(WordingKind::Variant, claim.clone()),
                wording(WordingKind::Variant, words.iter().step_by(2).copied().collect::<Vec<_>>().join(" ")),
            ],
            all_of: vec![vec![Term { text: longest.to_owned(), prefix: false, list: None }]],
            any_of: Vec::new(),
            none_of: Vec::new(),
            urls: Vec::new(),
            threshold: Strength::new(0.75),
            tests: Vec::new(),
            when: Vec::new(),
            upkeep: claimwatch::rules::Upkeep::default(),
            place: place(),
        }
    };
    texts.iter().enumerate().map(one).collect()
}
