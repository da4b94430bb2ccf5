//! A Mastodon server's own stream beside its timeline: what is posted is seen at once, and whatever the stream misses the walk
//! along the timeline brings, so nothing is remembered of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use url::Url;

use super::follow::Pace;
use super::place::Turns;
use super::taken::{self, Waiting};
use crate::daemon::round::{House, Keep, Tally, write_down};
use crate::daemon::trouble::Trouble;
use crate::feeds::sse::{Event, Parser};
use crate::feeds::{clean, mastodon};
use crate::fetch::events::Events;
use crate::model::post::{PostKey, RawPost, Standing};
use crate::model::source::{Source, SourceKind, SourceState};
use crate::model::units::in_words;
use crate::store::records::Visit;
use crate::telemetry::metrics::{ByReason, BySource};

/// Posts written down at once, at the most.
const AT_ONCE: usize = 200;
/// Statuses whose names are remembered, for when they are deleted: the server then tells its number only.
const REMEMBERED: usize = 20_000;

/// Listens to one server's stream.
#[derive(Debug)]
pub struct Listener {
    house: Arc<House>,
    bell: Arc<Notify>,
    source: Source,
    pace: Pace,
    turns: Turns,
    names: Names,
    waiting: Waiting,
}

/// What has come and is not written down yet.
#[derive(Debug, Default)]
struct Heard {
    posts: Vec<RawPost>,
    standings: Vec<Standing>,
    deleted: Vec<PostKey>,
    /// Deleted, and not heard of since the start.
    numbers: Vec<String>,
}

enum Ended {
    Stopped,
    Broken(Trouble),
}

impl Listener {
    /// Prepares to listen.
    pub fn new(house: Arc<House>, bell: Arc<Notify>, source: Source, pace: Pace) -> Self {
        Self { house, bell, source, pace, turns: Turns::default(), names: Names::default(), waiting: Waiting::default() }
    }

