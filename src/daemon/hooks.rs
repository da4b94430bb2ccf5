//! The messenger of the post office: hands letters to programs and chat rooms, beside the workers that hand over mail.
//!
//! One that does not answer holds up neither mail nor its neighbours: each claimed letter leaves at once, and no gate is shut.

use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::letters::{NAP, PostOffice};
use crate::fetch::error::FetchError;
use crate::fetch::post::{Posting, Reply};
use crate::mail::hook::compose;
use crate::model::delivery::{Delivery, Outcome};
use crate::model::hook::Hook;
use crate::store::error::StoreError;

/// Letters in flight at once.
const BATCH: usize = 8;

impl PostOffice {
    /// Works until `stop`; what is in flight then is waited for and settled.
    pub(super) async fn messenger(&self, stop: &CancellationToken) {
        let number = self.messenger_number();
        let mut turn = self.turn.subscribe();
        while !stop.is_cancelled() {
            self.beat(number);
            turn.borrow_and_update();
            let nap = match self.hand_over(stop).await {
                Ok(0) => self.until_next(self.store.next_hook_due().await),
                Ok(_) => continue,
                Err(error) => {
                    warn!(%error, "the queue of letters for webhooks could not be read");
                    error.try_again_in().unwrap_or(NAP)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                _ = turn.changed() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    /// Hands over what is due; gives how many letters were tried.
    pub(super) async fn hand_over(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let claimed = self.store.claim_hooks(self.clock.now(), BATCH).await?;
        join_all(claimed.iter().map(|delivery| async {
            let (outcome, wait) = self.carry(delivery).await;
            self.ledger.note_hook(delivery, &outcome);
            if matches!(outcome, Outcome::Sent { .. }) {
                self.ledger.arrived(delivery, self.clock.now());
            }
            self.settle(self.messenger_number(), delivery, outcome, wait, stop).await;
        }))
        .await;
        Ok(claimed.len())
    }

    async fn carry(&self, delivery: &Delivery) -> (Outcome, Duration) {
        let refused = |reason: String| (Outcome::Refused { reason }, Duration::ZERO);
        let desks = self.desks();
        let desk = desks.iter().find(|desk| desk.name == delivery.desk);
        let hook = desk.and_then(|desk| desk.hooks.iter().find(|hook| hook.recipient() == delivery.recipient));
        let (Some(hook), Some(fetcher)) = (hook, &self.fetcher) else {
            return refused(format!("desk {} has no {} any more", delivery.desk, delivery.recipient));
        };
        match compose(delivery, hook, self.clock.now()) {
            Ok(message) => {
                let posting =
                    Posting { put: message.put, headers: &message.headers, token: message.token.as_ref(), body: &message.body };
                let answer = fetcher.post(&message.url, &hook.allow_private, posting).await;
                judge(hook, answer)
            }
            Err(reason) => refused(reason),
        }
    }
}

/// Reads an answer: only 2xx is sent; what may pass is tried again, not before it asks for; the rest is for a person.
fn judge(hook: &Hook, answer: Result<Reply, FetchError>) -> (Outcome, Duration) {
    let host = hook.url.host_str().unwrap_or_default();
    match answer {
        Ok(Reply { status, wait, words }) => {
            let told = format!("{host} answered with HTTP {status} {words}").trim_end().to_owned();
            match status {
                200..=299 => (Outcome::Sent { reply: told }, Duration::ZERO),
                408 | 425 | 429 | 500..=599 => (Outcome::Later { reason: told }, wait.unwrap_or_default()),
                300..=399 => {
                    let reason = format!("{told}; redirects are not followed: write the new address into the configuration");
                    (Outcome::Refused { reason }, Duration::ZERO)
                }
                _ => (Outcome::Refused { reason: told }, Duration::ZERO),
            }
        }
        Err(
            error @ (FetchError::BlockedAddress { .. }
            | FetchError::BlockedPort { .. }
            | FetchError::BadScheme { .. }
            | FetchError::Request { .. }),
        ) => (Outcome::Refused { reason: error.to_string() }, Duration::ZERO),
        Err(error) => (Outcome::Later { reason: error.to_string() }, Duration::ZERO),
    }
}
