//! How a post stands to a claim it repeats, by cues that a person can see: asserts, quotes, reports, asks, denies, or checks it.
//!
//! Looked at are the sentences of the matched words and the one after them (for a headline, the first sentence below it; for a
//! quoted post or a link card, the first sentence of the post's own words), no further than [`REACH`] words. Words inside the matched ones
//! never count: "No longer – sleep well tonight" denies nothing. Of several stances the plainest counts: a link to a fact-check, then a
//! denial, a question, a quotation, a report; without any cue the post asserts the claim.

use std::cell::OnceCell;
use std::ops::Range;

use super::quotation;
use super::reading::Reading;
use super::shortlist;
use crate::model::post::{PartKind, Post};
use crate::model::sighting::{Cue, Span, Stance};
use crate::rules::cues::{Cues, Sign, TongueCues};
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
    /// Words that are no cues: those of all wordings that came near.
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
    let mut found: Vec<Sighted> = languages.iter().flat_map(|cues| window.cues(cues, &matched.own)).collect();
    if let Some((part, comment)) = commented_by(post, &window).filter(|(part, _)| *part != window.part) {
        let first = reading.around(part, 0..0, REACH).0;
        let sentence = first.first().map_or(0, |word| word.sentence);
        let comment = Window { text: comment, part, hull: 0..0, words: first, from_start: true, sentences: (sentence, sentence) };
        let beside = languages.iter().flat_map(|cues| comment.cues(cues, &matched.own));
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
    fn cues(&self, cues: &TongueCues, own: &[Span]) -> Vec<Sighted> {
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
            let Some((sign, length)) = cues.at(row, |sign| sign != Sign::Question) else { continue };
            let row = &self.words[here..here + length];
            if row.iter().any(|word| self.is_own(word, own)) {
                continue;
            }
            at = here + length;
            let taken_back = match sign {
                Sign::Denial => self.before(here, TAKEN_BACK).any(|word| cues.negates(word.form) && !self.is_own(word, own)),
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
            let opener = languages.iter().find_map(|cues| cues.at(forms.clone(), |sign| sign == Sign::Question));
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
mod tests {
    use super::*;
    use crate::model::post::Part;
    use crate::rules::cues;
    use jiff::Timestamp;
    use proptest::prelude::*;

    /// How `text` stands to the matched words between ⟦ ⟧, and the words that show it.
    fn read(lang: &str, text: &str) -> (Stance, String) {
        read_with(lang, text, |_| {})
    }

    fn read_with(lang: &str, text: &str, change: impl Fn(&mut Post)) -> (Stance, String) {
        let (mut plain, mut spans, mut start) = (String::new(), Vec::new(), 0);
        for c in text.chars() {
            match c {
                '⟦' => start = plain.len(),
                '⟧' => spans.push(Span { part: 0, start, end: plain.len() }),
                c => plain.push(c),
            }
        }
        let mut post = Post::of_text(&plain, Timestamp::UNIX_EPOCH);
        change(&mut post);
        let matched = Matched {
            wording: "the moon is made of cheese",
            own: spans.clone(),
            spans: &spans,
            claimant: Some("Ada Miller"),
            fact_checks: &["checks.example/moon".to_owned()],
            tongues: [Some(Tongue::of(lang)), None],
        };
        let (stance, cue) = stance(&post, &Reading::of_words(&post), &cues::embedded(), &Addresses::of(&post), &matched);
        (stance, cue.map(|cue| cue.words).unwrap_or_default())
    }

    fn all(lang: &str, wanted: &[(&str, Stance, &str)]) {
        for (text, stance, cue) in wanted {
            assert_eq!(read(lang, text), (*stance, (*cue).to_owned()), "{text}");
        }
    }

    #[test]
    fn english_cues_are_read() {
        all(
            "en",
            &[
                ("Wake up: ⟦the moon is made of cheese⟧!", Stance::Assertion, ""),
                ("\"⟦The moon is made of cheese⟧\", Ada Miller told the club.", Stance::Quoted, "told"),
                ("The mayor claims ⟦the moon is made of cheese⟧.", Stance::Report, "claims"),
                ("⟦The moon is made of cheese⟧, according to the mayor.", Stance::Report, "according to"),
                ("⟦Is the moon made of cheese⟧, as they teach", Stance::Question, "Is"),
                ("So ⟦the moon is made of cheese⟧?", Stance::Question, "?"),
                ("The mayor falsely claims ⟦the moon is made of cheese⟧.", Stance::Denial, "falsely"),
                ("⟦The moon is made of cheese⟧. There is no evidence for it.", Stance::Denial, "no evidence"),
            ],
        );
    }

    #[test]
    fn french_cues_are_read() {
        all(
            "fr",
            &[
                ("Selon le maire, ⟦la lune est en fromage⟧.", Stance::Report, "Selon"),
                ("« ⟦La lune est en fromage⟧ », a dit Mme Miller.", Stance::Quoted, "a dit"),
                ("Est-ce que ⟦la lune est en fromage⟧", Stance::Question, "Est-ce que"),
                ("⟦La lune est en fromage⟧ ? Nous avons regardé.", Stance::Question, "?"),
                ("Non, ce n'est pas vrai : ⟦la lune est en fromage⟧.", Stance::Denial, "pas vrai"),
            ],
        );
    }

    #[test]
    fn spanish_cues_are_read() {
        all(
            "es",
            &[
                ("Según el alcalde, ⟦la luna es de queso⟧.", Stance::Report, "Según"),
                ("«⟦La luna es de queso⟧», dijo Miller.", Stance::Quoted, "dijo"),
                ("¿⟦La luna es de queso⟧?", Stance::Question, "?"),
                ("Es un bulo que ⟦la luna es de queso⟧.", Stance::Denial, "bulo"),
                ("⟦La luna es de queso⟧. No hay pruebas de ello.", Stance::Denial, "No hay pruebas"),
            ],
        );
    }

    #[test]
    fn german_cues_are_read() {
        all(
            "de",
            &[
                ("Laut Bürgermeister ⟦ist der Mond aus Käse⟧.", Stance::Report, "Laut"),
                ("„⟦Der Mond ist aus Käse⟧“, sagte Ada Miller.", Stance::Quoted, "sagte"),
                ("Stimmt es, dass ⟦der Mond aus Käse ist⟧", Stance::Question, "Stimmt es"),
                ("⟦Der Mond ist aus Käse⟧ – das stimmt nicht.", Stance::Denial, "stimmt nicht"),
                ("⟦Der Mond ist aus Käse⟧. Dafür gibt es keine Belege.", Stance::Denial, "keine Belege"),
            ],
        );
    }

    #[test]
    fn portuguese_cues_are_read() {
        all(
            "pt",
            &[
                ("Segundo o prefeito, ⟦a lua é de queijo⟧.", Stance::Report, "Segundo"),
                ("“⟦A lua é de queijo⟧”, disse Miller.", Stance::Quoted, "disse"),
                ("Será que ⟦a lua é de queijo⟧", Stance::Question, "Será que"),
                ("Não é verdade que ⟦a lua é de queijo⟧.", Stance::Denial, "Não é verdade"),
            ],
        );
    }

    #[test]
    fn words_inside_the_matched_ones_are_no_cues() {
        all(
            "en",
            &[
                ("⟦The hoax is no longer a hoax, he said⟧", Stance::Assertion, ""),
                ("⟦No longer⟧, ⟦not true any more⟧", Stance::Assertion, ""),
            ],
        );
    }

    #[test]
    fn a_cue_two_sentences_away_does_not_count() {
        all(
            "en",
            &[
                ("⟦The moon is made of cheese⟧. I went there. The rest is false.", Stance::Assertion, ""),
                ("That other tale is false. ⟦The moon is made of cheese⟧.", Stance::Assertion, ""),
            ],
        );
    }

    #[test]
    fn what_is_taken_back_or_harmless_does_not_count() {
        all(
            "en",
            &[
                ("This is not a hoax: ⟦the moon is made of cheese⟧", Stance::Assertion, ""),
                ("The fake news media hide that ⟦the moon is made of cheese⟧", Stance::Assertion, ""),
                ("I said it first, ⟦the moon is made of cheese⟧", Stance::Assertion, ""),
                ("⟦No more moon⟧ - false!", Stance::Denial, "false"),
            ],
        );
    }

    #[test]
    fn a_question_mark_inside_an_address_asks_nothing() {
        all("en", &[("⟦The moon is made of cheese⟧ https://moon.example/?id=1", Stance::Assertion, "")]);
    }

    #[test]
    fn only_addresses_make_a_fact_check() {
        let link = |address: &'static str| move |post: &mut Post| post.links.push(address.to_owned());
        let text = "Fact check: what of ⟦the moon is made of cheese⟧";
        assert_eq!(read("en", text).0, Stance::Question);
        assert_eq!(read_with("en", text, link("https://www.snopes.com/a")), (Stance::Factcheck, "snopes.com".to_owned()));
        let own = read_with("en", text, link("https://checks.example/moon/?utm_source=x"));
        assert_eq!(own, (Stance::Factcheck, "checks.example/moon".to_owned()));
        assert_eq!(read_with("en", text, link("https://football.example/fact-check")).0, Stance::Question);
    }

    #[test]
    fn a_headline_is_denied_by_the_first_sentence_below_it() {
        let below = |text: &'static str| {
            move |post: &mut Post| {
                post.parts[0].kind = PartKind::Title;
                post.parts.push(Part { kind: PartKind::Text, text: text.to_owned() });
            }
        };
        let title = "⟦The moon is made of cheese⟧";
        assert_eq!(read_with("en", title, below("That is false.")), (Stance::Denial, "false".to_owned()));
        assert_eq!(read_with("en", title, below("A long story. That is false.")).0, Stance::Assertion);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_cues_lie_on_boundaries(
            text in "(\\PC|[?!.«»“”\"' \n]|false |said |not |Miller |Is |no evidence |faux |é ){0,60}",
            (a, b) in (0usize..200, 0usize..200),
        ) {
            let post = Post::of_text(&text, Timestamp::UNIX_EPOCH);
            let (start, end) = (text.floor_char_boundary(a.min(b)), text.floor_char_boundary(a.max(b)));
            let spans = [Span { part: 0, start, end }];
            let matched = Matched {
                wording: "", own: spans.to_vec(), spans: &spans, claimant: Some("Ada Miller"), fact_checks: &[],
                tongues: [Some(Tongue::English), Some(Tongue::French)],
            };
            let (stance, cue) = stance(&post, &Reading::of_words(&post), &cues::embedded(), &Addresses::of(&post), &matched);
            prop_assert_eq!(stance == Stance::Assertion, cue.is_none());
            if let Some(Cue { words, span: Some(span) }) = cue {
                prop_assert_eq!(text.get(span.start..span.end), Some(words.as_str()));
                prop_assert!(span.end <= start || span.start >= end || stance == Stance::Question);
            }
        }
    }
}