    /// Listens until `stop`.
    pub async fn listen(mut self, stop: CancellationToken) {
        loop {
            if stop.run_until_cancelled(super::wait_while_resting(&self.house, &self.source)).await.is_none() {
                return;
            }
            match self.connection(&stop).await {
                Ended::Stopped => return,
                Ended::Broken(trouble) => {
                    self.turns.failed(1);
                    let name = &self.source.name;
                    warn!(source.id = %name, class = trouble.class, "{name}: the stream broke off, the timeline is still read: {}", trouble.sentence);
                    self.house.metrics.feed_errors.get_or_create(&ByReason { reason: trouble.class.to_owned() }).inc();
                    let pause = self.turns.pause((self.pace.chance)()).max(trouble.wait.unwrap_or_default());
                    if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    async fn connection(&mut self, stop: &CancellationToken) -> Ended {
        match stop.run_until_cancelled(self.open()).await {
            None => Ended::Stopped,
            Some(Err(trouble)) => Ended::Broken(trouble),
            Some(Ok(events)) => self.hear(events, stop).await,
        }
    }

    async fn open(&self) -> Result<Events, Trouble> {
        let SourceKind::Mastodon { server, timeline, token, allow_private, .. } = &self.source.kind else {
            return Err(Trouble::of_stream("no stream"));
        };
        let fetcher = &self.house.fetcher;
        let base = match mastodon::instance_address(server) {
            Some(url) => {
                fetcher.page(&url, allow_private, token.as_ref()).await.ok().map(|body| mastodon::streaming_server(&body, server))
            }
            None => None,
        };
        let base: Url = base.unwrap_or_else(|| server.clone());
        let url = mastodon::stream_address(&base, timeline).ok_or_else(|| Trouble::of_address(&base))?;
        let events = fetcher.events(&url, allow_private, token.as_ref()).await?;
        self.house.metrics.stream_connections.get_or_create(&self.label()).inc();
        info!(source.id = %self.source.name, "{}: listening to the stream", self.source.name);
        // What was posted while nobody listened is on the timeline.
        self.house.store.ask(&self.source.name, self.house.clock.now()).await?;
        Ok(events)
    }

    async fn hear(&mut self, mut events: Events, stop: &CancellationToken) -> Ended {
        let (mut parser, mut heard) = (Parser::default(), Heard::default());
        let mut tick = interval(self.pace.save_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut last_heard, mut orders_at) = (Instant::now(), Instant::now());
        loop {
            let ended = tokio::select! {
                biased;
                () = stop.cancelled() => Some(Ended::Stopped),
                _ = tick.tick() => {
                    let is_resting = orders_at.elapsed() > Duration::from_secs(2) && {
                        orders_at = Instant::now();
                        super::rests(&self.house, &self.source).await
                    };
                    match () {
                        () if is_resting => Some(Ended::Broken(Trouble::of_stream("it rests, as ordered"))),
                        // Servers send a sign of life every 15 seconds.
                        () if last_heard.elapsed() > self.pace.silence => {
                            let silence = in_words(self.pace.silence);
                            Some(Ended::Broken(Trouble::of_stream(&format!("nothing came for {silence}"))))
                        }
                        () => None,
                    }
                }
                bytes = events.next() => match bytes {
                    Ok(Some(bytes)) => {
                        last_heard = Instant::now();
                        self.turns.went_well();
                        for event in parser.take(&bytes) {
                            self.understand(&event, &mut heard);
                        }
                        if heard.posts.len() < AT_ONCE.min(self.pace.at_once) {
                            continue;
                        }
                        None
                    }
                    Ok(None) => Some(Ended::Broken(Trouble::of_stream("the server ended the stream"))),
                    Err(why) => Some(Ended::Broken(Trouble::of_stream(&why))),
                },
            };
            if let Err(trouble) = self.write_down(&mut heard).await {
                return Ended::Broken(trouble);
            }
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    fn understand(&mut self, event: &Event, heard: &mut Heard) {
        let SourceKind::Mastodon { server, .. } = &self.source.kind else { return };
        self.house.metrics.stream_events.get_or_create(&self.label()).inc();
        match event.kind.as_str() {
            "update" | "status.update" => match mastodon::status(event.data.as_bytes(), server) {
                Some((post, standing)) => {
                    if let Some((number, key)) = standing.as_ref().and_then(|one| Some((one.number.clone()?, one.key.clone()))) {
                        self.names.learn(number, key);
                    }
                    heard.standings.extend(standing);
                    // A repost has none.
                    heard.posts.extend(post);
                }
                None => drop(self.house.metrics.stream_odd_frames.get_or_create(&self.label()).inc()),
            },
            "delete" => {
                let number = mastodon::numbered(server, &event.data);
                match self.names.forget(&number) {
                    Some(key) => heard.deleted.push(key),
                    None => heard.numbers.push(number),
                }
            }
            _ => {}
        }
    }

    async fn write_down(&mut self, heard: &mut Heard) -> Result<(), Trouble> {
        let Heard { posts, standings, mut deleted, numbers } = std::mem::take(heard);
        let (house, now, name) = (Arc::clone(&self.house), self.house.clock.now(), self.source.name.clone());
        if !numbers.is_empty() {
            deleted.extend(house.store.numbered(&numbers).await?);
        }
        self.waiting.drop_all(&deleted);
        let due = self.waiting.take_due(now);
        if !(posts.is_empty() && standings.is_empty() && due.is_empty()) {
            let cleaned = tokio::task::spawn_blocking(move || clean::clean(last_words(posts), &name, now)).await;
            let mut posts = cleaned.map_err(|fault| Trouble::of_ours(&fault))?;
            // Written and deleted within a breath: it never was.
            posts.retain(|post| !deleted.contains(&post.key));
            let all = posts.len();
            posts.extend(due);
            let taken = taken::take(&house, &self.source, posts).await?;
            let history = taken.history_keys();
            let new: Vec<_> = taken.compared.new.into_iter().chain(taken.history).collect();
            let mut tally = Tally { posts: all, new: new.len(), history: history.len(), ..Tally::default() };
            tally.count(&taken.compared.sightings);
            let mut identity = taken.identity;
            identity.standings = standings;
            let (source, state, sightings) = (self.source.name.clone(), SourceState::default(), taken.compared.sightings);
            let visit = Visit { source, state, seen_at: now, new, history, seen_again: taken.seen_again, sightings, identity };
            // The state belongs to the visits.
            write_down(&house, &visit, &mut tally, Keep::PostsOnly).await?;
            self.waiting.put(taken.compared.later);
            if tally.letters > 0 {
                self.bell.notify_one();
            }
        }
        if !deleted.is_empty() {
            house.store.retract(&deleted, &[], now).await?;
        }
        Ok(())
    }

    fn label(&self) -> BySource {
        BySource { source: self.source.name.0.clone() }
    }
}

/// Of a post that is written and edited within a breath the last words count, in the place of the first.
fn last_words(posts: Vec<RawPost>) -> Vec<RawPost> {
    let mut last: Vec<RawPost> = Vec::with_capacity(posts.len());
    for post in posts {
        match last.iter_mut().find(|earlier| post.everywhere.is_some() && earlier.everywhere == post.everywhere) {
            Some(earlier) => *earlier = post,
            None => last.push(post),
        }
    }
    last
}

/// Which post has which number, for those heard of last.
#[derive(Debug, Default)]
struct Names {
    by_number: HashMap<String, PostKey>,
    in_order: VecDeque<String>,
}

impl Names {
    fn learn(&mut self, number: String, key: PostKey) {
        if self.by_number.insert(number.clone(), key).is_none() {
            self.in_order.push_back(number);
        }
        while self.in_order.len() > REMEMBERED {
            if let Some(oldest) = self.in_order.pop_front() {
                self.by_number.remove(&oldest);
            }
        }
    }

    fn forget(&mut self, number: &str) -> Option<PostKey> {
        self.by_number.remove(number)
    }
}
