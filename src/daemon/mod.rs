//! Start, stop, reload: the long-running service.
//!
//! One loop decides; the visits it starts and the post office do. The order of stopping is the order of trust: no new
//! visits → visits in hand finish → the letter in hand settles → the web server → the store, one limit over all.

mod clerk;
pub mod clock;
pub mod comparing;
pub mod condition;
mod connectors;
mod counting;
pub mod error;
pub mod gate;
pub mod gather;
pub mod gathered;
pub mod hooks;
pub mod letters;
pub mod news;
pub mod recognise;
pub mod reload;
pub mod report;
mod rests;
pub mod round;
pub mod schedule;
mod settling;
pub mod stream;
pub mod supervisor;
pub mod trouble;
pub mod upkeep;
pub mod watch;
pub mod websub;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch as channel};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::clock::Clock;
use self::error::DaemonError;
use self::letters::PostOffice;
use self::reload::{Reloader, Shared};
use self::report::Report;
use self::round::{House, Visited};
use self::stream::Streams;
use self::watch::Watch;
use crate::alerting::subscription::Desk;
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::model::alert::Waits;
use crate::model::digest::Reason;
use crate::model::source::{Source, SourceKind, SourceName, SourceState};
use crate::model::units::counted;
use crate::rules::compile::RuleSet;
use crate::store::Store;
use crate::store::records::Note;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::pulse::Pulse;
use crate::web::feeds::{self, Feeds};
use crate::web::ingest::Ingest;
use crate::web::{Server, Window};

/// How long stopping may take in all: what is not done by then is repeated after the next start.
const STOP_LIMIT: Duration = Duration::from_secs(45);

/// What the daemon says while it runs; the command line makes sentences of it.
#[derive(Debug)]
pub enum News {
    /// Everything stands.
    Started {
        /// Sources watched.
        sources: usize,
        /// Claims posts are compared with.
        claims: usize,
        /// Desks written to.
        desks: usize,
        /// Where metrics are served, if they are.
        web: Option<SocketAddr>,
        /// Paths of feeds of alerts that are served there.
        feeds: Vec<String>,
    },
    /// A visit ended.
    Visited {
        /// Which source.
        source: SourceName,
        /// How.
        how: Visited,
    },
    /// Every source that was due at the start has been visited, or time for the first report is up.
    FirstRound {
        /// Sources that have not answered yet.
        waiting: usize,
        /// What the post office did so far, if the store could tell.
        post: Option<Report>,
        /// When the next source is due.
        next: Option<Timestamp>,
    },
}

/// What to run with.
#[derive(Debug)]
pub struct Orders {
    /// The configuration.
    pub config: Config,
    /// Where it was read from: a reload reads it again.
    pub config_path: PathBuf,
    /// The rules in force.
    pub rules: RuleSet,
    /// Visit every source once, send what is due, and end.
    pub once: bool,
    /// The time.
    pub clock: Clock,
}

