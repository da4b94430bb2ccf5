//! The numbers of the house, in Prometheus' words (OpenMetrics text).

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// A source, and how a visit to it ended ("read", "unchanged", "failed", "put off").
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByVisit {
    /// Its name.
    pub source: String,
    /// How the visit ended.
    pub outcome: String,
}

/// Label: which source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BySource {
    /// Its name in the configuration.
    pub source: String,
}

/// Label: the class of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByReason {
    /// A short word such as `timeout`.
    pub reason: String,
}

/// Labels of a letter's fate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByDesk {
    /// Which desk.
    pub desk: String,
    /// `sent`, `later`, `refused` or `barred`.
    pub outcome: String,
}

/// Label: where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByState {
    /// `queued`, `sending` or `dead`.
    pub state: &'static str,
}

/// Label: the first digit of what a relay answered to a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByCode {
    /// `2xx`, `4xx` or `5xx`; `none` where the relay could not be reached or did not let us in.
    pub code_class: &'static str,
}

/// Label: the version that runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: String,
}

/// Everything that is counted. Cheap to clone parts of; one for a daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Unix time of each source's last good visit.
    pub feed_last_success: Family<BySource, Gauge<i64, AtomicI64>>,
    /// Visits that failed, by class.
    pub feed_errors: Family<ByReason, Counter>,
    /// Visits, by source and how they ended.
    pub source_visits: Family<ByVisit, Counter>,
    /// Failed visits since the last good one, by source.
    pub source_failures: Family<BySource, Gauge<i64, AtomicI64>>,
    /// New posts read.
    pub posts_ingested: Counter,
    /// The same, by source.
    pub source_posts: Family<BySource, Counter>,
    /// Events of streams, by source.
    pub stream_events: Family<BySource, Counter>,
    /// Frames of streams that held no event, by source.
    pub stream_odd_frames: Family<BySource, Counter>,
    /// Connections made to streams, by source.
    pub stream_connections: Family<BySource, Counter>,
    /// Stretches of streams that were missed, by source.
    pub stream_gaps: Family<BySource, Counter>,
    /// Seconds between a server seeing an event and our having written it down.
    pub stream_lag: Family<BySource, Gauge<f64, AtomicU64>>,
    /// Posts seen to repeat a claim.
    pub sightings: Counter,
    /// The same, by source.
    pub source_sightings: Family<BySource, Counter>,
    /// Near-misses.
    pub near_misses: Counter,
    /// Seconds that matching one visit's posts took.
    pub match_duration: Histogram,
    /// Seconds from the publication of a post to the row of the letter that tells of it.
    pub match_lag: Histogram,
    /// Seconds from the writing of a letter to its acceptance.
    pub delivery_lag: Histogram,
    /// Letters by desk and fate.
    pub alerts: Family<ByDesk, Counter>,
    /// Sightings that got no letter of their own, or none yet, by reason.
    pub suppressed: Family<ByReason, Counter>,
    /// What the relay answered to letters.
    pub smtp_replies: Family<ByCode, Counter>,
    /// Letters refused for good.
    pub bounces: Counter,
    /// Deliveries that wait, are being sent, or were given up.
    pub outbox_rows: Family<ByState, Gauge<i64, AtomicI64>>,
    /// Age of the oldest delivery that waits.
    pub outbox_oldest: Gauge<i64, AtomicI64>,
    /// Bytes free where the database lies.
    pub disk_free: Gauge<u64, AtomicU64>,
    /// Size of the database.
    pub db_size: Gauge<i64, AtomicI64>,
    /// 1 if the last reload was good.
    pub reload_ok: Gauge<i64, AtomicI64>,
    /// Claims in the rules that run.
    pub claims: Gauge<i64, AtomicI64>,
}

