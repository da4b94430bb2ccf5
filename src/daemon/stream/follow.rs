//! One stream followed: connected, listened to, written down every second or every 500 events, resumed when it breaks.
//!
//! While a stretch is compared and written down nothing is read: what comes meanwhile waits in the connection, and a server that
//! finds us too slow sends us away, which costs a resumption and no post. So memory is bounded by one stretch.

mod connect;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::batch::{self, Work, Worked};
use super::place::{Cursor, Turns};
use crate::daemon::round::{House, Tally, write_down};
use crate::daemon::trouble::Trouble;
use crate::daemon::watch::DISK_FLOOR_BYTES;
use crate::feeds::jetstream::Wanted;
use crate::fetch::socket::{Heard, Socket};
use crate::model::source::{Health, Source, SourceKind, SourceState, Wire};
use crate::model::units::in_words;
use crate::store::records::Visit;
use crate::telemetry::metrics::{ByReason, BySource};

/// Events in one transaction.
const AT_ONCE: usize = 500;
/// A frame longer than this is no post: it is passed over unread.
const LONGEST_FRAME_BYTES: usize = 1 << 20;
/// Failures in a row that make a source failing.
const FAILING: u32 = 3;
/// How long a gap is shown as the last error.
const GAP_SHOWN_US: i64 = 24 * 3600 * 1_000_000;

/// How fast a stream is followed; other than the default in tests only.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What has come is written down at least this often.
    pub save_every: Duration,
    /// After so long without an event the connection is given up.
    pub silence: Duration,
    /// 0..1, spreads the pauses between attempts.
    pub chance: fn() -> f64,
    /// Of a million posts that repeat nothing, so many are kept.
    pub sample_per_million: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            save_every: Duration::from_secs(1),
            silence: Duration::from_secs(60),
            chance: fastrand::f64,
            sample_per_million: 10_000,
        }
    }
}

/// Follows one stream.
#[derive(Debug)]
pub struct Follower {
    house: Arc<House>,
    bell: Arc<Notify>,
    source: Source,
    state: SourceState,
    cursor: Cursor,
    turns: Turns,
    pace: Pace,
    /// Nothing was read yet.
    is_beginning: bool,
    /// The cursor's number was refused at this host: time is tried, then the present.
    refused: u32,
}

/// How a connection ended.
enum Ended {
    Stopped,
    Broken(Trouble),
}

impl Follower {
    /// Prepares to follow `source` from where `state` says.
    pub fn new(house: Arc<House>, bell: Arc<Notify>, source: Source, state: SourceState, pace: Pace) -> Self {
        let cursor = Cursor::of(state.cursor.as_deref());
        Self { house, bell, source, state, cursor, turns: Turns::default(), pace, is_beginning: false, refused: 0 }
    }

