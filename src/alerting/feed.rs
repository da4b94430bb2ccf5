//! A desk's letters as an Atom feed (RFC 4287), for readers of feeds and for other claimwatches.

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::check::{self, Check};
use super::dates::Almanac;
use super::safe;
use super::subscription::Desk;
use super::words::{Direction, Words, fill};
use crate::model::claim::{CheckDate, FactCheck, Verdict};
use crate::model::facts::{CheckFacts, ClaimFacts, PostFacts};
use crate::model::feed::{Entry, Shelf};

/// Posts quoted of one claim; the letter has more.
const POSTS: usize = 5;
/// Claims of a digest that are told.
const CLAIMS: usize = 20;
/// User-perceived characters of a post.
const EXCERPT: usize = 300;
/// Bytes after which no further entry is begun: readers fetch the whole of it again and again.
const LONGEST: usize = 512 * 1024;

#[derive(Template)]
#[template(path = "feed.xml", config = "src/alerting/askama.toml", escape = "html")]
struct Document<'a> {
    id: &'a str,
    desk: &'a str,
    lang: &'a str,
    updated: String,
    address: &'a str,
    version: &'a str,
    entries: &'a [Shown],
}

#[derive(Template)]
#[template(path = "entry.html", config = "src/alerting/askama.toml")]
struct Content<'a> {
    words: &'a Words,
    direction: &'static str,
    lead: &'a str,
    claims: &'a [ClaimPart],
    quotes: bool,
}

/// An entry, as shown.
struct Shown {
    id: String,
    title: String,
    updated: String,
    link: Option<String>,
    related: Vec<String>,
    kind: &'static str,
    claims: Vec<String>,
    summary: String,
    lang: String,
    content: String,
}

/// A claim of an entry.
struct ClaimPart {
    claim: String,
    checks: Vec<Check>,
    posts: Vec<PostPart>,
}

struct PostPart {
    number: String,
    text: String,
    byline: String,
    address: Option<String>,
}

/// Writes the feed of `desk`, which lies at `address`: newest letter first, as many as half a megabyte holds, one at the
/// least.
///
/// As in letters, what came from outside is made visible, short and unclickable, and the fact-checks are the only links.
pub fn write(desk: &Desk, shelf: &Shelf, address: &str) -> String {
    let mut bytes = 0;
    let within = |shown: &Shown| {
        let fits = bytes < LONGEST;
        bytes += shown.content.len() + shown.summary.len();
        fits
    };
    let shown: Vec<Shown> = shelf.entries.iter().map(|entry| shown(entry, desk)).take_while(within).collect();
    let id = format!("tag:{},{}:claimwatch/desks/{}", shelf.authority, day(shelf.since), in_tag(&desk.name.0));
    let document = Document {
        id: &id,
        desk: &desk.name.0,
        lang: &Words::of(&desk.language).tag,
        updated: second(updated(shelf)).to_string(),
        address,
        version: env!("CARGO_PKG_VERSION"),
        entries: &shown,
    };
    let mut text = document.render().unwrap_or_default();
    text.retain(is_xml);
    text
}

/// When a feed changed last.
pub fn updated(shelf: &Shelf) -> Timestamp {
    shelf.entries.iter().map(|entry| entry.at).max().unwrap_or(shelf.since)
}

