//! Microdata (`itemscope`, `itemprop`; HTML Standard, section 5) as the JSON-LD it could have been: read from tags as they come,
//! without a tree. Older fact-checks carry their ClaimReview so.

use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use serde_json::{Map, Value};

use crate::text::html::{attribute, raw_text, tokenize};

/// Elements that have no end tag (HTML Standard, section 13.1.2).
const VOID: [&str; 13] = ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Where one stands, the words before and after it are two words.
const BLOCKS: [&str; 16] =
    ["p", "div", "br", "li", "ul", "ol", "td", "tr", "h1", "h2", "h3", "h4", "blockquote", "section", "article", "figcaption"];

/// Items of a page that are kept.
const MOST_ITEMS: usize = 5_000;

/// Elements that may stand inside each other; deeper ones are read without their ends.
const DEEPEST: usize = 256;

/// Longest text of one property, and of all together: texts may hold each other.
const LONGEST_BYTES: usize = 16 << 10;
const ALL_BYTES: usize = 8 << 20;

/// Items inside items that are followed.
const DEEPEST_ITEM: usize = 32;

/// Whether a page may hold a ClaimReview in this form.
pub fn is_worth_reading(html: &str) -> bool {
    html.contains("ClaimReview") && html.contains("itemscope")
}

/// Gives the items of a page that stand in no other, each as an object. Linear in the length of the page.
pub fn read(html: &str) -> Vec<Value> {
    let sink = Sink::default();
    let mut rest = html;
    while let Some(after) = tokenize(rest, &sink, || sink.0.borrow().tokens) {
        rest = after;
    }
    let mut seen = sink.0.into_inner();
    while let Some(element) = seen.open.pop() {
        seen.close(&element);
    }
    seen.join_references();
    let roots: Vec<usize> = (0..seen.items.len()).filter(|number| seen.items[*number].is_root).collect();
    let mut left = MOST_ITEMS;
    roots.into_iter().map(|number| seen.object(number, &mut Vec::new(), &mut left)).collect()
}

#[derive(Default)]
struct Sink(RefCell<Seen>);

#[derive(Default)]
struct Seen {
    items: Vec<Item>,
    open: Vec<Element>,
    /// Text of the page; properties are stretches of it.
    text: String,
    /// Properties that stand outside of any item, by the element with an `id` around them.
    strays: HashMap<String, Vec<(String, Held)>>,
    copied_bytes: usize,
    tokens: usize,
}

#[derive(Default)]
struct Item {
    kinds: Vec<String>,
    id: Option<String>,
    held: Vec<(String, Held)>,
    /// Ids of elements whose properties are its own too.
    refers_to: Vec<String>,
    is_root: bool,
}

#[derive(Clone)]
enum Held {
    Text(String),
    Item(usize),
}

struct Element {
    name: String,
    /// The item that properties in it belong to; nothing outside of items.
    item: Option<usize>,
    /// The element with an `id` that it stands in, outside of items.
    around: Option<String>,
    /// A property whose value is the text inside.
    property: Option<Property>,
}

struct Property {
    names: Vec<String>,
    item: Option<usize>,
    around: Option<String>,
    from: usize,
}

