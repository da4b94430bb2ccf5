//! Hubs asked to push feeds (WebSub), and what they push: subscriptions are asked for, renewed and ended as sources come and go.
//!
//! Polling goes on, more slowly: a hub promises nothing, and what waits here when the power fails is read at the next visit.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use url::Url;

use super::round::{House, Keep, Tally, write_down};
use super::stream::taken;
use super::trouble::Trouble;
use crate::feeds::key::Policy;
use crate::feeds::{clean, syndication};
use crate::model::hub::{Subscription, SubscriptionState};
use crate::model::source::{Health, Source, SourceKind, SourceName, SourceState, Token};
use crate::store::error::StoreError;
use crate::store::records::Visit;
use crate::web::websub::{Delivery, Hubs};

/// Deliveries that may wait to be read.
pub const MOST_WAITING: usize = 16;
/// How often we look what is to be asked for.
const LOOK_AROUND: Duration = Duration::from_secs(30);
/// The lease that is asked for, in seconds: ten days, as most hubs give.
const LEASE: u32 = 864_000;
/// Pause after the first request that was not confirmed; it doubles.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// Longest pause.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);
/// Requests to end a subscription before it is let go.
const MOST_FAREWELLS: u32 = 3;

/// Speaks with hubs.
#[derive(Debug)]
pub struct Subscriber {
    house: Arc<House>,
    /// Rung when there are letters.
    bell: Arc<Notify>,
    /// Rung when a hub has confirmed something.
    changed: Arc<Notify>,
    /// How hubs reach us: what comes before `/websub/`.
    url: Url,
    sources: HashMap<SourceName, Source>,
    deliveries: mpsc::Receiver<Delivery>,
}

/// Opens the way for hubs that reach us by `url`: what listens to them, and what speaks with them.
pub fn open(house: &Arc<House>, bell: &Arc<Notify>, url: Url, sources: Vec<Source>) -> (Arc<Hubs>, Subscriber) {
    let (sender, deliveries) = mpsc::channel(MOST_WAITING);
    let changed = Arc::new(Notify::new());
    let hubs = Hubs::new(house.store.clone(), Arc::clone(&house.metrics), sender, Arc::clone(&changed));
    (Arc::new(hubs), Subscriber::new(Arc::clone(house), (Arc::clone(bell), changed), url, sources, deliveries))
}

impl Subscriber {
    /// Prepares to speak with the hubs of `sources`.
    pub fn new(
        house: Arc<House>,
        (bell, changed): (Arc<Notify>, Arc<Notify>),
        url: Url,
        sources: impl IntoIterator<Item = Source>,
        deliveries: mpsc::Receiver<Delivery>,
    ) -> Self {
        let sources = sources.into_iter().map(|source| (source.name.clone(), source)).collect();
        Self { house, bell, changed, url, sources, deliveries }
    }

