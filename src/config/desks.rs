//! `[[desk]]`: who reads, and whether every rule reaches somebody.

use jiff::civil::Time;

use super::common::{Names, SecretOf, address};
use super::hooks;
use crate::alerting::hours::digest_in_quiet_hours;
use crate::alerting::route::desks_for;
use crate::alerting::subscription::{CAP, Desk, EVERYTHING, QuietHours};
use crate::model::alert::{DeskName, OPERATOR};
use crate::model::claim::{Severity, Status};
use crate::model::post::Lang;
use crate::model::source::{Source, SourceName};
use crate::rules::diagnostic::{Diagnostic, Level, any_error};
use crate::rules::reading::table::{Notes, Table, nearest, shown};
use crate::rules::reading::value::{Value, Words};
use crate::rules::{Place, Rule, codes};

const SEVERITIES: [(&str, Severity); 3] = [("low", Severity::Low), ("normal", Severity::Normal), ("high", Severity::High)];

/// Reads all desks.
pub(super) fn read(tables: Vec<Table<'_>>, sources: &[Source], secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Vec<Desk> {
    let mut names = Names::default();
    tables.into_iter().filter_map(|table| desk(table, &mut names, sources, secret, notes)).collect()
}

/// Reads `[operator]`: a desk that is told of what reached no desk and of what needs a person.
pub(super) fn operator(mut table: Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Desk> {
    let to = table.need("to", "to = [\"operator@example.org\"]", notes).map(|value| recipients(&value, notes));
    let mut desk = Desk::operator(to?);
    times(&mut table, &mut desk, notes);
    desk.hooks = hooks::read(&mut table, secret, notes);
    table.finish(notes);
    Some(desk)
}

fn desk(
    mut table: Table<'_>,
    names: &mut Names,
    sources: &[Source],
    secret: SecretOf<'_>,
    notes: &mut Notes<'_>,
) -> Option<Desk> {
    let span = table.span.clone();
    let name = table.need("name", "name = \"politics\"", notes).and_then(|value| names.take("desk", &value, notes));
    let name = name.filter(|name| {
        let reserved = name.text.to_lowercase() == OPERATOR;
        if reserved {
            let message = "no desk may be called \"operator\"";
            notes.error(codes::BAD_ID, &name.span, message, "write the operator's own table instead: [operator]");
        }
        !reserved
    });
    let to = table.need("to", "to = [\"politics@example.org\"]", notes);
    let to: Vec<String> = to.map(|value| recipients(&value, notes)).unwrap_or_default();
    let texts = |table: &mut Table<'_>, key, notes: &mut Notes<'_>| -> Vec<String> {
        let words = table.take(key).map(|value| value.texts(notes)).unwrap_or_default();
        words.into_iter().map(|words| words.text).collect()
    };
    let mut desk = Desk::new(&name.as_ref().map(|name| name.text.clone()).unwrap_or_default(), to);
    desk.topics = texts(&mut table, "topics", notes);
    desk.tags = texts(&mut table, "tags", notes);
    desk.sources = table.take("sources").map(|value| only_known(&value, sources, notes)).unwrap_or_default();
    let languages = table.take("languages").map(|value| value.list(notes)).unwrap_or_default();
    desk.languages = languages.iter().filter_map(|value| language(value, notes)).collect();
    let severities = table.take("severities").map(|value| value.list(notes)).unwrap_or_default();
    desk.severities = severities.iter().filter_map(|value| value.choice(&SEVERITIES, notes)).collect();
    if let Some(gather) = table.take("gather").and_then(|value| value.duration(notes)) {
        desk.gather = gather;
    }
    if let Some(immediate) = table.take("immediate").and_then(|value| value.flag(notes)) {
        desk.immediate = immediate;
    }
    if let Some(cap) = table.take("cap").and_then(|value| value.whole_in(1..=10_000, notes)) {
        desk.cap = u32::try_from(cap).unwrap_or(CAP);
    }
    times(&mut table, &mut desk, notes);
    desk.hooks = hooks::read(&mut table, secret, notes);
    desk.feed = table.take("feed").and_then(|value| value.flag(notes)).unwrap_or_default();
    table.finish(notes);
    if let Some(time) = digest_in_quiet_hours(&desk) {
        let time = time.strftime("%H:%M");
        let message = format!("the digest of {time} falls into this desk's quiet hours and would wait until they end");
        notes.warning(codes::QUIET_DIGEST, &span, message, "move `digest` or `quiet_hours`");
    }
    name.is_some().then_some(desk)
}

/// Names of sources that are there: a desk must not wait for one that is not.
fn only_known(value: &Value<'_>, sources: &[Source], notes: &mut Notes<'_>) -> Vec<SourceName> {
    let known: Vec<&str> = sources.iter().map(|source| source.name.0.as_str()).collect();
    let words = value.texts(notes);
    // A source that could not be read may well be the one that is meant.
    let all_read = !any_error(&notes.found);
    for words in words.iter().filter(|words| all_read && !known.contains(&words.text.as_str())) {
        let help = match nearest(&words.text, &known) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => "name a `[[source]]` of this file".to_owned(),
        };
        notes.error(codes::UNKNOWN_SOURCE, &words.span, format!("there is no source \"{}\"", shown(&words.text)), help);
    }
    words.into_iter().map(|words| SourceName(words.text)).collect()
}

