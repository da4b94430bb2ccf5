//! The public preview of a Telegram channel (`https://t.me/s/CHANNEL`), a web page, as raw posts.
//!
//! Read by classes of its elements with a tokenizer, never a tree. It is no documented interface: what is not recognised is left
//! out, and a page without anything recognised is a fault, not an empty channel.

use std::cell::RefCell;

use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use jiff::Timestamp;
use url::Url;

use super::convert::{clipped, web_address};
use super::error::ReadError;
use crate::model::post::{Markup, RawPost};
use crate::text::html;

/// Most of a page that is read.
const LONGEST_BYTES: usize = 2 << 20;
/// Elements open inside each other that are kept apart.
const DEEPEST: usize = 256;

/// A page of a channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its posts, oldest first.
    pub posts: Vec<RawPost>,
    /// The number of the newest post.
    pub newest: Option<u64>,
    /// The number of the oldest post.
    pub oldest: Option<u64>,
    /// The channel's name.
    pub title: Option<String>,
}

/// Gives the address of the newest page, or of the one with posts before number `before`.
pub fn page_address(server: &Url, channel: &str, before: Option<u64>) -> Option<Url> {
    let mut url = server.clone();
    url.set_query(None);
    url.path_segments_mut().ok()?.clear().extend(["s", channel]);
    if let Some(before) = before {
        url.query_pairs_mut().append_pair("before", &before.to_string());
    }
    Some(url)
}

/// Reads a page.
///
/// # Errors
/// When it shows no channel: Telegram has no preview of some.
pub fn read(body: &[u8]) -> Result<Page, ReadError> {
    let reader = Reader::default();
    let text = String::from_utf8_lossy(body);
    let mut rest = text.get(..text.floor_char_boundary(LONGEST_BYTES)).unwrap_or_default();
    while let Some(after) = html::tokenize(rest, &reader, || reader.0.borrow().tokens) {
        rest = after;
    }
    let seen = reader.0.into_inner();
    let mut page = Page { title: Some(seen.title.trim().to_owned()).filter(|title| !title.is_empty()), ..Page::default() };
    for message in seen.messages {
        page.newest = page.newest.max(Some(message.number));
        page.oldest = [page.oldest, Some(message.number)].into_iter().flatten().min();
        if !message.is_service {
            page.posts.push(message.into_raw());
        }
    }
    if page.newest.is_none() && !seen.is_channel {
        let detail =
            "Telegram shows no preview of this channel: it is private, it does not exist, or its preview is switched off";
        return Err(ReadError::NotAFeed { detail: detail.to_owned() });
    }
    Ok(page)
}

/// What the text inside an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Region {
    Text,
    Quoted,
    Reply,
    CardTitle,
    CardText,
    Caption,
    Author,
    ChannelTitle,
    /// Text that nobody writes: counters, buttons.
    Aside,
}

#[derive(Debug, Default)]
struct Message {
    channel: String,
    number: u64,
    text: String,
    quoted: String,
    card: String,
    caption: String,
    author: String,
    links: Vec<String>,
    published: Option<Timestamp>,
    is_service: bool,
}

