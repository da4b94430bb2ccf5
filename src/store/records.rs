//! What goes into the memory and what comes out: one struct for each question.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::model::alert::{AlertId, AlertState, DeskName, LetterId, Topic, Waits};
use crate::model::claim::{Claim, ClaimId};
use crate::model::delivery::{DeliveryId, Outcome};
use crate::model::digest::Reason;
use crate::model::letter::{Change, Letter, MessageId};
use crate::model::post::{Post, PostKey};
use crate::model::sighting::Sighting;
use crate::model::silence::Silence;
use crate::model::source::{SourceName, SourceState};
use crate::store::identity::Identity;

/// All that a visit to a source found: recorded in one transaction or not at all.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Where.
    pub source: SourceName,
    /// What to remember of the source: validators and the next visit go with the posts, else one of them is lost in a crash.
    pub state: SourceState,
    /// When.
    pub seen_at: Timestamp,
    /// Posts not known before the visit.
    pub new: Vec<Post>,
    /// Those of the new ones that are history: noted, not compared.
    pub history: HashSet<PostKey>,
    /// Posts known already, still there.
    pub seen_again: Vec<PostKey>,
    /// Claims seen in the new posts, each with the claim as the rules have it today.
    pub sightings: Vec<(Sighting, Claim)>,
    /// By what else than their keys posts are recognised, and what became of known ones.
    pub identity: Identity,
}

/// What the operator has ordered for a source beside the running daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orders {
    /// Since when it rests; it is not visited until it is resumed.
    pub paused_at: Option<Timestamp>,
    /// When a visit was asked for that has not been made yet.
    pub asked_at: Option<Timestamp>,
}

/// What a visit has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Posts that were new to the store.
    pub posts: usize,
    /// Sightings in them, near-misses included.
    pub sightings: usize,
    /// Posts left out because people had dismissed one like them.
    pub left_out: usize,
    /// Alerts opened.
    pub opened: usize,
    /// Letters begun or hastened, first ones included.
    pub letters: usize,
    /// Sightings that wait until it is their thread's turn.
    pub spaced: usize,
    /// Sightings held, once for each desk, by reason.
    pub held: BTreeMap<Reason, usize>,
}

impl Recorded {
    pub(super) fn hold(&mut self, reason: Reason, sightings: usize) {
        *self.held.entry(reason).or_default() += sightings;
    }
}

/// What would decide about posts that come now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The newest alert of every desk about every claim asked for.
    pub alerts: BTreeMap<Topic, AlertState>,
    /// The silences that hold.
    pub silences: Vec<Silence>,
    /// Letters of every desk asked for within the last hour, as its limit counts them.
    pub letters: BTreeMap<DeskName, u32>,
}

/// A letter whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLetter {
    /// Its row.
    pub id: LetterId,
    /// The desk it is for.
    pub desk: DeskName,
    /// The claim it is about.
    pub claim: ClaimId,
}

/// What is to become of a due letter.
#[derive(Debug, Clone, PartialEq)]
pub enum Closing {
    /// It is written, and goes to these recipients.
    Send {
        /// Its words.
        letter: Letter,
        /// Who gets it.
        recipients: Vec<String>,
    },
    /// It is closed without being sent; what it holds waits for the digest, for this reason.
    Hold {
        /// Why.
        because: Reason,
    },
    /// It gathers on until then.
    Wait {
        /// Until when.
        until: Timestamp,
        /// What it waits for.
        waits: Waits,
    },
}

/// What became of a due letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closed {
    /// Deliveries made.
    pub deliveries: usize,
    /// Sightings that went to the digest instead, by reason.
    pub held: BTreeMap<Reason, usize>,
    /// What the letter waits for now, if it was left open.
    pub waits: Option<Waits>,
}

/// An open alert, and the claim as its thread told it last.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldClaim {
    /// The alert.
    pub alert: AlertId,
    /// What it is about.
    pub id: ClaimId,
    /// The desk.
    pub desk: DeskName,
    /// The claim as told.
    pub claim: Claim,
}

/// A correction of what a thread told.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// The alert.
    pub alert: AlertId,
    /// What changed.
    pub change: Change,
    /// The claim as it was told.
    pub before: Claim,
    /// The claim as it is now.
    pub now: Claim,
    /// Recipients of the desk; those who got a letter of the alert are told.
    pub recipients: Vec<String>,
    /// When the letters may leave.
    pub from: Timestamp,
}