/// What every desk and the operator may say about times and language.
fn times(table: &mut Table<'_>, desk: &mut Desk, notes: &mut Notes<'_>) {
    // Who names a time wants to hear every day, also that there was nothing.
    if let Some(value) = table.take("digest") {
        desk.digest = clock_times(&value, notes);
        desk.heartbeat = true;
    }
    if let Some(heartbeat) = table.take("heartbeat").and_then(|value| value.flag(notes)) {
        desk.heartbeat = heartbeat;
    }
    desk.quiet_hours = table.take("quiet_hours").and_then(|value| quiet_hours(&value, notes));
    if let Some(zone) = table.take("time_zone").and_then(|value| time_zone(&value, notes)) {
        desk.time_zone = zone;
    }
    if let Some(language) = table.take("language").and_then(|value| language(&value, notes)) {
        desk.language = language;
    }
}

/// `"08:00"`, or several in a list.
fn clock_times(value: &Value<'_>, notes: &mut Notes<'_>) -> Vec<Time> {
    let all = match value.inner.as_str() {
        Some(_) => value.text(notes).into_iter().collect(),
        None => value.texts(notes),
    };
    if value.inner.as_array().is_some_and(|items| items.is_empty()) {
        let message = "without a digest time nobody would be told of what gets no letter of its own";
        notes.error(
            codes::EMPTY,
            &value.span,
            message,
            "name one: digest = \"08:00\"; heartbeat = false sends none when there is nothing to tell",
        );
    }
    let mut times: Vec<Time> = all.iter().filter_map(|words| clock_time(&words.text, words, notes)).collect();
    times.sort_unstable();
    times.dedup();
    times
}

fn clock_time(text: &str, words: &Words, notes: &mut Notes<'_>) -> Option<Time> {
    let parts = text.trim().split_once(':').filter(|(hour, minute)| (1..=2).contains(&hour.len()) && minute.len() == 2);
    let time = parts.and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
    if time.is_none() {
        let message = format!("\"{}\" is not a time of day", shown(text));
        notes.error(codes::BAD_NUMBER, &words.span, message, "write hours and minutes, from \"00:00\" to \"23:59\"");
    }
    time
}

/// `"22:00-07:00"`
fn quiet_hours(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<QuietHours> {
    let words = value.text(notes)?;
    let Some((from, to)) = words.text.split_once(['-', '–']) else {
        let message = format!("\"{}\" is not a stretch of the day", shown(&words.text));
        notes.error(
            codes::BAD_NUMBER,
            &words.span,
            message,
            "write its first and its last minute: quiet_hours = \"22:00-07:00\"",
        );
        return None;
    };
    let (from, to) = (clock_time(from, &words, notes)?, clock_time(to, &words, notes)?);
    if from == to {
        let help = "to read digests only, write immediate = false";
        notes.error(codes::BAD_NUMBER, &words.span, "these quiet hours begin and end at the same time", help);
        return None;
    }
    Some(QuietHours { from, to })
}

fn recipients(value: &Value<'_>, notes: &mut Notes<'_>) -> Vec<String> {
    let words = value.texts(notes);
    if value.inner.as_array().is_some_and(|items| items.is_empty()) {
        notes.error(codes::EMPTY, &value.span, "this desk has no recipient", "write to = [\"politics@example.org\"]");
    }
    let mut seen: Vec<String> = Vec::new();
    for words in words {
        let Some(address) = address(&words, notes) else { continue };
        if seen.iter().any(|other| other.eq_ignore_ascii_case(&address)) {
            notes.error(codes::USED_TWICE, &words.span, format!("{address} is named twice"), "it would get every letter twice");
            continue;
        }
        seen.push(address);
    }
    seen
}

fn time_zone(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<String> {
    let words = value.text(notes)?;
    if jiff::tz::TimeZone::get(&words.text).is_ok() {
        return Some(words.text);
    }
    let all: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let known: Vec<&str> = all.iter().map(String::as_str).collect();
    // Most people write the city alone.
    let wanted = words.text.replace(' ', "_");
    let city = known.iter().find(|name| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&wanted)));
    let help = match city.copied().or_else(|| nearest(&words.text, &known)) {
        Some(name) => format!("did you mean \"{name}\"?"),
        None => "write continent and city: \"Europe/Paris\", \"Asia/Seoul\", or \"UTC\"".to_owned(),
    };
    notes.error(codes::UNKNOWN_ZONE, &value.span, format!("there is no time zone \"{}\"", shown(&words.text)), help);
    None
}

