//! Items with everything wrong in them that can be.

use claimwatch::model::post::PartKind;
use claimwatch::model::post::Post;

use super::{between, headlines, posts, read, rss};

fn one(item: &str) -> Post {
    let mut read = posts(rss(&format!("<item>{item}</item>")));
    assert_eq!(read.len(), 1, "{item:.200}");
    read.remove(0)
}

fn title(post: &Post) -> &str {
    post.parts.iter().find(|part| part.kind == PartKind::Title).map_or("", |part| part.text.as_str())
}

#[test]
fn a_hundred_thousand_items_are_read_up_to_two_thousand() {
    let many: String = (0..100_000).map(|n| format!("<item><title>{n}</title></item>")).collect();
    let document = read(rss(&many)).unwrap();
    assert_eq!(document.posts.len(), 2000);
    assert_eq!(document.repaired, ["more than 2,000 items: the first 2,000 were read"]);
}

#[test]
fn items_without_anything_are_no_harm() {
    assert_eq!(posts(rss(&"<item/>".repeat(50))).len(), 1, "all alike: one");
    assert_eq!(posts(between(&"<item></item>".repeat(50))).len(), 3);
    assert_eq!(posts(rss("<item><enclosure url=\"https://example.org/a.mp3\" type=\"audio/mpeg\"/></item>")).len(), 1);
}

#[test]
fn one_guid_for_all_items_loses_none() {
    let items: String = (0..30)
        .map(|n| format!("<item><guid>same</guid><title>t{n}</title><link>https://example.org/{n}</link></item>"))
        .collect();
    assert_eq!(posts(rss(&items)).len(), 30);
    let items: String = (0..30)
        .map(|n| {
            format!("<item><guid>same</guid><link>https://example.org/</link><title>News number {n} of today</title></item>")
        })
        .collect();
    assert_eq!(posts(rss(&items)).len(), 30, "not even when they share one link too");
}

#[test]
fn guids_beyond_all_measure_are_only_keys() {
    for guid in [
        "x".repeat(1 << 20),
        "\u{202e}\0\r\n".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://[bad".to_owned(),
        " ".to_owned(),
    ] {
        let post = one(&format!("<guid isPermaLink=\"true\">{guid}</guid><title>a</title>"));
        assert_eq!((title(&post), post.url.as_deref()), ("a", None), "{guid:.40}");
    }
}

#[test]
fn dates_without_sense_cost_no_item() {
    for date in [
        "nonsense",
        "",
        "0",
        "-1",
        "99999999999999999999",
        "Mon, 32 Foo 2026 25:61:61 GMT",
        "Thu, 01 Jan 1601 00:00:00 GMT",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1601-01-01T00:00:00Z",
        "-271821-04-20T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-01T24:00:00Z",
        "2026-11-01T10:00:00+99:99",
        "1970-01-01T00:00:00Z",
        "\u{0661}\u{0662}",
        "2026-11-01",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 01 Nov 2026 10:00:00 EST",
    ] {
        let post = one(&format!("<title>a</title><pubDate>{date}</pubDate><dc:date>{date}</dc:date>"));
        assert_eq!(title(&post), "a", "{date}");
        assert!(post.published.is_none_or(|at| at >= "1990-01-01T00:00:00Z".parse().unwrap() && at <= post.seen_at), "{date}");
    }
    for future in ["Fri, 01 Jan 9999 00:00:00 GMT", "Sat, 01 Jan 2050 00:00:00 GMT"] {
        let post = one(&format!("<title>a</title><pubDate>{future}</pubDate>"));
        assert_eq!(post.published, Some(post.seen_at), "{future}");
    }
    let long = one(&format!("<title>a</title><pubDate>{}</pubDate>", "9".repeat(100_000)));
    assert_eq!(long.published, None);
}

#[test]
fn titles_are_cut_and_lose_what_turns_or_hides_text() {
    assert_eq!(title(&one(&format!("<title>{}</title>", "é".repeat(1 << 20)))).len(), 64 << 10);
    for (written, read) in [
        ("North\u{202e} Korea\u{202c}", "North Korea"),
        ("a\u{2066}b\u{2069}c\u{200f}", "abc"),
        ("one&#13;&#10;Bcc: eve@example.org", "one Bcc: eve@example.org"),
        ("a\0b\u{8}c\u{1b}[31md", "abc[31md"),
        ("a&#x202e;b&#8207;c", "abc"),
        ("\u{feff}a\u{fff9}b\u{fffb}", "ab"),
    ] {
        assert_eq!(title(&one(&format!("<title>{written}</title>"))), read, "{written:?}");
    }
}