/// What a correction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amended {
    /// Deliveries withdrawn from the queue.
    pub withdrawn: usize,
    /// Recipients told of the correction.
    pub told: usize,
    /// Deliveries written anew with what holds now.
    pub rewritten: usize,
    /// Sightings of a letter that gathered and was not sent.
    pub held: usize,
}

/// A silence as `silence list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The silence.
    pub silence: Silence,
    /// How many sightings it has held back.
    pub held: u64,
}

/// A recipient that has refused letters for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusing {
    /// Who.
    pub address: String,
    /// Letters refused since the last one that was taken.
    pub refusals: u32,
    /// Since when nobody writes there any more.
    pub paused_at: Option<Timestamp>,
    /// The relay's last words.
    pub reply: String,
}

/// What became of an attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// What the mailer said.
    pub outcome: Outcome,
    /// When to try again after `Outcome::Later`; `None` gives it up.
    pub again_at: Option<Timestamp>,
}

/// Where a sighting went on its way to one desk.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The desk; empty for what nobody is ever told.
    pub desk: DeskName,
    /// Why it had no letter of its own; none if it had one, or has one that gathers.
    pub reason: Option<Reason>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The silence that covered it.
    pub silence: Option<Silence>,
    /// Number of the alert it was counted in, among those of its claim and desk.
    pub episode: Option<u32>,
    /// Letters it stood in, digests included.
    pub letters: Vec<Carried>,
}

/// A letter that a sighting stood in.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// The letter.
    pub letter: LetterId,
    /// When it is or was due.
    pub due_at: Timestamp,
    /// When it was closed; it gathers until then.
    pub closed_at: Option<Timestamp>,
    /// What it waits for while it gathers.
    pub waits: String,
    /// Why it was closed unsent.
    pub unsent_because: Option<String>,
    /// Name of the digest, if it is one.
    pub digest: Option<String>,
    /// Who it went to.
    pub deliveries: Vec<Handed>,
}

/// A delivery of such a letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Who.
    pub recipient: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// The relay's last words.
    pub reply: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Waiting for its time or its turn.
    Queued,
    /// Being handed over; after a crash: perhaps handed over.
    Sending,
    /// Accepted.
    Sent,
    /// Given up: a person must look.
    Dead,
    /// Taken out by the operator.
    Dropped,
}

/// A delivery as `mail queue` lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Its row.
    pub id: DeliveryId,
    /// Where it stands.
    pub state: DeliveryState,
    /// The desk.
    pub desk: DeskName,
    /// The claim.
    pub claim: ClaimId,
    /// Who is to receive it.
    pub recipient: String,
    /// Subject of the letter.
    pub subject: String,
    /// Its Message-ID at every attempt.
    pub message_id: MessageId,
    /// Attempts so far.
    pub attempts: u32,
    /// When the letter was closed.
    pub queued_at: Timestamp,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// The relay's last words.
    pub reply: Option<String>,
}

/// The store in numbers, for `status` and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Posts remembered.
    pub posts: u64,
    /// Posts first seen in the last hour.
    pub posts_last_hour: u64,
    /// Sightings remembered.
    pub sightings: u64,
    /// Sightings of the last hour.
    pub sightings_last_hour: u64,
    /// Alerts ever opened.
    pub alerts: u64,
    /// Letters that still gather.
    pub gathering: u64,
    /// Deliveries that wait or are being handed over.
    pub waiting: u64,
    /// Of these being handed over.
    pub sending: u64,
    /// When the longest waiting of them was queued.
    pub oldest_waiting: Option<Timestamp>,
    /// Deliveries accepted.
    pub sent: u64,
    /// Deliveries given up and not looked at yet.
    pub dead: u64,
    /// Size of the database, in bytes.
    pub size_bytes: u64,
}

/// What housekeeping has removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Posts whose text was removed.
    pub texts: u64,
    /// Posts removed whole.
    pub posts: u64,
    /// Sightings whose reasons were removed.
    pub reasons: u64,
    /// Marks by which copies are found, removed with the texts.
    pub anchors: u64,
}

/// What a daemon tells commands that look at the memory beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// When it started, and its process number; empty once it has stopped.
    Running,
    /// How the last reload went.
    Reload,
}

impl Note {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Reload => "reload",
        }
    }
}
