//! Sites that have several addresses for one page.

use url::Url;

/// Labels in front of a host that show the same pages for another device.
const DEVICES: [&str; 5] = ["www.", "m.", "mobile.", "amp.", "touch."];

/// Hosts of Facebook that show the same pages.
const FACEBOOK: [&str; 6] = ["mbasic", "web", "touch", "free", "mtouch", "d"];

/// Gives the host without what tells the reader's device or language.
pub(super) fn host(url: &Url) -> Option<String> {
    let mut host = url.host_str()?.trim_end_matches('.');
    for label in DEVICES {
        host = host.strip_prefix(label).filter(|rest| rest.contains('.')).unwrap_or(host);
    }
    let (first, rest) = host.split_once('.').unwrap_or((host, ""));
    // en.m.wikipedia.org
    if let Some(rest) = rest.strip_prefix("m.").filter(|rest| rest.contains('.')) {
        return Some(format!("{first}.{rest}"));
    }
    let is_language = |label: &str| label.len() == 5 && label.as_bytes().get(2) == Some(&b'-');
    Some(match (first, rest) {
        ("twitter" | "fxtwitter" | "vxtwitter" | "fixupx" | "xcancel", "com") | ("nitter", "net") => "x.com".to_owned(),
        ("youtube-nocookie", "com") | ("music", "youtube.com") => "youtube.com".to_owned(),
        ("fb", "com") => "facebook.com".to_owned(),
        (label, "facebook.com") if FACEBOOK.contains(&label) || is_language(label) => "facebook.com".to_owned(),
        ("old" | "new" | "np" | "i", "reddit.com") => "reddit.com".to_owned(),
        ("telegram", "me" | "dog") => "t.me".to_owned(),
        ("archive", "today" | "is" | "li" | "vn" | "md" | "fo") => "archive.ph".to_owned(),
        _ => host.to_owned(),
    })
}

/// Gives the one form of a post, photo or video at a network that is known.
pub(super) fn known(host: &str, steps: &[&str], url: &Url) -> Option<String> {
    match host {
        "x.com" => match steps {
            [_, "status" | "statuses", id, ..] | ["i", "web", "status", id, ..] => Some(format!("x.com/status/{id}")),
            _ => None,
        },
        "youtu.be" | "youtube.com" => Some(format!("youtube.com/watch?v={}", video(host, steps, url)?)),
        "facebook.com" => facebook(steps, url),
        "instagram.com" => match steps {
            ["p" | "reel" | "reels" | "tv", id, ..] | [_, "p" | "reel" | "tv", id, ..] => Some(format!("instagram.com/p/{id}")),
            _ => None,
        },
        "tiktok.com" => match steps {
            [_, "video" | "photo", id, ..] | ["embed", "v2", id, ..] => Some(format!("tiktok.com/video/{id}")),
            ["v", id, ..] => Some(format!("tiktok.com/video/{}", id.trim_end_matches(".html"))),
            _ => None,
        },
        "redd.it" => Some(format!("reddit.com/comments/{}", steps.first()?)),
        "reddit.com" => {
            let at = steps.iter().position(|step| *step == "comments")?;
            match steps.get(at + 1..)? {
                // A single remark below the post is another text.
                [id, _, remark, ..] => Some(format!("reddit.com/comments/{id}/{remark}")),
                [id, ..] => Some(format!("reddit.com/comments/{id}")),
                [] => None,
            }
        }
        "t.me" => match steps {
            ["s", channel, id] | [channel, id] if *channel != "c" => Some(format!("t.me/{channel}/{id}")),
            _ => None,
        },
        _ => None,
    }
}

fn video(host: &str, steps: &[&str], url: &Url) -> Option<String> {
    match (host, steps) {
        ("youtu.be", [id, ..]) | ("youtube.com", ["shorts" | "embed" | "live" | "v" | "e", id, ..]) => Some((*id).to_owned()),
        ("youtube.com", ["watch"]) => of(url, "v"),
        _ => None,
    }
}

/// Posts, photos and videos each have a number that no other has, under whichever name they are shown.
fn facebook(steps: &[&str], url: &Url) -> Option<String> {
    let number = |steps: &[&str]| steps.last().map(|step| (*step).to_owned());
    let (kind, id) = match steps {
        ["permalink.php" | "story.php"] => ("posts", of(url, "story_fbid")?),
        ["photo.php" | "photo"] => ("photo", of(url, "fbid")?),
        ["watch" | "video.php", ..] => ("watch", of(url, "v")?),
        ["reel", id, ..] => ("watch", (*id).to_owned()),
        ["groups", _] => ("posts", of(url, "multi_permalinks")?),
        ["groups", _, "posts" | "permalink", rest @ ..] | [_, "posts", rest @ ..] => ("posts", number(rest)?),
        [_, "photos", rest @ ..] => ("photo", number(rest)?),
        [_, "videos", rest @ ..] => ("watch", number(rest)?),
        _ => {
            // Only these say which page it is; everything else there tells who sent the reader.
            let kept = ["fbid", "story_fbid", "id", "v"].iter().filter_map(|key| Some(format!("{key}={}", of(url, key)?)));
            let query = kept.collect::<Vec<_>>().join("&");
            let path: String = steps.iter().flat_map(|step| ["/", step]).collect();
            return Some(if query.is_empty() { format!("facebook.com{path}") } else { format!("facebook.com{path}?{query}") });
        }
    };
    Some(format!("facebook.com/{kind}/{id}"))
}

/// The path of the page that a page for fast mobile reading is made of.
pub(super) fn without_amp(path: &str) -> &str {
    let path = path.strip_suffix("/amp").or_else(|| path.strip_suffix("/amp.html")).unwrap_or(path);
    path.trim_end_matches('/')
}

/// The value of a key, if it has one.
pub(super) fn of(url: &Url, key: &str) -> Option<String> {
    url.query_pairs().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.into_owned())
}
