//! From what a feed says to a post that can be matched.

use foldhash::{HashSet, HashSetExt as _};

use jiff::Timestamp;
use url::Url;

use super::key::{self, Policy, Traits};
use super::language;
use crate::model::post::{Markup, Part, PartKind, Post, PostKey, RawPost};
use crate::model::source::SourceName;
use crate::text::html;

/// Most links kept of one post.
const MOST_LINKS: usize = 128;
/// Longest author's name, in characters.
const LONGEST_NAME: usize = 200;
/// No post is older: such dates are a program's zero.
const FIRST_POST: Timestamp = Timestamp::constant(631_152_000, 0); // 1990-01-01

/// Cleans the items of one document together: keys are chosen by what is unique in it.
///
/// Keeps the order. An item listed twice is kept once.
pub fn clean(raw: Vec<RawPost>, source: &SourceName, seen_at: Timestamp) -> Vec<Post> {
    clean_as_before(raw, source, seen_at, None).0
}

/// Cleans as [`clean`] does, with keys of the policy that served at the last visit; gives the policy that served now.
pub fn clean_as_before(
    raw: Vec<RawPost>,
    source: &SourceName,
    seen_at: Timestamp,
    policy: Option<Policy>,
) -> (Vec<Post>, Option<Policy>) {
    let (traits, posts): (Vec<Traits>, Vec<Post>) = raw.into_iter().map(|raw| tidied(raw, source, seen_at)).unzip();
    let (keys, chosen) = key::choose_as_before(&traits, source, policy);
    let mut known = HashSet::new();
    let own = traits.iter().map(|traits| traits.everywhere.as_deref().map(key::everywhere));
    let keyed =
        posts.into_iter().zip(keys.into_iter().zip(own)).map(|(post, (key, own))| Post { key: own.unwrap_or(key), ..post });
    let posts: Vec<Post> = keyed.filter(|post| known.insert(post.key.clone())).collect();
    // A document without items teaches nothing.
    let chosen = if posts.is_empty() { policy } else { Some(chosen) };
    (posts, chosen)
}

/// Recognises the language of posts whose source declares none.
///
/// Apart from [`clean`], because it costs more than all the rest of it: only posts that were never seen need it.
pub fn name_languages(posts: &mut [Post]) {
    for post in posts.iter_mut().filter(|post| post.lang.is_none()) {
        let own = post.parts.iter().filter(|part| matches!(part.kind, PartKind::Title | PartKind::Text));
        let text = own.map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n");
        post.lang = language::recognised(&text);
    }
}

fn tidied(raw: RawPost, source: &SourceName, seen_at: Timestamp) -> (Traits, Post) {
    let base = raw.url.as_deref().and_then(|url| Url::parse(url.trim()).ok()).filter(is_of_the_web);
    let url = base.as_ref().map(Url::to_string);
    let title = raw.title.map(readable).unwrap_or_default();
    let body = raw.body.map(readable).unwrap_or_default();
    let quoted = raw.quoted.map(readable).unwrap_or_default();
    let mut parts = parts(&title, &body, raw.captions);
    let aside = [(PartKind::Warning, raw.warning), (PartKind::Quoted, Some(quoted.text)), (PartKind::LinkCard, raw.card)];
    for (kind, text) in aside {
        let text = tidy(&text.unwrap_or_default());
        if !text.is_empty() && !parts.iter().any(|part| part.text == text) {
            parts.push(Part { kind, text });
        }
    }
    let words = parts.iter().filter(|part| matches!(part.kind, PartKind::Title | PartKind::Text)).map(|part| part.text.as_str());
    let text = words.collect::<Vec<_>>().join("\n");
    let lang = raw.lang.as_deref().and_then(language::declared);
    let published = raw.published.filter(|published| *published >= FIRST_POST).map(|published| published.min(seen_at));
    let traits = Traits {
        guid: raw.guid,
        url: url.clone(),
        published: raw.published.map(|at| at.to_string()),
        text,
        everywhere: raw.everywhere,
    };
    let post = Post {
        source: source.clone(),
        key: PostKey(String::new()),
        url,
        parts,
        links: links(title.links.into_iter().chain(body.links).chain(raw.links).chain(quoted.links), base.as_ref()),
        author: raw.author.and_then(author),
        lang,
        published,
        seen_at,
    };
    (traits, post)
}

/// Reads a text as a person would see it. Plain text in which entities were left by mistake has them understood.
fn readable(markup: Markup) -> html::Readable {
    let mut read = match markup {
        Markup::Html(text) => html::read(&text),
        Markup::Plain(text) if has_entity(&text) => html::read(&text.replace('<', "&lt;").replace('\n', "<br>")),
        Markup::Plain(text) => html::Readable { text, ..html::Readable::default() },
    };
    read.text = tidy(&read.text);
    read
}

