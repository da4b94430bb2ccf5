//! How a post stands to a claim it repeats, by cues that a person can see: asserts, quotes, reports, asks, denies, or checks it.
//!
//! Looked at are the sentences of the matched words and the one after them (for a headline, the first sentence below it; for a
//! quoted post or a link card, the first sentence of the post's own words), no further than [`REACH`] words. Words inside the matched ones
//! never count: "No longer – sleep well tonight" denies nothing. Of several stances the plainest counts: a link to a fact-check, then a
//! denial, a question, a quotation, a report; without any cue the post asserts the claim.

mod negated;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use super::quotation;
use super::ranked::Ranked;
use super::reading::Reading;
use super::shortlist;
use crate::model::post::{PartKind, Post};
use crate::model::sighting::{Cue, Span, Stance};
use crate::rules::cues::{self, Cues, Sign, TongueCues};
use crate::rules::index::reading::term;
use crate::text::address;
use crate::text::frequency::Tongue;
use crate::text::words::{Word, words};

/// Cues stand this many words from the matched ones at most: texts without full stops are not one sentence to a reader.
pub const REACH: usize = 40;

/// A negation this many words before a denial takes it back: "not a hoax".
const TAKEN_BACK: usize = 2;

/// In the next sentence a report is told at its beginning ("Trump tweeted this …"); further on it is about something else.
const TOLD_WITHIN: usize = 4;

/// What was matched, and what is known about the claim.
#[derive(Debug, Clone)]
pub struct Matched<'m> {
    /// The strongest wording.
    pub wording: &'m str,
    /// Where its words stand.
    pub spans: &'m [Span],
    /// The words of all wordings that came near: what is made of them only is no cue either.
    pub own: Vec<Span>,
    /// Who made the claim.
    pub claimant: Option<&'m str>,
    /// Addresses of its fact-checks, canonical.
    pub fact_checks: &'m [String],
    /// Languages of the wording and the post.
    pub tongues: [Option<Tongue>; 2],
}

/// The addresses that a post is at, links to or writes out; canonical, made when first asked for.
#[derive(Debug)]
pub struct Addresses<'p> {
    post: &'p Post,
    canonical: OnceCell<Vec<String>>,
}

impl<'p> Addresses<'p> {
    /// Those of `post`.
    pub fn of(post: &'p Post) -> Self {
        Self { post, canonical: OnceCell::new() }
    }

    fn all(&self) -> &[String] {
        self.canonical.get_or_init(|| shortlist::canonical_addresses(self.post).collect())
    }
}

/// A cue that was found.
#[derive(Debug, Clone, Copy)]
struct Sighted {
    sign: Sign,
    span: Span,
    place: Place,
    /// Words between it and the matched ones.
    distance: usize,
}

/// Where a cue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a sentence that the match began in or goes through.
    Before,
    /// In the sentence that the match ends in.
    Same,
    /// In the next sentence, after so many of its words.
    Next(usize),
}

/// The words around the matched ones.
struct Window<'w> {
    text: &'w str,
    part: usize,
    hull: Range<usize>,
    words: Vec<Word<'w>>,
    /// Whether the part begins with the first of the words.
    from_start: bool,
    /// Sentences of the first and the last matched word.
    sentences: (u32, u32),
}

