//! Why the memory could not be read or written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure of the store.
#[derive(Debug)]
pub enum StoreError {
    /// The folder or a file beside the database could not be made or read.
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another claimwatch works with this database.
    Held {
        /// The database.
        path: PathBuf,
        /// The other's process number, if it could be read.
        pid: Option<u32>,
    },
    /// A newer claimwatch has changed the database.
    Newer {
        /// The database.
        path: PathBuf,
        /// Version of its tables.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The daemon of this version has yet to bring the database up to date.
    Older {
        /// The database.
        path: PathBuf,
        /// Version of its tables.
        found: i64,
        /// The version this program works with.
        known: i64,
    },
    /// There is no database yet.
    Missing {
        /// Where it was looked for, in full.
        path: PathBuf,
        /// The configuration names it from the folder a command is started in.
        is_relative: bool,
    },
    /// The file is damaged, or is no database.
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The disk is full: what was being written is not, what was written before is safe.
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Another process writes and did not finish in time.
    Busy,
    /// The file could not be read or written.
    Io {
        /// The database.
        path: PathBuf,
        /// What the database said.
        found: String,
    },
    /// A row holds what this program cannot read.
    Row {
        /// Which row.
        what: String,
        /// What is wrong with it.
        found: String,
    },
    /// There is nothing by that number.
    Unknown {
        /// What was asked for.
        what: String,
    },
    /// The database refused a statement: a fault of this program.
    Refused {
        /// What the database said.
        found: String,
    },
}

impl StoreError {
    /// Sorts a failure of the database at `path` by what can be done about it.
    pub(super) fn of(path: &Path, error: &sqlx::Error) -> Self {
        let path = path.to_owned();
        let found = error.to_string();
        let primary = match error {
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i64>().ok()).map(|code| code & 0xff),
            sqlx::Error::PoolTimedOut => Some(5),
            sqlx::Error::Io(_) => Some(10),
            _ => None,
        };
        // Primary result codes of SQLite: https://www.sqlite.org/rescode.html
        match primary {
            Some(13) => Self::Full { path },
            Some(5 | 6) => Self::Busy,
            Some(11 | 26) => Self::Corrupt { path, found },
            Some(8 | 10 | 14) => Self::Io { path, found },
            _ => Self::Refused { found },
        }
    }

    /// There is nothing at `database`.
    pub(super) fn missing(database: &Path) -> Self {
        let path = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        Self::Missing { path, is_relative: database.is_relative() }
    }

    /// Whether the disk is full; then fetching stops and sending goes on.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether a person must act before it makes sense to start again.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, Self::Newer { .. } | Self::Corrupt { .. } | Self::Folder { .. })
    }

    /// How long to wait before the same may succeed; `None`: trying again will not help.
    pub fn try_again_in(&self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Full { .. } | Self::Io { .. } => Some(Duration::from_secs(30)),
            Self::Held { .. } => Some(Duration::from_secs(5)),
            Self::Folder { .. }
            | Self::Newer { .. }
            | Self::Older { .. }
            | Self::Missing { .. }
            | Self::Corrupt { .. }
            | Self::Row { .. }
            | Self::Unknown { .. }
            | Self::Refused { .. } => None,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, source } => {
                write!(f, "{} could not be made or opened: {source}", path.display())?;
                match source.kind() {
                    std::io::ErrorKind::PermissionDenied => write!(f, "; do it as root, or as the user that runs claimwatch"),
                    _ => Ok(()),
                }
            }
            Self::Held { path, pid: Some(pid) } => {
                write!(
                    f,
                    "another claimwatch (process {pid}) works with {}; stop it first, or give this one its own [store] url",
                    path.display()
                )
            }
            Self::Held { path, pid: None } => {
                write!(f, "another claimwatch works with {}; stop it first, or give this one its own [store] url", path.display())
            }
            Self::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer claimwatch (tables of version {found}, this program knows {known}); \
                 install that version again, or put back the backup made before the upgrade",
                path.display()
            ),
            Self::Older { path, found, known } => write!(
                f,
                "{} was written by an older claimwatch (tables of version {found}, this program works with {known}); \
                 make a copy with `claimwatch store backup FILE`, then start `claimwatch run`, which brings it up to date",
                path.display()
            ),
            Self::Missing { path, is_relative } => {
                write!(f, "there is no database at {} yet; `claimwatch run` makes it", path.display())?;
                match is_relative {
                    true => write!(f, " in the folder it is started in (under systemd WorkingDirectory=): be there as well"),
                    false => Ok(()),
                }
            }
            Self::Corrupt { path, found } => {
                let path = path.display();
                write!(
                    f,
                    "{path} is damaged: {found}. Nothing was changed. To restore a backup: mv {path} {path}.damaged && \
                     rm -f {path}-wal {path}-shm && cp YOUR-BACKUP {path}. Posts that are still in the feeds are read again"
                )
            }
            Self::Full { path } => write!(f, "the disk that holds {} is full; nothing written before is lost", path.display()),
            Self::Busy => write!(f, "another process is writing to the database and did not finish in time"),
            Self::Io { path, found } => write!(f, "{} could not be read or written: {found}", path.display()),
            Self::Row { what, found } => write!(f, "{what} in the database cannot be read: {found}"),
            Self::Unknown { what } => write!(f, "there is no {what}"),
            Self::Refused { found } => write!(f, "the database refused a statement, which is a fault of claimwatch: {found}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { source, .. } => Some(source),
            _ => None,
        }
    }
}
