//! Reads a text from left to right: where words begin and end, and how else they may be read.

use super::contraction::{self, Contraction};
use super::cut;
use super::fold::{fold, is_invisible, is_mark, is_written_without_blanks};
use super::frequency::{Tongue, zipf_tenths};
use super::number;
use super::scan::{address_end, atom_end, currency, humps, is_simple, letters_before_digits, usual_word_end};
use super::words::{Place, Words};

/// Reads one text from left to right.
pub(super) struct Reader<'t, 'w> {
    text: &'t str,
    words: &'w mut Words,
    /// Place of the next word.
    at: u32,
    sentence: u32,
    /// Single letters with only little between them.
    letters_in_a_row: usize,
    /// Whether a wide gap stands before them.
    after_wide_gap: bool,
    /// First word of a compound with hyphens that may go on.
    compound_from: Option<usize>,
}

impl<'t, 'w> Reader<'t, 'w> {
    pub(super) fn new(text: &'t str, words: &'w mut Words) -> Self {
        Self { text, words, at: 0, sentence: 0, letters_in_a_row: 0, after_wide_gap: false, compound_from: None }
    }

    pub(super) fn read(&mut self) {
        let (mut at, mut after_word) = (0, 0);
        while let Some(&byte) = self.text.as_bytes().get(at) {
            if byte < 128 && !byte.is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            if let Some(end) = usual_word_end(self.text.as_bytes(), at) {
                self.between(after_word, at);
                self.usual(at, end);
                (at, after_word) = (end, end);
                continue;
            }
            let Some(c) = self.text[at..].chars().next() else { break };
            if c.is_alphanumeric() {
                self.between(after_word, at);
                at = self.word(at);
                after_word = at;
            } else {
                at += c.len_utf8();
            }
        }
        self.between(after_word, self.text.len());
        self.end_letters_in_a_row();
        self.end_compound();
    }

    /// Looks at what stands between two words.
    #[inline]
    fn between(&mut self, from: usize, to: usize) {
        let is_blank = to == from + 1 && self.text.as_bytes().get(from) == Some(&b' ');
        if !is_blank || self.compound_from.is_some() {
            self.between_more(from, to);
        }
    }

    /// Looks at what stands between two words where it may end something.
    #[inline(never)]
    fn between_more(&mut self, from: usize, to: usize) {
        let gap = &self.text[from..to];
        if gap == " " {
            return self.end_compound();
        }
        if gap != "-" {
            self.end_compound();
        }
        let is_wide = gap.chars().nth(1).is_some() && gap.chars().all(char::is_whitespace);
        if is_wide || gap.len() > 3 || !gap.chars().all(|c| matches!(c, ' ' | '.' | '-' | '*' | '_' | '·' | '\u{a0}')) {
            self.end_letters(is_wide);
        }
        let ends = |c: char| matches!(c, '!' | '?' | '…' | '。' | '！' | '？' | '\n');
        if gap.contains(ends) || gap.find('.').is_some_and(|dot| gap[dot..].contains(char::is_whitespace)) {
            self.sentence += 1;
        }
    }

    /// Reads what begins at `start` with a letter or digit; gives where it ends.
    fn word(&mut self, start: usize) -> usize {
        if let Some(end) = address_end(self.text, start) {
            return end;
        }
        let sign = self.text[..start].chars().next_back();
        if matches!(sign, Some('#' | '＃' | '@' | '＠')) {
            return self.tag(start);
        }
        if self.text.as_bytes()[start].is_ascii_digit()
            && let Some(number) = number::read(self.text, start, sign.is_some_and(|c| currency(c).is_some()))
        {
            return self.number(start, sign, &number);
        }
        let end = atom_end(self.text, start);
        if self.text[start..].starts_with(is_written_without_blanks) {
            self.pairs(start, end);
            return end;
        }
        if let Some(end) = self.acronym(start, end) {
            return end;
        }
        if let Some((whole, end)) = cut::read(self.text, start, end) {
            self.end_letters_in_a_row();
            self.push(&whole, start, end, false);
            return end;
        }
        let Some(Contraction { first, second, first_end, end }) = contraction::read(self.text, start, end) else {
            self.one(start, end);
            return end;
        };
        self.end_letters_in_a_row();
        self.push(&first, start, first_end, false);
        if let Some(second) = second {
            self.push(second, first_end, end, false);
        }
        end
    }

    /// A usual word (see [`usual_word_end`]): no time is spent on what it cannot be.
    fn usual(&mut self, start: usize, end: usize) {
        if self.letters_in_a_row > 0 {
            self.end_letters_in_a_row();
        }
        let row = self.place((start, end), start, end, false);
        // Run together with "not" are only words that end so.
        if matches!(self.text.as_bytes().get(end - 1), Some(b't' | b'T'))
            && let Some(base) = contraction::without_apostrophe(self.form(row))
        {
            self.is_not(row, base);
        }
    }

