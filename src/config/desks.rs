//! `[[desk]]`: who reads, and whether every rule reaches somebody.

use std::time::Duration;

use super::sources::Names;
use crate::alerting::route::desks_for;
use crate::alerting::subscription::Desk;
use crate::model::alert::DeskName;
use crate::model::claim::Status;
use crate::model::post::Lang;
use crate::rules::diagnostic::{Diagnostic, Level};
use crate::rules::reading::broken::invisible;
use crate::rules::reading::table::{Notes, Table, nearest, shown};
use crate::rules::reading::value::{Value, Words};
use crate::rules::{Rule, codes};

/// Reads all desks.
pub(super) fn read(tables: Vec<Table<'_>>, notes: &mut Notes<'_>) -> Vec<Desk> {
    let mut names = Names::default();
    tables.into_iter().filter_map(|table| desk(table, &mut names, notes)).collect()
}

fn desk(mut table: Table<'_>, names: &mut Names, notes: &mut Notes<'_>) -> Option<Desk> {
    let name = table.need("name", "name = \"politics\"", notes).and_then(|value| names.take("desk", &value, notes));
    let to = table.need("to", "to = [\"politics@example.org\"]", notes);
    let to: Vec<String> = to.map(|value| recipients(&value, notes)).unwrap_or_default();
    let texts = |table: &mut Table<'_>, key, notes: &mut Notes<'_>| -> Vec<String> {
        let words = table.take(key).map(|value| value.texts(notes)).unwrap_or_default();
        words.into_iter().map(|words| words.text).collect()
    };
    let topics = texts(&mut table, "topics", notes);
    let tags = texts(&mut table, "tags", notes);
    let gather = table.take("gather").and_then(|value| value.duration(notes)).unwrap_or(Duration::from_secs(60));
    let time_zone = table.take("time_zone").and_then(|value| time_zone(&value, notes)).unwrap_or_else(|| "UTC".to_owned());
    let language = table.take("language").and_then(|value| language(&value, notes)).unwrap_or_else(|| Lang("en".to_owned()));
    table.finish(notes);
    Some(Desk { name: DeskName(name?.text), to, topics, tags, gather, time_zone, language })
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

/// A mail address without surprises: what cannot be seen is named.
pub(super) fn address(words: &Words, notes: &mut Notes<'_>) -> Option<String> {
    let text = &words.text;
    if let Some((name, c)) = text.chars().find_map(|c| invisible(c).map(|name| (name, c))) {
        let message = format!("an invisible {name} (U+{:04X}) stands in this address", u32::from(c));
        notes.error(codes::BAD_ADDRESS, &words.span, message, "type the address anew instead of pasting it");
        return None;
    }
    match text.parse::<lettre::Address>() {
        Ok(_) if !text.chars().any(|c| c.is_control() || c.is_whitespace()) => Some(text.clone()),
        _ => {
            let help =
                if text.contains('<') { "write the address alone, without a name" } else { "write it as name@example.org" };
            notes.error(codes::BAD_ADDRESS, &words.span, format!("\"{}\" is not a mail address", shown(text)), help);
            None
        }
    }
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
