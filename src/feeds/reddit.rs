//! Reddit: addresses of a subreddit's newest posts, and what the interface with keys (`oauth.reddit.com`) lists.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::convert::{clipped, web_address};
use super::error::ReadError;
use crate::model::post::{Markup, RawPost};

/// Posts asked for at once: the most Reddit gives.
const AT_ONCE: &str = "100";

/// Which part of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch<'a> {
    /// The newest posts.
    Newest,
    /// Those just newer than this one ("t3_…"). Where it was deleted Reddit lists nothing.
    NewerThan(&'a str),
    /// Those older than this one.
    OlderThan(&'a str),
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its posts, newest first.
    pub posts: Vec<RawPost>,
    /// Their names ("t3_…"), newest first.
    pub names: Vec<String>,
}

/// Gives the address of a subreddit's feed, for those without keys.
pub fn feed_address(server: &Url, subreddit: &str) -> Option<Url> {
    let mut url = server.clone();
    url.path_segments_mut().ok()?.clear().extend(["r", subreddit, "new", ".rss"]);
    url.query_pairs_mut().clear().append_pair("limit", AT_ONCE);
    Some(url)
}

/// Gives the address of a listing, for those with keys.
pub fn listing_address(server: &Url, subreddit: &str, stretch: Stretch<'_>) -> Option<Url> {
    let mut url = server.clone();
    url.path_segments_mut().ok()?.clear().extend(["r", subreddit, "new"]);
    {
        let mut query = url.query_pairs_mut();
        query.clear().append_pair("limit", AT_ONCE).append_pair("raw_json", "1");
        match stretch {
            Stretch::Newest => {}
            Stretch::NewerThan(name) => drop(query.append_pair("before", name)),
            Stretch::OlderThan(name) => drop(query.append_pair("after", name)),
        }
    }
    Some(url)
}

/// Gives the address at which keys are exchanged for a token.
pub fn token_address(server: &Url) -> Option<Url> {
    server.join("/api/v1/access_token").ok()
}

/// Reads a token and for how many seconds it holds.
///
/// # Errors
/// When there is none in it.
pub fn token(body: &[u8]) -> Result<(String, u64), ReadError> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        #[serde(default)]
        expires_in: u64,
    }
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| ReadError::NotAFeed { detail: "Reddit gave no token for these keys".to_owned() })?;
    Ok((answer.access_token, answer.expires_in))
}

#[derive(Deserialize)]
struct Listing {
    data: Children,
}

