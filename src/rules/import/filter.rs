//! What is wanted of all that is read.

use jiff::civil::Date;

use super::{Record, Skip, date};
use crate::model::claim::CheckDate;
use crate::text::address;

/// What is asked for; empty asks for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Languages, primary subtags.
    pub languages: Vec<String>,
    /// Fact-checks of this day or later.
    pub since: Option<Date>,
    /// Sites or names of publishers.
    pub publishers: Vec<String>,
}

impl Filter {
    /// Says why a record is not wanted, if it is not.
    pub fn refuses(&self, record: &Record) -> Option<Skip> {
        if !self.languages.is_empty() && !record.check.lang.as_ref().is_some_and(|lang| self.languages.contains(lang)) {
            return Some(Skip::OtherLanguage);
        }
        if !self.publishers.is_empty() && !self.publishers.iter().any(|wanted| is_by(record, wanted)) {
            return Some(Skip::OtherPublisher);
        }
        let since = self.since?;
        let checked = record.check.date.as_deref().and_then(date::read).or(record.said_on.map(CheckDate::Day));
        match checked {
            None => Some(Skip::Undated),
            Some(CheckDate::Day(day)) => (day < since).then_some(Skip::TooOld),
            Some(CheckDate::Year(year)) => (year < since.year()).then_some(Skip::TooOld),
        }
    }
}

fn is_by(record: &Record, wanted: &str) -> bool {
    let wanted = address::site_of(wanted).unwrap_or_else(|| wanted.to_lowercase());
    let site = record.check.url.as_deref().and_then(address::site_of);
    let same_site = site.is_some_and(|site| site == wanted || site.strip_suffix(&wanted).is_some_and(|rest| rest.ends_with('.')));
    same_site || record.check.publisher.as_ref().is_some_and(|name| name.to_lowercase() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::bulk::OtherCheck;

    fn record(url: &str, publisher: &str, date: &str, lang: &str) -> Record {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let check = OtherCheck {
            url: some(url),
            publisher: some(publisher),
            date: some(date),
            lang: some(lang),
            ..OtherCheck::default()
        };
        Record { check, ..Record::default() }
    }

    #[test]
    fn records_are_left_out_by_language_day_and_publisher() {
        let filter = Filter {
            languages: vec!["en".to_owned()],
            since: Some(jiff::civil::date(2026, 1, 1)),
            publishers: vec!["www.snopes.com".to_owned(), "AP Fact Check".to_owned()],
        };
        let told = |url, publisher, date, lang| filter.refuses(&record(url, publisher, date, lang));
        assert_eq!(told("https://www.snopes.com/fact-check/x", "", "2026-01-01", "en"), None);
        assert_eq!(told("https://archive.snopes.com/x", "", "2026", "en"), None);
        assert_eq!(told("https://ap.example/x", "ap fact check", "2026-03-01", "en"), None);
        assert_eq!(told("https://notsnopes.com/x", "", "2026-01-01", "en"), Some(Skip::OtherPublisher));
        assert_eq!(told("https://snopes.com/x", "", "2025-12-31", "en"), Some(Skip::TooOld));
        assert_eq!(told("https://snopes.com/x", "", "", "en"), Some(Skip::Undated));
        assert_eq!(told("https://snopes.com/x", "", "2026-01-01", "fr"), Some(Skip::OtherLanguage));
        assert_eq!(told("https://snopes.com/x", "", "2026-01-01", ""), Some(Skip::OtherLanguage));
        assert_eq!(Filter::default().refuses(&record("", "", "", "")), None);
    }
}
