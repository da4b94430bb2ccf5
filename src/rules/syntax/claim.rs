//! `[[claim]]`: one rule, read key by key.

use super::lists::Lists;
use super::{expectations, factcheck, is_id, matching, proposed_id};
use crate::model::alert::DeskName;
use crate::model::claim::{Claim, ClaimId, Revision, Severity, Status};
use crate::rules::reading::table::{Notes, Table, shown};
use crate::rules::reading::value::{Value, Words};
use crate::rules::revision::revision_of;
use crate::rules::{Place, Rule, Upkeep, codes};

const STATUSES: [(&str, Status); 5] = [
    ("draft", Status::Draft),
    ("test", Status::Test),
    ("active", Status::Active),
    ("paused", Status::Paused),
    ("retired", Status::Retired),
];

const SEVERITIES: [(&str, Severity); 3] = [("low", Severity::Low), ("normal", Severity::Normal), ("high", Severity::High)];

/// Keys of the claim itself, which people also add at the end of `[claim.match]`.
pub(super) const KEYS: [&str; 15] = [
    "id",
    "claim",
    "claimant",
    "said_on",
    "status",
    "severity",
    "topic",
    "tags",
    "desks",
    "owner",
    "review_by",
    "active_from",
    "expires",
    "replaces",
    "notes",
];

/// Headings below `[[claim]]`, each with the keys that are written above it by mistake.
const INNER: [(&str, &[&str]); 4] = [
    ("[claim.match]", &["phrases", "variants", "all_of", "any_of", "none_of", "urls", "strictness", "threshold"]),
    ("[claim.tests]", &["must_match", "must_not_match"]),
    ("[claim.when]", &["assertion", "quoted", "report", "question", "denial"]),
    ("[[claim.factcheck]]", &["publisher", "url", "title", "rating", "verdict", "date", "lang"]),
];

/// Reads one `[[claim]]`; gives nothing where not even its id and its claim are there.
pub(super) fn read(mut table: Table<'_>, lists: &Lists, notes: &mut Notes<'_>) -> Option<Rule> {
    let header = table.span.clone();
    let id = table.need("id", "id = \"nk-sleep-well\"", notes).and_then(|value| id(&value, notes));
    let sentence =
        table.need("claim", "claim = \"North Korea is no longer a nuclear threat.\"", notes).and_then(|value| value.text(notes));
    let status = table.take("status").and_then(|value| value.choice(&STATUSES, notes)).unwrap_or_default();
    let severity = table.take("severity").and_then(|value| value.choice(&SEVERITIES, notes)).unwrap_or_default();
    let claimant = text(&mut table, "claimant", notes);
    let said_on = table.take("said_on").and_then(|value| value.date(notes));
    let topic = text(&mut table, "topic", notes);
    let tags = table.take("tags").map(|value| value.texts(notes)).unwrap_or_default();
    let desks = table.take("desks").map(|value| value.texts(notes)).unwrap_or_default();
    let mut upkeep = upkeep(&mut table, &desks, notes);
    upkeep.id_place = notes.document.place(&id.as_ref().map_or(header.clone(), |words| words.span.clone()));
    let fact_checks = table.tables("factcheck", notes).into_iter().filter_map(|check| factcheck::read(check, notes)).collect();
    let tests = table.table("tests", notes).map(|table| expectations::read(table, notes)).unwrap_or_default();
    let when = table.table("when", notes).map(|table| matching::when(table, notes)).unwrap_or_default();
    let match_table = table.table("match", notes);
    let match_span = match_table.as_ref().map(|table| table.span.clone());
    let found = match_table.map(|table| matching::read(table, lists, notes));
    let is_empty = found.as_ref().is_none_or(|found| !found.attempted);
    if is_empty && status != Status::Draft && status != Status::Retired {
        let message = "this claim has no wording, so no post can ever match it";
        notes.error(
            codes::NOTHING_TO_MATCH,
            &match_span.unwrap_or(header.clone()),
            message,
            "add `[claim.match]` with phrases = [\"…\"] or variants = [\"…\"]",
        );
    }
    table.finish_before(&INNER, notes);

    let found = found.unwrap_or_default();
    let claim = Claim {
        id: ClaimId(id?.text),
        claim: sentence?.text,
        claimant,
        said_on,
        topic,
        tags: tags.into_iter().map(|words| words.text).collect(),
        severity,
        desks: desks.into_iter().map(|words| DeskName(words.text)).collect(),
        status,
        fact_checks,
        revision: Revision(String::new()),
        bulk: false,
    };
    let mut rule = Rule {
        claim,
        wordings: found.wordings,
        all_of: found.all_of,
        any_of: found.any_of,
        none_of: found.none_of,
        urls: found.urls,
        threshold: found.threshold,
        tests,
        when,
        upkeep,
        place: notes.document.place(&header),
    };
    rule.claim.revision = revision_of(&rule);
    Some(rule)
}

fn upkeep(table: &mut Table<'_>, desks: &[Words], notes: &mut Notes<'_>) -> Upkeep {
    let owner = text(table, "owner", notes);
    let [review_by, active_from, expires] = ["review_by", "active_from", "expires"].map(|key| {
        let value = table.take(key)?;
        value.date(notes).map(|date| (date, value.span))
    });
    if let (Some((first, _)), Some((last, span))) = (&active_from, &expires)
        && last < first
    {
        notes.error(
            codes::BAD_DATE,
            span,
            "this claim expires before it begins",
            "`expires` is the last day, `active_from` the first",
        );
    }
    let replaces = table.take("replaces").map(|value| replaced(&value, notes)).unwrap_or_default();
    Upkeep {
        owner,
        review_by: review_by.map(|(date, _)| date),
        active_from: active_from.map(|(date, _)| date),
        expires: expires.map(|(date, _)| date),
        replaces,
        notes: text(table, "notes", notes),
        id_place: Place::default(),
        desk_places: desks.iter().map(|words| notes.document.place(&words.span)).collect(),
    }
}

/// One id or a list of them.
fn replaced(value: &Value<'_>, notes: &mut Notes<'_>) -> Vec<ClaimId> {
    let items = if value.inner.is_str() { vec![value.clone()] } else { value.list(notes) };
    items.iter().filter_map(|item| id(item, notes)).map(|words| ClaimId(words.text)).collect()
}

fn text(table: &mut Table<'_>, key: &'static str, notes: &mut Notes<'_>) -> Option<String> {
    Some(table.take(key)?.text(notes)?.text)
}

fn id(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Words> {
    let words = value.text(notes)?;
    if !is_id(&words.text) {
        let help = format!("ids have 3 to 64 letters a–z, digits and hyphens: \"{}\"", proposed_id(&words.text));
        notes.error(codes::BAD_ID, &words.span, format!("\"{}\" cannot be an id", shown(&words.text)), help);
    }
    Some(words)
}