/// Tells how `post` stands to what was matched, and by which cue.
pub fn stance(
    post: &Post,
    reading: &Reading,
    cues: &Cues,
    addresses: &Addresses<'_>,
    matched: &Matched<'_>,
) -> (Stance, Option<Cue>) {
    if let Some(words) = checked_at(addresses, cues, matched) {
        return (Stance::Factcheck, Some(Cue { words, span: None }));
    }
    let Some(window) = Window::around(post, reading, matched.spans) else {
        return (Stance::Assertion, None);
    };
    let mut languages: Vec<&TongueCues> = matched.tongues.iter().flatten().filter_map(|tongue| cues.of(*tongue)).collect();
    languages.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let mut found: Vec<Sighted> = languages.iter().flat_map(|cues| window.cues(cues, matched)).collect();
    if let Some((part, comment)) = commented_by(post, &window).filter(|(part, _)| *part != window.part) {
        let first = reading.around(part, 0..0, REACH).0;
        let sentence = first.first().map_or(0, |word| word.sentence);
        let comment = Window { text: comment, part, hull: 0..0, words: first, from_start: true, sentences: (sentence, sentence) };
        let beside = languages.iter().flat_map(|cues| comment.cues(cues, matched));
        let beside = beside.filter(|cue| cue.place == Place::Same);
        found.extend(beside.map(|cue| Sighted { place: Place::Next(cue.distance), distance: cue.distance + REACH, ..cue }));
    }
    let nearest = |counts: &dyn Fn(&Sighted) -> bool| found.iter().filter(|cue| counts(cue)).min_by_key(|cue| cue.distance);
    let cue = |span: Span| {
        let text = post.parts.get(span.part).and_then(|part| part.text.get(span.start..span.end)).unwrap_or_default();
        Some(Cue { words: text.to_owned(), span: Some(span) })
    };
    if let Some(denial) = nearest(&|cue| cue.sign == Sign::Denial) {
        return (Stance::Denial, cue(denial.span));
    }
    if let Some(span) = window.question(&languages, matched) {
        return (Stance::Question, cue(span));
    }
    let is_report = |cue: &Sighted| cue.sign == Sign::Report;
    if let Some(said) = nearest(&is_report).filter(|_| window.names(matched.claimant) && window.is_quoted()) {
        return (Stance::Quoted, cue(said.span));
    }
    let tells = |cue: &Sighted| is_report(cue) && matches!(cue.place, Place::Same | Place::Next(..TOLD_WITHIN));
    match nearest(&tells) {
        Some(said) => (Stance::Report, cue(said.span)),
        None => (Stance::Assertion, None),
    }
}

/// How one post stands to the bulk claims found for it; it is read when the first is asked about.
#[derive(Debug)]
pub struct BulkStances<'p> {
    post: &'p Post,
    reading: OnceCell<Reading>,
    addresses: Addresses<'p>,
}

impl<'p> BulkStances<'p> {
    /// For the claims of `post`.
    pub fn of(post: &'p Post) -> Self {
        Self { post, reading: OnceCell::new(), addresses: Addresses::of(post) }
    }

    /// Tells how the post stands to one of them.
    pub fn to(&self, found: &Ranked<'_>) -> (Stance, Option<Cue>) {
        let claim = found.claim;
        let checks = claim.url.iter().chain(claim.also.iter().filter_map(|check| check.url.as_ref()));
        let fact_checks: Vec<String> = checks.filter_map(|url| address::canonical(url)).collect();
        let spans = self.of_the_wording(found);
        let matched = Matched {
            wording: &claim.claim,
            spans: &spans,
            own: spans.clone(),
            claimant: None,
            fact_checks: &fact_checks,
            tongues: [
                Some(Tongue::of(claim.lang.as_deref().unwrap_or("en"))),
                self.post.lang.as_ref().map(|lang| Tongue::of(&lang.0)),
            ],
        };
        let reading = self.reading.get_or_init(|| Reading::of_words(self.post));
        let cues = cues::embedded();
        let (stance, cue) = stance(self.post, reading, &cues, &self.addresses, &matched);
        if stance == Stance::Assertion
            && found.strength.value() >= negated::SAYS_IT
            && let Some(cue) = negated::negated(self.post, reading, &cues, &matched)
        {
            return (Stance::Denial, Some(cue));
        }
        (stance, cue)
    }
}

impl BulkStances<'_> {
    /// The words that the claim itself shares with the post: summaries and titles are by those who check it and say "false" or "true".
    fn of_the_wording(&self, found: &Ranked<'_>) -> Vec<Span> {
        let wording = words(&found.claim.claim);
        let terms: HashSet<_> = wording.iter().map(|word| term(word.form)).collect();
        let is_own = |span: &&Span| {
            let part = self.post.parts.get(span.part);
            let said = words(part.and_then(|part| part.text.get(span.start..span.end)).unwrap_or_default());
            said.iter().any(|word| terms.contains(&term(word.form)))
        };
        let own: Vec<Span> = found.spans.iter().filter(is_own).copied().collect();
        if own.is_empty() { found.spans.clone() } else { own }
    }
}

