//! `#sleepwelltonight` taken apart, by ordinary words only.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::frequency::{Tongue, zipf_tenths};

/// Longest tag that is taken apart, in bytes.
const LONGEST: usize = 48;

/// Longest word looked for inside a tag, in bytes.
const LONGEST_WORD: usize = 18;

const TONGUES: [Tongue; 5] = [Tongue::English, Tongue::French, Tongue::Spanish, Tongue::German, Tongue::Portuguese];

/// Tags taken apart before, so that the tag of the day is taken apart once.
#[derive(Debug, Clone, Default)]
pub struct Tags(HashMap<Box<str>, Option<Vec<usize>>, RandomState>);

/// Forgotten at this many: strangers choose the tags.
const MOST_TAGS: usize = 1 << 14;

impl Tags {
    /// What [`split`] gives, remembered.
    pub fn split(&mut self, tag: &str) -> Option<Vec<usize>> {
        if let Some(known) = self.0.get(tag) {
            return known.clone();
        }
        let starts = split(tag);
        if self.0.len() >= MOST_TAGS {
            self.0.clear();
        }
        self.0.insert(tag.into(), starts.clone());
        starts
    }
}

/// Splits a folded tag into the likeliest row of ordinary words of one language; gives where each begins, or nothing.
///
/// A tag that is a word itself stays whole, so does one that no row of words fills.
pub fn split(tag: &str) -> Option<Vec<usize>> {
    if !(5..=LONGEST).contains(&tag.len()) || !tag.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    if TONGUES.iter().any(|tongue| zipf_tenths(tag, *tongue).is_some()) {
        return None;
    }
    let rows = TONGUES.iter().filter_map(|tongue| likeliest_row(tag, *tongue));
    rows.min_by_key(|(surprise, _)| *surprise).map(|(_, starts)| starts)
}

/// Viterbi: the row whose words are commonest together; surprise in tenths of a power of ten.
fn likeliest_row(tag: &str, tongue: Tongue) -> Option<(u32, Vec<usize>)> {
    // best[end]: least surprise of a row that fills tag[..end], and where its last word begins.
    let mut best: Vec<Option<(u32, usize)>> = vec![None; tag.len() + 1];
    best[0] = Some((0, 0));
    for start in 0..tag.len() {
        let Some((so_far, _)) = best[start] else { continue };
        for end in start + 1..=tag.len().min(start + LONGEST_WORD) {
            let Some(zipf) = zipf_tenths(&tag[start..end], tongue).filter(|zipf| *zipf >= commonest_enough(end - start)) else {
                continue;
            };
            let surprise = so_far + u32::from(90 - zipf.min(90));
            if best[end].is_none_or(|(least, _)| surprise < least) {
                best[end] = Some((surprise, start));
            }
        }
    }
    let (surprise, mut start) = best[tag.len()]?;
    let mut starts = vec![start];
    while start > 0 {
        start = best[start]?.1;
        starts.push(start);
    }
    starts.reverse();
    Some((surprise, starts))
}

/// The shorter a word, the commoner it must be: or any tag would fall to pieces.
fn commonest_enough(letters: usize) -> u8 {
    match letters {
        1 => 70,
        2 => 46,
        3 => 42,
        4 => 36,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(tag: &str) -> Vec<&str> {
        let Some(starts) = split(tag) else { return vec![tag] };
        let ends = starts.iter().skip(1).copied().chain([tag.len()]);
        starts.iter().zip(ends).map(|(start, end)| &tag[*start..end]).collect()
    }

    #[test]
    fn tags_fall_into_words() {
        assert_eq!(words("sleepwelltonight"), ["sleep", "well", "tonight"]);
        assert_eq!(words("northkorea"), ["north", "korea"]);
        assert_eq!(words("coreedunord"), ["coree", "du", "nord"]);
        assert_eq!(words("stopthesteal"), ["stop", "the", "steal"]);
        assert_eq!(words("kimjongun"), ["kim", "jong", "un"]);
    }

    #[test]
    fn what_is_a_word_or_no_row_of_words_stays_whole() {
        for whole in ["therapist", "grundgesetz", "covfefe", "qanon", "xkcdqwv", "metoo2", "trump"] {
            assert_eq!(words(whole), [whole]);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_tag(tag in "[a-zé]{0,60}") {
            prop_assert_eq!(words(&tag).concat(), tag);
        }
    }
}