impl Metrics {
    /// Registers everything under the prefix `claimwatch_`.
    pub fn new(version: &str) -> Self {
        let mut registry = Registry::with_prefix("claimwatch");
        let build: Family<Build, Gauge<i64, AtomicI64>> = Family::default();
        build.get_or_create(&Build { version: version.to_owned() }).set(1);
        registry.register("build_info", "The version that runs", build);
        let metrics = Self {
            feed_last_success: Family::default(),
            feed_errors: Family::default(),
            source_visits: Family::default(),
            source_failures: Family::default(),
            posts_ingested: Counter::default(),
            source_posts: Family::default(),
            stream_events: Family::default(),
            stream_odd_frames: Family::default(),
            stream_connections: Family::default(),
            stream_gaps: Family::default(),
            stream_lag: Family::default(),
            sightings: Counter::default(),
            source_sightings: Family::default(),
            near_misses: Counter::default(),
            match_duration: Histogram::new(exponential_buckets(0.0001, 4.0, 10)),
            match_lag: Histogram::new(exponential_buckets(1.0, 4.0, 9)),
            delivery_lag: Histogram::new(exponential_buckets(0.1, 4.0, 11)),
            alerts: Family::default(),
            suppressed: Family::default(),
            smtp_replies: Family::default(),
            bounces: Counter::default(),
            outbox_rows: Family::default(),
            outbox_oldest: Gauge::default(),
            disk_free: Gauge::default(),
            db_size: Gauge::default(),
            reload_ok: Gauge::default(),
            claims: Gauge::default(),
            registry: Registry::default(),
        };
        metrics.reload_ok.set(1);
        registry.register_with_unit(
            "feed_last_success_timestamp",
            "When each source was last visited well, Unix time",
            Unit::Seconds,
            metrics.feed_last_success.clone(),
        );
        registry.register("feed_errors", "Visits that failed, by class", metrics.feed_errors.clone());
        registry.register("source_visits", "Visits, by source and outcome", metrics.source_visits.clone());
        registry.register("source_failures", "Failed visits since the last good one", metrics.source_failures.clone());
        registry.register("posts_ingested", "New posts read", metrics.posts_ingested.clone());
        registry.register("source_posts", "New posts read, by source", metrics.source_posts.clone());
        registry.register("source_sightings", "Posts seen to repeat a claim, by source", metrics.source_sightings.clone());
        registry.register("stream_events", "Events of streams", metrics.stream_events.clone());
        registry.register("stream_odd_frames", "Frames of streams that held no event", metrics.stream_odd_frames.clone());
        registry.register("stream_connections", "Connections made to streams", metrics.stream_connections.clone());
        registry.register("stream_gaps", "Stretches of streams that were missed", metrics.stream_gaps.clone());
        registry.register_with_unit(
            "stream_lag",
            "Time between a server seeing an event and our having written it down",
            Unit::Seconds,
            metrics.stream_lag.clone(),
        );
        registry.register("sightings", "Posts seen to repeat a claim", metrics.sightings.clone());
        registry.register("near_misses", "Posts that nearly repeat a claim", metrics.near_misses.clone());
        registry.register_with_unit(
            "match_duration",
            "Time that matching the new posts of one visit took",
            Unit::Seconds,
            metrics.match_duration.clone(),
        );
        registry.register_with_unit(
            "match_lag",
            "Time from the publication of a post to the row of the letter that tells of it",
            Unit::Seconds,
            metrics.match_lag.clone(),
        );
        registry.register_with_unit(
            "delivery_lag",
            "Time from the writing of a letter to its acceptance",
            Unit::Seconds,
            metrics.delivery_lag.clone(),
        );
        registry.register("smtp_replies", "What the relay answered to letters, by first digit", metrics.smtp_replies.clone());
        registry.register("bounces", "Letters refused for good", metrics.bounces.clone());
        registry.register("alerts", "Letters by desk and outcome", metrics.alerts.clone());
        registry.register(
            "alerts_suppressed",
            "Sightings without a letter of their own, or without one yet, by reason",
            metrics.suppressed.clone(),
        );
        registry.register("outbox_rows", "Deliveries by state, accepted and dropped ones left out", metrics.outbox_rows.clone());
        registry.register_with_unit(
            "outbox_oldest",
            "Age of the oldest delivery that waits",
            Unit::Seconds,
            metrics.outbox_oldest.clone(),
        );
        registry.register_with_unit("disk_free", "Free space where the database lies", Unit::Bytes, metrics.disk_free.clone());
        registry.register_with_unit("db_size", "Size of the database", Unit::Bytes, metrics.db_size.clone());
        registry.register("config_last_reload_successful", "1 if the last reload was good", metrics.reload_ok.clone());
        registry.register("claims", "Claims that posts are compared with", metrics.claims.clone());
        Self { registry, ..metrics }
    }