/// The address that makes the post a fact-check: the claim's own first, else a page of a known fact-checker.
fn checked_at(addresses: &Addresses<'_>, cues: &Cues, matched: &Matched<'_>) -> Option<String> {
    let own = addresses.all().iter().find(|address| matched.fact_checks.contains(address)).cloned();
    own.or_else(|| addresses.all().iter().find_map(|address| cues.checker(address)).map(str::to_owned))
}

/// The part whose first sentence speaks about the part that was matched, with its text.
fn commented_by<'p>(post: &'p Post, window: &Window<'_>) -> Option<(usize, &'p str)> {
    let is_last = || window.words.last().is_none_or(|word| word.sentence <= window.sentences.1);
    let number = match post.parts.get(window.part)?.kind {
        PartKind::Title => is_last().then_some(window.part + 1)?,
        PartKind::Quoted | PartKind::LinkCard | PartKind::AltText => {
            post.parts.iter().position(|part| part.kind == PartKind::Text)?
        }
        PartKind::Text | PartKind::Warning => return None,
    };
    post.parts.get(number).map(|part| (number, part.text.as_str()))
}

impl<'w> Window<'w> {
    /// The words around `spans`; around the beginning of the post where nothing but an address was matched.
    fn around(post: &'w Post, reading: &'w Reading, spans: &[Span]) -> Option<Self> {
        let part = spans.first().map_or(0, |span| span.part);
        let here = || spans.iter().filter(|span| span.part == part);
        let start = here().map(|span| span.start).min().unwrap_or_default();
        let end = here().map(|span| span.end).max().unwrap_or_default();
        let text = post.parts.get(part)?.text.as_str();
        let (words, from_start) = reading.around(part, start..end, REACH);
        let first = words.iter().find(|word| word.end > start)?.sentence;
        let last = words.iter().rev().find(|word| word.start < end).map_or(first, |word| word.sentence);
        Some(Self { text, part, hull: start..end, words, from_start, sentences: (first, last.max(first)) })
    }

