//! Markup written by mistake or by an enemy: whatever stands between them, two good items are read.

use super::{between, headlines, read, refusal, rss, titles};

/// Both good items are read, with whatever the hostile one gives between them.
fn spare_the_others<T: AsRef<str>>(hostile: impl IntoIterator<Item = T>) {
    let costly = hostile.into_iter().filter_map(|hostile| {
        let read = headlines(between(hostile.as_ref()));
        let spared = read.first().is_some_and(|first| first == "one") && read.last().is_some_and(|last| last == "two");
        (!spared).then(|| format!("{:.60} gives {:.100}", hostile.as_ref(), format!("{read:?}")))
    });
    assert_eq!(costly.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn no_entity_is_expanded_and_none_is_fetched() {
    let laughs: String = (1..12).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    for (subset, reference) in [
        (format!("<!ENTITY l0 \"ha\">{laughs}"), "&l11;"),
        ("<!ENTITY x SYSTEM \"file:///etc/passwd\">".to_owned(), "&x;"),
        ("<!ENTITY x PUBLIC \"a\" \"http://127.0.0.1/\">".to_owned(), "&x;"),
        ("<!ENTITY % p SYSTEM \"http://127.0.0.1/evil.dtd\"> %p;".to_owned(), "&p;"),
        (format!("<!ENTITY a \"{}\">", "a".repeat(100_000)), "&a;&a;&a;"),
        ("<!ENTITY a \"&a;\">".to_owned(), "&a;"),
    ] {
        let document = format!(
            "<?xml version=\"1.0\"?><!DOCTYPE rss [{subset}]>{}",
            between(&format!("<item><title>{reference}</title></item>"))
        );
        assert_eq!(headlines(document), ["one", reference, "two"]);
    }
}

#[test]
fn a_document_type_that_is_never_closed_or_very_long_costs_nothing() {
    for doctype in
        ["<!DOCTYPE rss [", "<!DOCTYPE rss [<!ENTITY a \"b\">", "<!DOCTYPE rss SYSTEM \"", "<!DOCTYPE rss \"]>", "<!DOCTYPE"]
    {
        assert_eq!(headlines(format!("{doctype}\n{}", between(""))), ["one", "two"], "{doctype}");
        assert_eq!(headlines(format!("{doctype}\n<feed><entry><title>one</title></entry></feed>")), ["one"], "{doctype}");
    }
    let long = format!("<!DOCTYPE rss [{}]>", "<!ENTITY a \"b\">".repeat(3000));
    assert_eq!(headlines(format!("{long}{}", between(""))), ["one", "two"]);
}

#[test]
fn tags_that_are_never_closed_cost_their_own_item() {
    spare_the_others([
        "<item>",
        "<item><title>",
        "<item><title>three",
        "<item><title>three</item>",
        "<item><description><![CDATA[ never closed </description></item>",
        "<item><description><b><i><u></description></item>",
        "<item><title>three</title><author><name>",
        "<item></title></description></channel>",
        "</item></item></item>",
        "<item><title>a</TITLE></ITEM>",
        "<item><b><title>three</b></title></item>",
        "<item><link>https://example.org/<guid>",
        "<item / >",
        "<item/>",
        "<item><title/></item>",
        "<>",
        "< item>",
        "</>",
        "<item",
        "<item <item>",
        "<!",
        "<?",
        "<!->",
        "<![",
        "&",
        "&&&&&;",
        "]]>",
    ]);
}

#[test]
fn a_comment_or_quotation_mark_that_is_never_closed_costs_no_item() {
    spare_the_others([
        "<!-- ",
        "<!-- - - ->",
        "<?php echo 1",
        "<item title=\"><title>three</title></item>",
        "<item a='><title>x</title></item>",
        "<x a=\"'\"'\"'>",
    ]);
}

#[test]
fn references_to_characters_that_are_none_cost_themselves_only() {
    for (written, read) in [
        ("a&#0;b", "a\u{fffd}b"),
        ("a&#xD800;b", "a\u{fffd}b"),
        ("a&#xDFFF;&#xD800;b", "a\u{fffd}\u{fffd}b"),
        ("a&#x110000;b", "a\u{fffd}b"),
        ("a&#xFFFFFFFFFFFFFFFFFFFF;b", "a\u{fffd}b"),
        ("a&#-1;b", "a&#-1;b"),
        ("a&#;b", "a&#;b"),
        ("a&#x;b", "a&#x;b"),
        ("a&#xZZ;b", "a&#xZZ;b"),
        ("a&;b", "a&;b"),
        ("a&#65b", "a&#65b"),
        ("&#x1F600;&#55357;&#56832;", "😀😀"),
        ("a&#xFFFE;&#xFFFF;b", "ab"),
        ("a&#8;&#x7f;b", "ab"),
    ] {
        assert_eq!(headlines(between(&format!("<item><title>{written}</title></item>"))), ["one", read, "two"]);
    }
    let long = format!("<item><title>{}{};</title></item>", "&#", "9".repeat(100_000));
    spare_the_others([long]);
}

#[test]
fn attributes_beyond_all_measure_cost_no_item() {
    let many: String = (0..100_000).map(|n| format!(" a{n}=\"b\"")).collect();
    let prefixes: String = (0..2000).map(|n| format!(" xmlns:p{n}=\"urn:{n}\"")).collect();
    let attributes = [
        many,
        prefixes,
        format!(" a=\"{}\"", "x".repeat(60 << 10)),
        format!(" a=\"{}\"", "x".repeat(5 << 20)),
        format!(" {}=\"b\"", "x".repeat(1 << 20)),
        " a=\"1\"".repeat(1000),
        " a = b c=d e='f\"".to_owned(),
        " xmlns=\"\"".to_owned(),
        " xmlns=\"http://www.w3.org/1999/xhtml\"".to_owned(),
        " xmlns:xml=\"urn:x\" xmlns:xmlns=\"urn:y\" xmlns:=\"z\" xmlns:a:b=\"c\"".to_owned(),
        " a=\"<\" b=\"&\" c=\"&nosuch;\" d=\"\u{1}\"".to_owned(),
        " \u{202e}=\"x\" 1=\"y\" \"z\"".to_owned(),
    ];
    spare_the_others(attributes.map(|attributes| format!("<item{attributes}><title>three</title></item>")));
}

#[test]
fn names_beyond_all_measure_cost_no_item() {
    let long = "n".repeat(1 << 20);
    spare_the_others([
        format!("<item><{long}>x</{long}></item>"),
        format!("<item><{long}:title>x</{long}:title></item>"),
        "<item><a:b:c:title>x</a:b:c:title></item>".to_owned(),
        "<item><:title>x</:title><title:>y</title:></item>".to_owned(),
        "<item><тест>x</тест><ünïcode:title>y</ünïcode:title></item>".to_owned(),
        "<item><xmlns:title>x</xmlns:title><xml:title>x</xml:title></item>".to_owned(),
        "<item><media:title>x</media:title><media:group><media:title>y</media:title></item>".to_owned(),
        "<item><script>x</item></script></item>".to_owned(),
    ]);
}

#[test]
fn nesting_without_end_costs_no_item() {
    let nested = [
        ("<x>", "</x>"),
        ("<x>", ""),
        ("<channel>", "</channel>"),
        ("<rss>", "</rss>"),
        ("<media:group>", "</media:group>"),
        ("<x xml:base=\"a/\">", "</x>"),
        ("<x xmlns=\"urn:a\">", "</x>"),
        ("<![CDATA[", "]]>"),
        ("<b><title>", "</title></b>"),
    ];
    spare_the_others(nested.map(|(open, close)| format!("{}{}", open.repeat(10_000), close.repeat(10_000))));
    // Items are counted: more than two thousand are not read.
    spare_the_others(["<item>".repeat(1000), "<item><title>x".repeat(1000), "<item>".repeat(500) + &"</item>".repeat(500)]);
}

#[test]
fn a_base_that_leads_elsewhere_makes_no_link_that_is_not_of_the_web() {
    for base in ["javascript:alert(1)//", "data:text/html,x", "file:///etc/", "http://[bad", "\u{0}", "mailto:a@b.org", "//"] {
        let feed = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"{base}\"><entry><title>one</title><link href=\"x\"/></entry></feed>"
        );
        let document = read(feed).unwrap();
        assert_eq!(titles(&document), ["one"], "{base}");
        let url = document.posts[0].url.as_deref().unwrap_or("http://none/");
        assert!(url.starts_with("http://") || url.starts_with("https://"), "{base}: {url}");
    }
}

#[test]
fn two_feeds_in_one_document_are_read_as_far_as_the_first() {
    let two = format!("{}{}", rss("<item><title>one</title></item>"), rss("<item><title>two</title></item>"));
    assert_eq!(headlines(two)[0], "one");
}

#[test]
fn a_root_that_only_a_comment_or_text_holds_is_no_feed() {
    for text in
        ["<!-- <rss version=\"2.0\"><channel/></rss> -->", "<![CDATA[<rss><channel/></rss>]]>", "&lt;rss&gt;&lt;channel/&gt;"]
    {
        assert_eq!(refusal(text), "this is not a feed: it has no element <rss>, <feed> or <rdf:RDF>");
    }
}

#[test]
fn junk_before_the_root_costs_nothing_up_to_64_kibibytes() {
    assert_eq!(headlines(format!("{}{}", "junk & <b>junk</b> ".repeat(3000), between(""))), ["one", "two"]);
    assert_eq!(
        refusal(format!("{}{}", "junk ".repeat(20_000), between(""))),
        "this is not a feed: it has no element <rss>, <feed> or <rdf:RDF>"
    );
}

#[test]
fn instructions_for_other_programs_are_not_followed() {
    let feed = between(
        "<item><title>three</title><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/></item>",
    );
    assert_eq!(
        headlines(format!("<?xml-stylesheet href=\"http://127.0.0.1/x.xsl\" type=\"text/xsl\"?>{feed}")),
        ["one", "three", "two"]
    );
}
