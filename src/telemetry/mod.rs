//! Logs and numbers: sentences for people, records for machines.

pub mod metrics;
pub mod people;
pub mod pulse;

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A sentence a line, for a terminal.
    People,
    /// One JSON object a line.
    Json,
    /// The systemd journal's own protocol: fields stay fields.
    Journal,
}

impl Form {
    /// Sentences on a terminal, the journal under systemd, JSON otherwise.
    pub fn of_surroundings() -> Self {
        if std::io::stderr().is_terminal() {
            Self::People
        } else if std::env::var_os("JOURNAL_STREAM").is_some() {
            Self::Journal
        } else {
            Self::Json
        }
    }
}

/// Noisy neighbours are held down whatever `CLAIMWATCH_LOG` says: the mail crate writes passwords at DEBUG, and
/// the store's driver writes every statement.
const ALWAYS: [&str; 3] = ["lettre=info", "sqlx=warn", "notify=warn"];

/// Starts logging to standard error. `CLAIMWATCH_LOG` (for example `debug` or `claimwatch::fetch=trace`) sets how much.
///
/// Calling it twice is harmless: the first call stands.
pub fn start(form: Form) {
    let mut filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .with_env_var("CLAIMWATCH_LOG")
        .from_env_lossy();
    for directive in ALWAYS.iter().filter_map(|text| text.parse().ok()) {
        filter = filter.add_directive(directive);
    }
    let registry = tracing_subscriber::registry();
    let to_stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A journal that cannot be reached must not silence the program: fall back to JSON.
    let journal = if form == Form::Journal { tracing_journald::layer().ok() } else { None };
    let done = match (form, journal) {
        (Form::Journal, Some(layer)) => registry.with(layer.with_filter(filter)).try_init(),
        (Form::People, _) => {
            let ansi = std::io::stderr().is_terminal();
            registry.with(to_stderr.with_ansi(ansi).event_format(people::Sentences).with_filter(filter)).try_init()
        }
        _ => registry.with(to_stderr.json().flatten_event(true).with_current_span(false).with_filter(filter)).try_init(),
    };
    drop(done);
}