fn language(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Lang> {
    let words = value.text(notes)?;
    let plain = (2..=3).contains(&words.text.len()) && words.text.bytes().all(|b| b.is_ascii_lowercase());
    if !plain {
        notes.error(
            codes::NOT_A_CHOICE,
            &value.span,
            format!("\"{}\" is not a language code", shown(&words.text)),
            "two letters: \"en\", \"fr\"",
        );
    }
    plain.then_some(Lang(words.text))
}

/// Every desk that a rule names must be in the configuration; `None` when its desks could not all be made out.
pub(super) fn known_to(rules: &[Rule], desks: &Option<Vec<String>>) -> Vec<Diagnostic> {
    let Some(desks) = desks else { return Vec::new() };
    let known: Vec<&str> = desks.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for rule in rules {
        for (desk, place) in rule.claim.desks.iter().zip(&rule.upkeep.desk_places) {
            // As the router compares them: case does not matter.
            if known.iter().any(|name| name.to_lowercase() == desk.0.to_lowercase()) {
                continue;
            }
            let help = match nearest(&desk.0, &known) {
                Some(name) => format!("did you mean \"{name}\"?"),
                None if known.is_empty() => "the configuration has no `[[desk]]` yet".to_owned(),
                None => format!("the configuration has {}", crate::rules::reading::table::listed(&known)),
            };
            found.push(Diagnostic {
                level: Level::Error,
                code: codes::UNKNOWN_DESK,
                message: format!("there is no desk \"{}\"", shown(&desk.0)),
                place: place.clone(),
                help: Some(help),
                also: None,
            });
        }
    }
    found
}

/// Active rules whose alerts would reach nobody.
pub(super) fn without_reader(rules: &[Rule], desks: &[Desk]) -> Vec<Diagnostic> {
    rules
        .iter()
        .filter(|rule| rule.claim.status == Status::Active && desks_for(&rule.claim, desks).is_empty())
        .map(|rule| Diagnostic {
            level: Level::Warning,
            code: codes::NO_READER,
            message: format!("alerts about `{}` reach no desk", rule.claim.id),
            place: rule.upkeep.id_place.clone(),
            help: Some("name a desk here (desks = [\"…\"]), or let a desk subscribe to the topic in the configuration (topics = [\"…\"])".to_owned()),
            also: None,
        })
        .collect()
}

/// Desks that neither a rule nor an archive writes to: `told` are those told of bulk claims; `file` is the configuration.
pub(super) fn without_rule(rules: &[Rule], desks: &[Desk], told: &[DeskName], file: &str) -> Vec<Diagnostic> {
    let reached = |desk: &&Desk| {
        desk.is_operator()
            || told.contains(&desk.name)
            || desk.topics.iter().any(|topic| topic == EVERYTHING)
            || rules.iter().any(|rule| !desks_for(&rule.claim, std::slice::from_ref(*desk)).is_empty())
    };
    let idle = desks.iter().filter(|desk| !reached(desk));
    idle.map(|desk| Diagnostic {
        level: Level::Warning,
        code: codes::IDLE_DESK,
        message: format!("no rule writes to desk \"{}\"", desk.name),
        place: Place { file: file.to_owned(), line: 1, column: 1, bytes: 0..0 },
        help: Some(
            "let it subscribe to a topic or tag of the rules, or name it in a rule; topics = [\"*\"] takes all".to_owned(),
        ),
        also: None,
    })
    .collect()
}
