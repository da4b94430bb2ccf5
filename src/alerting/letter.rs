//! The words of a letter: subject, a text part complete in itself, and the same in HTML.

use askama::Template;

use super::page::{self, Page};
use super::safe;
use super::subscription::Desk;
use super::words::{Words, count, fill};
use crate::model::letter::{Dossier, Letter, Occasion};
use crate::model::post::Lang;

/// Longest subject, in user-perceived characters; longer ones are not folded by the mail library and break RFC 5322 §2.1.1.
const SUBJECT: usize = 120;

#[derive(Template)]
#[template(path = "letter.txt", config = "src/alerting/askama.toml", escape = "none")]
struct TextPart<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "letter.html", config = "src/alerting/askama.toml")]
struct HtmlPart<'a> {
    page: &'a Page,
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
    let html = HtmlPart { page: &page }.render().unwrap_or_default();
    Letter { subject, text, html, lang: Lang(words.lang.to_owned()) }
}

/// `[claimwatch] 3 posts (bbc, tag) repeat: “…” – Four Pinocchios (The Washington Post)`; the claim gives way to the rest.
fn subject(dossier: &Dossier, words: &Words) -> String {
    let sentence = if dossier.instalment > 1 { words.more_posts_repeat } else { words.posts_repeat };
    let [one, many] = sentence;
    let chosen = if dossier.posts == 1 { one } else { many };
    let again = match dossier.occasion {
        Occasion::Spike { .. } => words.spike,
        Occasion::Resurgence => words.again,
        Occasion::News if dossier.episode > 1 && dossier.instalment == 1 => words.again,
        Occasion::News | Occasion::Correction(_) => "",
    };
    let head = match dossier.occasion {
        Occasion::Correction(_) => words.correction.to_owned(),
        _ => fill(chosen, &[("n", &dossier.posts.to_string()), ("where", &places(dossier, words))]),
    };
    let found = dossier.claim.fact_checks.first().map(|check| {
        let rating = page::rating(check, 30).unwrap_or_else(|| words.not_rated.to_owned());
        format!(" – {rating} ({})", safe::short(&check.publisher, 30))
    });
    let before = format!("[claimwatch] {again}{head}: “");
    let after = format!("”{}", found.unwrap_or_default());
    let room = SUBJECT.saturating_sub(before.chars().count() + after.chars().count()).max(20);
    let whole = format!("{before}{}{after}", safe::short(&dossier.claim.claim, room));
    safe::cut(&safe::without_encoded_words(&whole), SUBJECT)
}

/// The sources' names, or how many they are.
fn places(dossier: &Dossier, words: &Words) -> String {
    let mut names: Vec<&str> = dossier.sightings.iter().map(|seen| seen.post.source.0.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [one] => safe::short(one, 24),
        [one, two] => format!("{}, {}", safe::short(one, 16), safe::short(two, 16)),
        many => count(words.sources, many.len() as u64),
    }
}
