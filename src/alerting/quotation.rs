//! A post as a letter quotes it: its words with what matched marked, who, where and when, why, and how often again.

use super::copies::Gist;
use super::dates::Almanac;
use super::excerpt::{Run, quote};
use super::layout::wrapped;
use super::safe;
use super::words::{Words, fill};
use crate::model::letter::{Dossier, Seen};
use crate::model::post::{PartKind, Post};
use crate::model::sighting::{Cue, Sighting, Span, WordingKind};
use crate::model::source::SourceName;
use std::collections::BTreeMap;
use std::ops::Range;

/// Posts quoted in one letter; the rest is counted.
const SHOWN: usize = 20;
/// Graphemes of a headline.
const HEADLINE: usize = 200;
/// Graphemes of a post's other text.
const EXCERPT: usize = 600;
/// Columns of the text part.
const COLUMNS: usize = 72;

/// One post, as shown.
pub(super) struct Item {
    /// What people name it by.
    pub number: String,
    /// Language of the post, where known, for those who hear it read.
    pub lang: Option<String>,
    pub paragraphs: Vec<Paragraph>,
    pub byline: String,
    pub address: Option<String>,
    pub why: String,
    /// How many posts say nearly the same, and where.
    pub same: Option<String>,
    why_heading: &'static str,
}

/// A headline or a piece of text.
pub(super) struct Paragraph {
    pub heading: bool,
    pub runs: Vec<Run>,
}

impl Item {
    /// Number, author, source and time as lines of the text part.
    pub(super) fn byline_lines(&self) -> Vec<String> {
        wrapped(&self.byline, COLUMNS - 3)
    }

    /// The reasons as lines of the text part.
    pub(super) fn why_lines(&self) -> Vec<String> {
        wrapped(&format!("{}: {}", self.why_heading, self.why), COLUMNS - 5)
    }

    /// The quotation as lines of the text part, marks in ⟦ ⟧.
    pub(super) fn quote_lines(&self) -> Vec<String> {
        let marked = |run: &Run| if run.marked { format!("⟦{}⟧", run.text) } else { run.text.clone() };
        self.paragraphs.iter().flat_map(|p| wrapped(&p.runs.iter().map(marked).collect::<String>(), COLUMNS - 5)).collect()
    }
}

/// A post and its near-copies.
struct Group<'a> {
    seen: &'a Seen,
    gist: Gist,
    copies: u64,
    /// Where the copies were found.
    sources: BTreeMap<&'a str, u64>,
}

impl<'a> Group<'a> {
    fn add(&mut self, source: &'a SourceName, posts: u64) {
        self.copies += posts;
        *self.sources.entry(source.0.as_str()).or_default() += posts;
    }
}

/// The posts to quote, near-copies joined, and how many posts they stand for.
pub(super) fn items(dossier: &Dossier, words: &'static Words, almanac: &Almanac) -> (Vec<Item>, u64) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut shown = 0;
    for seen in &dossier.sightings {
        let gist = Gist::of(&seen.post);
        let with_copies = 1 + seen.copies.iter().map(|(_, posts)| posts).sum::<u64>();
        if let Some(group) = groups.iter_mut().find(|group| group.gist.is_like(&gist)) {
            group.add(&seen.post.source, 1);
            seen.copies.iter().for_each(|(source, posts)| group.add(source, *posts));
            shown += with_copies;
        } else if groups.len() < SHOWN {
            let mut group = Group { seen, gist, copies: 0, sources: BTreeMap::new() };
            seen.copies.iter().for_each(|(source, posts)| group.add(source, *posts));
            groups.push(group);
            shown += with_copies;
        }
    }
    (groups.iter().map(|group| item(group, words, almanac)).collect(), shown)
}