    /// Follows until `stop`; what is in hand then is written down.
    pub async fn follow(mut self, stop: CancellationToken) {
        loop {
            if stop.run_until_cancelled(self.wait_while_resting()).await.is_none() {
                return;
            }
            match self.connection(&stop).await {
                Ended::Stopped => return,
                Ended::Broken(trouble) => self.note_failure(&trouble).await,
            }
            let pause = self.turns.pause((self.pace.chance)());
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn rests(&self) -> bool {
        let orders = self.house.store.orders().await;
        orders.is_ok_and(|orders| orders.get(&self.source.name).is_some_and(|order| order.paused_at.is_some()))
    }

    async fn wait_while_resting(&self) {
        while self.rests().await {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    async fn connection(&mut self, stop: &CancellationToken) -> Ended {
        let connecting = self.connect();
        match stop.run_until_cancelled(connecting).await {
            None => Ended::Stopped,
            Some(Err(trouble)) => Ended::Broken(trouble),
            Some(Ok((socket, host))) => self.listen(socket, &host, stop).await,
        }
    }

    async fn listen(&mut self, mut socket: Socket, host: &str, stop: &CancellationToken) -> Ended {
        let whole_network = matches!(&self.source.kind, SourceKind::Jetstream { accounts, .. } if accounts.is_empty());
        let mut frames: Vec<Utf8Bytes> = Vec::with_capacity(AT_ONCE);
        let mut tick = interval(self.pace.save_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut last_heard, mut last_ping, mut orders_at) = (Instant::now(), Instant::now(), Instant::now());
        let mut is_first = true;
        let ended = loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break Ended::Stopped,
                _ = tick.tick() => {
                    if let Err(trouble) = self.save(&mut frames, host, &mut is_first, whole_network).await {
                        return Ended::Broken(trouble);
                    }
                    if orders_at.elapsed() > Duration::from_secs(2) {
                        orders_at = Instant::now();
                        if self.rests().await {
                            socket.close().await;
                            return Ended::Broken(Trouble { is_held: true, ..broken("it rests, as ordered") });
                        }
                    }
                    if last_heard.elapsed() > self.pace.silence {
                        break Ended::Broken(broken(&format!("nothing came for {}", in_words(self.pace.silence))));
                    }
                    if last_heard.elapsed() > self.pace.silence / 2 && last_ping.elapsed() > self.pace.silence / 2 {
                        last_ping = Instant::now();
                        socket.ping().await;
                    }
                }
                heard = socket.next() => match heard {
                    Heard::Text(frame) => {
                        last_heard = Instant::now();
                        if frame.len() > LONGEST_FRAME_BYTES {
                            self.house.metrics.stream_odd_frames.get_or_create(&self.label()).inc();
                            continue;
                        }
                        frames.push(frame);
                        if frames.len() >= AT_ONCE
                            && let Err(trouble) = self.save(&mut frames, host, &mut is_first, whole_network).await
                        {
                            return Ended::Broken(trouble);
                        }
                    }
                    // The few on a watch list may be silent for days; a whole network never is.
                    Heard::Alive if !whole_network => {
                        last_heard = Instant::now();
                        self.live_through_silence();
                    }
                    Heard::Alive => {}
                    Heard::Poison => {
                        let saved = self.save(&mut frames, host, &mut is_first, whole_network).await;
                        self.turns.poisoned(self.cursor.time_us);
                        return Ended::Broken(saved.err().unwrap_or_else(|| broken("a message was too long or no text")));
                    }
                    Heard::Over(why) => break Ended::Broken(broken(&why)),
                }
            }
        };
        let saved = self.save(&mut frames, host, &mut is_first, whole_network).await;
        socket.close().await;
        match (saved, ended) {
            (Err(trouble), Ended::Broken(_)) => Ended::Broken(trouble),
            (_, ended) => ended,
        }
    }

    /// A connection that answers has kept nothing back: the cursor moves on although nobody posts, or it would be older than
    /// what servers remember by the time it is needed. A minute behind, because an answer says nothing about the server's own lag.
    fn live_through_silence(&mut self) {
        let is_by_time = matches!(self.source.kind, SourceKind::Jetstream { wire: Wire::V1, .. });
        if is_by_time && self.cursor.time_us > 0 {
            let sure = self.house.clock.now().as_microsecond() - 60 * 1_000_000;
            self.cursor.advance(sure, None, "");
        }
    }

    /// Compares and writes down what has come. The cursor goes with the posts, in one transaction, and only then counts.
    async fn save(
        &mut self,
        frames: &mut Vec<Utf8Bytes>,
        host: &str,
        is_first: &mut bool,
        whole_network: bool,
    ) -> Result<(), Trouble> {
        let is_new = self.cursor.text() != self.state.cursor;
        if frames.is_empty() && !is_new {
            return Ok(());
        }
        let free = self.house.store.free_bytes().unwrap_or(u64::MAX);
        if free < DISK_FLOOR_BYTES {
            return Err(Trouble {
                is_held: true,
                ..broken("the disk is nearly full: nothing is read until 64 MiB are free again")
            });
        }
        let worked = self.work(std::mem::replace(frames, Vec::with_capacity(AT_ONCE))).await?;
        let before = self.cursor.clone();
        if let Some(first) = worked.first_us.filter(|_| *is_first) {
            *is_first = false;
            self.refused = 0;
            if !std::mem::take(&mut self.is_beginning) && (worked.is_clamped || self.cursor.is_gap(first, whole_network)) {
                self.note_gap(first);
            }
        }
        if let Some((time, number)) = worked.newest {
            self.cursor.advance(time, number, host);
            self.turns.went_well();
        }
        let is_sent_away = worked.is_sent_away;
        match self.write_down(worked).await {
            Ok(()) if is_sent_away => Err(broken("the server sent us away: we were too slow")),
            Ok(()) => Ok(()),
            Err(trouble) => {
                self.cursor = before;
                Err(trouble)
            }
        }
    }

    async fn work(&self, frames: Vec<Utf8Bytes>) -> Result<Worked, Trouble> {
        let SourceKind::Jetstream { wire, languages, accounts, .. } = &self.source.kind else { return Ok(Worked::default()) };
        let (source, wire, languages, accounts) = (self.source.name.clone(), *wire, languages.clone(), accounts.clone());
        let rules = Arc::clone(&self.house.rules.borrow());
        let (now, sample_per_million) = (self.house.clock.now(), self.pace.sample_per_million);
        let worked = spawn_blocking(move || {
            let wanted = Wanted { languages: &languages, accounts: &accounts };
            batch::work(&frames, &Work { source: &source, wire, wanted, rules: &rules, now, sample_per_million })
        });
        worked.await.map_err(|fault| Trouble::of_ours(&fault))
    }

    async fn write_down(&mut self, worked: Worked) -> Result<(), Trouble> {
        let house = Arc::clone(&self.house);
        let now = house.clock.now();
        if !worked.deleted.is_empty() || !worked.gone.is_empty() {
            // Before the cursor: a deletion that comes again does no harm, one that is lost does.
            house.store.retract(&worked.deleted, &worked.gone, now).await?;
        }
        let gap = self.cursor.last_gap.filter(|(_, to)| now.as_microsecond() - to < GAP_SHOWN_US);
        let state = SourceState {
            health: if gap.is_some() { Health::Degraded } else { Health::Ok },
            last_success: Some(now),
            failures: 0,
            last_error: gap.map(in_a_sentence),
            cursor: self.cursor.text(),
            ..self.state.clone()
        };
        let mut tally = Tally { posts: worked.posts, new: worked.posts, ..Tally::default() };
        tally.count(&worked.sightings);
        if worked.kept.is_empty() {
            house.store.record_state(&self.source.name, &state).await?;
        } else {
            let visit = Visit {
                source: self.source.name.clone(),
                state: state.clone(),
                seen_at: now,
                new: worked.kept,
                history: std::collections::HashSet::new(),
                seen_again: Vec::new(),
                sightings: worked.sightings,
            };
            write_down(&house, &visit, &mut tally).await?;
        }
        self.state = state;
        if tally.letters > 0 {
            self.bell.notify_one();
            info!(source.id = %self.source.name, sightings = tally.sightings, "{}: {} of the last {} posts repeat a checked claim", self.source.name, tally.sightings, tally.posts);
        }
        let label = self.label();
        house.metrics.stream_events.get_or_create(&label).inc_by(worked.events as u64);
        house.metrics.stream_odd_frames.get_or_create(&label).inc_by(worked.odd as u64);
        if let Some((time, _)) = worked.newest {
            let lag = house.clock.now().as_microsecond().saturating_sub(time).max(0);
            house.metrics.stream_lag.get_or_create(&label).set(lag as f64 / 1e6);
        }
        Ok(())
    }

    fn note_gap(&mut self, to: i64) {
        self.cursor.note_gap(to);
        self.house.metrics.stream_gaps.get_or_create(&self.label()).inc();
        if let Some(gap) = self.cursor.last_gap {
            warn!(source.id = %self.source.name, "{}: {}", self.source.name, in_a_sentence(gap));
        }
    }

    /// Losing this costs nothing but a sentence in `source list`.
    async fn note_failure(&mut self, trouble: &Trouble) {
        let hosts = if let SourceKind::Jetstream { hosts, .. } = &self.source.kind { hosts.len() } else { 1 };
        self.turns.failed(hosts);
        let name = &self.source.name;
        if trouble.is_held {
            info!(source.id = %name, "{name}: {}", trouble.sentence);
        } else {
            self.state.failures = self.state.failures.saturating_add(1);
            warn!(source.id = %name, class = trouble.class, failures = self.state.failures, "{name}: {}; it is resumed", trouble.sentence);
            self.house.metrics.feed_errors.get_or_create(&ByReason { reason: trouble.class.to_owned() }).inc();
        }
        self.state.last_error = Some(trouble.sentence.clone());
        if self.state.failures >= FAILING {
            self.state.health = Health::Failing;
        }
        let _ = self.house.store.record_state(&self.source.name, &self.state).await;
    }

    fn label(&self) -> BySource {
        BySource { source: self.source.name.0.clone() }
    }
}

fn in_a_sentence((from, to): (i64, i64)) -> String {
    let time = |us| Timestamp::from_microsecond(us).map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let (from, to) = (time(from).unwrap_or_default(), time(to).unwrap_or_default());
    format!("posts between {from} and {to} were missed: the server no longer had them")
}

fn broken(sentence: &str) -> Trouble {
    Trouble {
        class: "stream",
        sentence: sentence.to_owned(),
        wait: None,
        is_held: false,
        is_unreadable: false,
        is_put_off: false,
    }
}
