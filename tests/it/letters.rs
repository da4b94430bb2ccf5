//! Letters as a desk sees them: byte for byte as agreed, and harmless whatever a post says.
//!
//! `CLAIMWATCH_WRITE_LETTERS=1 cargo test letters` writes the files of `tests/letters` anew; look at the difference before committing.

use std::fs;
use std::path::Path;

use claimwatch::alerting::letter;
use claimwatch::mail::message::{Sender, compose};
use claimwatch::model::letter::{Dossier, Letter, Occasion, Seen};
use claimwatch::model::post::{Part, PartKind, Post};
use claimwatch::model::sighting::{Decision, SightingId, Span, Stance};
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use crate::samples::{NOON, claim, delivery, desk, post, sighting};

fn dossier(posts: &[Post], marked: &str) -> Dossier {
    let claim = claim("moon-cheese");
    Dossier {
        sightings: posts
            .iter()
            .zip(1..)
            .map(|(post, n)| Seen { number: SightingId(n), post: post.clone(), sighting: sighting(&claim, post, marked) })
            .collect(),
        posts: posts.len() as u64,
        claim,
        occasion: Occasion::default(),
        episode: 1,
        instalment: 1,
        told: 0,
        trend: Vec::new(),
        at: NOON,
    }
}

fn with_title(mut post: Post, title: &str) -> Post {
    post.parts.insert(0, Part { kind: PartKind::Title, text: title.to_owned() });
    post
}

/// The letters whose look is agreed, by the name of their files.
fn agreed() -> Vec<(&'static str, Dossier)> {
    let first = with_title(
        post("bbc", "a1", "Speaking on Monday he said the moon is made of green cheese, and nobody laughed."),
        "Senator: moon is made of green cheese",
    );
    let mut several = dossier(
        &[
            first.clone(),
            post("tag", "b2", "RT! made of green cheese!!! see https://moon.example/proof and www.cheese.example"),
            post("tag", "b3", "rt! made of green cheese!!! see https://moon.example/proof and www.cheese.example"),
            post(
                "blog",
                "c4",
                &format!("{} the moon is made of green cheese {}", "Once more. ".repeat(90), "And so on. ".repeat(90)),
            ),
        ],
        "made of green cheese",
    );
    let check = &mut several.claim.fact_checks[0];
    (check.url, check.rating) = (None, None);
    several.sightings[1].sighting.stance = Stance::Question;
    several.sightings[1].sighting.gate_spans = vec![Span { part: 0, start: 0, end: 2 }];

    let mut update = dossier(std::slice::from_ref(&first), "green cheese");
    (update.instalment, update.told) = (3, 12);
    let mut again = dossier(std::slice::from_ref(&first), "green cheese");
    again.episode = 2;

    let mut hostile = dossier(
        &[with_title(
            post(
                "feed\u{202e}",
                "x/../y",
                "<script>alert(1)</script> made of green cheese \u{2066}<a href=\"https://evil.example\">here</a>",
            ),
            "A\r\nBcc: all@evil.example =?utf-8?q?=0d=0a?= \u{202e}desrever <img src=https://evil.example/pixel.png>",
        )],
        "made of green cheese",
    );
    hostile.sightings[0].post.author = Some("Evil\u{0}\r\n<b>Author</b> https://evil.example".into());
    hostile.sightings[0].post.url = Some("javascript:alert(1)//https://evil.example/\"onload=\"x".into());
    hostile.claim.fact_checks[0].url = Some("http://plain.example/".parse().unwrap());
    hostile.claim.fact_checks[0].rating = Some("False <b>&".into());
    vec![
        ("first", dossier(&[first], "made of green cheese")),
        ("several-without-address", several),
        ("update", update),
        ("back-again", again),
        ("hostile", hostile),
    ]
}

#[test]
fn letters_read_as_agreed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters");
    let write = std::env::var_os("CLAIMWATCH_WRITE_LETTERS").is_some();
    for (name, dossier) in agreed() {
        let letter = letter::write(&dossier, &desk("politics"));
        let text = format!("Subject: {}\n\n{}", letter.subject, letter.text);
        for (file, is) in [(format!("{name}.txt"), &text), (format!("{name}.html"), &letter.html)] {
            let path = folder.join(&file);
            if write {
                fs::write(&path, is).unwrap();
            }
            let agreed = fs::read_to_string(&path).unwrap_or_default();
            assert!(*is == agreed, "{file} reads otherwise now:\n{is}");
        }
    }
}

const TAGS: [&str; 14] =
    ["html", "head", "meta", "title", "body", "div", "p", "br", "a", "mark", "strong", "!doctype", "span", "table"];
