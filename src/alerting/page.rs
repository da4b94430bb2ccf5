//! What a letter shows, gathered from its dossier and made safe, before any layout.

use std::collections::HashMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_segmentation::UnicodeSegmentation;

use super::excerpt::{Run, quote};
use super::safe;
use super::subscription::Desk;
use super::words::{Words, count, fill};
use crate::model::claim::FactCheck;
use crate::model::letter::{Change, Dossier, Occasion, Seen};
use crate::model::post::{PartKind, Post};
use crate::model::sighting::{Cue, Sighting, Span, WordingKind};

/// Posts quoted in one letter; the rest is counted.
const SHOWN: usize = 20;
/// Graphemes of a headline.
const HEADLINE: usize = 200;
/// Graphemes of a post's other text.
const EXCERPT: usize = 600;
/// Columns of the text part.
const COLUMNS: usize = 72;

/// A letter before layout: every word in it is safe to show.
pub(super) struct Page {
    pub words: &'static Words,
    pub subject: String,
    pub lead: String,
    pub claim: Vec<String>,
    pub claim_line: String,
    pub said_by: Option<String>,
    pub check: Option<Check>,
    pub also: Option<String>,
    pub posts: Vec<Item>,
    pub not_shown: Option<String>,
    pub wrong_rule: String,
    pub wrong: Vec<String>,
    pub foot: String,
}

/// The fact-check, as shown.
pub(super) struct Check {
    pub verdict: String,
    pub title: Option<String>,
    pub source: String,
    pub link: Option<String>,
    /// Said where there is no link.
    pub unlinked: String,
    pub host: String,
}

/// One post, as shown.
pub(super) struct Item {
    pub number: usize,
    pub paragraphs: Vec<Paragraph>,
    pub byline: String,
    pub address: Option<String>,
    pub why: String,
    pub same: Option<String>,
}

/// A headline or a piece of text.
pub(super) struct Paragraph {
    pub heading: bool,
    pub runs: Vec<Run>,
}

impl Page {
    pub(super) fn of(dossier: &Dossier, desk: &Desk, words: &'static Words, subject: &str) -> Self {
        let claim = &dossier.claim;
        let zone = TimeZone::get(&desk.time_zone).unwrap_or(TimeZone::UTC);
        let claim_line = format!("“{}”", safe::short(&claim.claim, 400));
        let (posts, shown) = items(dossier, words, &zone);
        let revision = safe::short(&claim.revision.0, 12);
        let wrong_rule = fill(words.wrong_rule, &[("rule", &safe::short(&claim.id.0, 80)), ("revision", &revision)]);
        let mut wrong = wrapped(&wrong_rule, COLUMNS);
        wrong.extend(wrapped(words.wrong_post, COLUMNS));
        let foot = [
            ("desk", safe::short(&desk.name.0, 60)),
            ("instalment", dossier.instalment.to_string()),
            ("zone", zone.iana_name().unwrap_or("UTC").to_owned()),
        ];
        Self {
            words,
            subject: subject.to_owned(),
            lead: lead(dossier, words),
            claim: wrapped(&claim_line, COLUMNS),
            claim_line,
            said_by: said_by(dossier, words),
            check: claim.fact_checks.first().map(|check| Check::of(check, words)),
            also: also(claim.fact_checks.get(1..).unwrap_or_default(), words),
            posts,
            not_shown: Some(dossier.posts.saturating_sub(shown)).filter(|n| *n > 0).map(|n| count(words.not_shown, n)),
            wrong_rule,
            wrong,
            foot: fill(words.foot, &foot.each_ref().map(|(key, value)| (*key, value.as_str()))),
        }
    }

    /// The least a desk must be told.
    pub(super) fn in_short(&self) -> String {
        let link = self.check.as_ref().and_then(|check| check.link.as_deref()).unwrap_or_default();
        format!("{}\n\n{}\n\n{link}\n", self.lead, self.claim_line)
    }
}

impl Check {
    fn of(check: &FactCheck, words: &Words) -> Self {
        // Only what travels protected becomes a link; another address is shown so that a person can decide.
        let secure = check.url.as_ref().filter(|url| url.scheme() == "https" && url.as_str().len() <= 900);
        let insecure = check.url.as_ref().filter(|_| secure.is_none()).map(|url| safe::cut(&safe::address(url.as_str()), 300));
        Self {
            verdict: verdict(check, words),
            title: check.title.as_deref().map(|title| format!("“{}”", safe::short(title, 200))),
            source: match &check.date {
                Some(date) => format!("{}, {date}", safe::short(&check.publisher, 80)),
                None => safe::short(&check.publisher, 80),
            },
            unlinked: insecure.unwrap_or_else(|| words.no_address.to_owned()),
            link: secure.map(|url| url.as_str().to_owned()),
            host: secure.and_then(|url| url.host_str()).unwrap_or_default().to_owned(),
        }
    }
}

