//! What a backtest found, told to an editor, to a pull request and to a program.

use serde_json::{Value, json};

use super::bulk::BulkTally;
use super::tally::{Change, Example, Judged, Tally};
use crate::cli::marks::{marked, shortened};
use crate::cli::opened::day;
use crate::cli::output::{Paint, json as as_json};
use crate::cli::progress::grouped;
use crate::model::feedback::{Feedback, Opinion};
use crate::model::post::Post;

/// All that was found.
pub(super) struct Report {
    /// What was compared with.
    pub base: String,
    /// Whether that was a git revision.
    pub against_git: bool,
    /// How far back the memory was looked at; `None` for a file.
    pub time: Option<String>,
    /// Posts tried.
    pub posts: u64,
    /// How long it took.
    pub seconds: f64,
    /// Rules that are the same.
    pub untouched: usize,
    /// The others.
    pub tallies: Vec<Tally>,
    /// Bulk claims, where they are tried.
    pub bulk: Option<BulkTally>,
    /// More new posts than this are too many.
    pub max_new: Option<u64>,
}

impl Report {
    /// Posts that newly reach a desk, all rules together.
    pub(super) fn newly_told(&self) -> u64 {
        self.all().map(|tally| tally.newly_told).sum()
    }

    /// Whether that is more than was allowed.
    pub(super) fn is_too_much(&self) -> bool {
        self.max_new.is_some_and(|most| self.newly_told() > most)
    }

    fn totals(&self) -> [u64; 3] {
        let of = |which: usize| self.all().filter_map(|tally| tally.numbers.get(which)).sum();
        [of(0), of(1), of(2)]
    }

    fn all(&self) -> impl Iterator<Item = &Tally> {
        self.tallies.iter().chain(self.bulk.iter().map(|bulk| &bulk.all))
    }

    pub(super) fn on_what(&self) -> String {
        let time = self.time.as_ref().map(|time| format!("{time}, ")).unwrap_or_default();
        format!("{time}{}", posts(self.posts))
    }

    pub(super) fn nothing_to_try(&self) -> bool {
        self.tallies.is_empty() && self.bulk.is_none()
    }

    pub(super) fn verdict(&self) -> Option<String> {
        let most = self.max_new?;
        let new = self.newly_told();
        let sign = if self.is_too_much() { "more than" } else { "no more than" };
        Some(format!("{} would newly reach a desk, {sign} the {} allowed", posts(new), grouped(most)))
    }
}