fn shown(entry: &Entry, desk: &Desk) -> Shown {
    let letter = &entry.letter;
    let words = Words::of(&letter.lang);
    let almanac = Almanac::of(&desk.time_zone, words);
    let facts = &letter.facts;
    let claims: Vec<ClaimPart> =
        facts.claims.iter().take(CLAIMS).map(|claim| ClaimPart::of(claim, !entry.is_taken_back, words, &almanac)).collect();
    let lead = lead(&letter.text);
    let links: Vec<&str> = claims.iter().flat_map(|claim| &claim.checks).filter_map(|check| check.link.as_deref()).collect();
    let (local, domain) = entry.message_id.0.split_once('@').unwrap_or((&entry.message_id.0, "localhost"));
    let one = match facts.claims.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let summary = one.map(|claim| {
        let found = claim.fact_checks.first().map(fact_check);
        let found = found.map_or_else(|| words.check.not_rated.clone(), |check| check::brief(&check, words));
        format!("{} – {found}. {lead}", words.quoted(&safe::short(&claim.claim, 400)))
    });
    let direction = match words.direction {
        Direction::Ltr => "ltr",
        Direction::Rtl => "rtl",
    };
    let content = Content { words, direction, lead: &lead, claims: &claims, quotes: !entry.is_taken_back };
    Shown {
        id: format!("tag:{domain},{}:{}", day(entry.at), in_tag(local)),
        title: letter.subject.strip_prefix("[claimwatch] ").unwrap_or(&letter.subject).to_owned(),
        updated: second(entry.at).to_string(),
        link: one.and_then(|_| links.first()).map(|link| marked(link, entry.number)),
        related: links.iter().skip(usize::from(one.is_some())).map(|link| (*link).to_owned()).collect(),
        kind: facts.kind.word(),
        claims: facts.claims.iter().take(CLAIMS).map(|claim| claim.id.0.clone()).collect(),
        summary: plain(&summary.unwrap_or_else(|| lead.clone())),
        lang: words.tag.clone(),
        content: content.render().unwrap_or_default(),
    }
}

impl ClaimPart {
    fn of(claim: &ClaimFacts, quotes: bool, words: &Words, almanac: &Almanac) -> Self {
        Self {
            claim: words.quoted(&safe::apart(&safe::short(&claim.claim, 400), words.direction)),
            checks: claim.fact_checks.iter().take(POSTS).map(|check| Check::of(&fact_check(check), words, almanac)).collect(),
            posts: claim.posts.iter().take(POSTS).filter(|_| quotes).map(|post| PostPart::of(post, words, almanac)).collect(),
        }
    }
}

impl PostPart {
    fn of(post: &PostFacts, words: &Words, almanac: &Almanac) -> Self {
        let apart = |text: &str, graphemes| safe::apart(&safe::short(text, graphemes), words.direction);
        let author = post.author.as_deref().map(|author| apart(author, 60)).filter(|author| !author.is_empty());
        let moment = match post.published {
            Some(at) => fill(&words.posts.published, &[("moment", &almanac.moment(at))]),
            None => fill(&words.posts.first_seen, &[("moment", &almanac.moment(post.seen_at))]),
        };
        let text = safe::short(&post.text, EXCERPT);
        Self {
            number: fill(&words.posts.number, &[("number", &post.number.to_string())]),
            text: if text.is_empty() { words.posts.without_text.clone() } else { text },
            byline: [
                author.unwrap_or_else(|| words.posts.no_author.clone()),
                fill(&words.posts.source, &[("source", &apart(&post.source, 60))]),
                moment,
            ]
            .join(" · "),
            address: post.url.as_deref().map(|url| safe::cut(&safe::address(url), 300)).filter(|address| !address.is_empty()),
        }
    }
}

/// A fact-check as the rules have it; the date may have been written as a year.
fn fact_check(facts: &CheckFacts) -> FactCheck {
    let date = facts.date.as_deref();
    FactCheck {
        publisher: facts.publisher.clone(),
        url: facts.url.as_deref().and_then(|url| url.parse().ok()),
        title: facts.title.clone(),
        rating: facts.rating.clone(),
        verdict: Verdict::Unrated,
        date: date.and_then(|date| date.parse().map(CheckDate::Day).ok().or_else(|| date.parse().map(CheckDate::Year).ok())),
        lang: None,
    }
}

/// The letter's first sentences.
fn lead(text: &str) -> String {
    text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join(" ")
}

/// An address that no other entry has: readers that tell entries apart by it keep both, and it opens the same page.
fn marked(link: &str, number: i64) -> String {
    if link.contains('#') { link.to_owned() } else { format!("{link}#claimwatch-{number}") }
}

