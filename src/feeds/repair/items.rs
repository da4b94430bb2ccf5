//! Items: where they begin and end, what their attributes say, and how often a publisher says that it brings new ones.

use std::time::Duration;

use super::characters::mend;
use super::{Element, Family, Pass};
use crate::feeds::markup::{Token, attributes, local};

/// An address that leads nowhere: feed-rs drops RSS 1.0 items without one.
const NOWHERE: &str = "urn:none";

/// What the Syndication module says about a publisher's pace (web.resource.org/rss/1.0/modules/syndication).
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    period: Option<Duration>,
    frequency: Option<u32>,
}

impl Pace {
    /// Gives how often something new is to be expected; `None` where nothing was said.
    pub fn every(self) -> Option<Duration> {
        let times = self.frequency.unwrap_or(1).max(1);
        Some(self.period? / times).filter(|every| !every.is_zero())
    }
}

impl<'a> Pass<'a> {
    /// Opens the root that a channel without one should stand in.
    pub(super) fn imply_root(&mut self) {
        if !self.open.is_empty() {
            return;
        }
        self.note("no element <rss>");
        self.out.text.push_str("<rss");
        self.complete_root("", &[]);
        self.out.text.push('>');
        self.out.root_end = self.out.text.len();
        self.open.push(Element { name: "rss", out: "rss".into(), has_base: false, is_item: false });
    }

    /// Writes as elements what CDF says in the attributes of an item.
    pub(super) fn tell_attributes(&mut self, written: &'a str) {
        if self.family != Family::Rss || written.is_empty() {
            return;
        }
        for (key, value) in attributes(written).take(8) {
            let element = match key {
                _ if key.eq_ignore_ascii_case("href") => "link",
                _ if key.eq_ignore_ascii_case("lastmod") => "pubDate",
                _ => continue,
            };
            self.element(element, value);
        }
    }

    fn element(&mut self, name: &str, text: &str) {
        self.out.text.push('<');
        self.out.text.push_str(name);
        self.out.text.push('>');
        mend(text, &mut self.out.text, &mut self.mended);
        self.write_close(name);
    }

    /// Reads what the channel says about its pace.
    pub(super) fn heed_pace(&mut self, name: &str) {
        let plain = local(name);
        if !matches!(plain, "updatePeriod" | "updateFrequency") {
            return;
        }
        let Some((_, Token::Text(text))) = self.tokens.clone().next() else { return };
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        match (plain, text.trim()) {
            ("updatePeriod", "hourly") => self.pace.period = hours(1),
            ("updatePeriod", "daily") => self.pace.period = hours(24),
            ("updatePeriod", "weekly") => self.pace.period = hours(7 * 24),
            ("updatePeriod", "monthly") => self.pace.period = hours(30 * 24),
            ("updatePeriod", "yearly") => self.pace.period = hours(365 * 24),
            ("updateFrequency", times) => self.pace.frequency = times.parse().ok(),
            _ => {}
        }
    }

    /// Closes the open item, if there is one.
    pub(super) fn close_item(&mut self) {
        if let Some((_, depth)) = self.item_begin {
            self.close_down_to(depth);
        }
    }

    /// Closes elements until only so many are open.
    pub(super) fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth
            && let Some(element) = self.open.pop()
        {
            if element.is_item && self.family == Family::Rdf && !self.has_link {
                let address = self.about.unwrap_or(NOWHERE);
                self.element("link", address);
                self.note("items without a link");
            }
            self.write_close(&element.out);
            if element.is_item
                && let Some((begin, _)) = self.item_begin.take()
            {
                self.out.places.push(begin..self.out.text.len());
            }
        }
    }
}
