//! What a Bluesky AppView lists: addresses of its lists, and their posts as raw posts.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::convert::clipped;
use super::error::ReadError;
use super::key;
use crate::model::post::{Markup, RawPost, Standing};
use crate::model::source::BlueskyList;

/// Posts asked for at once: the most an AppView gives.
const AT_ONCE: &str = "100";
/// Most pictures whose texts are read.
const MOST_PICTURES: usize = 32;

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its posts, newest first; reposts are left out.
    pub posts: Vec<RawPost>,
    /// Where the next page begins, for the server only.
    pub cursor: Option<String>,
    /// Items on it, reposts included.
    pub items: usize,
    /// How often its posts, and those reposted on it, were reposted in all.
    pub standings: Vec<Standing>,
    /// When the oldest of its posts in order appeared; pinned posts and reposts stand out of order.
    pub oldest: Option<Timestamp>,
}

/// Gives the address of a page: the first, or the one at `cursor`.
pub fn page_address(server: &Url, list: &BlueskyList, cursor: Option<&str>) -> Option<Url> {
    let (method, name, value) = match list {
        BlueskyList::Author(author) => ("app.bsky.feed.getAuthorFeed", "actor", author),
        BlueskyList::List(uri) => ("app.bsky.feed.getListFeed", "list", uri),
        BlueskyList::Feed(uri) => ("app.bsky.feed.getFeed", "feed", uri),
    };
    let mut url = server.clone();
    url.set_query(None);
    url.path_segments_mut().ok()?.clear().extend(["xrpc", method]);
    url.query_pairs_mut().append_pair(name, value).append_pair("limit", AT_ONCE);
    if let Some(cursor) = cursor {
        url.query_pairs_mut().append_pair("cursor", cursor);
    }
    Some(url)
}

/// Reads a page.
///
/// # Errors
/// When it is no list of posts.
pub fn read(body: &[u8]) -> Result<Page, ReadError> {
    let not = |detail: String| ReadError::NotAFeed { detail };
    let answer: Value = match body.trim_ascii_start().first() {
        None => return Err(ReadError::Empty),
        Some(b'<') => return Err(ReadError::WebPage { feed: None }),
        Some(_) => serde_json::from_slice(body).map_err(|error| not(error.to_string()))?,
    };
    let items = answer.get("feed").and_then(Value::as_array).ok_or_else(|| not("JSON, but no list of posts".to_owned()))?;
    let mut page = Page { items: items.len(), cursor: words(&answer, "cursor"), ..Page::default() };
    for item in items {
        let reason = item.get("reason").and_then(|reason| words(reason, "$type")).unwrap_or_default();
        page.standings.extend(item.get("post").and_then(standing));
        if reason.ends_with("reasonRepost") {
            continue;
        }
        let Some(post) = item.get("post").and_then(post) else { continue };
        if reason.is_empty() {
            let indexed = item.get("post").and_then(|post| words(post, "indexedAt")).and_then(|at| at.parse().ok());
            page.oldest = [page.oldest, indexed].into_iter().flatten().min();
        }
        page.posts.push(post);
    }
    Ok(page)
}

fn words(of: &Value, field: &str) -> Option<String> {
    let text = of.get(field)?.as_str()?.trim();
    (!text.is_empty()).then(|| clipped(text.to_owned()))
}

fn post(view: &Value) -> Option<RawPost> {
    let uri = words(view, "uri")?;
    let record = view.get("record")?;
    let author = view.get("author");
    let mut found = Embedded::default();
    // The view holds what the record only points to; a view that is missing leaves the record's own words.
    for embed in [view.get("embed"), record.get("embed")].into_iter().flatten() {
        found.look_into(embed, 0);
    }
    Some(RawPost {
        url: web_address(&uri),
        everywhere: Some(format!("bluesky|{uri}")),
        guid: Some(uri),
        title: None,
        body: words(record, "text").map(Markup::Plain),
        captions: found.captions,
        author: author.and_then(name),
        published: words(record, "createdAt").and_then(|at| at.parse::<Timestamp>().ok()),
        lang: record.get("langs").and_then(|langs| langs.get(0)).and_then(Value::as_str).map(str::to_owned),
        warning: None,
        quoted: found.quoted,
        card: found.card,
        links: links(record).chain(found.link).collect(),
    })
}

