//! How rare a word is in ordinary language: the one yardstick all strengths are measured with.
//!
//! The tables lie in `frequencies/` with their licence and the script that made them. What a word weighs depends on
//! these tables only, so a test in an editor's file means the same on every machine.

use std::collections::HashMap;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

/// A language whose ordinary words we know; all others share one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tongue {
    /// English.
    English,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// German.
    German,
    /// Portuguese.
    Portuguese,
    /// Any other, or none declared: a word is as common as in the language where it is commonest.
    Other,
}

const TEXTS: [&str; 6] = [
    include_str!("frequencies/en.txt"),
    include_str!("frequencies/fr.txt"),
    include_str!("frequencies/es.txt"),
    include_str!("frequencies/de.txt"),
    include_str!("frequencies/pt.txt"),
    include_str!("frequencies/others.txt"),
];

type Table = HashMap<&'static str, u8, RandomState>;

static TABLES: [OnceLock<Table>; 6] = [const { OnceLock::new() }; 6];

/// Length of the post that a word's weight is reckoned for.
const WORDS_OF_A_POST: f64 = 20.0;

impl Tongue {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::English, Self::French, Self::Spanish, Self::German, Self::Portuguese, Self::Other];

    /// Gives the language of a BCP 47 tag ("en", "pt-BR"): its first subtag decides.
    pub fn of(tag: &str) -> Self {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Self::English,
            "fr" => Self::French,
            "es" => Self::Spanish,
            "de" => Self::German,
            "pt" => Self::Portuguese,
            _ => Self::Other,
        }
    }
}

fn table(number: usize) -> &'static Table {
    TABLES[number].get_or_init(|| {
        let mut table = Table::default();
        for line in TEXTS[number].lines() {
            let mut words = line.split(' ');
            let Some(step) = words.next().and_then(|step| step.parse().ok()) else { continue };
            table.extend(words.map(|word| (word, step)));
        }
        table
    })
}

/// Gives a folded word's place on the Zipf scale in tenths (77 is "the", 50 is "river"), if it is an ordinary word of `tongue`.
pub fn zipf_tenths(form: &str, tongue: Tongue) -> Option<u8> {
    match tongue {
        Tongue::Other => (0..TABLES.len()).filter_map(|number| table(number).get(form).copied()).max(),
        own => table(own as usize).get(form).copied(),
    }
}

/// Whether a folded word is ordinary in one of the five languages we know best: such a word is not somebody's typing mistake.
pub fn is_everyday(form: &str) -> bool {
    (0..5).any(|number| table(number).contains_key(form))
}

/// Gives what a folded word tells, in hundredths of a nat: -ln of the chance that an ordinary post of twenty words holds it.
pub fn weight(form: &str, tongue: Tongue) -> u32 {
    let zipf = match zipf_tenths(form, tongue) {
        Some(tenths) => f64::from(tenths) / 10.0,
        None => zipf_of_a_stranger(form),
    };
    let chance = 1.0 - (1.0 - 10f64.powf(zipf - 9.0)).powf(WORDS_OF_A_POST);
    // Whole hundredths: sums do not depend on their order, nor on the last bit of a machine's logarithm.
    (-chance.ln() * 100.0).round().max(1.0) as u32
}

/// Words in no table: numbers and pairs of characters are commoner than names, long words rarer than short ones.
fn zipf_of_a_stranger(form: &str) -> f64 {
    let letters = form.chars().count();
    if form.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return match letters {
            0 | 1 => 5.6,
            2 => 5.0,
            3 | 4 => 4.4,
            _ => 3.6,
        };
    }
    if form.chars().next().is_some_and(super::fold::is_written_without_blanks) {
        // Hiragana carries the grammar, the other characters the sense.
        return if form.chars().all(|c| ('\u{3041}'..='\u{309f}').contains(&c)) { 6.0 } else { 4.4 };
    }
    3.0 - 0.1 * (letters.clamp(4, 14) - 4) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarer_the_word_the_more_it_weighs() {
        let weights = ["the", "not", "tonight", "nuclear", "nobel", "denuclearization"].map(|w| weight(w, Tongue::English));
        assert!(weights.is_sorted() && weights[0] < 50 && weights[5] > 1100, "{weights:?}");
    }

    #[test]
    fn a_language_that_nobody_declared_takes_the_commonest_meaning() {
        assert_eq!(weight("die", Tongue::Other), weight("die", Tongue::German));
        assert!(weight("die", Tongue::English) > weight("die", Tongue::German));
    }

    #[test]
    fn tags_are_read_by_their_first_part() {
        assert_eq!(
            ["en-GB", "pt_BR", "FR", "ko", ""].map(Tongue::of)[..3],
            [Tongue::English, Tongue::Portuguese, Tongue::French]
        );
        assert_eq!(Tongue::of("ko"), Tongue::Other);
    }

    #[test]
    fn every_table_is_read_whole() {
        for (number, text) in TEXTS.iter().enumerate() {
            let words = text.split_ascii_whitespace().count() - text.lines().count();
            assert_eq!(table(number).len(), words);
        }
    }

    #[test]
    fn names_are_not_everyday_words() {
        assert!(is_everyday("planet") && is_everyday("menace"));
        assert!(!is_everyday("yongbyon") && !is_everyday("denuclearizaton"));
    }
}
