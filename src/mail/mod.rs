//! Handing letters over: into a folder, or to a relay.

pub mod error;
pub mod settings;

use crate::model::delivery::{Delivery, Outcome};

/// Where letters are handed over.
#[derive(Debug)]
pub enum Mailer {
    /// A Maildir on this machine.
    Folder,
    /// An SMTP relay.
    Smtp,
}

impl Mailer {
    /// Hands one letter over to one recipient; never says `Sent` unless it was.
    pub async fn send(&mut self, delivery: &Delivery) -> Outcome {
        let _ = delivery;
        todo!()
    }
}
