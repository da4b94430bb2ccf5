//! What systemd is told: ready, reloading, stopping, a status line, and signs of life for its watchdog.
//!
//! Without systemd every call is silent and harmless.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::telemetry::pulse::Pulse;

/// Says that every part stands.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that rules are being read again. systemd waits for [`ready`] afterwards, whatever comes of it, and needs to be
/// told the monotonic time with it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Says that the daemon goes down on purpose.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Feeds systemd's watchdog until `stop`, but only while scheduler, visits and post office move.
pub async fn feed_watchdog(pulse: Arc<Pulse>, stop: CancellationToken) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut beat = tokio::time::interval((limit / 3).max(Duration::from_millis(100)));
    let mut was_stuck = false;
    while stop.run_until_cancelled(beat.tick()).await.is_some() {
        match pulse.stuck() {
            None => {
                was_stuck = false;
                tell(&[NotifyState::Watchdog]);
            }
            Some((organ, silent)) if !was_stuck => {
                was_stuck = true;
                error!("{organ} has not moved for {} s: the watchdog is left hungry, systemd will restart us", silent.as_secs());
            }
            Some(_) => {}
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(fault) = sd_notify::notify(state) {
        debug!("systemd could not be told: {fault}");
    }
}
