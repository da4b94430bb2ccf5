//! Politeness: one request at a time to a host, a pause after each, and no visit while a host has asked to be left alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::{Host, Url};

use super::guard::is_public;

/// Longest a visit waits in line; a longer pause puts the visit off, so that a slow host keeps no others waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reddit serves about one request a minute and address, and punishes more with hours of 403.
const REDDIT_GAP: Duration = Duration::from_secs(65);

/// Longest pause a host can ask for.
const LONGEST_REST: Duration = Duration::from_secs(24 * 3600);

/// Hosts remembered before those at rest are forgotten.
const REMEMBERED: usize = 4096;

/// Whom a request goes to, as politeness counts: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostKey(String);

impl HostKey {
    /// Gives the key of a URL; all of Reddit is one host.
    pub fn of(url: &Url) -> Self {
        if is_reddit(url) {
            return Self("reddit.com".to_owned());
        }
        let port = url.port_or_known_default().unwrap_or_default();
        Self(format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default()))
    }
}

/// Says whether the URL is Reddit's, apart from the interface for those with keys, which has rules of its own.
pub fn is_reddit(url: &Url) -> bool {
    let is = |host: &str| (host == "reddit.com" || host.ends_with(".reddit.com")) && host != "oauth.reddit.com";
    url.host_str().is_some_and(is)
}

/// Gives the pause after a request to this URL, `usual` for most.
///
/// An address inside a private network can only have been reached because the operator listed it; it needs no sparing.
pub fn gap_after(url: &Url, usual: Duration) -> Duration {
    let ours = match url.host() {
        Some(Host::Ipv4(v4)) => !is_public(v4.into()),
        Some(Host::Ipv6(v6)) => !is_public(v6.into()),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match (ours, is_reddit(url)) {
        (true, _) => Duration::ZERO,
        (_, true) => usual.max(REDDIT_GAP),
        _ => usual,
    }
}

/// What is remembered about one host.
#[derive(Debug, Default)]
struct Rest {
    /// No request before this.
    until: Option<Instant>,
    /// Visits put off since the last request: each is sent away for a little longer, so that they come back one by one.
    put_off: u32,
}

#[derive(Debug, Default)]
struct Line {
    rest: Mutex<Rest>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Line {
    fn rest(&self) -> MutexGuard<'_, Rest> {
        // Nothing that can panic happens while it is held.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines in front of all hosts.
#[derive(Debug, Clone)]
pub struct Lines {
    lines: Arc<Mutex<HashMap<HostKey, Arc<Line>>>>,
    in_flight: Arc<Semaphore>,
}

/// A turn at a host; the pause begins when it is dropped.
#[derive(Debug)]
pub struct Turn {
    line: Arc<Line>,
    gap: Duration,
    _turn: OwnedMutexGuard<()>,
    _in_flight: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// Keeps the promise to stay away for so long (`Retry-After`), for every source on this host.
    pub fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST_REST);
        let mut rest = self.line.rest();
        rest.until = rest.until.max(Some(until));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let until = Instant::now() + self.gap;
        let mut rest = self.line.rest();
        rest.until = rest.until.max(Some(until));
    }
}

impl Lines {
    /// Opens the lines; `in_flight` requests at once in all.
    pub fn new(in_flight: usize) -> Self {
        Self { lines: Arc::default(), in_flight: Arc::new(Semaphore::new(in_flight.max(1))) }
    }

    fn line(&self, key: &HostKey) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() > REMEMBERED {
            let now = Instant::now();
            lines.retain(|_, line| Arc::strong_count(line) > 1 || line.rest().until.is_some_and(|until| until > now));
        }
        Arc::clone(lines.entry(key.clone()).or_default())
    }

    /// Waits for a turn at a host.
    ///
    /// # Errors
    /// When the wait would be long: how long to stay away before asking again.
    pub async fn enter(&self, key: &HostKey, gap: Duration) -> Result<Turn, Duration> {
        let line = self.line(key);
        let give_up = Instant::now() + PATIENCE;
        put_off_if_long(&line, gap, give_up)?;
        let Ok(turn) = tokio::time::timeout_at(give_up, Arc::clone(&line.turn).lock_owned()).await else {
            return Err(put_off(&line, gap, Instant::now()));
        };
        // The one before us may have been told to stay away.
        put_off_if_long(&line, gap, give_up)?;
        let until = line.rest().until;
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        line.rest().put_off = 0;
        // Closed never: nobody closes it. Last of the three waits, so that a resting host holds no place.
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok();
        Ok(Turn { line, gap, _turn: turn, _in_flight: in_flight })
    }
}

