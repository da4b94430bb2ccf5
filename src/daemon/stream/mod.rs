//! Streams: sources that speak by themselves. Each is followed by a task of its own, and resumes where its posts were written down.

pub mod batch;
pub mod follow;
pub mod mastodon;
pub mod memory;
pub mod place;
pub(in crate::daemon) mod taken;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::follow::{Follower, Pace};
use self::mastodon::Listener;
use super::round::House;
use crate::model::source::{Source, SourceState};

/// Says whether the operator lets a source rest.
async fn rests(house: &House, source: &Source) -> bool {
    let orders = house.store.orders().await;
    orders.is_ok_and(|orders| orders.get(&source.name).is_some_and(|order| order.paused_at.is_some()))
}

async fn wait_while_resting(house: &House, source: &Source) {
    while rests(house, source).await {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// The tasks that follow streams.
#[derive(Debug)]
pub struct Streams {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Streams {
    /// Begins to follow. `bell` is rung when there are letters.
    pub fn start(house: &Arc<House>, bell: &Arc<Notify>, sources: Vec<(Source, SourceState)>, sample_per_million: u32) -> Self {
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        for (source, state) in sources {
            let pace = Pace { sample_per_million, ..Pace::default() };
            let (house, bell) = (Arc::clone(house), Arc::clone(bell));
            if source.kind.is_stream() {
                tasks.spawn(Follower::new(house, bell, source, state, pace).follow(stop.clone()));
            } else {
                tasks.spawn(Listener::new(house, bell, source, pace).listen(stop.clone()));
            }
        }
        Self { tasks, stop }
    }

    /// Runs something else beside the streams, that stops with them.
    pub fn also<F: Future<Output = ()> + Send + 'static>(&mut self, run: impl FnOnce(CancellationToken) -> F) {
        self.tasks.spawn(run(self.stop.clone()));
    }

    /// Lets the stretches in hand be written down, but not beyond `limit`; gives how many streams were given up.
    pub async fn finish(mut self, limit: Instant) -> usize {
        self.stop.cancel();
        while let Ok(Some(_)) = timeout_at(limit, self.tasks.join_next()).await {}
        let given_up = self.tasks.len();
        // Nothing is lost: what was not written down is read again from the cursor.
        self.tasks.shutdown().await;
        given_up
    }
}
