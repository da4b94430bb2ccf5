//! JSON Feeds written by mistake or by an enemy.

use super::{headlines, posts, read, refusal, weigh};

const VERSION: &str = "\"version\": \"https://jsonfeed.org/version/1.1\"";

fn feed(items: &str) -> String {
    format!("{{{VERSION}, \"items\": [{items}]}}")
}

/// A feed with this item between two good ones.
fn between(item: &str) -> String {
    feed(&format!("{{\"id\": \"1\", \"title\": \"one\"}}, {item}, {{\"id\": \"2\", \"title\": \"two\"}}"))
}

fn spares_the_others(item: &str) {
    let read = headlines(between(item));
    let (first, last) = (read.first().map(String::as_str), read.last().map(String::as_str));
    assert_eq!((first, last), (Some("one"), Some("two")), "{item:.200}");
}

#[test]
fn fields_of_the_wrong_kind_cost_themselves_only() {
    for wrong in ["null", "true", "7", "-1e9", "[]", "{}", "[[]]", "\"\"", "[null]", "{\"name\": 5}"] {
        for field in [
            "id",
            "url",
            "external_url",
            "title",
            "content_html",
            "content_text",
            "summary",
            "date_published",
            "date_modified",
            "author",
            "authors",
            "tags",
            "language",
            "attachments",
            "image",
            "_ext",
        ] {
            spares_the_others(&format!("{{\"{field}\": {wrong}, \"id\": \"3\"}}"));
        }
    }
    for item in ["null", "true", "7", "\"text\"", "[]", "[{\"id\": 1}]", "{}"] {
        spares_the_others(item);
    }
}

#[test]
fn a_feed_whose_items_are_no_list_is_none() {
    for items in ["null", "{}", "\"text\"", "7", "true"] {
        let said = refusal(format!("{{{VERSION}, \"items\": {items}}}"));
        assert_eq!(said, "this is not a feed: JSON, but no JSON Feed", "{items}");
    }
    assert_eq!(refusal(feed("1, 2, null")), "the document has items, but none could be read");
    assert_eq!(read(feed("")).unwrap().posts.len(), 0);
}

#[test]
fn half_an_emoji_or_an_escape_nobody_knows_costs_itself_only() {
    for (written, title) in [
        (r"a\ud83d", "a\u{fffd}"),
        (r"\ude00b", "\u{fffd}b"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"it\'s", "it's"),
        (r"\x41", "x41"),
        (r"\u12", "u12"),
        (r"\u0000a\u202eb", "\0a\u{202e}b"),
        ("one\ntwo", "one\ntwo"),
        ("tab\there", "tab here"),
    ] {
        let item = format!("{{\"id\": \"3\", \"title\": \"{written}\"}}");
        // A bare control character sends the whole document through the mending, which knows no tabs.
        assert_eq!(headlines(between(&item))[1].trim(), title, "{written}");
        spares_the_others(&item);
    }
}

#[test]
fn numbers_nobody_can_count_to_are_texts() {
    for number in ["1e999", "-1e999", "NaN", "Infinity", "007", "0x1f", "+5", &"9".repeat(1 << 20)] {
        spares_the_others(&format!("{{\"id\": {number}}}"));
    }
    assert_eq!(posts(between("{\"id\": 12345678901234567890123, \"title\": \"x\"}")).len(), 3);
}

#[test]
fn nesting_without_end_costs_no_item() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        spares_the_others(&format!("{{\"id\": \"3\", \"_deep\": {deep}}}"));
        assert!(refusal(&deep).starts_with("this is not a feed"));
        assert!(refusal(open.repeat(100_000)).starts_with("this is not a feed"));
    }
}

#[test]
fn what_programs_put_around_json_is_taken_off() {
    let feed = between("{}");
    for wrapped in [
        format!("\u{feff}{feed}"),
        format!("callback({feed});"),
        format!(")]}}',\n{feed}"),
        format!("while(1);{feed}"),
        format!("/* made by hand */{feed}"),
        format!("{feed}{feed}"),
        format!("{feed}\0\0"),
        format!("<pre>{feed}</pre>"),
    ] {
        let read = headlines(&wrapped);
        assert_eq!((read[0].as_str(), read[2].as_str()), ("one", "two"), "{wrapped:.40}");
    }
}

#[test]
fn utf16_json_is_read() {
    let feed = between("{\"id\": \"3\", \"title\": \"Пхеньян\"}");
    let wide: Vec<u8> = feed.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(headlines([&[0xff, 0xfe][..], &wide].concat()), ["one", "Пхеньян", "two"]);
    assert_eq!(headlines(wide), ["one", "Пхеньян", "two"]);
}

#[test]
fn the_same_name_twice_means_the_last() {
    assert_eq!(headlines(between("{\"title\": \"a\", \"title\": \"b\", \"id\": \"3\"}"))[1], "b");
}

#[test]
fn other_programs_json_is_no_feed() {
    for text in [
        "{\"error\": {\"code\": 403, \"message\": \"rate limited\"}}",
        "{\"data\": {\"children\": []}, \"kind\": \"Listing\"}",
        "{\"version\": \"1.0\", \"type\": \"rich\", \"html\": \"<b>\"}",
        "{}",
        "{\"items\": []}",
        "{\"version\": \"https://jsonfeed.org/version/1.1\"}",
    ] {
        assert_eq!(refusal(text), "this is not a feed: JSON, but no JSON Feed", "{text}");
    }
}

#[test]
fn no_link_leads_out_of_the_web() {
    for url in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://[bad", "mailto:a@b.org"] {
        let read = posts(between(&format!(
            "{{\"id\": \"{url}\", \"url\": \"{url}\", \"external_url\": \"{url}\", \"title\": \"x\", \"content_html\": \"<a href='{url}'>x</a>\"}}"
        )));
        assert_eq!(read[1].links, Vec::<String>::new(), "{url}");
        assert!(read[1].url.as_deref().is_none_or(|url| url.starts_with("https://example.org/")), "{url}: {:?}", read[1].url);
    }
}

#[test]
fn a_hundred_thousand_items_are_read_up_to_two_thousand() {
    let many: String = (0..100_000).map(|n| format!("{{\"id\": {n}, \"title\": \"t{n}\"}},")).collect();
    let document = read(feed(&format!("{many}null"))).unwrap();
    assert_eq!(document.posts.len(), 2000);
    assert_eq!(document.repaired, ["more than 2,000 items: the first 2,000 were read"]);
}

#[test]
fn a_document_of_braces_or_fields_takes_memory_in_proportion() {
    let fields: String = (0..50_000).map(|n| format!("\"f{n}\": 1,")).collect();
    for document in
        [feed(&format!("{{{fields}\"id\": 1}}")), feed(&"[],".repeat(200_000)), "{".repeat(500_000), "{\"a\":[".repeat(100_000)]
    {
        let length = document.len() as u64;
        let (held, _) = weigh(document);
        assert!(held < 24 * length + (1 << 20), "{held} for {length}");
    }
}