fn put_off_if_long(line: &Line, gap: Duration, give_up: Instant) -> Result<(), Duration> {
    let until = line.rest().until;
    match until {
        Some(until) if until > give_up => Err(put_off(line, gap, until)),
        _ => Ok(()),
    }
}

fn put_off(line: &Line, gap: Duration, until: Instant) -> Duration {
    let mut rest = line.rest();
    let behind_others = gap * rest.put_off;
    rest.put_off += 1;
    (until.saturating_duration_since(Instant::now()) + behind_others).max(Duration::from_secs(1)).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_secs(2);

    fn key(url: &str) -> HostKey {
        HostKey::of(&Url::parse(url).unwrap())
    }

    #[test]
    fn scheme_host_and_port_make_a_host_and_reddit_is_one() {
        assert_eq!(key("https://example.org/a"), key("https://example.org:443/b"));
        assert_ne!(key("http://example.org/"), key("https://example.org/"));
        assert_eq!(key("https://www.reddit.com/r/a"), key("https://old.reddit.com/r/b"));
        assert_ne!(key("https://www.reddit.com/"), key("https://notreddit.com/"));
    }

    #[test]
    fn hosts_of_ours_need_no_gap_and_reddit_a_long_one() {
        let gap = |url: &str| gap_after(&Url::parse(url).unwrap(), GAP);
        assert_eq!(gap("http://127.0.0.1:9000/"), Duration::ZERO);
        assert_eq!(gap("http://[::1]/"), Duration::ZERO);
        assert_eq!(gap("https://example.org/"), GAP);
        assert_eq!(gap("https://www.reddit.com/r/a/.rss"), Duration::from_secs(65));
        assert_eq!(gap("https://oauth.reddit.com/r/a/new"), GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn two_requests_to_one_host_are_never_closer_than_the_gap() {
        let lines = Lines::new(16);
        let times: Arc<Mutex<Vec<(Instant, Instant)>>> = Arc::default();
        let visits: Vec<_> = (0..10)
            .map(|n| {
                let (lines, times) = (lines.clone(), Arc::clone(&times));
                tokio::spawn(async move {
                    let turn = lines.enter(&key("https://example.org/"), GAP).await.unwrap();
                    let began = Instant::now();
                    tokio::time::sleep(Duration::from_millis(100 * n)).await;
                    times.lock().unwrap().push((began, Instant::now()));
                    drop(turn);
                })
            })
            .collect();
        for visit in visits {
            visit.await.unwrap();
        }
        let times = times.lock().unwrap();
        assert_eq!(times.len(), 10);
        assert!(times.windows(2).all(|pair| pair[1].0 >= pair[0].1 + GAP), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn other_hosts_do_not_wait() {
        let lines = Lines::new(16);
        let began = Instant::now();
        let _first = lines.enter(&key("https://example.org/"), GAP).await.unwrap();
        let _second = lines.enter(&key("https://example.net/"), GAP).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_are_in_flight_than_allowed() {
        let lines = Lines::new(2);
        let first = lines.enter(&key("https://a.example/"), GAP).await.unwrap();
        let _second = lines.enter(&key("https://b.example/"), GAP).await.unwrap();
        let host = key("https://c.example/");
        let third = lines.enter(&host, GAP);
        tokio::pin!(third);
        assert!(tokio::time::timeout(Duration::from_secs(5), &mut third).await.is_err());
        drop(first);
        assert!(third.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asked_for_rest_sends_everybody_away_one_after_the_other() {
        let lines = Lines::new(16);
        let host = key("https://example.org/");
        let turn = lines.enter(&host, GAP).await.unwrap();
        let waiting = tokio::spawn({
            let (lines, host) = (lines.clone(), host.clone());
            async move { lines.enter(&host, GAP).await.err() }
        });
        tokio::task::yield_now().await;
        turn.hold(Duration::from_secs(120));
        drop(turn);
        assert_eq!(waiting.await.unwrap(), Some(Duration::from_secs(120)));
        assert_eq!(lines.enter(&host, GAP).await.err(), Some(Duration::from_secs(122)));
        tokio::time::advance(Duration::from_secs(120)).await;
        assert!(lines.enter(&host, GAP).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_that_is_given_up_leaves_the_line_open() {
        let lines = Lines::new(1);
        let host = key("https://example.org/");
        let turn = lines.enter(&host, GAP).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(1), lines.enter(&host, GAP)).await.is_err());
        drop(turn);
        assert!(lines.enter(&host, GAP).await.is_ok());
    }
}
