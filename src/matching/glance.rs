//! A post at a glance: which roots of the rules' words it holds, and where. Enough for the shortlist; most posts end there.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::model::post::Post;
use crate::rules::compile::RuleSet;
use crate::rules::compile::neighbours::Marks;
use crate::rules::compile::vocabulary::{Likeness, RootId, TermId};
use crate::text::guard::Guards;
use crate::text::words::Words;

/// Most of a part that is read; feeds are cut there too.
pub const LONGEST_PART_BYTES: usize = 64 * 1024;

/// Most parts of a post that are read.
pub const MOST_PARTS: usize = 64;

/// Places of the words of one part lie within this many; those of the next part begin after them, out of reach of any window.
pub const PLACES_OF_A_PART: u32 = 1 << 24;

/// Parts whose memory is kept for the next post.
const PARTS_KEPT: usize = 4;

/// Words whose memory is kept for the next post.
const WORDS_KEPT: usize = 1 << 14;

/// A post looked at for one rule set. Its memory is used again for the next post.
#[derive(Debug, Default)]
pub struct Glance {
    /// What words stand for that were looked up before.
    memory: Memory,
    /// The words of each part with all their readings; those after the parts of this post are left from another.
    parts: Vec<Words>,
    /// Parts of this post.
    part_count: usize,
    /// Every word of all parts, as they were read.
    steps: Vec<Step>,
    /// Words without other readings.
    word_count: usize,
    /// Places that other readings span beyond their own.
    spanned: u32,
    /// Each root that the post holds, once.
    roots: Vec<RootId>,
    /// For every root how much of a term's weight its nearest word carries, in hundredths; 0 where there is none.
    percents: Vec<u8>,
    /// The words in the order of their places, where that is not the order of reading.
    in_order: Vec<Step>,
}

/// A root that a word stands for.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The root.
    pub root: RootId,
    /// How much of a term's weight the word carries, in hundredths.
    pub percent: u8,
}

/// A word, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its place in the row of the post's words, all parts in one row with wide gaps between them.
    pub at: u32,
    /// The place after it.
    pub next: u32,
    /// What tells which words may follow it in phrases.
    pub marks: Marks,
    /// What it stands for, by its number in the memory.
    known: u32,
}

impl Glance {
    /// Looks at another post.
    pub fn at(&mut self, post: &Post, rules: &RuleSet) {
        self.memory.serve(rules);
        self.percents.resize(rules.vocabulary.roots(), 0);
        self.part_count = post.parts.len().min(MOST_PARTS);
        for (number, part) in post.parts.iter().take(MOST_PARTS).enumerate() {
            self.look_at(number, &part.text, rules);
        }
        if !self.steps.is_sorted_by_key(|step| step.at) {
            self.in_order.extend_from_slice(&self.steps);
            self.in_order.sort_by_key(|step| step.at);
        }
    }

    fn look_at(&mut self, part: usize, text: &str, rules: &RuleSet) {
        let Self { memory, parts, steps, word_count, spanned, roots, percents, .. } = self;
        if parts.len() <= part {
            parts.push(Words::default());
        }
        let words = &mut parts[part];
        words.read(&text[..text.floor_char_boundary(LONGEST_PART_BYTES)]);
        let base = part as u32 * PLACES_OF_A_PART;
        let from = steps.len();
        // First all words, then what they stand for: memory answers several questions at a time, where none waits for another's answer.
        for word in words.iter() {
            let known = memory.look_up(word.form, rules);
            steps.push(Step { at: base + word.at, next: base + word.next, marks: Marks::default(), known });
            *word_count += usize::from(!word.alternative);
            *spanned += word.next - word.at - 1;
        }
        for step in &mut steps[from..] {
            step.marks = memory.marks(step.known);
            for Held { root, percent } in memory.roots(step.known).iter().copied() {
                let most = &mut percents[root as usize];
                if *most == 0 {
                    roots.push(root);
                }
                *most = (*most).max(percent);
            }
        }
    }

    /// Forgets the post.
    pub fn end(&mut self) {
        for root in self.roots.drain(..) {
            self.percents[root as usize] = 0;
        }
        for steps in [&mut self.steps, &mut self.in_order] {
            steps.clear();
            steps.shrink_to(WORDS_KEPT);
        }
        (self.word_count, self.spanned) = (0, 0);
        self.parts.truncate(PARTS_KEPT);
    }

    /// How many words the post has.
    pub fn word_count(&self) -> usize {
        self.word_count
    }

    /// The words of each part.
    pub fn parts(&self) -> &[Words] {
        &self.parts[..self.part_count]
    }

    /// Gives what each word of all parts stands for, and how: as many as the parts have words, in their order.
    pub fn known(&self) -> impl Iterator<Item = (Guards, &[(TermId, Likeness)])> {
        self.steps.iter().map(|step| (self.memory.guards(step.known), self.memory.terms(step.known)))
    }

    /// Each root that the post holds, once.
    pub fn roots(&self) -> &[RootId] {
        &self.roots
    }

    /// All words in the order of their places.
    pub fn steps(&self) -> &[Step] {
        if self.in_order.is_empty() { &self.steps } else { &self.in_order }
    }

    /// So many places more or less may lie between two words than words are said between them: other readings span several.
    pub fn spanned(&self) -> u32 {
        self.spanned
    }

    /// The roots that a word stands for.
    #[inline]
    pub fn roots_of(&self, step: &Step) -> &[Held] {
        self.memory.roots(step.known)
    }

