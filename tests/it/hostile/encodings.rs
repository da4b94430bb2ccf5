//! Documents whose characters are not what they say.

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, ISO_2022_JP, KOI8_R, SHIFT_JIS, WINDOWS_1252};

use super::{headlines, read, rss};

fn declared(label: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("<?xml version=\"1.0\" encoding=\"{label}\"?>").as_bytes(), bytes].concat()
}

fn titled(title: &str) -> String {
    rss(&format!("<item><title>{title}</title></item>"))
}

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn utf16_is_read_with_and_without_a_mark_and_whatever_it_declares() {
    for label in ["utf-16", "utf-8", "iso-8859-1", "klingon"] {
        let text = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{}", titled("Пхеньян 北朝鮮 😀"));
        for marked in ["\u{feff}", ""] {
            for bytes in [u16::to_be_bytes, u16::to_le_bytes] {
                assert_eq!(headlines(wide(&format!("{marked}{text}"), bytes)), ["Пхеньян 北朝鮮 😀"], "{label}");
            }
        }
    }
}

#[test]
fn half_a_character_of_utf16_costs_itself_only() {
    let mut bytes = wide(&format!("\u{feff}{}", titled("a?b")), u16::to_le_bytes);
    bytes.push(0x3c);
    assert_eq!(headlines(&bytes), ["a?b"], "an odd byte at the end");
    let at = bytes.windows(2).position(|pair| pair == [b'?', 0]).unwrap();
    bytes[at + 1] = 0xd8;
    assert_eq!(headlines(&bytes), ["a\u{fffd}b"], "half a pair");
}

#[test]
fn windows_letters_called_utf8_are_read_as_they_were_meant() {
    let (bytes, _, _) = WINDOWS_1252.encode("“Déjà vu” – 5 €");
    let title = [titled("@").split('@').next().unwrap().as_bytes(), &bytes, b"</title></item></channel></rss>"].concat();
    for document in [declared("utf-8", &title), declared("iso-8859-1", &title), declared("us-ascii", &title), title.clone()] {
        assert_eq!(headlines(document), ["“Déjà vu” – 5 €"]);
    }
}

#[test]
fn every_label_is_a_lie_until_the_bytes_bear_it_out() {
    for label in [
        "utf-16",
        "utf-16be",
        "utf-32",
        "ucs-2",
        "iso-8859-1",
        "windows-1251",
        "shift_jis",
        "utf-7",
        "klingon",
        "",
        "iso-2022-kr",
        "hz-gb-2312",
        "replacement",
        "x-user-defined",
        "\u{1}",
    ] {
        assert_eq!(headlines(declared(label, titled("café").as_bytes())), ["café"], "{label:?}");
    }
}

#[test]
fn what_http_says_is_no_better() {
    for kind in [
        "text/xml; charset=utf-16",
        "text/xml; charset=",
        "text/xml; charset=\"",
        "charset=iso-8859-1",
        ";;;=;",
        "text/xml; charset=klingon; charset=koi8-r",
    ] {
        let document = claimwatch::feeds::syndication::read(titled("café").as_bytes(), Some(kind), None).unwrap();
        assert_eq!(super::titles(&document), ["café"], "{kind}");
    }
}

