//! Turns posts into queries: which terms their words are, and where one passage of a long post ends and the next begins.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::query::{Known, Query, STRANGER, Standing};
use crate::model::post::Post;
use crate::model::sighting::Span;
use crate::rules::index::reading::{flag, term, tokens};
use crate::rules::index::related::row_of;
use crate::rules::index::vocabulary::{Meaning, Term};
use crate::rules::index::{BulkIndex, LEAST_WEIGHT};
use crate::text::words::Words;

/// Slots after which the next sentence begins another passage, and after which any word does.
const PASSAGE_SLOTS: std::ops::Range<usize> = 40..54;

/// Terms of a passage, repeated ones too.
const MOST_STANDINGS: usize = 400;

/// So much of an author's name is read.
const LONGEST_AUTHOR_BYTES: usize = 200;

/// Words of an author's name that are looked at.
const MOST_AUTHOR_WORDS: usize = 8;

/// Words whose meaning is remembered.
const MOST_REMEMBERED: usize = 1 << 16;

/// What words mean that were looked up before.
#[derive(Debug, Default)]
struct Meanings {
    /// Of each word a range of `known`.
    of: HashMap<Box<str>, (u32, u32), RandomState>,
    known: Vec<Known>,
}

/// Turns posts into queries; remembers what words mean.
#[derive(Debug, Default)]
pub struct Asker {
    edition: u64,
    words: Words,
    author: Words,
    /// Of words outside tags and inside.
    meanings: [Meanings; 2],
    query: Query,
}

impl Asker {
    /// Hands every passage of `post` to `each`; posts of usual length have one.
    pub fn passages(&mut self, post: &Post, index: &BulkIndex, mut each: impl FnMut(&mut Query)) {
        if self.edition != index.edition() {
            *self = Self { edition: index.edition(), ..Self::default() };
        }
        let Self { words, meanings, query, author: author_words, .. } = self;
        let author = post.author.as_deref().unwrap_or_default();
        author_words.read(&author[..author.floor_char_boundary(LONGEST_AUTHOR_BYTES)]);
        let author = (author, &*author_words);
        let (mut at_before, mut finished) = (0, 0);
        query.clear();
        for (part, text) in post.parts.iter().map(|part| part.text.as_str()).enumerate() {
            words.read(text);
            let (mut sentence, mut at_last) = (0, 0);
            tokens(text, words, |token| {
                let full = query.slots.len() >= PASSAGE_SLOTS.end || query.row.len() >= MOST_STANDINGS;
                if full || token.sentence != sentence && query.slots.len() >= PASSAGE_SLOTS.start {
                    finish(query, author, index, &mut meanings[0], &mut each);
                    finished += 1;
                }
                (sentence, at_last) = (token.sentence, token.at);
                let span = Span { part, start: token.start, end: token.end };
                let (of_a_tag, joined) = (token.flags & flag::TAG != 0, token.flags & flag::JOINED != 0);
                for (step, known) in (0..).zip(meanings[usize::from(of_a_tag)].of(token.form, of_a_tag, index)) {
                    if known.tells >= LEAST_WEIGHT
                        && let Some(slot) = query.enter(*known, token.flags)
                    {
                        query.row.push(Standing { slot: slot as u8, at: at_before + token.at + step, span, joined });
                    }
                }
            });
            // Parts of a post do not continue each other.
            at_before += at_last + 20;
        }
        if !query.slots.is_empty() || finished == 0 {
            finish(query, author, index, &mut meanings[0], &mut each);
        }
    }
}

/// Ends a passage: adds the author's name, hands it out, begins the next.
fn finish(
    query: &mut Query,
    (author, words): (&str, &Words),
    index: &BulkIndex,
    meanings: &mut Meanings,
    each: &mut impl FnMut(&mut Query),
) {
    query.of_text = query.slots.len();
    let mut left = MOST_AUTHOR_WORDS;
    tokens(author, words, |token| {
        for known in meanings.of(token.form, false, index) {
            if known.tells >= LEAST_WEIGHT && left > 0 && query.slot_of(known.id).is_none() {
                query.enter(*known, 0);
                left -= 1;
            }
        }
    });
    each(query);
    query.clear();
}

impl Meanings {
    /// Gives the terms that a word stands for: one, or several that a tag joins. Worked out once for each word.
    fn of(&mut self, form: &str, of_a_tag: bool, index: &BulkIndex) -> &[Known] {
        let (from, to) = match self.of.get(form) {
            Some(range) => *range,
            None => self.learn(form, of_a_tag, index),
        };
        &self.known[from as usize..to as usize]
    }

    fn learn(&mut self, form: &str, of_a_tag: bool, index: &BulkIndex) -> (u32, u32) {
        // Forgetting everything at once is rare and keeps what is asked most after a moment.
        if self.of.len() >= MOST_REMEMBERED {
            *self = Self::default();
        }
        let from = self.known.len() as u32;
        let known = |term: Term| {
            let (tells, row) = (index.weight(term), index.relations().row_of(term));
            Known { id: term, tells, row, beginning: index.beginning(term), most_impact: index.most_impact(tells) }
        };
        match index.vocabulary().meaning(form, of_a_tag) {
            Meaning::Known(term) => self.known.push(known(term)),
            Meaning::Parts(terms) => self.known.extend(terms.into_iter().map(known)),
            Meaning::Unknown(frequency) => {
                let (tells, row) = (index.weight_of_stranger(frequency), row_of(&term(form)));
                self.known.push(Known { id: stranger(form), tells, row, beginning: 0, most_impact: index.most_impact(tells) });
            }
        }
        let range = (from, self.known.len() as u32);
        self.of.insert(form.into(), range);
        range
    }
}

/// Numbers a word that no claim holds: the same for the same word, in every run.
fn stranger(form: &str) -> u32 {
    let hash = form.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash | STRANGER
}
