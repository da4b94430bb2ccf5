//! The words of a digest: how claimwatch fared, what was held and why, by claim.

use askama::Template;

use super::check::{self, Check};
use super::dates::Almanac;
use super::layout::{COLUMNS, wrapped};
use super::letter::header;
use super::page::Frame;
use super::quotation::byline;
use super::safe;
use super::subscription::Desk;
use super::words::{Direction, Words, fill};
use crate::model::claim::FactCheck;
use crate::model::digest::{Corrected, Digest, DigestKind, Figures, Gathered, Matter, Section};
use crate::model::facts::{ClaimFacts, Facts, Kind};
use crate::model::letter::{Change, Letter, Seen};
use crate::model::post::Lang;

/// Graphemes of a post in a digest: enough to recognise it.
const EXCERPT: usize = 240;

#[derive(Template)]
#[template(path = "digest.txt", config = "src/alerting/askama.toml", escape = "none")]
struct TextPart<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "digest.html", config = "src/alerting/askama.toml")]
struct HtmlPart<'a> {
    page: &'a Page,
    frame: &'a Frame,
}

/// A digest before layout: every word in it is safe to show.
struct Page {
    frame: Frame,
    figures_heading: String,
    /// Names and numbers.
    figures: Vec<(String, String)>,
    unwell: Option<String>,
    notices: Vec<Note>,
    corrections: Vec<Fix>,
    sections: Vec<Part>,
    explain: String,
}

struct Note {
    when: String,
    what: String,
}

/// What an earlier digest told and no longer holds.
struct Fix {
    what: String,
    /// What was told and what holds, in few words.
    was: Option<String>,
    check: Option<Check>,
}

struct Part {
    heading: String,
    claims: Vec<ClaimPart>,
    more_claims: Option<String>,
}

struct ClaimPart {
    claim: String,
    posts: String,
    check: Option<Check>,
    items: Vec<Quoted>,
    more: Option<String>,
}

struct Quoted {
    number: String,
    text: String,
    byline: String,
    address: Option<String>,
}

/// Writes a digest for `desk`.
///
/// What came from outside is made safe as in every letter; the fact-checks are the only links.
pub fn write(digest: &Digest, desk: &Desk) -> Letter {
    let words = Words::of(&desk.language);
    let almanac = Almanac::of(&desk.time_zone, words);
    let subject = subject(digest, words, &almanac);
    let page = page(digest, desk, words, &almanac, &subject);
    let mut text = TextPart { page: &page }.render().unwrap_or_else(|_| page.frame.lead.clone());
    text.push('\n');
    let html = HtmlPart { page: &page, frame: &page.frame }.render().unwrap_or_default();
    Letter { subject, text, html, lang: Lang(words.tag.clone()), facts: facts(digest) }
}

fn kind(digest: &Digest) -> Kind {
    match digest.kind {
        DigestKind::Regular => Kind::Digest,
        DigestKind::OverCap => Kind::OverCap,
        DigestKind::SilenceEnded { .. } => Kind::SilenceEnded,
        DigestKind::Notices => Kind::Notices,
    }
}

fn facts(digest: &Digest) -> Facts {
    let claims = digest.sections.iter().flat_map(|section| &section.claims).take(50).map(|gathered| {
        let items = gathered.items.iter().map(|item| (item.number, &item.post, &item.sighting));
        ClaimFacts::of(&gathered.claim, items)
    });
    let corrected = digest.corrections.iter().map(|correction| ClaimFacts::of(&correction.claim, std::iter::empty()));
    Facts {
        kind: kind(digest),
        posts: posts(digest),
        claims: corrected.chain(claims).collect(),
        written_at: digest.until,
        ..Facts::default()
    }
}

fn posts(digest: &Digest) -> u64 {
    digest.sections.iter().map(|section| section.posts).sum()
}

/// Whether there is nothing to tell but that claimwatch is awake.
fn is_quiet(digest: &Digest) -> bool {
    let is_empty = digest.sections.is_empty() && digest.notices.is_empty() && digest.corrections.is_empty();
    digest.kind == DigestKind::Regular && is_empty
}

