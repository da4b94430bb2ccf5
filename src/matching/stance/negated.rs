//! A claim's own words with a negation among them that the claim lacks: "the moon is not made of cheese".
//!
//! Asked of bulk claims only. The strength of an editor's rule is lowered by such a negation (`matching::score`) before anyone asks how
//! the post stands to it; a probability is not, and rightly: the post is about the claim.

use super::{Matched, Window};
use crate::matching::reading::Reading;
use crate::model::post::Post;
use crate::model::sighting::{Cue, Span};
use crate::rules::cues::{Cues, Sign, TongueCues};
use crate::text::words::words;

/// A post that holds less of the claim's wording than this says something of its own, and its negations are about that. Of 1,016 posts
/// that repeat a claim 33 have a negation among the claim's words; 10 deny the claim, and of those below this one in four.
pub(super) const SAYS_IT: f32 = 0.6;

/// What is denied stands behind the negation, and this soon.
const SOON: usize = 3;

/// What cannot, should not, will not be so is not said to be otherwise, unless the claim is about that.
const MODALS: [&str; 8] = ["can", "could", "will", "would", "should", "must", "may", "might"];

/// Gives the negation that turns the claim's words around, if one does.
pub(super) fn negated(post: &Post, reading: &Reading, cues: &Cues, matched: &Matched<'_>) -> Option<Cue> {
    let window = Window::around(post, reading, matched.spans)?;
    let of_claim = words(matched.wording);
    let languages = matched.tongues.iter().flatten().filter_map(|tongue| cues.of(*tongue));
    let plain = languages.filter(|cues| !of_claim.plain().any(|word| cues.negates(word.form)));
    let says = |form: &str| of_claim.plain().any(|word| word.form == form);
    let span = plain.filter_map(|cues| window.negation(cues, matched, says)).next()?;
    let words = window.text.get(span.start..span.end).unwrap_or_default().to_owned();
    Some(Cue { words, span: Some(span) })
}

impl Window<'_> {
    /// The first negation between the claim's words.
    fn negation(
        &self,
        cues: &TongueCues,
        Matched { spans, .. }: &Matched<'_>,
        claim_says: impl Fn(&str) -> bool,
    ) -> Option<Span> {
        let (first, last) = self.sentences;
        let mut own_before = None;
        for (at, word) in self.words.iter().enumerate().filter(|(_, word)| (first..=last).contains(&word.sentence)) {
            if self.is_own(word, spans) {
                own_before = Some(word.sentence);
                continue;
            }
            if !cues.negates(word.form) {
                continue;
            }
            // "No vaccine contains …" begins with it, "Do not forget: vaccines …" is about something else.
            let about = own_before == Some(word.sentence) || self.begins(at);
            let row = self.words[at..].windows(2).take(SOON);
            let together =
                row.take_while(|pair| pair[1].sentence == word.sentence && self.are_together(pair[0].end, pair[1].start));
            let mut after = together.map(|pair| &pair[1]);
            // "Not only" denies nothing.
            let forms = self.words[at..].iter().take_while(|next| next.sentence == word.sentence).map(|next| next.form);
            let is_harmless = cues.at(&forms, |sign| sign == Sign::Harmless).is_some();
            let modal = at.checked_sub(1).map(|before| self.words[before].form).filter(|form| MODALS.contains(form));
            if about && !is_harmless && modal.is_none_or(&claim_says) && after.any(|next| self.is_own(next, spans)) {
                return Some(Span { part: self.part, start: word.start, end: word.end });
            }
        }
        None
    }

    /// Whether a sentence begins with the word and it denies what the next one names ("No vaccine", "Kein Impfstoff").
    fn begins(&self, at: usize) -> bool {
        let is_first = at.checked_sub(1).map_or(self.from_start, |before| self.words[before].sentence != self.words[at].sentence);
        is_first && !matches!(self.words[at].form, "not" | "never" | "nicht" | "nie" | "ne" | "pas" | "jamais" | "nunca" | "nao")
    }

    /// Whether nothing but blanks and hyphens stands between two words.
    fn are_together(&self, from: usize, to: usize) -> bool {
        let gap = self.text.get(from..to.max(from)).unwrap_or_default();
        gap.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '\'' | '’'))
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::matching::ranked::{Scratch, Wanted, rank};
    use crate::rules::bulk::Archive;
    use crate::rules::index::BulkIndex;
    use jiff::Timestamp;

    const CLAIMS: &str = r#"{"id":"moon","claim":"The moon is made of old Norwegian cheese."}
{"id":"sun","claim":"The sun will go dark for three days in December.","summary":"False prophets wished a dark sun true, and others repeat it."}
{"id":"garlic","claim":"Garlic cures patients of the coronavirus."}
{"id":"mars","claim":"Martian rovers never photographed penguins."}
{"id":"ail","claim":"La soupe d'ail guérit les malades du coronavirus.","lang":"fr"}"#;

    fn stance_of(text: &str) -> (String, Stance, String) {
        let mut archive = Archive::default();
        archive.read("a.jsonl", CLAIMS.as_bytes()).unwrap();
        let index = BulkIndex::build(archive.claims);
        let post = Post::of_text(text, Timestamp::UNIX_EPOCH);
        let found = rank(&post, &index, &mut Scratch::default(), Wanted { top: 1, at_least: 0.0 });
        let (stance, cue) = BulkStances::of(&post).to(&found[0]);
        (found[0].claim.id.clone(), stance, cue.map(|cue| cue.words).unwrap_or_default())
    }

    #[test]
    fn a_post_that_negates_a_claim_does_not_assert_it() {
        for (text, claim, cue) in [
            ("The moon is not made of old Norwegian cheese", "moon", "not"),
            ("the moon isn\u{2019}t made of old Norwegian cheese!", "moon", "\u{2019}t"),
            ("THE MOON HAS NEVER BEEN MADE OF OLD NORWEGIAN CHEESE", "moon", "NEVER"),
            ("Garlic doesnt cure coronavirus patients", "garlic", "doesnt"),
            ("No garlic cures coronavirus patients", "garlic", "No"),
            ("La soupe d'ail ne guérit pas les malades du coronavirus", "ail", "ne"),
        ] {
            let (found, stance, words) = stance_of(text);
            assert_eq!((found.as_str(), stance), (claim, Stance::Denial), "{text}");
            assert!(words.eq_ignore_ascii_case(cue) || words.contains(cue), "{text}: {words}");
        }
    }

    #[test]
    fn words_of_those_who_check_a_claim_are_not_its_own() {
        let denied = |cue: &str| ("sun".to_owned(), Stance::Denial, cue.to_owned());
        assert_eq!(stance_of("It is not true that the sun will go dark for three days in December"), denied("not true"));
        assert_eq!(stance_of("FALSE: the sun will go dark for three days in December"), denied("FALSE"));
    }

    #[test]
    fn negations_of_other_things_deny_nothing() {
        for text in [
            "The moon is made of old Norwegian cheese, and nobody cares!",
            "Do not forget that the moon is made of old Norwegian cheese",
            "The moon is not only made of old Norwegian cheese, it stinks",
            "La soupe d'ail guérit pas seulement les malades du coronavirus",
            "I am not joking. The moon is made of old Norwegian cheese",
            "Martian rovers never photographed penguins",
            "The moon would not be made of old Norwegian cheese if it had a choice",
            "No, the moon is made of old Norwegian cheese",
        ] {
            assert_eq!(stance_of(text).1, Stance::Assertion, "{text}");
        }
    }
}
