//! The house's own words in letters: one catalogue a language, a plain file that translators edit.
//!
//! A catalogue is read once, when its first letter is written. A sentence that is missing from one is a fault that the tests
//! below find; a language we have no catalogue for gets English.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::plural::Plural;
use crate::model::digest::Reason;
use crate::model::post::Lang;
use crate::model::sighting::{Stance, WordingKind};

/// The catalogues, English first.
const FILES: [&str; 6] = [
    include_str!("languages/en.toml"),
    include_str!("languages/de.toml"),
    include_str!("languages/es.toml"),
    include_str!("languages/fr.toml"),
    include_str!("languages/pt.toml"),
    include_str!("languages/ar.toml"),
];

static CATALOGUES: LazyLock<Vec<Words>> = LazyLock::new(|| FILES.iter().filter_map(|file| toml::from_str(file).ok()).collect());
/// Should no catalogue be readable, letters still hold the claim, the fact-check and the posts.
static WORDLESS: LazyLock<Words> = LazyLock::new(Words::default);

/// Languages that letters can be written in, English first.
pub fn languages() -> Vec<&'static str> {
    CATALOGUES.iter().map(|words| words.tag.as_str()).collect()
}

/// Which way a language is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    /// Left to right.
    #[default]
    Ltr,
    /// Right to left.
    Rtl,
}

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),+ $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $(pub $field: $kind),+ })+
    };
}

sections! {
    /// All sentences of letters in one language.
    Words {
        tag: String, direction: Direction, quote: String, numbers: Numbers, dates: Dates, subject: Subject, badge: Badge, lead: Lead,
        claim: ClaimWords, check: CheckWords, trend: TrendWords, posts: PostsWords, why: WhyWords, digest: DigestWords,
        reasons: BTreeMap<String, String>, matters: Matters, wrong: WrongWords, foot: FootWords,
    }
    /// How numbers are written.
    Numbers { decimal: String, thousands: String, percent: String }
    /// How days and hours are written.
    Dates { date: String, moment: String, months: Vec<String>, weekdays: Vec<String> }
    /// Subject lines.
    Subject {
        first: Plural, update: Plural, resurgence: Plural, spike: Plural, retired: String, changed: String, sources: Plural,
        digest: Plural, quiet: String, over_cap: Plural, silence: Plural, notice: String, notices: Plural,
    }
    /// A word or two at the top.
    Badge {
        first: String, update: String, resurgence: String, spike: String, correction: String, digest: String, over_cap: String,
        silence: String, operator: String,
    }
    /// First sentences.
    Lead {
        first: Plural, update: Plural, resurgence: Plural, spike: Plural, retired: String, changed: String, digest: String,
        quiet: String, over_cap: String, silence: String, notices: String,
    }
    /// About the claim.
    ClaimWords { heading: String, said_by: String, said_on: String }
    /// About the fact-check.
    CheckWords {
        heading: String, not_rated: String, missing: String, no_address: String, plain_http: String, also: String,
        read: String,
    }
    /// About how often the claim was seen.
    TrendWords { heading: String, days: Plural, hours: Plural, only_now: String }
    /// About the posts.
    PostsWords {
        heading: String, without_text: String, no_author: String, published: String, first_seen: String, source: String,
        number: String, address: String, same: Plural, not_shown: Plural,
    }
    /// Reasons.
    WhyWords {
        heading: String, phrase: String, variant: String, url: String, sure: String, also: String, quoted: String, report: String,
        question: String, denial: String, factcheck: String,
    }
    /// Digests.
    DigestWords {
        figures: String, sources: String, of: String, unwell: String, posts: String, sightings: String, letters: String, held: String,
        waiting: String, notices: String, more_posts: Plural, more_claims: Plural, and_more: Plural, explain: String,
    }
    /// What the operator is told of.
    Matters {
        letter_given_up: String, recipient_paused: String, source_failing: String, source_suspended: String,
        source_recovered: String, desk_unreachable: String, hook_barred: String, relay_barred: String,
    }
    /// What to do about a mistake.
    WrongWords { heading: String, rule: String, archive: String, post: String, number: String }
    /// The end.
    FootWords { line: String, digest: String, links: String }
}

impl Words {
    /// The catalogue of a language; English where we have none.
    pub(super) fn of(lang: &Lang) -> &'static Self {
        CATALOGUES.iter().find(|words| words.tag == lang.0).or_else(|| CATALOGUES.first()).unwrap_or(&WORDLESS)
    }

    /// Picks the form for a number and fills in the number and the rest.
    pub(super) fn count(&self, sentence: &Plural, n: u64, values: &[(&str, &str)]) -> String {
        let number = self.whole(n);
        let values: Vec<_> = std::iter::once(("n", number.as_str())).chain(values.iter().copied()).collect();
        fill(sentence.of(&self.tag, n), &values)
    }

    /// A whole number with the language's mark between thousands.
    pub(super) fn whole(&self, n: u64) -> String {
        let digits = n.to_string();
        // Four digits stay together: every style guide allows it, several ask for it.
        if digits.len() < 5 {
            return digits;
        }
        let mut out = String::new();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push_str(&self.numbers.thousands);
            }
            out.push(digit);
        }
        out
    }

    /// A share of one in hundredths, rounded down, so that only a whole is ever called 100 %.
    pub(super) fn percent(&self, share: f32) -> String {
        let hundredths = (f64::from(share).clamp(0.0, 1.0) * 100.0 + 1e-4).floor();
        fill(&self.numbers.percent, &[("n", &format!("{hundredths:.0}"))])
    }

    /// Puts the language's quotation marks around text.
    pub(super) fn quoted(&self, text: &str) -> String {
        fill(&self.quote, &[("text", text)])
    }

    /// What a digest's section is called.
    pub(super) fn reason(&self, reason: Reason) -> &str {
        self.reasons.get(reason.word()).map_or(reason.word(), String::as_str)
    }

    /// What a kind of wording is called.
    pub(super) fn kind(&self, kind: WordingKind) -> &str {
        match kind {
            WordingKind::Phrase => &self.why.phrase,
            WordingKind::Variant => &self.why.variant,
            WordingKind::Url => &self.why.url,
        }
    }

    /// How a post stands to the claim, where that is not plainly saying it.
    pub(super) fn stance(&self, stance: Stance) -> Option<&str> {
        match stance {
            Stance::Assertion => None,
            Stance::Quoted => Some(&self.why.quoted),
            Stance::Report => Some(&self.why.report),
            Stance::Question => Some(&self.why.question),
            Stance::Denial => Some(&self.why.denial),
            Stance::Factcheck => Some(&self.why.factcheck),
        }
    }
}

