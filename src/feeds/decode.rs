//! Which characters the bytes mean, decided as browsers do: labels are believed only where the bytes bear them out.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use super::ebcdic;

/// Bytes in which a declaration or a tell-tale pattern is looked for.
const HEAD_BYTES: usize = 1024;

/// Puts four bytes together.
type OfFour = fn([u8; 4]) -> u32;

/// How a document of four bytes a character begins, and how each four are put together.
const WIDEST_MARKS: [([u8; 4], OfFour); 2] = [([0xff, 0xfe, 0, 0], u32::from_le_bytes), ([0, 0, 0xfe, 0xff], u32::from_be_bytes)];

/// Decodes a document. The order: byte order mark, pattern of nulls, valid UTF-8, the label HTTP gave, the label the
/// document gives itself, UTF-8 with a few bad bytes, a guess from the language's letters.
pub fn decode<'b>(bytes: &'b [u8], content_type: Option<&str>) -> Cow<'b, str> {
    // Asked first: the mark of UTF-32 begins with the one of UTF-16.
    for (mark, number) in WIDEST_MARKS {
        if let Some(rest) = bytes.strip_prefix(&mark) {
            return four_bytes(rest, number).into();
        }
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    if ebcdic::is_likely(bytes) {
        return ebcdic::decode(bytes).into();
    }
    if let Some(wide) = by_nulls(bytes) {
        return wide.into();
    }
    let http = content_type.and_then(charset).and_then(label);
    let own = declared(bytes).and_then(label);
    let shifting = [http, own].contains(&Some(ISO_2022_JP)) && bytes.contains(&0x1b);
    if !shifting && let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    if !shifting && mostly_utf8(bytes) {
        return String::from_utf8_lossy(bytes);
    }
    for encoding in [http, own].into_iter().flatten() {
        let (text, faults) = encoding.decode_without_bom_handling(bytes);
        if !faults {
            return text;
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny).decode_without_bom_handling(bytes).0
}

/// Finds the encoding a label means. Wide ones are not believed: they would have shown by their nulls.
fn label(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.as_bytes()).filter(|encoding| ![UTF_8, UTF_16BE, UTF_16LE].contains(encoding))
}

/// Reads `charset` out of a `Content-Type`.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// Reads `encoding` out of an XML declaration.
fn declared(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..bytes.len().min(HEAD_BYTES))?;
    let begin = head.windows(5).position(|window| window == b"<?xml")?;
    let declaration = head.get(begin..)?.split(|byte| *byte == b'>').next()?;
    let declaration = std::str::from_utf8(declaration).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
    value.get(1..)?.split(quote).next()
}

/// Decodes two- and four-byte encodings without a mark, by where the nulls of the first, mostly ASCII characters stand.
fn by_nulls(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(64))?;
    let nulls = |step: usize, at: usize| head.iter().skip(at).step_by(step).filter(|byte| **byte == 0).count();
    let most = |step: usize, count: usize| count * step * 10 >= head.len() * 8 && count > 1;
    match [nulls(4, 0), nulls(4, 1), nulls(4, 2), nulls(4, 3)] {
        [a, b, c, 0] if most(4, a) && most(4, b) && most(4, c) => Some(four_bytes(bytes, u32::from_be_bytes)),
        [0, b, c, d] if most(4, b) && most(4, c) && most(4, d) => Some(four_bytes(bytes, u32::from_le_bytes)),
        _ if most(2, nulls(2, 0)) && nulls(2, 1) == 0 => Some(UTF_16BE.decode_without_bom_handling(bytes).0.into_owned()),
        _ if most(2, nulls(2, 1)) && nulls(2, 0) == 0 => Some(UTF_16LE.decode_without_bom_handling(bytes).0.into_owned()),
        _ => None,
    }
}

fn four_bytes(bytes: &[u8], number: OfFour) -> String {
    let (quads, _) = bytes.as_chunks::<4>();
    quads.iter().map(|quad| char::from_u32(number(*quad)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Says whether this is UTF-8 with some bad bytes: other encodings hardly ever look like it by chance.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad * 4 <= good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_utf8_wins_over_labels_that_say_otherwise() {
        let bytes = "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".as_bytes();
        assert!(decode(bytes, Some("text/xml; charset=iso-8859-1")).contains('é'));
    }

    #[test]
    fn a_label_is_believed_where_the_bytes_are_no_utf8() {
        let own = b"<?xml version=\"1.0\" encoding=\"koi8-r\"?><a>\xf0\xd2\xc9\xd7\xc5\xd4</a>";
        assert!(decode(own, None).contains("Привет"));
        let http = b"<a>\xf0\xd2\xc9\xd7\xc5\xd4</a>";
        assert!(decode(http, Some("text/xml; charset=\"KOI8-R\"")).contains("Привет"));
    }

    #[test]
    fn japanese_in_seven_bits_is_read_where_it_is_declared() {
        let bytes = b"<?xml version=\"1.0\" encoding=\"iso-2022-jp\"?><a>\x1b$BKLD+A/\x1b(B</a>";
        assert!(decode(bytes, None).contains("北朝鮮"));
        assert!(decode(&bytes[45..], Some("text/xml; charset=iso-2022-jp")).contains("北朝鮮"));
    }

    #[test]
    fn undeclared_western_letters_are_guessed() {
        assert!(decode(b"<a>Le pr\xe9sident a \xe9t\xe9 r\xe9\xe9lu</a>", None).contains("président a été réélu"));
        assert!(decode(b"<?xml version='1.0' encoding='utf-8'?><a>\x93quoted\x94</a>", None).contains("“quoted”"));
    }

    #[test]
    fn one_bad_byte_does_not_spoil_utf8() {
        let mut bytes = "été été été été été été".as_bytes().to_vec();
        bytes.push(0xff);
        assert!(decode(&bytes, Some("text/xml; charset=iso-8859-1")).starts_with("été"));
    }

    #[test]
    fn wide_encodings_are_told_by_mark_or_nulls_never_by_label() {
        let text = "<rss version=\"2.0\"><channel/></rss>";
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let four: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        let marked = |bytes: fn(u32) -> [u8; 4]| ["\u{feff}", text].concat().chars().flat_map(|c| bytes(u32::from(c))).collect();
        for bytes in [big, little, four, marked(u32::to_be_bytes), marked(u32::to_le_bytes)] {
            assert_eq!(decode(&bytes, None), text);
        }
        assert_eq!(decode(text.as_bytes(), Some("text/xml; charset=utf-16")), text);
        assert_eq!(
            decode(&[&[0xfe, 0xff][..], &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()].concat(), None),
            text
        );
    }
}
