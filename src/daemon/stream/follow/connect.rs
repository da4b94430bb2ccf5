//! A stream opened: at which server, and from which place on.

use tracing::warn;

use super::Follower;
use crate::daemon::stream::place::Cursor;
use crate::daemon::trouble::Trouble;
use crate::feeds::jetstream::{self, Place};
use crate::fetch::socket::{Refused, Socket};
use crate::model::source::{Backfill, SourceKind, SourceState};

impl Follower {
    /// Opens the stream at the host whose turn it is, from where its posts were written down. Gives the host's name too.
    pub(super) async fn connect(&mut self) -> Result<(Socket, String), Trouble> {
        self.begin().await?;
        let SourceKind::Jetstream { hosts, wire, accounts, reposts, allow_private, .. } = &self.source.kind else {
            return Err(Trouble::of_stream("no stream"));
        };
        let Some(host) = hosts.get(self.turns.host % hosts.len().max(1)) else {
            return Err(Trouble::of_stream("the stream has no server"));
        };
        let name = host.host_str().unwrap_or_default().to_owned();
        let step = self.turns.step(self.cursor.time_us);
        let place = match (self.cursor.resume(*wire, &name, step), self.refused) {
            // Exactly there: what was posted before a first visit is history.
            (_, 0) if self.is_beginning => Place::Time(self.cursor.time_us),
            (Place::Now, _) | (_, 2..) => Place::Now,
            (Place::Event(_), 1) => Place::Time(self.cursor.time_us),
            (place, _) => place,
        };
        let url = jetstream::address(host, *wire, accounts, *reposts, place);
        match self.house.fetcher.socket(&url, allow_private).await {
            Ok(socket) => {
                self.house.metrics.stream_connections.get_or_create(&self.label()).inc();
                if step > 0 {
                    warn!(source.id = %self.source.name, "{}: a message that breaks the connection is stepped over", self.source.name);
                    self.note_gap(self.cursor.time_us.saturating_add(step.saturating_mul(1_000_000)));
                }
                Ok((socket, name))
            }
            Err(Refused::BadRequest(error)) => {
                self.refused =
                    if place == Place::Now { 0 } else { self.refused + if matches!(place, Place::Event(_)) { 1 } else { 2 } };
                Err(error.into())
            }
            Err(Refused::Other(error)) => Err(error.into()),
        }
    }

    /// Writes down where a stream begins that was never followed (now, or so long ago as `backfill` says), before anything is
    /// read of it: from then on nothing is missed, whatever happens.
    async fn begin(&mut self) -> Result<(), Trouble> {
        if self.cursor.time_us > 0 {
            return Ok(());
        }
        let now = self.house.clock.now();
        let begin = match self.source.backfill {
            Backfill::Within(time) => now.saturating_sub(time).unwrap_or(now),
            _ => now,
        };
        let cursor = Cursor { time_us: begin.as_microsecond(), ..self.cursor.clone() };
        let state = SourceState { cursor: cursor.text(), ..self.state.clone() };
        self.house.store.record_state(&self.source.name, &state).await?;
        (self.state, self.cursor, self.is_beginning) = (state, cursor, true);
        Ok(())
    }
}
