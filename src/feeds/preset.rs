//! Short names of what desks watch, expanded to plain sources: `r/science`, `@who@server`, `#tag@server`, a channel's page.
//!
//! All of them stand here. A preset is only a way to write: the configuration holds the source itself.

use url::Url;

/// A source, as a table of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its `kind`.
    pub kind: &'static str,
    /// Its other keys, in order.
    pub keys: Vec<(&'static str, String)>,
    /// A name for it.
    pub name: String,
    /// What an operator should know about it.
    pub note: Option<&'static str>,
}

const REDDIT: &str = "Reddit serves about one request a minute, so subreddits are visited one after the other; with keys (client_id_file, \
     client_secret_file) a hundred. Its terms: redditinc.com/policies.";
const YOUTUBE: &str = "YouTube lists the newest 15 films: title and description, no captions. Its terms: youtube.com/t/terms.";
const MASTODON: &str = "Each server has rules of its own: see its /about page.";
const BLUESKY: &str = "Read from the public AppView, without an account. Its terms: bsky.social/about/support/tos.";
const TELEGRAM: &str = "Read from the public preview page, which may change or vanish. Its terms: telegram.org/tos.";

/// Places whose accounts begin with `@` too.
const NO_MASTODON: [&str; 7] =
    ["youtube.com", "tiktok.com", "medium.com", "threads.net", "threads.com", "odysee.com", "substack.com"];

/// How presets are written, for help texts.
pub const FORMS: &str = "\
  r/NAME                       a subreddit                     @NAME@SERVER   a Mastodon account
  !NAME@SERVER                 a Lemmy community               #TAG@SERVER    a Mastodon hashtag
  UC… or a channel's address   a YouTube channel               bsky.app/profile/NAME   a Bluesky account
  an RSS-Bridge page           the feed of that page";

/// Expands what a person wrote, if it is a preset; other addresses are none.
pub fn expand(written: &str) -> Option<Preset> {
    let written = written.trim();
    short(written).or_else(|| page(written))
}

fn short(written: &str) -> Option<Preset> {
    if let Some(name) = written.strip_prefix("r/").or_else(|| written.strip_prefix("/r/")) {
        return subreddit(name.trim_end_matches('/'));
    }
    if let Some((name, server)) = written.strip_prefix('@').and_then(|rest| rest.split_once('@')) {
        return mastodon(server, "account", name);
    }
    if let Some((tag, server)) = written.strip_prefix('#').and_then(|rest| rest.split_once('@')) {
        return mastodon(server, "tag", tag);
    }
    if let Some((name, server)) = written.strip_prefix('!').and_then(|rest| rest.split_once('@')) {
        return lemmy(server, name);
    }
    is_channel(written).then(|| youtube("channel_id", written))
}

/// Recognises the address of a page whose feed is known to lie elsewhere.
fn page(written: &str) -> Option<Preset> {
    let url = if written.contains("://") { Url::parse(written) } else { Url::parse(&format!("https://{written}")) }.ok()?;
    let host = url.host_str()?.trim_start_matches("www.").trim_start_matches("old.").to_owned();
    let path: Vec<&str> = url.path_segments()?.filter(|piece| !piece.is_empty()).collect();
    match (host.as_str(), path.as_slice()) {
        ("reddit.com", ["r", name]) => subreddit(name),
        ("youtube.com", ["channel", id, ..]) if is_channel(id) => Some(youtube("channel_id", id)),
        ("youtube.com", ["playlist"]) => {
            let (_, list) = url.query_pairs().find(|(key, _)| key == "list")?;
            is_plain(&list).then(|| youtube("playlist_id", &list))
        }
        ("bsky.app", ["profile", name]) => bluesky(name),
        ("t.me", ["s", name] | [name]) => telegram(name),
        // Short forms of servers are only believed where their pages look like nothing else.
        (_, [name]) if name.starts_with('@') && written.contains("://") && !NO_MASTODON.contains(&host.as_str()) => {
            let name = name.trim_start_matches('@');
            mastodon(&host, "account", name.split_once('@').map_or(name, |_| name))
        }
        (_, ["tags", tag]) if written.contains("://") => mastodon(&host, "tag", tag),
        (_, ["c", name]) if written.contains("://") && !host.contains("youtube") => lemmy(&host, name),
        _ => bridge(&url),
    }
}

/// The page of an RSS-Bridge shows what its feed would hold: the same address with another format is the feed.
fn bridge(url: &Url) -> Option<Preset> {
    let of = |wanted: &str| url.query_pairs().find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned());
    let bridge = of("bridge").filter(|_| of("action").as_deref() == Some("display"))?;
    if matches!(of("format").as_deref(), Some("Atom" | "Mrss" | "Json")) {
        return None;
    }
    let mut feed = url.clone();
    let kept: Vec<(String, String)> =
        url.query_pairs().filter(|(key, _)| key != "format").map(|(a, b)| (a.into(), b.into())).collect();
    feed.query_pairs_mut().clear().extend_pairs(kept).append_pair("format", "Atom");
    Some(Preset { kind: "feed", keys: vec![("url", feed.into())], name: plain_name(&bridge), note: None })
}

fn subreddit(name: &str) -> Option<Preset> {
    let known = is_plain(name) && !name.contains('-');
    known.then(|| Preset {
        kind: "reddit",
        keys: vec![("subreddit", name.to_owned())],
        name: plain_name(&format!("reddit-{name}")),
        note: Some(REDDIT),
    })
}

