//! The house's own words in letters, one catalogue a language.

use crate::model::post::Lang;
use crate::model::sighting::{Stance, WordingKind};

/// The sentences of a letter in one language. `{n}` and other names in braces are filled in by `fill`.
#[derive(Debug)]
pub(super) struct Words {
    /// Language tag of the catalogue.
    pub lang: &'static str,
    pub posts_repeat: [&'static str; 2],
    pub more_posts_repeat: [&'static str; 2],
    pub again: &'static str,
    pub spike: &'static str,
    pub correction: &'static str,
    pub sources: [&'static str; 2],
    pub lead_first: [&'static str; 2],
    pub lead_more: [&'static str; 2],
    pub lead_again: [&'static str; 2],
    pub lead_spike: [&'static str; 2],
    pub lead_retired: &'static str,
    pub lead_changed: &'static str,
    pub was: &'static str,
    pub claim: &'static str,
    pub said_by: &'static str,
    pub verdict: &'static str,
    pub not_rated: &'static str,
    pub no_check: &'static str,
    pub no_address: &'static str,
    pub also_checked: &'static str,
    pub read_check: &'static str,
    pub posts: &'static str,
    pub without_text: &'static str,
    pub by: &'static str,
    pub unknown_author: &'static str,
    pub source: &'static str,
    pub published: &'static str,
    pub first_seen: &'static str,
    pub address: &'static str,
    pub why: &'static str,
    pub strength: &'static str,
    pub also_found: &'static str,
    pub kinds: [&'static str; 3],
    pub stances: [&'static str; 5],
    pub same_words: [&'static str; 2],
    pub not_shown: [&'static str; 2],
    pub if_wrong: &'static str,
    pub wrong_rule: &'static str,
    pub wrong_post: &'static str,
    pub links_dead: &'static str,
    pub foot: &'static str,
}

impl Words {
    /// The catalogue of a language; English where we have none.
    pub(super) fn of(_lang: &Lang) -> &'static Self {
        &ENGLISH
    }

    /// What a kind of wording is called.
    pub(super) fn kind(&self, kind: WordingKind) -> &'static str {
        let [phrase, variant, url] = self.kinds;
        match kind {
            WordingKind::Phrase => phrase,
            WordingKind::Variant => variant,
            WordingKind::Url => url,
        }
    }

    /// How a post stands to the claim, where that is not plainly saying it.
    pub(super) fn stance(&self, stance: Stance) -> Option<&'static str> {
        let [quoted, report, question, denial, check] = self.stances;
        match stance {
            Stance::Assertion => None,
            Stance::Quoted => Some(quoted),
            Stance::Report => Some(report),
            Stance::Question => Some(question),
            Stance::Denial => Some(denial),
            Stance::Factcheck => Some(check),
        }
    }
}

/// Picks the sentence for one or for many and fills in the number.
pub(super) fn count(sentence: [&'static str; 2], n: u64) -> String {
    let [one, many] = sentence;
    fill(if n == 1 { one } else { many }, &[("n", &n.to_string())])
}

/// Fills the names in braces. What is filled in is not looked at again, so that a title cannot name a brace.
pub(super) fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((head, tail)) = rest.split_once('{') {
        out.push_str(head);
        let Some((name, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        out.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

static ENGLISH: Words = Words {
    lang: "en",
    posts_repeat: ["{n} post ({where}) repeats", "{n} posts ({where}) repeat"],
    more_posts_repeat: ["{n} more post ({where}) repeats", "{n} more posts ({where}) repeat"],
    again: "back again, ",
    spike: "spreading fast, ",
    correction: "correction",
    sources: ["{n} source", "{n} sources"],
    lead_first: ["{n} post repeats a claim that has been checked.", "{n} posts repeat a claim that has been checked."],
    lead_more: [
        "{n} more post repeats this claim; earlier letters in this thread told of {told}.",
        "{n} more posts repeat this claim; earlier letters in this thread told of {told}.",
    ],
    lead_again: [
        "After a week or more of quiet, {n} post repeats this claim again.",
        "After a week or more of quiet, {n} posts repeat this claim again.",
    ],
    lead_spike: [
        "This claim is spreading fast: {hour} posts in the last hour, where an hour of the last week brought {usual}. {n} post is new here.",
        "This claim is spreading fast: {hour} posts in the last hour, where an hour of the last week brought {usual}. {n} posts are new here.",
    ],
    lead_retired: "The editors took this rule out of use. Please do not rely on the earlier letters of this thread, which told of {told} posts.",
    lead_changed: "The fact-check of this claim was changed. Earlier letters of this thread said: {before}. What holds now stands below.",
    was: "{rating} ({publisher})",
    claim: "The claim",
    said_by: "said by {who}",
    verdict: "What the fact-check found",
    not_rated: "not rated",
    no_check: "The rule names no fact-check.",
    no_address: "No address is known for it.",
    also_checked: "Also checked by",
    read_check: "Read the fact-check",
    posts: "The posts",
    without_text: "(a post without text)",
    by: "By",
    unknown_author: "author not given",
    source: "source",
    published: "published",
    first_seen: "first seen",
    address: "Address",
    why: "Why",
    strength: "strength {strength} of 1",
    also_found: "also found",
    kinds: ["near-verbatim wording", "paraphrase of", "address"],
    stances: [
        "seems to quote somebody saying it",
        "seems to report that somebody says it",
        "seems to ask whether it is so",
        "seems to say that it is wrong",
        "seems to be a fact-check itself",
    ],
    same_words: ["{n} more post has the same words", "{n} more posts have the same words"],
    not_shown: [
        "{n} more post is not shown here; it is kept in claimwatch's memory.",
        "{n} more posts are not shown here; they are kept in claimwatch's memory.",
    ],
    if_wrong: "If this is wrong",
    wrong_rule: "The rule that matched is “{rule}” (wording {revision}).",
    wrong_post: "If a post above does not repeat the claim, send its address to the editors of that rule; it belongs in the rule's must_not_match tests.",
    links_dead: "Addresses of posts are written so that they cannot be clicked (hxxp, [.]).",
    foot: "claimwatch to desk {desk} · letter {instalment} of this thread · times are {zone}",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
    }

    #[test]
    fn one_post_and_many_posts_have_their_own_sentence() {
        assert_eq!(count(["{n} post", "{n} posts"], 1), "1 post");
        assert_eq!(count(["{n} post", "{n} posts"], 0), "0 posts");
    }
}
