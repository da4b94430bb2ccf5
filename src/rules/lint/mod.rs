//! Judgements about rules that are sound but may not do what their editor wants: no engine, no history, no network needed.
//!
//! What can only be seen by trying the rules is in `matching::lint`. A judgement that an editor has weighed and does not share is
//! taken back in the open, by a comment in the rule: `# accept L111: the article has no address we know`.

mod care;
mod wordings;

use jiff::civil::Date;

use super::diagnostic::{Diagnostic, Level, file_of};
use super::{Place, Rule, RuleText};
use crate::model::claim::Status;

/// A rule file without its comments is a heading and the lines until the next.
const HEADING: &str = "[[claim]]";

/// Judges all rules that are not retired; `today` tells what is past.
pub fn lint(rules: &[Rule], files: &[RuleText], today: Date) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules.iter().filter(|rule| rule.claim.status != Status::Retired) {
        let look = Look { rule, block: Block::of(rule, files) };
        wordings::judge(&look, &mut found);
        care::judge(&look, today, &mut found);
    }
    wordings::repeated(rules, &mut found);
    found
}

/// Parts what is found into what stands and how many its editors have accepted in the rule itself.
pub fn accepted(found: Vec<Diagnostic>, rules: &[Rule], files: &[RuleText]) -> (Vec<Diagnostic>, usize) {
    let before = found.len();
    let kept: Vec<Diagnostic> = found
        .into_iter()
        .filter(|one| {
            let around = |rule: &&Rule| rule.place.file == one.place.file && rule.place.bytes.start <= one.place.bytes.start;
            let rule = rules.iter().filter(around).max_by_key(|rule| rule.place.bytes.start);
            !rule.is_some_and(|rule| Block::of(rule, files).accepts(one.code))
        })
        .collect();
    let taken_back = before - kept.len();
    (kept, taken_back)
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
    fn of(rule: &Rule, files: &'r [RuleText]) -> Self {
        let start = rule.place.bytes.start;
        let bytes = file_of(&rule.place, files).and_then(|file| file.bytes.get(start..)).unwrap_or_default();
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let rest = text.find('\n').unwrap_or(text.len());
        let end = text[rest..].match_indices('\n').map(|(at, _)| rest + at + 1).find(|at| text[*at..].starts_with(HEADING));
        Self { text: &text[..end.unwrap_or(text.len())], starts_at: start }
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
    let block = Block::of(rule, files);
    let Some(at) = block.text.find(text).filter(|_| !text.is_empty()) else { return rule.upkeep.id_place.clone() };
    let before = block.text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Place {
        file: rule.place.file.clone(),
        line: rule.place.line + before.matches('\n').count(),
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        bytes: block.starts_at + at..block.starts_at + at + text.len(),
    }
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
