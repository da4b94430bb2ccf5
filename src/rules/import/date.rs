//! Dates as publishers write them.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::claim::CheckDate;

/// Months by the letters they begin with, in the languages fact-checks are often written in; the longest that fits counts.
const MONTHS: [(&str, i8); 45] = [
    ("jan", 1),
    ("ene", 1),
    ("gen", 1),
    ("feb", 2),
    ("fev", 2),
    ("fév", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("maerz", 3),
    ("apr", 4),
    ("abr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("mag", 5),
    ("mei", 5),
    ("jun", 6),
    ("juin", 6),
    ("giu", 6),
    ("jul", 7),
    ("juil", 7),
    ("lug", 7),
    ("aug", 8),
    ("ago", 8),
    ("aoû", 8),
    ("aou", 8),
    ("agu", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("out", 10),
    ("ott", 10),
    ("nov", 11),
    ("dec", 12),
    ("dic", 12),
    ("dez", 12),
    ("déc", 12),
    ("des", 12),
    ("die", 12),
    ("ott", 10),
    ("juni", 6),
    ("juli", 7),
    ("giug", 6),
];

/// Reads a date; of a moment, the day in the publisher's own time zone. Nothing where it could be two different days.
///
/// Understood: `2022-10-06`, `2020-06-23 20:02`, `2021-7-20`, `2022/10/06`, `20221006`, `2022-10-06T10:00:00+05:30`, `6.10.2022`,
/// `23/10/2022` and `10/23/2022` but not `6/10/2022`, `October 6, 2022`, `6 de octubre de 2022`, seconds or milliseconds since
/// 1970, a month or a year alone (gives the year).
pub fn read(text: &str) -> Option<CheckDate> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return number(text);
    }
    let head: String = text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | '.')).collect();
    let separator = head.chars().find(|c| !c.is_ascii_digit());
    let parts: Vec<&str> = head.split(['-', '/', '.']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [year, month, date, ..] if year.len() == 4 => day(year, month, date),
        [year, _month] if year.len() == 4 => self::year(year),
        [first, second, year] if year.len() == 4 => {
            let (a, b): (i8, i8) = (first.parse().ok()?, second.parse().ok()?);
            match (separator, a, b) {
                (Some('.'), ..) => day(year, second, first),
                _ if a > 12 || a == b => day(year, second, first),
                _ if b > 12 => day(year, first, second),
                _ => None,
            }
        }
        _ => in_words(text),
    }
}

/// As it stands in files: `2022-10-06`, or `2022`.
pub fn written(date: CheckDate) -> String {
    date.to_string()
}

/// The day, or the first day of the year.
pub fn first_day(date: CheckDate) -> Option<Date> {
    match date {
        CheckDate::Day(day) => Some(day),
        CheckDate::Year(year) => Date::new(year, 1, 1).ok(),
    }
}

fn number(text: &str) -> Option<CheckDate> {
    match text.len() {
        4 => year(text),
        8 => day(text.get(..4)?, text.get(4..6)?, text.get(6..)?),
        10 => moment(text.parse().ok()?),
        13 => moment(text.parse::<i64>().ok()? / 1000),
        _ => None,
    }
}

fn moment(seconds: i64) -> Option<CheckDate> {
    let date = jiff::tz::Offset::UTC.to_datetime(Timestamp::from_second(seconds).ok()?).date();
    in_reach(date.year()).map(|_| CheckDate::Day(date))
}

fn day(year: &str, month: &str, day: &str) -> Option<CheckDate> {
    let date = Date::new(in_reach(year.parse().ok()?)?, month.parse().ok()?, day.parse().ok()?);
    date.ok().map(CheckDate::Day)
}

fn year(text: &str) -> Option<CheckDate> {
    in_reach(text.parse().ok()?).map(CheckDate::Year)
}

fn in_reach(year: i16) -> Option<i16> {
    (1900..=2200).contains(&year).then_some(year)
}

fn in_words(text: &str) -> Option<CheckDate> {
    let text = text.get(..text.floor_char_boundary(64))?.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let month_of = |word: &str| {
        let begins = MONTHS.iter().filter(|(begin, _)| word.starts_with(begin));
        begins.max_by_key(|(begin, _)| begin.len()).map(|(_, month)| *month)
    };
    // "mar" begins a month and the Italian Tuesday: a word beside a number is meant, of two such words the later.
    let months = words.iter().enumerate().rev().filter_map(|(at, word)| Some((at, month_of(word)?)));
    let near = |at: usize| {
        let numbers = words.iter().enumerate().filter_map(|(other, word)| {
            let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
            (digits.len() <= 2).then(|| digits.parse::<i8>().ok()).flatten().map(|day| (other.abs_diff(at), day))
        });
        numbers.filter(|(distance, day)| *distance <= 2 && (1..=31).contains(day)).min()
    };
    let year: i16 = words.iter().filter(|word| word.len() == 4).find_map(|word| in_reach(word.parse().ok()?))?;
    let (at, month) = months.min_by_key(|(at, _)| near(*at).map_or(usize::MAX, |(distance, _)| distance))?;
    match near(at) {
        Some((_, day)) => Date::new(year, month, day).ok().map(CheckDate::Day),
        None => Some(CheckDate::Year(year)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn dates_of_all_kinds_are_read() {
        for (text, date) in [
            ("2022-10-06", "2022-10-06"),
            ("2020-06-23 20:02", "2020-06-23"),
            ("2020-06-23T20:02:11+0200", "2020-06-23"),
            ("2021-03-04T01:30:00+05:30", "2021-03-04"),
            ("2021-7-20", "2021-07-20"),
            (" 2021/07/20 ", "2021-07-20"),
            ("20210720", "2021-07-20"),
            ("20.7.2021", "2021-07-20"),
            ("23/10/2022", "2022-10-23"),
            ("10/23/2022", "2022-10-23"),
            ("October 6, 2022", "2022-10-06"),
            ("Thu, 06 Oct 2022 10:00:00 GMT", "2022-10-06"),
            ("6 de octubre de 2022", "2022-10-06"),
            ("le 2 juin 2021", "2021-06-02"),
            ("mar 12 gen 2021", "2021-01-12"),
            ("1. März 2021", "2021-03-01"),
            ("1528848000", "2018-06-13"),
            ("1528848000123", "2018-06-13"),
            ("2018", "2018"),
            ("2018-06", "2018"),
            ("June 2018", "2018"),
        ] {
            assert_eq!(super::read(text).map(super::written).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_two_gives_none() {
        for text in
            ["", "6/10/2022", "2022-02-30", "yesterday", "-1", "0000-00-00", "1234567", "{{date}}", "99999999999999999999"]
        {
            assert_eq!(super::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9]{0,5}[-/. ]?){0,4}\\PC{0,12}") {
            super::read(&text);
        }
    }
}
