//! A value of a TOML file with its place, read as what is wanted or explained as what it is not.

use std::ops::Range;
use std::time::Duration;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;

use super::table::{Notes, Table, listed, nearest, shown};
use crate::rules::codes;

/// Keys whose lists hold names, none of which has a comma in it.
const NAMES: [&str; 6] = ["tags", "desks", "topics", "languages", "sources", "replaces"];

/// A value under its key's name.
#[derive(Debug, Clone)]
pub struct Value<'t> {
    /// The key, for messages.
    pub name: String,
    /// The value.
    pub inner: &'t DeValue<'t>,
    /// Where it stands.
    pub span: Range<usize>,
    in_list: bool,
}

/// Text and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Without blanks around it; never empty.
    pub text: String,
    /// Where it stands.
    pub span: Range<usize>,
}

impl<'t> Value<'t> {
    /// A value under its key's name.
    pub fn new(name: impl Into<String>, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self { name: name.into(), inner: value.get_ref(), span: value.span(), in_list: false }
    }

    /// What it is, in people's words.
    pub fn kind(&self) -> &'static str {
        match self.inner {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a yes or no (true/false)",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    /// What messages call it.
    fn label(&self) -> String {
        if self.in_list { format!("an item of `{}`", self.name) } else { format!("`{}`", self.name) }
    }

    /// Says that it is not what is wanted.
    pub fn wrong_kind(&self, wanted: &str, help: impl Into<String>, notes: &mut Notes<'_>) {
        notes.error(
            codes::WRONG_KIND,
            &self.span,
            format!("{} must be {wanted}, and this is {}", self.label(), self.kind()),
            help,
        );
    }

    /// Text that says something.
    pub fn text(&self, notes: &mut Notes<'_>) -> Option<Words> {
        let Some(text) = self.inner.as_str() else {
            let help = match self.inner {
                DeValue::Array(_) => format!("write only one, without brackets: {} = \"…\"", self.name),
                _ => "put it between straight quotes: \"…\"".to_owned(),
            };
            self.wrong_kind("text", help, notes);
            return None;
        };
        if text.trim().is_empty() {
            notes.error(
                codes::EMPTY,
                &self.span,
                format!("`{}` is empty", self.name),
                "write something between the quotes, or delete the line",
            );
            return None;
        }
        Some(Words { text: text.trim().to_owned(), span: self.span.clone() })
    }

    /// The items of a list; each bears the key's name.
    pub fn list(&self, notes: &mut Notes<'_>) -> Vec<Value<'t>> {
        let Some(items) = self.inner.as_array() else {
            let help = match self.inner {
                // No topic or name has a comma in it; wordings may.
                DeValue::String(text) if NAMES.contains(&self.name.as_str()) && text.contains(',') => {
                    let each: Vec<String> = text.split(',').map(|name| format!("\"{}\"", shown(name.trim()))).collect();
                    format!("put brackets around all and quotes around each: {} = [{}]", self.name, each.join(", "))
                }
                DeValue::String(text) => format!("put brackets around it: {} = [\"{}\"]", self.name, shown(text)),
                _ => format!("write {} = [\"…\", \"…\"]", self.name),
            };
            self.wrong_kind("a list", help, notes);
            return Vec::new();
        };
        items.iter().map(|item| Value { in_list: true, ..Value::new(self.name.clone(), item) }).collect()
    }

    /// A list of texts.
    pub fn texts(&self, notes: &mut Notes<'_>) -> Vec<Words> {
        self.list(notes).iter().filter_map(|item| item.text(notes)).collect()
    }

    /// A table.
    pub fn table(&self, notes: &mut Notes<'_>) -> Option<Table<'t>> {
        let Some(inner) = self.inner.as_table() else {
            self.wrong_kind("a table", format!("write `[{}]` on a line of its own, or {{ key = \"…\" }}", self.name), notes);
            return None;
        };
        Some(Table::new(inner, self.span.clone(), self.label()))
    }

    /// Yes or no.
    pub fn flag(&self, notes: &mut Notes<'_>) -> Option<bool> {
        let flag = self.inner.as_bool();
        if flag.is_none() {
            self.wrong_kind("true or false", "write `true` or `false`, without quotes", notes);
        }
        flag
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)], notes: &mut Notes<'_>) -> Option<T> {
        let words = self.text(notes)?;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == words.text) {
            return Some(*choice);
        }
        let known: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let help = match nearest(&words.text, &known) {
            Some(word) => format!("did you mean \"{word}\"?"),
            None => format!("choose {}", listed(&known).replace('`', "\"")),
        };
        notes.error(codes::NOT_A_CHOICE, &self.span, format!("`{}` cannot be \"{}\"", self.name, shown(&words.text)), help);
        None
    }