/// Text without marks for writing directions, which not every reader of feeds understands.
fn plain(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

/// What may stand in a tag URI (RFC 4151 §2.1); all else in percent.
fn in_tag(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

/// The whole second: what HTTP can say of it too.
fn second(at: Timestamp) -> Timestamp {
    let part = SignedDuration::from_nanos(i64::from(at.subsec_nanosecond()));
    at.checked_sub(part).unwrap_or(at)
}

/// What XML 1.0 may hold (§2.2).
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::{claim, desk, post, sighting};
    use crate::model::facts::{Facts, Kind};
    use crate::model::letter::{Letter, MessageId};
    use crate::model::post::Lang;
    use crate::model::sighting::SightingId;

    const NOON: Timestamp = Timestamp::constant(1_790_000_000, 5_000);

    fn written(entries: Vec<Entry>) -> String {
        let shelf = Shelf { authority: "desk.test".to_owned(), since: NOON, entries };
        write(&desk("politics"), &shelf, "http://127.0.0.1:9187/desks/politics/alerts.atom")
    }

    fn entry(number: i64, text: &str) -> Entry {
        let mut claim = claim("cheese & <more>");
        claim.fact_checks = vec![FactCheck {
            publisher: "The Lunar Review".to_owned(),
            url: Some("https://lunar.example/cheese?a=1&b=2".parse().unwrap()),
            title: Some("No cheese".to_owned()),
            rating: Some("Half-baked".to_owned()),
            verdict: Verdict::Unrated,
            date: Some(CheckDate::Year(2020)),
            lang: None,
        }];
        let mut post = post(text);
        post.url = Some("https://evil.example/x".to_owned());
        let seen = sighting(&claim, &post, "cheese");
        let facts = Facts {
            kind: Kind::First,
            posts: 1,
            claims: vec![ClaimFacts::of(&claim, std::iter::once((SightingId(7), &post, &seen)))],
            ..Facts::default()
        };
        let letter = Letter {
            subject: "[claimwatch] 1 post repeats \u{1}<b>".to_owned(),
            text: "A post repeats a claim\nthat was checked.\n\nTHE CLAIM".to_owned(),
            html: String::new(),
            lang: Lang("en".to_owned()),
            facts,
        };
        let message_id = MessageId(format!("letter.{number:024x}@desk.test"));
        Entry { number, message_id, letter, at: NOON, is_taken_back: false }
    }

    #[test]
    fn an_entry_says_claim_verdict_and_link_and_nothing_else_can_be_clicked() {
        let text = written(vec![entry(3, "cheese! <script>alert(1)</script> https://evil.example/y ]]>")]);
        for words in [
            "<id>tag:desk.test,2026-09-21:letter.000000000000000000000003</id>",
            "<updated>2026-09-21T14:13:20Z</updated>",
            "href=\"https://lunar.example/cheese?a=1&#38;b=2#claimwatch-3\"",
            "“The moon is made of cheese.” – Half-baked (The Lunar Review). A post repeats a claim that was checked.",
            "<category term=\"cheese &#38; &#60;more&#62;\"",
        ] {
            assert!(text.contains(words), "{words} is missing from\n{text}");
        }
        for never in ["<script", "https://evil", "\u{1}", "<b>"] {
            assert!(!text.contains(never), "{never} is in\n{text}");
        }
    }

    #[test]
    fn posts_that_were_taken_back_are_not_quoted() {
        let taken_back = Entry { is_taken_back: true, ..entry(3, "the very words") };
        let text = written(vec![taken_back]);
        assert!(!text.contains("the very words") && text.contains("Half-baked"), "{text}");
    }

    #[test]
    fn a_feed_has_an_end_and_one_without_letters_is_a_feed() {
        let mut big = entry(1, "cheese");
        let claims = &mut big.letter.facts.claims;
        claims[0].posts = vec![claims[0].posts[0].clone(); 5];
        claims[0].posts.iter_mut().for_each(|post| post.text = "ö".repeat(900));
        *claims = vec![claims[0].clone(); 20];
        let text = written((0..200).map(|number| Entry { number, ..big.clone() }).collect());
        let entries = text.matches("<entry>").count();
        assert!((2..100).contains(&entries) && text.len() < 3 * LONGEST, "{entries} {}", text.len());
        let empty = written(Vec::new());
        assert!(empty.contains("<updated>2026-09-21T14:13:20Z</updated>") && !empty.contains("<entry>"), "{empty}");
    }
}
