//! What a Mastodon-compatible server answers: addresses of its timelines, and their statuses as raw posts.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::convert::clipped;
use super::error::ReadError;
use super::key;
use crate::model::post::{Markup, RawPost, Standing};
use crate::model::source::Timeline;

/// Statuses asked for at once: the most a server gives.
const AT_ONCE: &str = "40";
/// Most pictures whose texts are read.
const MOST_PICTURES: usize = 32;

/// One page of a timeline.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its posts, newest first; reposts are left out.
    pub posts: Vec<RawPost>,
    /// The newest status on it, reposts included.
    pub newest: Option<String>,
    /// What the server says of its statuses, and of those that they repost.
    pub standings: Vec<Standing>,
}

/// Gives the address at which an account's number is asked for.
pub fn lookup(server: &Url, account: &str) -> Option<Url> {
    let mut url = server.join("/api/v1/accounts/lookup").ok()?;
    url.query_pairs_mut().append_pair("acct", account);
    Some(url)
}

/// Reads the number of an account.
///
/// # Errors
/// When the answer is about no account.
pub fn account_number(body: &[u8]) -> Result<String, ReadError> {
    let account = json(body)?;
    words(&account, "id").ok_or_else(|| ReadError::NotAFeed { detail: "the server's answer is about no account".to_owned() })
}

/// Gives the address of a page of a timeline: the newest statuses, or those just after `after`.
///
/// `min_id` walks forward: it gives the statuses next to `after`, so that nothing is skipped however many there are.
pub fn page_address(server: &Url, timeline: &Timeline, account: Option<&str>, after: Option<&str>) -> Option<Url> {
    let mut url = server.clone();
    url.set_query(None);
    let steps: Vec<&str> = match timeline {
        Timeline::Tag(tag) => vec!["timelines", "tag", tag],
        Timeline::List(list) => vec!["timelines", "list", list],
        Timeline::Public { .. } => vec!["timelines", "public"],
        Timeline::Account(_) => vec!["accounts", account?, "statuses"],
    };
    url.path_segments_mut().ok()?.clear().extend(["api", "v1"]).extend(steps);
    let mut query = url.query_pairs_mut();
    query.append_pair("limit", AT_ONCE);
    match timeline {
        Timeline::Account(_) => drop(query.append_pair("exclude_reblogs", "true")),
        Timeline::Public { local: true } => drop(query.append_pair("local", "true")),
        _ => {}
    }
    if let Some(after) = after {
        query.append_pair("min_id", after);
    }
    drop(query);
    Some(url)
}

/// Reads a page of a timeline.
///
/// # Errors
/// When it is no list of statuses.
pub fn read(body: &[u8], server: &Url) -> Result<Page, ReadError> {
    let not = |detail: &str| ReadError::NotAFeed { detail: detail.to_owned() };
    let answer = json(body)?;
    let statuses = answer.as_array().ok_or_else(|| not("JSON, but no list of posts"))?;
    let mut page = Page::default();
    for status in statuses {
        let Some(id) = words(status, "id") else { continue };
        if page.newest.as_deref().is_none_or(|newest| is_after(&id, newest)) {
            page.newest = Some(id);
        }
        page.standings.extend(standing(status, server));
        if reposted(status).is_none() {
            page.posts.extend(post(status, server));
        }
    }
    if page.newest.is_none() && !statuses.is_empty() {
        return Err(ReadError::NoItems);
    }
    Ok(page)
}

/// Gives the address at which a server tells about itself.
pub fn instance_address(server: &Url) -> Option<Url> {
    server.join("/api/v2/instance").ok()
}

/// Reads where a server has its streams: on a host of its own where it names one in its own domain, else where everything is.
pub fn streaming_server(instance: &[u8], server: &Url) -> Url {
    let answer: Option<Value> = serde_json::from_slice(instance).ok();
    let named = answer.as_ref().and_then(|answer| answer.get("configuration")?.get("urls")?.get("streaming")?.as_str());
    let as_web = |url: &str| Url::parse(&url.replacen("ws", "http", 1)).ok();
    // Our token goes there: nowhere else than into the server's own domain.
    let is_own = |url: &Url| {
        let (host, own) = (url.host_str().unwrap_or_default(), server.host_str().unwrap_or_default());
        let below = host.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        below && !own.is_empty() && (url.scheme() == "https" || server.scheme() == "http")
    };
    named.and_then(as_web).filter(is_own).unwrap_or_else(|| server.clone())
}

/// Gives the address of a timeline's stream; accounts have none.
pub fn stream_address(server: &Url, timeline: &Timeline) -> Option<Url> {
    let (steps, query): (&[&str], _) = match timeline {
        Timeline::Tag(tag) => (&["hashtag"], Some(("tag", tag))),
        Timeline::List(list) => (&["list"], Some(("list", list))),
        Timeline::Public { local: false } => (&["public"], None),
        Timeline::Public { local: true } => (&["public", "local"], None),
        Timeline::Account(_) => return None,
    };
    let mut url = server.clone();
    url.set_query(None);
    url.path_segments_mut().ok()?.clear().extend(["api", "v1", "streaming"]).extend(steps);
    if let Some((name, value)) = query {
        url.query_pairs_mut().append_pair(name, value);
    }
    Some(url)
}

