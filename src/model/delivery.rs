//! A delivery: one letter on its way to one recipient.

use jiff::Timestamp;

use super::alert::{DeskName, LetterId};
use super::claim::ClaimId;
use super::letter::{Letter, MessageId};

/// Row number of a delivery in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub i64);

/// A letter addressed to one recipient, ready to be handed to a mailer.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its row.
    pub id: DeliveryId,
    /// The letter's row.
    pub letter_id: LetterId,
    /// The letter.
    pub letter: Letter,
    /// The desk it goes to.
    pub desk: DeskName,
    /// The claim it is about.
    pub claim: ClaimId,
    /// Who receives it.
    pub recipient: String,
    /// A function of letter and recipient: the same at every attempt.
    pub message_id: MessageId,
    /// Root of the thread and the letters before this one, oldest first.
    pub references: Vec<MessageId>,
    /// When the letter was closed: its `Date`.
    pub written_at: Timestamp,
    /// Attempts made so far, this one included.
    pub attempts: u32,
    /// When it was first tried; what the limit of five days counts from. Attempts that never reached a willing relay
    /// (`Barred`, `Away`) do not count.
    pub queued_at: Timestamp,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted by the next host, with its words.
    Sent {
        /// The host's answer.
        reply: String,
    },
    /// Not now: to be tried again.
    Later {
        /// Why, for people.
        reason: String,
    },
    /// Never: this recipient will not be tried again, and the operator is told.
    Refused {
        /// Why, for people.
        reason: String,
    },
    /// The relay cannot be reached or has no time for us: nothing is wrong with the letter, so no attempt is counted.
    Away {
        /// Why, for people.
        reason: String,
    },
    /// The relay refuses *us* (password, TLS, configuration): nothing is wrong with the letter, so no attempt is counted.
    Barred {
        /// Why, for people.
        reason: String,
    },
}
