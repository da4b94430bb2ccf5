//! Letters as a desk sees them: byte for byte as agreed, and harmless whatever a post says.
//!
//! `CLAIMWATCH_WRITE_LETTERS=1 cargo test letters` writes the files of `tests/letters` anew; look at the difference before committing.

use std::fs;
use std::path::Path;

use claimwatch::alerting::subscription::Desk;
use claimwatch::alerting::{digest, letter};
use claimwatch::mail::message::{Sender, compose};
use claimwatch::model::alert::DeskName;
use claimwatch::model::claim::{Claim, FactCheck};
use claimwatch::model::digest::{Digest, DigestKind, Figures, Gathered, Matter, Notice, Reason, Section};
use claimwatch::model::letter::{Change, Dossier, Hour, Letter, Occasion, Seen};
use claimwatch::model::post::{Lang, Part, PartKind, Post};
use claimwatch::model::sighting::{Decision, SightingId, Span, Stance};
use claimwatch::model::silence::SilenceId;
use claimwatch::model::source::SourceName;
use jiff::SignedDuration;
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use crate::samples::{NOON, claim, delivery, desk, post, sighting};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn dossier(posts: &[Post], marked: &str) -> Dossier {
    let claim = claim("moon-cheese");
    let seen = |(post, number): (&Post, i64)| Seen {
        number: SightingId(number),
        post: post.clone(),
        sighting: sighting(&claim, post, marked),
        copies: Vec::new(),
    };
    Dossier {
        sightings: posts.iter().zip(4711..).map(seen).collect(),
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

fn senator() -> Post {
    with_title(
        post("bbc", "a1", "Speaking on Monday he said the moon is made of green cheese, and nobody laughed."),
        "Senator: moon is made of green cheese",
    )
}

/// So many sightings so many hours ago.
fn trend(ago_and_count: &[(i32, u64)]) -> Vec<Hour> {
    ago_and_count.iter().map(|(ago, n)| Hour { from: NOON - HOUR * *ago, sightings: *n }).collect()
}

fn several() -> Dossier {
    let mut several = dossier(
        &[
            senator(),
            post("tag", "b2", "RT! made of green cheese!!! see https://moon.example/proof and www.cheese.example"),
            post("tag", "b3", "rt! made of green cheese!!! see https://moon.example/other and www.cheese.example"),
            post(
                "blog",
                "c4",
                &format!("{} the moon is made of green cheese {}", "Once more. ".repeat(90), "And so on. ".repeat(90)),
            ),
        ],
        "made of green cheese",
    );
    several.sightings[1].sighting.stance = Stance::Question;
    several.sightings[1].sighting.gate_spans = vec![Span { part: 0, start: 0, end: 2 }];
    several.trend = trend(&[(100, 2), (75, 1), (30, 3), (5, 1), (0, 4)]);
    several
}

fn without_address() -> Dossier {
    let mut dossier = several();
    let check = &mut dossier.claim.fact_checks[0];
    (check.url, check.rating) = (None, None);
    dossier
}

fn update() -> Dossier {
    Dossier { instalment: 3, told: 12, trend: trend(&[(9, 5), (3, 7), (0, 1)]), ..dossier(&[senator()], "green cheese") }
}

fn spike() -> Dossier {
    let occasion = Occasion::Spike { last_hour: 31, usual_hundredths: 25 };
    Dossier { occasion, instalment: 4, told: 12, trend: trend(&[(160, 3), (20, 2), (1, 9), (0, 31)]), ..several() }
}

fn corrected() -> Dossier {
    let before = vec![FactCheck { rating: Some("True".into()), ..claim("moon-cheese").fact_checks[0].clone() }];
    let occasion = Occasion::Correction(Change::FactChecks { before });
    Dossier { occasion, instalment: 3, told: 12, posts: 0, ..dossier(&[], "") }
}

fn hostile() -> Dossier {
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
    hostile
}

/// A post written from right to left, by somebody whose name is.
fn from_right_to_left() -> Dossier {
    let mut post =
        with_title(post("قناة", "d5", "قال السيناتور إن القمر made of green cheese ولم يضحك أحد (2026)."), "القمر من الجبن");
    (post.author, post.lang) = (Some("محمد ‏(٣)".into()), Some(Lang("ar".into())));
    let mut dossier = dossier(&[post, senator()], "made of green cheese");
    dossier.claim.fact_checks[0].rating = Some("خطأ".into());
    dossier
}

fn digest(kind: DigestKind) -> Digest {
    let gathered = |of: Dossier, posts| Gathered { claim: of.claim, posts, items: of.sightings };
    let reports = Section { reason: Reason::Report, posts: 9, claims: vec![gathered(several(), 8)], more_claims: 1 };
    let near = Section { reason: Reason::Possible, posts: 1, claims: vec![gathered(hostile(), 1)], more_claims: 0 };
    let figures = Figures {
        sources: 216,
        healthy: 214,
        unwell: vec![SourceName("bbc".into()), SourceName("tag".into())],
        posts: 31_022,
        sightings: 12,
        letters: 3,
        held: vec![(Reason::Report, 9), (Reason::Possible, 1)],
        waiting: 0,
    };
    Digest {
        kind,
        since: NOON - HOUR * 24,
        until: NOON,
        figures,
        corrections: Vec::new(),
        sections: vec![reports, near],
        notices: Vec::new(),
    }
}

fn heartbeat() -> Digest {
    let figures = Figures { sources: 216, healthy: 216, posts: 31_022, ..Figures::default() };
    Digest { figures, sections: Vec::new(), ..digest(DigestKind::Regular) }
}

fn silence_ended() -> Digest {
    digest(DigestKind::SilenceEnded {
        silence: SilenceId(7),
        covered: "claim moon-cheese".into(),
        author: "Ann".into(),
        comment: "known joke of the season".into(),
        from: NOON - HOUR * 48,
        to: NOON,
    })
}

fn notices() -> Digest {
    let given_up = Matter::LetterGivenUp {
        delivery: 12,
        desk: DeskName("politics".into()),
        recipient: "ann@desk.test".into(),
        reply: "550 5.1.1 no such user".into(),
    };
    let notice = |matter| Notice { at: NOON, matter };
    let matters = [
        given_up,
        Matter::SourceFailing { source: SourceName("bbc".into()), why: "bbc.example is in trouble (status 503)".into() },
    ];
    Digest { notices: matters.map(notice).into(), sections: Vec::new(), ..digest(DigestKind::Notices) }
}

/// What a letter is written from.
pub enum Source {
    Claim(Box<Dossier>),
    Digest(Box<Digest>),
}

impl Source {
    pub fn written(&self, desk: &Desk) -> Letter {
        match self {
            Self::Claim(dossier) => letter::write(dossier, desk),
            Self::Digest(digest) => digest::write(digest, desk),
        }
    }

    /// The fact-checks a letter may link to, each as often as it may.
    fn links(&self) -> Vec<String> {
        let claims: Vec<&Claim> = match self {
            Self::Claim(dossier) => vec![&dossier.claim],
            Self::Digest(digest) => {
                digest.sections.iter().flat_map(|s| s.claims.iter().map(|gathered| &gathered.claim)).collect()
            }
        };
        let first = claims.iter().filter_map(|claim| claim.fact_checks.first()?.url.as_ref());
        first.filter(|url| url.scheme() == "https").map(|url| url.as_str().to_owned()).collect()
    }
}

/// The letters whose look is agreed, by the name of their files; `name.fr` is `name` in French.
pub fn agreed() -> Vec<(String, &'static str, Source)> {
    let claim = |dossier: Dossier| Source::Claim(Box::new(dossier));
    let digested = |digest: Digest| Source::Digest(Box::new(digest));
    let back = || Dossier {
        episode: 2,
        occasion: Occasion::Resurgence,
        trend: trend(&[(0, 1)]),
        ..dossier(&[senator()], "green cheese")
    };
    let retired = || Dossier { occasion: Occasion::Correction(Change::Retired), ..corrected() };
    let regular = || digest(DigestKind::Regular);
    let english = [
        ("first", claim(dossier(&[senator()], "made of green cheese"))),
        ("several", claim(several())),
        ("several-without-address", claim(without_address())),
        ("update", claim(update())),
        ("back-again", claim(back())),
        ("spike", claim(spike())),
        ("verdict-changed", claim(corrected())),
        ("rule-retired", claim(retired())),
        ("digest", digested(regular())),
        ("heartbeat", digested(heartbeat())),
        ("silence-ended", digested(silence_ended())),
        ("over-cap", digested(digest(DigestKind::OverCap))),
        ("notices", digested(notices())),
        ("hostile", claim(hostile())),
        ("right-to-left", claim(from_right_to_left())),
    ];
    let french = [
        ("several", claim(several())),
        ("update", claim(update())),
        ("back-again", claim(back())),
        ("spike", claim(spike())),
        ("verdict-changed", claim(corrected())),
        ("rule-retired", claim(retired())),
        ("digest", digested(regular())),
        ("heartbeat", digested(heartbeat())),
        ("silence-ended", digested(silence_ended())),
        ("over-cap", digested(digest(DigestKind::OverCap))),
        ("notices", digested(notices())),
    ];
    let mut all: Vec<_> = english.into_iter().map(|(name, matter)| (name.to_owned(), "en", matter)).collect();
    all.extend(french.into_iter().map(|(name, matter)| (format!("{name}.fr"), "fr", matter)));
    for language in ["de", "es", "pt", "ar"] {
        all.push((format!("several.{language}"), language, claim(several())));
        all.push((format!("digest.{language}"), language, digested(regular())));
    }
    all
}

pub fn desk_in(language: &str) -> Desk {
    Desk { language: Lang(language.to_owned()), ..desk("politics") }
}

#[test]
fn letters_read_as_agreed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters");
    let write = std::env::var_os("CLAIMWATCH_WRITE_LETTERS").is_some();
    for (name, language, matter) in agreed() {
        let letter = matter.written(&desk_in(language));
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

const TAGS: [&str; 17] = [
    "html", "head", "meta", "title", "style", "body", "div", "p", "br", "a", "mark", "strong", "!doctype", "span", "table", "tr",
    "td",
];
const ATTRIBUTES: [&str; 16] = [
    "lang",
    "charset",
    "name",
    "content",
    "style",
    "dir",
    "href",
    "class",
    "role",
    "width",
    "align",
    "valign",
    "bgcolor",
    "cellpadding",
    "cellspacing",
    "border",
];

const HEADERS: [&str; 19] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-ID",
    "List-Unsubscribe",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "X-Claimwatch-Kind",
    "X-Claimwatch-Claim",
    "X-Claimwatch-Desk",
    "X-Claimwatch-Rule",
    "X-Claimwatch-Score",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
];

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

/// Whether every isolate that begins in a text ends in the same line, and nothing else turns it.
fn turns_nothing(text: &str) -> bool {
    let turned = |c: char| {
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}')
    };
    let closed = |line: &str| {
        let mut open = 0;
        line.chars().all(|c| {
            open += i32::from(c == '\u{2068}') - i32::from(c == '\u{2069}');
            open >= 0
        }) && open == 0
    };
    !text.chars().any(|c| turned(c) || (c.is_control() && c != '\n')) && closed(text)
}

/// What must hold for every letter, whatever is in it.
fn is_harmless(letter: &Letter, links: &[String]) {
    let (tags, attributes, hrefs) = markup(&letter.html);
    assert!(tags.iter().all(|tag| TAGS.contains(&tag.as_str())), "{tags:?}");
    assert!(attributes.iter().all(|a| ATTRIBUTES.contains(&a.as_str())), "{attributes:?}");
    assert_eq!(hrefs, links);
    let clickable = letter.text.to_lowercase().matches("http").count();
    assert_eq!(clickable, links.len(), "{}", letter.text);
    assert!(turns_nothing(&letter.text) && turns_nothing(&letter.html), "{}", letter.text);
    assert!(!letter.subject.contains(['\n', '\u{2068}', '\u{2069}']) && turns_nothing(&letter.subject), "{}", letter.subject);
    assert!(!letter.subject.contains("=?"), "{}", letter.subject);
    assert!(letter.subject.graphemes(true).count() <= 120, "{}", letter.subject);

    let mut sent = delivery(1, "desk@desk.test");
    sent.letter = letter.clone();
    let sender = Sender::read("claimwatch <alerts@desk.test>").unwrap();
    let bytes = compose(&sent, &sender).unwrap().bytes;
    assert_eq!(bytes, compose(&sent, &sender).unwrap().bytes, "a second attempt sends the same");
    assert!(bytes.is_ascii());
    let wire = String::from_utf8(bytes).unwrap();
    assert!(wire.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    let parsed = MessageParser::default().parse(wire.as_bytes()).unwrap();
    let names: Vec<_> = parsed.headers().iter().map(|h| h.name()).collect();
    let about_one = letter.facts.instalment > 0;
    let wanted = HEADERS.into_iter().filter(|name| about_one || *name != "X-Claimwatch-Rule");
    let wanted = wanted.filter(|name| letter.facts.score().is_some() && about_one || *name != "X-Claimwatch-Score");
    assert_eq!(names, wanted.collect::<Vec<_>>(), "no header more and none less");
    assert_eq!((parsed.text_body_count(), parsed.html_body_count(), parsed.attachment_count()), (1, 1, 0));
    assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), letter.text.trim_end());
    assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), letter.html.trim_end());
    assert_eq!(parsed.subject().unwrap(), letter.subject);
    assert!(parsed.parts.iter().all(|part| part.content_type().is_some()));
}

