//! The properties of `fuzz/` on documents of ours that were damaged at random: the same damage at every run.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[path = "../../fuzz/properties.rs"]
mod properties;

/// What is written over a document.
const PIECES: [&str; 40] = [
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/",
    "=",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?xml version='1.0' encoding='utf-16'?>",
    "<!DOCTYPE a [",
    "]>",
    "<item>",
    "</item>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<channel>",
    "</channel>",
    "</rss>",
    "</feed>",
    " xmlns=\"urn:x\"",
    " xml:base=\"a/\"",
    " type=\"xhtml\"",
    "&nbsp;",
    "&#0;",
    "&#xD800;",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\\ud83d",
    "1e999",
];

/// One piece of damage: where (in thousandths), how much is taken away, what is put there.
type Damage = (usize, usize, usize, u8);

fn damaged(documents: &[Vec<u8>], which: usize, damage: &[Damage]) -> Vec<u8> {
    let mut bytes = documents[which % documents.len()].clone();
    for &(at, length, piece, kind) in damage {
        let at = at * bytes.len() / 1000;
        let end = (at + length).min(bytes.len());
        let new = match kind % 4 {
            0 => Vec::new(),
            1 => bytes[at..end].repeat(3),
            2 => vec![kind; length.min(4)],
            _ => PIECES[piece % PIECES.len()].as_bytes().to_vec(),
        };
        bytes.splice(at..end, new);
    }
    bytes
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    proptest::collection::vec((0..1000_usize, 0..60_usize, any::<usize>(), any::<u8>()), 0..8)
}

fn below(folder: &str) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Runs a property on so many damaged documents, each with and without a label in front.
fn holds(documents: &[Vec<u8>], cases: u32, property: fn(&[u8])) {
    let config = ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = (any::<usize>(), damages(), any::<u8>());
    let found = runner.run(&strategy, |(which, damage, label)| {
        property(&[&[label][..], &damaged(documents, which, &damage)].concat());
        property(&damaged(documents, which, &damage));
        Ok(())
    });
    if let Err(fault) = found {
        panic!("{fault}");
    }
}

#[test]
fn decoding_damaged_documents_is_bounded() {
    holds(&below("tests/feeds"), 500, properties::decode);
}

#[test]
fn reading_damaged_feeds_gives_tidy_posts_or_a_fault() {
    holds(&below("tests/feeds"), 500, properties::read);
}

#[test]
fn reading_damaged_answers_of_networks_gives_tidy_posts_or_a_fault() {
    let answers = [
        r#"[{"id":"1","uri":"https://social.example/1","url":null,"created_at":"2026-11-01T10:00:00Z","content":"<p>one</p>","spoiler_text":"","language":"en","account":{"id":"1","acct":"ann","display_name":"Ann"},"media_attachments":[{"description":"a picture"}],"reblog":null}]"#,
        r#"{"feed":[{"post":{"uri":"at://did:plc:ann/app.bsky.feed.post/1","cid":"c","author":{"did":"did:plc:ann","handle":"ann.example"},"record":{"$type":"app.bsky.feed.post","text":"one","createdAt":"2026-11-01T10:00:00Z","langs":["en"]},"indexedAt":"2026-11-01T10:00:00Z","repostCount":3}}],"cursor":"x"}"#,
        r#"{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"name":"t3_a","title":"one","selftext":"two","permalink":"/r/a/1","author":"ann","created_utc":1793527200.0,"edited":false}}]}}"#,
        r#"<div class="tgme_widget_message" data-post="news/7"><a class="tgme_widget_message_owner_name">News</a><div class="tgme_widget_message_text">one<br/>two</div><time datetime="2026-11-01T10:00:00+00:00"></time></div>"#,
        r#"{"text":"one","url":"https://example.org/1","id":"7","published":"2026-11-01T10:00:00Z"}"#,
        r#"<opml version="2.0"><body><outline text="a" xmlUrl="https://example.org/feed"/></body></opml>"#,
    ];
    holds(&answers.map(|answer| answer.as_bytes().to_vec()), 200, properties::networks);
}

#[test]
fn folding_damaged_texts_is_finished_after_one_time() {
    let texts = [
        "No longer – sleep well tonight! #NorthKorea",
        "C0VID ＩＳ ｏｖｅｒ: paypаl, ﬃ, ß, İ, ǆ, 北朝鮮",
        "<p>5 &lt; 6 &amp;amp; <b>caf&eacute;</b></p>",
    ];
    holds(&texts.map(|text| text.as_bytes().to_vec()), 400, properties::text);
}

#[test]
fn reading_damaged_rule_files_gives_rules_or_diagnostics() {
    holds(&below("rules"), 40, properties::rules);
}
