//! HTML read as a person sees it: tags off, entities decoded, links kept; html5ever's tokenizer, never a tree.

use std::cell::RefCell;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, State};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Most of a document that is read: what lies behind is no post any more.
const LONGEST_BYTES: usize = 1024 * 1024;

/// A tag that shows more blanks, slashes and quotation marks than this is skipped, not read.
///
/// The tokenizer compares every attribute of a tag with all before it: a tag of a million attributes would hold us for hours.
const MOST_SEPARATORS: usize = 1024;

/// Longest piece handed to the tokenizer at once, so that an endless tag is noticed early.
const PIECE_BYTES: usize = 1024;

/// Readable text and the addresses it links to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readable {
    /// Plain text; blocks are separated by line breaks.
    pub text: String,
    /// Values of `href`, in order, as written.
    pub links: Vec<String>,
    /// Alternative texts of pictures.
    pub captions: Vec<String>,
}

/// Reads HTML as a person would see it. Linear in the length of `html`, of which the first MiB is read.
///
/// Left out: scripts, styles, comments, what is hidden (`hidden`, `display:none`, Mastodon's `invisible` spans) and control characters.
pub fn read(html: &str) -> Readable {
    let page = Page::default();
    let mut rest = &html[..html.floor_char_boundary(LONGEST_BYTES)];
    if !rest.contains(['<', '&']) {
        // Plain text, as most headlines are: a tokenizer would cost more than the rest of it.
        page.seen.borrow_mut().characters(rest);
        return page.seen.into_inner().out;
    }
    while let Some(after) = tokenize(rest, &page, || page.seen.borrow().tokens) {
        rest = after;
    }
    page.seen.into_inner().out
}

/// Tokenizes `html`; gives what lies behind a tag that had to be given up, if there was one. `tokens` counts what the sink has seen,
/// errors left out.
pub fn tokenize<S>(html: &str, sink: S, tokens: impl Fn() -> usize) -> Option<&str>
where
    S: TokenSink<Handle = ()>,
{
    let tokenizer = Tokenizer::new(sink, TokenizerOpts { initial_state: Some(State::Data), ..TokenizerOpts::default() });
    let queue = BufferQueue::default();
    let mut separators = None; // counted while a tag stays open
    let mut at = 0;
    while at < html.len() {
        let piece = next_piece(&html[at..]);
        let before = tokens();
        queue.push_back(StrTendril::from_slice(piece));
        // A script or an encoding found on the way is not ours to act on: the tokenizer simply goes on.
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        at += piece.len();

        if tokens() > before {
            separators = None;
        } else if separators.is_some() || opens_tag(piece) {
            let count = separators.unwrap_or(0)
                + piece.bytes().filter(|b| matches!(b, b'/' | b'"' | b'\'' | b'=') || b.is_ascii_whitespace()).count();
            if count > MOST_SEPARATORS {
                return html[at..].find('>').map(|end| &html[at + end + 1..]);
            }
            separators = Some(count);
        }
    }
    tokenizer.end();
    None
}

/// The next stretch that is either text or begins with `<`: a tag then always begins a piece.
fn next_piece(html: &str) -> &str {
    let longest = html.floor_char_boundary(PIECE_BYTES);
    let head = &html[..longest.max(html.chars().next().map_or(0, char::len_utf8))];
    let end = match head.bytes().skip(1).position(|b| matches!(b, b'<' | b'>')).map(|i| i + 1) {
        Some(i) if head.as_bytes().get(i) == Some(&b'>') => i + 1,
        Some(i) => i,
        None => head.len(),
    };
    &head[..end]
}

fn opens_tag(piece: &str) -> bool {
    let mut bytes = piece.bytes();
    bytes.next() == Some(b'<') && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'/')
}

#[derive(Default)]
struct Page {
    seen: RefCell<Seen>,
}

