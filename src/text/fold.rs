//! One word in the one form that all its spellings share.
//!
//! The steps, in order: look-alike letters of other scripts (only in words that mix scripts), compatibility forms and case,
//! accents, digits in the place of letters (only in words that mix them), letters repeated for effect.
//! Folding what is folded changes nothing.

use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;

use super::frequency::{Tongue, zipf_tenths};

/// Appends the folded form of one word to `out`; nothing if no letter or digit is left of it.
pub fn fold(word: &str, out: &mut String) {
    let from = out.len();
    out.push_str(word);
    // Some rare characters need a second turn (a compatibility form that unfolds into a capital letter).
    for _ in 0..4 {
        let before = out[from..].to_owned();
        let after = squeeze(&letters_for_digits(&letters(&before)));
        out.truncate(from);
        out.push_str(&after);
        if after == before {
            break;
        }
    }
}

/// Gives the folded form of one word.
pub fn folded(word: &str) -> String {
    let mut out = String::new();
    fold(word, &mut out);
    out
}

fn letters(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mixed = mixes_scripts(word);
    let mut lower = String::with_capacity(word.len());
    for c in word.nfkc().filter(|c| !is_invisible(*c)) {
        let c = drawn_otherwise(if mixed { look_alike(c) } else { c });
        lower.extend(c.to_lowercase());
    }
    let mut bare = String::with_capacity(lower.len());
    for c in lower.nfkd().filter(|c| !is_accent(*c)) {
        match spelt_out(c) {
            Some(letters) => bare.push_str(letters),
            None if c.is_alphanumeric() || is_mark(c) => bare.push(c),
            None => {}
        }
    }
    bare.nfc().collect()
}

/// The letter that is drawn as a small capital (ᴍᴏᴏɴ) or white on black (🅜, 🅼): none of them has a compatibility form.
fn drawn_otherwise(c: char) -> char {
    let nth = |first: u32| char::from(b'a' + (c as u32 - first) as u8);
    match c {
        '\u{1f150}'..='\u{1f169}' => nth(0x1f150),
        '\u{1f170}'..='\u{1f189}' => nth(0x1f170),
        'ᴀ' | 'ɑ' => 'a',
        'ʙ' => 'b',
        'ᴄ' => 'c',
        'ᴅ' => 'd',
        'ᴇ' => 'e',
        'ꜰ' => 'f',
        'ɢ' | 'ɡ' => 'g',
        'ʜ' => 'h',
        'ɪ' => 'i',
        'ᴊ' => 'j',
        'ᴋ' => 'k',
        'ʟ' => 'l',
        'ᴍ' => 'm',
        'ɴ' => 'n',
        'ᴏ' => 'o',
        'ᴘ' => 'p',
        'ʀ' => 'r',
        'ꜱ' => 's',
        'ᴛ' => 't',
        'ᴜ' => 'u',
        'ᴠ' => 'v',
        'ᴡ' => 'w',
        'ʏ' => 'y',
        'ᴢ' => 'z',
        c => c,
    }
}

/// Letters that no decomposition takes apart but that people write in plain ones.
fn spelt_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'þ' => "th",
        'ħ' => "h",
        'ς' => "σ",
        'ـ' => "",
        _ => return None,
    })
}

fn mixes_scripts(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_alphabetic()) && !word.is_single_script()
}

