//! Where posts come from, and what we remember of the last visit there.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::hub::Hub;
use super::post::Lang;
use super::units::counted;

/// The name an operator gave a source: unique in the configuration, the key of everything remembered about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceName(pub String);

impl std::fmt::Display for SourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One place that is visited again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name in the configuration.
    pub name: SourceName,
    /// What it is and where.
    pub kind: SourceKind,
    /// How often it is visited when nothing asks for longer.
    pub every: Duration,
    /// Which of the posts found at the first visit may alert.
    pub backfill: Backfill,
}

/// The kinds of source; a connector is one variant here and one file in `fetch`.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceKind {
    /// A feed document on this machine's disk, read whenever it changes.
    File {
        /// The document.
        path: PathBuf,
    },
    /// A feed on the web: RSS, Atom, RDF or JSON Feed.
    Feed {
        /// Its address.
        url: Url,
        /// Networks it may lie in although they are not public (CIDR).
        allow_private: Vec<ipnet::IpNet>,
    },
    /// A timeline of a server that speaks Mastodon's language: Mastodon, GoToSocial, Pleroma, Truth Social.
    Mastodon {
        /// The server.
        server: Url,
        /// Which of its timelines.
        timeline: Timeline,
        /// What lets us in where strangers are not.
        token: Option<Token>,
        /// Listen to the server's stream beside reading the timeline.
        streams: bool,
        /// Networks it may lie in although they are not public (CIDR).
        allow_private: Vec<ipnet::IpNet>,
    },
    /// Posts on Bluesky, as an AppView lists them.
    Bluesky {
        /// The AppView.
        server: Url,
        /// Which posts.
        list: BlueskyList,
        /// Networks it may lie in although they are not public (CIDR).
        allow_private: Vec<ipnet::IpNet>,
    },
    /// The public preview of a Telegram channel.
    Telegram {
        /// The server of previews.
        server: Url,
        /// The channel, without the `@`.
        channel: String,
        /// Networks it may lie in although they are not public (CIDR).
        allow_private: Vec<ipnet::IpNet>,
    },
    /// The newest posts of a subreddit.
    Reddit {
        /// Where feeds are, and tokens are given out.
        feed_server: Url,
        /// Where those with keys ask.
        server: Url,
        /// The subreddit, without the `r/`.
        subreddit: String,
        /// Keys to the interface; without them the feed is read, at Reddit's slow rate.
        keys: Option<RedditKeys>,
        /// Networks they may lie in although they are not public (CIDR).
        allow_private: Vec<ipnet::IpNet>,
    },
    /// Posts that others bring: `claimwatch ingest`, `POST /ingest`.
    Push,
    /// Everything posted on Bluesky, as it is posted.
    Jetstream {
        /// Servers of the stream (`https` for `wss`); when one fails the next is asked.
        hosts: Vec<Url>,
        /// Which language they speak.
        wire: Wire,
        /// Only posts that declare one of these, or none; all where it is empty.
        languages: Vec<Lang>,
        /// Only posts of these accounts (DIDs); of all where it is empty.
        accounts: Vec<String>,
        /// Who is asked for the words of quoted posts and the names of authors, which the stream leaves out.
        app_view: Option<Url>,
        /// Count how often posts are reposted: the stream then carries reposts too.
        reposts: bool,
        /// Networks they may lie in although they are not public (CIDR).
        allow_private: Vec<ipnet::IpNet>,
    },
}

/// Keys of a "script" or "web" app at Reddit (OAuth client credentials).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedditKeys {
    /// The client's id.
    pub id: Token,
    /// Its secret.
    pub secret: Token,
}

/// Versions of Bluesky's Jetstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `/subscribe`, resumed by time.
    V1,
    /// `network.bsky.jetstream.subscribeEvents`, resumed by number.
    V2,
}

impl Source {
    /// The source of posts pushed in where the configuration names none.
    pub fn inbox() -> Self {
        let every = Duration::from_secs(60);
        Self { name: SourceName("ingest".to_owned()), kind: SourceKind::Push, every, backfill: Backfill::Everything }
    }

    /// Those of `sources` that posts can be pushed into: the configured ones, or [`Source::inbox`] where there are none.
    pub fn pushable(sources: &[Self]) -> Vec<Self> {
        let named: Vec<Self> = sources.iter().filter(|source| source.kind == SourceKind::Push).cloned().collect();
        let inbox = Self::inbox();
        let is_free = !sources.iter().any(|other| other.name == inbox.name);
        if named.is_empty() && is_free { vec![inbox] } else { named }
    }

    /// Those of `sources` that claimwatch looks after by itself and can call well or not: a tip line that nobody writes to is
    /// well too.
    pub fn watched(sources: &[Self]) -> impl Iterator<Item = &Self> {
        sources.iter().filter(|source| !source.kind.waits_for_a_call())
    }
}

