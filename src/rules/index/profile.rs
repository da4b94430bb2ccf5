//! What is known of a claim before any post comes, in one place: whoever looks at one part of it looks at the others too.

use super::FIELDS;
use super::direction::Direction;
use super::signature::Signature;

/// What is known of a claim before any post comes.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Profile {
    /// What its terms weigh.
    pub totals: Totals,
    /// Terms of its claim field, repeated ones too.
    pub length: u16,
    /// Tells its claim field from others that are not the same word for word; see [`print_of`].
    pub print: u32,
    /// Its terms, as a set.
    pub signature: Signature,
    /// What its claim field is about.
    pub direction: Direction,
}

/// What the terms of a claim weigh, in nats.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// The different terms of each field.
    pub fields: [f32; FIELDS],
    /// The terms that stand in two fields or more.
    pub gist: f32,
    /// Sum of all impacts.
    pub impact: f32,
}

/// Writes the letters and digits of a text, small, without blanks and punctuation, into `out`.
pub fn plain(text: &str, out: &mut String) {
    out.clear();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii() {
            let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
            out.extend(rest[..ascii].bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())));
            rest = &rest[ascii..];
        } else {
            out.extend(c.to_lowercase().filter(|_| c.is_alphanumeric()));
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// A number that is the same for texts that are the same but for capitals, blanks and punctuation, and hardly ever for others.
pub fn print_of(text: &str) -> u32 {
    let letter = |print: u64, c: char| (print ^ u64::from(u32::from(c))).wrapping_mul(0x100_0000_01b3);
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    let print = letters.fold(0xcbf2_9ce4_8422_2325_u64, |print, c| match c.is_ascii() {
        true => letter(print, c.to_ascii_lowercase()),
        false => c.to_lowercase().fold(print, letter),
    });
    (print ^ print >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_have_the_same_print_however_they_are_set() {
        let moon = print_of("The moon is made of cheese!");
        assert_eq!(moon, print_of("the Moon is made of  \u{201c}cheese\u{201d}"));
        assert_ne!(moon, print_of("The moon is not made of cheese"));
        assert_eq!(print_of("ÉTÉ 2019"), print_of("été2019"));
    }

    #[test]
    fn a_profile_fills_two_lines_of_a_cache() {
        assert_eq!(size_of::<Profile>(), 128);
    }

    #[test]
    fn only_letters_and_digits_are_left() {
        let mut out = String::new();
        plain("Ça va, 12-Août?", &mut out);
        assert_eq!(out, "çava12août");
    }
}