const ATTRIBUTES: [&str; 8] = ["lang", "charset", "name", "content", "style", "dir", "href", "rel"];

/// Names of the tags, names of the attributes and the hrefs of a document, as a strict reader finds them.
fn markup(html: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut tags, mut attributes, mut hrefs) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = html;
    while let Some((_, tail)) = rest.split_once('<') {
        let (tag, after) = tail.split_once('>').expect("a tag ends");
        let (name, mut inside) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        tags.push(name.trim_start_matches('/').to_lowercase());
        while let Some((attribute, value)) = inside.split_once("=\"") {
            let (value, next) = value.split_once('"').expect("a value ends");
            attributes.push(attribute.trim().to_lowercase());
            if attribute.trim() == "href" {
                hrefs.push(value.to_owned());
            }
            inside = next;
        }
        rest = after;
    }
    (tags, attributes, hrefs)
}

/// What must hold for every letter, whatever is in it.
fn is_harmless(letter: &Letter, dossier: &Dossier) {
    let link = dossier.claim.fact_checks.first().and_then(|c| c.url.clone()).filter(|url| url.scheme() == "https");
    let (tags, attributes, hrefs) = markup(&letter.html);
    assert!(tags.iter().all(|tag| TAGS.contains(&tag.as_str())), "{tags:?}");
    assert!(attributes.iter().all(|a| ATTRIBUTES.contains(&a.as_str())), "{attributes:?}");
    assert_eq!(hrefs, link.iter().map(|url| url.as_str().to_owned()).collect::<Vec<_>>());
    let clickable = letter.text.to_lowercase().matches("http").count();
    assert_eq!(clickable, usize::from(link.is_some()), "{}", letter.text);
    let turned = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    let hidden = |text: &str| text.chars().any(|c| turned(c) || (c.is_control() && c != '\n'));
    assert!(!hidden(&letter.text) && !hidden(&letter.html), "{}", letter.text);
    assert!(!letter.subject.contains('\n') && !hidden(&letter.subject) && !letter.subject.contains("=?"), "{}", letter.subject);
    assert!(letter.subject.chars().count() <= 1000);

    let mut sent = delivery(1, "desk@desk.test");
    sent.letter = letter.clone();
    let sender = Sender::read("claimwatch <alerts@desk.test>").unwrap();
    let bytes = compose(&sent, &sender).unwrap().bytes;
    assert_eq!(bytes, compose(&sent, &sender).unwrap().bytes, "a second attempt sends the same");
    assert!(bytes.is_ascii());
    let wire = String::from_utf8(bytes).unwrap();
    assert!(wire.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    let parsed = MessageParser::default().parse(wire.as_bytes()).unwrap();
    assert_eq!(parsed.headers().len(), 15, "{:?}", parsed.headers().iter().map(|h| h.name()).collect::<Vec<_>>());
    assert_eq!((parsed.text_body_count(), parsed.html_body_count(), parsed.attachment_count()), (1, 1, 0));
    assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), letter.text.trim_end());
    assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), letter.html.trim_end());
    assert_eq!(parsed.subject().unwrap(), letter.subject);
    assert!(parsed.parts.iter().all(|part| part.content_type().is_some()));
}

#[test]
fn agreed_letters_are_whole_messages_without_anything_to_click_but_the_fact_check() {
    for (_, dossier) in agreed() {
        is_harmless(&letter::write(&dossier, &desk("politics")), &dossier);
    }
}

#[test]
fn the_verdict_is_the_publishers_or_none() {
    let mut dossier = dossier(&[post("bbc", "a", "made of green cheese")], "made of green cheese");
    dossier.claim.fact_checks[0].rating = None;
    dossier.claim.fact_checks[0].verdict = claimwatch::model::claim::Verdict::False;
    let letter = letter::write(&dossier, &desk("politics"));
    assert!(letter.subject.contains("not rated") && letter.text.contains("not rated"));
    assert!(![&letter.subject, &letter.text, &letter.html].iter().any(|part| part.to_lowercase().contains("false")));
}

#[test]
fn a_thousand_posts_of_64_kib_make_a_letter_of_moderate_size() {
    let long = format!("{} made of green cheese {}", "é ".repeat(16_000), "ü ".repeat(16_000));
    let posts: Vec<_> = (0..60).map(|n| post("bbc", &n.to_string(), &format!("{n} {long}"))).collect();
    let mut dossier = dossier(&posts, "made of green cheese");
    dossier.posts = 1000;
    let letter = letter::write(&dossier, &desk("politics"));
    assert!(letter.text.len() < 40_000 && letter.html.len() < 80_000, "{} {}", letter.text.len(), letter.html.len());
    assert!(letter.text.contains("980 more posts are not shown"), "{}", letter.text);
}