impl TokenSink for &Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut seen = self.0.borrow_mut();
        seen.tokens += usize::from(!matches!(token, Token::ParseError(_)));
        match token {
            Token::CharacterTokens(text) if seen.open.iter().any(|element| element.property.is_some()) => {
                seen.text.push_str(&text);
            }
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
        if BLOCKS.contains(&name) {
            self.text.push(' ');
        }
        if tag.kind == TagKind::EndTag {
            // An end without a beginning ends nothing.
            if let Some(at) = self.open.iter().rposition(|element| element.name == name) {
                for element in self.open.split_off(at).into_iter().rev() {
                    self.close(&element);
                }
            }
            return;
        }
        let (mut item, mut around) = self.open.last().map_or((None, None), |element| (element.item, element.around.clone()));
        if item.is_none()
            && let Some(id) = attribute(tag, "id")
        {
            around = Some(id.trim().to_owned());
        }
        let words = |name| attribute(tag, name).unwrap_or_default().split_whitespace().map(str::to_owned);
        let names: Vec<String> = words("itemprop").collect();
        let (outer, outer_around) = (item, around.clone());
        let mut property = None;
        if attribute(tag, "itemscope").is_some() && self.items.len() < MOST_ITEMS {
            let number = self.items.len();
            self.items.push(Item {
                kinds: words("itemtype").collect(),
                id: attribute(tag, "itemid").map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()),
                held: Vec::new(),
                refers_to: words("itemref").collect(),
                is_root: names.is_empty(),
            });
            for name in names {
                self.hold(outer, outer_around.as_deref(), name, Held::Item(number));
            }
            item = Some(number);
            around = None;
        } else if !names.is_empty() {
            match value(tag) {
                Some(value) => {
                    for name in names {
                        self.hold(outer, outer_around.as_deref(), name, Held::Text(value.clone()));
                    }
                }
                None => property = Some(Property { names, item: outer, around: outer_around, from: self.text.len() }),
            }
        }
        if VOID.contains(&name) || tag.self_closing || self.open.len() >= DEEPEST {
            return;
        }
        self.open.push(Element { name: name.to_owned(), item, around, property });
    }

    fn close(&mut self, element: &Element) {
        let Some(property) = &element.property else { return };
        let text = self.text.get(property.from..).unwrap_or_default();
        let text = &text[..text.floor_char_boundary(LONGEST_BYTES)];
        self.copied_bytes += text.len();
        if self.copied_bytes <= ALL_BYTES {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for name in property.names.clone() {
                self.hold(property.item, property.around.as_deref(), name, Held::Text(text.clone()));
            }
        }
        if !self.open.iter().any(|element| element.property.is_some()) {
            self.text.clear();
        }
    }

    fn hold(&mut self, item: Option<usize>, around: Option<&str>, name: String, held: Held) {
        match (item.and_then(|number| self.items.get_mut(number)), around) {
            (Some(item), _) => item.held.push((name, held)),
            (None, Some(id)) => self.strays.entry(id.to_owned()).or_default().push((name, held)),
            (None, None) => {}
        }
    }

    /// Gives items the properties that they only refer to.
    fn join_references(&mut self) {
        let mut left = MOST_ITEMS;
        for item in &mut self.items {
            for id in item.refers_to.iter().take(16) {
                let strays = self.strays.get(id).map(Vec::as_slice).unwrap_or_default();
                let strays = strays.get(..strays.len().min(left)).unwrap_or_default();
                left -= strays.len();
                item.held.extend(strays.iter().cloned());
            }
        }
    }

    /// An item as an object; one that stands in itself is left out, and so is what lies very deep.
    fn object(&self, number: usize, inside: &mut Vec<usize>, left: &mut usize) -> Value {
        let Some(item) = self.items.get(number) else { return Value::Null };
        let mut object = Map::new();
        if !item.kinds.is_empty() {
            object.insert("@type".to_owned(), item.kinds.iter().cloned().map(Value::String).collect());
        }
        if let Some(id) = &item.id {
            object.insert("@id".to_owned(), Value::String(id.clone()));
        }
        inside.push(number);
        for (name, held) in &item.held {
            let value = match held {
                Held::Text(text) => Value::String(text.clone()),
                Held::Item(inner) if inside.contains(inner) || inside.len() >= DEEPEST_ITEM || *left == 0 => continue,
                Held::Item(inner) => {
                    *left -= 1;
                    self.object(*inner, inside, left)
                }
            };
            match object.entry(name.as_str()).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(values) => values.push(value),
                other => *other = value,
            }
        }
        inside.pop();
        Value::Object(object)
    }
}