pub(super) fn posts(number: u64) -> String {
    format!("{} post{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// For a terminal.
pub(super) fn in_text(report: &Report, paint: Paint) -> String {
    if report.nothing_to_try() {
        return format!("Every rule decides as at {}: nothing to try.\n", report.base);
    }
    let mut text = format!("{} → the rules as they are here; {} ({:.1} s)\n\n", report.base, report.on_what(), report.seconds);
    for tally in report.tallies.iter().filter(|tally| report.against_git || tally.changes_anything()) {
        text.push_str(&rule(tally, paint));
    }
    if let Some(bulk) = report.bulk.as_ref().filter(|bulk| report.against_git || bulk.all.changes_anything()) {
        text.push_str(&bulk.in_text(paint));
    }
    let [appear, disappear, move_] = report.totals();
    let silent = report.tallies.iter().filter(|tally| !tally.changes_anything()).count() + report.untouched;
    let silent = match silent {
        0 => String::new(),
        1 => " 1 rule finds what it found.".to_owned(),
        many => format!(" {many} rules find what they found."),
    };
    text.push_str(&paint.strong(&format!(
        "{} {}, {} {}, {} {} between letter, digest and counting.",
        posts(appear),
        verb(appear, "appear"),
        grouped(disappear),
        verb(disappear, "disappear"),
        grouped(move_),
        verb(move_, "move")
    )));
    text.push_str(&format!("{silent}\n"));
    if let Some(verdict) = report.verdict() {
        let verdict = format!("{verdict}.\n");
        text.push_str(&if report.is_too_much() { paint.bad(&verdict) } else { paint.good(&verdict) });
    }
    text
}

pub(super) fn verb(number: u64, word: &str) -> String {
    if number == 1 { format!("{word}s") } else { word.to_owned() }
}

fn rule(tally: &Tally, paint: Paint) -> String {
    let [appear, disappear, move_] = tally.numbers;
    let changes = if tally.changes.is_empty() { String::new() } else { format!("  {}", tally.changes) };
    let mut text = format!(
        "{}{changes}   was {}, now {}   +{} -{} ~{}\n",
        paint.strong(&tally.claim.0),
        grouped(tally.was),
        grouped(tally.now),
        grouped(appear),
        grouped(disappear),
        grouped(move_)
    );
    for change in Change::ALL {
        for example in tally.examples.iter().filter(|example| example.change == change) {
            text.push_str(&shown(example, paint));
        }
        let kept = tally.examples.iter().filter(|example| example.change == change).count() as u64;
        let all = tally.numbers.get(change as usize).copied().unwrap_or_default();
        if all > kept {
            text.push_str(&paint.dim(&format!("  {} … and {} more\n", change.sign(), grouped(all - kept))));
        }
    }
    if let Some(words) = said_in_all(tally) {
        text.push_str(&format!("  {words}\n"));
    }
    if tally.near_was != tally.near_now {
        text.push_str(&format!("  near-misses: was {}, now {}\n", grouped(tally.near_was), grouped(tally.near_now)));
    }
    text.push('\n');
    text
}

pub(super) fn shown(example: &Example, paint: Paint) -> String {
    let sign = match example.change {
        Change::Appears => paint.good("+"),
        Change::Disappears => paint.bad("-"),
        Change::Moves => paint.odd("~"),
    };
    let moves = match example.change {
        Change::Moves => format!("  {} → {}", example.before.word(), example.after.word()),
        Change::Appears => format!("  {}", example.after.word()),
        Change::Disappears => String::new(),
    };
    let said = said(&example.said).map(|said| format!("  {}", paint.odd(&said))).unwrap_or_default();
    let marked = marked(&example.post, &example.wording, &example.gates, paint);
    let mut text = format!("  {sign} {:.2}  {}{moves}{said}\n      \"{marked}\"\n", example.strength, whence(&example.post));
    if let Some((claim, words)) = &example.about {
        text.push_str(&format!("      {}: \"{}\"\n", shortened(&claim.0, 0, 60), shortened(words, 0, 90)));
    }
    if example.change == Change::Disappears && !example.why.is_empty() {
        text.push_str(&format!("      now: {}\n", example.why));
    }
    text
}

/// "2026-10-02  bbc", or the post's own name where it comes from a file.
pub(in crate::cli) fn whence(post: &Post) -> String {
    if post.seen_at == jiff::Timestamp::UNIX_EPOCH {
        return crate::cli::marks::shortened(&post.key.0, 0, 40);
    }
    let author =
        post.author.as_ref().map(|author| format!(", {}", crate::cli::marks::shortened(author, 0, 30))).unwrap_or_default();
    format!("{}  {}{author}", day(post.published.unwrap_or(post.seen_at)), post.source)
}

/// "was CONFIRMED by Ana", "dismissed twice before"
pub(super) fn said(feedback: &[Feedback]) -> Option<String> {
    let last = feedback.last()?;
    let same = feedback.iter().filter(|one| one.opinion == last.opinion).count();
    let by = last.by.as_ref().map(|by| format!(" by {}", crate::cli::marks::shortened(by, 0, 40))).unwrap_or_default();
    let times = match same {
        1 => String::new(),
        2 => " twice".to_owned(),
        many => format!(" {many} times"),
    };
    Some(match last.opinion {
        Opinion::Confirmed => format!("was CONFIRMED{times}{by}"),
        Opinion::Dismissed => format!("was dismissed{times}{by}"),
    })
}

/// "people said of those now found: 2 confirmed, 6 dismissed, 9 unseen; precision 0.25 (0.07–0.59), was 0.67 (…)"
pub(super) fn said_in_all(tally: &Tally) -> Option<String> {
    let (was, now) = (&tally.judged_was, &tally.judged_now);
    if was.precision.judged() + now.precision.judged() == 0 {
        return None;
    }
    let before = if was.precision.judged() > 0 { format!(", was {}", was.precision.shown()) } else { String::new() };
    Some(format!("people said of those now found: {}; precision {}{before}", judged(now), now.precision.shown()))
}

pub(super) fn judged(judged: &Judged) -> String {
    format!(
        "{} confirmed, {} dismissed, {} not judged",
        judged.precision.confirmed,
        judged.precision.dismissed,
        grouped(judged.unseen)
    )
}

/// For programs.
pub(super) fn in_json(report: &Report) -> String {
    let [appear, disappear, move_] = report.totals();
    let rules: Vec<Value> = report
        .tallies
        .iter()
        .map(|tally| {
            let [appear, disappear, move_] = tally.numbers;
            json!({
                "id": tally.claim,
                "changed": tally.changes,
                "was": tally.was,
                "now": tally.now,
                "appear": appear,
                "disappear": disappear,
                "move": move_,
                "newly_told": tally.newly_told,
                "near_misses": { "was": tally.near_was, "now": tally.near_now },
                "judged": { "was": judged_json(&tally.judged_was), "now": judged_json(&tally.judged_now) },
                "posts": tally.examples.iter().map(example_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    as_json(&json!({
        "base": report.base,
        "posts": report.posts,
        "seconds": (report.seconds * 10.0).round() / 10.0,
        "appear": appear,
        "disappear": disappear,
        "move": move_,
        "newly_told": report.newly_told(),
        "max_new": report.max_new,
        "unchanged_rules": report.untouched,
        "rules": rules,
        "bulk": report.bulk.as_ref().map(BulkTally::in_json),
    }))
}

pub(super) fn judged_json(judged: &Judged) -> Value {
    json!({
        "confirmed": judged.precision.confirmed,
        "dismissed": judged.precision.dismissed,
        "unseen": judged.unseen,
        "precision": judged.precision.as_json(),
    })
}

pub(super) fn example_json(example: &Example) -> Value {
    json!({
        "change": match example.change { Change::Appears => "appears", Change::Disappears => "disappears", Change::Moves => "moves" },
        "before": example.before.word(),
        "after": example.after.word(),
        "claim": example.about.as_ref().map(|(claim, _)| claim),
        "strength": example.strength,
        "source": example.post.source,
        "key": example.post.key,
        "url": example.post.url,
        "published": example.post.published,
        "text": example.post.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n"),
        "spans": example.wording,
        "gate_spans": example.gates,
        "why": example.why,
        "said": example.said.iter().map(|one| json!({ "opinion": one.opinion.word(), "by": one.by, "why": one.why, "sighting": one.sighting.0 })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_told_once() {
        let one = |opinion, by: Option<&str>| Feedback {
            sighting: crate::model::sighting::SightingId(1),
            claim: crate::model::claim::ClaimId("x".to_owned()),
            revision: crate::model::claim::Revision(String::new()),
            opinion,
            by: by.map(str::to_owned),
            why: None,
            said_at: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[one(Opinion::Confirmed, Some("Ana"))]).as_deref(), Some("was CONFIRMED by Ana"));
        let twice = [one(Opinion::Dismissed, None), one(Opinion::Dismissed, None)];
        assert_eq!(said(&twice).as_deref(), Some("was dismissed twice"));
    }
}