fn youtube(key: &str, id: &str) -> Preset {
    Preset {
        kind: "feed",
        keys: vec![("url", format!("https://www.youtube.com/feeds/videos.xml?{key}={id}"))],
        name: plain_name(&format!("youtube-{id}")),
        note: Some(YOUTUBE),
    }
}

fn mastodon(server: &str, key: &'static str, value: &str) -> Option<Preset> {
    let known = is_host(server) && !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || "_-.@".contains(c));
    known.then(|| Preset {
        kind: "mastodon",
        keys: vec![("server", format!("https://{server}")), (key, value.to_owned())],
        name: plain_name(&format!("{server}-{value}")),
        note: Some(MASTODON),
    })
}

fn lemmy(server: &str, name: &str) -> Option<Preset> {
    (is_host(server) && is_plain(name)).then(|| Preset {
        kind: "feed",
        keys: vec![("url", format!("https://{server}/feeds/c/{name}.xml?sort=New"))],
        name: plain_name(&format!("{server}-{name}")),
        note: None,
    })
}

fn bluesky(name: &str) -> Option<Preset> {
    let known = name.starts_with("did:") || is_host(name);
    known.then(|| Preset {
        kind: "bluesky",
        keys: vec![("author", name.to_owned())],
        name: plain_name(&format!("bluesky-{name}")),
        note: Some(BLUESKY),
    })
}

fn telegram(name: &str) -> Option<Preset> {
    is_plain(name).then(|| Preset {
        kind: "telegram",
        keys: vec![("channel", name.to_owned())],
        name: plain_name(&format!("telegram-{name}")),
        note: Some(TELEGRAM),
    })
}

fn is_channel(id: &str) -> bool {
    id.len() == 24 && id.starts_with("UC") && is_plain(id)
}

fn is_plain(name: &str) -> bool {
    (1..=100).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn is_host(name: &str) -> bool {
    let labels = || name.split('.');
    labels().count() > 1 && labels().all(is_plain)
}

/// Makes a name for the configuration: letters, digits, dots and hyphens, at most 64.
pub fn plain_name(text: &str) -> String {
    let pieces = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
    let name: String = pieces.filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("-").chars().take(64).collect();
    if name.is_empty() { "source".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(written: &str, key: &str) -> Option<String> {
        expand(written)?.keys.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    #[test]
    fn short_names_and_pages_become_the_addresses_of_feeds() {
        for (written, feed) in [
            ("!news@lemmy.example", "https://lemmy.example/feeds/c/news.xml?sort=New"),
            ("https://lemmy.example/c/news", "https://lemmy.example/feeds/c/news.xml?sort=New"),
            ("UCabcdefghijklmnopqrstuv", "https://www.youtube.com/feeds/videos.xml?channel_id=UCabcdefghijklmnopqrstuv"),
            (
                "youtube.com/channel/UCabcdefghijklmnopqrstuv/videos",
                "https://www.youtube.com/feeds/videos.xml?channel_id=UCabcdefghijklmnopqrstuv",
            ),
            ("https://www.youtube.com/playlist?list=PLx", "https://www.youtube.com/feeds/videos.xml?playlist_id=PLx"),
            (
                "https://bridge.example/?action=display&bridge=Wire&user=a%26b&format=Html",
                "https://bridge.example/?action=display&bridge=Wire&user=a%26b&format=Atom",
            ),
        ] {
            assert_eq!(key(written, "url").as_deref(), Some(feed), "{written}");
        }
    }

    #[test]
    fn accounts_and_tags_of_networks_become_timelines() {
        let account = expand("@desk@social.example").unwrap();
        assert_eq!((account.kind, account.name.as_str()), ("mastodon", "social.example-desk"));
        assert_eq!(key("https://social.example/@desk", "account").as_deref(), Some("desk"));
        assert_eq!(key("#Wahl@social.example", "tag").as_deref(), Some("Wahl"));
        assert_eq!(key("https://social.example/tags/Wahl", "server").as_deref(), Some("https://social.example"));
        assert_eq!(key("https://t.me/s/desk", "channel").as_deref(), Some("desk"));
        assert_eq!(key("https://bsky.app/profile/desk.example.org", "author").as_deref(), Some("desk.example.org"));
    }

    #[test]
    fn a_preset_is_the_right_kind_of_source_and_names_the_terms_it_is_under() {
        for (written, kind) in [
            ("r/science", "reddit"),
            ("https://old.reddit.com/r/science/", "reddit"),
            ("UCabcdefghijklmnopqrstuv", "feed"),
            ("@desk@social.example", "mastodon"),
            ("https://t.me/s/desk", "telegram"),
            ("https://bsky.app/profile/desk.example.org", "bluesky"),
        ] {
            let preset = expand(written).unwrap();
            assert_eq!(preset.kind, kind, "{written}");
            assert!(preset.note.is_some_and(|note| note.contains("terms: ") || note.contains("rules of its own")), "{written}");
        }
        assert_eq!(key("/r/science/", "subreddit").as_deref(), Some("science"));
    }

    #[test]
    fn ordinary_addresses_are_no_presets() {
        for written in [
            "https://example.org/feed.xml",
            "https://example.org/",
            "feed.xml",
            "https://bridge.example/?action=display&bridge=Wire&format=Atom",
            "r/two words",
            "https://www.youtube.com/@desk",
            "@desk",
        ] {
            assert_eq!(expand(written), None, "{written}");
        }
    }
}