fn subject(digest: &Digest, words: &Words, almanac: &Almanac) -> String {
    let posts = posts(digest);
    let date = almanac.date(almanac.day(digest.until));
    let Figures { sources, healthy, posts: read, .. } = &digest.figures;
    header(&match &digest.kind {
        DigestKind::Regular if is_quiet(digest) => {
            let values = [
                ("date", date),
                ("healthy", words.whole(*healthy)),
                ("sources", words.whole(*sources)),
                ("read", words.whole(*read)),
            ];
            fill(&words.subject.quiet, &values.each_ref().map(|(key, value)| (*key, value.as_str())))
        }
        DigestKind::Regular if digest.sections.is_empty() && !digest.corrections.is_empty() => {
            match digest.corrections.as_slice() {
                [one] => fix_sentence(one, 60, words),
                many => format!("{} ({})", words.badge.correction, words.whole(many.len() as u64)),
            }
        }
        DigestKind::Regular => words.count(&words.subject.digest, posts, &[("date", &date)]),
        DigestKind::OverCap => words.count(&words.subject.over_cap, posts, &[]),
        DigestKind::SilenceEnded { silence, .. } => {
            words.count(&words.subject.silence, posts, &[("silence", &silence.0.to_string())])
        }
        DigestKind::Notices => match digest.notices.as_slice() {
            [one] => fill(&words.subject.notice, &[("matter", &matter(&one.matter, words))]),
            many => words.count(&words.subject.notices, many.len() as u64, &[]),
        },
    })
}

fn page(digest: &Digest, desk: &Desk, words: &'static Words, almanac: &Almanac, subject: &str) -> Page {
    let apart = |text: &str, graphemes| safe::apart(&safe::short(text, graphemes), words.direction);
    let foot = [("desk", apart(&desk.name.0, 60)), ("zone", safe::apart(almanac.zone(), words.direction))];
    let foot = fill(&words.foot.digest, &foot.each_ref().map(|(key, value)| (*key, value.as_str())));
    let figures = &digest.figures;
    let unwell: Vec<String> = figures.unwell.iter().take(10).map(|name| apart(&name.0, 60)).collect();
    let more = figures.unwell.len().saturating_sub(10) as u64;
    let more = if more > 0 { format!(" {}", words.count(&words.digest.and_more, more, &[])) } else { String::new() };
    let unwell = (!unwell.is_empty()).then(|| fill(&words.digest.unwell, &[("names", &format!("{}{more}", unwell.join(", ")))]));
    let command = safe::apart(&format!("claimwatch explain --sighting {}", words.wrong.number), words.direction);
    Page {
        frame: Frame::of(desk, words, subject, kind(digest), lead(digest, words, almanac), foot),
        figures_heading: fill(&words.digest.figures, &[("moment", &almanac.moment(digest.since))]),
        figures: self::figures(figures, words),
        unwell,
        notices: digest
            .notices
            .iter()
            .map(|notice| Note { when: almanac.moment(notice.at), what: matter(&notice.matter, words) })
            .collect(),
        corrections: digest.corrections.iter().map(|correction| fix(correction, words, almanac)).collect(),
        sections: digest.sections.iter().map(|section| part(section, words, almanac)).collect(),
        explain: fill(&words.digest.explain, &[("command", &command)]),
    }
}

fn fix(correction: &Corrected, words: &Words, almanac: &Almanac) -> Fix {
    let (was, check) = match &correction.change {
        Change::Retired => (None, None),
        Change::FactChecks { before } => {
            let brief = |checks: &[FactCheck]| match checks.first() {
                Some(first) => safe::apart(&check::brief(first, words), words.direction),
                None => words.check.not_rated.clone(),
            };
            let arrow = if words.direction == Direction::Rtl { "←" } else { "→" };
            let was = format!("{} {arrow} {}", brief(before), brief(&correction.claim.fact_checks));
            (Some(was), correction.claim.fact_checks.first().map(|check| Check::of(check, words, almanac)))
        }
    };
    Fix { what: fix_sentence(correction, 300, words), was, check }
}