impl Message {
    fn into_raw(self) -> RawPost {
        let some = |text: String| Some(clipped(text.trim().to_owned())).filter(|text| !text.is_empty());
        let name = format!("{}/{}", self.channel, self.number);
        let handle = format!("@{}", self.channel);
        RawPost {
            url: Some(format!("https://t.me/{name}")),
            // Channels' names do not tell capitals apart.
            everywhere: Some(format!("telegram|{}", name.to_ascii_lowercase())),
            guid: Some(name),
            body: some(self.text).map(|text| Markup::Html(escaped(&text).replace('\n', "<br>"))),
            captions: some(self.caption).map(|text| escaped(&text)).into_iter().collect(),
            author: Some(some(self.author).map_or(handle.clone(), |author| format!("{} ({handle})", escaped(&author)))),
            published: self.published,
            quoted: some(self.quoted).map(|text| Markup::Html(escaped(&text).replace('\n', "<br>"))),
            card: some(self.card),
            links: self.links,
            ..RawPost::default()
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[derive(Debug, Default)]
struct Reader(RefCell<Seen>);

#[derive(Debug, Default)]
struct Seen {
    messages: Vec<Message>,
    title: String,
    is_channel: bool,
    /// Open elements; what is deeper than we keep apart is only counted.
    open: Vec<(String, Option<Region>)>,
    deeper: usize,
    tokens: usize,
}

impl TokenSink for &Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut seen = self.0.borrow_mut();
        seen.tokens += usize::from(!matches!(token, Token::ParseError(_)));
        match token {
            Token::CharacterTokens(text) => seen.characters(&text),
            Token::TagToken(tag) => {
                seen.tag(&tag);
                return html::raw_text(&tag);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Seen {
    fn region(&self) -> Option<Region> {
        self.open.iter().rev().find_map(|(_, region)| *region)
    }

    fn is_in(&self, wanted: Region) -> bool {
        self.open.iter().any(|(_, region)| *region == Some(wanted))
    }

    fn characters(&mut self, text: &str) {
        let region = self.region();
        if region == Some(Region::ChannelTitle) {
            self.title.push_str(text);
        }
        let Some(message) = self.messages.last_mut() else { return };
        let place = match region {
            Some(Region::Text) => &mut message.text,
            Some(Region::Quoted) => &mut message.quoted,
            Some(Region::CardTitle | Region::CardText) => &mut message.card,
            Some(Region::Caption) => &mut message.caption,
            Some(Region::Author) => &mut message.author,
            Some(Region::Reply | Region::ChannelTitle | Region::Aside) | None => return,
        };
        place.push_str(text);
    }

    fn tag(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        if tag.kind == TagKind::EndTag {
            return self.close(name);
        }
        if name == "br" {
            return self.characters("\n");
        }
        let value = |wanted: &str| tag.attrs.iter().find(|a| &*a.name.local == wanted).map(|a| &*a.value);
        let has = |wanted: &str| value("class").is_some_and(|class| class.split_ascii_whitespace().any(|one| one == wanted));
        let post = value("data-post").filter(|_| has("tgme_widget_message")).and_then(|name| name.split_once('/'));
        if let Some((channel, number)) = post.and_then(|(channel, number)| Some((channel, number.parse().ok()?))) {
            let is_service = has("service_message");
            self.messages.push(Message { channel: channel.to_owned(), number, is_service, ..Message::default() });
        }
        self.is_channel |= has("tgme_channel_info") || has("tgme_channel_history");
        let region = self.region_of(&has);
        if let Some(message) = self.messages.last_mut() {
            let is_text =
                matches!(region, Some(Region::Text)) || self.open.iter().any(|(_, region)| *region == Some(Region::Text));
            if name == "a" && (is_text || has("tgme_widget_message_link_preview")) {
                message.links.extend(value("href").and_then(web_address).filter(|_| message.links.len() < 128));
            }
            if name == "time" {
                message.published = message.published.or_else(|| value("datetime")?.parse().ok());
            }
            // Pieces of one kind stand on lines of their own.
            match region {
                Some(Region::Text) if !message.text.is_empty() => message.text.push('\n'),
                Some(Region::CardTitle | Region::CardText) if !message.card.is_empty() => message.card.push('\n'),
                Some(Region::Caption) if !message.caption.is_empty() => message.caption.push('\n'),
                _ => {}
            }
        }
        let is_void =
            ["img", "meta", "link", "input", "hr", "wbr", "source", "area", "base", "col", "embed", "track"].contains(&name);
        if is_void || tag.self_closing {
            return;
        }
        match self.open.len() < DEEPEST {
            true => self.open.push((name.to_owned(), region)),
            false => self.deeper += 1,
        }
    }

    fn region_of(&self, has: &impl Fn(&str) -> bool) -> Option<Region> {
        const REGIONS: [(&str, Region); 14] = [
            ("tgme_channel_info_header_title", Region::ChannelTitle),
            ("tgme_widget_message_reply", Region::Reply),
            ("tgme_widget_message_text", Region::Text),
            ("tgme_widget_message_poll_question", Region::Text),
            ("tgme_widget_message_poll_option_text", Region::Text),
            ("link_preview_title", Region::CardTitle),
            ("link_preview_description", Region::CardText),
            ("tgme_widget_message_document_title", Region::Caption),
            ("tgme_widget_message_owner_name", Region::Author),
            ("tgme_widget_message_info", Region::Aside),
            ("tgme_widget_message_reactions", Region::Aside),
            ("tgme_widget_message_footer", Region::Aside),
            ("message_media_not_supported_wrap", Region::Aside),
            ("tgme_widget_message_forwarded_from", Region::Aside),
        ];
        let (_, region) = REGIONS.iter().find(|(class, _)| has(class))?;
        match region {
            // What a post answers to stands above it, in the same classes.
            Region::Text if self.is_in(Region::Reply) => Some(Region::Quoted),
            Region::Author if self.is_in(Region::Reply) => Some(Region::Aside),
            region => Some(*region),
        }
    }

    fn close(&mut self, name: &str) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        if let Some(at) = self.open.iter().rposition(|(open, _)| open == name) {
            self.open.truncate(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page as a channel has it, written for this test.
    fn page(messages: &str) -> String {
        format!(
            r#"<!DOCTYPE html><html><head><title>x</title><script>if (1 < 2) document.write("<div>")</script></head><body>
            <div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span dir="auto">Moon &amp; more</span></div></div>
            <section class="tgme_channel_history js-message_history">{messages}</section></body></html>"#
        )
    }

    fn message(number: u64, inside: &str) -> String {
        format!(
            r#"<div class="tgme_widget_message_wrap"><div class="tgme_widget_message js-widget_message" data-post="MoonNews/{number}">
            <div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author"><a class="tgme_widget_message_owner_name"
            href="https://t.me/MoonNews"><span>Moon <b>News</b></span></a></div>{inside}
            <div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">1.2K</span><a class="tgme_widget_message_date"
            href="https://t.me/MoonNews/{number}"><time datetime="2026-11-01T10:00:00+00:00" class="time">10:00</time></a></div></div></div></div>"#
        )
    }

    #[test]
    fn a_message_gives_all_that_can_be_matched() {
        let inside = r#"<a class="tgme_widget_message_reply" href="https://t.me/MoonNews/1"><div class="tgme_widget_message_author">
            <span class="tgme_widget_message_owner_name">Somebody</span></div><div class="tgme_widget_message_text">an older
            claim</div></a><div class="tgme_widget_message_text js-message_text" dir="auto">The moon<br/>is <b>cheese</b> &lt;3
            <i class="emoji"><b>🔥</b></i> <a href="https://paper.example/a?b=1&amp;c=2">look</a></div>
            <a class="tgme_widget_message_link_preview" href="https://paper.example/a"><i class="link_preview_image"></i>
            <div class="link_preview_title">A title</div><div class="link_preview_description">A description</div></a>
            <div class="tgme_widget_message_document_title">moon.pdf</div>"#;
        let read = read(page(&message(7, inside)).as_bytes()).unwrap();
        assert_eq!((read.newest, read.oldest, read.title.as_deref()), (Some(7), Some(7), Some("Moon & more")));
        let post = &read.posts[0];
        let Some(Markup::Html(body)) = &post.body else { panic!("{post:?}") };
        assert_eq!(crate::text::html::read(body).text, "The moon\nis cheese <3\n🔥 look");
        assert!(matches!(&post.quoted, Some(Markup::Html(text)) if text.starts_with("an older")), "{post:?}");
        assert_eq!(post.card.as_deref(), Some("A title\nA description"));
        assert_eq!(post.captions, ["moon.pdf"]);
        assert_eq!(post.links, ["https://paper.example/a?b=1&c=2", "https://paper.example/a"]);
        assert_eq!(post.author.as_deref(), Some("Moon News (@MoonNews)"));
        assert_eq!(post.url.as_deref(), Some("https://t.me/MoonNews/7"));
        assert_eq!(post.everywhere.as_deref(), Some("telegram|moonnews/7"));
        assert_eq!(post.published, "2026-11-01T10:00:00Z".parse().ok());
    }

    #[test]
    fn polls_are_text_and_services_only_count() {
        let poll = r#"<div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_question">Is it cheese?</div>
            <div class="tgme_widget_message_poll_option_text">Yes</div></div>"#;
        let service = message(9, "").replace("js-widget_message\"", "service_message\"");
        let read = read(page(&(message(8, poll) + &service)).as_bytes()).unwrap();
        assert_eq!((read.posts.len(), read.newest), (1, Some(9)));
        assert!(matches!(&read.posts[0].body, Some(Markup::Html(text)) if text == "Is it cheese?<br>Yes"), "{read:?}");
    }

    #[test]
    fn an_empty_channel_is_none_without_preview() {
        assert_eq!(read(page("").as_bytes()).unwrap().posts, []);
        assert!(matches!(read(b"<html><body>You can contact @x right away.</body></html>"), Err(ReadError::NotAFeed { .. })));
    }

    #[test]
    fn elements_without_end_and_tags_without_end_cost_no_more_than_their_length() {
        let deep = "<div class=\"tgme_widget_message_text\">".repeat(50_000) + "x";
        assert_eq!(read(page(&message(7, &deep)).as_bytes()).unwrap().posts.len(), 1);
        let wide = format!("<div {}>", "a b=c ".repeat(100_000));
        assert_eq!(read(page(&(message(7, "") + &wide)).as_bytes()).unwrap().posts.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_it_panic(page in "(\\PC|<div class=\"tgme_widget_message\" data-post=\"a/[0-9]{1,22}\">|<div class=\"tgme_widget_message_text\">|</div>|<br|>){0,60}") {
            let _ = read(page.as_bytes());
        }
    }

    #[test]
    fn pages_go_back_by_number() {
        let server = Url::parse("https://t.me").unwrap();
        assert_eq!(page_address(&server, "MoonNews", Some(7)).unwrap().as_str(), "https://t.me/s/MoonNews?before=7");
    }
}
