//! A look into Bluesky's stream, for people: the daemon follows it in `stream`.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::clean;
use crate::feeds::jetstream::{self, Place, Wanted, What};
use crate::fetch::socket::{Heard, Refused};
use crate::model::source::{Source, SourceKind};

/// How long a look into a stream lasts…
const LOOK: Duration = Duration::from_secs(5);
/// …and how many posts it brings at the most.
const MOST_SHOWN: usize = 20;

/// Looks into a stream for a moment, as `source probe` does.
pub async fn gather(asking: &Asking<'_>, source: &Source) -> Result<Gathered, Trouble> {
    let SourceKind::Jetstream { hosts, wire, languages, accounts, allow_private, .. } = &source.kind else {
        return Ok(Gathered::nothing());
    };
    let Some(host) = hosts.first() else { return Ok(Gathered::nothing()) };
    let url = jetstream::address(host, *wire, accounts, false, Place::Now);
    let mut socket = match asking.fetcher.socket(&url, allow_private).await {
        Ok(socket) => socket,
        Err(Refused::BadRequest(error) | Refused::Other(error)) => return Err(error.into()),
    };
    let (mut raw, until) = (Vec::new(), Instant::now() + LOOK);
    while raw.len() < MOST_SHOWN {
        match timeout_at(until, socket.next()).await {
            Ok(Heard::Text(frame)) => {
                if let Ok(event) = jetstream::read(&frame, *wire, Wanted { languages, accounts })
                    && let What::Written(written) = event.what
                {
                    raw.push(written.post);
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