fn standing(view: &Value) -> Option<Standing> {
    let reposts = view.get("repostCount").and_then(Value::as_u64).unwrap_or_default();
    let key = key::everywhere(&format!("bluesky|{}", words(view, "uri")?));
    Some(Standing { key, number: None, reposts: u32::try_from(reposts).unwrap_or(u32::MAX), more: 0 })
}

/// Most posts or profiles that an AppView gives at once.
pub const MOST_AT_ONCE: usize = 25;

/// Gives the address at which posts are looked up by their `at://` addresses, at most [`MOST_AT_ONCE`].
pub fn posts_address(server: &Url, uris: &[String]) -> Option<Url> {
    looked_up(server, "app.bsky.feed.getPosts", "uris", uris)
}

/// Reads the texts of posts that were looked up, each with its address; posts that are gone are left out.
///
/// # Errors
/// When the answer is about no posts.
pub fn texts(body: &[u8]) -> Result<Vec<(String, String)>, ReadError> {
    let posts = listed(body, "posts")?;
    Ok(posts.iter().filter_map(|post| Some((words(post, "uri")?, words(post.get("record")?, "text")?))).collect())
}

/// Gives the address at which accounts are looked up by their DIDs, at most [`MOST_AT_ONCE`].
pub fn profiles_address(server: &Url, dids: &[String]) -> Option<Url> {
    looked_up(server, "app.bsky.actor.getProfiles", "actors", dids)
}

/// Reads the names of accounts that were looked up, each with its DID.
///
/// # Errors
/// When the answer is about no accounts.
pub fn names(body: &[u8]) -> Result<Vec<(String, String)>, ReadError> {
    let profiles = listed(body, "profiles")?;
    Ok(profiles.iter().filter_map(|profile| Some((words(profile, "did")?, name(profile)?))).collect())
}

fn looked_up(server: &Url, method: &str, key: &str, values: &[String]) -> Option<Url> {
    let mut url = server.clone();
    url.set_query(None);
    url.path_segments_mut().ok()?.clear().extend(["xrpc", method]);
    url.query_pairs_mut().extend_pairs(values.iter().take(MOST_AT_ONCE).map(|value| (key, value)));
    Some(url)
}

fn listed(body: &[u8], field: &str) -> Result<Vec<Value>, ReadError> {
    let not = |detail: String| ReadError::NotAFeed { detail };
    let mut answer: Value = serde_json::from_slice(body).map_err(|error| not(error.to_string()))?;
    match answer.get_mut(field).map(Value::take) {
        Some(Value::Array(list)) => Ok(list),
        _ => Err(not(format!("JSON, but no list of {field}"))),
    }
}

/// `at://did/collection/key` as a page that a browser opens.
fn web_address(uri: &str) -> Option<String> {
    let mut steps = uri.strip_prefix("at://")?.split('/');
    let (author, _, key) = (steps.next()?, steps.next()?, steps.next()?);
    Some(format!("https://bsky.app/profile/{author}/post/{key}"))
}

fn name(author: &Value) -> Option<String> {
    let handle = words(author, "handle").map(|handle| format!("@{handle}"))?;
    Some(match words(author, "displayName") {
        Some(name) => format!("{} ({handle})", escaped(&name)),
        None => handle,
    })
}

/// Names and captions are read as HTML further on; these are plain.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Addresses behind words of the text; the text shows them shortened.
fn links(record: &Value) -> impl Iterator<Item = String> {
    let facets = record.get("facets").and_then(Value::as_array).into_iter().flatten();
    let features = facets.filter_map(|facet| facet.get("features").and_then(Value::as_array)).flatten();
    features.filter_map(|feature| words(feature, "uri"))
}

/// What a quoted post says: its words, and the texts of its pictures and of its link.
fn quoted(record: &Value) -> Option<Markup> {
    let mut within = Embedded { quoted: Some(Markup::Plain(String::new())), ..Embedded::default() };
    let value = record.get("value")?;
    let embeds = record.get("embeds").and_then(Value::as_array).into_iter().flatten();
    for embed in embeds.take(MOST_PICTURES).chain(value.get("embed")) {
        within.look_into(embed, 0);
    }
    let captions = within.captions.into_iter().map(|text| text.replace("&lt;", "<").replace("&amp;", "&"));
    let pieces: Vec<String> = words(value, "text").into_iter().chain(captions).chain(within.card).collect();
    (!pieces.is_empty()).then(|| Markup::Plain(pieces.join("\n")))
}