/// Reads one status as a stream brings it: the post unless it is a repost, and what the server says of it or of what it reposts.
/// Nothing where it is no status.
pub fn status(body: &[u8], server: &Url) -> Option<(Option<RawPost>, Option<Standing>)> {
    let status = json(body).ok()?;
    words(&status, "id")?;
    let post = if reposted(&status).is_some() { None } else { post(&status, server) };
    let mut standing = standing(&status, server);
    if let Some(standing) = standing.as_mut().filter(|_| post.is_none()) {
        standing.more = 1;
    }
    Some((post, standing))
}

/// The number of a status with the name of the server that gave it: elsewhere it means another.
pub fn numbered(server: &Url, number: &str) -> String {
    format!("{}|{}", server.host_str().unwrap_or_default(), number.trim())
}

fn reposted(status: &Value) -> Option<&Value> {
    status.get("reblog").filter(|status| status.is_object())
}

fn standing(status: &Value, server: &Url) -> Option<Standing> {
    let status = reposted(status).unwrap_or(status);
    let uri = words(status, "uri").or_else(|| words(status, "url"))?;
    let reposts = status.get("reblogs_count").and_then(Value::as_u64).unwrap_or_default();
    Some(Standing {
        key: key::everywhere(&format!("mastodon|{uri}")),
        number: words(status, "id").map(|id| numbered(server, &id)),
        reposts: u32::try_from(reposts).unwrap_or(u32::MAX),
        more: 0,
    })
}

/// Says whether one status is newer than another: numbers written as text, longer is larger.
pub fn is_after(id: &str, other: &str) -> bool {
    (id.len(), id) > (other.len(), other)
}

fn json(body: &[u8]) -> Result<Value, ReadError> {
    match body.trim_ascii_start().first() {
        None => Err(ReadError::Empty),
        Some(b'<') => Err(ReadError::WebPage { feed: None }),
        Some(_) => serde_json::from_slice(body).map_err(|error| ReadError::NotAFeed { detail: error.to_string() }),
    }
}

fn words(of: &Value, field: &str) -> Option<String> {
    let text = match of.get(field)? {
        Value::String(text) => text.trim(),
        Value::Number(number) => return Some(number.to_string()),
        _ => return None,
    };
    (!text.is_empty()).then(|| clipped(text.to_owned()))
}

fn post(status: &Value, server: &Url) -> Option<RawPost> {
    let uri = words(status, "uri").or_else(|| words(status, "url"));
    let web = |text: &String| text.starts_with("https://") || text.starts_with("http://");
    let account = status.get("account");
    let url = words(status, "url").filter(web).or_else(|| uri.clone().filter(web));
    let card = status.get("card").filter(|card| card.is_object());
    let pictures = status.get("media_attachments").and_then(Value::as_array).into_iter().flatten().take(MOST_PICTURES);
    Some(RawPost {
        guid: uri.clone(),
        url: url.or_else(|| account.and_then(|account| words(account, "url"))),
        title: None,
        body: words(status, "content").map(Markup::Html).map(|body| with_poll(body, status)),
        captions: pictures.filter_map(|picture| words(picture, "description")).map(|text| escaped(&text)).collect(),
        author: account.map(|account| name(account, server)),
        published: words(status, "created_at").and_then(|at| at.parse::<Timestamp>().ok()),
        lang: words(status, "language"),
        warning: words(status, "spoiler_text"),
        quoted: quoted(status),
        card: card.and_then(card_text),
        links: card.and_then(|card| words(card, "url")).into_iter().collect(),
        everywhere: Some(format!("mastodon|{}", uri?)),
    })
}

/// Captions are read as HTML further on; these are plain.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The choices of a poll are words of the post.
fn with_poll(body: Markup, status: &Value) -> Markup {
    let Markup::Html(mut html) = body else { return body };
    let options = status.get("poll").and_then(|poll| poll.get("options")).and_then(Value::as_array);
    for option in options.into_iter().flatten().filter_map(|option| words(option, "title")) {
        html.push_str(&format!("<p>{}</p>", escaped(&option)));
    }
    Markup::Html(html)
}

/// "Ann Lee (@ann@example.org)"
fn name(account: &Value, server: &Url) -> String {
    let mut handle = format!("@{}", words(account, "acct").unwrap_or_default());
    if !handle.get(1..).is_some_and(|rest| rest.contains('@'))
        && let Some(host) = server.host_str()
    {
        handle = format!("{handle}@{host}");
    }
    match words(account, "display_name") {
        Some(name) => format!("{} ({handle})", escaped(&name)),
        None => handle,
    }
}

