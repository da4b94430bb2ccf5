//! The key that recognises a post at the next visit: our own digest, never the publisher's text.
//!
//! Which of a publisher's fields can be trusted shows only in a whole document, so the policy is chosen for the document.
//! A policy is part of the key: posts known under another one are new to the key, and their aliases recognise them.

use std::cell::OnceCell;

use foldhash::{HashMap, HashMapExt as _, HashSet};
use sha2::{Digest, Sha256};
use url::Url;

use crate::model::post::{Alias, PartKind, Post, PostKey};
use crate::model::source::SourceName;

/// Version of the way keys are made; another one makes every post look new.
const VERSION: &str = "v1";

/// Repeats that are forgiven: one item in twenty.
const FORGIVEN: usize = 20;

/// Parameters of an address that say where a reader came from, not what is read.
const TRACKING: [&str; 9] = ["fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid", "igshid", "yclid", "_ga"];

/// What is known of an item when its key is chosen.
#[derive(Debug, Clone, Default)]
pub struct Traits {
    /// The publisher's identifier.
    pub guid: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// When the publisher says it appeared, as text.
    pub published: Option<String>,
    /// What a reader sees.
    pub text: String,
    /// The name under which its whole network knows it.
    pub everywhere: Option<String>,
}

/// What a key is made of, most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The publisher's identifier.
    Guid,
    /// Identifier and address, where identifiers repeat.
    GuidAndUrl,
    /// The address, less what only tracks readers.
    Url,
    /// Address and date, where addresses repeat.
    UrlAndDate,
    /// What a reader sees.
    Text,
}

impl Policy {
    const LADDER: [Self; 5] = [Self::Guid, Self::GuidAndUrl, Self::Url, Self::UrlAndDate, Self::Text];

    /// Finds the policy under which keys were made so far; none where they were made in a way of another version.
    pub fn remembered(name: &str) -> Option<Self> {
        Self::LADDER.into_iter().find(|policy| policy.name() == name)
    }

    /// The name under which the store remembers it, version included.
    pub fn name(self) -> String {
        format!("{VERSION} {}", self.word())
    }

    /// The word for it inside keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guid => "guid",
            Self::GuidAndUrl => "guid|url",
            Self::Url => "url",
            Self::UrlAndDate => "url|published",
            Self::Text => "text",
        }
    }

    /// Gives what an item offers under this policy, if it offers anything.
    fn value(self, of: &Traits, keep_fragments: &impl Fn() -> bool) -> Option<String> {
        let guid = || of.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty());
        let url = || of.url.as_deref().map(|url| plain_url(url, keep_fragments()));
        match self {
            Self::Guid => guid().map(str::to_owned),
            Self::GuidAndUrl => Some(format!("{}|{}", guid()?, url()?)),
            Self::Url => url(),
            Self::UrlAndDate => Some(format!("{}|{}", url()?, of.published.as_deref()?)),
            Self::Text => Some(plain_text(&of.text)),
        }
    }
}

/// What the items of a document offer under one policy, and which of it belongs to one item only.
type Step = (Vec<Option<String>>, Vec<bool>);

/// Chooses the keys of all items of one document; the same item twice gets the same key twice.
pub fn choose(items: &[Traits], source: &SourceName) -> Vec<PostKey> {
    choose_as_before(items, source, None).0
}

