//! EBCDIC, which mainframes write and browsers do not read: told by the four bytes that mean `<?xml` in it.

/// Code page 037, thirty-two characters a line; the others differ from it in a few signs that no tag is made of.
const CODE_PAGE_037: [&str; 8] = [
    "\u{0}\u{1}\u{2}\u{3}\u{9c}\t\u{86}\u{7f}\u{97}\u{8d}\u{8e}\u{b}\u{c}\r\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{9d}\u{85}\u{8}\u{87}\u{18}\u{19}\u{92}\u{8f}\u{1c}\u{1d}\u{1e}\u{1f}",
    "\u{80}\u{81}\u{82}\u{83}\u{84}\n\u{17}\u{1b}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{5}\u{6}\u{7}\u{90}\u{91}\u{16}\u{93}\u{94}\u{95}\u{96}\u{4}\u{98}\u{99}\u{9a}\u{9b}\u{14}\u{15}\u{9e}\u{1a}",
    " \u{a0}âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);¬",
    "-/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ`:#@'=\"",
    "Øabcdefghi«»ðýþ±°jklmnopqrªºæ¸Æ¤",
    "µ~stuvwxyz¡¿ÐÝÞ®^£¥·©§¶¼½¾[]¯¨´×",
    "{ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ",
    "\\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}",
];

/// Says whether a document begins with an XML declaration in EBCDIC (XML 1.0, appendix F.1).
pub fn is_likely(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x4c, 0x6f, 0xa7, 0x94])
}

/// Decodes a document.
pub fn decode(bytes: &[u8]) -> String {
    let table: Vec<char> = CODE_PAGE_037.iter().flat_map(|line| line.chars()).collect();
    bytes.iter().filter_map(|byte| table.get(usize::from(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_in_ebcdic_is_known_and_read() {
        let bytes = [0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x40, 0xa5, 0x85, 0x99, 0x6f, 0x6e, 0x4c, 0x81, 0x6e, 0x80, 0x25];
        assert!(is_likely(&bytes));
        assert_eq!(decode(&bytes), "<?xml ver?><a>Ø\n");
        assert_eq!(CODE_PAGE_037.iter().flat_map(|line| line.chars()).count(), 256);
    }
}
