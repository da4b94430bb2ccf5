//! One stream followed: connected, listened to, written down every second or every 500 events, resumed when it breaks.
//!
//! While a stretch is compared and written down nothing is read: what comes meanwhile waits in the connection, and a server that
//! finds us too slow sends us away, which costs a resumption and no post. So memory is bounded by one stretch.

mod connect;
mod lookups;

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
use super::memory::Memory;
use super::place::{Cursor, Turns};
use super::taken::{self, Waiting};
use super::{rests, wait_while_resting};
use crate::daemon::round::{House, Keep, Tally, write_down};
use crate::daemon::trouble::Trouble;
use crate::daemon::watch::DISK_FLOOR_BYTES;
use crate::feeds::jetstream::Wanted;
use crate::feeds::key;
use crate::fetch::socket::{Heard, Socket};
use crate::model::post::Post;
use crate::model::source::{Health, Source, SourceKind, SourceState, Wire};
use crate::model::units::in_words;
use crate::store::records::Visit;
use crate::telemetry::metrics::{ByReason, BySource};

/// Bytes held before they are written down, however few events they are.
const MOST_BYTES: usize = 8 << 20;
/// A frame longer than this is no post: it is passed over unread.
const LONGEST_FRAME_BYTES: usize = 1 << 20;
/// Failures in a row that make a source failing.
const FAILING: u32 = 3;
/// How long a gap is shown as the last error.
const GAP_SHOWN_US: i64 = 24 * 3600 * 1_000_000;

