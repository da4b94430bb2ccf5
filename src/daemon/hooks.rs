//! The messenger of the post office: hands letters to programs and chat rooms, beside the workers that hand over mail.
//!
//! Every way out has one letter in flight and, after a failure, a rest of its own: one that hangs, is away or refuses us holds
//! up neither mail nor its neighbours.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::letters::{NAP, PostOffice};
use super::rests::Name;
use crate::fetch::Fetcher;
use crate::fetch::error::FetchError;
use crate::fetch::post::{Posting, Reply};
use crate::mail::hook::compose;
use crate::model::delivery::{Delivery, Outcome};
use crate::model::hook::Hook;
use crate::store::error::StoreError;

/// Letters in flight at once, each to another way out.
const AT_ONCE: usize = 32;
/// A letter that a way out was barred to for so long is given up.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(5 * 24);

impl PostOffice {
    /// Works until `stop`; what is in flight then is waited for and settled.
    pub(super) async fn messenger(&self, stop: &CancellationToken) {
        self.carry_all(stop, false).await;
    }

    /// Hands over what is due, and ends when nothing more can be done now.
    pub(super) async fn messenger_once(&self) {
        self.carry_all(&CancellationToken::new(), true).await;
    }

    async fn carry_all(&self, stop: &CancellationToken, once: bool) {
        let mut turn = self.turn.subscribe();
        let mut flying = FuturesUnordered::new();
        let mut busy: HashSet<Name> = HashSet::new();
        while !stop.is_cancelled() {
            self.beat(self.messenger_number());
            // Marked as seen before looking: what comes between looking and sleeping wakes us.
            turn.borrow_and_update();
            let nap = match self.claim_for_hooks(&busy).await {
                Ok((claimed, nap)) => {
                    for (name, delivery) in claimed {
                        busy.insert(name.clone());
                        flying.push(self.hand_over(name, delivery, stop));
                    }
                    nap
                }
                Err(error) => {
                    warn!(%error, "the queue of letters for webhooks could not be read");
                    error.try_again_in().unwrap_or(NAP)
                }
            };
            if once && flying.is_empty() {
                break;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(name) = flying.next(), if !flying.is_empty() => drop(busy.remove(&name)),
                _ = turn.changed() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
        while flying.next().await.is_some() {}
    }

    /// Takes a letter for each way out that has one due, is not busy and does not rest; says how long nothing else is due.
    async fn claim_for_hooks(&self, busy: &HashSet<Name>) -> Result<(Vec<(Name, Delivery)>, Duration), StoreError> {
        let now = self.clock.now();
        let mut claimed = Vec::new();
        let mut nap = NAP;
        for (desk, recipient, due) in self.store.hooks_due().await? {
            let name = (desk, recipient);
            if busy.contains(&name) {
                continue;
            }
            let rest = self.rests.left(&name).unwrap_or_default().max(self.clock.until(due));
            if !rest.is_zero() {
                nap = nap.min(rest);
            } else if busy.len() + claimed.len() < AT_ONCE
                && let Some(delivery) = self.store.claim_hook(now, &name.0, &name.1).await?
            {
                claimed.push((name, delivery));
            }
        }
        Ok((claimed, nap))
    }

    async fn hand_over(&self, name: Name, delivery: Delivery, stop: &CancellationToken) -> Name {
        let (outcome, wait) = self.attempt(&delivery).await;
        let rest = self.rests.note(&name, &outcome, wait);
        self.ledger.note_hook(&delivery, &outcome, rest);
        if matches!(outcome, Outcome::Sent { .. }) {
            self.ledger.arrived(&delivery, self.clock.now());
        }
        self.settle(self.messenger_number(), &delivery, outcome, wait, stop).await;
        name
    }

    async fn attempt(&self, delivery: &Delivery) -> (Outcome, Duration) {
        let desks = self.desks();
        let desk = desks.iter().find(|desk| desk.name == delivery.desk);
        let hook = desk.and_then(|desk| desk.hooks.iter().find(|hook| hook.recipient() == delivery.recipient));
        let (Some(hook), Some(fetcher)) = (hook, &self.fetcher) else {
            let reason = format!("desk {} has no {} any more", delivery.desk, delivery.recipient);
            return (Outcome::Refused { reason }, Duration::ZERO);
        };
        let now = self.clock.now();
        match carry(fetcher, hook, delivery, now).await {
            (Outcome::Barred { reason }, _) if now.duration_since(delivery.written_at) >= GIVE_UP => {
                (Outcome::Refused { reason: format!("{reason}; given up after five days") }, Duration::ZERO)
            }
            other => other,
        }
    }
}

/// Hands one letter to one way out; gives what became of it and how long it wants to be left in peace.
pub async fn carry(fetcher: &Fetcher, hook: &Hook, delivery: &Delivery, now: Timestamp) -> (Outcome, Duration) {
    match compose(delivery, hook, now) {
        Ok(message) => {
            let posting =
                Posting { put: message.put, headers: &message.headers, token: message.token.as_ref(), body: &message.body };
            judge(hook, fetcher.post(&message.url, &hook.allow_private, posting).await)
        }
        Err(reason) => (Outcome::Refused { reason }, Duration::ZERO),
    }
}

/// Reads an answer: only 2xx is sent; what may pass is tried again, not before it asks for. Where the way itself is wrong
/// (secret, address, permission) nothing is wrong with the letter: it waits until a person has mended the way.
fn judge(hook: &Hook, answer: Result<Reply, FetchError>) -> (Outcome, Duration) {
    let host = hook.url.host_str().unwrap_or_default();
    match answer {
        Ok(Reply { status, wait, words }) => {
            let told = format!("{host} answered with HTTP {status} {words}").trim_end().to_owned();
            let mend = |what: &str| (Outcome::Barred { reason: format!("{told}; {what}") }, Duration::ZERO);
            match status {
                200..=299 => (Outcome::Sent { reply: told }, Duration::ZERO),
                408 | 425 | 429 | 500..=599 => (Outcome::Later { reason: told }, wait.unwrap_or_default()),
                300..=399 => mend("redirects are not followed: write the new address into the configuration"),
                401 | 403 | 407 => mend("mend its secret or its permission, then reload"),
                404 | 405 => mend("mend its address, then reload"),
                _ => (Outcome::Refused { reason: told }, Duration::ZERO),
            }
        }
        Err(error @ (FetchError::BlockedAddress { .. } | FetchError::BlockedPort { .. } | FetchError::BadScheme { .. })) => {
            (Outcome::Barred { reason: error.to_string() }, Duration::ZERO)
        }
        Err(error @ FetchError::Request { .. }) => (Outcome::Refused { reason: error.to_string() }, Duration::ZERO),
        Err(error) => (Outcome::Later { reason: error.to_string() }, Duration::ZERO),
    }
}
