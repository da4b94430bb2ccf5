//! A web server that says what a test tells it to, word for word: on loopback, on a port of its own.
#![allow(dead_code, reason = "each test uses the part it needs")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// A request, byte for byte.
#[derive(Debug, Clone)]
pub struct Request {
    /// Request line and headers.
    pub head: Vec<u8>,
    /// The path asked for.
    pub path: String,
    /// What was sent along.
    pub body: Vec<u8>,
    /// Counts the requests to this server, from 1.
    pub number: usize,
}

impl Request {
    /// Gives the bytes of a header's value.
    pub fn header(&self, name: &str) -> Option<Vec<u8>> {
        let mut lines = self.head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.find_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let same = line[..colon].eq_ignore_ascii_case(name.as_bytes());
            same.then(|| line[colon + 1..].trim_ascii().to_vec())
        })
    }
}

/// How a body is sent.
#[derive(Debug, Clone)]
enum Body {
    Whole(Vec<u8>),
    /// Less than announced, then the connection is closed.
    Short(Vec<u8>, usize),
    /// Some bytes, then nothing for ever.
    ThenSilence(Vec<u8>),
    /// The same bytes again and again, with a pause.
    Endless(Vec<u8>, Duration),
    /// The same bytes so many times, made while they are sent.
    Repeated(Vec<u8>, usize),
    /// Status line, headers and all, word for word; the pieces apart from each other, with a pause.
    Raw(Vec<Vec<u8>>, Duration),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<u8>,
    body: Option<Body>,
}

impl Answer {
    /// An answer without a body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Some(Body::Whole(Vec::new())) }
    }

    /// The same with another status.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// 200 with a body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: Some(Body::Whole(body.into())) }
    }

    /// A redirect.
    pub fn to(location: impl AsRef<str>) -> Self {
        Self::status(302).header("Location", location.as_ref())
    }

    /// No answer at all: the connection stays open.
    pub fn silence() -> Self {
        Self { body: None, ..Self::status(200) }
    }

    /// 200 with a body that breaks off although `announced` bytes were promised.
    pub fn short(body: impl Into<Vec<u8>>, announced: usize) -> Self {
        Self { body: Some(Body::Short(body.into(), announced)), ..Self::status(200) }
    }

    /// 200 with the beginning of a body, then nothing for ever.
    pub fn then_silence(body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(Body::ThenSilence(body.into())), ..Self::status(200) }
    }

    /// 200 with a body that never ends.
    pub fn endless(piece: impl Into<Vec<u8>>, pause: Duration) -> Self {
        Self { body: Some(Body::Endless(piece.into(), pause)), ..Self::status(200) }
    }

    /// 200 with a body made of the same piece so many times.
    pub fn repeated(piece: impl Into<Vec<u8>>, times: usize) -> Self {
        Self { body: Some(Body::Repeated(piece.into(), times)), ..Self::status(200) }
    }

    /// Whatever a server may say, from the first byte on, then the connection is closed.
    pub fn raw(all: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(Body::Raw(vec![all.into()], Duration::ZERO)), ..Self::status(200) }
    }

    /// The same, byte after byte with a pause before each.
    pub fn drip(all: impl AsRef<[u8]>, pause: Duration) -> Self {
        let bytes = all.as_ref().iter().map(|byte| vec![*byte]).collect();
        Self { body: Some(Body::Raw(bytes, pause)), ..Self::status(200) }
    }

    /// Adds a header, byte for byte.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.extend_from_slice(name.as_bytes());
        self.headers.extend_from_slice(b": ");
        self.headers.extend_from_slice(value.as_ref());
        self.headers.extend_from_slice(b"\r\n");
        self
    }

    async fn send(self, stream: &mut TcpStream) -> std::io::Result<()> {
        let Some(body) = self.body else { return std::future::pending().await };
        if let Body::Raw(pieces, pause) = body {
            for piece in pieces {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                stream.write_all(&piece).await?;
            }
            return Ok(());
        }
        let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", self.status).into_bytes();
        head.extend_from_slice(&self.headers);
        let announced = match &body {
            Body::Whole(_) if self.status == 304 => None,
            Body::Whole(bytes) => Some(bytes.len()),
            Body::Short(_, announced) => Some(*announced),
            Body::ThenSilence(_) | Body::Endless(..) | Body::Repeated(..) | Body::Raw(..) => None,
        };
        if let Some(announced) = announced {
            head.extend_from_slice(format!("Content-Length: {announced}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        stream.write_all(&head).await?;
        match body {
            Body::Whole(bytes) | Body::Short(bytes, _) => stream.write_all(&bytes).await,
            Body::ThenSilence(bytes) => {
                stream.write_all(&bytes).await?;
                std::future::pending().await
            }
            Body::Repeated(piece, times) => {
                for _ in 0..times {
                    stream.write_all(&piece).await?;
                }
                Ok(())
            }
            Body::Raw(..) => Ok(()),
            Body::Endless(piece, pause) => loop {
                stream.write_all(&piece).await?;
                tokio::time::sleep(pause).await;
            },
        }
    }
}

/// The server; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts one that answers every request as `script` says.
    pub async fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (script, seen) = (Arc::new(script), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            let mut visits = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                visits.spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        Self { address, requests, task }
    }

    /// Starts one that always gives the same answer.
    pub async fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone()).await
    }

    /// Gives an address at this server.
    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// Gives the port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Gives the requests made so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Arc<impl Fn(&Request) -> Answer>, seen: Arc<Mutex<Vec<Request>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
        if head == [0x16] {
            // A TLS handshake: we speak none.
            let _ = stream.write_all(b"HTTP/1.1 400 Said\r\n\r\n").await;
            return;
        }
    }
    let announced = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let announced = announced.split("content-length:").nth(1).and_then(|rest| rest.split('\r').next()?.trim().parse().ok());
    let mut body = vec![0; announced.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    let request = {
        let mut seen = seen.lock().unwrap();
        let request = Request { head, path, body, number: seen.len() + 1 };
        seen.push(request.clone());
        request
    };
    // A client that has heard enough closes the connection; that is no fault of the test.
    let _ = script(&request).send(&mut stream).await;
    let _ = stream.shutdown().await;
}
