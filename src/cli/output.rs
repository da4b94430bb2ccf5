//! Answers for people and for programs; everything is said at the end, in one piece.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use super::Exit;
use crate::config::Report;
use crate::rules::diagnostic::{Level, as_json};
use crate::rules::render::render;

/// In which form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Sentences for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

/// In which form a list of mistakes is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// Drawn for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
    /// Annotations that GitHub shows beside the lines of a pull request.
    Github,
}

/// What a command has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub text: String,
    /// For standard error: why there is no answer.
    pub trouble: String,
    /// How it ended.
    pub exit: Exit,
}

impl Answer {
    /// An answer on standard output.
    pub fn new(text: String, exit: Exit) -> Self {
        Self { text, trouble: String::new(), exit }
    }

    /// No answer, and why.
    pub fn trouble(text: String, exit: Exit) -> Self {
        Self { text: String::new(), trouble: text, exit }
    }
}

/// Says it. A reader that has gone away (`| head`) is no fault.
#[expect(clippy::needless_pass_by_value, reason = "once said, an answer is used up")]
pub fn print(answer: Answer) -> Exit {
    let _ = std::io::stderr().write_all(answer.trouble.as_bytes());
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(answer.text.as_bytes()).and_then(|()| out.flush());
    answer.exit
}

/// Whether standard output is a terminal that shows colours (and nobody asked for none).
pub fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// The colours of the house.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    /// Whether to use any.
    pub colour: bool,
}

impl Paint {
    /// What is well.
    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// What is wrong.
    pub fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What is nearly wrong.
    pub fn odd(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// What it is about.
    pub fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Any style.
    pub fn with(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// More mistakes than anybody reads at once.
const AT_MOST: usize = 100;

/// Draws all mistakes, one after the other.
pub fn drawn(report: &Report, colour: bool) -> String {
    let mut text = String::new();
    for one in report.found.iter().take(AT_MOST) {
        text.push_str(&render(one, &report.texts, colour));
        text.push_str("\n\n");
    }
    if report.found.len() > AT_MOST {
        text.push_str(&format!("… and {} more.\n\n", report.found.len() - AT_MOST));
    }
    text
}

/// "2 errors, 1 warning"
pub fn tally(report: &Report) -> String {
    format!("{}, {}", counted(report.count(Level::Error), "error"), counted(report.count(Level::Warning), "warning"))
}

pub use crate::model::units::counted;

/// All mistakes as JSON.
pub fn diagnostics(report: &Report) -> Vec<serde_json::Value> {
    report.found.iter().map(as_json).collect()
}

/// All mistakes as GitHub's workflow commands, one a line.
pub fn github(report: &Report) -> String {
    // What ends a command or a property must not come from the text.
    let message = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| message(text).replace(':', "%3A").replace(',', "%2C");
    let mut lines = String::new();
    for one in &report.found {
        let level = if one.level == Level::Error { "error" } else { "warning" };
        let (file, line, column) = (property(&one.place.file), one.place.line, one.place.column);
        let help = one.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let words = message(&format!("{}{help}", one.message));
        lines.push_str(&format!("::{level} file={file},line={line},col={column},title={}::{words}\n", one.code));
    }
    lines
}

/// JSON with a line end.
pub fn json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