/// Runs until `stop`, or, with `once`, until every source was visited and what was due is sent.
///
/// # Errors
/// When the house cannot be opened: see [`DaemonError`]. Once it runs, failures are met, logged and counted.
pub async fn run(orders: Orders, stop: impl Future<Output = ()>, mut tell: impl FnMut(News)) -> Result<(), DaemonError> {
    let Orders { config, config_path, rules, once, clock } = orders;
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
    let pulse = Arc::new(Pulse::default());
    let store = Store::open(&config.store).await?;
    let server = match &config.web {
        Some(settings) if !once => Some(Server::bind(settings).await.map_err(|e| DaemonError::Web(settings.listen, e))?),
        _ => None,
    };
    let web_address = server.as_ref().and_then(|server| server.address().ok());
    let mut states = store.source_states().await?;
    let (bell, knock) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    for source in &config.sources {
        let streams = source.kind.is_stream() || matches!(source.kind, SourceKind::Mastodon { streams: true, .. });
        metrics.expect_source(&source.name.0, streams);
    }
    metrics.expect_reasons(Reason::ALL.iter().map(|reason| reason.word()).chain([Waits::Spaced.word()]));
    let counted_sources = config.sources.len();
    let reported = Source::watched(&config.sources).map(|source| source.name.clone()).collect();
    let pushable = Source::pushable(&config.sources);
    let mut sources = config.sources;
    let unnamed: Vec<Source> = pushable.iter().filter(|one| !sources.contains(one)).cloned().collect();
    sources.extend(unnamed);
    let ingest = config.web.as_ref().and_then(|settings| settings.ingest_token.as_ref()).map(|token| {
        let names = pushable.into_iter().map(|source| source.name).collect();
        Arc::new(Ingest::new(store.clone(), token, names, Arc::clone(&knock)))
    });
    let watched: Vec<(Source, SourceState)> = sources
        .into_iter()
        .map(|source| {
            let state = states.remove(&source.name).unwrap_or_default();
            (source, state)
        })
        .collect();
    let can_be_pushed =
        |(source, _): &(Source, SourceState)| matches!(source.kind, SourceKind::Feed { .. }).then(|| source.clone());
    let pushed: Vec<Source> = watched.iter().filter_map(can_be_pushed).collect();
    let (mut streams, watched): (Vec<_>, Vec<_>) = watched.into_iter().partition(|(source, _)| source.kind.is_stream());
    let also_streams = |(source, _): &&(Source, SourceState)| matches!(source.kind, SourceKind::Mastodon { streams: true, .. });
    let listened: Vec<_> = watched.iter().filter(also_streams).cloned().collect();
    let sample = config.store.stream_sample_per_million;
    let claims = rules.len() + rules.bulk.len();
    metrics.claims.set(i64::try_from(claims).unwrap_or(i64::MAX));
    let (rules_sender, rules) = channel::channel(Arc::new(rules));
    let (desks_sender, desk_list) = channel::channel::<Arc<[Desk]>>(config.desks.into());
    let (sources, desks) = (counted_sources, desk_list.borrow().iter().filter(|desk| !desk.is_operator()).count());
    let in_flight = config.fetch.in_flight;
    let house = Arc::new(House {
        fetcher: Fetcher::new(&config.fetch),
        store,
        rules,
        desks: desk_list.clone(),
        metrics: Arc::clone(&metrics),
        clock,
    });
    let first_desks = Arc::clone(&desk_list.borrow());
    let office = Arc::new(
        PostOffice::new(house.store.clone(), &config.mail, first_desks, Arc::clone(&bell), Arc::clone(&metrics))?
            .with_desks(desk_list.clone())
            .with_clock(clock)
            .with_fetcher(house.fetcher.clone())
            .with_rules(house.rules.clone())
            .with_sources(reported),
    );
    let with_feed = desk_list.borrow().iter().filter(|desk| desk.feed).map(|desk| feeds::path(&desk.name.0)).collect();
    tell(News::Started { sources, claims, desks, web: web_address, feeds: with_feed });

    let mut watch = Watch::new(&house, &office, (&bell, &knock), &pulse, watched, in_flight, once);
    if once {
        for (source, _) in &streams {
            info!(source.id = %source.name, "{} is a stream: only a claimwatch that keeps running follows it", source.name);
        }
        watch.once(&mut tell).await;
        let post = Some(office.once().await?);
        tell(News::FirstRound { waiting: watch.unvisited(), post, next: None });
        house.store.close().await;
        return if watch.is_held_up() { Err(DaemonError::DiskIsFull) } else { Ok(()) };
    }

    let aside = CancellationToken::new();
    let status = format!("watching {} for {}", counted(sources, "source"), counted(desks, "desk"));
    let reloader = Reloader::new(
        config_path,
        &config.rule_paths,
        Shared { rules: rules_sender, desks: desks_sender },
        Arc::clone(&metrics),
        clock,
        house.store.clone(),
        status.clone(),
    );
    let reloading = tokio::spawn(reloader.run(aside.clone()));
    let watchdog = tokio::spawn(supervisor::feed_watchdog(Arc::clone(&pulse), aside.clone()));
    let order = tokio::spawn(upkeep::keep(house.store.clone(), Arc::clone(&metrics), clock, aside.clone()));
    let (stop_office, at_work) = (CancellationToken::new(), Arc::clone(&office));
    let closing = stop_office.clone();
    let mut post = tokio::spawn(async move { at_work.run(&closing).await });
    let stop_web = CancellationToken::new();
    let feeds = config
        .web
        .as_ref()
        .map(|settings| Arc::new(Feeds::new(house.store.clone(), settings, desk_list.clone(), office.domain())));
    let reached_by = config.web.as_ref().filter(|settings| settings.websub).and_then(|settings| settings.url.clone());
    let (hubs, subscriber) = reached_by.map(|url| websub::open(&house, &bell, url, pushed)).unzip();
    let window = Window { metrics: Arc::clone(&metrics), pulse: Arc::clone(&pulse), ingest, feeds, hubs };
    let web = server.map(|server| tokio::spawn(server.run(window, stop_web.clone())));

    let running = format!("{}|{}", clock.now(), std::process::id());
    house.store.put_note(Note::Running, &running).await?;
    // These are visited as well.
    streams.extend(listened);
    let mut streams = Streams::start(&house, &bell, streams, sample);
    match subscriber {
        Some(subscriber) => streams.also(|stop| subscriber.run(stop)),
        // Nobody listens to hubs: what was subscribed to is visited as often as everything else.
        None => drop(house.store.want_subscriptions(&[], clock.now()).await?),
    }
    pulse.set_ready(true);
    supervisor::ready(&status);
    watch.until(stop, &mut tell).await;
    pulse.set_ready(false);
    supervisor::stopping();
    // No new rules while the last visits finish; the watchdog is fed to the end.
    reloading.abort();
    order.abort();

    let limit = Instant::now() + STOP_LIMIT;
    info!("stopping: no new visits");
    match watch.finish(limit, &mut tell).await {
        0 => info!("stopping: all visits are finished"),
        given_up => warn!("stopping: {given_up} visits were given up; they will be repeated after the next start"),
    }
    match streams.finish(limit).await {
        0 => {}
        given_up => warn!("stopping: {given_up} streams were given up; they are resumed after the next start"),
    }
    stop_office.cancel();
    match timeout_at(limit, &mut post).await {
        Ok(Ok(Ok(()))) => info!("stopping: the post office is closed"),
        Ok(Ok(Err(fault))) => error!("the post office had stopped: {fault}"),
        Ok(Err(fault)) => error!("the post office had broken off: {fault}"),
        Err(_) => {
            post.abort();
            warn!("stopping: a letter is still in hand; it will be sent again with the same Message-ID after the next start");
        }
    }
    stop_web.cancel();
    if let Some(web) = web {
        let _ = timeout_at(limit, web).await;
    }
    let _ = house.store.put_note(Note::Running, "").await;
    house.store.close().await;
    aside.cancel();
    let _ = watchdog.await;
    info!("stopped");
    Ok(())
}
