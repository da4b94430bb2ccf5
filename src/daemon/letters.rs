//! The post office (being written).

use super::clock::Clock;
use crate::alerting::subscription::Desk;
use crate::mail::error::MailError;
use crate::mail::settings::Settings;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::pulse::Pulse;
use std::sync::Arc;
use tokio::time::Instant;

/// Counts.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    pub sent: usize,
    pub later: usize,
    pub refused: usize,
    pub barred: usize,
}
/// The post office.
pub struct PostOffice {}
impl PostOffice {
    pub async fn open(
        _: &Store,
        _: &[Desk],
        _: &Settings,
        _: Clock,
        _: &Arc<Metrics>,
        _: &Arc<Pulse>,
    ) -> Result<Self, MailError> {
        Ok(Self {})
    }
    pub fn wake(&self) {}
    pub async fn settle_what_is_due(&self, _by: Instant) -> Totals {
        Totals::default()
    }
    pub async fn send_everything_now(&self) -> Result<Totals, MailError> {
        Ok(Totals::default())
    }
    pub async fn close(&self) {}
}
