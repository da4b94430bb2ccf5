//! Where a word ends: the byte-wise questions that `words` asks.

use std::ops::Range;

use super::fold::{is_invisible, is_mark, is_written_without_blanks};

/// End of a word of two or more ASCII letters with nothing about it that needs a closer look: nine words in ten of English.
///
/// Lower-casing is all that folding would do to it.
#[inline]
pub fn usual_word_end(bytes: &[u8], start: usize) -> Option<usize> {
    if start > 0 && matches!(bytes.get(start - 1), Some(b'#' | b'@' | b'$' | 128..)) {
        return None;
    }
    let mut seen = start;
    let end = loop {
        let (letters, is_squeezed) = letters(eight(bytes, seen));
        if is_squeezed {
            return None;
        }
        if letters < 8 {
            break seen + letters;
        }
        // The last two may be the first of three.
        seen += 6;
    };
    let plain_end = match bytes.get(end) {
        None | Some(b' ' | b',' | b'\n' | b'!' | b'?' | b'"' | b';' | b')') => true,
        Some(b'.' | b':') => matches!(bytes.get(end + 1), None | Some(b' ' | b'\n')),
        _ => false,
    };
    (end > start + 1 && plain_end).then_some(end)
}

/// The eight bytes from `at` on, with zeros after the last.
fn eight(bytes: &[u8], at: usize) -> [u8; 8] {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut eight = [0; 8];
        eight.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        eight
    })
}

/// How many ASCII letters the bytes begin with, and whether one of these stands there three times in a row: all bytes at once (Lamport,
/// "Multiple byte processing with full-word instructions", 1975).
fn letters(bytes: [u8; 8]) -> (usize, bool) {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    // Capital and small letters differ in this bit; no other bytes become letters by it.
    let all = u64::from_le_bytes(bytes) | (EACH * 0x20);
    let low = all & !HIGH;
    let from_a = low + EACH * (0x80 - b'a' as u64);
    let beyond_z = low + EACH * (0x7f - b'z' as u64);
    let others = !(from_a & !beyond_z & !all) & HIGH;
    let count = others.trailing_zeros() / 8;
    // Zero where a byte and the next two are the same.
    let differ = all ^ (all >> 8);
    let differ = differ | (differ >> 8);
    let same = !(((differ & !HIGH) + !HIGH) | differ) & HIGH;
    let within = (1_u64 << (8 * count.saturating_sub(2))) - 1;
    (count as usize, same & within != 0)
}

/// End of the run of letters and digits of one way of writing that begins at `start`.
///
/// Invisible characters inside are passed over; `@` and `$` between letters are letters in disguise (`v@ccine`), but not in addresses.
pub fn atom_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let dense = text[start..].starts_with(is_written_without_blanks);
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        if byte < 128 {
            let disguised = is_disguise(byte) && at > start && after_letter(bytes, at) && before_letter(bytes, at);
            if dense || !(byte.is_ascii_alphanumeric() || disguised && !is_mail_address(bytes, at)) {
                break;
            }
            at += 1;
        } else {
            let Some(c) = text[at..].chars().next() else { break };
            let belongs = is_mark(c) || is_invisible(c) || c.is_alphanumeric() && is_written_without_blanks(c) == dense;
            if !belongs {
                break;
            }
            at += c.len_utf8();
        }
    }
    at.max(start)
}

fn is_letter(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphabetic)
}

fn is_disguise(byte: u8) -> bool {
    matches!(byte, b'@' | b'$')
}

/// Whether a letter stands before a sign or two.
fn after_letter(bytes: &[u8], at: usize) -> bool {
    is_letter(bytes, at - 1) || at > 1 && is_disguise(bytes[at - 1]) && is_letter(bytes, at - 2)
}

/// Whether a letter stands after a sign or two.
fn before_letter(bytes: &[u8], at: usize) -> bool {
    is_letter(bytes, at + 1) || bytes.get(at + 1).is_some_and(|next| is_disguise(*next)) && is_letter(bytes, at + 2)
}

