//! The house kept in order: numbers refreshed every minute, memory trimmed once a day.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::clock::Clock;
use crate::store::Store;
use crate::telemetry::metrics::{ByState, Metrics};

const MINUTE: Duration = Duration::from_secs(60);
/// Ticks of a minute between two trims of the memory.
const A_DAY: u64 = 24 * 60;

/// Keeps order until `stop`.
pub async fn keep(store: Store, metrics: Arc<Metrics>, clock: Clock, stop: CancellationToken) {
    let mut minute = interval(MINUTE);
    minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut minutes = 0_u64;
    while stop.run_until_cancelled(minute.tick()).await.is_some() {
        refresh(&store, &metrics, clock).await;
        // Not at once: a start has enough to do.
        minutes += 1;
        if minutes % A_DAY == 10 {
            forget(&store, clock).await;
        }
    }
}

async fn refresh(store: &Store, metrics: &Metrics, clock: Clock) {
    let now = clock.now();
    match store.numbers(now).await {
        Ok(numbers) => {
            let queued = numbers.waiting.saturating_sub(numbers.sending);
            for (state, rows) in [("queued", queued), ("sending", numbers.sending), ("dead", numbers.dead)] {
                metrics.outbox_rows.get_or_create(&ByState { state }).set(i64::try_from(rows).unwrap_or(i64::MAX));
            }
            metrics.outbox_oldest.set(numbers.oldest_waiting.map_or(0, |then| now.duration_since(then).as_secs().max(0)));
            metrics.db_size.set(i64::try_from(numbers.size_bytes).unwrap_or(i64::MAX));
        }
        Err(error) => warn!("the numbers could not be read: {error}"),
    }
}

async fn forget(store: &Store, clock: Clock) {
    match store.forget(clock.now()).await {
        Ok(forgotten) => info!("trimmed the memory: {forgotten:?}"),
        Err(error) => warn!("the memory could not be trimmed: {error}; tomorrow again"),
    }
}
