//! Claims, posts, sightings and visits for the tests of store, letters and mail.

use std::path::Path;
use std::time::Duration;

use claimwatch::alerting::subscription::Desk;
use claimwatch::mail::settings as mail;
use claimwatch::model::alert::{DeskName, LetterId};
use claimwatch::model::claim::{CheckDate, Claim, ClaimId, FactCheck, Revision, Severity, Status, Verdict};
use claimwatch::model::delivery::{Delivery, DeliveryId};
use claimwatch::model::facts::Facts;
use claimwatch::model::letter::{Letter, MessageId};
use claimwatch::model::post::{Lang, Part, PartKind, Post, PostKey};
use claimwatch::model::sighting::{Confidence, Decision, Evidence, Sighting, Span, Stance, Strength, When, WordingKind};
use claimwatch::model::source::{SourceName, SourceState};
use claimwatch::store::Store;
use claimwatch::store::error::StoreError;
use claimwatch::store::records::Visit;
use claimwatch::store::settings::Settings;
use jiff::Timestamp;

pub const NOON: Timestamp = Timestamp::constant(1_790_000_000, 0);

pub fn desk(name: &str) -> Desk {
    Desk {
        topics: vec!["moon".to_owned()],
        gather: Duration::ZERO,
        cap: 10_000,
        time_zone: "Europe/Paris".to_owned(),
        ..Desk::new(name, vec![format!("{name}@desk.test")])
    }
}

pub fn claim(id: &str) -> Claim {
    Claim {
        id: ClaimId(id.to_owned()),
        claim: "The moon is made of green cheese.".to_owned(),
        claimant: Some("A. Miller".to_owned()),
        said_on: None,
        topic: Some("moon".to_owned()),
        tags: Vec::new(),
        severity: Severity::Normal,
        desks: Vec::new(),
        status: Status::Active,
        fact_checks: vec![FactCheck {
            publisher: "The Lunar Review".to_owned(),
            url: Some("https://lunar.example/checks/cheese".parse().unwrap()),
            title: Some("No, there is no cheese up there".to_owned()),
            rating: Some("Half-baked".to_owned()),
            verdict: Verdict::Misleading,
            date: Some(CheckDate::Year(2020)),
            lang: None,
        }],
        revision: Revision("0123456789ab".to_owned()),
        bulk: false,
    }
}

pub fn post(source: &str, key: &str, text: &str) -> Post {
    Post {
        source: SourceName(source.to_owned()),
        key: PostKey(key.to_owned()),
        url: Some(format!("https://news.example/{key}.html")),
        parts: vec![Part { kind: PartKind::Text, text: text.to_owned() }],
        links: Vec::new(),
        author: Some("J. Doe".to_owned()),
        lang: None,
        published: Some(NOON),
        seen_at: NOON,
    }
}

pub fn sighting(claim: &Claim, post: &Post, marked: &str) -> Sighting {
    let spans = post.parts.iter().enumerate();
    let spans = spans.filter_map(|(part, p)| p.text.find(marked).map(|at| Span { part, start: at, end: at + marked.len() }));
    Sighting {
        claim: claim.id.clone(),
        revision: claim.revision.clone(),
        source: post.source.clone(),
        post: post.key.clone(),
        strength: Strength::new(0.93),
        confidence: Confidence::new(0.97),
        decision: Decision::Alert,
        stance: Stance::Assertion,
        cue: None,
        when: When::Alert,
        evidence: vec![Evidence {
            kind: WordingKind::Phrase,
            wording: "made of green cheese".to_owned(),
            lang: None,
            strength: Strength::new(0.93),
            spans: spans.collect(),
        }],
        gate_spans: Vec::new(),
    }
}

/// A visit to `source` that found `keys`, each a post that repeats `claim`.
pub fn visit(source: &str, keys: &[&str], claim: &Claim, at: Timestamp) -> Visit {
    let new: Vec<Post> = keys.iter().map(|key| post(source, key, "They say it is made of green cheese.")).collect();
    Visit {
        source: SourceName(source.to_owned()),
        state: SourceState { last_success: Some(at), ..SourceState::default() },
        seen_at: at,
        sightings: new.iter().map(|post| (sighting(claim, post, "made of green cheese"), claim.clone())).collect(),
        new,
        history: Default::default(),
        seen_again: Vec::new(),
        identity: Default::default(),
    }
}

/// Records a visit the way the daemon does.
pub async fn record(store: &Store, visit: &Visit, desks: &[Desk]) -> claimwatch::store::records::Recorded {
    let seen = claimwatch::daemon::round::sighted(visit);
    store.record(visit, |known| claimwatch::alerting::group::group(visit.seen_at, desks, &seen, known)).await.unwrap()
}

pub fn store_settings(folder: &Path) -> Settings {
    Settings { path: folder.join("memory").join("claimwatch.db"), ..Settings::default() }
}

pub async fn open_store(folder: &Path) -> Store {
    // Another test that starts a program holds, for a moment between fork and exec, all files that we have just closed.
    for _ in 0..1000 {
        match Store::open(&store_settings(folder)).await {
            Err(StoreError::Held { pid, .. }) if pid == Some(std::process::id()) => {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            opened => return opened.unwrap(),
        }
    }
    panic!("the store is held by this test itself");
}

pub fn letter(text: &str) -> Letter {
    Letter {
        subject: "[claimwatch] 1 post repeats: “cheese”".to_owned(),
        text: text.to_owned(),
        html: format!("<p>{text}</p>"),
        lang: Lang("en".to_owned()),
        facts: Facts::default(),
    }
}

pub fn delivery(number: i64, recipient: &str) -> Delivery {
    Delivery {
        id: DeliveryId(number),
        letter_id: LetterId(number),
        letter: letter("The moon is no cheese."),
        desk: DeskName("politics".to_owned()),
        claim: ClaimId("moon-cheese".to_owned()),
        recipient: recipient.to_owned(),
        message_id: MessageId(format!("letter.{number:024x}@desk.test")),
        references: vec![MessageId("claim.aa@desk.test".to_owned()), MessageId("letter.bb@desk.test".to_owned())],
        written_at: NOON,
        attempts: 1,
        queued_at: NOON,
    }
}

pub fn folder_settings(folder: &Path) -> mail::Settings {
    mail::Settings {
        from: "claimwatch <alerts@desk.test>".to_owned(),
        reply_to: None,
        unsubscribe: None,
        workers: 2,
        via: mail::Via::Folder { folder: folder.to_owned() },
    }
}

pub fn relay_settings(port: u16) -> mail::Smtp {
    mail::Smtp { host: "127.0.0.1".to_owned(), port, tls: mail::Tls::None, ca_file: None, login: None }
}

pub fn smtp_settings(smtp: mail::Smtp) -> mail::Settings {
    mail::Settings {
        from: "claimwatch <alerts@desk.test>".to_owned(),
        reply_to: None,
        unsubscribe: None,
        workers: 2,
        via: mail::Via::Smtp(smtp),
    }
}
