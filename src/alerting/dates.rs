//! Days and hours in the desk's zone, as its language writes them.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::words::{Words, fill};
use crate::model::claim::CheckDate;

/// Tells the time at a desk.
#[derive(Clone)]
pub(super) struct Almanac {
    words: &'static Words,
    zone: TimeZone,
}

impl Almanac {
    /// An almanac for a zone by its IANA name; UTC where there is no such zone.
    pub(super) fn of(zone: &str, words: &'static Words) -> Self {
        Self { words, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    /// The zone's name.
    pub(super) fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The day at the desk.
    pub(super) fn day(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// The hour at the desk, 0 to 23.
    pub(super) fn hour(&self, at: Timestamp) -> i8 {
        at.to_zoned_datetime(self.zone.clone()).hour()
    }

    /// `21 September 2026, 16:13 CEST`
    pub(super) fn moment(&self, at: Timestamp) -> String {
        let there = at.to_zoned_datetime(self.zone.clone());
        let [hour, minute] = [there.hour(), there.minute()].map(|n| format!("{n:02}"));
        let zone = there.strftime("%Z").to_string();
        let values = [("date", self.date(there.date())), ("hour", hour), ("minute", minute), ("zone", zone)];
        fill(&self.words.dates.moment, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// `21 September 2026`
    pub(super) fn date(&self, day: Date) -> String {
        self.filled(&self.words.dates.date, day)
    }

    /// The date of a fact-check; the year alone where only that is known.
    pub(super) fn check_date(&self, date: CheckDate) -> String {
        match date {
            CheckDate::Day(day) => self.date(day),
            CheckDate::Year(year) => year.to_string(),
        }
    }

    /// `Mon`
    pub(super) fn weekday(&self, day: Weekday) -> &str {
        let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.words.dates.weekdays.get(at).map_or("", String::as_str)
    }

    fn filled(&self, sentence: &str, day: Date) -> String {
        let at = usize::try_from(day.month() - 1).unwrap_or_default();
        let month = self.words.dates.months.get(at).map_or("", String::as_str);
        fill(sentence, &[("day", &day.day().to_string()), ("month", month), ("year", &day.year().to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Lang;

    #[test]
    fn each_language_writes_a_moment_in_its_own_way() {
        let at = Timestamp::constant(1_790_000_000, 0);
        let moment = |lang: &str| Almanac::of("Europe/Paris", Words::of(&Lang(lang.to_owned()))).moment(at);
        assert_eq!(moment("en"), "21 September 2026, 16:13 CEST");
        assert_eq!(moment("de"), "21. September 2026, 16:13 Uhr CEST");
        assert_eq!(moment("fr"), "21 septembre 2026, 16:13 CEST");
        assert_eq!(moment("es"), "21 de septiembre de 2026, 16:13 CEST");
        assert_eq!(moment("pt"), "21 de setembro de 2026, 16:13 CEST");
        assert_eq!(moment("ar"), "21 سبتمبر 2026، 16:13 CEST");
    }

    #[test]
    fn a_zone_that_does_not_exist_is_utc() {
        let almanac = Almanac::of("Atlantis/Capital", Words::of(&Lang("en".to_owned())));
        assert_eq!((almanac.zone(), almanac.hour(Timestamp::UNIX_EPOCH)), ("UTC", 0));
    }
}