fn fix_sentence(correction: &Corrected, graphemes: usize, words: &Words) -> String {
    let claim = words.quoted(&safe::apart(&safe::short(&correction.claim.claim, graphemes), words.direction));
    let found = correction.claim.fact_checks.first();
    let found = found.map_or_else(|| words.check.not_rated.clone(), |first| check::brief(first, words));
    let sentence = match correction.change {
        Change::Retired => &words.subject.retired,
        Change::FactChecks { .. } => &words.subject.changed,
    };
    fill(sentence, &[("claim", &claim), ("found", &found)])
}

fn lead(digest: &Digest, words: &Words, almanac: &Almanac) -> String {
    match &digest.kind {
        DigestKind::Regular if is_quiet(digest) => words.lead.quiet.clone(),
        DigestKind::Regular => words.lead.digest.clone(),
        DigestKind::OverCap => words.lead.over_cap.clone(),
        DigestKind::Notices => words.lead.notices.clone(),
        DigestKind::SilenceEnded { silence, covered, author, comment, from, to } => {
            let apart = |text: &str, graphemes| safe::apart(&safe::short(text, graphemes), words.direction);
            let values = [
                ("silence", silence.0.to_string()),
                ("covered", apart(covered, 200)),
                ("author", apart(author, 80)),
                ("comment", apart(comment, 200)),
                ("from", almanac.moment(*from)),
                ("to", almanac.moment(*to)),
            ];
            fill(&words.lead.silence, &values.each_ref().map(|(key, value)| (*key, value.as_str())))
        }
    }
}

fn figures(figures: &Figures, words: &Words) -> Vec<(String, String)> {
    let Figures { sources, healthy, posts, sightings, letters, held, waiting, .. } = figures;
    let well = fill(&words.digest.of, &[("n", &words.whole(*healthy)), ("all", &words.whole(*sources))]);
    let held: u64 = held.iter().map(|(_, n)| n).sum();
    let names = &words.digest;
    vec![
        (names.sources.clone(), well),
        (names.posts.clone(), words.whole(*posts)),
        (names.sightings.clone(), words.whole(*sightings)),
        (names.letters.clone(), words.whole(*letters)),
        (names.held.clone(), words.whole(held)),
        (names.waiting.clone(), words.whole(*waiting)),
    ]
}

fn part(section: &Section, words: &Words, almanac: &Almanac) -> Part {
    Part {
        heading: format!("{} ({})", words.reason(section.reason), words.whole(section.posts)),
        claims: section.claims.iter().map(|gathered| claim_part(gathered, words, almanac)).collect(),
        more_claims: Some(section.more_claims).filter(|n| *n > 0).map(|n| words.count(&words.digest.more_claims, n, &[])),
    }
}

fn claim_part(gathered: &Gathered, words: &Words, almanac: &Almanac) -> ClaimPart {
    let more = gathered.posts.saturating_sub(gathered.items.len() as u64);
    ClaimPart {
        claim: words.quoted(&safe::apart(&safe::short(&gathered.claim.claim, 300), words.direction)),
        posts: words.whole(gathered.posts),
        check: gathered.claim.fact_checks.first().map(|check| Check::of(check, words, almanac)),
        items: gathered.items.iter().map(|item| quoted(item, words, almanac)).collect(),
        more: Some(more).filter(|n| *n > 0).map(|n| words.count(&words.digest.more_posts, n, &[])),
    }
}

fn quoted(item: &Seen, words: &Words, almanac: &Almanac) -> Quoted {
    let whole: Vec<&str> = item.post.parts.iter().map(|part| part.text.as_str()).collect();
    let text = safe::short(&whole.join(" — "), EXCERPT);
    Quoted {
        number: fill(&words.posts.number, &[("number", &item.number.to_string())]),
        text: if text.is_empty() { words.posts.without_text.clone() } else { text },
        byline: byline(&item.post, words, almanac),
        address: item.post.url.as_deref().map(|url| safe::cut(&safe::address(url), 300)).filter(|address| !address.is_empty()),
    }
}