/// The Latin letter that a letter of another script looks like (UTS 39, and the small letters it leaves out).
fn look_alike(c: char) -> char {
    if c.is_ascii() || !c.is_alphabetic() {
        return c;
    }
    let drawn = match c {
        'к' | 'κ' => 'k',
        'т' | 'τ' => 't',
        'м' => 'm',
        'н' => 'h',
        'в' | 'β' => 'b',
        'и' => 'u',
        'п' => 'n',
        'г' => 'r',
        'ε' => 'e',
        'η' => 'n',
        'ω' => 'w',
        _ => {
            let mut buffer = [0; 4];
            let mut skeleton = unicode_security::skeleton(c.encode_utf8(&mut buffer));
            match (skeleton.next(), skeleton.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        }
    };
    if drawn.is_ascii_alphabetic() { drawn } else { c }
}

/// `n0rth` and `pr0blem`, but not `covid19`, `5g`, `g7`, `f16s` or `2018`: single digits between letters, a nought also at the ends.
/// Where more stand for letters, an ordinary word must come of it (`f4k3`, `r34s0n`).
fn letters_for_digits(word: &str) -> String {
    let stand_in = |c: char| matches!(c, '0'..='9' | '@' | '$');
    if !word.contains(stand_in) || word.chars().all(stand_in) {
        return word.to_owned();
    }
    single(word).or_else(|| ordinary(word)).unwrap_or_else(|| word.to_owned())
}

/// The letter that a digit or sign is drawn for.
fn drawn_for(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

fn single(word: &str) -> Option<String> {
    let bytes = word.as_bytes();
    let is_letter = |i: usize| bytes.get(i).is_some_and(|b| b.is_ascii_alphabetic() || *b >= 128);
    let mut out = String::with_capacity(word.len());
    for (at, c) in word.char_indices() {
        let Some(drawn) = drawn_for(c) else {
            if c.is_ascii_digit() {
                return None;
            }
            out.push(c);
            continue;
        };
        let between = at > 0 && is_letter(at - 1) && is_letter(at + 1);
        let twins = bytes.get(at + 1) == Some(&bytes[at]) && at > 0 && is_letter(at - 1) && is_letter(at + 2)
            || at > 1 && bytes[at - 1] == bytes[at] && is_letter(at - 2) && is_letter(at + 1);
        let first = c == '0' && at == 0 && bytes.len() > 3 && (1..4).all(is_letter);
        let last = c == '0' && at + 1 == bytes.len() && is_letter(at.wrapping_sub(1));
        if !(between || twins || first || last) {
            return None;
        }
        out.push(drawn);
    }
    Some(out)
}

/// Tenths of Zipf's scale from which a word is ordinary enough to be meant by digits.
const ORDINARY: u8 = 35;

/// A word of four letters or more that begins with a letter and has no more digits than letters: `h1n1` is none.
fn ordinary(word: &str) -> Option<String> {
    if !(4..=32).contains(&word.len()) || !word.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let letters = word.bytes().filter(u8::is_ascii_lowercase).count();
    if 2 * letters < word.len() {
        return None;
    }
    // What other languages have among their words is too much like any row of letters.
    let best_known = || Tongue::ALL.into_iter().filter(|tongue| *tongue != Tongue::Other);
    let common = |form: &str| best_known().filter_map(|tongue| zipf_tenths(form, tongue)).max().unwrap_or(0);
    let read: String =
        word.chars().map(|c| if c.is_ascii_lowercase() { Some(c) } else { drawn_for(c) }).collect::<Option<_>>()?;
    (common(&read) >= ORDINARY && common(word) == 0).then_some(read)
}

/// `soooo` becomes `soo`: letters thrice in a row are meant for effect (but not the `iii` of a third part).
fn squeeze(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let (mut last, mut run) = ('\0', 0);
    for c in word.chars() {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        if run <= 2 || !c.is_alphabetic() || is_written_without_blanks(c) || (c == 'i' && word.len() < 6) {
            out.push(c);
        }
    }
    out
}

/// Characters that nobody sees: zero-width, bidirectional controls, variation selectors, soft hyphens, fillers.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that belong to the letter before them.
pub fn is_mark(c: char) -> bool {
    c > '\u{2ff}' && (unicode_normalization::char::is_combining_mark(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}'))
}

/// Marks that readers do without: accents of Latin, Greek and Cyrillic, vowel signs of Arabic and Hebrew.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}' | '\u{670}')
}

/// Scripts without blanks between words (and Hangul, whose words carry their particles with them): read as pairs of characters.
pub fn is_written_without_blanks(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{f00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3100}'..='\u{318f}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold_all(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| folded(word)).collect()
    }

    #[test]
    fn case_accents_and_ligatures_do_not_matter() {
        assert_eq!(
            fold_all(&["CORÉE", "Straße", "İstanbul", "ﬁre", "Œuvre", "Łódź", "ΟΔΥΣΣΕΥΣ"]),
            ["coree", "strasse", "istanbul", "fire", "oeuvre", "lodz", "οδυσσευσ"]
        );
    }

    #[test]
    fn letters_drawn_otherwise_are_the_same_letters() {
        assert_eq!(fold_all(&["Ｎｏｒｔｈ", "𝐍𝐨𝐫𝐭𝐡", "Ⓝⓞⓡⓣⓗ", "no\u{200b}r\u{ad}th", "\u{202e}north\u{fe0f}"]), ["north"; 5]);
    }

    #[test]
    fn small_capitals_and_letters_in_boxes_are_letters() {
        assert_eq!(fold_all(&["ɴᴏʀᴛʜ", "Nᴏʀᴛʜ", "🅝🅞🅡🅣🅗", "🅽🅾🆁🆃🅷"]), ["north"; 4]);
    }

    #[test]
    fn look_alikes_count_only_in_words_that_mix_scripts() {
        assert_eq!(fold_all(&["Nоrth", "Kоrеа", "Тrump", "nuсlеаr"]), ["north", "korea", "trump", "nuclear"]);
        assert_eq!(fold_all(&["Корея", "мир", "Σύνταγμα"]), ["корея", "мир", "συνταγμα"]);
    }

    #[test]
    fn digits_stand_for_letters_only_where_they_are_mixed() {
        assert_eq!(
            fold_all(&["n0rth", "PR0BLEM", "k0rea", "n0", "l0nger", "g00gle", "0bama", "v@ccine"]),
            ["north", "problem", "korea", "no", "longer", "google", "obama", "vaccine"]
        );
        assert_eq!(
            fold_all(&["f4k3", "V4CC1N3S", "r34s0n", "h0ax", "pr351d3nt", "c@$e"]),
            ["fake", "vaccines", "reason", "hoax", "president", "case"]
        );
        for kept in ["s400", "c130", "a1c1", "mp44", "t34s", "h5n1", "1st", "4all"] {
            assert_eq!(folded(kept), kept);
        }
        for kept in ["covid19", "5g", "g7", "2018", "f16s", "1st", "20th", "mh17", "h1n1", "4chan", "b2b", "100km", "windows10"] {
            assert_eq!(folded(kept), kept);
        }
    }

    #[test]
    fn letters_repeated_for_effect_are_squeezed() {
        assert_eq!(
            fold_all(&["Soooooo", "cool", "aaargh", "III", "viii", "1000000"]),
            ["soo", "cool", "aargh", "iii", "viii", "1000000"]
        );
    }

    #[test]
    fn other_scripts_keep_the_marks_they_need() {
        assert_eq!(fold_all(&["ガ", "ｶﾞ", "비핵화", "ฝันดี", "हिन्दी"]), ["ガ", "ガ", "비핵화", "ฝันดี", "हिन्दी"]);
        assert_eq!(folded("أَلسَّلام"), folded("السلام"));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(word in "\\PC{0,12}") {
            let once = folded(&word);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn folding_marked_and_mixed_letters_twice_is_folding_once(word in "[a-zA-Z0-9@$éØßİıſкоаСÅΩςſtﬁℌ\u{300}-\u{345}\u{5d0}\u{5b4}ｶﾞ가각\u{11a8}]{0,10}") {
            let once = folded(&word);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
