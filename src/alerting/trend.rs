//! How often a claim was seen lately, as bars: seven days, or the last hours where all of it is younger than a day.

use jiff::{SignedDuration, Timestamp};

use super::dates::Almanac;
use super::words::Words;
use crate::model::letter::Hour;

/// Bars of the text part, lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Height of the highest bar, in pixels.
const TALLEST: u64 = 40;
/// Every so many hours one is named.
const NAMED: i8 = 6;

/// A small chart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trend {
    /// What it shows, with the sum.
    pub caption: String,
    /// Oldest first; none where one post is all there is.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// Day or hour; empty where its neighbours say enough.
    pub label: String,
    /// How many posts.
    pub count: String,
    /// Height in pixels; 0 without posts.
    pub pixels: u64,
    /// The same as a character.
    pub block: char,
}

impl Trend {
    /// The chart of a claim at `now`; nothing where nothing is known.
    ///
    /// `by_hour` asks for the last day by the hour, whatever came before.
    pub(super) fn of(hours: &[Hour], now: Timestamp, by_hour: bool, almanac: &Almanac, words: &Words) -> Option<Self> {
        let week = days(hours, now, almanac);
        let total: u64 = week.iter().map(|(_, n)| n).sum();
        match total {
            0 => return None,
            1 => return Some(Self { caption: words.trend.only_now.clone(), bars: Vec::new() }),
            _ => {}
        }
        let day = last_hours(hours, now, almanac);
        let today: u64 = day.iter().map(|(_, n)| n).sum();
        if today > 0 && (by_hour || today == total) {
            return Some(Self { caption: words.count(&words.trend.hours, today, &[]), bars: bars(day, words) });
        }
        Some(Self { caption: words.count(&words.trend.days, total, &[]), bars: bars(week, words) })
    }

    /// The bars as one line of text.
    pub(super) fn line(&self) -> String {
        self.bars.iter().map(|bar| bar.block).collect()
    }

    /// Names and numbers of the bars that have a name, for those who cannot see the bars.
    pub(super) fn spelled(&self) -> String {
        let named = self.bars.iter().filter(|bar| !bar.label.is_empty() && !bar.count.is_empty());
        named.map(|bar| format!("{} {}", bar.label, bar.count)).collect::<Vec<_>>().join(" · ")
    }

    /// Whether each bar is a day.
    pub(super) fn has_days(&self) -> bool {
        self.bars.len() <= 7
    }
}

/// Seven days of the desk's calendar, the last of them today.
fn days(hours: &[Hour], now: Timestamp, almanac: &Almanac) -> Vec<(String, u64)> {
    let today = almanac.day(now);
    let mut days = Vec::with_capacity(7);
    let mut day = today;
    for _ in 0..7 {
        let seen = hours.iter().filter(|hour| almanac.day(hour.from) == day).map(|hour| hour.sightings).sum();
        days.push((almanac.weekday(day.weekday()).to_owned(), seen));
        day = day.yesterday().unwrap_or(day);
    }
    days.reverse();
    days
}

/// The last twenty-four hours, the last of them the one that has begun.
fn last_hours(hours: &[Hour], now: Timestamp, almanac: &Almanac) -> Vec<(String, u64)> {
    let begun = now.as_second().div_euclid(3600);
    let bar = |back: i64| {
        let number = begun - back;
        let seen = hours.iter().filter(|hour| hour.from.as_second().div_euclid(3600) == number);
        let at = now.checked_sub(SignedDuration::from_hours(back)).unwrap_or(now);
        let hour = almanac.hour(at);
        let label = if hour % NAMED == 0 { format!("{hour:02}") } else { String::new() };
        (label, seen.map(|hour| hour.sightings).sum())
    };
    (0..24).rev().map(bar).collect()
}

fn bars(counts: Vec<(String, u64)>, words: &Words) -> Vec<Bar> {
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    let by_day = counts.len() <= 7;
    let bar = |(label, n): (String, u64)| {
        let share = |of: u64| n.saturating_mul(of).div_ceil(most);
        let block = usize::try_from(share(8)).ok().and_then(|step| BLOCKS.get(step.checked_sub(1)?));
        Bar {
            label,
            count: if by_day { words.whole(n) } else { String::new() },
            pixels: share(TALLEST),
            block: block.copied().unwrap_or('·'),
        }
    };
    counts.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Lang;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn trend(ago_and_count: &[(i64, u64)], by_hour: bool) -> Option<Trend> {
        let words = Words::of(&Lang("en".to_owned()));
        let hour = |(ago, sightings): &(i64, u64)| Hour { from: NOW - SignedDuration::from_hours(*ago), sightings: *sightings };
        let hours: Vec<_> = ago_and_count.iter().map(hour).collect();
        Trend::of(&hours, NOW, by_hour, &Almanac::of("Europe/Paris", words), words)
    }

    #[test]
    fn a_week_has_a_bar_for_each_day_of_the_desk() {
        let trend = trend(&[(72, 1), (24, 4), (0, 8)], false).unwrap();
        assert_eq!((trend.caption.as_str(), trend.line().as_str()), ("13 posts in the last 7 days", "···▁·▄█"));
        assert_eq!(trend.spelled(), "Tue 0 · Wed 0 · Thu 0 · Fri 1 · Sat 0 · Sun 4 · Mon 8");
    }

    #[test]
    fn what_is_younger_than_a_day_is_shown_by_the_hour() {
        let young = trend(&[(3, 2), (0, 1)], false).unwrap();
        assert_eq!((young.bars.len(), young.caption.as_str()), (24, "3 posts in the last 24 hours"));
        assert!(young.line().ends_with("█··▄"), "{}", young.line());
        assert_eq!(trend(&[(100, 2), (0, 1)], true).unwrap().bars.len(), 24);
    }

    #[test]
    fn one_post_is_no_chart_and_none_is_nothing() {
        assert_eq!(trend(&[(0, 1)], false).unwrap().bars, []);
        assert_eq!(trend(&[], false), None);
    }
}
