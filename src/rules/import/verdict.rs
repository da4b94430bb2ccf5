//! From a publisher's own words to the shared scale, by the table in `config/verdicts.toml` and nothing else.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::claim::Verdict;

/// The table, which anybody can read and extend.
const TABLE: &str = include_str!("../../../config/verdicts.toml");

/// The table as written: the words for each verdict.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    r#false: Vec<String>,
    misleading: Vec<String>,
    unproven: Vec<String>,
    mixed: Vec<String>,
    r#true: Vec<String>,
    satire: Vec<String>,
}

/// Gives the verdict that a rating stands for. Only the whole rating counts: "not false" is not in the table, and neither is any number.
pub fn verdict(rating: &str) -> Verdict {
    static WORDS: OnceLock<HashMap<String, Verdict>> = OnceLock::new();
    let words = WORDS.get_or_init(|| read(&toml::from_str(TABLE).unwrap_or_default()));
    words.get(&folded(rating)).copied().unwrap_or_default()
}

fn read(table: &Table) -> HashMap<String, Verdict> {
    let rows = [
        (&table.r#false, Verdict::False),
        (&table.misleading, Verdict::Misleading),
        (&table.unproven, Verdict::Unproven),
        (&table.mixed, Verdict::Mixed),
        (&table.r#true, Verdict::True),
        (&table.satire, Verdict::Satire),
    ];
    rows.into_iter().flat_map(|(words, verdict)| words.iter().map(move |word| (folded(word), verdict))).collect()
}

/// Capitals, underscores and marks around the words make no difference.
fn folded(rating: &str) -> String {
    let spaced: String = rating.chars().map(|c| if matches!(c, '_' | '-' | '–') { ' ' } else { c }).collect();
    let words: Vec<String> = spaced
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Its word in rule files.
pub fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::False => "false",
        Verdict::Misleading => "misleading",
        Verdict::Unproven => "unproven",
        Verdict::Mixed => "mixed",
        Verdict::True => "true",
        Verdict::Satire => "satire",
        Verdict::Unrated => "unrated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_no_word_has_two_verdicts() {
        let table: Table = toml::from_str(TABLE).unwrap();
        let count = [&table.r#false, &table.misleading, &table.unproven, &table.mixed, &table.r#true, &table.satire]
            .iter()
            .map(|words| words.len())
            .sum::<usize>();
        assert_eq!(read(&table).len(), count);
    }

    #[test]
    fn words_of_the_table_are_known_however_they_are_written() {
        for (rating, found) in [
            ("FALSE.", Verdict::False),
            ("Pants on Fire!", Verdict::False),
            ("  Half-true ", Verdict::Mixed),
            ("missing_context", Verdict::Misleading),
            ("Falso", Verdict::False),
            ("錯誤", Verdict::False),
        ] {
            assert_eq!(verdict(rating), found, "{rating}");
        }
    }

    #[test]
    fn numbers_and_sentences_are_never_taken_for_a_verdict() {
        for rating in
            ["1", "2 of 2", "4/6", "-1", "Not false", "Reker never said this sentence", "excitement", "não_é_bem_assim", ""]
        {
            assert_eq!(verdict(rating), Verdict::Unrated, "{rating}");
        }
    }
}
