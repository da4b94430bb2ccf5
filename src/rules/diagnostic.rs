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

/// Puts mistakes into the order of reading, by file, then by place: an order that does not depend on which was found first.
pub fn sort(found: &mut Vec<Diagnostic>) {
    found.sort_by(|a, b| {
        let (here, there) = (&a.place, &b.place);
        let files = here.file.cmp(&there.file);
        let places = here.bytes.start.cmp(&there.bytes.start).then(here.line.cmp(&there.line));
        files.then(places).then(a.code.cmp(b.code)).then_with(|| a.message.cmp(&b.message))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_mistakes_does_not_depend_on_which_was_found_first() {
        let one = |file: &str, line, start, code, message: &str| Diagnostic {
            level: Level::Error,
            code,
            message: message.to_owned(),
            place: Place { file: file.to_owned(), line, column: 1, bytes: start..start },
            help: None,
            also: None,
        };
        // Lines of archives have no place in bytes; two mistakes may stand at one place.
        let wanted = [
            one("a.jsonl", 2, 0, "E042", "x"),
            one("a.jsonl", 10, 0, "E042", "x"),
            one("b.toml", 1, 0, "E002", "x"),
            one("b.toml", 1, 0, "E012", "x"),
            one("b.toml", 1, 0, "E012", "y"),
            one("b.toml", 3, 20, "E001", "x"),
        ];
        for turn in 0..wanted.len() {
            let mut found = wanted.to_vec();
            found.rotate_left(turn);
            found.push(wanted[turn].clone());
            sort(&mut found);
            assert_eq!(found, wanted);
            found.reverse();
            sort(&mut found);
            assert_eq!(found, wanted);
        }
    }
}
