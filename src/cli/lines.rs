//! An archive of bulk claims that lines are added to: lines that are there keep their place, and what cannot be read stays too.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use foldhash::quality::RandomState;

use super::archive::unreadable;
use super::drafts::{beside, put_in_place};
use super::output::Answer;
use crate::rules::bulk::{BulkClaim, MOST_CLAIMS, next_line, parse_json};
use crate::rules::import::Record;
use crate::rules::import::gather::Gathering;
use crate::rules::import::line::{claim, line, made_id};

/// Longest line that is looked at; longer ones stay as they are.
const LONGEST_LINE_BYTES: u64 = 1 << 20;

/// An archive that lines are added to. New lines flow into a file beside it; memory holds numbers, not texts.
pub(super) struct LineFile {
    /// Its path.
    pub(super) path: PathBuf,
    /// Lines of claims that are there → which line of the file it is.
    places: Vec<u32>,
    /// Lines of the file, of any kind.
    lines: u32,
    /// New claims by their number → which of the new lines.
    new_places: HashMap<u32, u32, RandomState>,
    new: Option<(PathBuf, BufWriter<File>)>,
    /// Further fact-checks, by line.
    joins: HashMap<u32, Vec<Record>, RandomState>,
    ids: HashSet<u64, RandomState>,
    hasher: RandomState,
}

impl LineFile {
    /// Reads what is there into the gathering.
    pub(super) fn open(path: &Path, gathering: &mut Gathering) -> Result<Self, Answer> {
        let mut file = Self {
            path: path.to_owned(),
            places: Vec::new(),
            lines: 0,
            new_places: HashMap::default(),
            new: None,
            joins: HashMap::default(),
            ids: HashSet::default(),
            hasher: RandomState::default(),
        };
        match File::open(path) {
            Ok(old) => file.enter(BufReader::with_capacity(1 << 16, old), gathering).map_err(|error| unreadable(path, &error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(path, &error)),
        }
        Ok(file)
    }

    fn enter(&mut self, mut old: impl BufRead, gathering: &mut Gathering) -> io::Result<()> {
        let mut text = Vec::new();
        while let Some(whole) = next_line(&mut old, &mut text, LONGEST_LINE_BYTES)? {
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
            if whole && let Ok(claim) = parse_json::<BulkClaim>(text) {
                gathering.enter_line(&claim);
                self.ids.insert(self.hasher.hash_one(&claim.id));
                self.places.push(self.lines);
            }
            self.lines += 1;
        }
        Ok(())
    }

    /// Whether there are as many claims as a running claimwatch takes.
    pub(super) fn is_full(&self) -> bool {
        self.places.len() + self.new_places.len() >= MOST_CLAIMS
    }

    /// Adds a claim.
    pub(super) fn add(&mut self, number: u32, mut record: Record) -> io::Result<()> {
        // An id of its own that is taken, or none: one is made, and numbered if even that is taken.
        let own = record.id.take().filter(|id| !id.trim().is_empty() && id.len() <= 1024);
        let own = own.filter(|id| !self.ids.contains(&self.hasher.hash_one(id)));
        let made = || made_id(record.check.url.as_deref(), record.check.publisher.as_deref(), &record.claim);
        let id = own.unwrap_or_else(made);
        let mut free = id.clone();
        let mut next = 2;
        while !self.ids.insert(self.hasher.hash_one(&free)) {
            free = format!("{id}-{next}");
            next += 1;
        }
        record.id = Some(free);
        if self.new.is_none() {
            let path = beside(&self.path).with_extension("lines");
            let file = BufWriter::with_capacity(1 << 16, File::create(&path)?);
            self.new = Some((path, file));
        }
        let Some((_, new)) = &mut self.new else { return Ok(()) };
        let written = new.write_all(line(&claim(record)).as_bytes());
        let place = self.lines + self.new_places.len() as u32;
        self.new_places.insert(number, place);
        written
    }

    /// Puts a further fact-check to a claim; not to one that was left out.
    pub(super) fn join(&mut self, number: u32, record: Record) -> bool {
        let place = self.places.get(number as usize).or_else(|| self.new_places.get(&number)).copied();
        place.map(|place| self.joins.entry(place).or_default().push(record)).is_some()
    }

    /// Writes everything in the place of the old file; how many claims there are then, or nothing if nothing is new.
    pub(super) fn finish(mut self) -> io::Result<Option<u64>> {
        if self.new.is_none() && self.joins.is_empty() {
            return Ok(None);
        }
        let claims = (self.places.len() + self.new_places.len()) as u64;
        let whole = beside(&self.path);
        let done = self.write(&whole).and_then(|()| put_in_place(&whole, &self.path));
        if done.is_err() {
            let _ = fs::remove_file(&whole);
        }
        done.map(|()| Some(claims))
    }

    fn write(&mut self, path: &Path) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
        let mut place = 0;
        if self.lines > 0 {
            self.copy(&self.path, &mut place, &mut out)?;
        }
        if let Some((new, lines)) = &mut self.new {
            lines.flush()?;
            let new = new.clone();
            self.copy(&new, &mut place, &mut out)?;
        }
        out.flush()?;
        out.get_ref().sync_all()
    }

    /// Copies lines, each with the fact-checks that joined it.
    fn copy(&self, from: &Path, place: &mut u32, out: &mut impl Write) -> io::Result<()> {
        let mut from = BufReader::with_capacity(1 << 16, File::open(from)?);
        let mut text = Vec::new();
        loop {
            text.clear();
            // A line of any length is copied whole: nothing that is there is ours to cut.
            if from.read_until(b'\n', &mut text)? == 0 {
                return Ok(());
            }
            let joined = self.joins.get(place).and_then(|records| with(&text, records));
            match joined {
                Some(joined) => out.write_all(joined.as_bytes())?,
                None => {
                    out.write_all(&text)?;
                    if !text.ends_with(b"\n") {
                        out.write_all(b"\n")?;
                    }
                }
            }
            *place += 1;
        }
    }
}

impl Drop for LineFile {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.new {
            let _ = fs::remove_file(path);
        }
    }
}

/// The line with further fact-checks.
fn with(text: &[u8], records: &[Record]) -> Option<String> {
    // Keys that we do not know stay: the line may be somebody else's too.
    let mut object: serde_json::Map<String, serde_json::Value> = parse_json(text).ok()?;
    let mut known: BulkClaim = parse_json(text).ok()?;
    for record in records {
        for url in &record.urls {
            if !known.urls.contains(url) {
                known.urls.push(url.clone());
            }
        }
        known.also.push(record.check.clone());
        known.also.extend(record.also.iter().cloned());
    }
    object.insert("also".to_owned(), serde_json::to_value(&known.also).ok()?);
    if !known.urls.is_empty() {
        object.insert("urls".to_owned(), serde_json::to_value(&known.urls).ok()?);
    }
    serde_json::to_string(&object).ok().map(|line| line + "\n")
}
