//! What the memory keeps of subscriptions at hubs.

use jiff::Timestamp;

use super::Store;
use super::error::StoreError;
use crate::model::hub::Subscription;
use crate::model::source::SourceName;

impl Store {
    /// Makes the subscriptions those that are `wanted`, each new one with its hub, topic, id and secret. One that is wanted no
    /// longer, or whose feed goes to another hub, is to be ended. Gives how many changed.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn want_subscriptions(&self, wanted: &[Subscription], now: Timestamp) -> Result<u64, StoreError> {
        on!(self, db => db.want_subscriptions(wanted, now).await)
    }

    /// Gives all subscriptions.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, StoreError> {
        on!(self, db => db.subscriptions(None).await)
    }

    /// Gives those whose hub is to be asked by `now`.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn due_subscriptions(&self, now: Timestamp) -> Result<Vec<Subscription>, StoreError> {
        on!(self, db => db.subscriptions(Some(now)).await)
    }

    /// Gives one subscription.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn subscription(&self, id: &str) -> Result<Option<Subscription>, StoreError> {
        on!(self, db => db.subscription(id).await)
    }

    /// Writes down where a subscription stands, and when its hub is asked next. One that was ended meanwhile stays ended.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn keep_subscription(&self, subscription: &Subscription, ask_at: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.keep_subscription(subscription, ask_at).await)
    }

    /// Forgets a subscription.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn drop_subscription(&self, id: &str) -> Result<(), StoreError> {
        on!(self, db => db.drop_subscription(id).await)
    }

    /// Notes that something signed came.
    ///
    /// # Errors
    /// Those of writing.
    pub async fn heard_from_hub(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        on!(self, db => db.heard_from_hub(id, now).await)
    }

    /// Says whether a hub pushes a source at that time.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn is_pushed(&self, source: &SourceName, now: Timestamp) -> Result<bool, StoreError> {
        on!(self, db => db.is_pushed(source, now).await)
    }
}
