//! UTF-16 made UTF-8 on the way; everything else passes as it is.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes that are decoded at a time.
const STEP_BYTES: usize = 16 << 10;

/// Gives the file with UTF-16 (by its mark, or by the nulls of its first characters) made UTF-8, and without a byte order mark.
///
/// # Errors
/// Those of reading.
pub fn utf8<'r>(mut input: impl BufRead + 'r) -> io::Result<Box<dyn BufRead + 'r>> {
    let head = input.fill_buf()?;
    let (encoding, mark) = match (Encoding::for_bom(head), head) {
        (Some((encoding, mark)), _) => (Some(encoding), mark),
        (None, [0, first, 0, _, ..]) if *first != 0 => (Some(UTF_16BE), 0),
        (None, [first, 0, _, 0, ..]) if *first != 0 => (Some(UTF_16LE), 0),
        _ => (None, 0),
    };
    input.consume(mark);
    Ok(match encoding.filter(|encoding| [UTF_16BE, UTF_16LE].contains(encoding)) {
        Some(wide) => {
            let decoder = wide.new_decoder_without_bom_handling();
            Box::new(BufReader::with_capacity(STEP_BYTES, Narrow { input, decoder, ready: Vec::new(), given: 0, ended: false }))
        }
        None => Box::new(input),
    })
}

/// Reads bytes as UTF-8, else as Windows-1252, the commonest of the old encodings (Latin-1 is part of it); tells which.
pub fn text(bytes: &[u8]) -> (std::borrow::Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), true),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, false),
    }
}

/// Reads the bytes of a web page: UTF-8 if they are, else the encoding that HTTP or the page names, else Windows-1252.
pub fn page_text(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4096)).unwrap_or_default()).to_ascii_lowercase();
    let named = [content_type.unwrap_or_default(), &head].into_iter().find_map(|text| {
        let label = text.split_once("charset=")?.1.trim_start_matches(['"', '\'', ' ']);
        let end = label.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(label.len());
        Encoding::for_label(label.get(..end)?.as_bytes())
    });
    let wide = [UTF_16BE, UTF_16LE];
    let encoding = named.filter(|encoding| !wide.contains(encoding)).unwrap_or(WINDOWS_1252);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// Wide characters made narrow.
struct Narrow<R> {
    input: R,
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: BufRead> Read for Narrow<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            self.ready.resize(3 * STEP_BYTES + 16, 0);
            let bytes = self.input.fill_buf()?;
            self.ended = bytes.is_empty();
            let bytes = &bytes[..bytes.len().min(STEP_BYTES)];
            let (_, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.ready, self.ended);
            self.input.consume(read);
            self.ready.truncate(written);
            self.given = 0;
        }
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut text = Vec::new();
        // One byte at a time: a character may be parted anywhere.
        utf8(BufReader::with_capacity(8, bytes)).unwrap().read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn wide_files_are_made_narrow_with_and_without_a_mark() {
        let text = "{\"claim\": \"caf\u{e9} 北朝鮮 😀\"}".repeat(3000);
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little), text);
        assert_eq!(read(&big), text);
        assert_eq!(read(&[&[0xff, 0xfe], little.as_slice()].concat()), text);
        assert_eq!(read(&[&[0xfe, 0xff], big.as_slice()].concat()), text);
        assert_eq!(read(b"\xef\xbb\xbfplain"), "plain");
        assert_eq!(read(b""), "");
    }

    #[test]
    fn pages_are_read_in_the_encoding_they_name() {
        let page = b"<html><meta charset=\"iso-8859-2\"><p>\xb3\xf3d\xbc</p>";
        assert!(page_text(page, None).contains("łódź"));
        assert_eq!(page_text(b"\x8c\xeb\x82\xe8", Some("text/html; charset=Shift_JIS")), "誤り");
        assert_eq!(page_text("é".as_bytes(), Some("text/html; charset=latin1")), "é");
    }

    #[test]
    fn old_encodings_are_read_and_told() {
        assert_eq!(text(b"caf\xe9 \x93x\x94"), ("café “x”".into(), false));
        assert_eq!(text("café".as_bytes()), ("café".into(), true));
    }
}