fn item(group: &Group<'_>, words: &'static Words, almanac: &Almanac) -> Item {
    let Seen { number, post, sighting, .. } = group.seen;
    let same = Some(group.copies).filter(|copies| *copies > 0).map(|copies| {
        let mut places: Vec<String> = group.sources.iter().take(4).map(|(name, n)| place(name, *n, words)).collect();
        if group.sources.len() > 4 {
            places.push("…".to_owned());
        }
        words.count(&words.posts.same, copies, &[("where", &places.join(", "))])
    });
    Item {
        number: fill(&words.posts.number, &[("number", &number.to_string())]),
        lang: post
            .lang
            .as_ref()
            .map(|lang| lang.0.clone())
            .filter(|lang| lang.len() <= 3 && lang.bytes().all(|b| b.is_ascii_lowercase())),
        paragraphs: paragraphs(post, sighting, words),
        byline: byline(post, words, almanac),
        address: post.url.as_deref().map(|url| safe::cut(&safe::address(url), 300)).filter(|address| !address.is_empty()),
        why: why(post, sighting, words),
        same,
        why_heading: &words.why.heading,
    }
}

fn place(source: &str, posts: u64, words: &Words) -> String {
    let name = safe::apart(&safe::short(source, 40), words.direction);
    if posts == 1 { name } else { format!("{name} × {}", words.whole(posts)) }
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
        let runs = vec![Run { text: words.posts.without_text.clone(), marked: false }];
        paragraphs.push(Paragraph { heading: false, runs });
    }
    paragraphs
}

/// Where in a part the strongest wording and the gates' words stand.
fn marks(sighting: &Sighting, part: usize) -> Vec<Range<usize>> {
    let strongest = sighting.evidence.first().map(|evidence| evidence.spans.as_slice()).unwrap_or_default();
    strongest.iter().chain(&sighting.gate_spans).filter(|span| span.part == part).map(|span| span.start..span.end).collect()
}

/// Who, where and when.
pub(super) fn byline(post: &Post, words: &Words, almanac: &Almanac) -> String {
    let author = post.author.as_deref().map(|author| safe::short(author, 80)).filter(|author| !author.is_empty());
    let author = author.map_or(words.posts.no_author.clone(), |author| safe::apart(&author, words.direction));
    let source = safe::apart(&safe::short(&post.source.0, 60), words.direction);
    let (sentence, at) =
        post.published.map_or((&words.posts.first_seen, post.seen_at), |published| (&words.posts.published, published));
    let when = fill(sentence, &[("moment", &almanac.moment(at))]);
    format!("{author} · {} · {when}", fill(&words.posts.source, &[("source", &source)]))
}

/// How sure we are, and why.
fn why(post: &Post, sighting: &Sighting, words: &Words) -> String {
    let foreign = |text: String| words.quoted(&safe::apart(&text, words.direction));
    let mut reasons = Vec::new();
    if let Some(best) = sighting.evidence.first() {
        let wording = match best.kind {
            WordingKind::Url => safe::cut(&safe::address(&best.wording), 200),
            WordingKind::Phrase | WordingKind::Variant => safe::short(&best.wording, 200),
        };
        let percent = words.percent(best.strength.value());
        reasons.push(fill(words.kind(best.kind), &[("percent", &percent), ("wording", &foreign(wording))]));
    }
    // An editor's rule is sure by its wording alone; a claim of an archive competes with thousands of others.
    if (sighting.confidence.value() - sighting.strength.value()).abs() > 0.005 {
        reasons.push(fill(&words.why.sure, &[("percent", &words.percent(sighting.confidence.value()))]));
    }
    let gates: Vec<String> = gate_words(post, &sighting.gate_spans).into_iter().map(foreign).collect();
    if !gates.is_empty() {
        reasons.push(fill(&words.why.also, &[("words", &gates.join(", "))]));
    }
    reasons.extend(words.stance(sighting.stance).map(|stance| match &sighting.cue {
        Some(Cue { words: cue, span: Some(_) }) => format!("{stance} ({})", foreign(safe::short(cue, 60))),
        Some(Cue { words: cue, span: None }) => format!("{stance} ({})", safe::cut(&safe::address(cue), 120)),
        None => stance.to_owned(),
    }));
    reasons.join("; ")
}

fn gate_words(post: &Post, spans: &[Span]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for span in spans {
        let text = post.parts.get(span.part).and_then(|part| part.text.get(span.start..span.end)).unwrap_or_default();
        let word = safe::short(text, 40);
        if !word.trim().is_empty() && !found.contains(&word) && found.len() < 6 {
            found.push(word);
        }
    }
    found
}
