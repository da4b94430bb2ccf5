//! The words of a collection of claims: which term a word of a post belongs to, typing mistakes and compounds included.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::reading::{is_number, term};
use super::typos::Typos;
use crate::text::fold::is_written_without_blanks;
use crate::text::frequency::{Tongue, is_everyday, zipf_tenths};

/// Number of a term; dense from 0. Terms fit in 24 bits so that a token and its flags fit in one word.
pub type Term = u32;

/// Terms that one collection can have; words beyond are not indexed.
pub const MOST_TERMS: usize = (1 << 24) - 1;

/// Frequency of a word that no table knows.
const FREQUENCY_OF_A_STRANGER: f64 = 2e-7;

/// Longest tag that is taken apart by the words of the collection, in bytes.
const LONGEST_TAG: usize = 40;

/// What a word of a post means to a collection.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A term of the collection.
    Known(Term),
    /// Several terms in one word.
    Parts(Vec<Term>),
    /// None; with the frequency of the word in ordinary language.
    Unknown(f64),
}

/// Every word form and term of a collection.
#[derive(Debug, Default)]
pub struct Vocabulary {
    forms: HashMap<Box<str>, Term, RandomState>,
    terms: HashMap<Box<str>, Term, RandomState>,
    /// Frequency of each term in ordinary language: the sum of its forms.
    frequencies: Vec<f64>,
    typos: Typos,
}

impl Vocabulary {
    /// Gives the term of a form, a new one if need be; nothing when no more fit.
    pub fn enter(&mut self, form: &str) -> Option<Term> {
        if let Some(known) = self.forms.get(form) {
            return Some(*known);
        }
        let name = term(form);
        let number = match self.terms.get(name.as_ref()) {
            Some(known) => *known,
            None if self.terms.len() >= MOST_TERMS => return None,
            None => {
                let number = self.terms.len() as Term;
                self.terms.insert(name.as_ref().into(), number);
                self.frequencies.push(0.0);
                number
            }
        };
        self.forms.insert(form.into(), number);
        if let Some(sum) = self.frequencies.get_mut(number as usize) {
            *sum += frequency(form);
        }
        Some(number)
    }

    /// Gets ready to recognise typing mistakes for words of terms that stand in `often` or more claims.
    pub fn learn_typos(&mut self, claims_with: &[u32], often: u32) {
        let known = self.forms.iter().filter(|(_, term)| claims_with.get(**term as usize).is_some_and(|n| *n >= often));
        self.typos = Typos::of(known.map(|(form, term)| (form.as_ref(), *term)), claims_with);
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.frequencies.len()
    }

    /// Whether there is no term.
    pub fn is_empty(&self) -> bool {
        self.frequencies.is_empty()
    }

    /// Gives the name of each term, in no order.
    pub fn terms(&self) -> impl Iterator<Item = (&str, Term)> {
        self.terms.iter().map(|(name, term)| (name.as_ref(), *term))
    }

    /// Gives a number for the first five letters of each term; 0 for terms with fewer.
    pub fn beginnings(&self) -> Vec<u32> {
        let mut beginnings = vec![0; self.len()];
        for (name, term) in &self.terms {
            let Some(head) = name.as_bytes().get(..5).filter(|_| name.bytes().all(|b| b.is_ascii_lowercase())) else { continue };
            if let Some(beginning) = beginnings.get_mut(*term as usize) {
                // Five letters fit into 25 bits: different beginnings have different numbers, none of them 0.
                *beginning = head.iter().fold(0, |number, b| number << 5 | u32::from(b - b'a' + 1));
            }
        }
        beginnings
    }

    /// Frequency of each term in ordinary language.
    pub fn frequencies(&self) -> &[f64] {
        &self.frequencies
    }

    /// Gives what a folded word of a post means. Costs a few microseconds for words that the collection does not know.
    pub fn meaning(&self, form: &str, of_a_tag: bool) -> Meaning {
        if let Some(known) = self.forms.get(form) {
            return Meaning::Known(*known);
        }
        if let Some(known) = self.terms.get(term(form).as_ref()) {
            return Meaning::Known(*known);
        }
        if of_a_tag && let Some(parts) = self.parts(form) {
            return Meaning::Parts(parts);
        }
        if !is_everyday(form)
            && let Some(meant) = self.typos.meant(form)
        {
            return Meaning::Known(meant);
        }
        Meaning::Unknown(frequency(form))
    }

    /// Takes a tag apart into words that the collection or ordinary English knows; the likeliest row (Viterbi).
    fn parts(&self, tag: &str) -> Option<Vec<Term>> {
        if !(6..=LONGEST_TAG).contains(&tag.len()) || !tag.bytes().all(|b| b.is_ascii_lowercase()) {
            return None;
        }
        // best[end]: surprise in nats of the likeliest row that fills tag[..end], and where its last word begins.
        let mut best = vec![(f64::INFINITY, 0); tag.len() + 1];
        best[0] = (0.0, 0);
        for start in 0..tag.len() {
            let so_far = best[start].0;
            if so_far.is_infinite() {
                continue;
            }
            for end in start + 2..=tag.len().min(start + 18) {
                let word = &tag[start..end];
                let common = zipf_tenths(word, Tongue::English).map_or(0.0, per_word);
                let own = if self.forms.contains_key(word) { 1e-6 } else { 0.0 };
                let chance = f64::max(common, own);
                if chance <= 0.0 || end - start <= 3 && chance < 1e-5 {
                    continue;
                }
                let surprise = so_far - chance.ln();
                if surprise < best[end].0 {
                    best[end] = (surprise, start);
                }
            }
        }
        if best[tag.len()].0 / tag.len() as f64 > 2.2 {
            return None;
        }
        let mut parts = Vec::new();
        let mut end = tag.len();
        while end > 0 {
            let start = best[end].1;
            parts.extend(self.terms.get(term(&tag[start..end]).as_ref()));
            end = start;
        }
        parts.reverse();
        (!parts.is_empty()).then_some(parts)
    }
}

fn per_word(zipf_tenths: u8) -> f64 {
    10f64.powf(f64::from(zipf_tenths) / 10.0 - 9.0)
}

/// How often a folded form stands in ordinary language, as a share of all words.
pub fn frequency(form: &str) -> f64 {
    if is_number(form) {
        let round = form.len() <= 4 && form.bytes().skip(1).all(|b| b == b'0');
        let share = match (form.len(), form.get(..2)) {
            (1, _) => 4e-4,
            (2, _) => 8e-5,
            (3, _) => 1.5e-5,
            (4, Some("20")) => 6e-5,
            (4, Some("19")) => 2e-5,
            (4, _) => 2e-6,
            _ => 5e-7,
        };
        return if round && form.len() > 1 { 3.0 * share } else { share };
    }
    // English first: what is rare in English may be an ordinary word elsewhere ("die").
    match zipf_tenths(form, Tongue::English).or_else(|| zipf_tenths(form, Tongue::Other)) {
        Some(tenths) => per_word(tenths),
        None if form.chars().next().is_some_and(is_written_without_blanks) => 2.5e-5,
        None => FREQUENCY_OF_A_STRANGER,
    }
}
