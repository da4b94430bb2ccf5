//! Words that know where they stood in the original text.

use std::ops::Range;

use super::reader::Reader;
use super::tag::Tags;

/// A folded word and the bytes of the original text it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'w> {
    /// Folded form.
    pub form: &'w str,
    /// First byte in the original text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Its place in the row of words.
    pub at: u32,
    /// The place of the word after it: further than `at + 1` where the form spans several words (`#NorthKorea`).
    pub next: u32,
    /// Number of the sentence it stands in.
    pub sentence: u32,
    /// Another reading of words that stand in the row themselves, or of letters spaced out.
    pub alternative: bool,
}

/// The words of one text, in order. Their letters share one buffer, which can be used again.
#[derive(Debug, Clone, Default)]
pub struct Words {
    pub(super) letters: String,
    pub(super) places: Vec<Place>,
    /// Tags taken apart before: kept from text to text.
    pub(super) tags: Tags,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) form: (u32, u32),
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) at: u32,
    pub(super) next: u32,
    pub(super) sentence: u32,
    pub(super) alternative: bool,
}

/// Splits a text into folded words.
pub fn words(text: &str) -> Words {
    let mut words = Words::default();
    words.read(text);
    words
}

impl Words {
    /// Reads another text in the place of the one before. Linear in the length of `text`, of which four GiB can be read.
    pub fn read(&mut self, text: &str) {
        self.places.clear();
        let text = &text[..text.floor_char_boundary(u32::MAX as usize / 2)];
        // Of most words this is the folded form; the others are put behind it.
        self.letters.clear();
        self.letters.push_str(text);
        self.letters.make_ascii_lowercase();
        Reader::new(text, self).read();
    }

