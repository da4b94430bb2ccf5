//! Streams: sources that speak by themselves. Each is followed by a task of its own, and resumes where its posts were written down.

pub mod batch;
pub mod follow;
pub mod place;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::follow::{Follower, Pace};
use super::gather::{Asking, Batch, Gathered};
use super::round::House;
use super::trouble::Trouble;
use crate::feeds::clean;
use crate::feeds::jetstream::{self, Place, Wanted, What};
use crate::fetch::socket::{Heard, Refused};
use crate::model::source::{Source, SourceKind, SourceState};

/// How long a look into a stream lasts…
const LOOK: Duration = Duration::from_secs(5);
/// …and how many posts it brings at the most.
const MOST_SHOWN: usize = 20;

/// Looks into a stream for a moment, as `source probe` does.
pub(super) async fn look_into(asking: &Asking<'_>, source: &Source) -> Result<Gathered, Trouble> {
    let SourceKind::Jetstream { hosts, wire, languages, accounts, allow_private } = &source.kind else {
        return Ok(Gathered::Unchanged { validators: None, hint: None });
    };
    let Some(host) = hosts.first() else { return Ok(Gathered::Unchanged { validators: None, hint: None }) };
    let url = jetstream::address(host, *wire, accounts, Place::Now);
    let mut socket = match asking.fetcher.socket(&url, allow_private).await {
        Ok(socket) => socket,
        Err(Refused::BadRequest(error) | Refused::Other(error)) => return Err(error.into()),
    };
    let (mut raw, until) = (Vec::new(), Instant::now() + LOOK);
    while raw.len() < MOST_SHOWN {
        match timeout_at(until, socket.next()).await {
            Ok(Heard::Text(frame)) => {
                if let Ok(event) = jetstream::read(&frame, *wire, Wanted { languages, accounts })
                    && let What::Written(post) = event.what
                {
                    raw.push(*post);
                }
            }
            Ok(Heard::Alive) => {}
            Ok(Heard::Poison | Heard::Over(_)) | Err(_) => break,
        }
    }
    socket.close().await;
    let posts = clean::clean(raw, &source.name, asking.now);
    Ok(Gathered::Batch(Box::new(Batch { posts, title: Some(source.kind.place()), ..Batch::default() })))
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
            let follower = Follower::new(Arc::clone(house), Arc::clone(bell), source, state, pace);
            tasks.spawn(follower.follow(stop.clone()));
        }
        Self { tasks, stop }
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