#[test]
fn the_scripts_of_the_world_are_read_where_they_are_declared() {
    let texts: [(&'static Encoding, &str); 6] = [
        (SHIFT_JIS, "北朝鮮はもう脅威ではない"),
        (GBK, "北韩不再是核威胁"),
        (BIG5, "北韓不再是核威脅"),
        (EUC_KR, "북한은 더 이상 위협이 아니다"),
        (KOI8_R, "Северная Корея больше не угроза"),
        (ISO_2022_JP, "北朝鮮はもう脅威ではない"),
    ];
    for (encoding, text) in texts {
        let (bytes, _, lost) = encoding.encode(text);
        let whole =
            [b"<rss version=\"2.0\"><channel><item><title>".as_slice(), &bytes, b"</title></item></channel></rss>"].concat();
        if !lost {
            assert_eq!(headlines(declared(encoding.name(), &whole)), [text], "{}", encoding.name());
        }
    }
}

/// Writes letters, figures and the signs of tags as mainframes do.
fn ebcdic(text: &str) -> Vec<u8> {
    let of = |c: u8| match c {
        b'a'..=b'i' => 0x81 + (c - b'a'),
        b'j'..=b'r' => 0x91 + (c - b'j'),
        b's'..=b'z' => 0xa2 + (c - b's'),
        b'A'..=b'I' => 0xc1 + (c - b'A'),
        b'J'..=b'R' => 0xd1 + (c - b'J'),
        b'S'..=b'Z' => 0xe2 + (c - b'S'),
        b'0'..=b'9' => 0xf0 + (c - b'0'),
        b'<' => 0x4c,
        b'>' => 0x6e,
        b'?' => 0x6f,
        b'=' => 0x7e,
        b'"' => 0x7f,
        b'/' => 0x61,
        b'.' => 0x4b,
        b'-' => 0x60,
        _ => 0x40,
    };
    text.bytes().map(of).collect()
}

#[test]
fn what_a_mainframe_writes_is_read() {
    let text = format!("<?xml version=\"1.0\" encoding=\"ibm037\"?>{}", titled("North Korea in 2018"));
    assert_eq!(headlines(ebcdic(&text)), ["North Korea in 2018"]);
}

#[test]
fn bytes_that_are_no_utf8_cost_themselves_only() {
    let around = |bad: &[u8]| {
        let good = "é".repeat(40);
        [titled(&good).replace("</title></item></channel></rss>", "").as_bytes(), bad, b"z</title></item></channel></rss>"]
            .concat()
    };
    for bad in
        [&[0xff][..], &[0xc0, 0xaf], &[0xe2, 0x82], &[0xf5, 0x80, 0x80, 0x80], &[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], &[0x80]]
    {
        let read = headlines(around(bad));
        assert!(read[0].starts_with("éééé") && read[0].ends_with("\u{fffd}z"), "{bad:?}: {read:?}");
    }
}

#[test]
fn marks_blanks_and_nulls_before_and_in_a_feed_are_passed_over() {
    for before in
        ["\u{feff}\u{feff}", "\u{feff} \n\n<!-- by hand -->\n", "\0\0\0", " \t\r\n", "\u{a0}\u{2028}", "\u{feff}<?php ?>"]
    {
        assert_eq!(headlines(format!("{before}{}", titled("a"))), ["a"], "{before:?}");
    }
    assert_eq!(headlines(titled("a\0b\0c")), ["abc"]);
    assert_eq!(headlines(titled("a").replace("><", ">\0<")), ["a"]);
}

#[test]
fn one_item_in_another_encoding_costs_no_other() {
    let latin = [b"<item><title>caf".as_slice(), b"\xe9", b"</title></item>"].concat();
    let items: Vec<u8> =
        ["<item><title>déjà vu à l’été</title></item>".as_bytes(), &latin, "<item><title>ü</title></item>".as_bytes()].concat();
    let whole = [b"<rss version=\"2.0\"><channel>".as_slice(), &items, b"</channel></rss>"].concat();
    assert_eq!(headlines(whole), ["déjà vu à l’été", "caf\u{fffd}", "ü"]);
}

#[test]
fn bytes_without_sense_are_no_feed_and_no_panic() {
    let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for begin in [
        &[][..],
        &[0xff, 0xfe],
        &[0xfe, 0xff],
        &[0xef, 0xbb, 0xbf],
        &[0xff, 0xfe, 0, 0],
        &[0x4c, 0x6f, 0xa7, 0x94],
        b"<rss>",
        b"{\"items\":[",
    ] {
        let _ = read([begin, &noise].concat());
        let _ = read([begin, &noise[..7]].concat());
    }
}