#[derive(Deserialize)]
struct Children {
    children: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    data: Item,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    name: String,
    title: Option<String>,
    selftext: Option<String>,
    author: Option<String>,
    permalink: Option<String>,
    url: Option<String>,
    created_utc: Option<f64>,
    removed_by_category: Option<String>,
    crosspost_parent_list: Option<Vec<Parent>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Parent {
    title: Option<String>,
    selftext: Option<String>,
}

/// Reads a listing.
///
/// # Errors
/// When it is none.
pub fn read(body: &[u8]) -> Result<Page, ReadError> {
    match body.trim_ascii_start().first() {
        None => return Err(ReadError::Empty),
        Some(b'<') => return Err(ReadError::WebPage { feed: None }),
        Some(_) => {}
    }
    let listing: Listing = serde_json::from_slice(body).map_err(|error| ReadError::NotAFeed { detail: error.to_string() })?;
    let items: Vec<Item> = listing.data.children.into_iter().map(|child| child.data).collect();
    let names = items.iter().map(|item| item.name.clone()).filter(|name| !name.is_empty()).collect();
    Ok(Page { posts: items.into_iter().filter(|item| !item.name.is_empty()).map(Item::into_raw).collect(), names })
}

/// The name under which a post is the same in the feed and in a listing.
pub fn everywhere(name: &str) -> Option<String> {
    name.starts_with("t3_").then(|| format!("reddit|{name}"))
}

impl Item {
    fn into_raw(self) -> RawPost {
        let said = |text: Option<String>| {
            let text = text.map(clipped).filter(|text| !text.trim().is_empty());
            // What moderators or authors have taken down is not said any more.
            text.filter(|text| !["[removed]", "[deleted]"].contains(&text.trim()))
        };
        let is_removed = self.removed_by_category.is_some();
        let parent = self.crosspost_parent_list.and_then(|parents| parents.into_iter().next());
        let quoted =
            parent.map(|parent| [said(parent.title), said(parent.selftext)].into_iter().flatten().collect::<Vec<_>>().join("\n"));
        let page = self.permalink.as_deref().filter(|path| path.starts_with('/'));
        RawPost {
            url: page.map(|path| format!("https://www.reddit.com{path}")),
            everywhere: everywhere(&self.name),
            title: said(self.title).map(Markup::Plain),
            body: said(self.selftext).filter(|_| !is_removed).map(Markup::Plain),
            author: self.author.map(|name| format!("u/{}", name.replace('<', ""))),
            published: self.created_utc.and_then(|at| Timestamp::from_second(at as i64).ok()),
            quoted: quoted.filter(|text| !text.is_empty()).map(Markup::Plain),
            links: self.url.as_deref().and_then(web_address).into_iter().collect(),
            guid: Some(self.name),
            ..RawPost::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_gives_titles_texts_crossposts_and_links() {
        let body = br#"{"kind": "Listing", "data": {"after": null, "children": [
            {"kind": "t3", "data": {"name": "t3_b", "title": "Cheese & moon", "selftext": "It is 1 < 2", "author": "ann", "created_utc": 1793523600.0,
             "permalink": "/r/moon/comments/b/x/", "url": "https://paper.example/", "over_18": false,
             "crosspost_parent_list": [{"title": "An older one", "selftext": "with words"}]}},
            {"kind": "t3", "data": {"name": "t3_a", "title": "Gone", "selftext": "[removed]", "removed_by_category": "moderator", "permalink": "/r/a"}}]}}"#;
        let page = read(body).unwrap();
        assert_eq!(page.names, ["t3_b", "t3_a"]);
        let post = &page.posts[0];
        assert_eq!(
            (&post.title, &post.body),
            (&Some(Markup::Plain("Cheese & moon".into())), &Some(Markup::Plain("It is 1 < 2".into())))
        );
        assert_eq!(post.quoted, Some(Markup::Plain("An older one\nwith words".into())));
        assert_eq!(post.url.as_deref(), Some("https://www.reddit.com/r/moon/comments/b/x/"));
        assert_eq!((post.links.len(), post.everywhere.as_deref()), (1, Some("reddit|t3_b")));
        assert_eq!(page.posts[1].body, None);
    }

    #[test]
    fn an_answer_that_is_no_listing_is_a_fault() {
        assert!(matches!(read(b"<html>blocked by network security</html>"), Err(ReadError::WebPage { .. })));
        assert!(matches!(read(br#"{"error": 403}"#), Err(ReadError::NotAFeed { .. })));
        assert_eq!(read(b""), Err(ReadError::Empty));
        assert!(token(br#"{"error": "invalid_grant"}"#).is_err());
        assert_eq!(token(br#"{"access_token": "x", "expires_in": 86400}"#).unwrap(), ("x".to_owned(), 86400));
    }

    #[test]
    fn addresses_name_the_subreddit_and_the_stretch() {
        let server = Url::parse("https://oauth.reddit.com").unwrap();
        let url = listing_address(&server, "moon", Stretch::NewerThan("t3_a")).unwrap();
        assert_eq!(url.as_str(), "https://oauth.reddit.com/r/moon/new?limit=100&raw_json=1&before=t3_a");
        assert_eq!(feed_address(&server, "moon").unwrap().path(), "/r/moon/new/.rss");
    }
}