fn has_entity(text: &str) -> bool {
    text.split('&').skip(1).any(|after| {
        let name = after.split(';').next().filter(|name| name.len() < after.len()).unwrap_or_default();
        (2..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
    })
}

/// Takes out control characters and those that turn the direction of writing, and makes one blank of many.
///
/// Line breaks stay, one at a time: they part sentences, and letters quote by them.
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut owed = None;
    let mut rest = text;
    while !rest.is_empty() {
        // Plain letters come in runs, and are most of most texts.
        let run = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
        let (plain, after) = rest.split_at_checked(run).unwrap_or((rest, ""));
        if !plain.is_empty() {
            out.extend(owed.take().filter(|_| !out.is_empty()));
            out.push_str(plain);
        }
        let mut after = after.chars();
        match after.next() {
            None => break,
            Some('\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') => owed = Some('\n'),
            Some(c) if c.is_whitespace() => owed = owed.or(Some(' ')),
            Some(c) if turns_direction(c) || c.is_control() || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}') => {}
            Some(c) => {
                out.extend(owed.take().filter(|_| !out.is_empty()));
                out.push(c);
            }
        }
        rest = after.as_str();
    }
    out
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn parts(title: &html::Readable, body: &html::Readable, captions: Vec<String>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |kind, text: String| {
        // Networks without headlines repeat the text as one.
        if !text.is_empty() && !parts.iter().any(|part| part.text == text) {
            parts.push(Part { kind, text });
        }
    };
    add(PartKind::Title, title.text.clone());
    add(PartKind::Text, body.text.clone());
    for caption in title.captions.iter().chain(&body.captions) {
        add(PartKind::AltText, tidy(caption));
    }
    for caption in captions {
        add(PartKind::AltText, readable(Markup::Html(caption)).text);
    }
    parts
}

/// Makes links absolute and keeps those of the web, each once.
fn links(found: impl Iterator<Item = String>, base: Option<&Url>) -> Vec<String> {
    let mut known = HashSet::new();
    let absolute = found.filter_map(|href| web_address(&href, base));
    absolute.filter(|link| known.insert(link.clone())).take(MOST_LINKS).collect()
}

fn web_address(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    is_of_the_web(&url).then(|| url.into())
}

fn is_of_the_web(url: &Url) -> bool {
    ["http", "https"].contains(&url.scheme())
}

/// Gives an author's name, as a source writes it, in one plain line.
pub fn author(author: String) -> Option<String> {
    let name = readable(Markup::Html(author)).text.replace('\n', " ");
    let name: String = name.chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Lang;

    fn now() -> Timestamp {
        "2026-11-08T12:00:00Z".parse().unwrap()
    }

    fn cleaned(raw: RawPost) -> Post {
        clean(vec![raw], &SourceName("test".to_owned()), now()).remove(0)
    }

    #[test]
    fn a_post_is_read_as_a_person_sees_it() {
        let post = cleaned(RawPost {
            url: Some("https://example.org/news/1".to_owned()),
            title: Some(Markup::Html("Caf&eacute; &amp; cr&#232;me".to_owned())),
            body: Some(Markup::Html(
                "<p>One  <b>two</b></p><p>three <a href=\"/x\">four</a><img alt=\"A cup\" src=a.jpg></p>".to_owned(),
            )),
            captions: vec!["A   saucer".to_owned()],
            author: Some("Ann <b>Lee</b>\u{202e}".to_owned()),
            lang: Some("en-GB".to_owned()),
            ..RawPost::default()
        });
        let parts: Vec<_> = post.parts.iter().map(|part| (part.kind, part.text.as_str())).collect();
        assert_eq!(
            parts,
            [
                (PartKind::Title, "Café & crème"),
                (PartKind::Text, "One two\nthree four"),
                (PartKind::AltText, "A cup"),
                (PartKind::AltText, "A saucer")
            ]
        );
        assert_eq!(post.links, ["https://example.org/x"]);
        assert_eq!(post.author.as_deref(), Some("Ann Lee"));
        assert_eq!(post.lang, Some(Lang("en".to_owned())));
    }

    #[test]
    fn plain_text_keeps_its_brackets_and_loses_its_entities() {
        let plain = |text: &str| readable(Markup::Plain(text.to_owned())).text;
        assert_eq!(plain("5 < 6 & 7"), "5 < 6 & 7");
        assert_eq!(plain("Vec<String> isn&#8217;t\nnew"), "Vec<String> isn’t\nnew");
    }

    #[test]
    fn characters_that_hide_or_turn_text_are_taken_out() {
        assert_eq!(tidy("a\u{202e}b\u{2066}c\u{0}d\u{a0}\t e\r\n\n f "), "abcd e\nf");
    }

    #[test]
    fn a_date_in_the_future_becomes_the_time_we_saw_it_and_a_zero_none() {
        let of = |date: &str| {
            cleaned(RawPost { url: Some("https://example.org/1".into()), published: date.parse().ok(), ..RawPost::default() })
                .published
        };
        assert_eq!(of("2031-01-01T00:00:00Z"), Some(now()));
        assert_eq!(of("2026-11-01T00:00:00Z"), "2026-11-01T00:00:00Z".parse().ok());
        assert_eq!(of("1970-01-01T00:00:00Z"), None);
    }

    #[test]
    fn only_addresses_of_the_web_are_kept() {
        let post = cleaned(RawPost {
            url: Some("javascript:alert(1)".to_owned()),
            body: Some(Markup::Html(
                "<a href='javascript:x'>a</a><a href='mailto:a@example.org'>b</a><a href='https://example.net/'>c</a>".into(),
            )),
            ..RawPost::default()
        });
        assert_eq!(post.url, None);
        assert_eq!(post.links, ["https://example.net/"]);
    }

    #[test]
    fn a_headline_that_repeats_the_text_is_one_part() {
        let same = Some(Markup::Plain("The same words".to_owned()));
        assert_eq!(cleaned(RawPost { title: same.clone(), body: same, ..RawPost::default() }).parts.len(), 1);
    }

    #[test]
    fn an_item_that_says_nothing_is_still_an_item() {
        let posts = clean(vec![RawPost::default()], &SourceName("test".to_owned()), now());
        assert_eq!((posts.len(), posts[0].parts.len()), (1, 0));
    }
}
