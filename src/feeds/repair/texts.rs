//! Elements that hold text only, and what publishers put inside them instead.

use super::characters::{mend, set_addresses_apart, shield};
use super::closings::Closings;
use super::names::names_a_person;
use super::{Family, Pass};
use crate::feeds::markup::{Token, Tokens};

impl<'a> Pass<'a> {
    /// Writes the inside of an element that holds text only, up to and with its closing tag.
    pub(super) fn text_only(&mut self, name: &'a str, out_name: &str, closes_at_once: bool) {
        let is_person = names_a_person(out_name);
        if !closes_at_once && !is_person && self.text_as_it_stands(name, out_name) {
            return;
        }
        let begin = self.tokens.position();
        let found = || Closings::find(self.text, self.at, self.family, &self.items);
        let end = self.closings.get_or_insert_with(found).of_text(name, begin);
        let inside = end.and_then(|end| self.text.get(begin..end)).unwrap_or_default();
        if end.is_none() || (closes_at_once && !inside.trim().is_empty()) {
            self.unclosed_text(out_name, closes_at_once);
            return;
        }
        let inner = || Tokens::new(inside, 0).map(|(_, token)| token);
        let raw_html = inner().any(|token| matches!(token, Token::Open { .. } | Token::Close(_)));
        if raw_html {
            self.note("HTML that was not escaped");
            if self.family == Family::Atom {
                self.retype_as_html();
            }
            self.html(inside);
        } else if is_person && inside.contains('@') {
            let apart = set_addresses_apart(inside);
            Tokens::new(&apart, 0).for_each(|(_, token)| self.text_token(token));
        } else {
            inner().for_each(|token| self.text_token(token));
        }
        self.write_close(out_name);
        self.tokens.skip_to(begin + inside.len());
        self.tokens.next();
    }

    /// Writes an element that holds no tags at all, as most do; else leaves everything as it was and says no.
    fn text_as_it_stands(&mut self, name: &str, out_name: &str) -> bool {
        let (tokens, length, mended) = (self.tokens.clone(), self.out.text.len(), self.mended);
        while let Some((_, token)) = self.tokens.next() {
            match token {
                Token::Open { .. } => break,
                Token::Close(closed) if closed != name => break,
                Token::Close(_) => {
                    self.write_close(out_name);
                    return true;
                }
                token => self.text_token(token),
            }
        }
        self.tokens = tokens;
        self.out.text.truncate(length);
        self.mended = mended;
        false
    }

    /// Writes HTML that should have been escaped: its tags and references become text, CDATA stays what it is.
    fn html(&mut self, inside: &str) {
        let mut tokens = Tokens::new(inside, 0);
        while let Some((at, token)) = tokens.next() {
            match token {
                Token::Data(data) => self.data(data),
                Token::Aside => {}
                _ => shield(inside.get(at..tokens.position()).unwrap_or_default(), &mut self.out.text),
            }
        }
    }

    fn text_token(&mut self, token: Token<'_>) {
        match token {
            Token::Text(text) => mend(text, &mut self.out.text, &mut self.mended),
            Token::Data(data) => self.data(data),
            _ => {}
        }
    }

    /// Writes the text up to the next tag: the element was never closed.
    fn unclosed_text(&mut self, out_name: &str, closes_at_once: bool) {
        self.note("unclosed tags");
        while !closes_at_once
            && let Some((_, token @ (Token::Text(_) | Token::Data(_) | Token::Aside))) = self.tokens.clone().next()
        {
            self.tokens.next();
            self.text_token(token);
        }
        self.write_close(out_name);
    }

    /// Says in the tag just written that what follows is HTML.
    fn retype_as_html(&mut self) {
        if let Some(tag) = self.out.text.strip_suffix(" type=\"text\">") {
            self.out.text.truncate(tag.len());
            self.out.text.push_str(" type=\"html\">");
        }
    }
}
