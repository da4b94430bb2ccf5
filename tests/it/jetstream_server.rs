//! A small Jetstream on loopback, both versions, with the awkward manners of the real one.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use claimwatch::model::source::Wire;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use url::Url;

/// How the server behaves.
#[derive(Debug, Default)]
pub struct Manners {
    /// Connections, in turn, break off after so many frames.
    pub drop_after: VecDeque<usize>,
    /// Events before this time are gone, microseconds.
    pub oldest_us: i64,
    /// Where replay meets the present, two events change places.
    pub reorders: bool,
}

#[derive(Debug)]
struct Shared {
    wire: Wire,
    log: Mutex<Vec<(i64, Message)>>,
    grown: watch::Sender<usize>,
    manners: Mutex<Manners>,
    requests: Mutex<Vec<Url>>,
    connections: watch::Sender<usize>,
    /// Frames sent in all.
    sent: watch::Sender<usize>,
    /// How far into the log a connection has come.
    reached: watch::Sender<usize>,
}

/// The server; it stops when dropped.
#[derive(Debug)]
pub struct Jetstream {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Jetstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Jetstream {
    pub async fn start(wire: Wire, manners: Manners) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            wire,
            log: Mutex::default(),
            grown: watch::Sender::new(0),
            manners: Mutex::new(manners),
            requests: Mutex::default(),
            connections: watch::Sender::new(0),
            sent: watch::Sender::new(0),
            reached: watch::Sender::new(0),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut visitors = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                visitors.spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { shared, address, task }
    }

    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}/", self.address)).unwrap()
    }

    pub fn requests(&self) -> Vec<Url> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> watch::Receiver<usize> {
        self.shared.connections.subscribe()
    }

    pub fn sent(&self) -> watch::Receiver<usize> {
        self.shared.sent.subscribe()
    }

    pub fn reached(&self) -> watch::Receiver<usize> {
        self.shared.reached.subscribe()
    }

    pub fn len(&self) -> usize {
        self.shared.log.lock().unwrap().len()
    }

    /// Appends a frame word for word.
    pub fn raw(&self, time_us: i64, text: impl Into<String>) {
        let mut log = self.shared.log.lock().unwrap();
        log.push((time_us, Message::text(text.into())));
        self.shared.grown.send_replace(log.len());
    }

    fn event(&self, time_us: i64, did: &str, kind: &str, rest: Value) {
        let number = self.len() + 1;
        let frame = match (self.shared.wire, kind) {
            (Wire::V1, _) => json!({"did": did, "time_us": time_us, "kind": kind, kind: rest}),
            (Wire::V2, kind) => {
                let time = jiff::Timestamp::from_microsecond(time_us).unwrap().to_string();
                let mut payload = json!({"$type": format!("network.bsky.jetstream.subscribeEvents#{kind}"),
                    "seq": number, "did": did, "time": time});
                match kind {
                    "commit" => payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone()),
                    _ => payload[kind] = rest,
                }
                json!({"$type": "message", "payload": payload})
            }
        };
        self.raw(time_us, frame.to_string());
    }

    fn commit(&self, time_us: i64, operation: &str, collection: &str, key: &str, record: &Value) {
        let commit = json!({"rev": "r", "operation": operation, "collection": collection, "rkey": key, "record": record});
        self.event(time_us, "did:plc:ann", "commit", commit);
    }

    fn record(time_us: i64, text: &str) -> Value {
        let created = jiff::Timestamp::from_microsecond(time_us).unwrap().to_string();
        json!({"$type": "app.bsky.feed.post", "text": text, "createdAt": created, "langs": ["en"]})
    }

    /// Somebody posts.
    pub fn post(&self, time_us: i64, key: &str, text: &str) {
        self.commit(time_us, "create", "app.bsky.feed.post", key, &Self::record(time_us, text));
    }

    /// The post is given other words.
    pub fn edit(&self, time_us: i64, key: &str, text: &str) {
        self.commit(time_us, "update", "app.bsky.feed.post", key, &Self::record(time_us, text));
    }

    /// Somebody posts and quotes another post.
    pub fn quote(&self, time_us: i64, key: &str, text: &str, quoted: &str) {
        let mut record = Self::record(time_us, text);
        record["embed"] = json!({"$type": "app.bsky.embed.record", "record": {"uri": quoted, "cid": "c"}});
        self.commit(time_us, "create", "app.bsky.feed.post", key, &record);
    }

    /// Somebody reposts.
    pub fn repost(&self, time_us: i64, key: &str) {
        let subject = json!({"uri": format!("at://did:plc:ann/app.bsky.feed.post/{key}"), "cid": "c"});
        let record = json!({"$type": "app.bsky.feed.repost", "subject": subject});
        self.commit(time_us, "create", "app.bsky.feed.repost", &format!("r{time_us}"), &record);
    }

    /// The post is deleted.
    pub fn delete(&self, time_us: i64, key: &str) {
        let commit = json!({"rev": "r", "operation": "delete", "collection": "app.bsky.feed.post", "rkey": key});
        self.event(time_us, "did:plc:ann", "commit", commit);
    }

    /// Things that come whether they are wanted or not.
    pub fn chatter(&self, time_us: i64) {
        self.event(time_us, "did:plc:bob", "identity", json!({"did": "did:plc:bob", "handle": "bob.example", "seq": 1}));
        self.event(time_us, "did:plc:bob", "account", json!({"active": true, "did": "did:plc:bob", "seq": 2}));
    }
}

