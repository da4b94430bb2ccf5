//! `claimwatch.toml` from text to settings, with every mistake found on the way.

use std::path::PathBuf;

use super::common::{SecretOf, networks};
use super::{Config, desks, mail, policy, sources, web};
use crate::alerting::subscription::Desk;
use crate::fetch;
use crate::fetch::settings::Limits;
use crate::mail as post_office;
use crate::model::sighting::Confidence;
use crate::rules::bulk_policy::{Policy, Reach};
use crate::rules::diagnostic::{Diagnostic, any_error};
use crate::rules::reading::document::Document;
use crate::rules::reading::table::{Notes, Table, shown};
use crate::rules::reading::value::{Value, Words};
use crate::rules::{RuleText, codes};
use crate::store;

/// Reads the configuration; gives it only if it holds no error.
pub(super) fn configuration(text: &RuleText, secret: SecretOf<'_>) -> (Option<Config>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let Some(document) = Document::open(text, &mut found) else { return (None, found) };
    let tree = document.tree();
    let mut notes = Notes::new(&document);
    let mut root = Table::root(&tree);
    let store = root.table("store", &mut notes).map(|table| store(table, &mut notes)).unwrap_or_default();
    let (rule_paths, mut bulk) = match root.table("rules", &mut notes) {
        Some(table) => rules(table, &mut notes),
        None => (default_paths(), Bulk::default()),
    };
    let fetch = root.table("fetch", &mut notes).map(|table| fetch(table, &mut notes)).unwrap_or_default();
    let sources = sources::read(root.tables("source", &mut notes), fetch.contact.is_some(), secret, &mut notes);
    let mut desks = desks::read(root.tables("desk", &mut notes), &sources, secret, &mut notes);
    let policy = bulk.policy(&desks, &mut notes);
    // The operator reads like a desk that no rule writes to.
    desks.extend(root.table("operator", &mut notes).and_then(|table| desks::operator(table, secret, &mut notes)));
    let mail = root.table("mail", &mut notes).map(|table| mail::read(table, secret, &mut notes));
    let mut mail = mail.unwrap_or_else(|| Some(post_office::settings::Settings::default()));
    if let Some(mail) = &mut mail {
        let operator = desks.iter().find(|desk| desk.is_operator());
        mail.unsubscribe = operator.and_then(|operator| operator.to.first().cloned());
    }
    let web = root.table("web", &mut notes).map(|table| web::read(table, secret, &mut notes));
    web::feeds(&desks, &sources, web.as_ref(), &mut notes);
    root.finish(&mut notes);
    if sources.is_empty() && !any_error(&notes.found) {
        notes.warning(codes::NO_SOURCE, &(0..0), "no source is named, so nothing would be watched", "add a `[[source]]`");
    }
    found.extend(notes.found);
    let sound = !any_error(&found);
    crate::rules::diagnostic::sort(&mut found);
    let config = mail.filter(|_| sound).map(|mail| Config { store, rule_paths, bulk: policy, fetch, sources, desks, mail, web });
    (config, found)
}

/// The rule paths and the names of the desks, as far as they can be made out in a faulty configuration.
pub(super) fn outline(text: Option<&RuleText>) -> (Vec<PathBuf>, Option<Vec<String>>) {
    let Some(document) = text.and_then(|text| Document::open(text, &mut Vec::new())) else { return (default_paths(), None) };
    let tree = document.tree();
    let mut notes = Notes::new(&document);
    let mut root = Table::root(&tree);
    let paths = root.table("rules", &mut notes).map_or_else(default_paths, |table| rules(table, &mut notes).0);
    let mut names = Vec::new();
    for mut desk in root.tables("desk", &mut notes) {
        names.extend(desk.take("name").and_then(|name| name.inner.as_str()).map(str::to_owned));
    }
    (paths, Some(names).filter(|_| !document.incomplete))
}

fn default_paths() -> Vec<PathBuf> {
    vec![PathBuf::from("rules")]
}

/// `[rules] bulk…`, as far as it can be understood before the desks are known.
#[derive(Default)]
struct Bulk {
    policy: Policy,
    desks: Option<Vec<Words>>,
}

impl Bulk {
    /// Names every desk where the configuration names none for bulk claims.
    fn policy(&mut self, desks: &[Desk], notes: &mut Notes<'_>) -> Policy {
        let mut policy = std::mem::take(&mut self.policy);
        let Some(named) = self.desks.take() else {
            policy.desks = desks.iter().map(|desk| desk.name.clone()).collect();
            return policy;
        };
        for words in named {
            match desks.iter().find(|desk| desk.name.0 == words.text) {
                Some(desk) => policy.desks.push(desk.name.clone()),
                None => {
                    let message = format!("there is no desk \"{}\"", shown(&words.text));
                    notes.error(codes::UNKNOWN_DESK, &words.span, message, "write the `name` of a [[desk]]");
                }
            }
        }
        policy
    }
}

