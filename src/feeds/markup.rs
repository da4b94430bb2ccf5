//! Markup cut into tokens, forgiving every mistake, in one pass: what `repair` and feed discovery read.

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text between tags, entities as written.
    Text(&'a str),
    /// `<name …>`, or `<name …/>` when `empty`.
    Open {
        /// Name with its prefix.
        name: &'a str,
        /// What stands between name and bracket.
        attributes: &'a str,
        /// Closed at once.
        empty: bool,
    },
    /// `</name>`.
    Close(&'a str),
    /// The inside of `<![CDATA[…]]>`.
    Data(&'a str),
    /// Comment, declaration, document type or processing instruction.
    Aside,
}

/// Longest value in quotation marks; a mark that opens a longer one is taken for an ordinary character.
const LONGEST_VALUE: usize = 64 << 10;

/// Most quotation marks looked at in one tag: one inside the values of another would make the work quadratic.
const MOST_MARKS: usize = 256;

/// Where a pattern comes next, remembered so that looking for it costs one pass over the document in all.
#[derive(Debug, Clone, Copy, Default)]
struct Ahead(Option<(usize, Option<usize>)>);

impl Ahead {
    fn find(&mut self, text: &str, from: usize, pattern: &str) -> Option<usize> {
        if let Self(Some((looked_from, found))) = *self
            && from >= looked_from
            && found.is_none_or(|found| found >= from)
        {
            return found;
        }
        let found = text.get(from..).and_then(|rest| rest.find(pattern)).map(|at| from + at);
        #[cfg(test)]
        tests::LOOKED_AT.with(|bytes| bytes.set(bytes.get() + found.unwrap_or(text.len()).saturating_sub(from)));
        self.0 = Some((from, found));
        found
    }
}

/// Cuts a document into tokens; gives each with the place where it begins.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    comment_end: Ahead,
    data_end: Ahead,
    aside_end: Ahead,
    subset_end: Ahead,
    quotes: [Ahead; 2],
    item_ends: [Ahead; 2],
    item_begins: [Ahead; 2],
}

impl<'a> Tokens<'a> {
    /// Begins at byte `at` of a document, which must be a character boundary.
    pub fn new(text: &'a str, at: usize) -> Self {
        let ahead = Ahead::default();
        Self {
            text,
            at,
            comment_end: ahead,
            data_end: ahead,
            aside_end: ahead,
            subset_end: ahead,
            quotes: [ahead; 2],
            item_ends: [ahead; 2],
            item_begins: [ahead; 2],
        }
    }

    /// Gives the byte at which the next token begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes on at byte `at`, not before the present one.
    pub fn skip_to(&mut self, at: usize) {
        self.at = self.at.max(at);
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes everything up to byte `end`.
    fn take(&mut self, end: usize) -> &'a str {
        let taken = self.text.get(self.at..end).unwrap_or_default();
        self.at = end;
        taken
    }

    /// Finds the bracket that ends the tag beginning at `self.at`, passing over those inside quotation marks.
    fn tag_end(&mut self) -> Option<usize> {
        let mut at = self.at + 1;
        for _ in 0..MOST_MARKS {
            let rest = self.text.as_bytes().get(at..)?;
            let (ahead, &byte) = rest.iter().enumerate().find(|(_, byte)| matches!(byte, b'>' | b'"' | b'\'' | b'<'))?;
            let next = at + ahead;
            #[cfg(test)]
            tests::LOOKED_AT.with(|bytes| bytes.set(bytes.get() + ahead));
            match byte {
                b'>' => return Some(next),
                // A tag inside a tag: the first was never closed.
                b'<' => return None,
                _ => {
                    let (which, quote) = if byte == b'"' { (0, "\"") } else { (1, "'") };
                    // Only a mark after `=` opens a value.
                    let opens = self.text.get(..next).is_some_and(|before| before.trim_end().ends_with('='));
                    let end = self.quotes.get_mut(which).and_then(|ahead| ahead.find(self.text, next + 1, quote));
                    at = match end {
                        Some(end) if opens && end - next <= LONGEST_VALUE => end + 1,
                        _ => next + 1,
                    };
                }
            }
        }
        // Far more attributes than anybody reads: the next bracket decides.
        let rest = self.text.as_bytes().get(at..)?;
        let next = rest.iter().position(|byte| matches!(byte, b'<' | b'>'))?;
        (rest.get(next) == Some(&b'>')).then_some(at + next)
    }

    fn markup(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        if !rest.as_bytes().get(1).is_some_and(|byte| matches!(byte, b'!' | b'?')) {
            return self.tag(rest);
        }
        if rest.starts_with("<![CDATA[") {
            let begin = self.at + 9;
            let end = self.data_end.find(self.text, begin, "]]>");
            self.at = begin;
            if let Some(border) = self.lost_end(begin, end) {
                let data = self.take(border);
                // What closes the element that holds the data stands at its end.
                let own = data.trim_end().strip_suffix('>').and_then(|data| data.rfind("</"));
                return Some(Token::Data(own.and_then(|at| data.get(..at)).unwrap_or(data)));
            }
            let data = self.take(end.unwrap_or(self.text.len()));
            self.at = (self.at + 3).min(self.text.len());
            return Some(Token::Data(data));
        }
        if rest.starts_with("<!--") {
            // One that is never closed would hide every item behind it: only its beginning is passed over.
            let end = self.comment_end.find(self.text, self.at + 4, "-->").map_or(self.at + 4, |end| end + 3);
            return self.aside(Some(end));
        }
        if rest.starts_with("<!") {
            // The internal subset of a document type holds brackets of its own.
            let is_type = rest.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case("DOCTYPE"));
            let subset = is_type && rest.find(['[', '>']).is_some_and(|at| rest.as_bytes().get(at) == Some(&b'['));
            let end = if subset { self.subset_end.find(self.text, self.at, "]>").map(|end| end + 2) } else { None };
            return self.aside(end);
        }
        let end = self.aside_end.find(self.text, self.at, "?>").map(|end| end + 2);
        self.aside(end)
    }

    fn tag(&mut self, rest: &str) -> Option<Token<'a>> {
        let closing = rest.starts_with("</");
        let name_at = self.at + 1 + usize::from(closing);
        let name = name_of(self.text.get(name_at..)?)?;
        let Some(end) = self.tag_end() else { return self.cut_off(closing, name, name_at + name.len()) };
        let inside = self.text.get(name_at + name.len()..end)?;
        self.at = end + 1;
        if closing {
            return Some(Token::Close(name));
        }
        let (attributes, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        Some(Token::Open { name, attributes, empty })
    }

    /// Finds where an item ends inside data that was never closed: it goes on over the end of its item and into the next.
    fn lost_end(&mut self, begin: usize, end: Option<usize>) -> Option<usize> {
        let text = self.text;
        let before = |at: &usize| end.is_none_or(|end| *at < end);
        let first = |places: &mut [Ahead; 2], patterns: [&str; 2], from: usize| {
            let found = places.iter_mut().zip(patterns).filter_map(|(place, pattern)| place.find(text, from, pattern));
            found.min().filter(before)
        };
        let border = first(&mut self.item_ends, ["</item>", "</entry>"], begin)?;
        first(&mut self.item_begins, ["<item", "<entry"], border).map(|_| border)
    }

    /// The last closing tag of a document that lacks nothing but its bracket still closes.
    fn cut_off(&mut self, closing: bool, name: &'a str, behind: usize) -> Option<Token<'a>> {
        let is_last = closing && self.text.get(behind..)?.trim_start().is_empty();
        is_last.then(|| {
            self.at = self.text.len();
            Token::Close(name)
        })
    }

    /// Passes over what is no part of the feed, up to `end`; where that is not known, to the next bracket of either kind.
    fn aside(&mut self, end: Option<usize>) -> Option<Token<'a>> {
        let behind = self.at + 1;
        let bracket = || self.text.get(behind..)?.find(['<', '>']).map(|at| behind + at);
        let close = |at: usize| at + usize::from(self.text.as_bytes().get(at) == Some(&b'>'));
        self.at = end.or_else(|| bracket().map(close)).unwrap_or(self.text.len());
        Some(Token::Aside)
    }
}