    /// Makes two words of one that ends in "not": `wont` is will not.
    fn is_not(&mut self, row: usize, base: &str) {
        let from = self.words.letters.len();
        self.words.letters.push_str(base);
        let place = &mut self.words.places[row];
        place.form = (from as u32, (from + base.len()) as u32);
        let (start, end) = (place.start as usize, place.end as usize);
        self.push("not", start, end, false);
    }

    /// A word without apostrophes, signs and points.
    fn one(&mut self, start: usize, end: usize) {
        let raw = &self.text[start..end];
        let is_letter =
            raw.len() == 1 || !raw.is_ascii() && raw.chars().filter(|c| !is_invisible(*c) && !is_mark(*c)).count() == 1;
        if !is_letter {
            self.end_letters_in_a_row();
        }
        let Some(row) = self.push(raw, start, end, false) else { return };
        if is_letter {
            self.letters_in_a_row += 1;
        } else if let Some(base) = contraction::without_apostrophe(self.form(row)) {
            self.is_not(row, base);
        } else if let Some(letters) = letters_before_digits(self.form(row)) {
            // covid19 is also covid 19
            self.take_apart(row, &[0, letters]);
        }
        if self.text[end..].starts_with('-') {
            self.compound_from.get_or_insert(row);
        }
    }

    fn number(&mut self, start: usize, sign: Option<char>, number: &number::Number) -> usize {
        self.end_letters_in_a_row();
        self.push(&number.form, start, number.end, false);
        if let Some(name) = sign.and_then(currency) {
            self.push(name, start, number.end, false);
        }
        match number.percent_end {
            Some(end) => {
                self.push("percent", number.end, end, false);
                end
            }
            None => number.end,
        }
    }

    /// `U.S.A.` is one word.
    fn acronym(&mut self, start: usize, first_end: usize) -> Option<usize> {
        let mut letters = String::new();
        let (mut at, mut letter_end) = (start, first_end);
        while self.text[at..letter_end].chars().count() == 1 {
            letters.push_str(&self.text[at..letter_end]);
            if !self.text[letter_end..].starts_with('.') {
                at = letter_end;
                break;
            }
            at = letter_end + 1;
            if !self.text[at..].starts_with(|c: char| c.is_alphabetic() && !is_written_without_blanks(c)) {
                break;
            }
            letter_end = atom_end(self.text, at);
        }
        letters.chars().nth(1)?;
        self.end_letters_in_a_row();
        let row = self.push(&letters, start, at, false)?;
        if let Some(starts) = self.split(row) {
            self.take_apart(row, &starts);
        }
        Some(at)
    }

