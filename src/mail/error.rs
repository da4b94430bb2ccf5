//! Why letters cannot be handed over at all: mistakes in the settings, found before the first letter.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A setting that cannot work.
#[derive(Debug)]
pub enum MailError {
    /// The sender is no address.
    From {
        /// As written.
        from: String,
        /// What is wrong with it.
        found: String,
    },
    /// The file of trusted authorities cannot be used.
    Authorities {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// The system's own authorities cannot be used.
    Roots {
        /// What is wrong with them.
        found: String,
    },
    /// The relay's name is none that a certificate could carry.
    Host {
        /// As written.
        host: String,
    },
    /// The folder for letters cannot be made or written to.
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl MailError {
    /// How long to wait before the same may succeed; `None`: the settings must be mended first.
    pub fn try_again_in(&self) -> Option<Duration> {
        match self {
            Self::Folder { .. } => Some(Duration::from_secs(30)),
            Self::From { .. } | Self::Authorities { .. } | Self::Roots { .. } | Self::Host { .. } => None,
        }
    }
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From { from, found } => {
                write!(f, "[mail] from = \"{from}\" is no address ({found}); write it like \"claimwatch <alerts@example.org>\"")
            }
            Self::Authorities { path, found } => {
                write!(f, "[mail] ca_file {} cannot be used: {found}; it must hold one or more PEM certificates", path.display())
            }
            Self::Roots { found } => {
                write!(f, "the system's trusted certificates cannot be used: {found}; install the package ca-certificates")
            }
            Self::Host { host } => write!(f, "[mail] host = \"{host}\" is no host name"),
            Self::Folder { path, source } => write!(f, "the mail folder {} cannot be used: {source}", path.display()),
        }
    }
}

impl std::error::Error for MailError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { source, .. } => Some(source),
            _ => None,
        }
    }
}