impl SourceKind {
    /// Says whether it speaks by itself over a connection that stays open, and is never visited.
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Jetstream { .. })
    }

    /// Says whether it is visited only when called, never by the clock.
    pub fn waits_for_a_call(&self) -> bool {
        matches!(self, Self::Push)
    }

    /// The word for it in the configuration.
    pub fn word(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Feed { .. } => "feed",
            Self::Mastodon { .. } => "mastodon",
            Self::Bluesky { .. } => "bluesky",
            Self::Telegram { .. } => "telegram",
            Self::Reddit { .. } => "reddit",
            Self::Push => "push",
            Self::Jetstream { .. } => "jetstream",
        }
    }

    /// Its address on the web, or its server's.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::File { .. } | Self::Push | Self::Jetstream { .. } => None,
            Self::Feed { url, .. } => Some(url),
            Self::Mastodon { server, .. } | Self::Bluesky { server, .. } | Self::Telegram { server, .. } => Some(server),
            Self::Reddit { feed_server, server, keys, .. } => Some(if keys.is_some() { server } else { feed_server }),
        }
    }

    /// Where it is, for people: without passwords and without what an address carries behind a question mark.
    pub fn place(&self) -> String {
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        match self {
            Self::File { path } => path.display().to_string(),
            Self::Feed { url, .. } => format!("{}{}", host(url), url.path()),
            Self::Mastodon { server, timeline, .. } => match timeline {
                Timeline::Tag(tag) => format!("#{tag} at {}", host(server)),
                Timeline::Account(account) => format!("@{account} at {}", host(server)),
                Timeline::List(list) => format!("list {list} at {}", host(server)),
                Timeline::Public { local: true } => format!("{}, local posts", host(server)),
                Timeline::Public { local: false } => format!("{}, all posts", host(server)),
            },
            Self::Bluesky { list, .. } => match list {
                BlueskyList::Author(author) => format!("@{author} on Bluesky"),
                BlueskyList::List(uri) | BlueskyList::Feed(uri) => uri.clone(),
            },
            Self::Telegram { channel, .. } => format!("@{channel} on Telegram"),
            Self::Reddit { subreddit, .. } => format!("r/{subreddit} on Reddit"),
            Self::Push => "what is pushed in".to_owned(),
            Self::Jetstream { accounts, languages, .. } => {
                let whose = match accounts.len() {
                    0 => "all of Bluesky".to_owned(),
                    number => format!("{} on Bluesky", counted(number, "account")),
                };
                let names: Vec<&str> = languages.iter().map(|lang| lang.0.as_str()).collect();
                if names.is_empty() { whose } else { format!("{whose} in {}", names.join(", ")) }
            }
        }
    }
}

/// A timeline of a Mastodon-compatible server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timeline {
    /// Posts with this hashtag, without the `#`.
    Tag(String),
    /// Posts of one account, without the first `@`.
    Account(String),
    /// Posts on a list of the token's owner.
    List(String),
    /// Everything public that the server knows.
    Public {
        /// Only what was written there.
        local: bool,
    },
}

/// What an AppView can list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlueskyList {
    /// Posts of one author: a handle or a DID.
    Author(String),
    /// Posts of the people on a list (`at://…/app.bsky.graph.list/…`).
    List(String),
    /// Posts that a feed generator picks (`at://…/app.bsky.feed.generator/…`).
    Feed(String),
}

/// A secret that lets us in; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Which posts of a first visit count as news: history must not alert unless the operator asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backfill {
    /// None: all are marked as seen.
    #[default]
    Nothing,
    /// Those published within this time.
    Within(Duration),
    /// The first so many of the document.
    Newest(usize),
    /// All of them.
    Everything,
}

/// What a server gave us to ask "anything new?" with (RFC 9110 §8.8); opaque, returned byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    /// The `ETag` header, quotes included.
    pub etag: Option<String>,
    /// The `Last-Modified` header.
    pub last_modified: Option<String>,
}

/// How a source is doing (DESIGN: ok → degraded → failing → suspended → disabled).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Never visited.
    #[default]
    New,
    /// The last visit went well.
    Ok,
    /// It answers, but something had to be repaired or looks wrong.
    Degraded,
    /// Three or more visits in a row failed.
    Failing,
    /// Given up on, probed once a day.
    Suspended,
    /// Switched off by the operator.
    Disabled,
}

/// What is known of a source besides its timetable.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// How the keys of its posts are made (`feeds::key::Policy`, with its version).
    pub key_policy: Option<String>,
    /// Since when every visit has failed.
    pub failing_since: Option<jiff::Timestamp>,
    /// When it first said that it is gone for good (HTTP 410); forgotten when it says something else.
    pub gone_since: Option<jiff::Timestamp>,
    /// Since when, and how often in a row, it was not there (HTTP 404).
    pub missing: Option<Missing>,
    /// Where it says it has moved to for good, as long as that is not believed.
    pub moved: Option<Moved>,
    /// Where it is asked since it has moved.
    pub address: Option<Address>,
    /// Where its validators came from.
    pub asked: Option<Url>,
    /// A hub that pushes it, as its document says.
    pub hub: Option<Hub>,
    /// What had to be repaired at the last visit that read a document, in words.
    pub repaired: Vec<String>,
    /// When it last brought something new.
    pub last_news: Option<jiff::Timestamp>,
    /// The pause planned after the last visit, in seconds.
    pub pause_seconds: Option<u64>,
}

/// A document that was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Since when.
    pub since: jiff::Timestamp,
    /// Times in a row.
    pub times: u32,
}

/// A move that a server announces (HTTP 301 or 308).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where to.
    pub to: Url,
    /// Since when it has said the same.
    pub since: jiff::Timestamp,
    /// Times in a row.
    pub times: u32,
}

/// Where a source is asked instead of at the address in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address in the configuration; another one there puts an end to this.
    pub of: Url,
    /// The address asked.
    pub is: Url,
}

/// What the store remembers about a source between visits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceState {
    /// What is known of it besides its timetable.
    pub condition: Condition,
    /// How it is doing.
    pub health: Health,
    /// What to send with the next request.
    pub validators: Validators,
    /// When it is to be visited next; `None` before the first visit.
    pub next_due: Option<jiff::Timestamp>,
    /// When a visit last went well; `None`: never, so the next one is a first visit.
    pub last_success: Option<jiff::Timestamp>,
    /// Failed visits since the last good one.
    pub failures: u32,
    /// The last failure, in a sentence.
    pub last_error: Option<String>,
    /// Visits in a row that brought nothing new.
    pub unchanged: u32,
    /// Where a connector goes on reading, in its own words; never ahead of the posts written down.
    pub cursor: Option<String>,
}
