//! A hub that pushes a feed (WebSub), and what stands between it and us.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::source::{SourceName, Token};

/// A hub, as a feed offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// Where it is asked.
    pub hub: Url,
    /// The feed's own address, by which the hub knows it.
    pub topic: Option<Url>,
}

/// A subscription at a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The end of the address it delivers to, which nobody can guess.
    pub id: String,
    /// The source it is for.
    pub source: SourceName,
    /// The hub.
    pub hub: String,
    /// The feed, as the hub knows it.
    pub topic: String,
    /// What deliveries are signed with.
    pub secret: Token,
    /// Where it stands.
    pub state: SubscriptionState,
    /// Requests in a row that the hub did not take or confirm.
    pub failures: u32,
    /// Until when the hub has promised to deliver.
    pub lease_until: Option<Timestamp>,
    /// When something signed came last.
    pub heard_at: Option<Timestamp>,
    /// Why it does not stand, in a sentence.
    pub last_error: Option<String>,
}

impl Subscription {
    /// Letters at the beginning of its id that stand for the address by which we are reached: another address is another one.
    pub const REACH: usize = 8;

    /// Those letters.
    pub fn reach(&self) -> &str {
        self.id.get(..Self::REACH).unwrap_or_default()
    }
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// To be asked for.
    Wanted,
    /// Asked for; the hub has not confirmed it yet.
    Asked,
    /// The hub delivers.
    Active,
    /// To be ended.
    Leaving,
    /// The hub does not want to; it is asked again much later.
    Refused,
}

impl SubscriptionState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wanted, Self::Asked, Self::Active, Self::Leaving, Self::Refused];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Asked => "asked",
            Self::Active => "active",
            Self::Leaving => "leaving",
            Self::Refused => "refused",
        }
    }
}
