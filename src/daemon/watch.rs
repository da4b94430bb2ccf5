//! The loop that starts visits: which source, when, and no more at once than we may.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{error, info};

use super::News;
use super::letters::PostOffice;
use super::round::{self, House, Visited};
use super::schedule::{self, Agenda};
use crate::fetch::host::HostKey;
use crate::model::source::{Health, Source, SourceState};
use crate::telemetry::pulse::{Organ, Pulse};

/// The loop looks around at least this often, so that the watchdog sees it move.
const LOOK_AROUND: Duration = Duration::from_secs(2);
/// The first report does not wait longer than this for slow sources.
const FIRST_REPORT: Duration = Duration::from_secs(4);
/// How often the operator's orders are looked up.
const HEED: Duration = Duration::from_secs(2);
/// How often we look whether the first report can be made.
const BLINK: Duration = Duration::from_millis(50);
/// A visit that is put off for no longer than this is waited for: a host that wants a pause between requests.
const SOON: Duration = Duration::from_secs(5 * 60);
/// Below this nothing is fetched; sending goes on.
pub(super) const DISK_FLOOR_BYTES: u64 = 64 << 20;

type Ended = (SourceState, Visited);

/// Sources, their states and the visits in hand.
pub struct Watch {
    house: Arc<House>,
    office: Arc<PostOffice>,
    bell: Arc<Notify>,
    /// Rung when posts were pushed in.
    knock: Arc<Notify>,
    pulse: Arc<Pulse>,
    sources: Vec<(Source, SourceState)>,
    agenda: Agenda,
    visits: JoinSet<Ended>,
    /// Which source each visit in hand is at.
    places: HashMap<Id, usize>,
    in_flight: usize,
    disk_is_low: bool,
    /// A source that has been visited is not visited again.
    each_once: bool,
    /// When the operator's orders are looked up next.
    heed_at: Instant,
}

impl Watch {
    /// Makes the first appointments. `all_now` forgets those of the last run.
    pub fn new(
        house: &Arc<House>,
        office: &Arc<PostOffice>,
        (bell, knock): (&Arc<Notify>, &Arc<Notify>),
        pulse: &Arc<Pulse>,
        sources: Vec<(Source, SourceState)>,
        in_flight: usize,
        all_now: bool,
    ) -> Self {
        let now = house.clock.now();
        let first = |(source, state): &(Source, SourceState)| {
            let is_due = all_now && !source.kind.waits_for_a_call();
            let due = if is_due { now } else { schedule::at_start(source, state, now, fastrand::f64()) };
            (due, source.kind.url().map(HostKey::of))
        };
        Self {
            agenda: Agenda::new(sources.iter().map(first)),
            house: Arc::clone(house),
            office: Arc::clone(office),
            bell: Arc::clone(bell),
            knock: Arc::clone(knock),
            pulse: Arc::clone(pulse),
            sources,
            visits: JoinSet::new(),
            places: HashMap::new(),
            in_flight,
            disk_is_low: false,
            each_once: all_now,
            heed_at: Instant::now(),
        }
    }

    /// Visits every source once and waits for all of them, those of one host one after the other.
    pub async fn once(&mut self, tell: &mut impl FnMut(News)) {
        self.heed().await;
        loop {
            self.start_due();
            if let Some(ended) = self.visits.join_next_with_id().await {
                self.end(ended, tell);
                continue;
            }
            match self.agenda.next_due() {
                Some(due) if !self.disk_is_low => sleep(self.house.clock.until(due).max(BLINK)).await,
                _ => break,
            }
        }
    }

    /// Sources that `once` did not get to.
    pub fn unvisited(&self) -> usize {
        if self.disk_is_low { self.agenda.waiting() } else { 0 }
    }

    /// Whether nothing is fetched just now, because the disk is nearly full.
    pub fn is_held_up(&self) -> bool {
        self.disk_is_low
    }

