//! Characters and references inside text, made such that any XML parser reads what was meant.

use html5ever::data::NAMED_ENTITIES;

/// Longest name of an entity; what is longer is no reference.
const LONGEST_REFERENCE: usize = 40;

/// What was mended in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mended {
    /// `&nbsp;` and the like, which only HTML knows.
    pub entities: bool,
    /// `&` that begins no reference.
    pub ampersands: bool,
    /// Characters XML forbids, raw or as references.
    pub controls: bool,
}

/// Says whether XML 1.0 permits a character.
pub fn is_permitted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..) && c != '\u{7f}'
}

/// Says whether a text holds nothing that XML forbids.
pub fn all_permitted(text: &str) -> bool {
    !text.bytes().any(|byte| is_suspect(byte) && byte != b'&' && byte != b'<') || text.chars().all(is_permitted)
}

/// Bytes that may begin what has to be mended: looked for first, because most texts have none.
const SUSPECTS: [bool; 256] = {
    let mut suspects = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        suspects[byte] = !matches!(byte, 9 | 10 | 13);
        byte += 1;
    }
    suspects[b'&' as usize] = true;
    suspects[b'<' as usize] = true;
    suspects[0x7f] = true;
    suspects[0xef] = true; // U+FFFE and U+FFFF begin with it
    suspects
};

fn is_suspect(byte: u8) -> bool {
    SUSPECTS[usize::from(byte)]
}

/// Appends `text` to `out` with every reference understood, every bare `&` and `<` written out and no forbidden character.
pub fn mend(text: &str, out: &mut String, mended: &mut Mended) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_suspect) {
        let (plain, odd) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut after = odd.chars();
        match after.next() {
            Some('&') => {
                rest = reference(odd, out, mended);
                continue;
            }
            Some('<') => out.push_str("&lt;"),
            Some(c) if is_permitted(c) => out.push(c),
            _ => mended.controls = true,
        }
        rest = after.as_str();
    }
    out.push_str(rest);
}

/// Appends `text` with `&` and `<` written out, so that an XML parser gives it back as it stands.
pub fn shield(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_suspect) {
        let (plain, odd) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut after = odd.chars();
        match after.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some(c) if is_permitted(c) => out.push(c),
            _ => {}
        }
        rest = after.as_str();
    }
    out.push_str(rest);
}

/// Appends what the reference at the beginning of `text` means; gives what stands behind it.
fn reference<'t>(text: &'t str, out: &mut String, mended: &mut Mended) -> &'t str {
    let bare = |out: &mut String, mended: &mut Mended| {
        out.push_str("&amp;");
        mended.ampersands = true;
        text.get(1..).unwrap_or_default()
    };
    let head = text.get(..text.floor_char_boundary(LONGEST_REFERENCE)).unwrap_or_default();
    let Some((name, _)) = head.get(1..).and_then(|head| head.split_once(';')) else { return bare(out, mended) };
    let after = text.get(name.len() + 2..).unwrap_or_default();
    if let Some(digits) = name.strip_prefix('#') {
        let Some(number) = number(digits) else { return bare(out, mended) };
        if let Some((high, rest)) = surrogates(number, after) {
            out.push(high);
            mended.controls = true;
            return rest;
        }
        match char_of(number) {
            Some((c, as_is)) => {
                mended.controls |= !as_is;
                shield(c.encode_utf8(&mut [0; 4]), out);
            }
            None => mended.controls = true,
        }
        return after;
    }
    if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
        out.push('&');
        out.push_str(name);
        out.push(';');
        return after;
    }
    match NAMED_ENTITIES.get(&format!("{name};")) {
        Some(&(first, second)) if first != 0 => {
            out.extend([first, second].into_iter().filter(|code| *code != 0).filter_map(char::from_u32));
            mended.entities = true;
            after
        }
        _ => bare(out, mended),
    }
}

fn number(digits: &str) -> Option<u32> {
    let (digits, radix) = digits.strip_prefix(['x', 'X']).map_or((digits, 10), |hex| (hex, 16));
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some(u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
}

/// Gives the character a number means, and whether that is what it says; `None` for control characters.
fn char_of(number: u32) -> Option<(char, bool)> {
    match number {
        // Written by programs that take windows-1252 for Latin-1.
        0x80..=0x9f => {
            let byte = [u8::try_from(number).unwrap_or_default()];
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().map(|c| (c, false))
        }
        0 | 0xd800..=0xdfff | 0x0011_0000.. => Some((char::REPLACEMENT_CHARACTER, false)),
        _ => char::from_u32(number).filter(|c| is_permitted(*c)).map(|c| (c, true)),
    }
}

/// Joins the two halves of a character that somebody wrote as UTF-16 (`&#55357;&#56832;`).
fn surrogates(high: u32, after: &str) -> Option<(char, &str)> {
    if !(0xd800..0xdc00).contains(&high) {
        return None;
    }
    let (digits, rest) = after.strip_prefix("&#")?.split_once(';').filter(|(digits, _)| digits.len() < 10)?;
    let low = number(digits).filter(|low| (0xdc00..0xe000).contains(low))?;
    let c = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((c, rest))
}

/// Puts blanks around mail addresses: feed-rs cuts names off them by bytes, which panics beside any letter longer than one.
pub fn set_addresses_apart(text: &str) -> String {
    let of_address = |c: char| c.is_ascii_alphanumeric() || "._%+-@".contains(c);
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(begin) = rest.find(of_address) {
        let (before, run) = rest.split_at_checked(begin).unwrap_or((rest, ""));
        let (run, after) = run.split_at_checked(run.find(|c| !of_address(c)).unwrap_or(run.len())).unwrap_or((run, ""));
        out.push_str(before);
        if run.contains('@') {
            out.push(' ');
            out.push_str(run);
            out.push(' ');
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> (String, Mended) {
        let (mut out, mut mended) = (String::new(), Mended::default());
        mend(text, &mut out, &mut mended);
        (out, mended)
    }

    #[test]
    fn good_text_stays_as_it_is() {
        let text = "A &amp; B &lt;p&gt; é &quot;x&quot;\n";
        assert_eq!(mended(text), (text.to_owned(), Mended::default()));
    }

    #[test]
    fn entities_only_html_knows_become_characters() {
        let (text, what) = mended("caf&eacute;&nbsp;&hellip; &nosuch; &");
        assert_eq!(text, "café\u{a0}… &amp;nosuch; &amp;");
        assert!(what.entities && what.ampersands && !what.controls);
    }

    #[test]
    fn a_bare_ampersand_is_written_out() {
        assert_eq!(mended("https://example.org/?a=1&b=2&copy=3").0, "https://example.org/?a=1&amp;b=2&amp;copy=3");
        assert_eq!(mended("AT&T; R&D & <b").0, "AT&amp;T; R&amp;D &amp; &lt;b");
    }

    #[test]
    fn forbidden_characters_go_and_misnumbered_ones_are_understood() {
        assert_eq!(mended("a\u{0}b\u{b}c&#0;&#1;&#xD800;&#x110000;").0, "abc\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(mended("It&#146;s &#55357;&#56832; &#38;&#60;").0, "It’s 😀 &amp;&lt;");
        assert_eq!(mended("&#99999999999999999999;").0, "\u{fffd}");
    }

    #[test]
    fn mail_addresses_are_set_apart_from_letters_of_several_bytes() {
        assert_eq!(set_addresses_apart("Zoé—é.a@b.org»"), "Zoé—é .a@b.org »");
        assert_eq!(set_addresses_apart("Zoé Müller"), "Zoé Müller");
    }
}
