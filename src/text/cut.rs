//! Words cut by a sign, so that people can read them and machines cannot: `vac.cine`, `v*ccine`, `vac🔥cine`.

use super::fold::folded;
use super::frequency::{Tongue, zipf_tenths};
use super::scan::atom_end;

/// Pieces of one word at most.
const MOST_PIECES: usize = 4;

/// Letters of a word that may be cut. The shortest would be found where none was meant, no word is longer.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=20;

/// Signs between two pieces at most.
const MOST_SIGNS: usize = 3;

/// A piece less common than this (tenths of Zipf's scale) is hardly a word beside a star.
const HARDLY_A_WORD: u8 = 35;

/// Gives the word whose first piece stands at `start..end`, folded and whole, and where it ends.
///
/// Pieces are one word if that is an ordinary word, and commoner than the rarest piece: "vac.cine", but not "end.Now". A star may
/// stand for a letter ("v*ccine"); such a word need not be known if a piece of it is none. Linear in the length of the pieces.
pub fn read(text: &str, start: usize, end: usize) -> Option<(String, usize)> {
    // After most words no sign follows, and nothing need be folded to know it.
    sign_end(text, end)?;
    let mut ends = vec![end];
    let mut starred = false;
    let mut pieces = vec![piece(text, start, end)?];
    while pieces.len() < MOST_PIECES {
        let Some(next) = ends.last().and_then(|end| sign_end(text, *end)) else { break };
        let end = atom_end(text, next);
        let Some(form) = piece(text, next, end) else { break };
        starred |= text[..next].ends_with('*');
        pieces.push(form);
        ends.push(end);
    }
    (2..=pieces.len()).rev().find_map(|count| {
        let whole = pieces[..count].concat();
        let rarest = pieces[..count].iter().map(|piece| common(piece)).min().unwrap_or_default();
        let is_word = common(&whole) > rarest;
        let is_censored = || {
            let no_word = |piece: &String| piece.len() < 3 || common(piece) < HARDLY_A_WORD;
            starred && pieces[..count].iter().any(no_word)
        };
        // Letters one by one are read by `Reader`.
        let is_spelt = pieces[..count].iter().all(|piece| piece.len() == 1);
        (LETTERS.contains(&whole.len()) && !is_spelt && (is_word || is_censored())).then(|| (whole, ends[count - 1]))
    })
}

/// The folded form of a piece of letters alone.
fn piece(text: &str, start: usize, end: usize) -> Option<String> {
    let raw = text.get(start..end).filter(|raw| raw.len() <= 4 * LETTERS.end())?;
    let form = raw.chars().all(char::is_alphabetic).then(|| folded(raw))?;
    (!form.is_empty() && form.bytes().all(|b| b.is_ascii_lowercase())).then_some(form)
}

/// Where the signs that begin at `at` end, if a letter follows them at once.
fn sign_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let signs = rest.chars().take(MOST_SIGNS).take_while(|c| is_sign(*c)).map(char::len_utf8).sum::<usize>();
    (signs > 0 && rest[signs..].starts_with(char::is_alphabetic)).then_some(at + signs)
}

/// Signs that cut words: not those that make compounds or part words (hyphens, slashes, apostrophes).
fn is_sign(c: char) -> bool {
    match c {
        '.' | '*' | '_' | '|' | '~' | '^' | '·' | '•' | '\u{200d}' | '\u{fe0f}' => true,
        '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => !c.is_alphanumeric(),
        _ => false,
    }
}

fn common(form: &str) -> u8 {
    zipf_tenths(form, Tongue::Other).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<String> {
        read(text, 0, atom_end(text, 0)).map(|(word, end)| format!("{word}{}", &text[end..]))
    }

    #[test]
    fn words_cut_by_a_sign_are_whole_again() {
        for cut in ["vac.cine", "vac*cine", "vac🔥cine", "VAC❤\u{fe0f}CINE", "v.accine", "hos_pi_tal", "vac•ci•ne"] {
            assert!(whole(cut).is_some_and(|word| word == "vaccine" || word == "hospital"), "{cut}: {:?}", whole(cut));
        }
    }

    #[test]
    fn a_star_stands_for_a_letter() {
        assert_eq!(whole("v*ccine, they say").as_deref(), Some("vccine, they say"));
        assert_eq!(whole("some*bold*words"), None);
    }

    #[test]
    fn words_without_a_blank_between_them_stay_two() {
        for two in ["end.Now", "moon.The", "car.go", "and🔥the", "snow_day", "example.org", "it.", "a.b"] {
            assert_eq!(whole(two), None, "{two}");
        }
    }
}