    /// A day.
    pub fn date(&self, notes: &mut Notes<'_>) -> Option<Date> {
        let DeValue::Datetime(found) = self.inner else {
            match self.inner.as_str().and_then(|text| text.trim().parse::<Date>().ok()) {
                Some(date) => {
                    notes.error(
                        codes::BAD_DATE,
                        &self.span,
                        format!("`{}` is a date, and dates stand without quotes", self.name),
                        format!("write {} = {date}", self.name),
                    );
                }
                None => self.wrong_kind(
                    "a date",
                    format!("write it year-month-day, without quotes: {} = 2018-06-13", self.name),
                    notes,
                ),
            }
            return None;
        };
        let date = found.date.filter(|_| found.time.is_none()).and_then(|date| {
            let (year, month, day) =
                (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
            Date::new(year, month, day).ok()
        });
        if date.is_none() {
            let (message, help) = match found.time {
                Some(_) => (format!("`{}` is a day, without a time", self.name), "leave the time of day out: 2018-06-13"),
                None => ("this day does not exist".to_owned(), "look at a calendar; dates are year-month-day"),
            };
            notes.error(codes::BAD_DATE, &self.span, message, help);
        }
        date
    }

    /// A whole number.
    pub fn whole(&self, notes: &mut Notes<'_>) -> Option<i64> {
        let found = match self.inner {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if found.is_none() {
            self.wrong_kind("a whole number", format!("write {} = 3, without quotes", self.name), notes);
        }
        found
    }

    /// A number from 0 to 1.
    pub fn fraction(&self, notes: &mut Notes<'_>) -> Option<f32> {
        let number = match self.inner {
            DeValue::Integer(number) => number.as_str().parse::<f32>().ok(),
            DeValue::Float(number) => number.as_str().parse::<f32>().ok(),
            _ => {
                self.wrong_kind("a number", format!("write {} = 0.75, without quotes", self.name), notes);
                return None;
            }
        };
        let number = number.filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            notes.error(codes::BAD_NUMBER, &self.span, format!("`{}` lies between 0 and 1", self.name), "write 0.75, not 75");
        }
        number
    }

    /// A duration with its unit.
    pub fn duration(&self, notes: &mut Notes<'_>) -> Option<Duration> {
        const HELP: &str = "write a number and a unit in quotes: \"90s\", \"15m\", \"24h\", \"90d\"";
        let Some(text) = self.inner.as_str() else {
            self.wrong_kind("a duration", HELP, notes);
            return None;
        };
        let duration = humantime::parse_duration(text.trim()).ok();
        if duration.is_none() {
            notes.error(codes::BAD_NUMBER, &self.span, format!("\"{}\" is not a duration", shown(text)), HELP);
        }
        duration
    }

    /// A size in bytes with its unit.
    pub fn size(&self, notes: &mut Notes<'_>) -> Option<u64> {
        const HELP: &str = "write a number and a unit in quotes: \"512 kB\", \"10 MiB\"";
        let Some(text) = self.inner.as_str() else {
            self.wrong_kind("a size", HELP, notes);
            return None;
        };
        let size = text.trim().parse::<bytesize::ByteSize>().ok().map(|size| size.as_u64()).filter(|size| *size > 0);
        if size.is_none() {
            notes.error(codes::BAD_NUMBER, &self.span, format!("\"{}\" is not a size", shown(text)), HELP);
        }
        size
    }

    /// A whole number inside bounds.
    pub fn whole_in(&self, bounds: std::ops::RangeInclusive<i64>, notes: &mut Notes<'_>) -> Option<usize> {
        let number = self.whole(notes)?;
        if !bounds.contains(&number) {
            let message = format!("`{}` lies between {} and {}", self.name, bounds.start(), bounds.end());
            notes.error(codes::BAD_NUMBER, &self.span, message, "");
            return None;
        }
        usize::try_from(number).ok()
    }

    /// A web address.
    pub fn web_address(&self, notes: &mut Notes<'_>) -> Option<url::Url> {
        let words = self.text(notes)?;
        let help = "write the whole address, with https:// in front";
        match url::Url::parse(&words.text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            Ok(url) => {
                notes.error(
                    codes::BAD_ADDRESS,
                    &self.span,
                    format!("`{}:` is not the beginning of a web address", url.scheme()),
                    help,
                );
                None
            }
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                notes.error(codes::BAD_ADDRESS, &self.span, "this is not a whole web address", help);
                None
            }
            Err(error) => {
                notes.error(codes::BAD_ADDRESS, &self.span, format!("this is not a web address: {error}"), help);
                None
            }
        }
    }
}
