//! Handing letters over: into a folder, or to a relay.

mod connection;
mod dialogue;
pub mod error;
mod fault;
mod folder;
pub mod hook;
pub mod message;
pub mod retry;
pub mod settings;
mod smtp;
mod tls;

use self::error::MailError;
use self::folder::Folder;
use self::message::Sender;
use self::settings::{Deadlines, Settings, Via};
use self::smtp::Relay;
use crate::model::delivery::{Delivery, Outcome};

/// Where letters are handed over. Each worker of the post office has one of its own.
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
    /// Makes ready to hand letters over: the folder is there, or the relay's name and authorities are known. A relay is
    /// first spoken to when there is a letter for it.
    ///
    /// # Errors
    /// When the settings cannot work; see [`MailError`].
    pub fn new(settings: &Settings) -> Result<Self, MailError> {
        Self::with_deadlines(settings, Deadlines::default())
    }

    /// The same with other deadlines for the steps of SMTP.
    ///
    /// # Errors
    /// As [`Mailer::new`].
    pub fn with_deadlines(settings: &Settings, deadlines: Deadlines) -> Result<Self, MailError> {
        let mut sender = Sender::read(&settings.from)?;
        if let Some(reply_to) = &settings.reply_to {
            sender = sender.answered_by(reply_to)?;
        }
        if let Some(address) = &settings.unsubscribe {
            sender = sender.stopped_by(address)?;
        }
        let way = match &settings.via {
            Via::Folder { folder } => Way::Folder(Folder::open(folder)?),
            Via::Smtp(smtp) => Way::Smtp(Box::new(Relay::open(smtp, deadlines)?)),
        };
        Ok(Self { sender, way })
    }

    /// The domain that letters come from; Message-IDs end with it.
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
    /// Dropping the future half-way is safe: the connection goes with it, and whether the letter arrived is unknown.
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

    /// Closes the connection, if one is open, until there is something to send again.
    pub async fn rest(&mut self) {
        match &mut self.way {
            Way::Folder(_) => {}
            Way::Smtp(relay) => relay.rest().await,
        }
    }
}
