//! Posts that somebody pushes in, one JSON object a line: tip lines, closed platforms, own scrapers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::convert::clipped;
use crate::model::post::{Markup, RawPost};
use crate::model::source::SourceName;

/// Longest line that is read, in bytes.
pub const LONGEST_LINE_BYTES: usize = 1 << 20;
/// Longest id, in bytes.
const LONGEST_ID_BYTES: usize = 1024;

/// A post as `claimwatch match` reads it, and when it appeared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// The sender's name for it; the same id again is the same post.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Its words.
    #[serde(default)]
    pub text: String,
    /// Headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// When it appeared (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
}

impl Pushed {
    /// Reads one line; a byte order mark in front is none of its business.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.len() > LONGEST_LINE_BYTES {
            return Err(format!("longer than {} KiB", LONGEST_LINE_BYTES >> 10));
        }
        let mut post: Self = serde_json::from_slice(line).map_err(|error| {
            let why = error.to_string();
            let why = why.split(" at line").next().unwrap_or_default();
            format!("not a post: {why}; write {{\"id\": \"…\", \"text\": \"…\"}}, the time as \"2026-11-25T10:00:00Z\"")
        })?;
        post.id = post.id.trim().to_owned();
        if post.id.is_empty() || post.id.len() > LONGEST_ID_BYTES {
            return Err(format!("`id` must have 1 to {LONGEST_ID_BYTES} bytes: by it a post is recognised when it comes again"));
        }
        let says = |text: &str| text.chars().any(char::is_alphanumeric);
        if !says(&post.text) && !post.title.as_deref().is_some_and(says) {
            return Err("there are no words in it: `text` is empty".to_owned());
        }
        post.text = clipped(post.text);
        for field in [&mut post.title, &mut post.author, &mut post.url, &mut post.lang] {
            *field = field.take().map(clipped).filter(|text| !text.trim().is_empty());
        }
        Ok(post)
    }

    /// The line in which it waits in the inbox.
    pub fn line(&self) -> String {
        // A struct of texts and a time can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Gives the post, known within `source` by its id alone.
    pub fn into_raw(self, source: &SourceName) -> RawPost {
        let escaped = |text: String| text.replace('&', "&amp;").replace('<', "&lt;");
        RawPost {
            everywhere: Some(format!("push|{source}|{}", self.id)),
            guid: Some(self.id),
            url: self.url,
            title: self.title.map(Markup::Plain),
            body: Some(Markup::Plain(self.text)),
            author: self.author.map(escaped),
            published: self.published,
            lang: self.lang,
            ..RawPost::default()
        }
    }
}

/// Many programs number their posts.
fn id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "`id` must be a text or a whole number")]
    enum Id {
        Text(String),
        Number(i64),
    }
    Ok(match Id::deserialize(from)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_as_it_was_written_down() {
        let line =
            br#"{"id": 7, "text": "The moon is cheese", "title": "Tip", "published": "2026-11-25T10:00:00+01:00", "more": 1}"#;
        let post = Pushed::read(line).unwrap();
        assert_eq!((post.id.as_str(), post.published), ("7", "2026-11-25T09:00:00Z".parse().ok()));
        assert_eq!(Pushed::read(post.line().as_bytes()).unwrap(), post);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_in_a_sentence() {
        let why = |line: &[u8]| Pushed::read(line).unwrap_err();
        assert!(why(b"{\"id\": \"1\", ").starts_with("not a post: "));
        assert!(why(b"{\"text\": \"hello\"}").contains("missing field `id`"));
        assert!(why(b"{\"id\": [1], \"text\": \"hello\"}").contains("must be a text or a whole number"));
        assert!(why(b"{\"id\": \"\", \"text\": \"hello\"}").contains("`id` must have"));
        assert!(why(b"{\"id\": \"1\", \"text\": \" \xe2\x80\xa6 \"}").contains("no words"));
        assert!(why(b"{\"id\": \"1\", \"text\": \"a\", \"published\": \"yesterday\"}").contains("2026-11-25T10:00:00Z"));
        assert!(why(&vec![b'x'; LONGEST_LINE_BYTES + 1]).contains("longer than"));
    }

    #[test]
    fn an_id_means_the_same_post_within_its_source_only() {
        let name =
            |source: &str| Pushed::read(br#"{"id": "1", "text": "a"}"#).unwrap().into_raw(&SourceName(source.into())).everywhere;
        assert_eq!(name("tips"), name("tips"));
        assert_ne!(name("tips"), name("other"));
    }
}