    /// How much of a term's weight the word of its root carries that is nearest to any term of it, in hundredths; 0 where there is none.
    #[inline]
    pub fn percent(&self, root: RootId) -> u32 {
        self.percents.get(root as usize).map_or(0, |percent| u32::from(*percent))
    }

    /// Whether the post holds a term of this root.
    #[inline]
    pub fn holds(&self, root: RootId) -> bool {
        self.percent(root) > 0
    }
}

/// A word of sixteen bytes at most: its first eight, its last eight, and its length, which tells how far the two overlap. Kept with what the
/// word stands for, so that comparing it reads no other memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Short {
    head: u64,
    tail: u64,
    length: u8,
}

#[inline]
fn short(form: &str) -> Option<Short> {
    let bytes = form.as_bytes();
    let (head, tail) = match bytes.len() {
        8..=16 => (u64::from_le_bytes(*bytes.first_chunk()?), u64::from_le_bytes(*bytes.last_chunk()?)),
        4..8 => (u32::from_le_bytes(*bytes.first_chunk()?).into(), u32::from_le_bytes(*bytes.last_chunk()?).into()),
        2..4 => (u16::from_le_bytes(*bytes.first_chunk()?).into(), u16::from_le_bytes(*bytes.last_chunk()?).into()),
        1 => (bytes[0].into(), 0),
        _ => return None,
    };
    Some(Short { head, tail, length: bytes.len() as u8 })
}

/// What the words of earlier posts stand for: endings and typing mistakes are worked out once for a word, not once for a post.
///
/// It holds what `Vocabulary::resolve` and `Guards::of` give and nothing else, so it cannot change a result.
#[derive(Debug, Default)]
struct Memory {
    set: u64,
    hasher: RandomState,
    /// Numbers of short words in `known`, and of longer ones.
    numbers: HashTable<u32>,
    numbers_of_long: HashMap<Box<str>, u32, RandomState>,
    known: Vec<Known>,
    terms: Vec<(TermId, Likeness)>,
    roots: Vec<Held>,
}

/// What a word stands for: as much as the processor fetches at once.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Known {
    /// The word itself; of a longer one nothing.
    form: Short,
    terms: (u32, u32),
    roots: (u32, u32),
    guards: Guards,
    marks: Marks,
}

/// The memory is emptied at this many words: strangers choose the words.
const MOST_WORDS: usize = 1 << 17;

impl Memory {
    fn serve(&mut self, rules: &RuleSet) {
        if self.set != rules.number || self.known.len() > MOST_WORDS || self.terms.len() > 8 * MOST_WORDS {
            *self = Self { set: rules.number, ..Self::default() };
        }
    }

    /// The number of a word.
    #[inline]
    fn look_up(&mut self, form: &str, rules: &RuleSet) -> u32 {
        let number = match short(form) {
            Some(short) => self.numbers.find(self.hasher.hash_one(short), |number| self.known[*number as usize].form == short),
            None => self.numbers_of_long.get(form),
        };
        match number {
            Some(number) => *number,
            None => self.learn(form, rules),
        }
    }

    fn learn(&mut self, form: &str, rules: &RuleSet) -> u32 {
        let (terms_from, roots_from) = (self.terms.len(), self.roots.len());
        rules.vocabulary.resolve(form, &mut self.terms);
        let mut roots: Vec<(RootId, u8)> = self.terms[terms_from..]
            .iter()
            .map(|(term, likeness)| (rules.vocabulary.root(*term), likeness.percent() as u8))
            .collect();
        // Of each root the nearest.
        roots.sort_unstable_by_key(|(root, percent)| (*root, Reverse(*percent)));
        roots.dedup_by_key(|(root, _)| *root);
        self.roots.extend(roots.iter().map(|(root, percent)| Held { root: *root, percent: *percent }));
        let short = short(form);
        self.known.push(Known {
            form: short.unwrap_or_default(),
            terms: (terms_from as u32, self.terms.len() as u32),
            roots: (roots_from as u32, self.roots.len() as u32),
            guards: Guards::of(form),
            marks: roots.iter().fold(Marks::default(), |marks, (root, _)| marks.and(rules.watchlist.marks(*root))),
        });
        let number = self.known.len() as u32 - 1;
        let Self { known, numbers, numbers_of_long, hasher, .. } = self;
        match short {
            Some(short) => {
                let hash = |number: &u32| hasher.hash_one(known[*number as usize].form);
                numbers.insert_unique(hasher.hash_one(short), number, hash);
            }
            None => {
                numbers_of_long.insert(form.into(), number);
            }
        }
        number
    }

    #[inline]
    fn marks(&self, known: u32) -> Marks {
        self.known[known as usize].marks
    }

    fn guards(&self, known: u32) -> Guards {
        self.known[known as usize].guards
    }

    fn terms(&self, known: u32) -> &[(TermId, Likeness)] {
        let (from, to) = self.known[known as usize].terms;
        &self.terms[from as usize..to as usize]
    }

    #[inline]
    fn roots(&self, known: u32) -> &[Held] {
        let (from, to) = self.known[known as usize].roots;
        &self.roots[from as usize..to as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn short_words_are_told_apart_by_their_ends_and_length(a in "[ab]{0,18}|\\PC{0,5}", b in "[ab]{0,18}|\\PC{0,5}") {
            prop_assert_eq!(short(&a).is_some(), (1..=16).contains(&a.len()));
            prop_assert!(a == b || short(&a).is_none() || short(&a) != short(&b), "{a} {b}");
        }
    }
}