/// Chooses the keys of all items of one document, by the policy of the last visit as long as it serves: another one would
/// make every item look new. Gives the policy too.
pub fn choose_as_before(items: &[Traits], source: &SourceName, before: Option<Policy>) -> (Vec<PostKey>, Policy) {
    const LAST: usize = Policy::LADDER.len() - 1;
    let keep_fragments = OnceCell::new();
    // Worked out when it is asked for: most documents need only the first policy.
    let steps: [OnceCell<Step>; Policy::LADDER.len()] = Default::default();
    let step = |at: usize| {
        steps.get(at).zip(Policy::LADDER.get(at)).map(|(cell, policy)| {
            cell.get_or_init(|| {
                let fragments = || *keep_fragments.get_or_init(|| only_fragments_differ(items));
                let values: Vec<_> = items.iter().map(|item| policy.value(item, &fragments)).collect();
                let alone = stand_alone(&values, items);
                (values, alone)
            })
        })
    };
    let stands = |at: usize, item: usize| step(at).and_then(|(_, alone)| alone.get(item)).copied().unwrap_or(false);
    let fits = |at: &usize| step(*at).is_some_and(|(_, alone)| serves(alone));
    let sticky = Policy::LADDER.iter().position(|policy| Some(*policy) == before);
    let start = sticky.filter(fits).or_else(|| (0..=LAST).find(fits)).unwrap_or(LAST);
    let policy_at = |at: usize| Policy::LADDER.get(at).copied().unwrap_or(Policy::Text);
    let key_of = |item: usize| {
        let at = (start..=LAST).find(|at| stands(*at, item)).unwrap_or(LAST);
        let value = step(at).and_then(|(values, _)| values.get(item)).and_then(Option::as_deref).unwrap_or_default();
        digest(source, policy_at(at), value)
    };
    ((0..items.len()).map(key_of).collect(), policy_at(start))
}

/// Letters below which equal words mean little ("Live", "No warnings in force").
const TELLING_LETTERS: usize = 60;

/// Gives the aliases of all posts of one document.
pub fn aliases(posts: &[Post]) -> Vec<Alias> {
    let mut by_url: HashMap<String, usize> = HashMap::new();
    let mut by_text: HashMap<String, usize> = HashMap::new();
    let found: Vec<(Option<String>, String, bool)> = posts
        .iter()
        .map(|post| {
            let url = post.url.as_deref().map(|url| plain_url(url, true)).filter(|url| url.contains(['/', '?', '#']));
            let url = url.map(of_bluesky);
            let words = words(post);
            let long = words.chars().filter(|c| !c.is_whitespace()).nth(TELLING_LETTERS - 1).is_some();
            (url, hex(&["words", &words]), long)
        })
        .collect();
    for (url, text, _) in &found {
        if let Some(url) = url {
            *by_url.entry(url.clone()).or_default() += 1;
        }
        *by_text.entry(text.clone()).or_default() += 1;
    }
    let alone = |seen: &HashMap<String, usize>, value: &str| seen.get(value) == Some(&1);
    found
        .into_iter()
        .map(|(url, text, long)| Alias {
            url: url.filter(|url| alone(&by_url, url)),
            tells: long && alone(&by_text, &text),
            text,
        })
        .collect()
}

/// Gives a post's own words in lower case, without numbers: counters of comments and shares make no edit.
fn words(post: &Post) -> String {
    let own = post.parts.iter().filter(|part| matches!(part.kind, PartKind::Title | PartKind::Text | PartKind::Quoted));
    let mut out = String::new();
    for word in own.flat_map(|part| part.text.split(|c: char| !c.is_alphanumeric())) {
        if word.chars().any(|c| !c.is_numeric()) {
            out.extend(word.chars().flat_map(char::to_lowercase));
            out.push(' ');
        }
    }
    out
}

/// Says of each value whether it belongs to one item only; an item listed twice word for word is still one.
fn stand_alone(values: &[Option<String>], items: &[Traits]) -> Vec<bool> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut shared: Vec<bool> = vec![false; values.len()];
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value.as_deref() else { continue };
        let earlier = *first.entry(value).or_insert(at);
        let same = items.get(earlier).zip(items.get(at)).is_some_and(|(a, b)| a.url == b.url && a.text == b.text);
        if !same {
            for place in [earlier, at] {
                if let Some(shared) = shared.get_mut(place) {
                    *shared = true;
                }
            }
        }
    }
    values.iter().zip(shared).map(|(value, shared)| value.is_some() && !shared).collect()
}

/// Says whether a policy serves a document: all but one item in twenty stand alone under it.
fn serves(alone: &[bool]) -> bool {
    let exceptions = alone.iter().filter(|alone| !**alone).count();
    exceptions * FORGIVEN <= alone.len()
}

/// Gives the key of a post that is the same wherever it is found; it begins with an asterisk, as no other key does.
pub fn everywhere(name: &str) -> PostKey {
    PostKey(format!("*{}", hex(&[VERSION, name])))
}