#[test]
fn an_author_is_one_plain_line() {
    for (written, read) in
        [("Ann&#13;&#10;Bcc: eve", "Ann Bcc: eve"), ("&lt;script&gt;x&lt;/script&gt;Ann", "Ann"), ("\u{202e}Ann\0", "Ann")]
    {
        assert_eq!(one(&format!("<title>a</title><dc:creator>{written}</dc:creator>")).author.as_deref(), Some(read));
    }
    let long = one(&format!("<title>a</title><dc:creator>{}</dc:creator>", "n".repeat(1 << 20)));
    assert_eq!(long.author.unwrap().len(), 200);
}

#[test]
fn no_link_leads_out_of_the_web() {
    for link in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "data:text/html,<script>x</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "mailto:a@example.org",
        "about:blank",
        "http://[bad",
    ] {
        let escaped = link.replace('<', "&lt;");
        let post = one(&format!(
            "<title>a</title><link>{escaped}</link><guid>{escaped}</guid><description>&lt;a href=\"{escaped}\"&gt;x&lt;/a&gt;</description>"
        ));
        assert_eq!(post.links, Vec::<String>::new(), "{link:?}");
        assert!(post.url.as_deref().is_none_or(|url| url.starts_with("https://example.org/")), "{link:?}: {:?}", post.url);
    }
}

#[test]
fn links_beyond_all_measure_are_left_out_and_many_are_counted() {
    let long = one(&format!("<title>a</title><link>https://example.org/{}</link>", "x".repeat(1 << 20)));
    assert_eq!(long.url, None);
    let many: String = (0..2000).map(|n| format!("&lt;a href=\"https://example.org/{n}\"&gt;x&lt;/a&gt;")).collect();
    assert_eq!(one(&format!("<title>a</title><description>{many}</description>")).links.len(), 128);
}

#[test]
fn a_relative_link_is_read_against_the_feed() {
    let post = one("<title>a</title><link>/news/1?a=1&amp;b=2</link>");
    assert_eq!(post.url.as_deref(), Some("https://example.org/news/1?a=1&b=2"));
}

#[test]
fn a_pace_without_sense_costs_no_item() {
    for ttl in ["-5", "0", "1.5", "NaN", "99999999999999999999", "", "sixty", "4294967296"] {
        let document = read(rss(&format!("<ttl>{ttl}</ttl><item><title>one</title></item>"))).unwrap();
        assert_eq!(super::titles(&document), ["one"], "{ttl}");
    }
    for (period, frequency) in [("hourly", "0"), ("hourly", "4294967295"), ("daily", "-1"), ("never", "2"), ("", "")] {
        let pace = format!("<sy:updatePeriod>{period}</sy:updatePeriod><sy:updateFrequency>{frequency}</sy:updateFrequency>");
        assert_eq!(headlines(rss(&format!("{pace}<item><title>one</title></item>"))), ["one"], "{period} {frequency}");
    }
}

#[test]
fn pictures_without_end_give_few_captions() {
    let media: String = (0..5000)
        .map(|n| {
            format!(
                "<media:content url=\"https://example.org/{n}.jpg\"><media:description>d{n}</media:description></media:content>"
            )
        })
        .collect();
    let post = one(&format!("<title>a</title>{media}"));
    assert!(post.parts.len() <= 40, "{}", post.parts.len());
}

#[test]
fn html_in_a_body_is_text_and_its_scripts_are_none() {
    let body = "&lt;script&gt;alert('x')&lt;/script&gt;&lt;style&gt;p{}&lt;/style&gt;&lt;p onclick=x&gt;North &lt;b&gt;Korea&lt;/b&gt;&lt;iframe src=x&gt;&lt;/iframe&gt;";
    let post = one(&format!("<title>a</title><description>{body}</description>"));
    assert_eq!(post.parts[1].text, "North Korea");
}

#[test]
fn html_nested_without_end_is_read() {
    for open in
        ["&lt;div&gt;", "&lt;b&gt;", "&lt;table&gt;&lt;tr&gt;&lt;td&gt;", "&lt;a href=x&gt;", "&lt;!--", "&lt;", "&amp;amp;"]
    {
        let post = one(&format!("<title>a</title><description>{}word</description>", open.repeat(3000)));
        assert_eq!(title(&post), "a", "{open}");
    }
}
