//! The shortlist loses nothing at the sizes of real collections, and nothing from outside makes the engine's work explode.

use claimwatch::matching::ranked::{Scratch, Wanted, rank};
use claimwatch::matching::{examine, weigh};
use claimwatch::model::sighting::Decision;
use claimwatch::rules::Rule;
use claimwatch::rules::bulk::Archive;
use claimwatch::rules::index::BulkIndex;

use super::build::{Build, post, rule, set};

/// Numbers that look random and are the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)) % sides
    }

    /// Words of which some are far commoner than others: ordinary ones, guarded ones, and names.
    fn words(&mut self, count: u64) -> String {
        const ORDINARY: [&str; 24] = [
            "the",
            "of",
            "and",
            "in",
            "is",
            "not",
            "no",
            "a",
            "people",
            "government",
            "north",
            "south",
            "new",
            "vaccine",
            "say",
            "never",
            "election",
            "president",
            "water",
            "children",
            "hospital",
            "money",
            "fraud",
            "virus",
        ];
        let word = |dice: &mut Self| match dice.roll(3) {
            0 => {
                let top = 1 + dice.roll(ORDINARY.len() as u64);
                ORDINARY[dice.roll(top) as usize].to_owned()
            }
            _ => {
                let top = 1 + dice.roll(1_200);
                let mut number = dice.roll(top);
                let mut name = String::from("k");
                while name.len() < 6 || number > 0 {
                    name.push_str(["ar", "el", "in", "os", "um"][(number % 5) as usize]);
                    number /= 5;
                }
                name
            }
        };
        (0..count).map(|_| word(self)).collect::<Vec<_>>().join(" ")
    }

    /// A text with words left out, changed and put among others.
    fn retold(&mut self, text: &str) -> String {
        let mut words: Vec<String> = text.split(' ').filter(|_| self.roll(6) > 0).map(str::to_owned).collect();
        if let Some(word) = words.iter_mut().find(|word| word.len() > 6) {
            word.remove(3);
        }
        let (before, after) = (self.roll(6), self.roll(6));
        format!("{} {} {}", self.words(before), words.join(" "), self.words(after))
    }
}

fn rules(count: usize, dice: &mut Dice) -> Vec<Rule> {
    let one = |number: usize| {
        let (phrase, variant) = (1 + dice.roll(5), 2 + dice.roll(14));
        let mut rule = rule(&format!("rule-{number:05}")).phrase(&dice.words(phrase)).variant(&dice.words(variant));
        rule = rule.strictness([0.6, 0.75, 0.85][dice.roll(3) as usize]);
        match number % 6 {
            0 | 3 => rule.all_of(&["people", "vaccine", "north"]),
            // A word of its own, as editors choose it: in most posts the gate stays shut.
            1 => rule.any_of(&[&dice.words(1), "fraud"]),
            2 => rule.none_of(&["water"]),
            _ => rule,
        }
    };
    (0..count).map(one).collect()
}

#[test]
fn the_shortlist_equals_brute_force_for_fifteen_hundred_rules() {
    let mut dice = Dice(7);
    let rules = rules(1_500, &mut dice);
    let texts: Vec<String> = rules.iter().flat_map(|rule| rule.wordings.iter().map(|wording| wording.text.clone())).collect();
    let set = set(rules);
    let mut found = 0;
    for number in 0..30 {
        let text = match number % 3 {
            // Words of few rules are looked up by rule, words of many by the words of the post: both in short and in long posts.
            0 => dice.words(if number % 2 == 0 { 25 } else { 250 }),
            _ => {
                let which = dice.roll(texts.len() as u64) as usize;
                dice.retold(&texts[which])
            }
        };
        let post = post(&text);
        let mut all = weigh(&post, &set);
        all.retain(|judgement| judgement.decision > Decision::Below);
        let all: Vec<_> = all.into_iter().map(|judgement| judgement.into_sighting(&post)).collect();
        found += all.len();
        assert_eq!(examine(&post, &set), all, "{text}");
    }
    assert!(found > 30, "a test that finds nothing tests nothing: {found}");
}

#[test]
fn sure_bulk_claims_are_the_same_however_much_is_asked_for() {
    let mut dice = Dice(11);
    let texts: Vec<String> = (0..5_000).map(|_| dice.words(14)).collect();
    let line = |(number, text): (usize, &String)| format!("{{\"id\":\"c{number}\",\"claim\":\"{text}\"}}\n");
    let mut archive = Archive::default();
    archive.read("a", texts.iter().enumerate().map(line).collect::<String>().as_bytes()).unwrap();
    let index = BulkIndex::build(archive.claims);
    let (mut scratch, mut found) = (Scratch::default(), 0);
    for number in 0..60 {
        let which = dice.roll(texts.len() as u64) as usize;
        let post = post(&if number % 2 == 0 { dice.retold(&texts[which]) } else { dice.words(20) });
        let mut ask = |at_least| rank(&post, &index, &mut scratch, Wanted { top: 20, at_least });
        let (sure, mut all) = (ask(0.5), ask(0.0));
        all.retain(|ranked| ranked.confidence.value() >= 0.5);
        found += sure.len();
        assert_eq!(sure, all);
    }
    assert!(found > 10, "{found}");
}

#[test]
fn no_post_and_no_rule_makes_the_work_explode() {
    let mut dice = Dice(3);
    let long = dice.words(10_000);
    let set = set([rule("long").variant(&long).phrase(&long), rule("short").variant("north people vaccine").phrase("no water")]);
    let megabyte = dice.words(150_000);
    for text in [
        long.as_str(),
        megabyte.as_str(),
        &"people ".repeat(200_000),
        &"x".repeat(1 << 20),
        &"\u{202e}north\u{202c} ".repeat(50_000),
        &"a b c d e ".repeat(50_000),
        &"#NorthPeople".repeat(50_000),
    ] {
        examine(&post(text), &set);
    }
}