impl Item {
    /// The reasons as lines of the text part.
    pub(super) fn why_lines(&self) -> Vec<String> {
        wrapped(&self.why, COLUMNS - 8)
    }

    /// The quotation as lines of the text part, marks in ⟦ ⟧.
    pub(super) fn quote_lines(&self) -> Vec<String> {
        let marked = |run: &Run| if run.marked { format!("⟦{}⟧", run.text) } else { run.text.clone() };
        self.paragraphs.iter().flat_map(|p| wrapped(&p.runs.iter().map(marked).collect::<String>(), COLUMNS - 5)).collect()
    }
}

fn lead(dossier: &Dossier, words: &Words) -> String {
    let [one, many] = match (&dossier.occasion, dossier.instalment, dossier.episode) {
        (Occasion::Spike { .. }, _, _) => words.lead_spike,
        (Occasion::Correction(Change::Retired), _, _) => [words.lead_retired; 2],
        (Occasion::Correction(Change::FactChecks { .. }), _, _) => [words.lead_changed; 2],
        (Occasion::Resurgence, _, _) => words.lead_again,
        (_, 2.., _) => words.lead_more,
        (_, _, 2..) => words.lead_again,
        _ => words.lead_first,
    };
    let sentence = if dossier.posts == 1 { one } else { many };
    let (mut hour, mut usual, mut was) = (0, 0, String::new());
    match &dossier.occasion {
        Occasion::Spike { last_hour, usual_hundredths } => (hour, usual) = (*last_hour, *usual_hundredths),
        Occasion::Correction(Change::FactChecks { before }) => was = self::before(before, words),
        Occasion::News | Occasion::Resurgence | Occasion::Correction(Change::Retired) => {}
    }
    let values = [
        ("n", dossier.posts.to_string()),
        ("told", dossier.told.to_string()),
        ("hour", hour.to_string()),
        ("usual", format!("{}.{:02}", usual / 100, usual % 100)),
        ("before", was),
    ];
    fill(sentence, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// What earlier letters said was found.
fn before(checks: &[FactCheck], words: &Words) -> String {
    match checks.first() {
        Some(check) => {
            let (rating, publisher) = (verdict(check, words), safe::short(&check.publisher, 80));
            fill(words.was, &[("rating", &rating), ("publisher", &publisher)])
        }
        None => words.not_rated.to_owned(),
    }
}

fn said_by(dossier: &Dossier, words: &Words) -> Option<String> {
    let who = safe::short(dossier.claim.claimant.as_deref()?, 120);
    let said = fill(words.said_by, &[("who", &who)]);
    Some(dossier.claim.said_on.map_or(said.clone(), |day| format!("{said}, {day}")))
}

/// The publisher's own words, cut; nothing where there are none.
pub(super) fn rating(check: &FactCheck, graphemes: usize) -> Option<String> {
    let rating = safe::short(check.rating.as_deref()?, graphemes);
    let given = !rating.is_empty() && !rating.eq_ignore_ascii_case("unrated");
    given.then_some(rating)
}

/// The publisher's own words in quotation marks; never a verdict of our making.
fn verdict(check: &FactCheck, words: &Words) -> String {
    rating(check, 200).map_or(words.not_rated.to_owned(), |rating| format!("“{rating}”"))
}

fn also(checks: &[FactCheck], words: &Words) -> Option<String> {
    let named: Vec<String> =
        checks.iter().take(5).map(|check| format!("{} ({})", safe::short(&check.publisher, 60), verdict(check, words))).collect();
    Some(named.join(", ")).filter(|named| !named.is_empty())
}

/// The posts to quote, near-copies joined, and how many posts they stand for.
fn items(dossier: &Dossier, words: &Words, zone: &TimeZone) -> (Vec<Item>, u64) {
    let mut kept: Vec<(&Post, &Sighting, u64)> = Vec::new();
    let mut by_words: HashMap<String, usize> = HashMap::new();
    let mut shown = 0;
    for Seen { post, sighting, .. } in &dossier.sightings {
        let same = post.parts.iter().map(|part| safe::line(&part.text).to_lowercase()).collect::<Vec<_>>().join("\n");
        if let Some(first) = by_words.get(&same).and_then(|at| kept.get_mut(*at)) {
            first.2 += 1;
            shown += 1;
        } else if kept.len() < SHOWN {
            by_words.insert(same, kept.len());
            kept.push((post, sighting, 0));
            shown += 1;
        }
    }
    let items = kept
        .into_iter()
        .enumerate()
        .map(|(index, (post, sighting, copies))| Item {
            number: index + 1,
            paragraphs: paragraphs(post, sighting, words),
            byline: byline(post, words, zone),
            address: post.url.as_deref().map(|url| safe::cut(&safe::address(url), 300)),
            why: why(post, sighting, words),
            same: Some(copies).filter(|n| *n > 0).map(|n| format!("{}.", count(words.same_words, n))),
        })
        .collect();
    (items, shown)
}

/// Headline, and the other parts that hold something that matched (the post's own text in any case).
fn paragraphs(post: &Post, sighting: &Sighting, words: &Words) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for (index, part) in post.parts.iter().enumerate() {
        let marks = marks(sighting, index);
        let heading = part.kind == PartKind::Title;
        if marks.is_empty() && !heading && part.kind != PartKind::Text {
            continue;
        }
        let runs = quote(&part.text, &marks, if heading { HEADLINE } else { EXCERPT });
        if !runs.is_empty() {
            paragraphs.push(Paragraph { heading, runs });
        }
    }
    if paragraphs.is_empty() {
        let runs = vec![Run { text: words.without_text.to_owned(), marked: false }];
        paragraphs.push(Paragraph { heading: false, runs });
    }
    paragraphs
}

/// Where in a part the strongest wording and the gates' words stand.
fn marks(sighting: &Sighting, part: usize) -> Vec<Range<usize>> {
    let strongest = sighting.evidence.first().map(|evidence| evidence.spans.as_slice()).unwrap_or_default();
    strongest.iter().chain(&sighting.gate_spans).filter(|span| span.part == part).map(|span| span.start..span.end).collect()
}

fn byline(post: &Post, words: &Words, zone: &TimeZone) -> String {
    let author = post.author.as_deref().map(|author| safe::short(author, 80)).filter(|author| !author.is_empty());
    let author = author.map_or(words.unknown_author.to_owned(), |author| format!("{} {author}", words.by));
    let (label, at) = post.published.map_or((words.first_seen, post.seen_at), |at| (words.published, at));
    format!("{author} · {} {} · {label} {}", words.source, safe::short(&post.source.0, 60), time(at, zone))
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

fn why(post: &Post, sighting: &Sighting, words: &Words) -> String {
    let mut reasons = Vec::new();
    if let Some(best) = sighting.evidence.first() {
        let wording = match best.kind {
            WordingKind::Url => safe::cut(&safe::address(&best.wording), 200),
            WordingKind::Phrase | WordingKind::Variant => safe::short(&best.wording, 200),
        };
        let strength = fill(words.strength, &[("strength", &format!("{:.2}", best.strength.value()))]);
        reasons.push(format!("{} “{wording}”, {strength}", words.kind(best.kind)));
    }
    let gates = gate_words(post, &sighting.gate_spans);
    if !gates.is_empty() {
        reasons.push(format!("{}: {}", words.also_found, gates.join(", ")));
    }
    reasons.extend(words.stance(sighting.stance).map(|stance| match &sighting.cue {
        Some(Cue { words, span: Some(_) }) => format!("{stance} (“{}”)", safe::short(words, 60)),
        Some(Cue { words, span: None }) => format!("{stance} ({})", safe::cut(&safe::address(words), 120)),
        None => stance.to_owned(),
    }));
    reasons.join("; ")
}

fn gate_words(post: &Post, spans: &[Span]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for span in spans {
        let text = post.parts.get(span.part).and_then(|part| part.text.get(span.start..span.end)).unwrap_or_default();
        let word = format!("“{}”", safe::short(text, 40));
        if !text.trim().is_empty() && !found.contains(&word) && found.len() < 6 {
            found.push(word);
        }
    }
    found
}

/// Breaks a line at spaces so that it keeps within `columns` where its words allow.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let wide = word.graphemes(true).count();
        if width > 0 && width + 1 + wide > columns {
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += wide;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
