//! How many posts a second one core compares with the rules of editors.
//!
//! `cargo bench --bench editors_rules`. Makes its own data, the same at every run: ordinary English words as often as people use
//! them, a name nobody knows now and then, and nine posts in ten that share no claim. `CLAIMWATCH_BENCH_DATA` may point to a
//! folder with `posts.txt` and `claims.txt`, one a line, to use instead.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use std::sync::OnceLock;

use claimwatch::matching::examine;
use claimwatch::model::claim::{Claim, ClaimId, Revision, Severity, Status};
use claimwatch::model::post::Post;
use claimwatch::model::sighting::{Strength, WordingKind};
use claimwatch::rules::compile::{RuleSet, compile};
use claimwatch::rules::{Place, Rule, Term, Wording};
use claimwatch::text::words::Words;
use divan::Bencher;
use divan::counter::ItemsCount;
use jiff::Timestamp;

fn main() {
    divan::main();
}

const POSTS: usize = 20_000;
const MOST_RULES: usize = 100_000;

/// Marsaglia's xorshift: chance that repeats itself.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

struct Data {
    posts: Vec<Post>,
    claims: Vec<String>,
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let (posts, claims) = match std::env::var_os("CLAIMWATCH_BENCH_DATA") {
            Some(folder) => {
                let lines = |name| {
                    std::fs::read_to_string(std::path::Path::new(&folder).join(name))
                        .unwrap()
                        .lines()
                        .map(str::to_owned)
                        .collect()
                };
                (lines("posts.txt"), lines("claims.txt"))
            }
            None => made_up(),
        };
        Data { posts: posts.iter().map(|text| Post::of_text(text, Timestamp::UNIX_EPOCH)).collect(), claims }
    })
}

fn made_up() -> (Vec<String>, Vec<String>) {
    let mut words = Vec::new();
    let mut sums = Vec::new();
    let mut sum = 0.0;
    for line in include_str!("../src/text/frequencies/en.txt").lines() {
        let mut parts = line.split(' ');
        let tenths: f64 = parts.next().unwrap().parse().unwrap();
        for word in parts {
            sum += 10f64.powf(tenths / 10.0 - 4.0);
            words.push(word);
            sums.push(sum);
        }
    }
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let word = |chance: &mut Chance| {
        if chance.below(40) == 0 {
            // A name: syllables by its number, the lower numbers more often.
            let mut number = chance.below(1 + chance.0 as usize % 40_000);
            let mut name = String::new();
            while name.len() < 6 || number > 0 {
                name.push_str(["ba", "ker", "lin", "mo", "sta", "vel", "ru", "ton", "zi", "gar"][number % 10]);
                number /= 10;
            }
            return name;
        }
        let at = chance.below(1 << 40) as f64 / (1u64 << 40) as f64 * sum;
        words[sums.partition_point(|s| *s < at).min(words.len() - 1)].to_owned()
    };
    let claims: Vec<String> = (0..MOST_RULES)
        .map(|_| {
            let n = 12 + chance.below(9);
            (0..n).map(|_| word(&mut chance)).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let posts = (0..POSTS)
        .map(|number| {
            let n = 8 + chance.below(28);
            let mut text = (0..n).map(|_| word(&mut chance)).collect::<Vec<_>>().join(" ");
            if number % 10 == 0 {
                text = format!("{text}. {}", claims[chance.below(1_000)]);
            }
            text
        })
        .collect();
    (posts, claims)
}

/// A rule out of a claim: a phrase of its first words, a variant of all, one of every other word, and a gate.
fn rules(count: usize) -> Vec<Rule> {
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
    data().claims.iter().take(count).enumerate().map(one).collect()
}

fn set(count: usize) -> RuleSet {
    compile(rules(count))
}

#[divan::bench(args = [50, 1_000, 10_000], sample_count = 5)]
fn examined(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    let posts = &data().posts;
    posts.iter().for_each(|post| drop(examine(post, &set)));
    bencher.counter(ItemsCount::new(posts.len())).bench(|| posts.iter().map(|post| examine(post, &set).len()).sum::<usize>());
}

#[divan::bench(args = [10_000, 100_000], sample_count = 3)]
fn compiled(bencher: Bencher<'_, '_>, count: usize) {
    bencher.counter(ItemsCount::new(count)).with_inputs(|| rules(count)).bench_values(compile);
}

#[divan::bench(sample_count = 10)]
fn words_read(bencher: Bencher<'_, '_>) {
    let posts = &data().posts;
    bencher.counter(ItemsCount::new(posts.len())).bench(|| {
        let mut words = Words::default();
        posts
            .iter()
            .flat_map(|post| &post.parts)
            .map(|part| {
                words.read(&part.text);
                words.iter().count()
            })
            .sum::<usize>()
    });
}
