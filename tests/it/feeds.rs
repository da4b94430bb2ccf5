//! From a document's bytes to clean posts, whatever publishers and their enemies put into it.

use std::time::Duration;

use claimwatch::feeds::clean::clean;
use claimwatch::feeds::error::ReadError;
use claimwatch::feeds::{Document, syndication};
use claimwatch::model::post::{Lang, Markup, PartKind, Post, RawPost};
use claimwatch::model::source::SourceName;
use proptest::prelude::*;
use url::Url;

fn read(text: impl AsRef<[u8]>) -> Result<Document, ReadError> {
    syndication::read(text.as_ref(), None, Some(&Url::parse("https://example.org/feed.xml").unwrap()))
}

/// Reads a document and gives its headlines.
fn titles(text: impl AsRef<[u8]>) -> Vec<String> {
    read(text).unwrap().posts.iter().map(|post| words(post.title.as_ref())).collect()
}

fn words(markup: Option<&Markup>) -> String {
    match markup {
        Some(Markup::Plain(text) | Markup::Html(text)) => text.trim().to_owned(),
        None => String::new(),
    }
}

fn body(post: &RawPost) -> String {
    words(post.body.as_ref())
}

fn cleaned(document: Document) -> Vec<Post> {
    let mut posts = clean(document.posts, &SourceName("test".to_owned()), "2026-11-09T12:00:00Z".parse().unwrap());
    claimwatch::feeds::clean::name_languages(&mut posts);
    posts
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/feeds/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn sample() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/config/sample-feed.xml")).unwrap()
}

#[test]
fn the_sample_feed_is_read_whole_and_needs_no_repair() {
    let document = read(sample()).unwrap();
    assert_eq!(document.repaired, Vec::<String>::new());
    assert_eq!(document.ttl, Some(Duration::from_secs(900)));
    assert!(!document.cut_short);
    let posts = cleaned(document);
    assert_eq!(posts.len(), 25);
    let first = &posts[0];
    assert_eq!(
        first.url.as_deref(),
        Some("https://harbourwire.example.org/2026/11/09/sleep-well-tonight?utm_source=rss&utm_medium=feed")
    );
    assert_eq!(first.author.as_deref(), Some("Miriam Okafor"));
    assert_eq!(first.published, "2026-11-09T07:12:00Z".parse().ok());
    assert!(
        first.parts.iter().any(|part| part.kind == PartKind::Text && part.text.contains("dangerous problem. No longer – sleep"))
    );
    assert!(first.parts.iter().any(|part| part.kind == PartKind::AltText && part.text.contains("Painted boards")));
    assert_eq!(first.links, ["https://harbourwire.example.org/photos/rally-88131"]);
    let langs: Vec<_> = posts.iter().filter_map(|post| post.lang.clone()).collect();
    for lang in ["en", "fr", "de", "es"] {
        assert!(langs.contains(&Lang(lang.to_owned())), "{lang} in {langs:?}");
    }
}

#[test]
fn a_wrong_byte_anywhere_costs_a_feed_few_items() {
    let whole = sample();
    for at in (600..whole.len() - 20).step_by(149) {
        for wrong in [b'<', b'&', b'"', b'>', 0, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = wrong;
            let left = read(&bytes).map(|document| document.posts.len());
            assert!(left.as_ref().is_ok_and(|left| *left >= 22), "{left:?} with {wrong} at {at}");
        }
    }
}

#[test]
fn the_same_document_gives_the_same_keys() {
    let keys = || cleaned(read(sample()).unwrap()).into_iter().map(|post| post.key).collect::<Vec<_>>();
    assert_eq!(keys(), keys());
}

