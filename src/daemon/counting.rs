//! What visits add to the numbers of each source.

use jiff::Timestamp;

use super::round::House;
use crate::model::source::Source;
use crate::telemetry::metrics::{BySource, ByVisit};

/// Counts a visit by how it ended; a good one ends a row of failures.
pub(super) fn count_visit(house: &House, source: &Source, outcome: &str) {
    let label = ByVisit { source: source.name.0.clone(), outcome: outcome.to_owned() };
    house.metrics.source_visits.get_or_create(&label).inc();
    if matches!(outcome, "read" | "unchanged") {
        house.metrics.source_failures.get_or_create(&by_source(source)).set(0);
    }
}

/// For those who are told when a source falls silent; one that waits for others to bring posts may be silent.
pub(super) fn note_success(house: &House, source: &Source, now: Timestamp) {
    if !source.kind.waits_for_a_call() {
        house.metrics.feed_last_success.get_or_create(&by_source(source)).set(now.as_second());
    }
}

/// The label of a source.
pub(super) fn by_source(source: &Source) -> BySource {
    BySource { source: source.name.0.clone() }
}
