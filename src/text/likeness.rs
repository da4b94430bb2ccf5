//! Whether two texts say the same but for an edit: small prints of their words that can be kept and compared.

use std::fmt;
use std::str::FromStr;

use super::frequency::Tongue;
use super::guard::{Guard, guard};
use super::words::words;

/// Words that stand together in one piece of a print.
const TOGETHER: usize = 3;

/// Pieces kept of a text: those with the smallest numbers, so that two prints keep the same ones (bottom-k sketch,
/// Cohen and Kaplan 2007).
const KEPT: usize = 64;

/// From this share of common pieces on, in percent, two texts are alike.
const ALIKE: usize = 70;

/// The print of a text, some 600 bytes at the most.
///
/// Alike are copies with a word or two before, behind or changed. Never alike are texts of which one says *not* or *north* where the
/// other does not: so small a change turns a claim around.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Print {
    /// Smallest first, each once.
    pieces: Vec<u32>,
    /// Digest of the words that turn a claim around.
    guards: u32,
}

impl Print {
    /// Makes the print of a text that may stand in several parts. Linear in its length.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut pieces = Vec::new();
        let mut guards: Vec<u32> = Vec::new();
        for text in texts {
            let found = words(text);
            let row: Vec<u32> = found.plain().map(|word| digest(word.form.as_bytes(), START)).collect();
            let turns = |form: &str| {
                Tongue::ALL.iter().any(|tongue| matches!(guard(form, *tongue), Some(Guard::Negation | Guard::Compass(_))))
            };
            guards.extend(found.plain().filter(|word| turns(word.form)).map(|word| digest(word.form.as_bytes(), START)));
            let piece = |words: &[u32]| words.iter().fold(START, |so_far, word| digest(&word.to_le_bytes(), so_far));
            if row.len() < TOGETHER {
                pieces.extend((!row.is_empty()).then(|| piece(&row)));
            }
            pieces.extend(row.windows(TOGETHER).map(piece));
        }
        pieces.sort_unstable();
        pieces.dedup();
        pieces.truncate(KEPT);
        guards.sort_unstable();
        guards.dedup();
        let guards = guards.iter().fold(START, |so_far, word| digest(&word.to_le_bytes(), so_far));
        Self { pieces, guards }
    }

    /// Gives a few pieces by which a text is found among many: texts that are alike share one of them, all but one pair in ten
    /// thousand. None for texts too short to be anybody's copy.
    pub fn anchors(&self) -> &[u32] {
        /// Pieces of a text of six words.
        const FEWEST: usize = 4;
        /// At a likeness of seven tenths each has a chance of three tenths to miss.
        const ANCHORS: usize = 8;
        if self.pieces.len() < FEWEST { &[] } else { self.pieces.get(..ANCHORS).unwrap_or(&self.pieces) }
    }

    /// Whether the two texts say the same but for an edit. A text without words is like no other.
    pub fn is_like(&self, other: &Self) -> bool {
        if self.guards != other.guards || self.pieces.is_empty() || other.pieces.is_empty() {
            return false;
        }
        // Of the smallest numbers of both together, the share that both have is the share of all (Broder 1997).
        let (mut here, mut there) = (self.pieces.iter().peekable(), other.pieces.iter().peekable());
        let (mut all, mut common) = (0, 0);
        while all < KEPT {
            match (here.peek(), there.peek()) {
                (Some(a), Some(b)) if a == b => {
                    common += 1;
                    here.next();
                    there.next();
                }
                (Some(a), Some(b)) if a > b => drop(there.next()),
                (Some(_), _) => drop(here.next()),
                (None, Some(_)) => drop(there.next()),
                (None, None) => break,
            }
            all += 1;
        }
        common * 100 >= ALIKE * all
    }
}

/// FNV-1a, 32 bits: the same on every machine and in every version, because prints are stored.
fn digest(bytes: &[u8], start: u32) -> u32 {
    bytes.iter().fold(start, |so_far, byte| (so_far ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

const START: u32 = 0x811c_9dc5;

impl fmt::Display for Print {
    /// Numbers in hex, the guards first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.guards)?;
        self.pieces.iter().try_for_each(|piece| write!(f, "{piece:08x}"))
    }
}

impl FromStr for Print {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.as_bytes().chunks(8).map(|hex| u32::from_str_radix(&String::from_utf8_lossy(hex), 16));
        let mut numbers = numbers.collect::<Result<Vec<_>, _>>()?.into_iter();
        let guards = numbers.next().unwrap_or_default();
        Ok(Self { pieces: numbers.collect(), guards })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(a: &str, b: &str) -> bool {
        Print::of([a]).is_like(&Print::of([b]))
    }

    const POST: &str = "Can anyone at all solve the North Korea problem before the summit in June, or is it too late for that?";

    #[test]
    fn copies_and_small_edits_are_alike() {
        assert!(alike(POST, POST));
        assert!(alike(POST, &format!("RT: {POST} (corrected)")));
        assert!(alike(POST, &POST.replace("June", "July").to_uppercase()));
    }

    #[test]
    fn other_texts_and_turned_ones_are_not() {
        assert!(!alike(POST, "He alone has solved the North Korea problem, and nobody thanks him"));
        let long = format!("{POST} {}", "and so on with many other words that say nothing more about it all".repeat(5));
        assert!(alike(&long, &long.replace("too late", "quite late")));
        assert!(!alike(&long, &long.replace("is it too late", "is it not too late")), "a negation turns it around");
        assert!(!alike(&long, &long.replace("North", "South")));
        assert!(!alike("", ""));
    }

    #[test]
    fn scripts_without_blanks_have_prints_too() {
        assert!(alike(
            "北朝鮮の核の脅威はもうない。今夜はぐっすり眠ってください",
            "北朝鮮の核の脅威はもうない。今夜はぐっすり眠ってください!"
        ));
        assert!(!alike("北朝鮮の核の脅威はもうない", "今夜はぐっすり眠ってください"));
    }

    #[test]
    fn texts_that_are_alike_share_an_anchor() {
        let (print, copy) = (Print::of([POST]), Print::of([format!("BREAKING: {POST} #summit").as_str()]));
        assert!(print.anchors().iter().any(|anchor| copy.anchors().contains(anchor)));
        assert!(Print::of(["Too short a text"]).anchors().is_empty());
    }

    #[test]
    fn a_print_survives_being_written_down() {
        for text in [POST, "", "one", "北朝鮮"] {
            let print = Print::of([text]);
            assert_eq!(print.to_string().parse(), Ok(print), "{text}");
        }
        assert!("nonsense".parse::<Print>().is_err());
    }
}
