//! Web addresses in the one form that all addresses of the same page share.

use url::Url;

/// Addresses inside archive addresses are unwrapped this often at most.
const MOST_WRAPPINGS: usize = 3;

/// Query keys that only tell who sent the reader (beside all that begin with `utm_`).
const TRACKING: [&str; 22] = [
    "fbclid", "gclid", "dclid", "msclkid", "yclid", "twclid", "ttclid", "mc_cid", "mc_eid", "igshid", "igsh", "ref", "ref_src",
    "ref_url", "cmpid", "ocid", "smid", "spm", "_ga", "__tn__", "__xts__", "si",
];

/// Gives the form in which two addresses of one page are equal, or nothing for what is no web address.
///
/// Dropped: scheme, `www.`, `m.`, `mobile.`, fragment, final slash, tracking keys. Known: Twitter is X, `youtu.be` is YouTube,
/// pages kept at web.archive.org are the pages themselves.
pub fn canonical(address: &str) -> Option<String> {
    let address = address.trim();
    let mut url = parse(address)?;
    for _ in 0..MOST_WRAPPINGS {
        match unwrap(&url).and_then(|inner| parse(&inner)) {
            Some(inner) => url = inner,
            None => break,
        }
    }
    let host = host(&url)?;
    let path = url.path().trim_end_matches('/');
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    if host == "x.com"
        && let [_, "status" | "statuses", id, ..] | ["i", "web", "status", id, ..] = steps.as_slice()
    {
        return Some(format!("x.com/status/{id}"));
    }
    if let Some(id) = youtube(&host, &steps, &url) {
        return Some(format!("youtube.com/watch?v={id}"));
    }
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| !is_tracking(key, &host))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    pairs.sort();
    let query = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&");
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(if query.is_empty() { format!("{host}{port}{path}") } else { format!("{host}{port}{path}?{query}") })
}

/// Addresses written out in a text.
pub fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, _)| {
        let start = ["https", "http"].iter().find_map(|scheme| text[..at].ends_with(scheme).then(|| at - scheme.len()))?;
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '”' | '»')).unwrap_or(rest.len());
        Some(rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '…', '\'', '’']))
    })
}

fn parse(address: &str) -> Option<Url> {
    if address.contains("://") {
        return Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    }
    let host = address.split('/').next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let is_host = name.contains('.') && !name.contains('@') && port.bytes().all(|b| b.is_ascii_digit());
    Url::parse(&format!("https://{address}")).ok().filter(|_| is_host)
}

fn host(url: &Url) -> Option<String> {
    let mut host = url.host_str()?.trim_end_matches('.');
    for label in ["www.", "m.", "mobile."] {
        host = host.strip_prefix(label).filter(|rest| rest.contains('.')).unwrap_or(host);
    }
    Some(match host {
        "twitter.com" => "x.com".to_owned(),
        "youtube-nocookie.com" => "youtube.com".to_owned(),
        other => other.to_owned(),
    })
}

/// The address kept behind one at an archive: `web.archive.org/web/20180613000000/https://…`.
fn unwrap(url: &Url) -> Option<String> {
    if !matches!(url.host_str()?, "web.archive.org" | "archive.org") {
        return None;
    }
    let rest = url.path().strip_prefix("/web/")?;
    let (_moment, inner) = rest.split_once('/')?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Parsing folds the two slashes of the inner address into one in some writings.
    let inner = if inner.contains("://") { inner.to_owned() } else { inner.replacen(":/", "://", 1) };
    Some(inner + &query)
}

fn youtube(host: &str, steps: &[&str], url: &Url) -> Option<String> {
    match (host, steps) {
        ("youtu.be", [id, ..]) | ("youtube.com", ["shorts" | "embed" | "live" | "v", id, ..]) => Some((*id).to_owned()),
        ("youtube.com", ["watch"]) => url.query_pairs().find(|(key, _)| key == "v").map(|(_, id)| id.into_owned()),
        _ => None,
    }
}

fn is_tracking(key: &str, host: &str) -> bool {
    key.starts_with("utm_")
        || TRACKING.contains(&key)
        || key.starts_with("__xts__")
        || host == "x.com" && matches!(key, "s" | "t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all_same(addresses: &[&str], one: &str) {
        for address in addresses {
            assert_eq!(canonical(address).as_deref(), Some(one), "{address}");
        }
    }

    #[test]
    fn one_page_has_one_form() {
        all_same(
            &[
                "https://www.Example.org/a/",
                "http://example.org/a#top",
                "example.org/a?utm_source=x&fbclid=1",
                "https://m.example.org:443/a?",
            ],
            "example.org/a",
        );
        all_same(&["https://example.org/p?id=2&v=1", "https://example.org/p?v=1&ref=home&id=2"], "example.org/p?id=2&v=1");
        assert_ne!(canonical("https://example.org/p?id=2"), canonical("https://example.org/p?id=3"));
    }

    #[test]
    fn twitter_is_x() {
        all_same(
            &[
                "https://twitter.com/realDonaldTrump/status/10068",
                "https://mobile.twitter.com/realdonaldtrump/status/10068?s=20&t=abc",
                "https://x.com/i/web/status/10068/photo/1",
            ],
            "x.com/status/10068",
        );
    }

    #[test]
    fn videos_are_known_by_their_id() {
        all_same(
            &[
                "https://youtu.be/aB-1?si=x",
                "https://www.youtube.com/watch?feature=y&v=aB-1&t=10s",
                "https://youtube.com/shorts/aB-1",
            ],
            "youtube.com/watch?v=aB-1",
        );
    }

    #[test]
    fn archived_pages_are_the_pages() {
        all_same(
            &[
                "https://web.archive.org/web/20180613/https://twitter.com/a/status/10068",
                "https://web.archive.org/web/2018id_/http:/x.com/a/status/10068",
                "https://web.archive.org/web/1/https://web.archive.org/web/2/https://x.com/a/status/10068",
            ],
            "x.com/status/10068",
        );
    }

    #[test]
    fn what_is_no_web_address_has_no_form() {
        for text in ["", "mailto:a@example.org", "javascript:alert(1)", "http://", "not an address"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_in_a_text_are_found() {
        assert_eq!(
            addresses("see (https://example.org/a). Or \"http://b.example/?x=1\"!").collect::<Vec<_>>(),
            ["https://example.org/a", "http://b.example/?x=1"]
        );
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(text in "(https?://)?\\PC{0,30}") {
            canonical(&text);
            addresses(&text).for_each(drop);
        }
    }
}