#[test]
fn every_family_of_feeds_is_read() {
    for (name, author, text) in [
        ("rss-0.91.xml", None, "Rain until Sunday."),
        ("rss-2.0.xml", Some("Ann Lee"), "<p>Rain until <b>Sunday</b>.</p>"),
        ("rdf-1.0.xml", Some("Ann Lee"), "Rain until Sunday."),
        ("atom-1.0.xml", Some("Ann Lee"), "<p>Rain until <b>Sunday</b>.</p>"),
        ("atom-0.3.xml", Some("Ann Lee"), "<p>Rain until <b>Sunday</b>.</p>"),
        ("feed.json", Some("Ann Lee"), "<p>Rain until <b>Sunday</b>.</p>"),
    ] {
        let document = read(fixture(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(document.title.as_deref(), Some("The Weather"), "{name}");
        assert_eq!(document.posts.len(), 2, "{name}");
        let post = &document.posts[0];
        assert_eq!(words(post.title.as_ref()), "Rain", "{name}");
        assert_eq!(body(post), text, "{name}");
        assert_eq!(post.url.as_deref(), Some("https://example.org/rain"), "{name}");
        assert_eq!(post.author.as_deref(), author, "{name}");
        if name != "rss-0.91.xml" {
            assert_eq!(post.published, "2026-11-07T08:00:00Z".parse().ok(), "{name}");
        }
    }
}

#[test]
fn what_is_no_feed_says_what_it_is() {
    assert_eq!(read("").unwrap_err(), ReadError::Empty);
    assert_eq!(read(" \n\u{feff}\0 ").unwrap_err(), ReadError::Empty);
    let page = "<!DOCTYPE html><html><head><title>x</title><link rel=\"alternate\" type=\"application/atom+xml\" href=\"/atom.xml\"></head></html>";
    let fault = read(page).unwrap_err();
    assert_eq!(fault.to_string(), "this is a web page, not a feed; its feed is https://example.org/atom.xml");
    assert_eq!(read("<html><body>We are closed.</body></html>").unwrap_err(), ReadError::WebPage { feed: None });
    assert!(matches!(read("Service unavailable").unwrap_err(), ReadError::NotAFeed { .. }));
    assert!(matches!(read("<urlset><url/></urlset>").unwrap_err(), ReadError::NotAFeed { .. }));
    assert!(matches!(read([0x1f, 0x8b, 8, 0, 0, 0]).unwrap_err(), ReadError::NotAFeed { .. }));
}

#[test]
fn a_feed_without_items_is_fine_but_items_that_cannot_be_read_are_not() {
    assert_eq!(read(rss("")).unwrap().posts.len(), 0);
    let lost = "{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [1, null, \"a\"]}";
    assert_eq!(read(lost).unwrap_err(), ReadError::NoItems);
}

#[test]
fn one_bad_character_does_not_cost_the_feed() {
    for (broken, title) in [
        ("<item><title>Fish & chips</title></item>", "Fish & chips"),
        ("<item><title>caf&eacute;&nbsp;au lait</title></item>", "café\u{a0}au lait"),
        ("<item><title>5 < 6</title></item>", "5 < 6"),
        ("<item><title>a\u{1}b&#0;&#xD800;c</title></item>", "ab\u{fffd}\u{fffd}c"),
        ("<item><title>It&#146;s</title></item>", "It’s"),
        ("<item><title>a</title><link>https://example.org/?a=1&b=2</link></item>", "a"),
        ("<item><title>a<link>https://example.org/</link></item>", "a"),
        ("<item><title>a</title><description><p>one<br>two</description></item>", "a"),
        ("<item><title>a <b>bold</b> title</title></item>", "a <b>bold</b> title"),
        ("<item><title>a</title><media:title>b</media:title></item>", "a"),
        ("<item><title>a</title><foo:title>b</foo:title></item>", "a"),
        ("<item><title>a</title><author>«Zoé».a@b.org</author></item>", "a"),
        ("<item><title>a</title><itunes:duration>99999999999999999999:00:00</itunes:duration></item>", "a"),
        ("\u{feff} \n<item><title>a</title></item>", "a"),
        ("<ITEM><TITLE>a</TITLE><PUBDATE>Sat, 07 Nov 2026 08:00:00 GMT</PUBDATE></ITEM>", "a"),
        ("</channel><item><title>a</title></item><channel>", "a"),
        ("<item xmlns=\"http://backend.userland.com/rss2\"><title>a</title></item>", "a"),
        ("<item xml:base=\"http://[bad\"><title>a</title></item>", "a"),
        ("<?xml version=\"1.0\" encoding=\"utf-16\"?><item><title>a</title></item>", "a"),
        ("<item><title><![CDATA[a]]></title><description><![CDATA[<p>x</p>]]></p></description></item>", "a"),
    ] {
        assert_eq!(titles(rss(broken)), [title], "{broken}");
    }
}

#[test]
fn one_bad_root_does_not_cost_the_feed() {
    let item = "<item><title>a</title></item>";
    for broken in [
        format!("<rss><channel>{item}</channel></rss>"),
        format!("<rss version=\"0.93\"><channel>{item}</channel></rss>"),
        format!("<RSS VERSION=\"2.0\"><CHANNEL>{item}</CHANNEL></RSS>"),
        format!("<rss version=\"2.0\">{item}</rss>"),
        format!("<rss version=\"2.0\"><channel></channel>{item}</rss>"),
        format!("<rss version=\"2.0\" xmlns=\"http://www.w3.org/2005/Atom\"><channel>{item}</channel></rss>"),
        format!("<br />\n<b>Warning</b>: mysql in <b>/var/www</b><br />\n{}", rss(item)),
        format!("<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"b\">]><!-- {} -->{}", "x".repeat(20_000), rss(item)),
        "<feed xmlns=\"https://www.w3.org/2005/Atom/\"><entry><title>a</title></entry></feed>".to_owned(),
        "<feed><entry><title type=\"HTML\">a</title><summary type=\"\">b</summary></entry></feed>".to_owned(),
        "<feed><entry><title>a</title><content type=\"image/png\"></content></entry></feed>".to_owned(),
        "<feed><entry><title>a</title><content type=\"text\" src=\"https://example.org/a\">b</content></entry></feed>".to_owned(),
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><item><title>a</title></item></feed>".to_owned(),
        format!("<channel>{item}</channel>"),
        format!("<channel><title>Feed</title>{item}</channel>\n</rss"),
        format!("<rss version=\"2.0\"><channel>{item}</channel></rss"),
        "<CHANNEL HREF=\"https://example.org/\"><ITEM HREF=\"/1\"><TITLE>a</TITLE><ABSTRACT>b</ABSTRACT></ITEM></CHANNEL>".to_owned(),
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><item><title>a</title></item></rdf:RDF>".to_owned(),
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><channel><title>x</title></channel><item><title>a</title></item></rdf:RDF>".to_owned(),
        "<feed><entry><title>a</title><content type=\"application/xml\"><x>1</x></content></entry></feed>".to_owned(),
        "<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\"><a:entry><a:title>a</a:title></a:entry></a:feed>".to_owned(),
        "<entry xmlns=\"http://www.w3.org/2005/Atom\"><title>a</title></entry>".to_owned(),
    ] {
        assert_eq!(titles(&broken), ["a"], "{broken}");
    }
}

#[test]
fn what_was_repaired_is_told() {
    let document = read("<rss><channel><item><title>a & b &nbsp;</title></item></channel></rss>").unwrap();
    assert_eq!(document.repaired, ["a missing or unknown RSS version", "HTML entities", "bare ampersands"]);
}

#[test]
fn html_that_was_not_escaped_reads_like_html_that_was() {
    let text = |description: &str| {
        let document = read(rss(&format!("<item><title>t</title><description>{description}</description></item>"))).unwrap();
        cleaned(document)[0].parts[1].text.clone()
    };
    let html = "<p>5 &lt; 6 &amp; caf&eacute;<br/>two <a href=\"/x?a=1&amp;b=2\">three</a></p>";
    assert_eq!(text(html), "5 < 6 & café\ntwo three");
    assert_eq!(text(html), text(&format!("<![CDATA[{html}]]>")));
    let atom = "<feed><entry><title>t</title><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">one <b>two</b></div></content></entry></feed>";
    assert_eq!(cleaned(read(atom).unwrap())[0].parts[1].text, "one two");
}

#[test]
fn the_good_items_of_a_document_that_breaks_off_are_kept() {
    let whole = rss(
        "<item><title>one</title></item><item><title>two</title></item><item><title>three</title><description>long</description></item>",
    );
    for cut in ["long", "</description>", "<description>", "thr", "<title>three"] {
        let text = &whole[..whole.find(cut).unwrap()];
        let document = read(text).unwrap();
        assert_eq!(document.posts.iter().map(|post| words(post.title.as_ref())).collect::<Vec<_>>(), ["one", "two"], "{cut}");
        assert!(document.cut_short, "{cut}");
    }
    assert!(!read(whole.replace("</rss>", "")).unwrap().cut_short, "nothing but the very end is missing");
    let fault = read("<rss version=\"2.0\"><channel><title>Feed").unwrap_err();
    assert_eq!(fault.to_string(), "this is not a feed: it breaks off before its first item");
}

#[test]
fn elements_of_other_vocabularies_called_item_end_no_item() {
    let feed = "<rss version=\"2.0\" xmlns:list=\"urn:list\"><channel><item><title>a</title><list:item>x</list:item>\
                <link>https://example.org/1</link></item></channel></rss>";
    let document = read(feed).unwrap();
    assert_eq!(document.posts.len(), 1);
    assert_eq!(document.posts[0].url.as_deref(), Some("https://example.org/1"));
    let feed =
        "<feed><entry><title>a</title><list:item xmlns:list=\"urn:list\">x</list:item><item>y</item><id>1</id></entry></feed>";
    assert_eq!(read(feed).unwrap().posts[0].guid.as_deref(), Some("1"));
}

#[test]
fn what_cdf_says_in_attributes_is_read() {
    let feed = "<CHANNEL><ITEM HREF=\"https://example.org/1?a=1&amp;b=2\" LASTMOD=\"2026-11-07T08:00:00Z\"/></CHANNEL>";
    let document = read(feed).unwrap();
    assert_eq!(document.posts[0].url.as_deref(), Some("https://example.org/1?a=1&b=2"));
    assert_eq!(document.posts[0].published, "2026-11-07T08:00:00Z".parse().ok());
}

#[test]
fn a_json_feed_is_read_whatever_stands_around_it_or_breaks_it_off() {
    let feed = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [{\"id\": 1, \"content_text\": \"one\"}, {\"id\": 2, \"content_text\": \"two\"}]}";
    let keys = |text: &str| read(text).unwrap().posts.iter().filter_map(|post| post.guid.clone()).collect::<Vec<_>>();
    for text in [
        feed.to_owned(),
        format!("while(1);{feed}"),
        format!("<br /><b>Warning</b>: {{x}} in <b>/var/www</b>\n{feed}"),
        feed.replace("\"one\"", "\"one\nline\""),
        feed.replace("]}", ",]}"),
    ] {
        assert_eq!(keys(&text), ["1", "2"], "{text}");
    }
    let cut = read(&feed[..feed.len() - 8]).unwrap();
    assert_eq!((cut.posts.len(), cut.cut_short), (1, true));
}

#[test]
fn the_pace_a_publisher_declares_is_heard() {
    let every = |inside: &str| read(rss(inside)).unwrap().ttl.map(|ttl| ttl.as_secs());
    assert_eq!(every("<ttl>30</ttl>"), Some(1800));
    let sy = "<sy:updatePeriod>\n hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>";
    assert_eq!(every(sy), Some(1800));
    assert_eq!(every(&format!("<ttl>60</ttl>{sy}")), Some(3600));
    assert_eq!(every("<item><title>x</title><sy:updatePeriod>daily</sy:updatePeriod></item>"), None);
}

#[test]
fn encodings_are_found_out_and_never_panic() {
    let text = rss("<item><title>café déjà vu</title></item>");
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let declared =
        |label: &str, bytes: &[u8]| [format!("<?xml version=\"1.0\" encoding=\"{label}\"?>").as_bytes(), bytes].concat();
    for bytes in [
        text.clone().into_bytes(),
        declared("iso-8859-1", text.as_bytes()),
        declared("iso-8859-1", &latin),
        declared("utf-16", text.as_bytes()),
        latin.clone(),
        wide(u16::to_be_bytes),
        wide(u16::to_le_bytes),
        [&[0xfe, 0xff][..], &wide(u16::to_be_bytes)].concat(),
        [&[0xff, 0xfe][..], &wide(u16::to_le_bytes)].concat(),
        [&[0xef, 0xbb, 0xbf][..], text.as_bytes()].concat(),
        declared("utf-8", &declared("koi8-r", text.as_bytes())),
    ] {
        assert_eq!(titles(&bytes), ["café déjà vu"], "{:?}", &bytes[..20]);
    }
    let by_http = syndication::read(&latin, Some("application/rss+xml; charset=ISO-8859-1"), None).unwrap();
    assert_eq!(words(by_http.posts[0].title.as_ref()), "café déjà vu");
}

#[test]
fn entities_a_document_defines_itself_are_not_expanded() {
    let laughs = "<!DOCTYPE rss [<!ENTITY a \"haha\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    assert_eq!(titles(format!("{laughs}{}", rss("<item><title>&b;&x;</title></item>"))), ["&b;&x;"]);
}

#[test]
fn no_more_is_read_than_is_worth_reading() {
    let many: String = (0..3000).map(|n| format!("<item><title>{n}</title></item>")).collect();
    let document = read(rss(&many)).unwrap();
    assert_eq!(document.posts.len(), 2000);
    assert_eq!(words(document.posts[0].title.as_ref()), "0");
    assert!(document.repaired.iter().any(|note| note.contains("2,000")));
    let long = read(rss(&format!("<item><title>{}</title></item>", "é".repeat(100_000)))).unwrap();
    assert_eq!(words(long.posts[0].title.as_ref()).len(), 64 << 10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(bytes);
    }

    #[test]
    fn a_feed_cut_off_anywhere_gives_its_whole_items_in_order(cut in 0..100_000_usize) {
        let whole = sample();
        let all: Vec<_> = read(&whole).unwrap().posts.iter().map(|post| post.guid.clone()).collect();
        if let Ok(document) = read(&whole[..cut % whole.len()]) {
            let found: Vec<_> = document.posts.iter().map(|post| post.guid.clone()).collect();
            // The very first item is kept although it breaks off: better half of it than nothing.
            if found.len() > 1 {
                prop_assert_eq!(found.as_slice(), &all[..found.len()]);
            }
            prop_assert!(document.cut_short || found.len() == all.len() || found.is_empty());
        }
    }

    #[test]
    fn no_heap_of_markup_makes_reading_panic(pieces in proptest::collection::vec(0..24_usize, 0..60)) {
        let bits = ["<rss version='2.0'>", "<channel>", "<item>", "<title>", "</title>", "</item>", "</channel>", "</rss>", "<feed>",
            "<entry>", "</entry>", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "&", "é", "<link href='x'>", "<content type='xhtml'>",
            "</content>", "<a:b xmlns:a='c'>", "<?x", "\u{0}"];
        let text: String = pieces.iter().filter_map(|piece| bits.get(*piece)).copied().collect();
        if let Ok(document) = read(text) {
            cleaned(document);
        }
    }

    #[test]
    fn a_headline_written_by_the_rules_comes_back_as_it_was(title in "[^\\p{Cc}\\p{Z}\u{fffe}\u{ffff}]{1,40}") {
        let escaped = title.replace('&', "&amp;").replace('<', "&lt;");
        let read_back = titles(rss(&format!("<item><title>{escaped}</title></item>")));
        prop_assert_eq!(read_back, vec![title]);
    }
}