impl TokenSink for &Page {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut seen = self.seen.borrow_mut();
        seen.tokens += usize::from(!matches!(token, Token::ParseError(_)));
        match token {
            Token::CharacterTokens(text) => seen.characters(&text),
            Token::TagToken(tag) => return seen.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What has been seen so far.
#[derive(Default)]
struct Seen {
    out: Readable,
    /// Blank or line break that is owed before the next visible character.
    owed: Option<char>,
    /// Element whose content is not shown, and how often it is open inside itself.
    hidden: Option<(String, usize)>,
    tokens: usize,
}

impl Seen {
    fn characters(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            // Plain letters come in runs, and are most of most texts.
            let run = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
            let (plain, after) = rest.split_at_checked(run).unwrap_or((rest, ""));
            self.show(plain);
            let mut after = after.chars();
            match after.next() {
                Some(c) if c.is_whitespace() => {
                    self.owed.get_or_insert(' ');
                }
                Some(c) if !c.is_control() => self.show(c.encode_utf8(&mut [0; 4])),
                _ => {}
            }
            rest = after.as_str();
        }
    }

    /// Appends visible characters behind the gap that is owed.
    fn show(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(gap) = self.owed.take().filter(|_| !self.out.text.is_empty()) {
            self.out.text.push(gap);
        }
        self.out.text.push_str(text);
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let breaks = BLOCKS.contains(&name);
        if breaks {
            self.owed = Some('\n');
        }
        if let Some((element, depth)) = &mut self.hidden {
            if element == name && !tag.self_closing {
                *depth = if tag.kind == TagKind::StartTag { *depth + 1 } else { *depth - 1 };
            }
            // An inline element that nobody closed ends with its block: it must not hide the rest of the post.
            if *depth == 0 || (breaks && !BLOCKS.contains(&element.as_str()) && !NEVER_SHOWN.contains(&element.as_str())) {
                self.hidden = None;
            } else {
                return raw_text(tag);
            }
        }
        if tag.kind == TagKind::EndTag {
            if name == "q" {
                self.characters("\"");
            }
            return TokenSinkResult::Continue;
        }
        match name {
            "td" | "th" => self.owed = self.owed.or(Some(' ')),
            "q" => self.characters("\""),
            "a" | "area" => {
                let href = attribute(tag, "href").map(str::trim).filter(|href| !href.is_empty());
                self.out.links.extend(href.map(str::to_owned));
            }
            "img" => self.picture(tag),
            _ => {}
        }
        if !VOID.contains(&name) && !tag.self_closing && (NEVER_SHOWN.contains(&name) || is_hidden(tag)) {
            self.hidden = Some((name.to_owned(), 1));
        }
        raw_text(tag)
    }

    /// Pictures that stand for a character are text; others have captions.
    fn picture(&mut self, tag: &Tag) {
        let alt = attribute(tag, "alt").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let class = attribute(tag, "class").unwrap_or_default();
        if class.contains("emoji") || class.contains("smiley") {
            self.characters(&alt);
        } else if !alt.is_empty() {
            self.out.captions.push(alt);
        }
    }
}

/// Scripts and their like hold text, not markup, up to their own end tag.
pub fn raw_text(tag: &Tag) -> TokenSinkResult<()> {
    // XML-minded publishers write <iframe/>: taken at their word, or the rest of the post would be lost.
    if tag.kind == TagKind::EndTag || tag.self_closing {
        return TokenSinkResult::Continue;
    }
    match &*tag.name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "noscript" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" => TokenSinkResult::RawData(RawKind::Rcdata),
        _ => TokenSinkResult::Continue,
    }
}

/// The value of an attribute.
pub fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

fn is_hidden(tag: &Tag) -> bool {
    attribute(tag, "hidden").is_some()
        || attribute(tag, "class").is_some_and(|class| class.split_ascii_whitespace().any(|c| c == "invisible"))
        || attribute(tag, "style").is_some_and(|style| {
            style.len() < 4096
                && style.split(';').any(|rule| rule.split_whitespace().collect::<String>().eq_ignore_ascii_case("display:none"))
        })
}

const NEVER_SHOWN: &[&str] =
    &["script", "style", "noscript", "iframe", "noembed", "noframes", "title", "template", "svg", "audio", "video", "object"];

