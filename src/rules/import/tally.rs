//! What became of everything that was read, counted, with the first places.

use std::collections::BTreeMap;
use std::fmt;

use super::{Remark, Skip};

/// So many places are told of each kind.
const FIRST: usize = 3;

/// Where something stands in what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'p> {
    /// The file, or what was asked.
    pub file: &'p str,
    /// Which part of it.
    pub part: Part,
}

/// Which part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// A line, from 1.
    Line(u64),
    /// An object of a list, from 1.
    Item(u64),
    /// A block of markup in a page, from 1.
    Block(u64),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file;
        match self.part {
            Part::Whole => f.write_str(file),
            Part::Line(line) => write!(f, "{file}:{line}"),
            Part::Item(item) => write!(f, "{file} item {item}"),
            Part::Block(block) => write!(f, "{file} block {block}"),
        }
    }
}

/// How many of a kind, and the first places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub number: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Count {
    /// Counts one more.
    pub fn add(&mut self, place: &dyn fmt::Display) {
        self.number += 1;
        if self.first.len() < FIRST {
            self.first.push(place.to_string());
        }
    }
}

/// All that was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Claims that are new.
    pub taken: Count,
    /// Further fact-checks of claims that were taken.
    pub grouped: Count,
    /// Further fact-checks of claims that stand in rules already; they are not written anywhere.
    pub beside: Count,
    /// What was there already.
    pub there: Count,
    /// What was left out.
    pub skipped: BTreeMap<Skip, Count>,
    /// What is odd about what was taken.
    pub remarks: BTreeMap<Remark, Count>,
}

impl Tally {
    /// Counts something that was left out.
    pub fn skip(&mut self, skip: Skip, place: &dyn fmt::Display) {
        self.skipped.entry(skip).or_default().add(place);
    }

    /// Counts what is odd about something.
    pub fn remark(&mut self, remarks: &[Remark], place: &dyn fmt::Display) {
        for remark in remarks {
            self.remarks.entry(*remark).or_default().add(place);
        }
    }

    /// How much was left out.
    pub fn skipped_in_all(&self) -> u64 {
        self.skipped.values().map(|count| count.number).sum()
    }

    /// How many claims and fact-checks were found, whatever became of them.
    pub fn found(&self) -> u64 {
        self.taken.number + self.grouped.number + self.beside.number + self.there.number
    }

    /// Whether anything was left out for a fault of the files.
    pub fn has_faults(&self) -> bool {
        self.skipped.keys().any(|skip| !skip.is_wanted())
    }
}