/// What hangs on a post.
#[derive(Debug, Default)]
struct Embedded {
    captions: Vec<String>,
    quoted: Option<Markup>,
    card: Option<String>,
    link: Option<String>,
}

impl Embedded {
    fn look_into(&mut self, embed: &Value, depth: usize) {
        if depth > 2 {
            return;
        }
        let pictures = ["images", "items"].into_iter().filter_map(|field| embed.get(field).and_then(Value::as_array)).flatten();
        for text in pictures.chain([embed]).filter_map(|picture| words(picture, "alt")).map(|text| escaped(&text)) {
            if self.captions.len() < MOST_PICTURES && !self.captions.contains(&text) {
                self.captions.push(text);
            }
        }
        if let Some(page) = embed.get("external") {
            let pieces: Vec<_> = [words(page, "title"), words(page, "description")].into_iter().flatten().collect();
            self.card = self.card.take().or_else(|| (!pieces.is_empty()).then(|| pieces.join("\n")));
            self.link = self.link.take().or_else(|| words(page, "uri"));
        }
        if let Some(media) = embed.get("media") {
            self.look_into(media, depth + 1);
        }
        // recordWithMedia holds the quotation one step deeper.
        if let Some(record) = embed.get("record") {
            let record = record.get("record").unwrap_or(record);
            if self.quoted.is_none() {
                self.quoted = quoted(record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[u8] = br##"{"cursor": "next::1", "feed": [
        {"post": {"uri": "at://did:plc:a/app.bsky.feed.post/1", "cid": "c1", "indexedAt": "2026-11-01T10:00:00Z",
          "author": {"did": "did:plc:a", "handle": "ann.example", "displayName": "Ann"},
          "record": {"text": "look bit.ly/x", "createdAt": "2026-11-01T09:59:00Z", "langs": ["en"],
            "facets": [{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://bit.example/xyz"}]}]},
          "embed": {"$type": "app.bsky.embed.recordWithMedia#view",
            "media": {"$type": "app.bsky.embed.images#view", "images": [{"alt": "a moon"}, {"alt": ""}]},
            "record": {"record": {"uri": "at://did:plc:b/app.bsky.feed.post/9", "value": {"text": "the moon is cheese"},
              "embeds": [{"$type": "app.bsky.embed.images#view", "images": [{"alt": "cheese & moon"}]}]}}}}},
        {"post": {"uri": "at://did:plc:b/app.bsky.feed.post/2", "indexedAt": "2020-01-01T00:00:00Z",
          "record": {"text": "old"}}, "reason": {"$type": "app.bsky.feed.defs#reasonRepost"}},
        {"post": {"uri": "at://did:plc:a/app.bsky.feed.post/3", "indexedAt": "2020-01-01T00:00:00Z", "author": {"handle": "ann.example"},
          "record": {"text": "pinned"}, "embed": {"external": {"uri": "https://p.example/", "title": "T", "description": "D"}}},
          "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}]}"##;

    #[test]
    fn a_page_gives_posts_with_all_that_can_be_matched_and_no_reposts() {
        let page = read(PAGE).unwrap();
        assert_eq!((page.items, page.posts.len(), page.cursor.as_deref()), (3, 2, Some("next::1")));
        assert_eq!(page.oldest, "2026-11-01T10:00:00Z".parse().ok(), "pins and reposts stand out of order");
        let [first, second] = &page.posts[..] else { panic!("two posts") };
        assert_eq!(first.url.as_deref(), Some("https://bsky.app/profile/did:plc:a/post/1"));
        assert_eq!(
            first.quoted,
            Some(Markup::Plain("the moon is cheese\ncheese & moon".into())),
            "what is quoted is quoted whole"
        );
        assert_eq!(first.captions, ["a moon"]);
        assert_eq!(first.links, ["https://bit.example/xyz"]);
        assert_eq!(second.card.as_deref(), Some("T\nD"));
    }

    #[test]
    fn addresses_are_those_of_the_app_view() {
        let server = Url::parse("https://public.api.bsky.app").unwrap();
        let url = page_address(&server, &BlueskyList::Author("ann.example".into()), Some("a b")).unwrap();
        assert_eq!(
            url.as_str(),
            "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=ann.example&limit=100&cursor=a+b"
        );
    }

    #[test]
    fn an_answer_that_is_no_list_is_a_fault() {
        assert!(matches!(read(b"{\"error\": \"UnknownList\"}"), Err(ReadError::NotAFeed { .. })));
    }
}