/// Reads the name at the beginning of `text`.
fn name_of(text: &str) -> Option<&str> {
    let plain = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.')));
    let end = match plain.and_then(|at| text.as_bytes().get(at)) {
        // Most names are plain ones, and end with one of these.
        Some(b'>' | b' ' | b'/' | b'\n') | None => plain.unwrap_or(text.len()),
        Some(_) => text.find(|c: char| c.is_whitespace() || "/><=\"'&;,()".contains(c)).unwrap_or(text.len()),
    };
    let name = text.get(..end)?;
    name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':').then_some(name)
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, Token<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.at;
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        if rest.starts_with('<') {
            if let Some(token) = self.markup() {
                return Some((begin, token));
            }
            // A `<` that begins no tag is text.
            self.at = begin + 1;
            let end = self.rest().find('<').map_or(self.text.len(), |at| self.at + at);
            self.at = begin;
            return Some((begin, Token::Text(self.take(end))));
        }
        let end = rest.find('<').map_or(self.text.len(), |at| begin + at);
        Some((begin, Token::Text(self.take(end))))
    }
}

/// Gives the attributes of a tag, quoted or not; a name without a value has an empty one.
pub fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "/\"'=,;".contains(c));
        let end = rest.find(|c: char| c.is_whitespace() || "=\"'/".contains(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = after;
            return Some((name, ""));
        };
        let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
        let (value, after) = quoted.unwrap_or_else(|| {
            value.split_at_checked(value.find(char::is_whitespace).unwrap_or(value.len())).unwrap_or((value, ""))
        });
        rest = after;
        Some((name, value))
    })
}