    /// Starts visits as they fall due, until `stop`. Reports once, when the sources due at the start have answered.
    pub async fn until(&mut self, stop: impl Future<Output = ()>, tell: &mut impl FnMut(News)) {
        let mut stop = pin!(stop);
        self.heed().await;
        self.start_due();
        let mut awaited: BTreeSet<usize> = self.agenda.in_hand().collect();
        let mut report_by = Some(Instant::now() + FIRST_REPORT);
        loop {
            self.pulse.beat(Organ::Scheduler);
            if self.office.makes_progress() {
                self.pulse.beat(Organ::PostOffice);
            }
            if let Some(at) = report_by
                && (at <= Instant::now() || awaited.is_empty() && self.office.is_idle().await.unwrap_or(true))
            {
                report_by = None;
                let post = self.office.report().await.ok();
                tell(News::FirstRound { waiting: awaited.len(), post, next: self.agenda.next_due() });
            }
            let due_in = self.agenda.next_due().map_or(LOOK_AROUND, |due| self.house.clock.until(due));
            // A due source that finds no free place waits for a visit to end, not for the clock.
            let longest = if report_by.is_some() { BLINK } else { LOOK_AROUND };
            let nap = if due_in.is_zero() { longest } else { due_in.min(longest) };
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(ended) = self.visits.join_next_with_id() => {
                    if let Some(source) = self.end(ended, tell) {
                        awaited.remove(&source);
                    }
                }
                () = self.knock.notified() => self.heed_at = Instant::now(),
                () = sleep(nap) => {}
            }
            self.heed().await;
            self.start_due();
        }
    }

    /// Lets the visits in hand finish, but not beyond `limit`; gives how many were given up.
    pub async fn finish(&mut self, limit: Instant, tell: &mut impl FnMut(News)) -> usize {
        while let Ok(Some(ended)) = timeout_at(limit, self.visits.join_next_with_id()).await {
            self.end(ended, tell);
        }
        let given_up = self.visits.len();
        // Nothing is lost: a visit that has not committed never happened.
        self.visits.shutdown().await;
        self.pulse.rest(Organ::Visits);
        given_up
    }

    /// Does what the operator ordered beside us: some sources rest, some are visited now. Looked up every few seconds; what
    /// cannot be read now is read next time.
    async fn heed(&mut self) {
        if self.heed_at > Instant::now() {
            return;
        }
        self.heed_at = Instant::now() + HEED;
        let Ok(orders) = self.house.store.orders().await else { return };
        let now = self.house.clock.now();
        for (place, (source, state)) in self.sources.iter_mut().enumerate() {
            let ordered = orders.get(&source.name).copied().unwrap_or_default();
            let rests = ordered.paused_at.is_some();
            self.agenda.rest(place, rests);
            match (rests, state.health == Health::Disabled) {
                (true, false) => {
                    info!(source.id = %source.name, "{} rests, as ordered", source.name);
                    state.health = Health::Disabled;
                }
                (false, true) => {
                    info!(source.id = %source.name, "{} is visited again, as ordered", source.name);
                    state.health = Health::New;
                }
                _ => {}
            }
            if ordered.asked_at.is_some() && !rests {
                self.agenda.hasten(place, now);
                let _ = self.house.store.heard(&source.name).await;
            }
        }
        let Ok(waiting) = self.house.store.waiting().await else { return };
        for (place, (source, _)) in self.sources.iter().enumerate().filter(|(_, (source, _))| source.kind.waits_for_a_call()) {
            if waiting.iter().any(|(name, _)| *name == source.name) {
                self.agenda.hasten(place, now);
            }
        }
    }

    fn start_due(&mut self) {
        if !self.may_fetch() {
            return;
        }
        let free = self.in_flight.saturating_sub(self.visits.len());
        for i in self.agenda.take_due(self.house.clock.now(), free) {
            let Some((source, state)) = self.sources.get(i).cloned() else { continue };
            if self.visits.is_empty() {
                self.pulse.beat(Organ::Visits);
            }
            let house = Arc::clone(&self.house);
            let visit = self.visits.spawn(async move { round::visit(&house, &source, &state, fastrand::f64()).await });
            self.places.insert(visit.id(), i);
        }
    }

    fn may_fetch(&mut self) -> bool {
        let free = self.house.store.free_bytes().unwrap_or(u64::MAX);
        self.house.metrics.disk_free.set(free);
        let is_low = free < DISK_FLOOR_BYTES;
        if is_low != self.disk_is_low {
            self.disk_is_low = is_low;
            if is_low {
                error!(
                    disk.free = free,
                    "the disk is nearly full: nothing is fetched until 64 MiB are free again; letters still go out"
                );
            } else {
                info!(disk.free = free, "the disk has room again: fetching goes on");
            }
        }
        !is_low
    }

    /// Puts a visit's end on record; gives the source, unless it only waits for its host.
    fn end(&mut self, ended: Result<(Id, Ended), JoinError>, tell: &mut impl FnMut(News)) -> Option<usize> {
        if self.visits.is_empty() {
            self.pulse.rest(Organ::Visits);
        } else {
            self.pulse.beat(Organ::Visits);
        }
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let place = self.places.remove(&id)?;
        let now = self.house.clock.now();
        let (source, remembered) = self.sources.get_mut(place)?;
        let (state, how) = ended.map(|(_, ended)| ended).unwrap_or_else(|fault| {
            // Readers run behind a catch of their own; this is a fault of ours. It ends one visit, not the service.
            error!(source.id = %source.name, "{}: the visit broke off: {fault}", source.name);
            let sentence = "the visit broke off inside claimwatch".to_owned();
            let state = schedule::after_failure(source, remembered, &sentence, None, false, now, fastrand::f64());
            (state, Visited::Failed { class: "fault", sentence })
        });
        let waits_for_a_call = source.kind.waits_for_a_call();
        self.agenda.put_back(place, state.next_due.unwrap_or(if waits_for_a_call { Timestamp::MAX } else { now }));
        let is_only_waiting = matches!(&how, Visited::PutOff { wait, .. } if *wait <= SOON);
        // What was pushed in is read to the end.
        let has_more = waits_for_a_call && state.next_due.is_some() && matches!(how, Visited::Read(_));
        if self.each_once && !is_only_waiting && !has_more {
            self.agenda.rest(place, true);
        }
        if matches!(&how, Visited::Read(tally) if tally.letters > 0) {
            self.bell.notify_one();
        }
        *remembered = state;
        if is_only_waiting {
            return None;
        }
        tell(News::Visited { source: source.name.clone(), how });
        Some(place)
    }
}
