//! Why letters cannot be handed over at all, found when a mailer is opened.

use std::fmt;
use std::path::PathBuf;

/// A `[mail]` table that cannot work, or a place that cannot be used.
#[derive(Debug)]
pub enum MailError {
    /// The sender is not an address.
    From {
        /// What the configuration says.
        from: String,
    },
    /// Encryption is off, and the relay is not on this machine.
    InTheClear {
        /// The relay.
        host: String,
    },
    /// The relay's name can stand in no certificate.
    Host {
        /// What the configuration says.
        host: String,
    },
    /// The Maildir could not be made or written to.
    Folder {
        /// Where.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file of authorities could not be read.
    CaFile {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// The system trusts no authorities, so no relay can prove who it is.
    NoAuthorities {
        /// What was found.
        found: String,
    },
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From { from } => {
                write!(f, "\"{from}\" is not an address letters can come from; write from = \"claimwatch@your.domain\" in [mail]")
            }
            Self::InTheClear { host } => write!(
                f,
                "tls = \"none\" is only for a relay on this machine, and {host} is not; write tls = \"implicit\" or tls = \"starttls\" in [mail]"
            ),
            Self::Host { host } => {
                write!(f, "\"{host}\" is not the name of a relay; write host = \"mail.your.domain\" in [mail]")
            }
            Self::Folder { folder, source } => write!(f, "letters cannot be put into {}: {source}", folder.display()),
            Self::CaFile { path, found } => write!(f, "ca_file {} cannot be used: {found}", path.display()),
            Self::NoAuthorities { found } => write!(
                f,
                "this system trusts no certificate authorities ({found}), so the relay's certificate cannot be checked; \
                 install the package ca-certificates, or name a PEM file as ca_file in [mail]"
            ),
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
