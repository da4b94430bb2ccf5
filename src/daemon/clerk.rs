//! The clerk of the post office: closes letters whose time has come, writes digests, corrects what no longer holds.
//!
//! What is decided stands in `alerting`; what is decided together is one transaction of the store.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::letters::{NAP, PostOffice};
use crate::alerting::closing::{Ending, ending};
use crate::alerting::group::QUIET_FOR;
use crate::alerting::hours::quiet_until;
use crate::alerting::subscription::Desk;
use crate::alerting::{correction, digest, due, letter};
use crate::model::alert::{DeskName, Waits};
use crate::model::claim::{Claim, ClaimId, Severity, Status};
use crate::model::digest::{Corrected, Digest, DueDigest, Reason};
use crate::model::letter::Dossier;
use crate::model::units::counted;
use crate::rules::compile::RuleSet;
use crate::store::alerts::Digested;
use crate::store::error::StoreError;
use crate::store::records::{Amendment, Closed, Closing, DueLetter};

impl PostOffice {
    /// Corrects what no longer holds, closes letters and writes digests as they fall due.
    pub(super) async fn clerk(&self, stop: &CancellationToken) {
        let mut rules = self.rules.clone();
        let mut desks = self.new_desks.clone();
        let mut is_corrected = false;
        while !stop.is_cancelled() {
            self.beat(0);
            let done = async {
                if !is_corrected {
                    self.correct().await?;
                    is_corrected = true;
                }
                let closed = self.close_due(false).await?;
                Ok::<_, StoreError>(closed + self.write_digests().await?)
            };
            let nap = match done.await {
                Ok(0) => self.until_next(self.store.next_letter_due().await),
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    warn!(%error, "letters could not be closed; they stay in the store");
                    error.try_again_in().unwrap_or(NAP)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.bell.notified() => {}
                () = changed(rules.as_mut()) => is_corrected = false,
                () = changed(desks.as_mut()) => self.take_over(desks.as_mut()).await,
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    /// Goes by the desks of a configuration that was read again.
    async fn take_over(&self, desks: Option<&mut watch::Receiver<Arc<[Desk]>>>) {
        let Some(desks) = desks.map(|desks| Arc::clone(&desks.borrow_and_update())) else { return };
        let names: Vec<DeskName> = desks.iter().map(|desk| desk.name.clone()).collect();
        self.set_desks(desks);
        // A way out that was barred may have a new secret.
        self.rests.end();
        self.turn.send_modify(|turn| *turn += 1);
        if let Err(error) = self.store.know_desks(&names, self.clock.now()).await {
            warn!(%error, "the desks could not be noted; they are after the next start");
        }
    }

    /// Closes the letters due now; gives how many. One that cannot be read is logged and left; it holds up no other.
    pub(super) async fn close_due(&self, first_ones_too: bool) -> Result<usize, StoreError> {
        let due = self.store.due_letters(self.clock.now(), first_ones_too).await?;
        let mut closed = 0;
        for letter in &due {
            match self.close(letter).await {
                // A letter that waits for the morning is not closed.
                Ok(done) => closed += usize::from(done.waits.is_none()),
                Err(error @ StoreError::Row { .. }) => error!(letter = letter.id.0, %error, "a letter could not be written"),
                Err(error) => return Err(error),
            }
        }
        if closed > 0 {
            self.ledger.closed(closed);
            self.turn.send_modify(|turn| *turn += 1);
        }
        Ok(closed)
    }

    async fn close(&self, due: &DueLetter) -> Result<Closed, StoreError> {
        let desks = self.desks();
        let now = self.clock.now();
        let desk = desks.iter().find(|desk| desk.name == due.desk).filter(|desk| !desk.to.is_empty());
        if desk.is_none() {
            warn!(letter = due.id.0, desk = %due.desk, claim = %due.claim, "desk {} has no recipients any more; its letter is kept unsent", due.desk);
        }
        let rules = self.rules.as_ref().map(|rules| Arc::clone(&rules.borrow()));
        let today = rules.as_ref().map(|rules| today(rules, &due.claim));
        let decide = |dossier: &Dossier, lately: u32| match (desk, &today) {
            (_, Some(None)) => Closing::Hold { because: Reason::Retired },
            (None, _) => Closing::Hold { because: Reason::NoRecipient },
            (Some(desk), _) => match ending(now, desk, dossier.claim.severity, &dossier.occasion, lately) {
                Ending::Send => Closing::Send { letter: letter::write(dossier, desk), recipients: desk.recipients() },
                Ending::Hold(because) => Closing::Hold { because },
                Ending::Wait(until) => Closing::Wait { until, waits: Waits::QuietHours },
            },
        };
        let claim = today.as_ref().and_then(Option::as_ref);
        let closed = self.store.close_letter(due.id, now, &self.domain, claim, decide).await?;
        for (reason, sightings) in &closed.held {
            self.metrics.suppress(reason.word(), *sightings);
        }
        if let Some(waits) = closed.waits {
            self.metrics.suppress(waits.word(), 1);
        }
        Ok(closed)
    }

    /// Writes every digest that is due; gives how many.
    pub(super) async fn write_digests(&self) -> Result<usize, StoreError> {
        let mut written = 0;
        for desk in self.desks().iter() {
            // Each has a name of its own, so this ends; a handful is more than a desk is ever due at once.
            for _ in 0..16 {
                let now = self.clock.now();
                let state = self.store.desk_state(&desk.name, now).await?;
                let Some(due) = due::due(now, desk, &state) else { break };
                if !self.write_digest(desk, &due, now).await? {
                    break;
                }
                written += 1;
            }
        }
        self.tell_written(written);
        Ok(written)
    }

    /// Tells the operator at once what came up just now; says whether there was something.
    pub(super) async fn tell_operator(&self) -> Result<bool, StoreError> {
        let desks = self.desks();
        let Some(operator) = desks.iter().find(|desk| desk.is_operator()) else { return Ok(false) };
        let now = self.clock.now();
        let state = self.store.desk_state(&operator.name, now).await?;
        let told = match due::notices_at_once(now, operator, &state) {
            Some(due) => self.write_digest(operator, &due, now).await?,
            None => false,
        };
        self.tell_written(usize::from(told));
        Ok(told)
    }

    async fn write_digest(&self, desk: &Desk, due: &DueDigest, now: Timestamp) -> Result<bool, StoreError> {
        let rules = self.rules.as_ref().map(|rules| Arc::clone(&rules.borrow()));
        let write = |digest: &mut Digest| {
            for gathered in digest.sections.iter_mut().flat_map(|section| &mut section.claims) {
                // As the rules have it today; what is out of use stays as it was seen.
                if let Some(claim) = rules.as_ref().and_then(|rules| today(rules, &gathered.claim.id)) {
                    gathered.claim = claim;
                }
            }
            (digest::write(digest, desk), desk.recipients())
        };
        let made = self.store.write_digest(&desk.name, due, &self.sources, now, &self.domain, write).await?;
        if let Some(deliveries) = made {
            info!(desk = %desk.name, deliveries, "wrote the digest \"{}\" of desk {}", due.slot, desk.name);
        }
        Ok(made.is_some())
    }

    fn tell_written(&self, written: usize) {
        if written > 0 {
            self.ledger.closed(written);
            self.turn.send_modify(|turn| *turn += 1);
        }
    }

    /// Corrects the threads that tell what the rules in force no longer say.
    pub(super) async fn correct(&self) -> Result<(), StoreError> {
        let Some(rules) = self.rules.as_ref().map(|rules| Arc::clone(&rules.borrow())) else { return Ok(()) };
        let now = self.clock.now();
        let since = now.checked_sub(QUIET_FOR).unwrap_or(Timestamp::MIN);
        let desks = self.desks();
        for told in self.store.told_claims(since).await? {
            let today = today(&rules, &told.id);
            let Some((change, claim)) = correction::change(&told.claim, today.as_ref()) else { continue };
            let Some(desk) = desks.iter().find(|desk| desk.name == told.desk) else { continue };
            let from = quiet_until(now, desk).filter(|_| claim.severity != Severity::High).unwrap_or(now);
            let recipients = desk.recipients();
            let amendment = Amendment { alert: told.alert, change, before: told.claim, now: claim, recipients, from };
            let write = |dossier: &Dossier| letter::write(dossier, desk);
            let done = self.store.correct(&amendment, now, &self.domain, write).await?;
            info!(
                claim = %told.id, desk = %told.desk, withdrawn = done.withdrawn, told = done.told,
                "what desk {} was told of {} no longer holds: {} withdrawn, {} told",
                told.desk, told.id, counted(done.withdrawn, "letter"), counted(done.told, "recipient")
            );
            self.metrics.suppress(Reason::Retired.word(), done.held);
            if done.told + done.rewritten > 0 {
                self.turn.send_modify(|turn| *turn += 1);
            }
        }
        self.correct_digests(&rules, since, now).await
    }

    /// Notes what digests told and the rules in force no longer say: the next digest corrects it.
    async fn correct_digests(&self, rules: &RuleSet, since: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut noted = Vec::new();
        for Digested { desk, id, told, correction } in self.store.digested_claims(since).await? {
            let wrong = correction::change(&told, today(rules, &id).as_ref()).map(|(change, claim)| Corrected { claim, change });
            if wrong != correction {
                noted.push((desk, id, wrong));
            }
        }
        if noted.is_empty() {
            return Ok(());
        }
        info!(claims = noted.len(), "{} that digests told of changed; the next digests say so", counted(noted.len(), "claim"));
        self.store.note_corrections(&noted, now).await
    }

    pub(super) fn desks(&self) -> Arc<[Desk]> {
        Arc::clone(&self.desks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The claim as the rules in force have it; nothing where it is out of use or on trial.
fn today(rules: &RuleSet, claim: &ClaimId) -> Option<Claim> {
    rules.claim(claim).filter(|claim| claim.status == Status::Active)
}

/// Waits until something changes; for ever where there is nothing.
async fn changed<T>(shared: Option<&mut watch::Receiver<T>>) {
    let has_changed = match shared {
        Some(shared) => shared.changed().await.is_ok(),
        None => false,
    };
    if !has_changed {
        std::future::pending::<()>().await;
    }
}