/// Fills the names in braces. What is filled in is not looked at again, so that a title cannot name a brace.
pub(super) fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((head, tail)) = rest.split_once('{') {
        out.push_str(head);
        let Some((name, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        out.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::plural::categories;
    use super::*;

    /// The names in braces of a sentence.
    fn names(sentence: &str) -> BTreeSet<String> {
        let parts = sentence.split('{').skip(1);
        parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
    }

    /// Every text of a catalogue by its path; plural forms have paths of their own.
    fn texts(path: &str, value: &toml::Value, into: &mut BTreeMap<String, Vec<String>>) {
        match value {
            toml::Value::Table(table) => table.iter().for_each(|(key, value)| texts(&format!("{path}.{key}"), value, into)),
            toml::Value::Array(items) => {
                into.insert(path.to_owned(), items.iter().map(|item| item.as_str().unwrap().to_owned()).collect());
            }
            text => {
                into.insert(path.to_owned(), vec![text.as_str().unwrap().to_owned()]);
            }
        }
    }

    /// A sentence and the last word of its path, if that is the name of a plural form.
    fn sentence(path: &str) -> (&str, Option<&str>) {
        match path.rsplit_once('.') {
            Some((head, form @ ("zero" | "one" | "two" | "few" | "many" | "other"))) => (head, Some(form)),
            _ => (path, None),
        }
    }

    #[test]
    fn every_language_has_every_sentence_with_every_placeholder() {
        let read = |file: &str| {
            let mut all = BTreeMap::new();
            texts("", &toml::from_str::<toml::Value>(file).unwrap(), &mut all);
            all
        };
        let english = read(FILES[0]);
        for file in FILES {
            let words: Words = toml::from_str(file).unwrap_or_else(|error| panic!("{error}"));
            let all = read(file);
            let sentences = |all: &BTreeMap<String, Vec<String>>| -> BTreeSet<String> {
                all.keys().map(|path| sentence(path).0.to_owned()).collect()
            };
            assert_eq!(sentences(&all), sentences(&english), "{}", words.tag);
            for (path, texts) in &all {
                let (of, form) = sentence(path);
                let model = english.get(path).or_else(|| english.get(&format!("{of}.other"))).unwrap();
                assert_eq!(texts.len(), model.len(), "{} {path}", words.tag);
                let wanted: BTreeSet<_> = names(&model[0]);
                for text in texts {
                    let is_space = path == ".numbers.thousands";
                    assert!(is_space || (!text.trim().is_empty() && text.trim() == text), "{} {path}: “{text}”", words.tag);
                    let mut has = names(text);
                    // "A post repeats", "ein Beitrag": one or two may be said in words.
                    if matches!(form, Some("zero" | "one" | "two")) && wanted.contains("n") {
                        has.insert("n".to_owned());
                    }
                    let mut wanted = wanted.clone();
                    if form.is_some() && english[&format!("{of}.other")][0].contains("{n}") {
                        wanted.insert("n".to_owned());
                        if matches!(form, Some("zero" | "one" | "two")) {
                            has.insert("n".to_owned());
                        }
                    }
                    assert_eq!(has, wanted, "{} {path}: “{text}”", words.tag);
                }
                if form == Some("other") {
                    let forms: BTreeSet<_> =
                        all.keys().filter(|other| sentence(other).0 == of).filter_map(|other| sentence(other).1).collect();
                    let needed: BTreeSet<_> = categories(&words.tag).iter().copied().collect();
                    assert_eq!(forms, needed, "{} {of}: the plural forms of the language", words.tag);
                }
            }
            assert!(Reason::ALL.into_iter().all(|reason| words.reasons.contains_key(reason.word())), "{}", words.tag);
            assert_eq!((words.dates.months.len(), words.dates.weekdays.len()), (12, 7), "{}", words.tag);
        }
        assert_eq!(languages().len(), FILES.len());
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
    }

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        let of = |lang: &str| Words::of(&Lang(lang.to_owned()));
        assert_eq!(of("en").whole(1_234_567), "1,234,567");
        assert_eq!(of("de").whole(1_234_567), "1.234.567");
        assert_eq!(of("fr").whole(12_345), "12\u{a0}345");
        assert_eq!(of("es").whole(1234), "1234");
        assert_eq!((of("en").percent(0.93), of("fr").percent(0.999)), ("93%".to_owned(), "99\u{a0}%".to_owned()));
        assert_eq!(of("xx").tag, "en");
    }
}
