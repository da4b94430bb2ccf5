//! Log lines for a person at a terminal: the time of day, the sentence, then the fields, dimmed.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats an event as `21:14:03 read 25 new posts  source.id=sample`.
pub struct Sentences;

#[derive(Default)]
struct Parts {
    sentence: String,
    fields: String,
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        // Writing into a String cannot fail.
        let _ = if field.name() == "message" {
            write!(self.sentence, "{value:?}")
        } else {
            write!(self.fields, "  {}={value:?}", field.name())
        };
    }
}

impl<S, N> FormatEvent<S, N> for Sentences
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let time = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string();
        let (mark, colour) = match *event.metadata().level() {
            Level::ERROR => ("error: ", "\x1b[31m"),
            Level::WARN => ("warning: ", "\x1b[33m"),
            Level::INFO => ("", ""),
            Level::DEBUG => ("debug: ", "\x1b[2m"),
            Level::TRACE => ("trace: ", "\x1b[2m"),
        };
        if out.has_ansi_escapes() {
            writeln!(out, "\x1b[2m{time}\x1b[0m {colour}{mark}{}\x1b[0m\x1b[2m{}\x1b[0m", parts.sentence, parts.fields)
        } else {
            writeln!(out, "{time} {mark}{}{}", parts.sentence, parts.fields)
        }
    }
}
