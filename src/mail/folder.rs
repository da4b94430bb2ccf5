//! A Maildir that any mail program opens: a letter is complete when it appears, and appears once.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::MailError;
use super::message::Composed;
use crate::model::delivery::{Delivery, Outcome};

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder and its three rooms where they are missing.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn open(path: &Path) -> Result<Self, MailError> {
        for room in ["cur", "new", "tmp"] {
            let room = path.join(room);
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&room)
                .map_err(|source| MailError::Folder { path: room.clone(), source })?;
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a letter into `new`, or finds that it is there already.
    pub async fn send(&self, delivery: &Delivery, message: Composed) -> Outcome {
        let name = file_name(delivery);
        let path = self.path.clone();
        let again = delivery.attempts > 1;
        let put = tokio::task::spawn_blocking(move || put(&path, &name, again, &message.bytes));
        match put.await {
            Ok(Ok(place)) => Outcome::Sent { reply: format!("in {}", place.display()) },
            // A folder that cannot be written to says nothing about the letter.
            Ok(Err(e)) => Outcome::Away { reason: format!("the mail folder {} cannot be written to: {e}", self.path.display()) },
            Err(_) => Outcome::Away { reason: "the program was stopped while a letter was written".to_owned() },
        }
    }
}

/// A function of the Message-ID: a letter written again after a crash gets the name it had.
fn file_name(delivery: &Delivery) -> String {
    let id: String = delivery.message_id.0.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect();
    format!("{}.{id}.claimwatch", delivery.written_at.as_second())
}

/// Writes to `tmp`, then moves to `new`, each safe on the disk before the next step: a reader never sees half a letter, and
/// a letter reported as sent survives a power cut.
fn put(path: &Path, name: &str, again: bool, bytes: &[u8]) -> io::Result<PathBuf> {
    let finished = path.join("new").join(name);
    if finished.exists() {
        return Ok(finished);
    }
    if again && let Some(read) = already_read(&path.join("cur"), name)? {
        return Ok(read);
    }
    let draft = path.join("tmp").join(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&draft, &finished)?;
    File::open(path.join("new"))?.sync_all()?;
    Ok(finished)
}

/// A mail program moves what it has shown from `new` to `cur` and adds flags to its name (`:2,S`).
fn already_read(cur: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(cur)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|found| found.split(':').next() == Some(name)) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}