fn is_mail_address(bytes: &[u8], at_sign: usize) -> bool {
    let host = bytes[at_sign + 1..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    bytes.get(at_sign + 1 + host) == Some(&b'.') && is_letter(bytes, at_sign + 2 + host)
}

/// End of the web address that begins at `start`, if one does: addresses are compared whole, not by their words.
pub fn address_end(text: &str, start: usize) -> Option<usize> {
    let rest = &text[start..];
    let begins = |head: &str| rest.get(..head.len()).is_some_and(|r| r.eq_ignore_ascii_case(head));
    let spelt = match rest.as_bytes().first() {
        Some(b'h' | b'H') => begins("http://") || begins("https://"),
        Some(b'w' | b'W') => begins("www."),
        _ => false,
    };
    (spelt || is_bare_address(rest))
        .then(|| start + rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '”' | '»')).unwrap_or(rest.len()))
}

/// `t.co/abc`, `pic.twitter.com/abc`: a host with a path.
fn is_bare_address(rest: &str) -> bool {
    let host = rest.bytes().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
    let Some(last_dot) = rest[..host].rfind('.') else { return false };
    let top = &rest[last_dot + 1..host];
    last_dot > 0
        && (2..=6).contains(&top.len())
        && top.bytes().all(|b| b.is_ascii_lowercase())
        && rest[host..].starts_with('/')
        && rest[host + 1..].starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// The words of a tag: parted by low lines, capitals, digits and changes of script (`USElection2024` → US, Election, 2024).
pub fn humps(tag: &str) -> Vec<Range<usize>> {
    let mut humps = Vec::new();
    let mut start = 0;
    let chars: Vec<(usize, char)> = tag.char_indices().filter(|(_, c)| !is_invisible(*c) && !is_mark(*c)).collect();
    for (i, &(at, c)) in chars.iter().enumerate() {
        let Some(&(_, before)) = i.checked_sub(1).and_then(|i| chars.get(i)) else { continue };
        let after = chars.get(i + 1).map(|(_, c)| *c);
        let new_word =
            c.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && after.is_some_and(char::is_lowercase));
        let other_kind =
            c.is_numeric() != before.is_numeric() || is_written_without_blanks(c) != is_written_without_blanks(before);
        if c == '_' || before == '_' || new_word || other_kind {
            humps.push(start..at);
            start = at;
        }
    }
    humps.push(start..tag.len());
    humps.retain(|hump| tag[hump.clone()].contains(char::is_alphanumeric));
    humps
}

/// Whether lower-casing is all that folding would do to an ASCII word.
pub fn is_simple(word: &[u8]) -> bool {
    let (mut letters, mut others) = (false, false);
    for (i, b) in word.iter().enumerate() {
        letters |= b.is_ascii_alphabetic();
        others |= !b.is_ascii_alphabetic();
        if i >= 2 && b.eq_ignore_ascii_case(&word[i - 1]) && b.eq_ignore_ascii_case(&word[i - 2]) {
            return false;
        }
    }
    !(letters && others)
}

/// How many letters stand before the digits of a name like `covid19`; nothing for other words.
pub fn letters_before_digits(form: &str) -> Option<usize> {
    let digits = form.bytes().rev().take_while(u8::is_ascii_digit).count();
    let letters = form.len() - digits;
    (1..=4).contains(&digits).then_some(letters).filter(|n| *n >= 3 && form[..*n].chars().all(char::is_alphabetic))
}

/// Name of a currency sign.
pub fn currency(sign: char) -> Option<&'static str> {
    Some(match sign {
        '$' => "dollars",
        '€' => "euros",
        '£' => "pounds",
        '¥' => "yen",
        '₹' => "rupees",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn letters_are_counted_all_at_once_as_one_by_one(bytes in prop::array::uniform8(prop::sample::select(&b"aAbz@[`{Z 9\x80\xe1\xfa\0"[..]))) {
            let count = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            let thrice = bytes[..count].windows(3).any(|three| three.iter().all(|byte| byte.eq_ignore_ascii_case(&three[0])));
            prop_assert_eq!(letters(bytes), (count, thrice));
        }

        #[test]
        fn usual_words_end_where_their_letters_end(word in "[a-cA-C]{2,30}", after in "[ ,.!x9]{0,3}") {
            let text = format!("{word}{after}");
            let count = text.bytes().take_while(u8::is_ascii_alphabetic).count();
            let thrice = text.as_bytes()[..count].windows(3).any(|three| three.iter().all(|byte| byte.eq_ignore_ascii_case(&three[0])));
            let end = usual_word_end(text.as_bytes(), 0);
            prop_assert!(end.is_none_or(|end| end == count && !thrice));
            prop_assert!(end.is_some() || thrice || !matches!(text.as_bytes().get(count), None | Some(b' ' | b',' | b'!')));
        }
    }
}
