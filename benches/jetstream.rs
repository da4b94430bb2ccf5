//! How many events of Bluesky's stream one core follows: read, compared with 10,000 claims of editors, written down.
//!
//! `taskset -c 0 cargo bench --bench jetstream` (one core for us and for the server that floods us). Makes its own data, the same
//! at every run: ordinary English words as often as people use them; one post in a hundred repeats a claim, one event in ten is a
//! deletion. The last bench paces the server at 5,000 events a second and prints the longest lag.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::round::House;
use claimwatch::daemon::stream::batch::{self, Work};
use claimwatch::daemon::stream::follow::{Follower, Pace};
use claimwatch::daemon::stream::memory::Memory;
use claimwatch::feeds::jetstream::{Wanted, read};
use claimwatch::fetch::Fetcher;
use claimwatch::fetch::settings::Settings;
use claimwatch::model::source::{Backfill, Source, SourceKind, SourceName, SourceState, Wire};
use claimwatch::rules::compile::{RuleSet, compile};
use claimwatch::rules::{RuleText, syntax};
use claimwatch::store::Store;
use claimwatch::telemetry::metrics::{BySource, Metrics};
use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

fn main() {
    divan::main();
}

const CLAIMS: usize = 10_000;
const EVENTS: usize = 25_000;
const A_SECOND: usize = 5_000;

/// Marsaglia's xorshift: chance that repeats itself.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

struct Data {
    rules: Arc<RuleSet>,
    posts: Vec<String>,
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let (mut words, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for line in include_str!("../src/text/frequencies/en.txt").lines() {
            let mut parts = line.split(' ');
            let tenths: f64 = parts.next().unwrap().parse().unwrap();
            for word in parts {
                sum += 10f64.powf(tenths / 10.0 - 4.0);
                words.push(word);
                sums.push(sum);
            }
        }
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        let mut sentence = |least: usize, more: usize| {
            let length = least + chance.below(more);
            let mut word = || {
                let at = chance.below(1 << 40) as f64 / (1u64 << 40) as f64 * sum;
                words[sums.partition_point(|s| *s < at).min(words.len() - 1)]
            };
            (0..length).map(|_| word()).collect::<Vec<_>>().join(" ")
        };
        let claims: Vec<String> = (0..CLAIMS).map(|_| sentence(10, 8)).collect();
        let mut toml = "format = 1\n".to_owned();
        for (number, claim) in claims.iter().enumerate() {
            toml += &format!(
                "[[claim]]\nid = \"claim-{number}\"\nclaim = {claim:?}\ntopic = \"t\"\n[claim.match]\nvariants = [{claim:?}]\n"
            );
        }
        let (rules, found) = syntax::read(&[RuleText { name: "rules.toml".into(), bytes: toml.into() }]);
        assert!(rules.len() > CLAIMS * 9 / 10, "{:?}", found.first());
        let posts = (0..EVENTS)
            .map(|number| match number % 100 {
                7 => format!("{} {}", sentence(4, 8), claims[number % CLAIMS]),
                _ => sentence(6, 30),
            })
            .collect();
        Data { rules: Arc::new(compile(rules)), posts }
    })
}

fn frame(number: usize, text: &str, time_us: i64) -> String {
    if number % 10 == 9 {
        return format!(
            r#"{{"did":"did:plc:{:08x}aaaaaaaaaaaaaaaa","time_us":{time_us},"kind":"commit","commit":{{"rev":"3mvnaaaaaaa2a","operation":"delete","collection":"app.bsky.feed.post","rkey":"3m{number:011}"}}}}"#,
            number % 5000
        );
    }
    format!(
        r#"{{"did":"did:plc:{:08x}aaaaaaaaaaaaaaaa","time_us":{time_us},"kind":"commit","commit":{{"rev":"3mvnaaaaaaa2a","operation":"create","collection":"app.bsky.feed.post","rkey":"3m{number:011}","record":{{"$type":"app.bsky.feed.post","createdAt":"2026-11-25T10:00:00.000Z","langs":["en"],"reply":{{"parent":{{"cid":"bafyreigkx5hb2","uri":"at://did:plc:x/app.bsky.feed.post/3k"}},"root":{{"cid":"bafyreigkx5hb2","uri":"at://did:plc:x/app.bsky.feed.post/3k"}}}},"text":"{text}"}},"cid":"bafyreigkx5hb2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}}}"#,
        number % 5000
    )
}