#[test]
fn agreed_letters_are_whole_messages_without_anything_to_click_but_the_fact_checks() {
    for (_, language, matter) in agreed() {
        is_harmless(&matter.written(&desk_in(language)), &matter.links());
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
    let own = |n: usize| format!("word{n} ").repeat(200);
    let posts: Vec<_> = (0..60).map(|n| post("bbc", &n.to_string(), &format!("{} {long}", own(n)))).collect();
    let mut dossier = dossier(&posts, "made of green cheese");
    dossier.posts = 1000;
    let letter = letter::write(&dossier, &desk("politics"));
    assert!(letter.text.len() < 40_000 && letter.html.len() < 90_000, "{} {}", letter.text.len(), letter.html.len());
    assert!(letter.text.contains("980 more posts are not shown"), "{}", letter.text);
}

#[test]
fn a_title_of_a_megabyte_and_a_claim_nobody_has_checked_make_sound_letters() {
    let long =
        format!("{} made of green cheese {}", "\u{202e}\0 =?utf-8?q?=0d?=\r\nTo: x".repeat(20_000), "<script>".repeat(60_000));
    let mut dossier = dossier(&[with_title(post("bbc", "a", "made of green cheese"), &long)], "made of green cheese");
    dossier.sightings[0].post.author = Some(long.clone());
    dossier.sightings[0].post.url = Some(long.clone());
    dossier.claim.claim = long;
    dossier.claim.fact_checks.clear();
    let letter = letter::write(&dossier, &desk("politics"));
    assert!(letter.text.contains("The rule names no fact-check") && letter.subject.contains("not rated"), "{}", letter.text);
    assert!(letter.text.len() + letter.html.len() < 60_000, "{}", letter.html.len());
    is_harmless(&letter, &[]);
}

#[test]
fn times_are_the_desks_and_an_unknown_zone_is_utc() {
    let dossier = dossier(&[post("bbc", "a", "made of green cheese")], "made of green cheese");
    assert!(letter::write(&dossier, &desk("politics")).text.contains("21 September 2026, 16:13 CEST"));
    let mut lost = desk("politics");
    lost.time_zone = "Atlantis/Capital".into();
    let text = letter::write(&dossier, &lost).text;
    assert!(text.contains("21 September 2026, 14:13 UTC") && text.contains("times: UTC"), "{text}");
}

#[test]
fn headers_keep_robots_quiet_and_threads_together() {
    let mut sent = delivery(1, "desk\u{200b}@desk.test ");
    sent.desk.0 = "Élysée desk".into();
    sent.claim.0 = "c".repeat(3000);
    let sender = Sender::read("alerts@desk.test").unwrap().answered_by("desk-admin@desk.test").unwrap();
    let composed = compose(&sent, &sender).unwrap();
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
    assert_eq!(header("List-Unsubscribe"), "<mailto:desk-admin@desk.test?subject=unsubscribe%20uc9lysue9e-desk>");
    assert_eq!(header("Reply-To"), "desk-admin@desk.test");
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
        is_harmless(&letter, &Source::Claim(Box::new(dossier)).links());
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
