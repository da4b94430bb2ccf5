//! Near-copies: posts that say the same but for an address, a handle or a comma are one item with a count.
//!
//! Two texts are near-copies when they share most of their runs of three words (shingles; Broder 1997, "On the resemblance and
//! containment of documents").

use std::collections::HashSet;

use super::safe;
use crate::model::post::Post;

/// Shared runs of all runs, from which on two posts say the same.
const ALIKE: f64 = 0.7;
/// Words looked at: posts longer than this are compared by their beginnings.
const WORDS: usize = 400;
/// Words of a run.
const RUN: usize = 3;

/// What a post says, for comparing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gist {
    runs: HashSet<String>,
}

impl Gist {
    /// The gist of a post: its words without addresses, handles and the mark of a repeated post.
    pub(super) fn of(post: &Post) -> Self {
        let text: Vec<String> = post.parts.iter().map(|part| safe::line(&part.text).to_lowercase()).collect();
        let text = text.join(" ");
        let counts = |word: &&str| !(word.contains("[.]") || word.contains("://") || word.starts_with('@') || *word == "rt");
        let words: Vec<String> = text
            .split_whitespace()
            .filter(counts)
            .map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
            .filter(|word| !word.is_empty() && word != "rt")
            .take(WORDS)
            .collect();
        let runs = if words.len() < RUN {
            std::iter::once(words.join(" ")).collect()
        } else {
            words.windows(RUN).map(|run| run.join(" ")).collect()
        };
        Self { runs }
    }

    /// Whether two posts say the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let (fewer, more) = if self.runs.len() < other.runs.len() { (self, other) } else { (other, self) };
        let shared = fewer.runs.intersection(&more.runs).count();
        let all = fewer.runs.len() + more.runs.len() - shared;
        shared > 0 && shared as f64 >= ALIKE * all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::post;

    fn alike(a: &str, b: &str) -> bool {
        Gist::of(&post(a)).is_like(&Gist::of(&post(b)))
    }

    #[test]
    fn an_address_a_handle_and_commas_make_no_difference() {
        let text = "The moon is made of green cheese, and nobody laughed at all";
        assert!(alike(text, "RT @senator: The moon is made of GREEN cheese and nobody laughed at all https://x.example/1"));
        assert!(alike("cheese!", "Cheese"));
    }

    #[test]
    fn another_thought_is_another_post() {
        assert!(!alike(
            "The moon is made of green cheese, he said",
            "The moon is made of green cheese? No, say those who went there"
        ));
        assert!(!alike("cheese", "ham"));
    }

    #[test]
    fn posts_without_words_are_only_like_each_other() {
        assert!(alike("!!!", "https://a.example/"));
        assert!(!alike("!!!", "cheese"));
    }
}