/// The value that an element's attributes give; nothing where it is the text inside.
fn value(tag: &Tag) -> Option<String> {
    let name: &str = &tag.name;
    let of = |key| attribute(tag, key).map(|text| text.trim().to_owned());
    // Not in the standard, but everybody writes it and search engines read it.
    let content = of("content").filter(|content| !content.is_empty());
    match name {
        "meta" => Some(content.unwrap_or_default()),
        "a" | "area" | "link" => content.or_else(|| of("href")).or_else(|| (name != "a").then(String::new)),
        "img" | "audio" | "video" | "embed" | "iframe" | "source" | "track" => {
            content.or_else(|| of("src")).or_else(|| Some(String::new()))
        }
        "object" => content.or_else(|| of("data")),
        "data" | "meter" => content.or_else(|| of("value")),
        "time" => content.or_else(|| of("datetime")),
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn items_properties_and_items_inside_items_are_read() {
        let html = r#"<body><div itemscope itemtype="http://schema.org/ClaimReview">
 <p>We looked at <span itemprop=claimReviewed>The moon <i>is</i> made<br>of green&nbsp;cheese</span>.
 <meta itemprop="datePublished" content="2015-06-03"><a itemprop="url" href="/moon">here</a>
 <div itemprop="author" itemscope itemtype="https://schema.org/Organization"><b itemprop="name">Facts &amp; Co</b><img itemprop=image src=logo.png></div>
 <time itemprop="dateModified" datetime="2015-06-04">yesterday</time>
 <span itemprop="keywords name">moon</span><span itemprop=keywords>cheese</span>
</div><p itemprop=name>of nothing</p>"#;
        let wanted = json!([{
            "@type": ["http://schema.org/ClaimReview"],
            "claimReviewed": ["The moon is made of green cheese"],
            "datePublished": ["2015-06-03"],
            "url": ["/moon"],
            "author": [{ "@type": ["https://schema.org/Organization"], "name": ["Facts & Co"], "image": ["logo.png"] }],
            "dateModified": ["2015-06-04"],
            "keywords": ["moon", "cheese"],
            "name": ["moon"],
        }]);
        assert_eq!(Value::Array(read(html)), wanted);
    }

    #[test]
    fn what_is_only_referred_to_is_found_and_circles_end() {
        let html = r#"<div itemscope itemref="who self" itemtype=x></div>
            <div id=who><span itemprop=author>A. Person</span></div>
            <div id=self><div itemprop=about itemscope itemref=self itemtype=y><b itemprop=name>z</b></div></div>"#;
        let wanted = json!([{ "@type": ["x"], "author": ["A. Person"], "about": [{ "@type": ["y"], "name": ["z"] }] }]);
        assert_eq!(Value::Array(read(html)), wanted);
    }

    #[test]
    fn ends_that_are_missing_or_too_many_lose_no_item() {
        let html =
            "</p></div><section itemscope itemtype=a><p itemprop=b>one<p itemprop=c>two</section></x><i itemscope itemtype=d>";
        let found = Value::Array(read(html));
        assert_eq!((&found[0]["@type"], &found[0]["c"], &found[1]["@type"]), (&json!(["a"]), &json!(["two"]), &json!(["d"])));
    }

    #[test]
    fn a_page_of_nothing_but_items_inside_items_takes_no_time() {
        let deep = "<div itemscope itemprop=a>".repeat(20_000);
        assert!(read(&format!("<div itemscope>{deep}")).len() <= MOST_ITEMS);
        let wide = "<p itemprop=a>".repeat(10_000) + &"x".repeat(1 << 17);
        assert_eq!(read(&format!("<div itemscope>{wide}")).len(), 1);
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(html in "(<(/)?(div|p|a|meta)?( (itemscope|itemprop=[ab]|itemref=[cd]|id=[cd]|content=x))*>?|\\PC){0,40}") {
            read(&html);
        }
    }
}
