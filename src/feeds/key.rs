//! The key that recognises a post at the next visit: our own digest, never the publisher's text.
//!
//! Which of a publisher's fields can be trusted shows only in a whole document, so the policy is chosen for the document.
//! A policy is part of the key: posts known under another one are new to the key, and the store's aliases recognise them.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use url::Url;

use crate::model::post::PostKey;
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
    fn value(self, of: &Traits, keep_fragments: bool) -> Option<String> {
        let guid = || of.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty());
        let url = || of.url.as_deref().map(|url| plain_url(url, keep_fragments));
        match self {
            Self::Guid => guid().map(str::to_owned),
            Self::GuidAndUrl => Some(format!("{}|{}", guid()?, url()?)),
            Self::Url => url(),
            Self::UrlAndDate => Some(format!("{}|{}", url()?, of.published.as_deref()?)),
            Self::Text => Some(plain_text(&of.text)),
        }
    }
}

/// Chooses the keys of all items of one document; the same item twice gets the same key twice.
pub fn choose(items: &[Traits], source: &SourceName) -> Vec<PostKey> {
    let keep_fragments = only_fragments_differ(items);
    let values: Vec<Vec<Option<String>>> =
        Policy::LADDER.iter().map(|policy| items.iter().map(|item| policy.value(item, keep_fragments)).collect()).collect();
    let alone: Vec<Vec<bool>> = values.iter().map(|of_policy| stand_alone(of_policy, items)).collect();
    let start = alone.iter().position(|alone| serves(alone)).unwrap_or(Policy::LADDER.len() - 1);
    let key_of = |item: usize| {
        let fits = |step: &usize| alone.get(*step).and_then(|alone| alone.get(item)).copied().unwrap_or(false);
        let step = (start..Policy::LADDER.len()).find(fits).unwrap_or(Policy::LADDER.len() - 1);
        let policy = Policy::LADDER.get(step).copied().unwrap_or(Policy::Text);
        let value = values.get(step).and_then(|values| values.get(item)).and_then(Option::as_deref).unwrap_or_default();
        digest(source, policy, value)
    };
    (0..items.len()).map(key_of).collect()
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
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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

/// Says whether items of the document differ by the fragment of their address only, as in a page of short notes.
fn only_fragments_differ(items: &[Traits]) -> bool {
    let with = |keep| {
        let urls = items.iter().filter_map(|item| item.url.as_deref());
        urls.map(|url| plain_url(url, keep)).collect::<std::collections::HashSet<_>>().len()
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
    fn sources_do_not_share_keys() {
        let items = [item("a", "https://example.org/1", "One")];
        assert_ne!(choose(&items, &SourceName("x".into())), choose(&items, &SourceName("y".into())));
    }
}
