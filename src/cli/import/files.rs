//! Files opened and read one after the other, with a bar that says how far.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Assigned, Import};
use crate::cli::archive::{unpacked, unreadable};
use crate::cli::output::Answer;
use crate::cli::progress::Progress;
use crate::rules::import::reading::{self, Kind};
use crate::rules::import::tally::Place;

/// Sees before anything is written that all files are there.
pub(super) fn check(files: &[PathBuf]) -> Result<(), Answer> {
    for path in files.iter().filter(|path| path.as_os_str() != "-") {
        let meta = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if meta.is_dir() {
            let why = io::Error::other("it is a folder; name the files in it, as in FOLDER/*.html");
            return Err(unreadable(path, &why));
        }
        File::open(path).map_err(|error| unreadable(path, &error))?;
    }
    Ok(())
}

/// Reads all files into the import.
pub(super) fn read(files: &[PathBuf], columns: &Assigned, import: &mut Import) -> Result<(), Answer> {
    let sizes = files.iter().map(|path| std::fs::metadata(path).map_or(0, |meta| meta.len()));
    let mut progress = Progress::new(Some(sizes.sum()));
    let done = Arc::new(AtomicU64::new(0));
    for path in files {
        let source: Box<dyn Read + Send> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(|error| unreadable(path, &error))?)
        };
        let counted = Counted { source, done: Arc::clone(&done) };
        let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        let mut disk = None;
        let mut number: u64 = 0;
        let seen = unpacked(Box::new(counted)).and_then(|input| {
            reading::read(&name, input, columns, None, &mut |part, outcome| {
                number += 1;
                progress.at(done.load(Ordering::Relaxed), &format_args!("{} claims taken", import.tally.taken.number));
                import.take(outcome, &Place { file: &name, part }).map_err(|error| {
                    let told = error.to_string();
                    disk = Some(error);
                    io::Error::other(told)
                })
            })
        });
        if let Some(error) = disk {
            progress.end();
            return Err(import.target.unwritable(&error));
        }
        match seen {
            Ok(seen) => {
                import.notes.extend(seen.columns.map(|columns| format!("{name}: {columns}")));
                if seen.is_article {
                    import.notes.push(format!(
                        "{name} has no ClaimReview; `claimwatch new --from {name}` drafts a rule from its headline"
                    ));
                }
                if number == 0 && seen.kind == Kind::Table {
                    import.notes.push(format!("{name} has a head and no rows"));
                }
            }
            Err(error) if number == 0 => {
                import.useless += 1;
                import.notes.push(format!("{name} was not read: {error}"));
            }
            Err(error) => {
                import.useless += 1;
                import.notes.push(format!("{name} was read up to its item {number}: {error}"));
            }
        }
    }
    progress.end();
    Ok(())
}

/// Counts the bytes that are read.
struct Counted {
    source: Box<dyn Read + Send>,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