fn digest(source: &SourceName, policy: Policy, value: &str) -> PostKey {
    PostKey(hex(&[VERSION, &source.0, policy.word(), value]))
}

fn hex(pieces: &[&str]) -> String {
    let mut hash = Sha256::new();
    for piece in pieces {
        // A length before each piece, so that no two lists of pieces read the same.
        hash.update((piece.len() as u64).to_be_bytes());
        hash.update(piece.as_bytes());
    }
    let mut out = String::with_capacity(64);
    for byte in hash.finalize() {
        let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or_default());
        digits.into_iter().for_each(|digit| out.push(digit));
    }
    out
}

/// Gives what of an address names the document: no scheme, no tracking, no default port, mostly no fragment.
pub fn plain_url(address: &str, keep_fragment: bool) -> String {
    let Ok(mut url) = Url::parse(address.trim()) else { return address.trim().to_owned() };
    if !keep_fragment {
        url.set_fragment(None);
    }
    let tracks = |name: &str| name.starts_with("utm_") || TRACKING.contains(&name);
    if url.query_pairs().any(|(name, _)| tracks(&name)) {
        // Cut by hand: reading and writing a query anew would change how it is spelt.
        let kept: Vec<_> =
            url.query().unwrap_or_default().split('&').filter(|pair| !tracks(pair.split('=').next().unwrap_or(pair))).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
    let text = url.as_str();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.trim_end_matches('/').to_owned()
}

/// Gives one address for a post on Bluesky: its author stands there by name in feeds and by DID in streams, and the last step
/// (a time in microseconds, and chance) is enough to tell posts apart.
fn of_bluesky(plain: String) -> String {
    let steps = plain.strip_prefix("bsky.app/profile/").and_then(|rest| rest.split_once("/post/"));
    match steps {
        Some((author, post)) if !author.contains('/') && !post.contains('/') && post.len() >= 13 => {
            format!("bsky.app/post/{post}")
        }
        _ => plain,
    }
}

/// Says whether items of the document differ by the fragment of their address only, as in a page of short notes.
fn only_fragments_differ(items: &[Traits]) -> bool {
    let with = |keep| {
        let urls = items.iter().filter_map(|item| item.url.as_deref());
        urls.map(|url| plain_url(url, keep)).collect::<HashSet<_>>().len()
    };
    with(true) > with(false)
}

/// Gives words only, so that a changed counter of blanks or a capital makes no new post.
fn plain_text(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(guid: &str, url: &str, text: &str) -> Traits {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Traits { guid: some(guid), url: some(url), published: None, text: text.to_owned(), everywhere: None }
    }

    fn keys(items: &[Traits]) -> Vec<PostKey> {
        choose(items, &SourceName("test".to_owned()))
    }

    #[test]
    fn a_changed_headline_or_address_keeps_the_key_of_a_good_guid() {
        let before = keys(&[item("a", "http://example.org/1", "One"), item("b", "http://example.org/2", "Two")]);
        let after =
            keys(&[item("a", "https://example.org/1?utm_source=x", "One, corrected"), item("b", "http://example.org/2", "Two")]);
        assert_eq!(before, after);
    }

    #[test]
    fn one_guid_for_all_items_hides_none_of_them() {
        let items: Vec<_> = (0..10).map(|n| item("same", &format!("https://example.org/{n}"), "x")).collect();
        let keys: std::collections::HashSet<_> = keys(&items).into_iter().collect();
        assert_eq!(keys.len(), 10);
    }

    #[test]
    fn one_link_for_all_items_hides_none_of_them() {
        let items: Vec<_> = (0..10).map(|n| item("", "https://example.org/", &format!("text {n}"))).collect();
        let keys: std::collections::HashSet<_> = keys(&items).into_iter().collect();
        assert_eq!(keys.len(), 10);
    }

    #[test]
    fn an_item_listed_twice_is_one_and_changes_no_other_key() {
        let once = keys(&[item("a", "https://example.org/1", "One"), item("b", "https://example.org/2", "Two")]);
        let twice = keys(&[
            item("a", "https://example.org/1", "One"),
            item("a", "https://example.org/1", "One"),
            item("b", "https://example.org/2", "Two"),
        ]);
        assert_eq!(twice, [once[0].clone(), once[0].clone(), once[1].clone()]);
    }

    #[test]
    fn a_rare_repeat_does_not_change_the_policy_of_the_others() {
        let mut items: Vec<_> = (0..60).map(|n| item(&format!("g{n}"), &format!("https://example.org/{n}"), "x")).collect();
        let before = keys(&items);
        items.push(item("g59", "https://example.org/other", "y"));
        let after = keys(&items);
        assert_eq!(before[..59], after[..59]);
        assert_ne!(after[59], after[60]);
    }

    #[test]
    fn addresses_are_compared_without_what_only_tracks_readers() {
        let plain = |url| plain_url(url, false);
        assert_eq!(plain("HTTPS://Example.org:443/a?utm_source=rss&id=1&fbclid=x#top"), "example.org/a?id=1");
        assert_eq!(plain("http://example.org/a?utm_medium=x"), plain("https://example.org/a/"));
        assert_ne!(plain("https://example.org/?p=1"), plain("https://example.org/?p=2"));
    }

    #[test]
    fn fragments_count_where_nothing_else_differs() {
        let notes = [item("", "https://example.org/notes#1", "a"), item("", "https://example.org/notes#2", "b")];
        let keys = keys(&notes);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn the_policy_of_the_last_visit_is_kept_as_long_as_it_serves() {
        let source = SourceName("test".to_owned());
        let good = [item("a", "https://example.org/1", "One"), item("b", "https://example.org/2", "Two")];
        let bad = [item("a", "https://example.org/1", "One"), item("a", "https://example.org/2", "Two")];
        let (keys, policy) = choose_as_before(&good, &source, Some(Policy::Url));
        assert_eq!(policy, Policy::Url);
        assert_eq!(choose_as_before(&bad, &source, Some(Policy::Url)), (keys, Policy::Url));
        assert_eq!(choose_as_before(&bad, &source, Some(Policy::Guid)).1, Policy::GuidAndUrl);
        for policy in Policy::LADDER {
            assert_eq!(Policy::remembered(&policy.name()), Some(policy));
        }
    }

    #[test]
    fn a_post_on_bluesky_has_one_alias_whatever_its_author_is_called() {
        let alias = |url: &str| {
            let post = Post { url: Some(url.to_owned()), ..Post::of_text("words", jiff::Timestamp::UNIX_EPOCH) };
            aliases(&[post])[0].url.clone().unwrap()
        };
        let by_name = alias("https://bsky.app/profile/ann.example/post/3lbxyzabcde2k");
        assert_eq!(by_name, alias("https://bsky.app/profile/did:plc:ann/post/3lbxyzabcde2k?ref=x").replace("?ref=x", ""));
        assert_eq!(by_name, alias("https://bsky.app/profile/did:plc:ann/post/3lbxyzabcde2k"));
        assert_ne!(
            alias("https://bsky.app/profile/a/post/1"),
            alias("https://bsky.app/profile/b/post/1"),
            "no number of that kind"
        );
    }

    #[test]
    fn an_address_or_words_that_several_items_share_are_no_alias() {
        let post = |url: &str, text: &str| Post { url: Some(url.to_owned()), ..Post::of_text(text, jiff::Timestamp::UNIX_EPOCH) };
        let long = "the council has voted to close the bridge for another winter, and nobody was surprised";
        let found = aliases(&[
            post("https://example.org/a?utm_source=x", long),
            post("https://example.org/b", "no warnings"),
            post("http://example.org/b/", "7 comments"),
        ]);
        assert_eq!(found[0].url.as_deref(), Some("example.org/a"));
        assert!(found[0].tells && !found[1].tells);
        assert_eq!((&found[1].url, &found[2].url), (&None, &None));
        let again = aliases(&[post("https://example.org/c", &format!("{long}. 12"))]);
        assert_eq!(again[0].text, found[0].text, "numbers and marks are no edit");
    }

    #[test]
    fn sources_do_not_share_keys() {
        let items = [item("a", "https://example.org/1", "One")];
        assert_ne!(choose(&items, &SourceName("x".into())), choose(&items, &SourceName("y".into())));
    }
}
