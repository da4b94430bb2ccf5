//! The words of a digest: how claimwatch fared, what was held and why, by claim.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::safe;
use super::subscription::Desk;
use crate::model::digest::{Digest, DigestKind, Figures, Matter, Notice, Reason, Section};
use crate::model::letter::{Letter, Seen};
use crate::model::post::Lang;
use crate::model::units::counted;

/// Graphemes of a post in a digest: enough to recognise it.
const EXCERPT: usize = 240;

/// Writes a digest for `desk`.
///
/// What came from outside is made safe as in every letter; the fact-checks are the only links.
pub fn write(digest: &Digest, desk: &Desk) -> Letter {
    let zone = TimeZone::get(&desk.time_zone).unwrap_or(TimeZone::UTC);
    let mut text = lead(digest, &zone);
    text.push_str(&figures(&digest.figures, digest.since, &zone));
    if !digest.notices.is_empty() {
        text.push_str("\nWHAT THE OPERATOR SHOULD KNOW\n");
        for notice in &digest.notices {
            let _ = writeln!(text, "  - {}: {}", time(notice.at, &zone), matter(notice));
        }
    }
    for section in &digest.sections {
        text.push_str(&self::section(section, &zone));
    }
    let _ = write!(
        text,
        "\nclaimwatch explain --sighting NUMBER tells all about a post listed here.\n\n-- \n\
         claimwatch to desk {} · digest · times are {}\n\
         Addresses of posts are written so that they cannot be clicked (hxxp, [.]).\n",
        safe::short(&desk.name.0, 60),
        zone.iana_name().unwrap_or("UTC")
    );
    Letter { subject: subject(digest, &zone), text, html: String::new(), lang: Lang("en".to_owned()) }
}

fn subject(digest: &Digest, zone: &TimeZone) -> String {
    let posts: u64 = digest.sections.iter().map(|section| section.posts).sum();
    let posts = counted(usize::try_from(posts).unwrap_or(usize::MAX), "post");
    let day = digest.until.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d").to_string();
    let what = match &digest.kind {
        DigestKind::Regular if digest.sections.is_empty() && digest.notices.is_empty() => {
            let Figures { sources, healthy, posts, .. } = &digest.figures;
            format!("digest of {day}: nothing to report; {healthy} of {sources} sources well, {posts} posts read")
        }
        DigestKind::Regular => format!("digest of {day}: {posts}"),
        DigestKind::OverCap => format!("over the hourly limit: {posts} in one letter"),
        DigestKind::SilenceEnded { silence, .. } => format!("silence {} has ended: it held back {posts}", silence.0),
        DigestKind::Notices => match digest.notices.as_slice() {
            [one] => format!("operator: {}", matter(one)),
            many => format!("operator: {} notices", many.len()),
        },
    };
    safe::cut(&safe::without_encoded_words(&format!("[claimwatch] {what}")), 120)
}

fn lead(digest: &Digest, zone: &TimeZone) -> String {
    match &digest.kind {
        DigestKind::Regular => "What was not worth, or not allowed, a letter of its own.\n\n".to_owned(),
        DigestKind::OverCap => {
            "This desk had all the letters it may get in an hour. What came beyond them stands below; nothing is left out.\n\n"
                .to_owned()
        }
        DigestKind::SilenceEnded { silence, covered, author, comment, from, to } => format!(
            "Silence {} ({}), laid by {} from {} to {}, has ended.\nIts reason: {}\nWhat it held back stands below.\n\n",
            silence.0,
            safe::short(covered, 200),
            safe::short(author, 80),
            time(*from, zone),
            time(*to, zone),
            safe::short(comment, 200),
        ),
        DigestKind::Notices => String::new(),
    }
}

fn figures(figures: &Figures, since: Timestamp, zone: &TimeZone) -> String {
    let Figures { sources, healthy, unwell, posts, sightings, letters, held, waiting } = figures;
    let mut text = format!(
        "SINCE {}\n  {healthy} of {sources} sources well · {posts} posts read · {sightings} repeat a claim or nearly do\n\
         \x20 letters sent to this desk: {letters} · posts held: {} · letters waiting for the relay: {waiting}\n",
        time(since, zone),
        held.iter().map(|(_, n)| n).sum::<u64>(),
    );
    if !unwell.is_empty() {
        let names: Vec<String> = unwell.iter().take(10).map(|name| safe::short(&name.0, 60)).collect();
        let more = unwell.len().saturating_sub(10);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "  not well: {}{more}", names.join(", "));
    }
    text
}

