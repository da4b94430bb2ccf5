//! How much of a claim's own wording a post holds, by the embedded word frequencies alone: the same number on every machine.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::post::Post;
use crate::model::sighting::Strength;
use crate::rules::bulk::BulkClaim;
use crate::rules::index::reading::{flag, term, tokens};
use crate::text::frequency::{Tongue, weight};
use crate::text::words::Words;

/// Words that tell less, in hundredths of a nat, are stop words.
const LEAST_WEIGHT: u32 = 200;

/// Words that are remembered; strangers choose them.
const MOST_REMEMBERED: usize = 1 << 16;

/// What is known of a folded word.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Number of the term it belongs to.
    term: u32,
    /// What it tells in each language; 0 where nobody asked yet.
    tells: [u32; Tongue::ALL.len()],
}

/// Compares posts with claims; remembers what words are.
#[derive(Debug, Default)]
pub(super) struct Strengths {
    numbers: HashMap<Box<str>, u32, RandomState>,
    known: Vec<Known>,
    terms: HashMap<Box<str>, u32, RandomState>,
    /// The number of the last post whose words belong to each term.
    in_post: Vec<u64>,
    post: u64,
    words: Words,
}

impl Strengths {
    /// Begins with another post.
    pub(super) fn begin(&mut self, post: &Post) {
        if self.known.len() > MOST_REMEMBERED {
            *self = Self::default();
        }
        self.post += 1;
        let mut words = std::mem::take(&mut self.words);
        for part in &post.parts {
            words.read(&part.text);
            tokens(&part.text, &words, |token| {
                let term = self.known(token.form).term as usize;
                self.in_post[term] = self.post;
            });
        }
        self.words = words;
    }

    /// Gives the share of the claim's words, or of its title's if that is greater, that the post holds, weighed by rarity.
    pub(super) fn of(&mut self, claim: &BulkClaim) -> Strength {
        let tongue = claim.lang.as_deref().map_or(Tongue::English, Tongue::of);
        let texts = [Some(claim.claim.as_str()), claim.title.as_deref()];
        let shares = texts.into_iter().flatten().map(|text| self.share(text, tongue));
        Strength::new(shares.fold(0.0, f32::max))
    }

    fn share(&mut self, text: &str, tongue: Tongue) -> f32 {
        let (mut held, mut all) = (0, 0);
        let mut words = std::mem::take(&mut self.words);
        words.read(text);
        tokens(text, &words, |token| {
            let known = self.known(token.form);
            let tells = &mut known.tells[tongue as usize];
            if *tells == 0 {
                *tells = weight(token.form, tongue);
            }
            let (term, tells) = (known.term as usize, *tells);
            if token.flags & flag::JOINED == 0 && tells >= LEAST_WEIGHT {
                all += tells;
                held += if self.in_post[term] == self.post { tells } else { 0 };
            }
        });
        self.words = words;
        // A single word is no wording: it counts as half of one.
        held as f32 / all.max(2 * LEAST_WEIGHT) as f32
    }

    fn known(&mut self, form: &str) -> &mut Known {
        let number = match self.numbers.get(form) {
            Some(number) => *number,
            None => self.learn(form),
        };
        &mut self.known[number as usize]
    }

    fn learn(&mut self, form: &str) -> u32 {
        let (number, next) = (self.known.len() as u32, self.in_post.len() as u32);
        let term = *self.terms.entry(term(form).as_ref().into()).or_insert(next);
        if term == next {
            self.in_post.push(0);
        }
        self.known.push(Known { term, tells: [0; Tongue::ALL.len()] });
        self.numbers.insert(form.into(), number);
        number
    }
}
