//! From the text of rule files to checked rules, with every mistake found on the way.
//!
//! The numbers of the mistakes stand in `codes`, the format in `rules/README.md`.

mod across;
mod claim;
mod expectations;
mod factcheck;
mod lists;
mod matching;

use std::collections::HashSet;

use toml::Spanned;
use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Level, sort};
use super::reading::document::Document;
use super::reading::table::{Notes, Table};
use super::reading::value::Value;
use super::{Rule, RuleText, codes};
use lists::Lists;

/// The format this program reads.
pub const FORMAT: i64 = 1;

/// Reads all rule files together (shared lists and unique ids span files); gives the rules that are sound and every mistake.
///
/// Rules of a file with an error are left out: half a file is not what its editor meant. The mistakes come in the order of reading.
pub fn read(files: &[RuleText]) -> (Vec<Rule>, Vec<Diagnostic>) {
    read_beside(files, &[])
}

/// Like [`read`], where `neighbours` are files that are not to be checked but whose shared lists may be named.
pub fn read_beside(files: &[RuleText], neighbours: &[RuleText]) -> (Vec<Rule>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let documents: Vec<Document> = files.iter().filter_map(|file| Document::open(file, &mut found)).collect();
    let beside: Vec<Document> = neighbours.iter().filter_map(|file| Document::open(file, &mut Vec::new())).collect();
    let trees: Vec<Spanned<DeTable<'_>>> = documents.iter().map(Document::tree).collect();
    let all_read = documents.len() == files.len() && documents.iter().all(|document| !document.incomplete);

    let mut lists = Lists::new(all_read);
    let mut rules = Vec::new();
    let mut notes: Vec<Notes<'_>> = documents.iter().map(Notes::new).collect();
    for document in &beside {
        if let Some(value) = Table::root(&document.tree()).take("lists") {
            lists.gather(&value, &mut Notes::new(document));
        }
    }
    for (tree, notes) in trees.iter().zip(&mut notes) {
        if let Some(value) = Table::root(tree).take("lists") {
            lists.gather(&value, notes);
        }
    }
    for (tree, notes) in trees.iter().zip(&mut notes) {
        rules.extend(file(tree, &lists, notes));
    }
    found.extend(notes.into_iter().flat_map(|notes| notes.found));
    across::check(&rules, &mut found);

    let faulty: HashSet<&str> = found.iter().filter(|one| one.level == Level::Error).map(|one| one.place.file.as_str()).collect();
    rules.retain(|rule| !faulty.contains(rule.place.file.as_str()));
    sort(&mut found);
    (rules, found)
}

fn file(tree: &Spanned<DeTable<'_>>, lists: &Lists, notes: &mut Notes<'_>) -> Vec<Rule> {
    let mut root = Table::root(tree);
    match root.take("format") {
        Some(value) if !format_is_known(&value, notes) => return Vec::new(),
        Some(_) => {}
        None => {
            notes.error(codes::NO_FORMAT, &(0..0), "this file does not say its format", "begin it with the line `format = 1`");
        }
    }
    let _gathered_before = root.take("lists");
    let rules = root.tables("claim", notes).into_iter().filter_map(|table| claim::read(table, lists, notes)).collect();
    root.finish_before(&[("[[claim]]", &claim::KEYS)], notes);
    rules
}

/// A file of a newer format is not checked further: we would only complain about what we do not know.
fn format_is_known(value: &Value<'_>, notes: &mut Notes<'_>) -> bool {
    if !value.inner.is_integer() {
        value.wrong_kind("a whole number", "write `format = 1`, without quotes", notes);
        return true;
    }
    match value.whole(notes) {
        Some(FORMAT) => true,
        Some(newer) if newer > FORMAT => {
            notes.error(
                codes::NEWER_FORMAT,
                &value.span,
                format!("this file has format {newer}, and this claimwatch knows formats up to {FORMAT}"),
                "update claimwatch on this machine",
            );
            false
        }
        Some(_) => {
            notes.error(codes::NOT_A_CHOICE, &value.span, "there is no such format", "write `format = 1`");
            true
        }
        None => true,
    }
}

/// Whether a name is written as ids are: `[a-z0-9-]{3,64}`.
pub fn is_id(text: &str) -> bool {
    (3..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The id that somebody who wrote `text` probably wants.
pub fn proposed_id(text: &str) -> String {
    let words: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let id = words.split_whitespace().collect::<Vec<_>>().join("-");
    let id: String = id.chars().take(64).collect();
    if is_id(&id) { id } else { "nk-sleep-well".to_owned() }
}
