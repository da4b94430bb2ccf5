//! What is new, what is there already, and which fact-checks are of one claim.
//!
//! Everything is known by hashes, so that a million claims take some sixty bytes each and not their texts.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::Record;
use super::clean::{folded, is_vague};
use crate::rules::Rule;
use crate::rules::bulk::{BulkClaim, OtherCheck};
use crate::text::address::canonical;

/// More fact-checks of one claim than this are not kept.
pub const MOST_CHECKS: u32 = 50;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A claim that is new; it gets this number.
    New(u32),
    /// A further fact-check of the claim with this number.
    Joins(u32),
    /// There before anything was read.
    There,
    /// Read before.
    Twice,
    /// Its claim has too many fact-checks already.
    TooMany,
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Gathering {
    /// Fact-check and claim → whether that was there before.
    keys: HashMap<u64, bool, RandomState>,
    /// Claim → its number and how many fact-checks it has.
    claims: HashMap<u64, (u32, u32), RandomState>,
    next: u32,
    hasher: RandomState,
}

impl Gathering {
    /// Enters a line that is there; lines have numbers from 0 in the order they are entered.
    pub fn enter_line(&mut self, line: &BulkClaim) -> u32 {
        let claim = if line.claim.trim().is_empty() { line.title.as_deref().unwrap_or_default() } else { &line.claim };
        let words = folded(claim);
        let first = (line.url.as_deref(), line.publisher.as_deref());
        let checks = line.also.iter().map(|check| (check.url.as_deref(), check.publisher.as_deref()));
        for (url, publisher) in std::iter::once(first).chain(checks) {
            let key = self.key(url, publisher, &words);
            self.keys.insert(key, true);
        }
        let number = self.next;
        self.next += 1;
        if !is_vague(claim) {
            let checks = 1 + line.also.len() as u32;
            self.claims.entry(self.hasher.hash_one(&words)).or_insert((number, checks));
        }
        number
    }

    /// Enters a rule that is there, under its claim and its wordings: editors may have put the claim in other words.
    pub fn enter_rule(&mut self, rule: &Rule) -> u32 {
        let number = self.next;
        self.next += 1;
        let texts = std::iter::once(rule.claim.claim.as_str()).chain(rule.wordings.iter().map(|wording| wording.text.as_str()));
        for text in texts {
            let words = folded(text);
            for check in &rule.claim.fact_checks {
                let key = self.key(check.url.as_ref().map(url::Url::as_str), Some(&check.publisher), &words);
                self.keys.insert(key, true);
            }
            if !is_vague(text) {
                self.claims.entry(self.hasher.hash_one(&words)).or_insert((number, rule.claim.fact_checks.len() as u32));
            }
        }
        number
    }

    /// Finds out what becomes of a record, and remembers it.
    pub fn place(&mut self, record: &Record) -> Fate {
        let words = folded(&record.claim);
        let key = self.key(record.check.url.as_deref(), record.check.publisher.as_deref(), &words);
        match self.keys.get(&key) {
            Some(true) => return Fate::There,
            Some(false) => return Fate::Twice,
            None => {}
        }
        self.keys.insert(key, false);
        // A few words may be said of many things: those stay apart.
        let claim = (!is_vague(&record.claim)).then(|| self.hasher.hash_one(&words));
        if let Some((number, checks)) = claim.and_then(|claim| self.claims.get_mut(&claim)) {
            if *checks >= MOST_CHECKS {
                return Fate::TooMany;
            }
            *checks += 1;
            return Fate::Joins(*number);
        }
        let number = self.next;
        self.next += 1;
        if let Some(claim) = claim {
            self.claims.insert(claim, (number, 1 + record.also.len() as u32));
        }
        Fate::New(number)
    }

    fn key(&self, url: Option<&str>, publisher: Option<&str>, words: &str) -> u64 {
        let address = url.and_then(canonical);
        // Without an address the publisher's name is all there is.
        let publisher = if address.is_some() { "" } else { publisher.unwrap_or_default() };
        self.hasher.hash_one((address.unwrap_or_default(), publisher.to_lowercase(), words))
    }
}

/// The fact-check that joins another claim's.
pub fn joining(record: &Record) -> OtherCheck {
    record.check.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(claim: &str, url: &str) -> Record {
        let check = OtherCheck { url: Some(url.to_owned()), ..OtherCheck::default() };
        Record { claim: claim.to_owned(), check, ..Record::default() }
    }

    const MOON: &str = "The moon is made of green cheese.";

    #[test]
    fn a_fact_check_is_known_by_its_page_and_its_claim() {
        let mut gathering = Gathering::default();
        let mut place = |claim, url| gathering.place(&record(claim, url));
        assert_eq!(place(MOON, "https://a.example/1"), Fate::New(0));
        assert_eq!(place("the moon is made of GREEN cheese", "http://www.a.example/1/?utm_source=x"), Fate::Twice);
        assert_eq!(place(MOON, "https://b.example/2"), Fate::Joins(0));
        assert_eq!(
            place("The sun is made of yellow cheese.", "https://a.example/1"),
            Fate::New(1),
            "one page may check two claims"
        );
    }

    #[test]
    fn vague_claims_stay_apart() {
        let mut gathering = Gathering::default();
        assert_eq!(gathering.place(&record("Viral video", "https://a.example/1")), Fate::New(0));
        assert_eq!(gathering.place(&record("Viral video", "https://a.example/2")), Fate::New(1));
    }

    #[test]
    fn lines_that_are_there_are_known_with_all_their_fact_checks() {
        let mut gathering = Gathering::default();
        let also = vec![OtherCheck { url: Some("https://b.example/2".to_owned()), ..OtherCheck::default() }];
        let line = BulkClaim {
            id: "x".to_owned(),
            claim: MOON.to_owned(),
            url: Some("https://a.example/1".to_owned()),
            also,
            ..BulkClaim::default()
        };
        gathering.enter_line(&line);
        assert_eq!(gathering.place(&record(MOON, "https://a.example/1")), Fate::There);
        assert_eq!(gathering.place(&record(MOON, "https://b.example/2")), Fate::There);
        assert_eq!(gathering.place(&record(MOON, "https://c.example/3")), Fate::Joins(0));
    }

    #[test]
    fn a_claim_has_so_many_fact_checks_and_no_more() {
        let mut gathering = Gathering::default();
        let fates: Vec<Fate> =
            (0..MOST_CHECKS + 2).map(|n| gathering.place(&record(MOON, &format!("https://a.example/{n}")))).collect();
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Joins(0)).count() as u32, MOST_CHECKS - 1);
        assert_eq!(fates.last(), Some(&Fate::TooMany));
    }
}