    /// A hashtag or handle: its words, and all of them in one.
    fn tag(&mut self, start: usize) -> usize {
        self.end_letters_in_a_row();
        let mut end = start;
        while self.text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            end = if self.text[end..].starts_with('_') { end + 1 } else { atom_end(self.text, end) };
        }
        let first_row = self.words.places.len();
        for hump in humps(&self.text[start..end]) {
            let (from, to) = (start + hump.start, start + hump.end);
            if self.text[from..].starts_with(is_written_without_blanks) {
                self.pairs(from, to);
            } else if let Some(row) = self.push(&self.text[from..to], from, to, false)
                && let Some(starts) = self.split(row)
            {
                self.take_apart(row, &starts);
            }
        }
        if !self.text[start..].starts_with(is_written_without_blanks) {
            self.join(first_row);
        }
        end
    }

    /// Characters of a script without blanks, two and two.
    fn pairs(&mut self, start: usize, end: usize) {
        self.end_letters_in_a_row();
        let text = &self.text[start..end];
        let mut first = start;
        let mut starts = text
            .char_indices()
            .filter(|(_, c)| !is_mark(*c) && !is_invisible(*c))
            .map(|(i, _)| start + i)
            .skip(1)
            .chain([end])
            .peekable();
        while let Some(second) = starts.next() {
            match starts.peek() {
                Some(pair_end) => {
                    self.push(&self.text[first..*pair_end], first, *pair_end, false);
                }
                None if first == start => {
                    self.push(&self.text[first..second], first, second, false);
                }
                None => {}
            }
            first = second;
        }
    }

    /// Adds a word at the end of the row; gives its number, or nothing if folding leaves nothing of it.
    fn push(&mut self, raw: &str, start: usize, end: usize, alternative: bool) -> Option<usize> {
        let from = self.words.letters.len();
        if raw.is_ascii() && is_simple(raw.as_bytes()) {
            self.words.letters.push_str(raw);
            self.words.letters[from..].make_ascii_lowercase();
        } else {
            fold(raw, &mut self.words.letters);
        }
        if self.words.letters.len() == from {
            return None;
        }
        Some(self.place((from, self.words.letters.len()), start, end, alternative))
    }

    /// Adds a word with the place of its letters in the buffer, which begins with the text in small letters; gives its number.
    fn place(&mut self, form: (usize, usize), start: usize, end: usize, alternative: bool) -> usize {
        let form = (form.0 as u32, form.1 as u32);
        let place = Place {
            form,
            start: start as u32,
            end: end as u32,
            at: self.at,
            next: self.at + 1,
            sentence: self.sentence,
            alternative,
        };
        self.words.places.push(place);
        self.at += u32::from(!alternative);
        self.words.places.len() - 1
    }

    /// Where the words of a tag begin.
    fn split(&mut self, row: usize) -> Option<Vec<usize>> {
        let (from, to) = self.words.places[row].form;
        self.words.tags.split(&self.words.letters[from as usize..to as usize])
    }

    fn form(&self, row: usize) -> &str {
        let (from, to) = self.words.places[row].form;
        &self.words.letters[from as usize..to as usize]
    }

    /// Makes the last word an alternative of the pieces that begin at `starts`; the pieces stand where it stood.
    fn take_apart(&mut self, row: usize, starts: &[usize]) {
        let whole = self.words.places[row];
        self.at = whole.at;
        for (i, piece) in starts.iter().enumerate() {
            let form = (whole.form.0 + *piece as u32, starts.get(i + 1).map_or(whole.form.1, |next| whole.form.0 + *next as u32));
            self.words.places.push(Place { form, at: self.at, next: self.at + 1, ..whole });
            self.at += 1;
        }
        let joined = &mut self.words.places[row];
        (joined.alternative, joined.next) = (true, self.at);
    }

    /// Puts before the words from `row` on their joined form, as another reading.
    fn join(&mut self, row: usize) {
        let plain = |place: &&Place| !place.alternative;
        let parts: Vec<Place> = self.words.places[row.min(self.words.places.len())..].iter().filter(plain).copied().collect();
        let ([first, .., last], true) = (parts.as_slice(), parts.len() <= 12) else { return };
        let from = self.words.letters.len();
        for part in &parts {
            self.words.letters.extend_from_within(part.form.0 as usize..part.form.1 as usize);
        }
        let form = (from as u32, self.words.letters.len() as u32);
        let joined = Place { form, end: last.end, next: last.next, alternative: true, ..*first };
        self.words.places.insert(row, joined);
    }

    /// `anti-vax` is also antivax.
    fn end_compound(&mut self) {
        if let Some(row) = self.compound_from.take()
            && self.words.places.len().saturating_sub(row) <= 5
        {
            self.join(row);
        }
    }

    fn end_letters_in_a_row(&mut self) {
        self.end_letters(false);
    }

    /// `s l e e p w e l l` is sleep well: a row of ordinary words, and its letters are none. Other letters are also a word.
    fn end_letters(&mut self, before_wide_gap: bool) {
        let count = std::mem::take(&mut self.letters_in_a_row);
        let after_wide_gap = std::mem::replace(&mut self.after_wide_gap, before_wide_gap);
        // Of three letters with little between them nobody knows whether they are one word: "plan a b c".
        let fewest = if before_wide_gap || after_wide_gap { 3 } else { 4 };
        if !(fewest..=48).contains(&count) {
            return;
        }
        let row = self.words.places.len() - count;
        let letters = self.words.places.split_off(row);
        let from = self.words.letters.len();
        for letter in &letters {
            self.words.letters.extend_from_within(letter.form.0 as usize..letter.form.1 as usize);
        }
        let all = self.words.letters[from..].to_owned();
        // Only a row of plain letters is ever split, so letters count bytes.
        let starts = self.words.tags.split(&all);
        let are_words = starts.is_some() || zipf_tenths(&all, Tongue::Other).is_some();
        let (Some(first), starts) = (letters.first(), starts.unwrap_or_else(|| vec![0])) else { return };
        if are_words {
            self.at = first.at;
            // `t-r-u-m-p` was joined as a compound before.
            while self.words.places.last().is_some_and(|place| place.alternative && place.start == first.start) {
                self.words.places.pop();
            }
        }
        let row = self.words.places.len();
        for (i, &start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied();
            let (Some(first), Some(last)) = (letters.get(start), letters.get(end.unwrap_or(count) - 1)) else { continue };
            let form = ((from + start) as u32, (from + end.unwrap_or(all.len())) as u32);
            let mut word = Place { form, end: last.end, next: last.next, alternative: !are_words, ..*first };
            if are_words {
                (word.at, word.next) = (self.at, self.at + 1);
                self.at += 1;
            }
            self.words.places.push(word);
        }
        if !are_words {
            self.words.places.extend(letters);
            self.words.places[row..].sort_by_key(|place| (place.start, !place.alternative));
        }
        let last = self.words.places.len() - 1;
        self.compound_from = self.compound_from.map(|row| row.min(last));
    }
}