    /// Counts sightings that were not written about now.
    pub fn suppress(&self, reason: &str, sightings: usize) {
        if sightings > 0 {
            self.suppressed.get_or_create(&ByReason { reason: reason.to_owned() }).inc_by(sightings as u64);
        }
    }

    /// Lets what may happen to a source stand at 0 from the start: `increase()` sees only steps, and a counter that comes up
    /// with 1 takes none.
    pub fn expect_source(&self, source: &str, is_stream: bool) {
        let label = BySource { source: source.to_owned() };
        for family in [&self.source_posts, &self.source_sightings] {
            drop(family.get_or_create(&label));
        }
        for family in [&self.stream_events, &self.stream_odd_frames, &self.stream_connections, &self.stream_gaps] {
            if is_stream {
                drop(family.get_or_create(&label));
            }
        }
    }

    /// The same for reasons of not writing.
    pub fn expect_reasons(&self, reasons: impl IntoIterator<Item = &'static str>) {
        for reason in reasons {
            drop(self.suppressed.get_or_create(&ByReason { reason: reason.to_owned() }));
        }
    }

    /// The same for what a relay may answer.
    pub fn expect_relay(&self) {
        for code_class in ["2xx", "4xx", "5xx", "none"] {
            drop(self.smtp_replies.get_or_create(&ByCode { code_class }));
        }
    }

    /// Gives everything in OpenMetrics text form.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Gives everything in Prometheus' own text form, version 0.0.4: for people with `curl`, for `promtool check metrics`, and
    /// for scrapers older than OpenMetrics. There a counter's family has the name of its sample.
    pub fn prometheus_text(&self) -> String {
        let open = self.encode();
        let counters: HashSet<&str> =
            open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
        let mut text = String::with_capacity(open.len());
        for line in open.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
            let mut words = line.splitn(4, ' ');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("#"), Some(what @ ("HELP" | "TYPE")), Some(name), Some(rest)) if counters.contains(name) => {
                    text += &format!("# {what} {name}_total {rest}\n");
                }
                _ => {
                    text += line;
                    text.push('\n');
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_gauges_appear_under_their_documented_names() {
        let metrics = Metrics::new("1.2.3");
        metrics.posts_ingested.inc_by(3);
        metrics.alerts.get_or_create(&ByDesk { desk: "politics".to_owned(), outcome: "sent".to_owned() }).inc();
        metrics.feed_last_success.get_or_create(&BySource { source: "bbc".to_owned() }).set(7);
        let text = metrics.encode();
        for line in [
            "claimwatch_posts_ingested_total 3",
            "claimwatch_alerts_total{desk=\"politics\",outcome=\"sent\"} 1",
            "claimwatch_feed_last_success_timestamp_seconds{source=\"bbc\"} 7",
            "claimwatch_build_info{version=\"1.2.3\"} 1",
            "claimwatch_config_last_reload_successful 1",
        ] {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
    }

    /// https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
    #[test]
    fn the_older_text_form_names_counters_as_their_samples_and_holds_nothing_it_does_not_know() {
        let metrics = Metrics::new("1.2.3");
        metrics.posts_ingested.inc_by(3);
        let text = metrics.prometheus_text();
        assert!(
            text.contains(
                "# HELP claimwatch_posts_ingested_total New posts read.\n# TYPE claimwatch_posts_ingested_total counter\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("# TYPE claimwatch_claims gauge\n") && text.contains("claimwatch_posts_ingested_total 3\n"),
            "{text}"
        );
        assert!(!text.contains("# UNIT") && !text.contains("# EOF"), "{text}");
    }

    #[test]
    fn what_may_happen_stands_at_zero_before_it_happens() {
        let metrics = Metrics::new("1.2.3");
        metrics.expect_source("bbc", false);
        metrics.expect_source("network", true);
        metrics.expect_reasons(["cap"]);
        metrics.expect_relay();
        let text = metrics.encode();
        for line in [
            "claimwatch_source_posts_total{source=\"bbc\"} 0",
            "claimwatch_stream_gaps_total{source=\"network\"} 0",
            "claimwatch_alerts_suppressed_total{reason=\"cap\"} 0",
            "claimwatch_smtp_replies_total{code_class=\"none\"} 0",
        ] {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
        assert!(!text.contains("claimwatch_stream_gaps_total{source=\"bbc\"}"), "{text}");
    }
}
