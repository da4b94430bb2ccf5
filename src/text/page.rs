//! What a web page says about itself: title, language, `meta`, and the data that stands in it for programs.

use std::cell::RefCell;

use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use url::Url;

use super::address;
use super::html::{attribute, raw_text, tokenize};

/// Most of a page that is read.
const LONGEST_BYTES: usize = 16 << 20;

/// Blocks of data and `meta` elements that are kept.
const MOST: usize = 500;

/// A page as a program sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// `<title>`, on one line.
    pub title: Option<String>,
    /// The first `<h1>`, on one line.
    pub heading: Option<String>,
    /// `<html lang>`.
    pub lang: Option<String>,
    /// `<link rel="canonical">`, as written.
    pub canonical: Option<String>,
    /// `<base href>`, as written.
    pub base: Option<String>,
    /// `name` or `property` of each `<meta>`, lower case, and its content.
    pub meta: Vec<(String, String)>,
    /// Insides of `<script type="application/ld+json">`, as they stand.
    pub data: Vec<String>,
}

impl Page {
    /// The content of the first `meta` of one of these names that has any; the first name is the best.
    pub fn meta(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let of_name = self.meta.iter().find(|(key, content)| key == name && !content.trim().is_empty());
            of_name.map(|(_, content)| content.trim())
        })
    }

    /// The address that its relative addresses start from.
    pub fn base_of(&self, address: Option<&Url>) -> Option<Url> {
        let named = [self.base.as_deref(), self.canonical.as_deref(), self.meta(&["og:url"])];
        named.into_iter().flatten().find_map(|text| address::read(text, address)).or_else(|| address.cloned())
    }
}

/// Reads a page. Linear in its length, of which the first 16 MiB are read.
pub fn read(html: &str) -> Page {
    let sink = Sink::default();
    let mut rest = &html[..html.floor_char_boundary(LONGEST_BYTES)];
    while let Some(after) = tokenize(rest, &sink, || sink.0.borrow().tokens) {
        rest = after;
    }
    sink.0.into_inner().page
}

#[derive(Default)]
struct Sink(RefCell<Seen>);

#[derive(Default)]
struct Seen {
    page: Page,
    inside: Option<Inside>,
    text: String,
    tokens: usize,
}

/// The element whose text is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Title,
    Heading,
    Data,
}

impl TokenSink for &Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut seen = self.0.borrow_mut();
        seen.tokens += usize::from(!matches!(token, Token::ParseError(_)));
        match token {
            Token::CharacterTokens(text) if seen.inside.is_some() => seen.text.push_str(&text),
            Token::TagToken(tag) => {
                seen.tag(&tag);
                return raw_text(&tag);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Seen {
    fn tag(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        if tag.kind == TagKind::EndTag {
            let ends = matches!(
                (name, self.inside),
                ("title", Some(Inside::Title)) | ("h1", Some(Inside::Heading)) | ("script", Some(Inside::Data))
            );
            if ends {
                self.keep();
            }
            return;
        }
        let text = |name| attribute(tag, name).map(str::trim).filter(|text| !text.is_empty());
        match name {
            "html" => self.page.lang = self.page.lang.take().or_else(|| text("lang").map(str::to_owned)),
            "base" => self.page.base = self.page.base.take().or_else(|| text("href").map(str::to_owned)),
            "link"
                if text("rel")
                    .is_some_and(|rel| rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("canonical"))) =>
            {
                self.page.canonical = self.page.canonical.take().or_else(|| text("href").map(str::to_owned));
            }
            "meta" if self.page.meta.len() < MOST => {
                let key = text("property").or_else(|| text("name")).or_else(|| text("itemprop"));
                if let (Some(key), Some(content)) = (key, text("content")) {
                    self.page.meta.push((key.to_lowercase(), content.to_owned()));
                }
            }
            "title" if self.page.title.is_none() && self.inside.is_none() => self.begin(Inside::Title),
            "h1" if self.page.heading.is_none() && self.inside.is_none() => self.begin(Inside::Heading),
            "script" if !tag.self_closing => {
                let kind = text("type").unwrap_or_default().to_ascii_lowercase();
                if kind.starts_with("application/ld+json") && self.page.data.len() < MOST {
                    self.begin(Inside::Data);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, inside: Inside) {
        self.inside = Some(inside);
        self.text.clear();
    }

    fn keep(&mut self) {
        let text = std::mem::take(&mut self.text);
        let line = || Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty());
        match self.inside.take() {
            Some(Inside::Title) => self.page.title = line(),
            Some(Inside::Heading) => self.page.heading = line(),
            Some(Inside::Data) => self.page.data.push(text),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_says_what_it_is() {
        let page = read(
            "<!doctype html><html lang='pt-BR'><head><title>No,\n the moon &amp; cheese</title><link rel='canonical shortlink' \
             href='/moon'><meta property=og:title content='Moon'><META NAME='Author' CONTENT='A. Person'><script \
             type='application/ld+json; charset=utf-8'>{\"a\": \"</b>&quot;\"}</script><script>var x = '<title>no</title>';</script>\
             <body><h1>The <i>moon</i></h1><svg><title>icon</title></svg><script type=application/ld+json>[]</script>",
        );
        assert_eq!(page.title.as_deref(), Some("No, the moon & cheese"));
        assert_eq!(page.heading.as_deref(), Some("The moon"));
        assert_eq!(page.lang.as_deref(), Some("pt-BR"));
        assert_eq!(page.meta(&["og:site_name", "og:title"]), Some("Moon"));
        assert_eq!(page.meta(&["author"]), Some("A. Person"));
        assert_eq!(page.data, ["{\"a\": \"</b>&quot;\"}", "[]"]);
        let base = Url::parse("https://example.org/x").unwrap();
        assert_eq!(page.base_of(Some(&base)).map(String::from).as_deref(), Some("https://example.org/moon"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "(<[/!a-z]?|title|script type=application/ld.json|h1|meta|[\"'=> /-]|\\PC){0,40}") {
            read(&html);
        }
    }
}
