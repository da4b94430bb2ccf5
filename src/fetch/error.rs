//! Why a document could not be had, and when to try again.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The part of a visit that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Until the connection stood.
    Connect,
    /// Until the answer began.
    FirstByte,
    /// Between two pieces of the body.
    Idle,
    /// The whole visit.
    Total,
}

/// What was too large about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The body as it travels.
    Wire,
    /// The body once unpacked.
    Decoded,
    /// A file on this machine's disk.
    File,
}

/// A failed visit. The `Display` sentence is for people and holds no secret; ask the methods, never read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// The name has no address.
    Dns {
        /// Whom we asked for.
        host: String,
    },
    /// Nobody answers there.
    Connect {
        /// Whom we called.
        host: String,
        /// The system's words.
        detail: String,
    },
    /// No safe connection could be agreed on.
    Tls {
        /// Whom we called.
        host: String,
        /// The library's words.
        detail: String,
    },
    /// This machine has no list of certificate authorities, so no https address can be asked.
    NoAuthorities {
        /// Whom we would have called.
        host: String,
        /// Why the list could not be loaded.
        detail: String,
    },
    /// It took too long.
    TimedOut {
        /// Whom we asked.
        host: String,
        /// Which part.
        step: Step,
        /// The limit that was reached.
        after: Duration,
    },
    /// The connection broke before the answer was complete.
    CutShort {
        /// Whom we asked.
        host: String,
    },
    /// An answer that is not HTTP, or HTTP that contradicts itself.
    Garbled {
        /// Whom we asked.
        host: String,
        /// The library's words.
        detail: String,
    },
    /// The server asks for fewer visits: 429, 503 with a time, or 403 where that means the same.
    TooManyRequests {
        /// Who asks.
        host: String,
        /// How long it asks us to stay away, if it says.
        wait: Option<Duration>,
    },
    /// We have promised this host a pause, and the pause is not over. Nothing was sent.
    HostRests {
        /// Who is left alone.
        host: String,
        /// For how much longer.
        wait: Duration,
    },
    /// 401, 403, 407 or a browser check: we are not let in.
    NotLetIn {
        /// Who keeps the door.
        host: String,
        /// The HTTP status.
        status: u16,
        /// A check that only a browser passes (Cloudflare).
        browser_check: bool,
    },
    /// 404: no such document, for now.
    NotFound {
        /// Whom we asked.
        host: String,
    },
    /// 410: taken down for good.
    Gone {
        /// Whom we asked.
        host: String,
    },
    /// 5xx: the server is in trouble.
    ServerTrouble {
        /// Whom we asked.
        host: String,
        /// The HTTP status.
        status: u16,
        /// `Retry-After`.
        wait: Option<Duration>,
    },
    /// An answer that makes no sense here.
    OddAnswer {
        /// Whom we asked.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// More redirects than we follow.
    TooManyRedirects {
        /// Where it began.
        host: String,
        /// How many were followed.
        followed: usize,
    },
    /// A redirect that cannot be followed: no address, or back to where we have been.
    BadRedirect {
        /// Who sent us.
        host: String,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// A redirect from https to http: the answer could be anybody's.
    Downgrade {
        /// Who sent us.
        host: String,
    },
    /// Neither http nor https.
    BadScheme {
        /// The scheme.
        scheme: String,
    },
    /// A port no web server is expected on.
    BlockedPort {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// An address inside some private network, which a feed has no business to point at.
    BlockedAddress {
        /// The host asked for.
        host: String,
        /// One of the addresses it stands for.
        address: IpAddr,
    },
    /// More than we read.
    TooLarge {
        /// Who sent it, or the file.
        host: String,
        /// What was too large.
        what: Size,
        /// The limit in bytes.
        limit: u64,
    },
    /// A small body that unpacks into an enormous one.
    Bomb {
        /// Who sent it.
        host: String,
        /// How many times its size it became.
        ratio: u64,
    },
    /// Packed in a way we cannot undo.
    Unpackable {
        /// Who sent it.
        host: String,
        /// The `Content-Encoding`, or the unpacker's words.
        detail: String,
    },
    /// A file of this machine that cannot be read.
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// The request could not even be made.
    Request {
        /// Whom we meant to ask.
        host: String,
        /// The library's words.
        detail: String,
    },
}

impl FetchError {
    /// Gives the word under which metrics count it.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } | Self::NoAuthorities { .. } => "tls",
            Self::TimedOut { .. } => "timeout",
            Self::CutShort { .. } => "reset",
            Self::Garbled { .. } => "garbled",
            Self::TooManyRequests { .. } => "throttled",
            Self::HostRests { .. } => "host_rests",
            Self::NotLetIn { .. } => "not_let_in",
            Self::NotFound { .. } => "http_404",
            Self::Gone { .. } => "http_410",
            Self::ServerTrouble { .. } => "http_5xx",
            Self::OddAnswer { .. } => "http_other",
            Self::TooManyRedirects { .. } | Self::BadRedirect { .. } => "redirect",
            Self::Downgrade { .. } => "scheme_downgrade",
            Self::BadScheme { .. } | Self::BlockedPort { .. } | Self::BlockedAddress { .. } => "blocked_address",
            Self::TooLarge { .. } => "too_large",
            Self::Bomb { .. } => "bomb",
            Self::Unpackable { .. } => "encoding",
            Self::File { .. } => "file",
            Self::Request { .. } => "request",
        }
    }

    /// Says how long to stay away at least, where the failure itself tells; `None` leaves it to the usual backoff.
    pub fn try_again_in(&self) -> Option<Duration> {
        match self {
            Self::TooManyRequests { wait, .. } | Self::ServerTrouble { wait, .. } => *wait,
            Self::HostRests { wait, .. } => Some(*wait),
            Self::Gone { .. } => Some(Duration::from_secs(24 * 3600)),
            _ => None,
        }
    }

    /// Says whether the visit was only put off: it counts neither as a failure nor as a success of the source.
    pub fn is_postponed(&self) -> bool {
        matches!(self, Self::TooManyRequests { .. } | Self::HostRests { .. })
    }

    /// Says whether only a change of the configuration can mend it.
    pub fn is_for_the_operator(&self) -> bool {
        matches!(
            self,
            Self::NoAuthorities { .. }
                | Self::NotLetIn { browser_check: false, status: 401 | 407, .. }
                | Self::BadScheme { .. }
                | Self::BlockedPort { .. }
                | Self::BlockedAddress { .. }
                | Self::File { .. }
        )
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns { host } => write!(f, "{host} has no address: the name could not be looked up"),
            Self::Connect { host, detail } => write!(f, "{host} could not be reached: {detail}"),
            Self::Tls { host, detail } => write!(f, "no safe connection to {host}: {detail}"),
            Self::NoAuthorities { host, detail } => write!(
                f,
                "{host} asks for https, but this machine has no certificate authorities to check it with ({detail}); install ca-certificates"
            ),
            Self::TimedOut { host, step, after } => {
                let after = humantime::format_duration(*after);
                match step {
                    Step::Connect => write!(f, "{host} did not take the connection within {after}"),
                    Step::FirstByte => write!(f, "{host} did not begin to answer within {after}"),
                    Step::Idle => write!(f, "{host} fell silent for {after} in the middle of the answer"),
                    Step::Total => write!(f, "{host} was not done after {after}"),
                }
            }
            Self::CutShort { host } => write!(f, "{host} broke off before the answer was complete"),
            Self::Garbled { host, detail } => write!(f, "{host} answered in a way that is not HTTP: {detail}"),
            Self::TooManyRequests { host, wait: Some(wait) } => write!(f, "{host} asked us to wait {} s", wait.as_secs()),
            Self::TooManyRequests { host, wait: None } => write!(f, "{host} asked us to come less often"),
            Self::HostRests { host, wait } => {
                write!(f, "{host} is left alone for another {} s, as it asked or as is polite", wait.as_millis().div_ceil(1000))
            }
            Self::NotLetIn { host, browser_check: true, .. } => {
                write!(f, "{host} lets only browsers in (a check page came instead of the feed)")
            }
            Self::NotLetIn { host, status, .. } => write!(f, "{host} does not let us in (HTTP {status})"),
            Self::NotFound { host } => write!(f, "{host} has no such document (HTTP 404)"),
            Self::Gone { host } => write!(f, "{host} says that the document is gone for good (HTTP 410)"),
            Self::ServerTrouble { host, status, wait: None } => write!(f, "{host} is in trouble (HTTP {status})"),
            Self::ServerTrouble { host, status, wait: Some(wait) } => {
                write!(f, "{host} is in trouble (HTTP {status}) and asked us to wait {} s", wait.as_secs())
            }
            Self::OddAnswer { host, status } => write!(f, "{host} answered with HTTP {status}, which is no document"),
            Self::TooManyRedirects { host, followed } => write!(f, "{host} sent us on more than {followed} times"),
            Self::BadRedirect { host, detail } => write!(f, "{host} sent us on, but {detail}"),
            Self::Downgrade { host } => {
                write!(f, "{host} sent us from https to http, where anybody could have written the answer")
            }
            Self::BadScheme { scheme } => write!(f, "only http and https are asked, not {scheme}"),
            Self::BlockedPort { host, port } => {
                write!(
                    f,
                    "{host} is on port {port}; only 80, 443, 8080 and 8443 are asked unless `allow_private` lists its network"
                )
            }
            Self::BlockedAddress { host, address } => {
                write!(f, "{host} lies at {address}, which is not public; list its network in `allow_private` if that is meant")
            }
            Self::TooLarge { host, what, limit } => {
                let limit = bytesize::ByteSize(*limit);
                match what {
                    Size::Wire => write!(f, "{host} sent more than {limit}"),
                    Size::Decoded => write!(f, "{host} sent more than {limit} (unpacked)"),
                    Size::File => write!(f, "{host} is larger than {limit}"),
                }
            }
            Self::Bomb { host, ratio } => write!(f, "{host} sent a body that unpacks to more than {ratio} times its size"),
            Self::Unpackable { host, detail } => write!(f, "what {host} sent cannot be unpacked: {detail}"),
            Self::File { path, detail } => write!(f, "{} cannot be read: {detail}", path.display()),
            Self::Request { host, detail } => write!(f, "{host} could not be asked: {detail}"),
        }
    }
}

impl std::error::Error for FetchError {}
