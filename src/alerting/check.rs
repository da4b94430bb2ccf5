//! The fact-check as a letter shows it: the publisher's own verdict, and the only link.

use super::dates::Almanac;
use super::safe;
use super::words::{Words, fill};
use crate::model::claim::FactCheck;

/// Longest address that becomes a link: it must fit a line of mail.
const LINK: usize = 900;

/// A fact-check, as shown.
pub(super) struct Check {
    /// In quotation marks, or that there is none.
    pub verdict: String,
    pub title: Option<String>,
    /// Who published it and when.
    pub source: String,
    pub link: Option<String>,
    /// Host of the link.
    pub host: String,
    /// Said where there is no link.
    pub unlinked: String,
    /// An address that does not become a link.
    pub shown: Option<String>,
}

impl Check {
    pub(super) fn of(check: &FactCheck, words: &Words, almanac: &Almanac) -> Self {
        // Only what travels protected becomes a link; another address is shown so that a person can decide.
        let secure = check.url.as_ref().filter(|url| url.scheme() == "https" && url.as_str().len() <= LINK);
        let shown = check.url.as_ref().filter(|_| secure.is_none()).map(|url| safe::cut(&safe::address(url.as_str()), 300));
        let publisher = safe::apart(&safe::short(&check.publisher, 80), words.direction);
        Self {
            verdict: verdict(check, words),
            title: check.title.as_deref().map(|title| words.quoted(&safe::apart(&safe::short(title, 200), words.direction))),
            source: match check.date {
                Some(date) => format!("{publisher}, {}", almanac.check_date(date)),
                None => publisher,
            },
            unlinked: if shown.is_some() { words.check.plain_http.clone() } else { words.check.no_address.clone() },
            shown,
            link: secure.map(|url| url.as_str().to_owned()),
            host: secure.and_then(|url| url.host_str()).unwrap_or_default().to_owned(),
        }
    }
}

/// The publisher's own words, cut; nothing where there are none.
pub(super) fn rating(check: &FactCheck, graphemes: usize) -> Option<String> {
    let rating = safe::short(check.rating.as_deref()?, graphemes);
    let given = !rating.is_empty() && !rating.eq_ignore_ascii_case("unrated");
    given.then_some(rating)
}

/// The publisher's own words in quotation marks; never a verdict of our making.
pub(super) fn verdict(check: &FactCheck, words: &Words) -> String {
    rating(check, 200).map_or(words.check.not_rated.clone(), |rating| words.quoted(&safe::apart(&rating, words.direction)))
}

/// Verdict and publisher in few words, for subjects and asides: `Half-baked (The Lunar Review)`.
pub(super) fn brief(check: &FactCheck, words: &Words) -> String {
    let rating = rating(check, 30).unwrap_or_else(|| words.check.not_rated.clone());
    format!("{rating} ({})", safe::short(&check.publisher, 30))
}

/// The fact-checks after the first.
pub(super) fn also(checks: &[FactCheck], words: &Words) -> Option<String> {
    let named: Vec<String> = checks
        .iter()
        .take(5)
        .map(|check| format!("{} ({})", safe::apart(&safe::short(&check.publisher, 60), words.direction), verdict(check, words)))
        .collect();
    Some(fill(&words.check.also, &[("checks", &named.join(", "))])).filter(|_| !named.is_empty())
}
