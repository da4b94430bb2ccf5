//! How fast feeds become posts, against feed-rs alone; whether that stays linear, and what it costs in memory.
//!
//! `cargo bench --bench feeds`; with `CLAIMWATCH_FEEDS=folder`, also how many of the documents in a folder can be read.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not the program")]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use claimwatch::feeds::{clean, syndication};
use claimwatch::model::source::SourceName;
use jiff::Timestamp;

/// An ordinary feed of about `bytes` bytes; `broken` puts in what real publishers do.
fn feed(bytes: usize, broken: bool) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Wire</title>".to_owned();
    let mut n = 0;
    while text.len() < bytes {
        n += 1;
        let and = if broken && n % 3 == 0 { "&" } else { "&amp;" };
        let space = if broken && n % 4 == 0 { "&nbsp;" } else { " " };
        write!(
            text,
            "<item><guid>tag:example.org,2026:{n}</guid><link>https://example.org/news/{n}?utm_source=rss</link>\
             <title>Report {n}: council{space}votes {and} the bridge stays closed</title>\
             <pubDate>Sun, 08 Nov 2026 12:00:00 GMT</pubDate><content:encoded><![CDATA[<p>On the {n}th day the council voted \
             again, <a href=\"/council/{n}\">as it had promised</a>.</p><p>Nobody was surprised that the bridge, which has \
             carried the road since 1931, stays closed to lorries for another winter.</p>]]></content:encoded>\
             <description>The bridge stays closed for another winter, the council says.</description></item>"
        )
        .unwrap();
    }
    text + "</channel></rss>"
}

/// Thousands of elements, each with a base of its own, one inside the other.
fn nested_bases(depth: usize) -> String {
    let mut text = "<feed xmlns=\"http://www.w3.org/2005/Atom\">".to_owned();
    text.extend(std::iter::repeat_n("<entry xml:base=\"aaaaaaa/\">", depth));
    text.extend(std::iter::repeat_n("</entry>", depth));
    text + "</feed>"
}

fn best_of(times: usize, mut work: impl FnMut()) -> Duration {
    let time = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    (0..times).map(|_| time(&mut work)).min().unwrap()
}

fn speed(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

fn plain(bytes: &[u8]) {
    let _ = black_box(feed_rs::parser::parse(bytes));
}

fn read(bytes: &[u8]) {
    let _ = black_box(syndication::read(bytes, None, None));
}

fn to_posts(bytes: &[u8]) {
    let posts = syndication::read(bytes, None, None).map(|document| document.posts).unwrap_or_default();
    black_box(clean::clean(posts, &SourceName("bench".to_owned()), Timestamp::UNIX_EPOCH));
}

/// Most memory this process has held since the last call, in MiB (Linux only; 0 elsewhere).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    let _ = fs::write("/proc/self/clear_refs", "5");
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
}

/// Compares with feed-rs, which is given `plain_text`: what is broken it would refuse at the first fault, in no time.
fn compare(name: &str, text: &str, plain_text: &str) {
    let bytes = text.as_bytes();
    let alone = best_of(7, || plain(plain_text.as_bytes()));
    let (ours, all) = (best_of(7, || read(bytes)), best_of(7, || to_posts(bytes)));
    println!(
        "{name:<22} {:>6.2} MB   feed-rs {:>6.1} MB/s   repaired {:>6.1} MB/s ({:.2}x)   to posts {:>6.1} MB/s, {:.0} feeds/s ({:.2}x)",
        bytes.len() as f64 / 1e6,
        speed(plain_text.len(), alone),
        speed(bytes.len(), ours),
        ours.as_secs_f64() / alone.as_secs_f64(),
        speed(bytes.len(), all),
        1.0 / all.as_secs_f64(),
        all.as_secs_f64() / alone.as_secs_f64(),
    );
}

fn linear(name: &str, make: impl Fn(usize) -> String) {
    let (small, large) = (make(1 << 20), make(8 << 20));
    let (a, b) = (best_of(3, || read(small.as_bytes())), best_of(3, || read(large.as_bytes())));
    println!("{name:<22} 1 MB in {a:>9.1?}, 8 MB in {b:>9.1?}: {:.1}x", b.as_secs_f64() / a.as_secs_f64());
}

