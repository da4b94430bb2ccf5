//! The post office: closes letters whose time has come, hands them to workers, records what became of each.
//!
//! A delivery is a row that says *sending* before the first byte leaves and *sent* after the relay's 250. A crash between the
//! two leaves it ambiguous: it is sent again, with the same Message-ID. Claims are made in small batches, but each letter is
//! settled before the next one leaves, so a crash can cause at most one redelivery for each worker.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::clock::Clock;
use super::gate::Gate;
use super::report::{Ledger, PostOfficeError, Report};
use super::rests::Rests;
use super::settling::Settling;
use crate::alerting::subscription::Desk;
use crate::fetch::Fetcher;
use crate::mail::Mailer;
use crate::mail::error::MailError;
use crate::mail::retry::again_at;
use crate::mail::settings::{Deadlines, Settings, Via};
use crate::model::alert::DeskName;
use crate::model::delivery::{Delivery, Outcome};
use crate::model::source::SourceName;
use crate::rules::compile::RuleSet;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Settlement;
use crate::telemetry::metrics::Metrics;

/// Deliveries a worker claims at once: fewer commits, and no worker hoards what another could send.
const BATCH: usize = 8;

/// Longest sleep: a clock that was set, or a command that writes beside us, is noticed after this.
pub(super) const NAP: Duration = Duration::from_secs(30);

/// Shortest sleep: what is due and cannot be done must not keep the processor busy.
const BLINK: Duration = Duration::from_secs(1);

/// A letter that takes longer than every deadline of a dialogue together means that a worker hangs.
const HANGS_AFTER: Duration = Duration::from_secs(10 * 60);

/// The post office of an installation.
#[derive(Debug)]
pub struct PostOffice {
    pub(super) store: Store,
    mail: Settings,
    settling: Settling,
    /// Who carries letters to programs and chat rooms.
    pub(super) fetcher: Option<Fetcher>,
    deadlines: Deadlines,
    pub(super) clock: Clock,
    pub(super) desks: Mutex<Arc<[Desk]>>,
    /// Where the desks of a configuration that was read again come from.
    pub(super) new_desks: Option<watch::Receiver<Arc<[Desk]>>>,
    /// Names of the sources that are watched.
    pub(super) sources: Arc<[SourceName]>,
    /// The rules of the moment, by which letters about claims out of use are held and threads corrected.
    pub(super) rules: Option<watch::Receiver<Arc<RuleSet>>>,
    /// Right side of Message-IDs.
    pub(super) domain: String,
    place: String,
    /// Rung by whoever wrote a letter.
    pub(super) bell: Arc<Notify>,
    /// Counts up when deliveries may have become claimable.
    pub(super) turn: watch::Sender<u64>,
    gate: Gate,
    /// The same for each program and chat room.
    pub(super) rests: Rests,
    pub(super) ledger: Ledger,
    pub(super) metrics: Arc<Metrics>,
    /// When the clerk and each worker last did something.
    pulse: Mutex<Vec<Instant>>,
}