const VOID: &[&str] = &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(html: &str) -> String {
        read(html).text
    }

    #[test]
    fn tags_are_off_and_entities_decoded() {
        assert_eq!(text("<p>Tom &amp; <b>Jerry</b>&nbsp;say &#8220;hi&#8221; &copy</p>"), "Tom & Jerry say “hi” ©");
    }

    #[test]
    fn blocks_and_line_breaks_become_line_breaks() {
        assert_eq!(text("<p>one</p>\n\n<p>two<br/>three</p> four<div><div>five</div></div>"), "one\ntwo\nthree\nfour\nfive");
    }

    #[test]
    fn words_in_inline_tags_stay_whole() {
        assert_eq!(text("No<b>bel</b> pr<wbr>ize"), "Nobel prize");
    }

    #[test]
    fn plain_text_with_bare_signs_survives() {
        assert_eq!(text("R&D is 3 < 4 & AT&T > all <3"), "R&D is 3 < 4 & AT&T > all <3");
    }

    #[test]
    fn scripts_styles_and_comments_are_left_out() {
        assert_eq!(
            text("a<script>if (a<b) { x = '</p>' }</script><style>p{}</style><!-- <p>no</p> --> b<noscript><img></noscript>"),
            "a b"
        );
    }

    #[test]
    fn a_frame_that_closes_itself_hides_nothing() {
        assert_eq!(text("<iframe src='x'/>seen"), "seen");
    }

    #[test]
    fn what_mastodon_hides_is_hidden() {
        let html = r#"<p>look <a href="https://example.org/long"><span class="invisible">https://</span><span class="ellipsis">example.org</span><span class="invisible">/l<span>on</span>g</span></a> here</p>"#;
        let seen = read(html);
        assert_eq!(seen.text, "look example.org here");
        assert_eq!(seen.links, ["https://example.org/long"]);
    }

    #[test]
    fn hidden_elements_are_hidden_and_an_unclosed_one_ends_with_its_block() {
        assert_eq!(text("<div hidden>no <div>no</div> no</div>a<span style='color:red; DISPLAY : none'>no<p>b"), "a\nb");
    }

    #[test]
    fn pictures_give_captions_and_emoji_give_text() {
        let seen = read(r#"Hi <img class="emoji" alt="😀"> <img src=a alt=" a tweet  by x "><img alt="">"#);
        assert_eq!(seen.text, "Hi 😀");
        assert_eq!(seen.captions, ["a tweet by x"]);
    }

    #[test]
    fn links_are_kept_as_written() {
        assert_eq!(read("<a href=' /a?x=1&amp;y=2 '>x</a><a name=q>y</a><a href=''>z</a>").links, ["/a?x=1&y=2"]);
    }

    #[test]
    fn control_characters_are_dropped() {
        assert_eq!(text("a\u{0}b\u{7}c\u{1b}[31m\u{85}d"), "abc[31m d");
    }

    #[test]
    fn deep_nesting_is_read_like_any_text() {
        let html = "<div>".repeat(17_000) + "deep";
        assert_eq!(text(&html), "deep");
    }

    #[test]
    fn unclosed_tags_and_quotes_end_with_the_document() {
        assert_eq!(text("seen <a href=\"x"), "seen");
        assert_eq!(text("seen <p"), "seen");
        assert_eq!(text("seen <!-- never"), "seen");
        assert_eq!(text("seen &am"), "seen &am");
    }

    #[test]
    fn a_tag_of_endless_attributes_is_skipped_quickly() {
        let mut html = "before <p ".to_owned();
        (0..50_000).for_each(|i| html.push_str(&format!("a{i}='>' ")));
        html.push_str("> after <b>all</b>");
        let seen = text(&html);
        assert!(seen.starts_with("before") && seen.ends_with("after all"));
    }

    #[test]
    fn a_long_picture_and_a_long_comment_are_no_attack() {
        let html = format!("a<!-- {} --><img src=\"data:{}\" alt=b>c", "x = 'y' ".repeat(5_000), "A".repeat(50_000));
        let seen = read(&html);
        assert_eq!((seen.text.as_str(), seen.captions.as_slice()), ("ac", &["b".to_owned()][..]));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "(<[/!a-z]?|&[a-z#]{0,4};?|[\"'=> /-]|span|script|style|\\PC){0,60}") {
            read(&html);
        }

        #[test]
        fn text_without_markup_keeps_its_words(words in proptest::collection::vec("[a-zé0-9]{1,8}", 0..9)) {
            prop_assert_eq!(text(&words.join(" \n")), words.join(" "));
        }
    }
}