fn memory(name: &str, text: &str) {
    let bytes = text.as_bytes();
    peak();
    let before = peak();
    let began = Instant::now();
    read(bytes);
    let took = began.elapsed();
    println!(
        "{name:<22} {:>6.2} MB: peak {} MiB above rest, {took:.1?}",
        bytes.len() as f64 / 1e6,
        peak().saturating_sub(before)
    );
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        match entry.extension().and_then(|end| end.to_str()) {
            _ if entry.is_dir() => documents(&entry, found),
            Some("xml" | "json" | "rss" | "atom" | "rdf") => found.push(entry),
            _ => {}
        }
    }
}

fn main() {
    // One pass for `valgrind --tool=callgrind`, which counts instructions.
    if let Some(pass) = std::env::var_os("CLAIMWATCH_PASS") {
        let bytes = std::env::var("CLAIMWATCH_BYTES").ok().and_then(|bytes| bytes.parse().ok()).unwrap_or(1 << 20);
        let shape = std::env::var("CLAIMWATCH_SHAPE").unwrap_or_default();
        let text = match shape.as_str() {
            "" => feed(bytes, false),
            "broken" => feed(bytes, true),
            piece => format!("<rss version=\"2.0\"><channel><item><title>{}", piece.repeat(bytes / piece.len())),
        };
        match pass.to_str() {
            Some("plain") => plain(text.as_bytes()),
            Some("read") => read(text.as_bytes()),
            Some("posts") => to_posts(text.as_bytes()),
            _ => println!("CLAIMWATCH_PASS is plain, read or posts"),
        }
        return;
    }
    for (name, broken) in [("clean", false), ("broken", true)] {
        compare(&format!("{name}, 60 kB"), &feed(60_000, broken), &feed(60_000, false));
        compare(&format!("{name}, 1 MB"), &feed(1 << 20, broken), &feed(1 << 20, false));
    }
    linear("clean", |bytes| feed(bytes, false));
    linear("broken", |bytes| feed(bytes, true));
    linear("only <", |bytes| format!("<rss version=\"2.0\"><channel><item><title>{}", "<".repeat(bytes)));
    linear("only &", |bytes| format!("<rss version=\"2.0\"><channel><item><title>{}", "&".repeat(bytes)));
    linear("open titles", |bytes| format!("<rss version=\"2.0\"><channel><item>{}", "<title>".repeat(bytes / 7)));
    linear("open cdata", |bytes| format!("<rss version=\"2.0\"><channel><item>{}", "<![CDATA[".repeat(bytes / 9)));
    linear("open comments", |bytes| format!("<rss version=\"2.0\"><channel><item>{}", "<!--".repeat(bytes / 4)));
    linear("odd quotes", |bytes| format!("<rss version=\"2.0\"><channel><item>{}", "<a b=\"".repeat(bytes / 6)));
    linear("nested bases", |bytes| nested_bases(bytes / 37));
    memory("clean", &feed(8 << 20, false));
    memory("nested bases", &nested_bases(20_000));
    let Some(folder) = std::env::var_os("CLAIMWATCH_FEEDS") else { return };
    let mut all = Vec::new();
    documents(Path::new(&folder), &mut all);
    all.sort();
    let mut out = String::new();
    for path in &all {
        let bytes = fs::read(path).unwrap();
        let read = std::panic::catch_unwind(|| syndication::read(&bytes, content_type(&bytes).as_deref(), None));
        let (read, panicked, said) = match read {
            Ok(Ok(document)) => (Some(document.posts.len()), false, document.repaired.join(", ")),
            Ok(Err(fault)) => (None, false, fault.to_string()),
            Err(_) => (None, true, String::new()),
        };
        let raw =
            std::panic::catch_unwind(|| feed_rs::parser::parse(&bytes[..]).ok().map(|feed| feed.entries.len())).ok().flatten();
        writeln!(out, "{}\t{read:?}\t{raw:?}\t{panicked}\t{said}", path.display()).unwrap();
    }
    fs::write(std::env::var_os("CLAIMWATCH_FEEDS_OUT").unwrap_or("feeds.tsv".into()), out).unwrap();
}

/// The content type a document says it was served with, in a comment ("Header: Content-Type: text/xml; charset=…").
fn content_type(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(2048))?).into_owned();
    let line = head.lines().find(|line| {
        line.trim_start().to_ascii_lowercase().starts_with("header:") && line.to_ascii_lowercase().contains("content-type")
    })?;
    Some(line.split(':').skip(2).collect::<Vec<_>>().join(":").trim().to_owned())
}
