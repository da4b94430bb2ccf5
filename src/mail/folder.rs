//! Letters put into a Maildir, which any mail program opens.
//!
//! A letter is written under `tmp/`, forced to disk, renamed into `new/`, and the folder forced to disk: a crash leaves it
//! there whole or not at all. Its file name is a function of the delivery, so that a letter handed over just before a
//! crash is found again, read or unread, and not filed twice.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::MailError;
use super::message::{self, Composed};
use crate::model::delivery::{Delivery, Outcome};

/// A Maildir.
#[derive(Debug, Clone)]
pub struct Folder {
    folder: PathBuf,
}

impl Folder {
    /// Opens the Maildir, and makes it if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, MailError> {
        let make = |part| DirBuilder::new().recursive(true).mode(0o700).create(folder.join(part));
        ["tmp", "new", "cur"]
            .into_iter()
            .try_for_each(make)
            .map_err(|source| MailError::Folder { folder: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Files one letter; the outcome says where it lies.
    pub async fn send(&self, delivery: &Delivery, message: Composed) -> Outcome {
        let (folder, name) = (self.folder.clone(), name(delivery));
        let filed = tokio::task::spawn_blocking(move || file(&folder, &name, &with_unix_lines(&message.bytes))).await;
        match filed.unwrap_or_else(|broken| Err(io::Error::other(broken))) {
            Ok(place) => Outcome::Sent { reply: format!("lies in {}", place.display()) },
            Err(error) => self.trouble(&error),
        }
    }

    /// A folder that cannot be written to says nothing against the letter.
    fn trouble(&self, error: &io::Error) -> Outcome {
        let reason = format!("the letter could not be put into {}: {error}", self.folder.display());
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::ReadOnlyFilesystem => Outcome::Barred { reason },
            _ => Outcome::Away { reason },
        }
    }
}

/// `1785000000.5f0c….claimwatch`: mail programs sort by the seconds in front.
fn name(delivery: &Delivery) -> String {
    let digest = message::hex(&Sha256::digest(&delivery.message_id.0));
    format!("{}.{digest}.claimwatch", delivery.written_at.as_second())
}

/// Maildirs keep lines as Unix does.
fn with_unix_lines(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|&byte| byte != b'\r').collect()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    if let Some(place) = find(folder, name)? {
        return Ok(place);
    }
    let (draft, place) = (folder.join("tmp").join(name), folder.join("new").join(name));
    let mut letter = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    letter.write_all(bytes)?;
    letter.sync_all()?;
    fs::rename(&draft, &place)?;
    File::open(folder.join("new"))?.sync_all()?;
    Ok(place)
}

/// Finds a letter filed before: unread, or moved to `cur/` by a mail program, which adds flags (`:2,S`) to the name.
fn find(folder: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let unread = folder.join("new").join(name);
    if unread.try_exists()? {
        return Ok(Some(unread));
    }
    for entry in fs::read_dir(folder.join("cur"))? {
        let entry = entry?;
        let is_it = entry
            .file_name()
            .to_str()
            .is_some_and(|file| file.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
        if is_it {
            return Ok(Some(entry.path()));
        }
    }
    // Some programs keep the flags in new/ as well.
    for entry in fs::read_dir(folder.join("new"))? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}
