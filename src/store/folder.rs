//! What lies beside the database: its folder, the lock that keeps a second claimwatch out, the room left on the disk.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Held for as long as the database is open; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Makes the folder of the database, for its owner only: posts are personal data.
pub(super) fn make(database: &Path) -> Result<(), StoreError> {
    let folder = of(database);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|source| StoreError::Folder { path: folder, source })
}

/// Makes the database file before SQLite does, so that others cannot read it whatever the umask says.
pub(super) fn make_private(database: &Path) -> Result<(), StoreError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(database)
        .map(drop)
        .map_err(|source| StoreError::Folder { path: database.to_owned(), source })
}

/// Says why a database cannot be read before SQLite is asked, which would not tell a missing file from a forbidden one.
pub(super) fn may_be_read(database: &Path) -> Result<(), StoreError> {
    match File::open(database).and_then(|file| file.metadata()) {
        Ok(there) if there.is_file() => Ok(()),
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Folder { path: database.to_owned(), source })
        }
        _ => Err(StoreError::missing(database)),
    }
}

/// Takes the lock beside the database and writes this process's number into it.
pub(super) fn lock(database: &Path) -> Result<Lock, StoreError> {
    let path = lock_path(database);
    let failed = |source| StoreError::Folder { path: path.clone(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Not knowing who holds it must not hide that it is held.
            let pid = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
            return Err(StoreError::Held { path: database.to_owned(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| writeln!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(Lock { _file: file })
}

/// Free space on the disk of `database`, in bytes, as far as this user may use it.
pub(super) fn free_bytes(database: &Path) -> Result<u64, StoreError> {
    let folder = of(database);
    let disk = rustix::fs::statvfs(&folder).map_err(|e| StoreError::Folder { path: folder, source: e.into() })?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn of(database: &Path) -> PathBuf {
    match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    database.with_file_name(name)
}
