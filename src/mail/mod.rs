//! Handing letters over: into a folder, or to a relay.

mod connection;
pub mod dialogue;
pub mod error;
mod fault;
mod folder;
mod message;
pub mod settings;
mod smtp;
mod tls;

use std::path::Path;

use self::dialogue::Deadlines;
use self::error::MailError;
use self::folder::Folder;
use self::settings::{Settings, Via};
use self::smtp::Relay;
use crate::model::delivery::{Delivery, Outcome};

/// Where letters are handed over. Each worker of the post office has one of its own.
#[derive(Debug)]
pub enum Mailer {
    /// A Maildir on this machine.
    Folder(Folder),
    /// An SMTP relay.
    Smtp(Box<Relay>),
}

impl Mailer {
    /// Makes ready to hand letters over: the folder is there, or the relay's name and authorities are known. A relay is
    /// first spoken to when there is a letter for it.
    ///
    /// # Errors
    /// When the settings cannot work; see [`MailError`].
    pub fn open(settings: &Settings) -> Result<Self, MailError> {
        Self::open_within(settings, Deadlines::default())
    }

    /// The same with other deadlines for the steps of SMTP.
    ///
    /// # Errors
    /// As [`Mailer::open`].
    pub fn open_within(settings: &Settings, deadlines: Deadlines) -> Result<Self, MailError> {
        let from = message::mailbox(&settings.from).ok_or_else(|| MailError::From { from: settings.from.clone() })?;
        match &settings.via {
            Via::Folder { folder } => Folder::open(folder, from).map(Self::Folder),
            Via::Smtp(smtp) => Relay::open(from, smtp, deadlines).map(|relay| Self::Smtp(Box::new(relay))),
        }
    }

    /// Gives another mailer to the same place, with a connection of its own.
    pub fn beside(&self) -> Self {
        match self {
            Self::Folder(folder) => Self::Folder(folder.clone()),
            Self::Smtp(relay) => Self::Smtp(Box::new(relay.beside())),
        }
    }

    /// Hands one letter over to one recipient; never says `Sent` unless it was.
    ///
    /// Dropping the future half-way is safe: the connection goes with it, and whether the letter arrived is unknown.
    pub async fn send(&mut self, delivery: &Delivery) -> Outcome {
        match self {
            Self::Folder(folder) => folder.send(delivery).await,
            Self::Smtp(relay) => relay.send(delivery).await,
        }
    }

    /// Closes the connection, if one is open, until there is something to send again.
    pub async fn rest(&mut self) {
        match self {
            Self::Folder(_) => {}
            Self::Smtp(relay) => relay.rest().await,
        }
    }

    /// Where the letters lie, if that is on this machine.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder.path()),
            Self::Smtp(_) => None,
        }
    }
}
