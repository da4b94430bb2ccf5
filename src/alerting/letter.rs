//! The words of a letter: subject, a text part complete in itself, and the same in HTML.

use askama::Template;

use super::check;
use super::page::{self, Page};
use super::safe;
use super::subscription::Desk;
use super::words::{Words, fill};
use crate::model::facts::{ClaimFacts, Facts, Kind};
use crate::model::letter::{Change, Dossier, Letter, Occasion, Seen};
use crate::model::post::Lang;

pub use super::words::languages;

/// Longest subject, in user-perceived characters; longer ones are not folded by the mail library and break RFC 5322 §2.1.1.
pub(super) const SUBJECT: usize = 120;

#[derive(Template)]
#[template(path = "letter.txt", config = "src/alerting/askama.toml", escape = "none")]
struct TextPart<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "letter.html", config = "src/alerting/askama.toml")]
struct HtmlPart<'a> {
    page: &'a Page,
    frame: &'a page::Frame,
}

/// Writes the letter that tells `desk` what is in `dossier`.
///
/// Everything that came from outside is made visible, short and unclickable first; the fact-check is the only link. The
/// verdict is given in the publisher's own words and in no others.
pub fn write(dossier: &Dossier, desk: &Desk) -> Letter {
    let words = Words::of(&desk.language);
    let subject = subject(dossier, words);
    let page = Page::of(dossier, desk, words, &subject);
    // Writing into a String cannot fail; should it ever, the desk still gets the claim and the link.
    let mut text = TextPart { page: &page }.render().unwrap_or_else(|_| page.in_short());
    text.push('\n');
    let html = HtmlPart { page: &page, frame: &page.frame }.render().unwrap_or_default();
    Letter { subject, text, html, lang: Lang(words.tag.clone()), facts: facts(dossier) }
}

fn facts(dossier: &Dossier) -> Facts {
    let posts = dossier.sightings.iter().map(|seen| (seen.number, &seen.post, &seen.sighting));
    Facts {
        kind: page::kind(dossier),
        instalment: dossier.instalment,
        episode: dossier.episode,
        posts: dossier.posts,
        told: dossier.told,
        claims: vec![ClaimFacts::of(&dossier.claim, posts)],
        written_at: dossier.at,
    }
}

/// `[claimwatch] 3 posts (bbc, tag) repeat “…” – Half-baked (The Lunar Review)`; the claim gives way to the rest.
fn subject(dossier: &Dossier, words: &Words) -> String {
    let checks = &dossier.claim.fact_checks;
    let found = checks.first().map_or_else(|| words.check.not_rated.clone(), |first| check::brief(first, words));
    let places = places(dossier, words);
    let with = |claim: &str| {
        let claim = words.quoted(claim);
        let values = [("where", places.as_str()), ("claim", &claim), ("found", &found)];
        let sentence = match (&dossier.occasion, page::kind(dossier)) {
            (Occasion::Correction(Change::Retired), _) => return fill(&words.subject.retired, &values),
            (Occasion::Correction(Change::FactChecks { .. }), _) => return fill(&words.subject.changed, &values),
            (_, Kind::Spike) => &words.subject.spike,
            (_, Kind::Resurgence) => &words.subject.resurgence,
            (_, Kind::Update) => &words.subject.update,
            _ => &words.subject.first,
        };
        words.count(sentence, dossier.posts, &values)
    };
    let around = header("").chars().count() + with("").chars().count();
    header(&with(&safe::short(&dossier.claim.claim, SUBJECT.saturating_sub(around).max(20))))
}

/// A subject line: the house's name first, nothing a mail program could take for an encoded word, not too long.
pub(super) fn header(what: &str) -> String {
    let plain = what.replace(['\u{2068}', '\u{2069}'], "");
    safe::cut(&safe::without_encoded_words(&format!("[claimwatch] {plain}")), SUBJECT)
}

/// The sources' names, or how many they are.
fn places(dossier: &Dossier, words: &Words) -> String {
    let of = |seen: &'_ Seen| -> Vec<String> {
        let copies = seen.copies.iter().map(|(source, _)| source.0.clone());
        std::iter::once(seen.post.source.0.clone()).chain(copies).collect()
    };
    let mut names: Vec<String> = dossier.sightings.iter().flat_map(of).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [one] => safe::short(one, 24),
        [one, two] => format!("{}, {}", safe::short(one, 16), safe::short(two, 16)),
        many => words.count(&words.subject.sources, many.len() as u64, &[]),
    }
}
