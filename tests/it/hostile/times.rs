//! Servers that take their time: the clock is paused, and each limit but one is out of reach, so that only that one can end the visit.

use std::sync::Arc;
use std::time::Duration;

use claimwatch::fetch::Fetcher;
use claimwatch::fetch::error::{FetchError, Step};
use claimwatch::fetch::settings::{Limits, Settings};
use claimwatch::model::source::Validators;
use reqwest::dns::{Name, Resolve, Resolving};

use super::{FEED, at, fetch};
use crate::server::Answer;

const PAUSE: Duration = Duration::from_secs(10);

fn patient() -> Limits {
    let hours = Duration::from_secs(100 * 3600);
    Limits { connect: hours, first_byte: hours, idle: hours, total: hours, ..Limits::default() }
}

fn step(fault: &FetchError) -> Step {
    match fault {
        FetchError::TimedOut { step, .. } => *step,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_left_after_twenty_seconds() {
    let limits = Limits { first_byte: Limits::default().first_byte, ..patient() };
    let fault = fetch(Answer::silence(), limits).await.unwrap_err();
    assert_eq!(step(&fault), Step::FirstByte);
    assert_eq!(fault.to_string(), "127.0.0.1 did not begin to answer within 20s");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_not_waited_for() {
    let limits = Limits { first_byte: Limits::default().first_byte, ..patient() };
    let fault = fetch(Answer::drip(format!("HTTP/1.1 200 OK\r\n\r\n{FEED}"), PAUSE), limits).await.unwrap_err();
    assert_eq!(step(&fault), Step::FirstByte);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_within_every_other_limit_is_left_after_forty_five_seconds() {
    let limits = Limits { total: Limits::default().total, ..patient() };
    let fault = fetch(Answer::endless("<rss>", PAUSE), limits).await.unwrap_err();
    assert_eq!(step(&fault), Step::Total);
    assert_eq!(fault.to_string(), "127.0.0.1 was not done after 45s");
}

/// A resolver that never answers.
struct Mute;

impl Resolve for Mute {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_says_nothing_holds_nobody_up() {
    let fetcher = Fetcher::with_resolver(&Settings::default(), Arc::new(Mute));
    let source = at("http://mute.example/feed".parse().unwrap());
    let fault = fetcher.fetch(&source, &Validators::default()).await.unwrap_err();
    assert_eq!(fault.to_string(), "mute.example did not take the connection within 10s");
}