fn frames() -> Vec<Utf8Bytes> {
    data().posts.iter().enumerate().map(|(number, text)| frame(number, text, 1_800_000_000_000_000).into()).collect()
}

#[divan::bench(sample_count = 5)]
fn frames_read(bencher: Bencher<'_, '_>) {
    let frames = frames();
    let wanted = Wanted { languages: &[], accounts: &[] };
    bencher
        .counter(ItemsCount::new(frames.len()))
        .bench(|| frames.iter().filter(|frame| read(frame, Wire::V1, wanted).is_ok()).count());
}

#[divan::bench(sample_count = 5)]
fn events_compared(bencher: Bencher<'_, '_>) {
    let (frames, source) = (frames(), SourceName("network".into()));
    let wanted = Wanted { languages: &[], accounts: &[] };
    let how = Work {
        source: &source,
        rules: &data().rules,
        now: Timestamp::from_second(1_800_000_000).unwrap(),
        sample_per_million: 10_000,
    };
    let all = || {
        let mut memory = Memory::default();
        let read = |stretch| batch::read(stretch, Wire::V1, wanted, 0);
        frames.chunks(500).map(|stretch| batch::compare(read(stretch), &how, &mut memory).sightings.len()).sum::<usize>()
    };
    assert!(all() > EVENTS / 200, "posts that repeat claims are found");
    bencher.counter(ItemsCount::new(frames.len())).bench(all);
}

/// Follows a server on loopback to the last event; gives the longest lag seen.
async fn followed(paced: bool) -> f64 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = claimwatch::store::settings::Settings { path: folder.path().join("a.db"), ..Default::default() };
    let (sender, rules) = tokio::sync::watch::channel(Arc::clone(&data().rules));
    let metrics = Arc::new(Metrics::new("bench"));
    let house = Arc::new(House {
        store: Store::open(&settings).await.unwrap(),
        fetcher: Fetcher::new(&Settings::default()),
        rules,
        desks: tokio::sync::watch::channel(Arc::from([])).1,
        metrics: Arc::clone(&metrics),
        clock: Clock::Machine,
    });
    let kind = SourceKind::Jetstream {
        hosts: vec![format!("http://{address}/").parse().unwrap()],
        wire: Wire::V1,
        languages: Vec::new(),
        accounts: Vec::new(),
        app_view: None,
        reposts: true,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let every = Duration::from_secs(60);
    let source = Source { name: SourceName("network".into()), kind, every, backfill: Backfill::Nothing };
    let stop = CancellationToken::new();
    let follower = Follower::new(house, Arc::default(), source, SourceState::default(), Pace::default());
    let following = tokio::spawn(follower.follow(stop.clone()));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let began = Instant::now();
        for (number, text) in data().posts.iter().enumerate() {
            if paced && number % 50 == 0 {
                let due = began + Duration::from_secs_f64(number as f64 / A_SECOND as f64);
                tokio::time::sleep_until(due.into()).await;
            }
            let frame = frame(number, text, Timestamp::now().as_microsecond());
            socket.feed(Message::text(frame)).await.unwrap();
            if number % 50 == 49 {
                socket.flush().await.unwrap();
            }
        }
        socket.flush().await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    let label = BySource { source: "network".into() };
    let (events, lag) = (metrics.stream_events.get_or_create_owned(&label), metrics.stream_lag.get_or_create_owned(&label));
    let mut longest = 0.0_f64;
    while events.get() < EVENTS as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        longest = longest.max(lag.get());
    }
    stop.cancel();
    following.await.unwrap();
    server.abort();
    drop(sender);
    longest
}

fn run(paced: bool) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(followed(paced))
}

#[divan::bench(sample_count = 3)]
fn events_followed_to_the_disk(bencher: Bencher<'_, '_>) {
    data();
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| run(false));
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn lag_at_5000_events_a_second(bencher: Bencher<'_, '_>) {
    data();
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| {
        let longest = run(true);
        eprintln!("longest lag at {A_SECOND} events a second: {longest:.3} s");
    });
}
