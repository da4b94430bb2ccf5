//! New rules and desks without a restart: read and compiled in the background, swapped in whole, or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::clock::Clock;
use super::error::DaemonError;
use super::supervisor;
use crate::alerting::subscription::Desk;
use crate::config::{self, Claims, Report};
use crate::model::units::counted;
use crate::rules::compile::{RuleSet, compile};
use crate::rules::diagnostic::Level;
use crate::rules::life::holds_on;
use crate::store::Store;
use crate::store::records::Note;
use crate::telemetry::metrics::Metrics;

/// Files are read this long after the last of a burst of changes: an editor or `git pull` writes many at once.
const SETTLE: Duration = Duration::from_millis(500);

/// Compiles the rules that hold on `day`, and the bulk claims beside them.
pub fn in_force(loaded: Claims, day: Date) -> RuleSet {
    let Claims { rules, bulk, policy } = loaded;
    compile(rules.into_iter().filter(|rule| holds_on(rule, day)).collect()).with_bulk(bulk, policy)
}

/// Gives the day that decides which rules have begun and which have expired.
pub fn today(clock: Clock) -> Date {
    clock.now().to_zoned_datetime(TimeZone::system()).date()
}

/// What others go by, and what is swapped when it was read again.
#[derive(Debug)]
pub struct Shared {
    /// The rules in force.
    pub rules: watch::Sender<Arc<RuleSet>>,
    /// The desks, with their ways out and secrets.
    pub desks: watch::Sender<Arc<[Desk]>>,
}

/// Watches the rules and keeps them and the desks up to date.
pub struct Reloader {
    config: PathBuf,
    clock: Clock,
    day: Date,
    shared: Shared,
    metrics: Arc<Metrics>,
    store: Store,
    status: String,
    changes: mpsc::Receiver<()>,
    /// Dropping it would end the watching.
    _watcher: Option<Debouncer<RecommendedWatcher, RecommendedCache>>,
}

impl Reloader {
    /// Begins to watch the folders that hold `paths`. Where the system cannot watch, SIGHUP still works.
    pub fn new(
        config: PathBuf,
        paths: &[PathBuf],
        shared: Shared,
        metrics: Arc<Metrics>,
        clock: Clock,
        store: Store,
        status: String,
    ) -> Self {
        // One place is enough: a second change before the first is read will be read with it.
        let (sender, changes) = mpsc::channel(1);
        let watcher = watched(paths, sender);
        Self { config, clock, day: today(clock), shared, metrics, store, status, changes, _watcher: watcher }
    }

    /// Reloads whenever a file changes, SIGHUP arrives or the day turns (rules begin and expire), until `stop`.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), DaemonError> {
        let mut hangup = signal(SignalKind::hangup()).map_err(DaemonError::Signals)?;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = hangup.recv() => self.reload("SIGHUP").await,
                Some(()) = self.changes.recv() => self.reload("a changed file").await,
                () = sleep(Duration::from_secs(60)) => {
                    if today(self.clock) != self.day {
                        self.reload("a new day").await;
                    }
                }
            }
        }
    }

    async fn reload(&mut self, why: &str) {
        supervisor::reloading();
        self.day = today(self.clock);
        let (path, day) = (self.config.clone(), self.day);
        let read =
            spawn_blocking(move || config::load(&path).map(|loaded| (in_force(loaded.claims, day), loaded.config.desks))).await;
        // `good`, or `failed` and the place of the first mistake.
        let mut went = "failed".to_owned();
        let status = match read {
            Ok(Ok((rules, desks))) => {
                let claims = rules.len() + rules.bulk.len();
                self.metrics.claims.set(i64::try_from(claims).unwrap_or(i64::MAX));
                self.metrics.reload_ok.set(1);
                "good".clone_into(&mut went);
                let desks: Arc<[Desk]> = desks.into();
                let told = counted(desks.len(), "desk");
                // Desks first: a rule may name one that is new.
                self.shared.desks.send_if_modified(|old| {
                    let changed = **old != *desks;
                    *old = desks;
                    changed
                });
                self.shared.rules.send_replace(Arc::new(rules));
                info!(claims, "read rules and desks again ({why}): {} and {told} from here on", counted(claims, "claim"));
                self.status.clone()
            }
            Ok(Err(report)) => {
                self.metrics.reload_ok.set(0);
                log(&report);
                let first = report.found.iter().find(|one| one.level == Level::Error);
                let place = first.map(|one| format!(": {}:{}", one.place.file, one.place.line)).unwrap_or_default();
                let errors = counted(report.count(Level::Error), "error");
                error!("the rules were not changed ({why}): {errors}; the old ones stay in force");
                went = format!("failed{place}");
                format!("{}; reload {went}", self.status)
            }
            Err(fault) => {
                self.metrics.reload_ok.set(0);
                error!("the rules were not changed: reading them broke off: {fault}");
                format!("{}; reload failed", self.status)
            }
        };
        let note = format!("{}|{went}", self.clock.now());
        if let Err(error) = self.store.put_note(Note::Reload, &note).await {
            warn!("how the reload went could not be noted: {error}");
        }
        // READY ends the reload for systemd, whether it was good or not.
        supervisor::ready(&status);
    }
}

/// Logs every mistake, each as one line with its code and place.
pub fn log(report: &Report) {
    for one in &report.found {
        let help = one.help.as_deref().unwrap_or_default();
        let (file, line, column) = (&one.place.file, one.place.line, one.place.column);
        match one.level {
            Level::Error => warn!(code = one.code, file, line, "{file}:{line}:{column} {}: {}. {help}", one.code, one.message),
            Level::Warning => info!(code = one.code, file, line, "{file}:{line}:{column} {}: {}. {help}", one.code, one.message),
        }
    }
}

fn watched(paths: &[PathBuf], sender: mpsc::Sender<()>) -> Option<Debouncer<RecommendedWatcher, RecommendedCache>> {
    let on_change = move |events: DebounceEventResult| {
        let matters = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml" || end == "jsonl" || end == "gz");
        let changed =
            events.is_ok_and(|events| events.iter().any(|event| !event.kind.is_access() && event.paths.iter().any(matters)));
        if changed {
            // Full means that a reload is waiting anyway.
            let _ = sender.try_send(());
        }
    };
    let watching = new_debouncer(SETTLE, None, on_change).and_then(|mut watcher| {
        for path in paths {
            // The folder, never the file: editors write a new file and rename it over the old one.
            let folder = if path.is_dir() {
                path.as_path()
            } else {
                path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."))
            };
            watcher.watch(folder, RecursiveMode::Recursive)?;
        }
        Ok(watcher)
    });
    watching.inspect_err(|fault| warn!("rule files are not watched ({fault}); send SIGHUP after a change")).ok()
}