    /// The cues of one language in it, harmless ones and those taken back left out.
    fn cues(&self, cues: &TongueCues, Matched { spans, own, .. }: &Matched<'_>) -> Vec<Sighted> {
        let mut found = Vec::new();
        let (first, last) = self.sentences;
        let mut at = 0;
        while let Some(word) = self.words.get(at) {
            let sentence = word.sentence;
            let here = at;
            at += 1;
            if sentence < first || sentence > last.saturating_add(1) {
                continue;
            }
            let row = self.words[here..].iter().take_while(|word| word.sentence == sentence).map(|word| word.form);
            let Some((sign, length)) = cues.at(&row, |sign| sign != Sign::Question) else { continue };
            let row = &self.words[here..here + length];
            if row.iter().any(|word| self.is_own(word, spans)) || row.iter().all(|word| self.is_own(word, own)) {
                continue;
            }
            at = here + length;
            let taken_back = match sign {
                Sign::Denial => {
                    // "ne … pas vrai": what holds a negation itself is not taken back by another.
                    let own_negation = row.iter().any(|word| cues.negates(word.form));
                    !own_negation && self.before(here, TAKEN_BACK).any(|word| cues.negates(word.form) && !self.is_own(word, own))
                }
                Sign::Report => self.before(here, TAKEN_BACK).any(|word| cues.is_ourselves(word.form)),
                Sign::Question | Sign::Harmless => true,
            };
            if taken_back {
                continue;
            }
            let place = match sentence {
                next if next > last => {
                    Place::Next(self.words[..here].iter().rev().take_while(|word| word.sentence == next).count())
                }
                same if same == last => Place::Same,
                _ => Place::Before,
            };
            let end = row.last().map_or(word.end, |word| word.end);
            let span = Span { part: self.part, start: word.start, end };
            let between = |word: &&Word<'_>| {
                word.start >= span.end && word.end <= self.hull.start || word.start >= self.hull.end && word.end <= span.start
            };
            found.push(Sighted { sign, span, place, distance: self.words.iter().filter(between).count() });
        }
        found
    }

    /// The words right before one, the nearest first, as long as nothing but blanks stands between them.
    fn before(&self, at: usize, count: usize) -> impl Iterator<Item = &Word<'w>> {
        let near = self.words[at.saturating_sub(count)..=at].windows(2).rev();
        let joined = near.take_while(|pair| {
            let gap = self.text.get(pair[0].end..pair[1].start).unwrap_or_default();
            gap.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '\'' | '’'))
        });
        joined.map(|pair| &pair[0])
    }

    fn is_own(&self, word: &Word<'_>, own: &[Span]) -> bool {
        own.iter().any(|span| span.part == self.part && word.start < span.end && span.start < word.end)
    }

    /// What asks: a word that begins the sentence, or a question mark after the matched words or at the end of their sentence.
    fn question(&self, languages: &[&TongueCues], matched: &Matched<'_>) -> Option<Span> {
        let (first, last) = self.sentences;
        let begins = self.words.iter().position(|word| word.sentence == first)?;
        let row = &self.words[begins..];
        if begins > 0 || self.from_start {
            let forms = row.iter().take_while(|word| word.sentence == first).map(|word| word.form);
            let opener = languages.iter().find_map(|cues| cues.at(&forms, |sign| sign == Sign::Question));
            let opener = opener.and_then(|(_, length)| row.get(..length)).unwrap_or_default();
            // "Is X no longer Y" is asked though every word of it is matched; a wording that begins so itself asserts it.
            let says_so = |word: &Word<'_>| {
                self.is_own(word, &matched.own) && words(matched.wording).plain().next().is_some_and(|own| own.form == word.form)
            };
            if let ([head, ..], Some(tail)) = (opener, opener.last())
                && !says_so(head)
            {
                return Some(Span { part: self.part, start: head.start, end: tail.end });
            }
        }
        let after = self.words.iter().enumerate().filter(|(_, word)| word.sentence == last && word.end >= self.hull.end);
        after.map(|(at, word)| (word.end, self.words.get(at + 1))).find_map(|(from, next)| {
            let gap = self.text.get(from..next.map_or(self.text.len(), |next| next.start))?;
            let marks = gap.char_indices().take_while(|(_, c)| !c.is_alphanumeric());
            let (at, mark) = marks.into_iter().find(|(_, c)| matches!(c, '?' | '？' | '؟' | '⁇' | '⁈' | '⁉' | '❓' | '❔'))?;
            Some(Span { part: self.part, start: from + at, end: from + at + mark.len_utf8() })
        })
    }

    /// Whether the claimant is named: by the last word of the name, or by all of it where that word is short or no name.
    fn names(&self, claimant: Option<&str>) -> bool {
        let Some(claimant) = claimant else { return false };
        let (first, last) = self.sentences;
        let near = |word: &&Word<'_>| word.sentence.saturating_add(1) >= first && word.sentence <= last.saturating_add(1);
        let said: Vec<&str> = self.words.iter().filter(near).map(|word| word.form).collect();
        let name = words(claimant);
        let name: Vec<&str> = name.plain().map(|word| word.form).collect();
        let surname = claimant.split_whitespace().next_back().filter(|word| word.starts_with(char::is_uppercase));
        match name.last() {
            Some(last) if surname.is_some() && last.chars().count() >= 3 => said.contains(last),
            Some(_) => said.windows(name.len()).any(|row| row == name),
            None => false,
        }
    }

    /// Whether any of the matched words stands between quotation marks.
    fn is_quoted(&self) -> bool {
        let near = |word: &&Word<'_>| word.sentence.saturating_add(1) >= self.sentences.0;
        let from = self.words.iter().find(near).map_or(self.hull.start, |word| word.start);
        let from = self.text.get(..from).map_or(0, |before| before.trim_end_matches(|c: char| !c.is_alphanumeric()).len());
        let to = self.words.last().map_or(self.hull.end, |word| word.end).max(self.hull.end);
        // The mark that closes may stand right behind the last word.
        let to = self.text.get(to..).and_then(|rest| rest.char_indices().nth(3)).map_or(self.text.len(), |(more, _)| to + more);
        quotation::quotations(self.text, from..to).any(|quoted| quoted.start < self.hull.end && self.hull.start < quoted.end)
    }
}

#[cfg(test)]
mod tests;
