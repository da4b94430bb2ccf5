//! `[[claim.factcheck]]`: who checked the claim, where to read it, and what they found.

use toml::de::DeValue;

use super::matching::lang;
use crate::model::claim::{CheckDate, FactCheck, Verdict};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table};
use crate::rules::reading::value::Value;

const VERDICTS: [(&str, Verdict); 7] = [
    ("false", Verdict::False),
    ("misleading", Verdict::Misleading),
    ("unproven", Verdict::Unproven),
    ("mixed", Verdict::Mixed),
    ("true", Verdict::True),
    ("satire", Verdict::Satire),
    ("unrated", Verdict::Unrated),
];

/// Reads one `[[claim.factcheck]]`. The rating stays in the publisher's own words; no verdict is ever derived from it.
pub(super) fn read(mut table: Table<'_>, notes: &mut Notes<'_>) -> Option<FactCheck> {
    let publisher = table.need("publisher", "publisher = \"AP Fact Check\"", notes).and_then(|value| value.text(notes));
    let url = table.take("url").and_then(|value| value.web_address(notes));
    let title = table.take("title").and_then(|value| value.text(notes)).map(|words| words.text);
    let rating = table.take("rating").and_then(|value| value.text(notes)).map(|words| words.text);
    let verdict = table.take("verdict").and_then(|value| verdict(&value, notes)).unwrap_or_default();
    let date = table.take("date").and_then(|value| check_date(&value, notes));
    let lang = table.take("lang").and_then(|value| lang(&value, notes));
    table.finish(notes);
    Some(FactCheck { publisher: publisher?.text, url, title, rating, verdict, date, lang })
}

fn verdict(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Verdict> {
    if let DeValue::Boolean(yes) = value.inner {
        value.wrong_kind("a word", format!("put it between quotes: verdict = \"{yes}\""), notes);
        return None;
    }
    value.choice(&VERDICTS, notes)
}

/// A day, or a bare year where only that is known.
fn check_date(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<CheckDate> {
    if let DeValue::Integer(_) = value.inner {
        let year = value.whole(notes).and_then(|year| i16::try_from(year).ok()).filter(|year| (1900..=2200).contains(year));
        if year.is_none() {
            notes.error(codes::BAD_DATE, &value.span, "this is not a year", "write a year, 2020, or a day, 2020-11-03");
        }
        return year.map(CheckDate::Year);
    }
    value.date(notes).map(CheckDate::Day)
}
