//! WebSockets, opened under the same rules as every request: checked addresses, limits, our name; never through a redirect.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{SinkExt, StreamExt};
use ipnet::IpNet;
use reqwest::dns::Resolve;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::USER_AGENT;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::{Host, Url};

use super::body;
use super::error::{FetchError, Step};
use super::guard::{Allowed, Blocked, Guard, host_of};
use super::headers;
use super::http::Http;

/// Longest message that is let in; it is in memory whole.
const LONGEST_MESSAGE_BYTES: usize = 4 << 20;

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// An open WebSocket.
pub struct Socket {
    stream: WebSocketStream<Box<dyn Line>>,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

/// What came over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message; it shares the memory it was read into.
    Text(Utf8Bytes),
    /// A sign of life without content.
    Alive,
    /// A message that the connection does not survive: longer than 4 MiB, or no text.
    Poison,
    /// The connection is over; why, for people.
    Over(String),
}

/// Why a WebSocket could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// 400: what was asked for cannot be had; most often a cursor that points at something the server no longer has.
    BadRequest(FetchError),
    /// Anything else.
    Other(FetchError),
}

impl From<FetchError> for Refused {
    fn from(error: FetchError) -> Self {
        Self::Other(error)
    }
}

impl Socket {
    /// Gives what comes next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Heard {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Heard::Text(text),
            Some(Ok(Message::Close(frame))) => {
                let why = frame.map(|frame| frame.reason.to_string()).filter(|reason| !reason.is_empty());
                Heard::Over(why.map_or_else(
                    || "the server closed the stream".to_owned(),
                    |why| format!("the server closed the stream: {}", body::clip(&why)),
                ))
            }
            Some(Ok(_)) => Heard::Alive,
            Some(Err(Error::Capacity(_) | Error::Utf8(_))) => Heard::Poison,
            Some(Err(error)) => Heard::Over(format!("the connection broke: {}", body::clip(&error.to_string()))),
            None => Heard::Over("the connection ended".to_owned()),
        }
    }

    /// Asks the server for a sign of life.
    pub async fn ping(&mut self) {
        // A broken connection tells itself when it is read.
        let _ = self.stream.send(Message::Ping(tungstenite::Bytes::new())).await;
    }

    /// Takes leave; nobody waits for an answer.
    pub async fn close(mut self) {
        let _ = timeout(std::time::Duration::from_secs(1), self.stream.close(None)).await;
    }
}

impl Http {
    /// Opens a WebSocket at an `http`/`https` address (`ws`/`wss` of the same host).
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn socket(&self, url: &Url, networks: &[IpNet]) -> Result<Socket, Refused> {
        let host = host_of(url);
        if self.settings.environment_proxy {
            let detail = "streams cannot go through the proxy that the environment names".to_owned();
            return Err(FetchError::Request { host, detail }.into());
        }
        let rule = Allowed::new(&self.settings.allow_private, networks).check(url)?;
        let limits = &self.settings.limits;
        let opened = timeout(limits.connect, self.line(url, rule)).await;
        let timed_out = |step, after| FetchError::TimedOut { host: host.clone(), step, after };
        let line = opened.map_err(|_| timed_out(Step::Connect, limits.connect))??;
        let mut request = address(url)
            .into_client_request()
            .map_err(|error| FetchError::Request { host: host.clone(), detail: body::clip(&error.to_string()) })?;
        if let Ok(name) = HeaderValue::from_str(&self.name()) {
            request.headers_mut().insert(USER_AGENT, name);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST_MESSAGE_BYTES))
            .max_frame_size(Some(LONGEST_MESSAGE_BYTES))
            .read_buffer_size(64 << 10);
        let shaken = timeout(limits.first_byte, client_async_with_config(request, line, Some(config))).await;
        match shaken.map_err(|_| timed_out(Step::FirstByte, limits.first_byte))? {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(answer)) => Err(refusal(&answer, host)),
            Err(error) => Err(FetchError::Connect { host, detail: body::clip(&error.to_string()) }.into()),
        }
    }

    async fn line(&self, url: &Url, rule: Allowed) -> Result<Box<dyn Line>, FetchError> {
        let host = host_of(url);
        let port = url.port_or_known_default().unwrap_or(443);
        let stream = TcpStream::connect(&*self.addresses(url, rule, port).await?)
            .await
            .map_err(|error| FetchError::Connect { host: host.clone(), detail: error.to_string() })?;
        // Pings and goodbyes are small and must not wait for more.
        let _ = stream.set_nodelay(true);
        if url.scheme() != "https" {
            return Ok(Box::new(stream));
        }
        if let super::tls::Tls::Missing(detail) = &self.tls {
            return Err(FetchError::NoAuthorities { host, detail: detail.clone() });
        }
        let bad = |detail: String| FetchError::Tls { host: host.clone(), detail: body::clip(&detail) };
        let mut config = self.tls.client_config().map_err(|error| bad(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|error| bad(error.to_string()))?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| bad(error.to_string()))?;
        Ok(Box::new(stream))
    }

    /// Addresses of the host that may be asked; those that may not are left out at the moment of connecting.
    async fn addresses(&self, url: &Url, rule: Allowed, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        let name = match url.host() {
            // `check` has looked at these.
            Some(Host::Ipv4(v4)) => return Ok(vec![SocketAddr::from((IpAddr::V4(v4), port))]),
            Some(Host::Ipv6(v6)) => return Ok(vec![SocketAddr::from((IpAddr::V6(v6), port))]),
            Some(Host::Domain(name)) => name,
            None => "",
        };
        let host = host_of(url);
        let name = name.parse().map_err(|_| FetchError::Dns { host: host.clone() })?;
        let found = Guard::new(rule, Arc::clone(&self.resolver)).resolve(name).await;
        let found = found.map_err(|error| match error.downcast_ref::<Blocked>() {
            Some(blocked) => FetchError::BlockedAddress { host, address: blocked.address },
            None => FetchError::Dns { host },
        })?;
        Ok(found.map(|address| SocketAddr::new(address.ip(), port)).collect())
    }
}

/// `https` → `wss`.
fn address(url: &Url) -> String {
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.as_str().replacen(url.scheme(), scheme, 1)
}

fn refusal(answer: &Response, host: String) -> Refused {
    let status = answer.status().as_u16();
    let wait = headers::retry_after(answer.headers(), SystemTime::now());
    Refused::Other(match status {
        400 => return Refused::BadRequest(FetchError::OddAnswer { host, status, says: None }),
        429 => FetchError::TooManyRequests { host, wait },
        401 | 403 | 407 | 451 => FetchError::NotLetIn { host, status, browser_check: false },
        404 => FetchError::NotFound { host },
        410 => FetchError::Gone { host },
        500..=599 => FetchError::ServerTrouble { host, status, wait },
        _ => FetchError::OddAnswer { host, status, says: None },
    })
}