    /// Asks hubs and reads what they deliver until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let changed = Arc::clone(&self.changed);
        loop {
            if let Err(error) = stop.run_until_cancelled(self.ask_due()).await.unwrap_or(Ok(())) {
                warn!("hubs could not be asked: {error}");
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(delivery) = self.deliveries.recv() => self.read(delivery).await,
                () = changed.notified() => {}
                () = tokio::time::sleep(LOOK_AROUND) => {}
            }
        }
    }

    /// Brings the subscriptions in line with what the sources' feeds offered at their last visits, and asks the hubs that are due.
    ///
    /// # Errors
    /// Those of the memory.
    pub async fn ask_due(&self) -> Result<(), StoreError> {
        let (store, now) = (&self.house.store, self.house.clock.now());
        let states = store.source_states().await?;
        let wanted: Vec<Subscription> =
            self.sources.values().filter_map(|source| wanted(&self.url, source, states.get(&source.name)?)).collect();
        store.want_subscriptions(&wanted, now).await?;
        for one in store.due_subscriptions(now).await? {
            self.ask(one, now).await?;
        }
        Ok(())
    }

    async fn ask(&self, one: Subscription, now: Timestamp) -> Result<(), StoreError> {
        let store = &self.house.store;
        let is_leaving = one.state == SubscriptionState::Leaving;
        if is_leaving && one.failures >= MOST_FAREWELLS {
            return store.drop_subscription(&one.id).await;
        }
        let state = match one.state {
            SubscriptionState::Wanted | SubscriptionState::Refused => SubscriptionState::Asked,
            other => other,
        };
        let one = Subscription { state, failures: one.failures.saturating_add(1), ..one };
        // Before the request: a hub may ask back before it answers.
        store.keep_subscription(&one, now + pause(one.failures)).await?;
        let Some(trouble) = self.request(&one, if is_leaving { "unsubscribe" } else { "subscribe" }).await else { return Ok(()) };
        warn!(source.id = %one.source, "{}: the hub was asked in vain: {trouble}", one.source);
        match store.subscription(&one.id).await? {
            // It has confirmed nothing meanwhile.
            Some(now_there) if now_there.failures == one.failures => {
                store.keep_subscription(&Subscription { last_error: Some(trouble), ..now_there }, now + pause(one.failures)).await
            }
            _ => Ok(()),
        }
    }

    /// Sends a request (§5.1); gives why the hub did not take it.
    async fn request(&self, one: &Subscription, mode: &str) -> Option<String> {
        let hub = Url::parse(&one.hub).ok()?;
        let callback = callback(&self.url, &one.id)?;
        let mut pairs =
            vec![("hub.callback", callback.to_string()), ("hub.mode", mode.to_owned()), ("hub.topic", one.topic.clone())];
        if mode == "subscribe" {
            pairs.extend([("hub.lease_seconds", LEASE.to_string()), ("hub.secret", one.secret.0.clone())]);
        }
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let networks = match self.sources.get(&one.source).map(|source| &source.kind) {
            Some(SourceKind::Feed { allow_private, .. }) => allow_private.clone(),
            _ => Vec::new(),
        };
        match self.house.fetcher.send_form(&hub, &networks, &form).await {
            Ok(reply) if (200..300).contains(&reply.status) => None,
            Ok(reply) => Some(format!("it answered {} {}", reply.status, reply.words).trim_end().to_owned()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Reads what a hub delivered. What cannot be read is left to a visit, which follows at once.
    async fn read(&self, delivery: Delivery) {
        let (store, name) = (&self.house.store, delivery.source.clone());
        let _ = store.heard_from_hub(&delivery.id, self.house.clock.now()).await;
        match self.take_in(delivery).await {
            Ok(Some(tally)) => {
                info!(source.id = %name, posts.new = tally.new, sightings = tally.sightings,
                    "{name}: the hub pushed {} posts, {} of them new; {} repeat a checked claim", tally.posts, tally.new, tally.sightings);
                if tally.letters > 0 {
                    self.bell.notify_one();
                }
                return;
            }
            Ok(None) => {}
            Err(trouble) => {
                warn!(source.id = %name, class = trouble.class, "{name}: what the hub pushed could not be read: {}", trouble.sentence);
            }
        }
        let _ = store.ask(&name, self.house.clock.now()).await;
    }

    async fn take_in(&self, delivery: Delivery) -> Result<Option<Tally>, Trouble> {
        let Some(source) = self.sources.get(&delivery.source) else { return Ok(None) };
        let state = self.house.store.source_states().await?.remove(&source.name).unwrap_or_default();
        // A first visit decides what is history; an operator's rest is a rest.
        if state.last_success.is_none() || state.health == Health::Disabled {
            return Ok(None);
        }
        let (now, name) = (self.house.clock.now(), source.name.clone());
        let policy = state.condition.key_policy.as_deref().and_then(Policy::remembered);
        let read = tokio::task::spawn_blocking(move || {
            let Delivery { body, content_type, topic, .. } = delivery;
            let document = syndication::read(&body, content_type.as_deref(), Url::parse(&topic).ok().as_ref())?;
            Ok::<_, crate::feeds::error::ReadError>(clean::clean_as_before(document.posts, &name, now, policy))
        });
        let (posts, chosen) = read.await.map_err(|fault| Trouble::of_ours(&fault))??;
        // Under another policy every key is new: a visit knows what to do about that.
        if posts.is_empty() || policy.is_some() && chosen != policy {
            return Ok(None);
        }
        let all = posts.len();
        let taken = taken::take(&self.house, source, posts).await?;
        let history = taken.history_keys();
        let new: Vec<_> = taken.compared.new.into_iter().chain(taken.history).collect();
        let mut tally = Tally { posts: all, new: new.len(), history: history.len(), ..Tally::default() };
        tally.count(&taken.compared.sightings);
        let (seen_again, sightings, identity) = (taken.seen_again, taken.compared.sightings, taken.identity);
        let state = SourceState::default();
        let visit = Visit { source: source.name.clone(), state, seen_at: now, new, history, seen_again, sightings, identity };
        write_down(&self.house, &visit, &mut tally, Keep::PostsOnly).await?;
        Ok(Some(tally))
    }
}

/// The subscription that a source should have, with a new name and secret.
fn wanted(url: &Url, source: &Source, state: &SourceState) -> Option<Subscription> {
    let reach: String = hex(&Sha256::digest(url.as_str())).chars().take(Subscription::REACH).collect();
    let hub = state.condition.hub.as_ref()?;
    Some(Subscription {
        id: reach + &chance()?,
        source: source.name.clone(),
        hub: hub.hub.to_string(),
        topic: hub.topic.as_ref()?.to_string(),
        secret: Token(chance()?),
        state: SubscriptionState::Wanted,
        failures: 0,
        lease_until: None,
        heard_at: None,
        last_error: None,
    })
}

/// 256 bits that nobody can guess, in hexadecimal digits.
fn chance() -> Option<String> {
    let mut bytes = [0; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// The address at which a hub finds us.
fn callback(url: &Url, id: &str) -> Option<Url> {
    let mut url = url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(["websub", id]);
    Some(url)
}

fn pause(failures: u32) -> SignedDuration {
    (PAUSE * (1 << failures.saturating_sub(1).min(8))).min(LONGEST_PAUSE)
}