fn bulk(table: &mut Table<'_>, notes: &mut Notes<'_>) -> Bulk {
    let mut policy = Policy::default();
    if let Some(reach) = table.take("bulk").and_then(|value| value.choice(&Reach::NAMES, notes)) {
        policy.reach = reach;
    }
    let mut span = None;
    for (key, confidence) in [("bulk_alert", &mut policy.alert), ("bulk_possible", &mut policy.possible)] {
        let value = table.take(key);
        span = span.or_else(|| value.as_ref().map(|value| value.span.clone()));
        if let Some(number) = value.and_then(|value| value.fraction(notes)) {
            *confidence = Confidence::new(number);
        }
    }
    if let Some(span) = span.filter(|_| policy.alert < policy.possible) {
        let (alert, possible) = (policy.alert.value(), policy.possible.value());
        let message = format!("`bulk_alert` ({alert}) is below `bulk_possible` ({possible})");
        notes.error(codes::CONFLICT, &span, message, "what is sure enough for an alert must be possible too");
    }
    Bulk { policy, desks: table.take("bulk_desks").map(|value| value.texts(notes)) }
}

fn rules(mut table: Table<'_>, notes: &mut Notes<'_>) -> (Vec<PathBuf>, Bulk) {
    let paths = table
        .take("paths")
        .map_or_else(default_paths, |value| value.texts(notes).into_iter().map(|words| PathBuf::from(words.text)).collect());
    // What it asks of the rules is read again when they are there.
    let _ = table.table("policy", notes).map(|table| policy::read(table, notes));
    let bulk = bulk(&mut table, notes);
    table.finish(notes);
    (paths, bulk)
}

fn store(mut table: Table<'_>, notes: &mut Notes<'_>) -> store::settings::Settings {
    let mut settings = store::settings::Settings::default();
    if let Some(path) = table.take("url").and_then(|value| sqlite(&value, notes)) {
        settings.path = path;
    }
    if let Some(time) = table.take("keep_posts").and_then(|value| value.duration(notes)) {
        settings.keep_posts = time;
    }
    if let Some(time) = table.take("keep_reasons").and_then(|value| value.duration(notes)) {
        settings.keep_reasons = time;
    }
    if let Some(share) = table.take("stream_sample").and_then(|value| value.fraction(notes)) {
        settings.stream_sample_per_million = (f64::from(share) * 1e6).round() as u32;
    }
    table.finish(notes);
    settings
}

/// `sqlite:var/claimwatch.db`, also with two slashes.
fn sqlite(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<PathBuf> {
    let words = value.text(notes)?;
    let path = words.text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path.filter(|path| !path.is_empty() && !path.contains(['?', '\0'])) {
        Some(path) => Some(PathBuf::from(path)),
        None => {
            let message = format!("`{}` is not an address of a store", shown(&words.text));
            notes.error(
                codes::BAD_ADDRESS,
                &value.span,
                message,
                "write \"sqlite:\" and the path of a file: \"sqlite:var/claimwatch.db\"",
            );
            None
        }
    }
}

fn fetch(mut table: Table<'_>, notes: &mut Notes<'_>) -> fetch::settings::Settings {
    let mut settings = fetch::settings::Settings {
        contact: table.take("contact").and_then(|value| contact(&value, notes)),
        allow_private: table.take("allow_private").map(|value| networks(&value, notes)).unwrap_or_default(),
        environment_proxy: table.take("environment_proxy").and_then(|value| value.flag(notes)).unwrap_or_default(),
        ..fetch::settings::Settings::default()
    };
    if let Some(gap) = table.take("gap").and_then(|value| value.duration(notes)) {
        settings.gap = gap;
    }
    if let Some(number) = table.take("in_flight").and_then(|value| value.whole_in(1..=256, notes)) {
        settings.in_flight = number;
    }
    if let Some(limits) = table.table("limits", notes) {
        settings.limits = self::limits(limits, notes);
    }
    table.finish(notes);
    settings
}

/// It travels in a header: only visible ASCII.
fn contact(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<String> {
    let words = value.text(notes)?;
    if words.text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Some(words.text);
    }
    notes.error(
        codes::BAD_ADDRESS,
        &value.span,
        "`contact` travels in a header and must be plain ASCII",
        "a mail address or the address of a page about you",
    );
    None
}

fn limits(mut table: Table<'_>, notes: &mut Notes<'_>) -> Limits {
    let mut limits = Limits::default();
    for (key, limit) in [
        ("connect", &mut limits.connect),
        ("first_byte", &mut limits.first_byte),
        ("idle", &mut limits.idle),
        ("total", &mut limits.total),
    ] {
        if let Some(time) = table.take(key).and_then(|value| value.duration(notes)) {
            *limit = time;
        }
    }
    for (key, limit) in [("wire", &mut limits.wire_bytes), ("decoded", &mut limits.decoded_bytes)] {
        if let Some(size) = table.take(key).and_then(|value| value.size(notes)) {
            *limit = size;
        }
    }
    if let Some(number) = table.take("redirects").and_then(|value| value.whole_in(0..=20, notes)) {
        limits.redirects = number;
    }
    if let Some(number) = table.take("ratio").and_then(|value| value.whole_in(2..=10_000, notes)) {
        limits.ratio = number as u64;
    }
    table.finish(notes);
    limits
}