fn section(section: &Section, zone: &TimeZone) -> String {
    let mut text = format!("\n{} ({})\n", heading(section.reason).to_uppercase(), section.posts);
    for gathered in &section.claims {
        let claim = &gathered.claim;
        let _ = write!(text, "\n  “{}” ({})\n", safe::short(&claim.claim, 300), gathered.posts);
        match claim.fact_checks.first() {
            Some(check) => {
                let rating = check.rating.as_deref().map_or_else(|| "not rated".to_owned(), |words| safe::short(words, 120));
                let _ = writeln!(text, "  {rating} ({})", safe::short(&check.publisher, 80));
                if let Some(url) = check.url.as_ref().filter(|url| url.scheme() == "https" && url.as_str().len() <= 900) {
                    let _ = writeln!(text, "  {url}");
                }
            }
            None => text.push_str("  The rule names no fact-check.\n"),
        }
        for item in &gathered.items {
            text.push_str(&self::item(item, zone));
        }
        let more = gathered.posts.saturating_sub(gathered.items.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "    … and {more} more");
        }
    }
    if section.more_claims > 0 {
        let _ = writeln!(text, "\n  … and {} more claims", section.more_claims);
    }
    text
}

fn item(item: &Seen, zone: &TimeZone) -> String {
    let whole: Vec<&str> = item.post.parts.iter().map(|part| part.text.as_str()).collect();
    let author = item.post.author.as_deref().map(|author| safe::short(author, 60)).filter(|author| !author.is_empty());
    let mut text = format!(
        "    {}. {}\n       {} · {} · {} · strength {:.2}\n",
        item.number.0,
        safe::short(&whole.join(" — "), EXCERPT),
        author.unwrap_or_else(|| "author not given".to_owned()),
        safe::short(&item.post.source.0, 60),
        time(item.post.published.unwrap_or(item.post.seen_at), zone),
        item.sighting.strength.value(),
    );
    if let Some(url) = &item.post.url {
        let _ = writeln!(text, "       {}", safe::cut(&safe::address(url), 300));
    }
    text
}

/// What a section is called.
pub(super) fn heading(reason: Reason) -> &'static str {
    match reason {
        Reason::Possible => "Perhaps: nearly the claim's words",
        Reason::Report => "Report that somebody says it",
        Reason::Question => "Ask whether it is so",
        Reason::Denial => "Say that it is wrong",
        Reason::Factcheck => "Seem to be fact-checks themselves",
        Reason::Rule => "Sent to the digest by the rule",
        Reason::Bulk => "Claims from archives",
        Reason::DigestDesk => "Repeat a claim",
        Reason::Cap => "Beyond the letters of the hour",
        Reason::QuietHours => "Held in quiet hours",
        Reason::Silenced => "Held by a silence",
        Reason::NoReader => "Reached no desk",
        Reason::NoRecipient => "The desk could not be written to",
        Reason::Retired => "The rule was taken out of use",
        Reason::Trial => "Rules on trial",
        Reason::Ignored => "Ignored by the rule",
        Reason::Dismissed => "Dismissed by the editors",
    }
}

fn matter(notice: &Notice) -> String {
    let whole = match &notice.matter {
        Matter::LetterGivenUp { delivery, desk, recipient, reply } => {
            format!("letter {delivery} to {recipient} (desk {desk}) was given up: {reply}")
        }
        Matter::RecipientPaused { recipient, reply } => {
            format!("{recipient} refused three letters for good and is no longer written to: {reply}")
        }
        Matter::SourceFailing { source, why } => format!("source {source} is failing: {why}"),
        Matter::SourceSuspended { source, why } => format!("source {source} is given up on and probed once a day: {why}"),
        Matter::SourceRecovered { source } => format!("source {source} is well again"),
        Matter::DeskUnreachable { desk } => format!("desk {desk} has no recipient that can be written to"),
    };
    safe::short(&whole, 400)
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::{claim, desk, post, sighting};
    use crate::model::digest::Gathered;
    use crate::model::sighting::SightingId;

    fn digest(kind: DigestKind, sections: Vec<Section>) -> Digest {
        let figures = Figures { sources: 3, healthy: 2, posts: 41, ..Figures::default() };
        Digest { kind, since: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, figures, sections, notices: Vec::new() }
    }

    #[test]
    fn a_digest_with_nothing_to_tell_says_how_many_sources_are_well() {
        let letter = write(&digest(DigestKind::Regular, Vec::new()), &desk("politics"));
        assert!(letter.subject.contains("2 of 3 sources well, 41 posts read"), "{}", letter.subject);
    }

    #[test]
    fn what_posts_hold_cannot_be_clicked_and_nothing_is_left_uncounted() {
        let claim = claim("cheese");
        let mut post = post("made of cheese https://evil.example/x");
        post.url = Some("https://evil.example/post".to_owned());
        let item = Seen { number: SightingId(12), sighting: sighting(&claim, &post, "cheese"), post };
        let claims = vec![Gathered { claim, posts: 40, items: vec![item] }];
        let section = Section { reason: Reason::Denial, posts: 41, claims, more_claims: 1 };
        let text = write(&digest(DigestKind::OverCap, vec![section]), &desk("politics")).text;
        assert!(!text.contains("https://evil"), "{text}");
        for words in ["12. made of cheese", "and 39 more", "and 1 more claims", "SAY THAT IT IS WRONG (41)"] {
            assert!(text.contains(words), "{words} is missing from\n{text}");
        }
    }
}