fn matter(matter: &Matter, words: &Words) -> String {
    let apart = |text: &str, graphemes| safe::apart(&safe::short(text, graphemes), words.direction);
    let sentences = &words.matters;
    match matter {
        Matter::LetterGivenUp { delivery, desk, recipient, reply } => fill(
            &sentences.letter_given_up,
            &[
                ("delivery", &delivery.to_string()),
                ("recipient", &apart(recipient, 80)),
                ("desk", &apart(&desk.0, 60)),
                ("reply", &apart(reply, 300)),
            ],
        ),
        Matter::RecipientPaused { recipient, reply } => {
            fill(&sentences.recipient_paused, &[("recipient", &apart(recipient, 80)), ("reply", &apart(reply, 300))])
        }
        Matter::SourceFailing { source, why } => {
            fill(&sentences.source_failing, &[("source", &apart(&source.0, 60)), ("why", &apart(why, 300))])
        }
        Matter::SourceSuspended { source, why } => {
            fill(&sentences.source_suspended, &[("source", &apart(&source.0, 60)), ("why", &apart(why, 300))])
        }
        Matter::SourceRecovered { source } => fill(&sentences.source_recovered, &[("source", &apart(&source.0, 60))]),
        Matter::HookBarred { desk, hook, reply } => fill(
            &sentences.hook_barred,
            &[("hook", &apart(hook, 80)), ("desk", &apart(&desk.0, 60)), ("reply", &apart(reply, 300))],
        ),
        Matter::RelayBarred { reply } => fill(&sentences.relay_barred, &[("reply", &apart(reply, 300))]),
        Matter::DeskUnreachable { desk } => fill(&sentences.desk_unreachable, &[("desk", &apart(&desk.0, 60))]),
    }
}

impl Fix {
    fn lines(&self) -> Vec<String> {
        wrapped(&self.what, COLUMNS - 4)
    }
}

impl ClaimPart {
    fn claim_lines(&self) -> Vec<String> {
        wrapped(&format!("{} ({})", self.claim, self.posts), COLUMNS - 2)
    }
}

impl Quoted {
    fn text_lines(&self) -> Vec<String> {
        wrapped(&format!("{} · {}", self.number, self.text), COLUMNS - 4)
    }

    fn byline_lines(&self) -> Vec<String> {
        wrapped(&self.byline, COLUMNS - 4)
    }
}

impl Note {
    fn lines(&self) -> Vec<String> {
        wrapped(&format!("{}: {}", self.when, self.what), COLUMNS - 4)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::alerting::samples::{claim, desk, post, sighting};
    use crate::model::digest::Reason;
    use crate::model::sighting::SightingId;

    fn digest(kind: DigestKind, sections: Vec<Section>) -> Digest {
        let figures = Figures { sources: 3, healthy: 2, posts: 41, ..Figures::default() };
        Digest {
            kind,
            since: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            figures,
            corrections: Vec::new(),
            sections,
            notices: Vec::new(),
        }
    }

    #[test]
    fn a_digest_with_nothing_to_tell_says_how_many_sources_are_well() {
        let letter = write(&digest(DigestKind::Regular, Vec::new()), &desk("politics"));
        assert!(letter.subject.contains("2 of 3 sources well, posts read: 41"), "{}", letter.subject);
    }

    #[test]
    fn what_posts_hold_cannot_be_clicked_and_nothing_is_left_uncounted() {
        let claim = claim("cheese");
        let mut post = post("made of cheese https://evil.example/x");
        post.url = Some("https://evil.example/post".to_owned());
        let item = Seen { number: SightingId(12), sighting: sighting(&claim, &post, "cheese"), post, copies: Vec::new() };
        let claims = vec![Gathered { claim, posts: 40, items: vec![item] }];
        let section = Section { reason: Reason::Denial, posts: 41, claims, more_claims: 1 };
        let text = write(&digest(DigestKind::OverCap, vec![section]), &desk("politics")).text;
        assert!(!text.contains("https://evil"), "{text}");
        for words in ["No. 12 · made of cheese", "39 more posts", "1 more claim", "SAY THAT IT IS WRONG (41)"] {
            assert!(text.contains(words), "{words} is missing from\n{text}");
        }
    }
}
