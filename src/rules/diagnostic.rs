//! A mistake told to an editor: code, place, the words, how to mend.

use serde_json::json;

use super::{Place, RuleText};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth a look.
    Warning,
    /// The file cannot be used as it is.
    Error,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// `E012`, `L106`: stable, for searching and for `--deny`.
    pub code: &'static str,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// How to mend it.
    pub help: Option<String>,
    /// Another place that matters ("first used here").
    pub also: Option<(Place, String)>,
}

impl std::fmt::Display for Diagnostic {
    /// One line, as logs want it: `rules/health.toml:14:3  E016 …; how to mend`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, message, place, help, .. } = self;
        write!(f, "{}:{}:{}  {code} {message}", place.file, place.line, place.column)?;
        help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// Whether any of them forbids using the file.
pub fn any_error(found: &[Diagnostic]) -> bool {
    found.iter().any(|one| one.level == Level::Error)
}

/// Puts mistakes into the order of reading: by file, then by place.
pub fn sort(found: &mut Vec<Diagnostic>) {
    found.sort_by(|a, b| {
        let key = |one: &Diagnostic| (one.place.file.clone(), one.place.bytes.start, one.code);
        key(a).cmp(&key(b))
    });
    found.dedup();
}

/// One mistake as JSON: `{level, code, message, file, line, column, start, end, help, also}`; `start` and `end` count bytes of the file.
pub fn as_json(one: &Diagnostic) -> serde_json::Value {
    json!({
        "level": match one.level { Level::Warning => "warning", Level::Error => "error" },
        "code": one.code,
        "message": one.message,
        "file": one.place.file,
        "line": one.place.line,
        "column": one.place.column,
        "start": one.place.bytes.start,
        "end": one.place.bytes.end,
        "help": one.help,
        "also": one.also.as_ref().map(|(place, words)| json!({
            "file": place.file, "line": place.line, "column": place.column, "message": words,
        })),
    })
}

/// The text of the file that a place is in, if it is among `files`.
pub fn file_of<'f>(place: &Place, files: &'f [RuleText]) -> Option<&'f RuleText> {
    files.iter().find(|file| file.name == place.file)
}
