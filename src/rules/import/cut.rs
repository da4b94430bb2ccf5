//! A large JSON document cut into the objects of its lists as it flows past, so that no document has to be held whole.

/// Keys whose lists are cut: a `DataFeed`, a saved answer of Google's tools, a graph, an index.
const LISTS: [&[u8]; 4] = [b"dataFeedElement", b"claims", b"@graph", b"itemListElement"];

/// Lists inside objects of lists are cut so deep; deeper ones stay in their object.
const DEEPEST: usize = 4;

/// What has been cut off.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'p> {
    /// An object, without the lists that were cut out of it.
    Object(&'p [u8]),
    /// Something in a list that is no object: `null` mostly.
    Other,
    /// An object larger than may be; nothing of it was kept.
    TooLarge,
    /// The document ends inside an object or a list.
    CutShort,
}

/// Cuts a document that is handed over in pieces of any size.
#[derive(Debug)]
pub struct Cutter {
    /// Objects that are open, each inside a list of the one before it.
    open: Vec<Open>,
    /// Brackets of lists open around the innermost object, or around where the next will be.
    lists: Vec<usize>,
    in_text: bool,
    escaped: bool,
    /// Something that is no object stands in the list.
    other: bool,
    longest: usize,
}

/// An object that is being read.
#[derive(Debug, Default)]
struct Open {
    bytes: Vec<u8>,
    depth: usize,
    text_began: usize,
    names_list: bool,
    too_large: bool,
}

impl Cutter {
    /// Keeps objects of up to `longest` bytes.
    pub fn new(longest: usize) -> Self {
        Self { open: Vec::new(), lists: vec![0], in_text: false, escaped: false, other: false, longest }
    }

