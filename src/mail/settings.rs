//! `[mail]` of the configuration: how letters leave the house.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// How letters are handed over.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sender of all letters.
    pub from: String,
    /// Who reads answers and requests to be written to no more; the sender where nobody is named.
    pub reply_to: Option<String>,
    /// Who is asked to write to somebody no more, where no `reply_to` is named: the operator.
    pub unsubscribe: Option<String>,
    /// Letters handed over at the same time, each over a connection of its own.
    pub workers: usize,
    /// Where they go.
    pub via: Via,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            from: "claimwatch@localhost".to_owned(),
            reply_to: None,
            unsubscribe: None,
            workers: 2,
            via: Via::Folder { folder: PathBuf::from("var/mail") },
        }
    }
}

/// The two ways out.
#[derive(Debug, Clone)]
pub enum Via {
    /// Into a Maildir on this machine.
    Folder {
        /// The Maildir; made if it is not there.
        folder: PathBuf,
    },
    /// To a relay.
    Smtp(Smtp),
}

/// A relay and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Its name, also the name its certificate must carry.
    pub host: String,
    /// Its port: 465 for implicit TLS, 587 for STARTTLS, 25 without, unless given.
    pub port: u16,
    /// Whether and when the connection is encrypted.
    pub tls: Tls,
    /// A PEM file whose authorities are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Who we are there; `None`: no AUTH.
    pub login: Option<Login>,
}

/// When the connection to a relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// From the first byte.
    #[default]
    Implicit,
    /// After STARTTLS, which is required, never merely tried.
    StartTls,
    /// Never; only to loopback addresses.
    None,
}

/// Name and secret for a relay. `Debug` shows `[REDACTED]` in place of the secret.
#[derive(Debug, Clone)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password, or the access token for XOAUTH2.
    pub password: SecretString,
    /// How the two are presented.
    pub mechanism: Mechanism,
}

/// How we prove who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mechanism {
    /// AUTH PLAIN.
    #[default]
    Plain,
    /// AUTH LOGIN.
    Login,
    /// AUTH XOAUTH2: the password is an access token.
    Xoauth2,
}

/// How long each step of handing a letter to a relay may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Every step but the last.
    pub step: Duration,
    /// The answer to the final dot, when the relay has the whole letter to look at (RFC 5321 §4.5.3.2.6).
    pub dot: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { step: Duration::from_secs(30), dot: Duration::from_secs(120) }
    }
}
