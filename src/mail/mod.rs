//! Handing letters over: into a folder, or to a relay.

mod dialogue;
pub mod error;
pub mod folder;
pub mod message;
pub mod retry;
pub mod settings;
pub mod smtp;

use crate::model::delivery::{Delivery, Outcome};
use error::MailError;
use folder::Folder;
use message::Sender;
use settings::{Settings, Via};
use smtp::{Deadlines, Relay};

/// Where letters are handed over; each worker has its own.
#[derive(Debug)]
pub struct Mailer {
    sender: Sender,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Folder(Folder),
    Smtp(Box<Relay>),
}

impl Mailer {
    /// Makes a mailer; connects to nothing yet.
    ///
    /// # Errors
    /// When a setting cannot work, or the folder cannot be made.
    pub fn new(settings: &Settings) -> Result<Self, MailError> {
        Self::with_deadlines(settings, Deadlines::default())
    }

    /// The same, with other deadlines for the steps of a dialogue.
    ///
    /// # Errors
    /// Those of `new`.
    pub fn with_deadlines(settings: &Settings, deadlines: Deadlines) -> Result<Self, MailError> {
        let way = match &settings.via {
            Via::Folder { folder } => Way::Folder(Folder::open(folder)?),
            Via::Smtp(smtp) => Way::Smtp(Box::new(Relay::new(smtp, deadlines)?)),
        };
        Ok(Self { sender: Sender::read(&settings.from)?, way })
    }

    /// The domain that Message-IDs end with.
    pub fn domain(&self) -> &str {
        self.sender.domain()
    }

    /// Where letters go, for people: "the folder var/mail", "the relay mail.example.org:465".
    pub fn place(&self) -> String {
        match &self.way {
            Way::Folder(folder) => format!("the folder {}", folder.path().display()),
            Way::Smtp(relay) => format!("the relay {}", relay.name()),
        }
    }

    /// Hands one letter over to one recipient; never says `Sent` unless it was.
    ///
    /// Dropping the future in the middle is safe: the connection in use is dropped with it and never used again.
    pub async fn send(&mut self, delivery: &Delivery) -> Outcome {
        let message = match message::compose(delivery, &self.sender) {
            Ok(message) => message,
            Err(reason) => return Outcome::Refused { reason },
        };
        match &mut self.way {
            Way::Folder(folder) => folder.send(delivery, message).await,
            Way::Smtp(relay) => relay.send(&message).await,
        }
    }

    /// Takes leave of the relay, if a connection is open. To be called before a pause.
    pub async fn rest(&mut self) {
        match &mut self.way {
            Way::Folder(_) => {}
            Way::Smtp(relay) => relay.rest().await,
        }
    }
}