impl PostOffice {
    /// Makes a post office; sends nothing yet. `bell` is rung (`notify_one`) after a visit that began letters.
    ///
    /// # Errors
    /// When the mail settings cannot work.
    pub fn new(
        store: Store,
        mail: &Settings,
        desks: Arc<[Desk]>,
        bell: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, MailError> {
        let trial = Mailer::new(mail)?;
        Ok(Self {
            store,
            mail: mail.clone(),
            settling: Settling::default(),
            fetcher: None,
            deadlines: Deadlines::default(),
            clock: Clock::Machine,
            desks: Mutex::new(desks),
            new_desks: None,
            sources: Arc::default(),
            rules: None,
            domain: trial.domain().to_owned(),
            place: trial.place(),
            bell,
            turn: watch::Sender::new(0),
            gate: Gate::default(),
            rests: Rests::default(),
            ledger: Ledger::new(Arc::clone(&metrics), matches!(mail.via, Via::Smtp(_))),
            metrics,
            // One for the clerk, one for each worker, one for the messenger. Until they begin, and should they end, it grows old.
            pulse: Mutex::new(vec![Instant::now(); mail.workers.max(1) + 2]),
        })
    }

    /// Sets other deadlines for the steps of a dialogue.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Gives it who carries letters to programs and chat rooms.
    #[must_use]
    pub fn with_fetcher(mut self, fetcher: Fetcher) -> Self {
        self.fetcher = Some(fetcher);
        self
    }

    /// Gives it the rules in force: letters say what they say today, and threads are corrected when they change.
    #[must_use]
    pub fn with_rules(mut self, rules: watch::Receiver<Arc<RuleSet>>) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Gives it what tells of other desks while it works.
    #[must_use]
    pub fn with_desks(mut self, desks: watch::Receiver<Arc<[Desk]>>) -> Self {
        self.new_desks = Some(desks);
        self
    }

    /// Gives it the sources that are watched: digests say how they are.
    #[must_use]
    pub fn with_sources(mut self, sources: Arc<[SourceName]>) -> Self {
        self.sources = sources;
        self
    }

    /// Sets another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Takes over the desks of a reloaded configuration; letters closed from now on go to them.
    pub fn set_desks(&self, desks: Arc<[Desk]>) {
        *self.desks.lock().unwrap_or_else(PoisonError::into_inner) = desks;
    }

    /// The right side of Message-IDs.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Works until `stop`: then the letter in each worker's hand is settled, the rest is put back, and it returns.
    ///
    /// Dropping the future before that leaves letters in hand ambiguous; the next start sends them again, same Message-ID.
    ///
    /// # Errors
    /// When the store cannot be read at the start and will not be readable soon, or the mail settings no longer work.
    pub async fn run(&self, stop: &CancellationToken) -> Result<(), PostOfficeError> {
        let mut mailers = loop {
            match self.start().await {
                Ok(mailers) => break mailers,
                Err(PostOfficeError::Store(error)) if error.try_again_in().is_some() => {
                    warn!(%error, "the post office cannot begin yet");
                    if stop.run_until_cancelled(tokio::time::sleep(error.try_again_in().unwrap_or(NAP))).await.is_none() {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        };
        let workers = mailers.iter_mut().enumerate().map(|(number, mailer)| self.work(number + 1, mailer, stop));
        tokio::join!(self.clerk(stop), self.messenger(stop), join_all(workers));
        Ok(())
    }

    /// Closes what gathers, sends all that is due, and tells what became of it: `run --once`.
    ///
    /// Later letters of an alert keep their hour, so that a job that runs this every five minutes does not write every five
    /// minutes. A relay that turns us away ends it; what is left stays queued.
    ///
    /// # Errors
    /// Those of the store, or when the mail settings no longer work.
    pub async fn once(&self) -> Result<Report, PostOfficeError> {
        let mut mailers = self.start().await?;
        self.correct().await?;
        while self.close_due(true).await? > 0 {}
        self.write_digests().await?;
        self.send_all(&mut mailers).await?;
        // A job that runs now and then must not keep back until its next run that letters could not be delivered in this one.
        if self.tell_operator().await? {
            self.send_all(&mut mailers).await?;
        }
        Ok(self.report().await?)
    }

    /// Sends all that is due, unless the relay turns us away.
    async fn send_all(&self, mailers: &mut [Mailer]) -> Result<(), StoreError> {
        let never = &CancellationToken::new();
        let all = mailers.iter_mut().enumerate().map(|(number, mailer)| async move {
            while let Some(pass) = self.gate.enter_unless_shut().await {
                let limit = if pass.is_alone() { 1 } else { BATCH };
                let claimed = self.store.claim_deliveries(self.clock.now(), limit).await?;
                if claimed.is_empty() {
                    break;
                }
                self.deliver(number + 1, mailer, claimed, never).await;
            }
            mailer.rest().await;
            Ok::<(), StoreError>(())
        });
        let (done, ()) = tokio::join!(join_all(all), self.messenger_once());
        done.into_iter().collect()
    }

    /// Tells what was done so far and what waits.
    ///
    /// # Errors
    /// Those of reading the store.
    pub async fn report(&self) -> Result<Report, StoreError> {
        let waiting = self.store.numbers(self.clock.now()).await?.waiting;
        Ok(self.ledger.report(waiting, &self.place))
    }

    /// Whether nothing more can be done now: every letter whose time has come was written and has left, or cannot leave.
    ///
    /// # Errors
    /// Those of reading the store.
    pub async fn is_idle(&self) -> Result<bool, StoreError> {
        let due = self.store.next_letter_due().await?;
        let all_written = due.is_none_or(|due| due > self.clock.now());
        let report = self.report().await?;
        Ok(all_written && (report.waiting == 0 || report.trouble.is_some()))
    }

    /// Whether clerk and workers all did something within what their deadlines allow: what a watchdog asks.
    pub fn makes_progress(&self) -> bool {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|last| last.elapsed() < HANGS_AFTER)
    }

    async fn start(&self) -> Result<Vec<Mailer>, PostOfficeError> {
        let again = self.store.requeue_ambiguous().await?;
        if again > 0 {
            info!(
                deliveries = again,
                "{again} letters may have been sent before the last stop; they are sent again with the same Message-ID"
            );
        }
        let desks: Vec<DeskName> = self.desks().iter().map(|desk| desk.name.clone()).collect();
        self.store.know_desks(&desks, self.clock.now()).await?;
        let workers = self.mail.workers.max(1);
        let mailers = (0..workers).map(|_| Mailer::with_deadlines(&self.mail, self.deadlines)).collect::<Result<_, _>>()?;
        Ok(mailers)
    }

    async fn work(&self, number: usize, mailer: &mut Mailer, stop: &CancellationToken) {
        let mut turn = self.turn.subscribe();
        while !stop.is_cancelled() {
            self.beat(number);
            // Marked as seen before looking: what comes between looking and sleeping wakes us.
            turn.borrow_and_update();
            let pass = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                pass = self.gate.enter() => pass,
                // A worker that waits before a shut gate is not hanging.
                () = tokio::time::sleep(NAP) => continue,
            };
            let limit = if pass.is_alone() { 1 } else { BATCH };
            let nap = match self.store.claim_deliveries(self.clock.now(), limit).await {
                Ok(claimed) if !claimed.is_empty() => {
                    self.deliver(number, mailer, claimed, stop).await;
                    continue;
                }
                Ok(_) => self.until_next(self.store.next_delivery_due().await),
                Err(error) => {
                    warn!(%error, "the queue of letters could not be read");
                    error.try_again_in().unwrap_or(NAP)
                }
            };
            drop(pass);
            mailer.rest().await;
            tokio::select! {
                () = stop.cancelled() => {}
                _ = turn.changed() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
        mailer.rest().await;
    }

    /// Sends what was claimed, one after the other; puts back what a stop or a shut gate leaves over.
    async fn deliver(&self, number: usize, mailer: &mut Mailer, claimed: Vec<Delivery>, stop: &CancellationToken) {
        let mut rest = claimed.into_iter();
        for delivery in rest.by_ref() {
            self.beat(number);
            let outcome = mailer.send(&delivery).await;
            let turned_away = self.ledger.note(&delivery, &outcome, &self.gate);
            if matches!(outcome, Outcome::Sent { .. }) {
                self.ledger.arrived(&delivery, self.clock.now());
            }
            self.settle(number, &delivery, outcome, Duration::ZERO, stop).await;
            if turned_away || stop.is_cancelled() {
                break;
            }
        }
        let left: Vec<_> = rest.map(|delivery| delivery.id).collect();
        if !left.is_empty()
            && let Err(error) = self.store.release(&left).await
        {
            // They stay marked as being sent until the next start puts them back.
            error!(%error, letters = left.len(), "letters that were not sent could not be put back into the queue");
        }
        self.turn.send_modify(|turn| *turn += 1);
    }

    /// Records what became of a letter. While the store cannot, no further letter leaves this worker: a letter sent and not
    /// recorded is sent twice. What is to be tried again waits for `wait` at least.
    pub(super) async fn settle(
        &self,
        number: usize,
        delivery: &Delivery,
        outcome: Outcome,
        wait: Duration,
        stop: &CancellationToken,
    ) {
        let now = self.clock.now();
        let again_at = match &outcome {
            Outcome::Later { .. } => {
                let again = again_at(now, delivery.queued_at, delivery.attempts, fastrand::f64());
                again.map(|again| again.max(now.checked_add(wait).unwrap_or(again)))
            }
            _ => None,
        };
        if again_at.is_none() && matches!(outcome, Outcome::Later { .. }) {
            error!(delivery = delivery.id.0, desk = %delivery.desk, "letter {} is given up after five days", delivery.id.0);
        }
        let settlement = Settlement { delivery: delivery.id, outcome, again_at };
        let mut settled = self.settling.settle(&self.store, now, settlement).await;
        while let Err((place, error)) = settled {
            warn!(%error, delivery = delivery.id.0, "what became of a letter could not be recorded yet");
            // Waiting for a disk with room is no hanging: a restart would only send the letter again.
            self.beat(number);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(error.try_again_in().unwrap_or(NAP)) => {}
            }
            settled = self.settling.again(&self.store, self.clock.now(), place).await.map_err(|error| (place, error));
        }
    }

    pub(super) fn until_next(&self, due: Result<Option<Timestamp>, StoreError>) -> Duration {
        match due {
            Ok(Some(due)) => Some(self.clock.until(due)).filter(|wait| !wait.is_zero()).unwrap_or(BLINK).min(NAP),
            Ok(None) => NAP,
            Err(error) => error.try_again_in().unwrap_or(NAP),
        }
    }

    /// The messenger's place among those whose pulse is taken: behind the workers.
    pub(super) fn messenger_number(&self) -> usize {
        self.mail.workers.max(1) + 1
    }

    pub(super) fn beat(&self, who: usize) {
        if let Some(pulse) = self.pulse.lock().unwrap_or_else(PoisonError::into_inner).get_mut(who) {
            *pulse = Instant::now();
        }
    }
}
