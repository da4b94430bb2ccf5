//! Addresses that hold the address of another page: archives, caches, and links that only lead on. Nothing is ever asked.

use url::Url;

use super::sites::{host, of};

/// Gives the address that stands inside another, if one does.
pub(super) fn unwrap(url: &Url) -> Option<String> {
    let full = url.host_str()?;
    if let Some(inner) = archived(full, url).or_else(|| cached(full, url)) {
        return Some(inner);
    }
    let key = match (full, url.path()) {
        ("l.facebook.com" | "lm.facebook.com" | "l.instagram.com" | "l.messenger.com" | "l.threads.net" | "l.threads.com", _)
        | ("translate.google.com", _) => "u",
        ("out.reddit.com", _) => "url",
        ("t.umblr.com", _) => "z",
        ("vk.com" | "m.vk.com" | "away.vk.com", "/away.php") => "to",
        ("www.youtube.com" | "youtube.com" | "m.youtube.com", "/redirect") => "q",
        (_, "/url") if is_google(full) => return of(url, "url").or_else(|| of(url, "q")),
        _ => return None,
    };
    of(url, key)
}

/// `web.archive.org/web/20180613000000/https://…`, `archive.ph/20180613/https://…`
fn archived(full: &str, url: &Url) -> Option<String> {
    let path = match full {
        "web.archive.org" | "archive.org" | "www.archive.org" | "wayback.archive-it.org" => {
            let path = url.path().trim_start_matches('/');
            let path = path.strip_prefix("web/").or_else(|| path.strip_prefix("save/")).or_else(|| {
                // Collections have numbers: wayback.archive-it.org/1234/2018…/https://…
                (full == "wayback.archive-it.org").then(|| path.split_once('/')).flatten().map(|(_, rest)| rest)
            })?;
            match path.split_once('/') {
                Some((moment, inner)) if moment.starts_with(|c: char| c.is_ascii_digit() || c == '*') => inner,
                _ => path,
            }
        }
        _ if host(url)? == "archive.ph" => {
            let path = url.path();
            ["http:/", "https:/", "http%3", "https%3"]
                .iter()
                .filter_map(|scheme| path.find(scheme))
                .min()
                .and_then(|at| path.get(at..))?
        }
        _ => return None,
    };
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Parsing folds the two slashes of the inner address into one in some writings.
    let inner = if path.contains("://") { path.to_owned() } else { path.replacen(":/", "://", 1) };
    Some(inner + &query)
}

/// `www.google.com/amp/s/example.org/a`, `example-org.cdn.ampproject.org/c/s/example.org/a`
fn cached(full: &str, url: &Url) -> Option<String> {
    let path = if full.ends_with(".cdn.ampproject.org") {
        ["/c/", "/v/"].iter().find_map(|kind| url.path().strip_prefix(kind))?
    } else if is_google(full) {
        url.path().strip_prefix("/amp/")?
    } else {
        return None;
    };
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let page = path.strip_prefix("s/").unwrap_or(path);
    Some(format!("https://{page}{query}"))
}

fn is_google(full: &str) -> bool {
    full.strip_prefix("www.").unwrap_or(full).strip_prefix("google.").is_some_and(|rest| rest.len() <= 6)
}
