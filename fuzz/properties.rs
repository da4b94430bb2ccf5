//! What must hold of any bytes: run by the fuzz targets beside this file, and by proptest in `tests/it/fuzz.rs`.

use claimwatch::feeds::clean::{clean, name_languages};
use claimwatch::feeds::{self, bluesky, mastodon, opml, page, pushed, reddit, syndication, telegram};
use claimwatch::model::source::SourceName;
use claimwatch::rules::RuleText;
use claimwatch::rules::compile::compile;
use claimwatch::rules::syntax;
use claimwatch::text::fold::folded;
use claimwatch::text::{html, words};

/// Takes a content type from the first byte, so that the label is fuzzed too.
fn labelled(bytes: &[u8]) -> (Option<&'static str>, &[u8]) {
    const LABELS: [Option<&str>; 8] = [
        None,
        Some("text/xml; charset=utf-8"),
        Some("text/xml; charset=windows-1251"),
        Some("text/xml; charset=shift_jis"),
        Some("text/xml; charset=iso-2022-jp"),
        Some("text/xml; charset=utf-16"),
        Some("application/json"),
        Some("text/html"),
    ];
    match bytes.split_first() {
        Some((first, rest)) => (LABELS[usize::from(*first) % LABELS.len()], rest),
        None => (None, bytes),
    }
}

/// Decoding never panics and never makes more of a document than three bytes a byte.
pub fn decode(bytes: &[u8]) {
    let (label, bytes) = labelled(bytes);
    let text = feeds::decode::decode(bytes, label);
    assert!(text.len() <= bytes.len() * 3 + 3);
}

/// Reading and cleaning never panic; what comes out is bounded and holds nothing that could harm a letter.
pub fn read(bytes: &[u8]) {
    let (label, bytes) = labelled(bytes);
    let base = "https://example.org/feed".parse().ok();
    let Ok(document) = syndication::read(bytes, label, base.as_ref()) else { return };
    assert!(document.posts.len() <= 2000);
    let again = syndication::read(bytes, label, base.as_ref()).expect("what was read once is read again");
    assert_eq!(document.posts.len(), again.posts.len());
    tidy(document.posts);
}

fn tidy(raw: Vec<claimwatch::model::post::RawPost>) {
    let seen_at = "2026-11-09T12:00:00Z".parse().expect("a time");
    let count = raw.len();
    let mut posts = clean(raw, &SourceName("fuzz".to_owned()), seen_at);
    name_languages(&mut posts);
    assert!(posts.len() <= count);
    for post in posts {
        assert!(post.published.is_none_or(|published| published <= seen_at));
        assert!(post.url.iter().chain(&post.links).all(|url| url.starts_with("http://") || url.starts_with("https://")));
        let hidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(post.parts.iter().all(|part| !part.text.contains(hidden)));
        assert!(post.author.is_none_or(|author| !author.contains(hidden) && !author.contains('\n')));
    }
}

/// The answers of networks, pages and lists of feeds never make reading panic.
pub fn networks(bytes: &[u8]) {
    let server = "https://social.example/".parse().expect("an address");
    if let Ok(page) = mastodon::read(bytes, &server) {
        tidy(page.posts);
    }
    let _ = mastodon::status(bytes, &server);
    let _ = bluesky::read(bytes);
    let _ = reddit::read(bytes);
    let _ = telegram::read(bytes);
    let _ = pushed::Pushed::read(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = opml::read(&text);
    let _ = page::announced_feeds(&text, Some(&server));
}

/// Folding is finished after one time, and every word of a text stands where it says.
pub fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let once = folded(&text);
    assert_eq!(folded(&once), once, "folded twice");
    let read = html::read(&text);
    for text in [&*text, &read.text] {
        for word in words::words(text).iter() {
            let _ = word;
        }
    }
}

/// Rule files never make reading or compiling panic.
pub fn rules(bytes: &[u8]) {
    let (rules, _) = syntax::read(&[RuleText { name: "rules.toml".into(), bytes: bytes.to_vec() }]);
    compile(rules);
}
