//! Judgements about rules that are sound but may not do what their editor wants: no engine, no history, no network needed.
//!
//! What can only be seen by trying the rules is in `matching::lint`. A judgement that an editor has weighed and does not share is
//! taken back in the open, by a comment in the rule: `# accept L111: the article has no address we know`.

mod care;
mod wordings;

use std::collections::HashMap;

use jiff::civil::Date;

use super::diagnostic::{Diagnostic, Level, file_of};
use super::{Place, Rule, RuleText};
use crate::model::claim::Status;

/// A rule file without its comments is a heading and the lines until the next.
const HEADING: &str = "[[claim]]";

/// Judges all rules that are not retired; `today` tells what is past.
pub fn lint(rules: &[Rule], files: &[RuleText], today: Date) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let named = by_name(files);
    for rule in rules.iter().filter(|rule| rule.claim.status != Status::Retired) {
        let look = Look { rule, block: Block::of(rule, &named) };
        wordings::judge(&look, &mut found);
        care::judge(&look, today, &mut found);
    }
    wordings::repeated(rules, &mut found);
    found
}

/// Parts what is found into what stands and how many its editors have accepted in the rule itself.
pub fn accepted(found: Vec<Diagnostic>, rules: &[Rule], files: &[RuleText]) -> (Vec<Diagnostic>, usize) {
    let before = found.len();
    let mut in_order: Vec<&Rule> = rules.iter().collect();
    let place = |rule: &Rule| (rule.place.file.clone(), rule.place.bytes.start);
    in_order.sort_by(|a, b| a.place.file.cmp(&b.place.file).then(a.place.bytes.start.cmp(&b.place.bytes.start)));
    let named = by_name(files);
    let kept: Vec<Diagnostic> = found
        .into_iter()
        .filter(|one| {
            let here = (one.place.file.clone(), one.place.bytes.start);
            let after = in_order.partition_point(|rule| place(rule) <= here);
            let around = after.checked_sub(1).and_then(|at| in_order.get(at)).filter(|rule| rule.place.file == one.place.file);
            !around.is_some_and(|rule| Block::of(rule, &named).accepts(one.code))
        })
        .collect();
    let taken_back = before - kept.len();
    (kept, taken_back)
}

/// The bytes of each file by its name.
type ByName<'r> = HashMap<&'r str, &'r [u8]>;

fn by_name(files: &[RuleText]) -> ByName<'_> {
    files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect()
}

/// A rule and the lines it is written in.
struct Look<'r> {
    rule: &'r Rule,
    block: Block<'r>,
}

impl Look<'_> {
    /// The place of a key's line, or of the rule's id where the key cannot be found.
    fn place_of(&self, key: &str) -> Place {
        self.block.place_of(key, &self.rule.place).unwrap_or_else(|| self.rule.upkeep.id_place.clone())
    }

    /// The place of a text in the rule, or of the rule's id where it is not written so.
    fn place_of_text(&self, text: &str) -> Place {
        self.block.place_of_text(text, &self.rule.place).unwrap_or_else(|| self.rule.upkeep.id_place.clone())
    }

    fn is_loaded(&self) -> bool {
        matches!(self.rule.claim.status, Status::Active | Status::Test)
    }
}

/// The lines of one rule, from its heading to the next.
#[derive(Clone, Copy)]
struct Block<'r> {
    text: &'r str,
    starts_at: usize,
}

impl<'r> Block<'r> {
    fn of(rule: &Rule, files: &ByName<'r>) -> Self {
        let start = rule.place.bytes.start;
        let bytes = files.get(rule.place.file.as_str()).and_then(|bytes| bytes.get(start..)).unwrap_or_default();
        // Only its own lines are looked at: a file may hold thousands of rules.
        let mut end = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if end > 0 && line.starts_with(HEADING.as_bytes()) {
                break;
            }
            end += line.len();
        }
        Self { text: std::str::from_utf8(bytes.get(..end).unwrap_or_default()).unwrap_or_default(), starts_at: start }
    }

    fn place_of(&self, key: &str, heading: &Place) -> Option<Place> {
        let mut at = 0;
        for (number, line) in self.text.split_inclusive('\n').enumerate() {
            let indent = line.len() - line.trim_start().len();
            let rest = line.trim_start().strip_prefix(key).unwrap_or_default();
            if rest.trim_start().starts_with('=') {
                let start = self.starts_at + at + indent;
                let column = line[..indent].chars().count() + 1;
                return Some(Place {
                    file: heading.file.clone(),
                    line: heading.line + number,
                    column,
                    bytes: start..start + key.len(),
                });
            }
            at += line.len();
        }
        None
    }

    fn place_of_text(&self, text: &str, heading: &Place) -> Option<Place> {
        let at = self.text.find(text).filter(|_| !text.is_empty())?;
        let before = self.text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Some(Place {
            file: heading.file.clone(),
            line: heading.line + before.matches('\n').count(),
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            bytes: self.starts_at + at..self.starts_at + at + text.len(),
        })
    }

    /// Whether a comment says `# accept L111: why`, the reason included.
    fn accepts(&self, code: &str) -> bool {
        self.text.lines().filter_map(|line| line.split_once("# accept ")).any(|(_, rest)| {
            let Some((codes, reason)) = rest.split_once(':') else { return false };
            !reason.trim().is_empty() && codes.split([',', ' ']).any(|word| word.trim() == code)
        })
    }
}

/// The place of a text in the lines of a rule, or of the rule's id where it is not found there as it stands.
pub fn place_of_text(rule: &Rule, text: &str, files: &[RuleText]) -> Place {
    let files: Vec<RuleText> = file_of(&rule.place, files).cloned().into_iter().collect();
    Block::of(rule, &by_name(&files)).place_of_text(text, &rule.place).unwrap_or_else(|| rule.upkeep.id_place.clone())
}

/// A warning with its remedy.
pub fn warning(code: &'static str, place: Place, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic { level: Level::Warning, code, message: message.into(), place, help: Some(help.into()), also: None }
}

/// A text short enough for a message.
pub fn brief(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{}…", short.trim_end()) } else { short }
}