/// Where a cursor leads, or why it leads nowhere.
fn begin(shared: &Shared, cursor: Option<i64>) -> Result<(usize, bool), &'static str> {
    let log = shared.log.lock().unwrap();
    let oldest = shared.manners.lock().unwrap().oldest_us;
    let Some(cursor) = cursor else { return Ok((log.len(), false)) };
    let first_at = |time: i64| log.iter().position(|(at, _)| *at >= time).unwrap_or(log.len());
    // Both versions take a time; it is told from a number by its size.
    if cursor > 1_000_000_000_000 {
        let is_clamped = cursor < oldest && shared.wire == Wire::V2;
        return Ok((first_at(cursor.max(oldest)), is_clamped));
    }
    match usize::try_from(cursor - 1).unwrap_or(0) {
        place if place < first_at(oldest) => Err(r#"{"error": "CursorTooOld", "message": "gone"}"#),
        place => Ok((place.min(log.len()), false)),
    }
}

#[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut start = (0, false);
    let callback = |request: &Request, response: Response| {
        let url = Url::parse("http://fake.example").unwrap().join(&request.uri().to_string()).unwrap();
        let cursor = url.query_pairs().find(|(key, _)| key == "cursor").map(|(_, value)| value.parse().unwrap());
        shared.requests.lock().unwrap().push(url);
        match begin(&shared, cursor) {
            Ok(place) => {
                start = place;
                Ok(response)
            }
            Err(why) => {
                let mut refusal = ErrorResponse::new(Some(why.to_owned()));
                *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::BAD_REQUEST;
                Err(refusal)
            }
        }
    };
    let Ok(mut socket) = accept_hdr_async(stream, callback).await else { return };
    shared.connections.send_modify(|number| *number += 1);
    let (drop_after, reorders) = {
        let mut manners = shared.manners.lock().unwrap();
        (manners.drop_after.pop_front(), manners.reorders)
    };
    let (mut place, is_clamped) = start;
    if is_clamped {
        let info = json!({"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor"});
        let _ = socket.send(Message::text(json!({"$type": "message", "payload": info}).to_string())).await;
    }
    let (mut grown, mut sent, mut is_replay) = (shared.grown.subscribe(), 0, true);
    loop {
        let mut next: Vec<Message> = shared.log.lock().unwrap()[place..].iter().map(|(_, frame)| frame.clone()).collect();
        if let (true, true, [.., one, two]) = (reorders, is_replay, next.as_mut_slice()) {
            std::mem::swap(one, two);
        }
        is_replay = false;
        for frame in next {
            if drop_after == Some(sent) || socket.send(frame).await.is_err() {
                return;
            }
            (place, sent) = (place + 1, sent + 1);
            shared.sent.send_modify(|number| *number += 1);
            shared.reached.send_replace(place);
        }
        tokio::select! {
            heard = socket.next() => match heard {
                // Pings are answered while reading.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            _ = grown.wait_for(|length| *length > place) => {}
        }
    }
}