    /// The words in order; where a word begins never lies before where the one before it begins.
    pub fn iter(&self) -> impl Iterator<Item = Word<'_>> {
        self.places.iter().map(|place| self.word(place))
    }

    /// The word with this number in the order of [`iter`](Self::iter).
    pub fn get(&self, number: usize) -> Option<Word<'_>> {
        self.places.get(number).map(|place| self.word(place))
    }

    fn word(&self, p: &Place) -> Word<'_> {
        Word {
            form: &self.letters[p.form.0 as usize..p.form.1 as usize],
            start: p.start as usize,
            end: p.end as usize,
            at: p.at,
            next: p.next,
            sentence: p.sentence,
            alternative: p.alternative,
        }
    }

    /// The plain words from `reach` of them before those that begin in `range` to `reach` after them; and whether the text begins with the first.
    pub fn around(&self, range: Range<usize>, reach: usize) -> (Vec<Word<'_>>, bool) {
        let is_plain = |place: &&Place| !place.alternative;
        let beginning = |at: usize| self.places.partition_point(|place| (place.start as usize) < at);
        let from = beginning(range.start);
        let to = beginning(range.end).max(from);
        let mut before: Vec<&Place> = Vec::with_capacity(from.min(reach + 1));
        before.extend(self.places[..from].iter().rev().filter(is_plain).take(reach + 1));
        let from_start = before.len() <= reach;
        before.truncate(reach);
        let inside = self.places[from..to].iter().filter(is_plain);
        let after = self.places[to..].iter().filter(is_plain).take(reach);
        let mut words = Vec::with_capacity(before.len() + (to - from) + reach);
        words.extend(before.into_iter().rev().chain(inside).chain(after).map(|place| self.word(place)));
        (words, from_start)
    }

    /// The words without other readings: what the text says, once.
    pub fn plain(&self) -> impl Iterator<Item = Word<'_>> {
        self.iter().filter(|word| !word.alternative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        words(text).plain().map(|word| word.form).collect::<Vec<_>>().join(" ")
    }

    /// Other readings, with the places they span.
    fn others(text: &str) -> Vec<(String, u32, u32)> {
        words(text).iter().filter(|word| word.alternative).map(|word| (word.form.to_owned(), word.at, word.next)).collect()
    }

    #[test]
    fn words_are_folded_and_know_their_bytes() {
        let text = "No longer – SLEEP “Wéll”!";
        let found = words(text);
        assert_eq!(plain(text), "no longer sleep well");
        assert_eq!(found.iter().map(|word| &text[word.start..word.end]).collect::<Vec<_>>(), ["No", "longer", "SLEEP", "Wéll"]);
    }

    #[test]
    fn tags_are_read_split_and_joined() {
        assert_eq!(plain("#SleepWellTonight @realDonaldTrump #northkorea"), "sleep well tonight real donald trump north korea");
        assert_eq!(others("see #SleepWellTonight"), [("sleepwelltonight".to_owned(), 1, 4)]);
        assert_eq!(others("#north_korea2018"), [("northkorea2018".to_owned(), 0, 3)]);
    }

    #[test]
    fn compounds_are_read_split_and_joined() {
        assert_eq!(plain("anti-vax COVID-19 covid19"), "anti vax covid 19 covid 19");
        assert_eq!(others("an anti-vax e-mail"), [("antivax".to_owned(), 1, 3), ("email".to_owned(), 3, 5)]);
        assert_eq!(others("covid19"), [("covid19".to_owned(), 0, 2)]);
    }

    #[test]
    fn letters_spaced_out_are_read_as_words() {
        assert_eq!(plain("now s l e e p w e l l all"), "now sleep well all");
        assert_eq!(plain("T h e   m o o n   i s  f a k e."), "the moon i s fake");
        assert_eq!(plain("v-a-c-c-i-n-e, s*l*e*e*p, t-r-u-m-p"), "vaccine sleep trump");
        assert_eq!(others("x q z k v"), [("xqzkv".to_owned(), 0, 5)]);
        assert_eq!(plain("s.l.e.e.p and S.L.E.E.P.W.E.L.L"), "sleep and sleep well");
        assert_eq!(others("plan a b c"), []);
    }

    #[test]
    fn words_cut_by_signs_are_read_whole() {
        let text = "a vac.cine, the v*ccine and the hos🔥pital";
        assert_eq!(plain(text), "a vaccine the vccine and the hospital");
        let spans: Vec<_> = words(text).plain().map(|word| &text[word.start..word.end]).collect();
        assert_eq!(spans, ["a", "vac.cine", "the", "v*ccine", "and", "the", "hos🔥pital"]);
    }

    #[test]
    fn acronyms_with_points_are_one_word() {
        assert_eq!(
            plain("The U.S. and U.S.A, not the US. J.K. Rowling in N.Korea"),
            "the us and usa not the us jk rowling in n korea"
        );
    }

    #[test]
    fn numbers_have_one_form() {
        assert_eq!(plain("70 per cent of $1.2m, 5g and 20th"), "70 percent of 1200000 dollars 5g and 20th");
        assert_eq!(plain("70% of 1,200,000 dollars"), "70 percent of 1200000 dollars");
    }

    #[test]
    fn scripts_without_blanks_are_read_in_pairs() {
        assert_eq!(plain("2018年に北朝鮮の核 Trump大統領 核"), "2018 年に に北 北朝 朝鮮 鮮の の核 trump 大統 統領 核");
        assert_eq!(plain("북한 비핵화가"), "북한 비핵 핵화 화가");
        let text = "ｶﾞｲﾄﾞ";
        assert_eq!(
            words(text).iter().map(|word| (word.form.to_owned(), &text[word.start..word.end])).collect::<Vec<_>>(),
            [("ガイ".to_owned(), "ｶﾞｲ"), ("イド".to_owned(), "ｲﾄﾞ")]
        );
    }

    #[test]
    fn addresses_are_not_read_as_words() {
        assert_eq!(
            plain("see https://example.org/north-korea?x=1 or www.example.com and t.co/aBc1 now, mail me@example.org"),
            "see or and now mail me example org"
        );
    }

    #[test]
    fn sentences_are_counted() {
        let sentences: Vec<_> =
            words("It is over. \"Sleep well!\" Dr X in the U.S. said v1.2 so").plain().map(|word| word.sentence).collect();
        assert_eq!(sentences, [0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_on_boundaries(text in "(\\PC|[-a-zA-Z0-9 .,'’#@_*🔥·$%ßé北ガｶﾞ가\u{200b}\u{301}\n]|#[a-zA-Z]{3,9}| [a-z] [a-z] [a-z] [a-z] |  s l e e p  |t-r-u-m-p|vac[.*🔥_]cine|isn't|1,000|U\\.S\\.){0,40}") {
            let (mut start, mut plain_at) = (0, 0);
            for word in words(&text).iter() {
                prop_assert!(word.start >= start && word.start < word.end && word.end <= text.len(), "{word:?}");
                prop_assert!(text.is_char_boundary(word.start) && text.is_char_boundary(word.end));
                prop_assert!(!word.form.is_empty() && word.next > word.at);
                prop_assert!(word.alternative || word.at == plain_at, "{word:?} {plain_at}");
                start = word.start;
                plain_at += u32::from(!word.alternative);
            }
        }

        #[test]
        fn reading_what_was_read_gives_the_same(text in "([a-zA-Zéß]{0,9}[,!?\n] ){0,12}") {
            let once = plain(&text);
            prop_assert_eq!(plain(&once), once);
        }
    }
}