/// Mastodon 4.5 wraps the quoted post with its state; Pleroma, Akkoma and others give it bare.
fn quoted(status: &Value) -> Option<Markup> {
    let quote = status.get("quote").filter(|quote| quote.is_object());
    let quote = quote.or_else(|| status.get("pleroma").and_then(|pleroma| pleroma.get("quote")))?;
    let quote = quote.get("quoted_status").unwrap_or(quote);
    let warning = words(quote, "spoiler_text").map(|text| format!("<p>{}</p>", escaped(&text))).unwrap_or_default();
    words(quote, "content").map(|content| Markup::Html(warning + &content))
}

fn card_text(card: &Value) -> Option<String> {
    let pieces: Vec<_> = [words(card, "title"), words(card, "description")].into_iter().flatten().collect();
    (!pieces.is_empty()).then(|| pieces.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Url {
        Url::parse("https://social.example").unwrap()
    }

    #[test]
    fn a_status_gives_all_that_can_be_matched() {
        let body = br##"[{"id": "110", "uri": "https://far.example/users/ann/statuses/1", "url": null,
            "created_at": "2026-11-01T10:00:00.000Z", "edited_at": null, "language": "en", "spoiler_text": "news",
            "content": "<p>Look: the moon<br>is cheese</p>", "reblog": null,
            "account": {"acct": "ann@far.example", "display_name": "Ann <3", "url": "https://far.example/@ann"},
            "media_attachments": [{"type": "image", "description": "a moon & <stars>"}, {"type": "image", "description": null}],
            "card": {"url": "https://paper.example/moon", "title": "The moon", "description": "A report"},
            "poll": {"options": [{"title": "yes, cheese"}]},
            "quote": {"state": "accepted", "quoted_status": {"content": "<p>it was said</p>", "spoiler_text": ""}}},
            {"id": "111", "uri": "x", "content": "", "reblog": {"id": "9", "uri": "y", "content": "far", "reblogs_count": 7}}]"##;
        let page = read(body, &server()).unwrap();
        assert_eq!((page.newest.as_deref(), page.posts.len()), (Some("111"), 1));
        let repost =
            Standing { key: key::everywhere("mastodon|y"), number: Some("social.example|9".into()), reposts: 7, more: 0 };
        assert_eq!(page.standings[1], repost, "a repost counts for what it repeats");
        let post = &page.posts[0];
        assert_eq!(post.everywhere.as_deref(), Some("mastodon|https://far.example/users/ann/statuses/1"));
        assert_eq!(post.url.as_deref(), Some("https://far.example/users/ann/statuses/1"), "a missing url is no missing post");
        assert_eq!(post.warning.as_deref(), Some("news"));
        assert_eq!(post.quoted, Some(Markup::Html("<p>it was said</p>".into())));
        assert_eq!(post.card.as_deref(), Some("The moon\nA report"));
        assert_eq!(post.captions, ["a moon &amp; &lt;stars>"]);
        assert!(matches!(&post.body, Some(Markup::Html(body)) if body.contains("yes, cheese")));
        assert_eq!(post.author.as_deref(), Some("Ann &lt;3 (@ann@far.example)"));
    }

    #[test]
    fn streams_are_on_the_servers_own_hosts_only() {
        let at = |url: &str| {
            streaming_server(format!("{{\"configuration\": {{\"urls\": {{\"streaming\": \"{url}\"}}}}}}").as_bytes(), &server())
        };
        assert_eq!(at("wss://streaming.social.example").as_str(), "https://streaming.social.example/");
        assert_eq!(at("wss://evil.example"), server());
        assert_eq!(at("wss://evilsocial.example"), server());
        assert_eq!(at("ws://social.example"), server(), "not without encryption");
        assert_eq!(streaming_server(b"{}", &server()), server());
        let url = stream_address(&server(), &Timeline::Tag("moon".into())).unwrap();
        assert_eq!(url.as_str(), "https://social.example/api/v1/streaming/hashtag?tag=moon");
        assert_eq!(stream_address(&server(), &Timeline::Account("ann".into())), None);
    }

    #[test]
    fn longer_numbers_are_newer() {
        assert!(is_after("1000", "999") && is_after("12", "11") && !is_after("11", "11"));
    }

    #[test]
    fn a_tag_in_any_script_makes_a_sound_address_that_walks_forward() {
        let url = page_address(&server(), &Timeline::Tag("북한/x".into()), None, Some("77")).unwrap();
        assert_eq!(url.as_str(), "https://social.example/api/v1/timelines/tag/%EB%B6%81%ED%95%9C%2Fx?limit=40&min_id=77");
        let account = page_address(&server(), &Timeline::Account("ann".into()), Some("5"), None).unwrap();
        assert_eq!(account.as_str(), "https://social.example/api/v1/accounts/5/statuses?limit=40&exclude_reblogs=true");
    }

    #[test]
    fn an_answer_that_is_no_timeline_is_a_fault() {
        assert!(matches!(read(b"{\"error\": \"closed\"}", &server()), Err(ReadError::NotAFeed { .. })));
        assert!(matches!(read(b"<html>", &server()), Err(ReadError::WebPage { .. })));
        assert_eq!(read(b" ", &server()), Err(ReadError::Empty));
    }
}