    /// Takes the next bytes of the document; gives what is complete.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while let Some(byte) = rest.first() {
            if self.in_text {
                rest = self.text(rest);
                continue;
            }
            self.outside(*byte, &mut each);
            rest = &rest[1..];
        }
    }

    /// Ends the document.
    pub fn finish(mut self, mut each: impl FnMut(Piece<'_>)) {
        self.end_other(&mut each);
        if self.open.iter().any(|open| open.too_large) {
            each(Piece::TooLarge);
        }
        if !self.open.is_empty() || self.lists.iter().any(|depth| *depth > 0) || self.in_text {
            each(Piece::CutShort);
        }
    }

    /// Whether the next object begins a new piece: we are directly inside a list, or outside everything.
    fn in_list(&self) -> bool {
        self.lists.len() > self.open.len()
    }

    fn text<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.escaped {
            self.escaped = false;
            self.keep(&bytes[..1]);
            return &bytes[1..];
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'));
        let (inside, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        self.keep(inside);
        let Some(sign) = rest.first() else { return rest };
        if *sign == b'\\' {
            self.escaped = true;
        } else {
            self.in_text = false;
            if !self.in_list()
                && let Some(open) = self.open.last_mut().filter(|open| open.depth == 1)
            {
                let name = open.bytes.get(open.text_began..).unwrap_or_default();
                open.names_list = LISTS.contains(&name);
            }
        }
        self.keep(&rest[..1]);
        &rest[1..]
    }

    fn outside(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        if self.in_list() {
            return self.between(byte, each);
        }
        let deep = self.open.len() >= DEEPEST;
        let Some(open) = self.open.last_mut() else { return };
        match byte {
            b'[' if open.depth == 1 && open.names_list && !deep => {
                self.keep(b"[");
                self.lists.push(1);
                return;
            }
            b'{' | b'[' => open.depth += 1,
            b'}' | b']' => open.depth -= 1,
            b'"' => {
                self.in_text = true;
                open.text_began = open.bytes.len() + 1;
            }
            b',' => open.names_list = false,
            _ => {}
        }
        self.keep(&[byte]);
        if self.open.last().is_some_and(|open| open.depth == 0)
            && let Some(done) = self.open.pop()
        {
            each(if done.too_large { Piece::TooLarge } else { Piece::Object(&done.bytes) });
        }
    }

    /// Outside of all objects of the list.
    fn between(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        match byte {
            b'{' => {
                self.other = false;
                self.open.push(Open { bytes: vec![b'{'], depth: 1, ..Open::default() });
            }
            b'[' => {
                if let Some(depth) = self.lists.last_mut() {
                    *depth += 1;
                }
            }
            b']' => {
                self.end_other(each);
                let Some(depth) = self.lists.last_mut() else { return };
                *depth = depth.saturating_sub(1);
                if *depth == 0 && self.lists.len() > 1 {
                    self.lists.pop();
                    if let Some(open) = self.open.last_mut() {
                        open.names_list = false;
                    }
                    self.keep(b"]");
                }
            }
            b',' => self.end_other(each),
            b'"' => {
                self.other = true;
                self.in_text = true;
            }
            // Outside of everything stands a byte order mark, or what is no JSON at all.
            _ if byte.is_ascii_whitespace() => {}
            _ => self.other |= byte.is_ascii_alphanumeric(),
        }
    }

    fn end_other(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        if std::mem::take(&mut self.other) {
            each(Piece::Other);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.in_list() {
            return;
        }
        let Some(open) = self.open.last_mut().filter(|open| !open.too_large) else { return };
        if open.bytes.len() + bytes.len() > self.longest {
            open.too_large = true;
            open.bytes = Vec::new();
            return;
        }
        open.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str, step: usize) -> Vec<String> {
        let mut pieces = Vec::new();
        let mut cutter = Cutter::new(200);
        let mut each = |piece: Piece<'_>| {
            pieces.push(match piece {
                Piece::Object(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                other => format!("{other:?}"),
            });
        };
        text.as_bytes().chunks(step).for_each(|bytes| cutter.feed(bytes, &mut each));
        cutter.finish(&mut each);
        pieces
    }

    #[test]
    fn a_feed_is_cut_into_its_elements_and_its_own_object_comes_last() {
        let text = "{\"@type\": \"DataFeed\", \"dataFeedElement\": [{\"url\": \"a[\\\"\", \"item\": [{\"x\": 1}]}, null, {\"item\": null}], \"n\": 1}";
        for step in [1, 3, 1000] {
            assert_eq!(
                cut(text, step),
                [
                    "{\"url\": \"a[\\\"\", \"item\": [{\"x\": 1}]}",
                    "Other",
                    "{\"item\": null}",
                    "{\"@type\": \"DataFeed\", \"dataFeedElement\": [], \"n\": 1}"
                ]
            );
        }
    }

    #[test]
    fn pages_of_answers_and_lists_may_follow_each_other() {
        let text = "{\"claims\": [{\"a\": 1}, {\"a\": 2}], \"nextPageToken\": \"x\"}\n{\"claims\": [{\"a\": 3}]} [[{\"a\": 4}]]";
        let found = cut(text, 7);
        let only: Vec<&str> = found.iter().map(String::as_str).filter(|piece| piece.starts_with("{\"a\"")).collect();
        assert_eq!(only, ["{\"a\": 1}", "{\"a\": 2}", "{\"a\": 3}", "{\"a\": 4}"]);
    }

    #[test]
    fn a_text_or_value_that_is_called_like_a_list_is_none() {
        assert_eq!(cut("{\"a\": \"claims\", \"b\": [{}]}", 9), ["{\"a\": \"claims\", \"b\": [{}]}"]);
        assert_eq!(cut("{\"b\": {\"claims\": [{}]}}", 9), ["{\"b\": {\"claims\": [{}]}}"]);
    }

    #[test]
    fn what_is_too_large_is_told_and_the_rest_is_read() {
        let text = format!("[{{\"a\": \"{}\"}}, {{\"b\": 1}}]", "x".repeat(300));
        assert_eq!(cut(&text, 50), ["TooLarge", "{\"b\": 1}"]);
    }

    #[test]
    fn an_end_in_the_middle_is_told() {
        for text in ["[{\"a\": 1}, {\"b\"", "[{\"a\": 1},", "{\"claims\": [{\"a\": 1}"] {
            let found = cut(text, 4);
            assert_eq!(found.last().map(String::as_str), Some("CutShort"), "{text}: {found:?}");
            assert!(found.contains(&"{\"a\": 1}".to_owned()));
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_steps_do_not_matter(text in "([\\[\\]{}:,\"\\\\ ]|\"claims\"|null|a){0,40}") {
            prop_assert_eq!(cut(&text, 1), cut(&text, 1000));
        }
    }
}