/// How fast a stream is followed; other than the default in tests only.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What has come is written down at least this often…
    pub save_every: Duration,
    /// …and whenever it is so many events, in one transaction.
    pub at_once: usize,
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
            at_once: 500,
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
    memory: Memory,
    /// No AppView is asked before this.
    lookups_rest_until: Option<Instant>,
    waiting: Waiting,
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
        Self {
            house,
            bell,
            source,
            state,
            cursor,
            turns: Turns::default(),
            pace,
            is_beginning: false,
            refused: 0,
            memory: Memory::default(),
            lookups_rest_until: None,
            waiting: Waiting::default(),
        }
    }

    /// Follows until `stop`; what is in hand then is written down.
    pub async fn follow(mut self, stop: CancellationToken) {
        loop {
            if stop.run_until_cancelled(wait_while_resting(&self.house, &self.source)).await.is_none() {
                return;
            }
            let wait = match self.connection(&stop).await {
                Ended::Stopped => return,
                Ended::Broken(trouble) => {
                    self.note_failure(&trouble).await;
                    // "Retry-After"
                    trouble.wait.unwrap_or_default()
                }
            };
            let pause = self.turns.pause((self.pace.chance)()).max(wait);
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
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
        let mut frames: Vec<Utf8Bytes> = Vec::with_capacity(self.pace.at_once);
        let mut held_bytes = 0;
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
                        if rests(&self.house, &self.source).await {
                            socket.close().await;
                            return Ended::Broken(Trouble { is_held: true, ..Trouble::of_stream("it rests, as ordered") });
                        }
                    }
                    if last_heard.elapsed() > self.pace.silence {
                        break Ended::Broken(Trouble::of_stream(&format!("nothing came for {}", in_words(self.pace.silence))));
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
                        held_bytes = if frames.is_empty() { frame.len() } else { held_bytes + frame.len() };
                        frames.push(frame);
                        if (frames.len() >= self.pace.at_once || held_bytes >= MOST_BYTES)
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
                        return Ended::Broken(saved.err().unwrap_or_else(|| Trouble::of_stream("a message was too long or no text")));
                    }
                    Heard::Over(why) => break Ended::Broken(Trouble::of_stream(&why)),
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
        let due = self.waiting.take_due(self.house.clock.now());
        if frames.is_empty() && due.is_empty() && !is_new {
            return Ok(());
        }
        let free = self.house.store.free_bytes().unwrap_or(u64::MAX);
        if free < DISK_FLOOR_BYTES {
            return Err(Trouble {
                is_held: true,
                ..Trouble::of_stream("the disk is nearly full: nothing is read until 64 MiB are free again")
            });
        }
        let mut worked = self.work(std::mem::replace(frames, Vec::with_capacity(self.pace.at_once))).await?;
        worked.changed.extend(due);
        let before = self.cursor.clone();
        let count = worked.count;
        if let Some(first) = count.first_us.filter(|_| *is_first) {
            *is_first = false;
            self.refused = 0;
            if !std::mem::take(&mut self.is_beginning) && (count.is_clamped || self.cursor.is_gap(first, whole_network)) {
                self.note_gap(first);
            }
        }
        if let Some((time, number)) = count.newest {
            self.cursor.advance(time, number, host);
            self.turns.went_well();
        }
        match self.write_down(worked).await {
            Ok(()) if count.is_sent_away => Err(Trouble::of_stream("the server sent us away: we were too slow")),
            Ok(()) => Ok(()),
            Err(trouble) => {
                self.cursor = before;
                Err(trouble)
            }
        }
    }

    async fn work(&mut self, frames: Vec<Utf8Bytes>) -> Result<Worked, Trouble> {
        let SourceKind::Jetstream { wire, languages, accounts, .. } = &self.source.kind else { return Ok(Worked::default()) };
        let (wire, languages, accounts, since) = (*wire, languages.clone(), accounts.clone(), self.cursor.time_us);
        let read =
            spawn_blocking(move || batch::read(&frames, wire, Wanted { languages: &languages, accounts: &accounts }, since));
        let mut stretch = read.await.map_err(|fault| Trouble::of_ours(&fault))?;
        for (did, handle) in std::mem::take(&mut stretch.names) {
            self.memory.name(did, format!("@{handle}"));
        }
        self.look_up_quotes(&stretch).await;
        let (source, rules) = (self.source.name.clone(), Arc::clone(&self.house.rules.borrow()));
        let (now, sample_per_million) = (self.house.clock.now(), self.pace.sample_per_million);
        let mut memory = std::mem::take(&mut self.memory);
        let compared = spawn_blocking(move || {
            let how = Work { source: &source, rules: &rules, now, sample_per_million };
            (batch::compare(stretch, &how, &mut memory), memory)
        });
        let (mut worked, memory) = compared.await.map_err(|fault| Trouble::of_ours(&fault))?;
        self.memory = memory;
        self.name_authors(&mut worked).await;
        Ok(worked)
    }

    async fn write_down(&mut self, worked: Worked) -> Result<(), Trouble> {
        let house = Arc::clone(&self.house);
        let now = house.clock.now();
        self.waiting.drop_all(&worked.deleted);
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
        let Worked { kept, mut sightings, changed, standings, count, .. } = worked;
        // An edit of a post that was not kept is read as if it were new.
        let mut taken = taken::take(&house, &self.source, changed).await?;
        let edits = std::mem::take(&mut taken.compared);
        sightings.extend(edits.sightings);
        let is_kept = |post: &Post| {
            let seen = sightings.iter().any(|(sighting, _)| sighting.post == post.key);
            seen || batch::is_sampled(&post.key, self.pace.sample_per_million)
        };
        let mut new: Vec<Post> = edits.new.into_iter().filter(is_kept).collect();
        let mut identity = taken.identity;
        identity.aliases.extend(kept.iter().map(|post| post.key.clone()).zip(key::aliases(&kept)));
        identity.standings = standings;
        new.extend(kept);
        let mut tally = Tally { posts: count.posts, new: count.posts, ..Tally::default() };
        tally.count(&sightings);
        if new.is_empty() && identity.standings.is_empty() && identity.renewed.is_empty() && taken.seen_again.is_empty() {
            house.store.record_state(&self.source.name, &state).await?;
        } else {
            let (history, seen_again) = (std::collections::HashSet::new(), taken.seen_again);
            let (source, seen_at) = (self.source.name.clone(), now);
            let visit = Visit { source, state: state.clone(), seen_at, new, history, seen_again, sightings, identity };
            write_down(&house, &visit, &mut tally, Keep::Everything).await?;
        }
        self.waiting.put(edits.later);
        self.state = state;
        if tally.letters > 0 {
            self.bell.notify_one();
            info!(source.id = %self.source.name, sightings = tally.sightings, "{}: {} of the last {} posts repeat a checked claim", self.source.name, tally.sightings, tally.posts);
        }
        let label = self.label();
        house.metrics.feed_last_success.get_or_create(&label).set(now.as_second());
        house.metrics.stream_events.get_or_create(&label).inc_by(count.events as u64);
        house.metrics.stream_odd_frames.get_or_create(&label).inc_by(count.odd as u64);
        if let Some((time, _)) = count.newest {
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