/// Gives a name without its prefix.
pub fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        /// Bytes looked at ahead of the token that was being cut.
        pub static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[test]
    fn looking_ahead_costs_a_few_passes_over_the_document_whatever_is_in_it() {
        for piece in [
            "<x>",
            "<b",
            "<title>",
            "<![CDATA[",
            "<!-- ",
            "<!-- ><t>x</t>",
            "<a =\"<a \"",
            "<a b='\" ",
            "<a b=\"'",
            "&",
            "<",
            "</",
            "<!",
            "<?",
            "<!DOCTYPE a [",
            "<!DOCTYPE a [>",
            "<item><![CDATA[</item>",
            "<a b='c' ",
            "\" ",
            "<a \"",
            "<a   =   '",
            "]]>",
            "-->",
            "?>",
        ] {
            let text = piece.repeat(200_000 / piece.len());
            LOOKED_AT.set(0);
            let tokens = Tokens::new(&text, 0).count();
            let passes = LOOKED_AT.get() / text.len();
            assert!(passes <= 20 && tokens <= text.len(), "{piece}: {passes} passes");
        }
    }

    fn tokens(text: &str) -> Vec<Token<'_>> {
        Tokens::new(text, 0).map(|(_, token)| token).collect()
    }

    #[test]
    fn a_bracket_that_begins_no_tag_is_text() {
        assert_eq!(
            tokens("<a>5 < 6 <b</a>"),
            [
                Token::Open { name: "a", attributes: "", empty: false },
                Token::Text("5 "),
                Token::Text("< 6 "),
                Token::Text("<b"),
                Token::Close("a")
            ]
        );
    }

    #[test]
    fn brackets_inside_quotation_marks_do_not_end_a_tag() {
        let text = "<a href=\"x>y\" b='\"'/><![CDATA[<p>]]><!-- > --><!DOCTYPE r [<!ENTITY a \"b>\">]>x";
        let want = [
            Token::Open { name: "a", attributes: " href=\"x>y\" b='\"'", empty: true },
            Token::Data("<p>"),
            Token::Aside,
            Token::Aside,
            Token::Text("x"),
        ];
        assert_eq!(tokens(text), want);
    }

    #[test]
    fn attributes_are_read_with_and_without_quotation_marks() {
        let read: Vec<_> = attributes(" a=\"1 2\" b='3'  c=4 d e = \"5\"").collect();
        assert_eq!(read, [("a", "1 2"), ("b", "3"), ("c", "4"), ("d", ""), ("e", "5")]);
    }

    #[test]
    fn data_that_is_never_closed_ends_with_its_item() {
        let text = "<item><a><![CDATA[one</a></item><item><a><![CDATA[two]]></a></item>";
        let data: Vec<_> = tokens(text).into_iter().filter(|token| matches!(token, Token::Data(_))).collect();
        assert_eq!(data, [Token::Data("one"), Token::Data("two")]);
        let code = "<item><a><![CDATA[an </item> in a text about feeds]]></a></item>";
        assert!(tokens(code).contains(&Token::Data("an </item> in a text about feeds")));
    }

    #[test]
    fn whatever_is_unfinished_ends_with_the_document() {
        for text in ["<![CDATA[a", "<!-- a", "<?xml", "<a b=\"", "<", "</", "<!DOCTYPE [", "<a b='x\" c=\"y'"] {
            assert!(Tokens::new(text, 0).count() < 10, "{text}");
        }
    }
}