#[test]
fn times_are_the_desks_and_an_unknown_zone_is_utc() {
    let dossier = dossier(&[post("bbc", "a", "made of green cheese")], "made of green cheese");
    assert!(letter::write(&dossier, &desk("politics")).text.contains("2026-09-21 16:13 CEST"));
    let mut lost = desk("politics");
    lost.time_zone = "Atlantis/Capital".into();
    let text = letter::write(&dossier, &lost).text;
    assert!(text.contains("2026-09-21 14:13 UTC") && text.contains("times are UTC"), "{text}");
}

#[test]
fn headers_keep_robots_quiet_and_threads_together() {
    let mut sent = delivery(1, "desk\u{200b}@desk.test ");
    sent.desk.0 = "Élysée desk".into();
    sent.claim.0 = "c".repeat(3000);
    let composed = compose(&sent, &Sender::read("alerts@desk.test").unwrap()).unwrap();
    assert_eq!(composed.to.to_string(), "desk@desk.test");
    let parsed = MessageParser::default().parse(&composed.bytes).unwrap();
    let header = |name: &str| parsed.header_raw(name).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(header("From"), "claimwatch <alerts@desk.test>");
    assert_eq!(header("To"), "desk@desk.test");
    assert_eq!(header("Message-ID"), format!("<{}>", sent.message_id.0));
    assert_eq!(header("In-Reply-To"), "<letter.bb@desk.test>");
    assert_eq!(header("References"), "<claim.aa@desk.test> <letter.bb@desk.test>");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("X-Auto-Response-Suppress"), "All");
    assert_eq!(header("Content-Language"), "en");
    assert_eq!(header("List-Id"), "<uc9lysue9e-desk.claimwatch.desk.test>");
    assert_eq!(parsed.date().unwrap().to_timestamp(), NOON.as_second());
}

#[test]
fn senders_and_recipients_that_are_no_addresses_are_told() {
    for from in ["", "nobody", "a@b@c", "x <a@b.example>\r\nBcc: c@d.example"] {
        assert!(Sender::read(from).is_err(), "{from}");
    }
    let sender = Sender::read("alerts@desk.test").unwrap();
    for to in ["", "nobody", "a@b.example\r\nRCPT TO:<c@d.example>", "a b@c.example"] {
        assert!(compose(&delivery(1, to), &sender).is_err(), "{to}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_post_can_make_a_letter_harmful(
        title in any::<String>(), text in any::<String>(), author in any::<String>(), url in any::<String>(),
        claimed in any::<String>(), rating in any::<String>(), cuts in prop::collection::vec((0usize..300, 0usize..300), 0..6),
    ) {
        let mut dossier = dossier(&[with_title(post("bbc", "a", &text), &title)], "cheese");
        (dossier.claim.claim, dossier.claim.fact_checks[0].rating) = (claimed, Some(rating));
        let Seen { post: found, sighting, .. } = &mut dossier.sightings[0];
        (found.author, found.url) = (Some(author), Some(url));
        sighting.evidence[0].spans = cuts.iter().map(|(start, end)| Span { part: start % 3, start: *start, end: *end }).collect();
        sighting.gate_spans = sighting.evidence[0].spans.clone();
        sighting.decision = Decision::Alert;
        // The word may stand in a text; what must not stand there is an address.
        let letter = letter::write(&dossier, &desk("politics"));
        prop_assume!(!letter.text.to_lowercase().replace("https://lunar", "").contains("http"));
        is_harmless(&letter, &dossier);
    }

    #[test]
    fn no_address_survives(
        host in "[a-z]{1,8}\\.[a-z]{2,5}", before in "[\u{200b}\u{ad}\u{202e} ]{0,3}", scheme in "(https?|HTTP|hTtPs|ftp)",
        at in 0usize..20,
    ) {
        let text = format!("made{before}{scheme}://{host}/x?y={host} made of green cheese");
        let mut dossier = dossier(&[post("bbc", "a", &text)], "made of green cheese");
        dossier.sightings[0].sighting.evidence[0].spans = vec![Span { part: 0, start: at, end: at + 7 }];
        let letter = letter::write(&dossier, &desk("politics"));
        let own = ["lunar.example", "https://lunar.example"];
        let rest = own.iter().rev().fold(letter.text, |text, own| text.replace(own, ""));
        prop_assert!(!rest.contains(&host), "{rest}");
        prop_assert!(!rest.to_lowercase().replace(['⟦', '⟧'], "").contains("http"), "{rest}");
    }
}
