//! A mistake told to an editor: code, place, the words, how to mend.

use super::Place;

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
