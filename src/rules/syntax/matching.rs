//! `[claim.match]` and `[claim.when]`: the wordings of a claim and the gates beside them.

use super::claim::KEYS;
use super::lists::Lists;
use crate::model::post::Lang;
use crate::model::sighting::{Stance, Strength, When, WordingKind};
use crate::rules::reading::table::{Notes, Table, shown};
use crate::rules::reading::value::{Value, Words};
use crate::rules::{Strictness, Term, Wording, codes};

/// What a rule looks for.
#[derive(Debug, Default)]
pub(super) struct Match {
    pub(super) wordings: Vec<Wording>,
    pub(super) all_of: Vec<Vec<Term>>,
    pub(super) any_of: Vec<Term>,
    pub(super) none_of: Vec<Term>,
    pub(super) urls: Vec<String>,
    pub(super) threshold: Strength,
    /// Whether the editor wrote something to look for, sound or not.
    pub(super) attempted: bool,
}

/// Reads `[claim.match]`.
pub(super) fn read(mut table: Table<'_>, lists: &Lists, notes: &mut Notes<'_>) -> Match {
    let mut wordings = Vec::new();
    let mut attempted = false;
    for (key, kind) in [("phrases", WordingKind::Phrase), ("variants", WordingKind::Variant)] {
        let Some(value) = table.take(key) else { continue };
        attempted |= !is_empty_list(&value);
        wordings.extend(value.list(notes).iter().filter_map(|item| wording(item, kind, notes)));
    }
    let all_of = table.take("all_of").map(|value| groups(&value, lists, notes)).unwrap_or_default();
    let any_of = table.take("any_of").map(|value| terms(&value, lists, notes)).unwrap_or_default();
    let none_of = table.take("none_of").map(|value| terms(&value, lists, notes)).unwrap_or_default();
    let urls = table.take("urls");
    attempted |= urls.as_ref().is_some_and(|value| !is_empty_list(value));
    let urls = urls.map(|value| addresses(&value, notes)).unwrap_or_default();
    let threshold = threshold(&mut table, notes);
    table.finish_inside(&KEYS, "`[[claim]]`", notes);
    Match { wordings, all_of, any_of, none_of, urls, threshold, attempted }
}

fn is_empty_list(value: &Value<'_>) -> bool {
    value.inner.as_array().is_some_and(|items| items.is_empty())
}

fn threshold(table: &mut Table<'_>, notes: &mut Notes<'_>) -> Strength {
    let strictness = table.take("strictness");
    let explicit = table.take("threshold");
    if let (Some(_), Some(explicit)) = (&strictness, &explicit) {
        notes.error(
            codes::CONFLICT,
            &explicit.span,
            "`threshold` and `strictness` say the same thing twice",
            "keep `strictness`",
        );
    }
    let named = strictness.and_then(|value| value.choice(&Strictness::NAMES, notes)).unwrap_or_default().threshold();
    explicit.and_then(|value| value.fraction(notes)).map_or(named, Strength::new)
}

fn wording(item: &Value<'_>, kind: WordingKind, notes: &mut Notes<'_>) -> Option<Wording> {
    let (words, lang) = text_with_lang(item, notes)?;
    if !words.text.chars().any(char::is_alphanumeric) {
        notes.error(
            codes::EMPTY,
            &words.span,
            format!("\"{}\" has no word in it", shown(&words.text)),
            "write the wording as people say it",
        );
        return None;
    }
    Some(Wording { kind, text: words.text, lang, place: notes.document.place(&words.span) })
}

/// `"text"` or `{ lang = "fr", text = "…" }`.
fn text_with_lang(item: &Value<'_>, notes: &mut Notes<'_>) -> Option<(Words, Option<Lang>)> {
    if item.inner.is_str() {
        return Some((item.text(notes)?, None));
    }
    if !item.inner.is_table() {
        item.wrong_kind("text or { lang = \"fr\", text = \"…\" }", "put it between straight quotes: \"…\"", notes);
        return None;
    }
    let mut table = item.table(notes)?;
    let lang = table.take("lang").and_then(|value| lang(&value, notes));
    let words = table.need("text", "text = \"…\"", notes).and_then(|value| value.text(notes));
    table.finish(notes);
    Some((words?, lang))
}

/// A language code; of `pt-BR` the language is kept.
pub(super) fn lang(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Lang> {
    let words = value.text(notes)?;
    let primary = words.text.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    if (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase()) {
        return Some(Lang(primary));
    }
    let message = format!("\"{}\" is not a language code", shown(&words.text));
    notes.error(
        codes::NOT_A_CHOICE,
        &words.span,
        message,
        "two or three letters: \"en\", \"fr\", \"de\", \"es\", \"ja\", \"ko\"",
    );
    None
}

fn groups(value: &Value<'_>, lists: &Lists, notes: &mut Notes<'_>) -> Vec<Vec<Term>> {
    let mut groups = Vec::new();
    let items = value.list(notes);
    let texts: Vec<String> =
        items.iter().filter_map(|item| item.inner.as_str().map(|text| format!("\"{}\"", shown(text)))).collect();
    if texts.len() > 1 && texts.len() == items.len() {
        let (one, each) = (texts.join(", "), texts.iter().map(|text| format!("[{text}]")).collect::<Vec<_>>().join(", "));
        let help = format!("one of these words is enough: all_of = [[{one}]]; a post must have each of them: all_of = [{each}]");
        notes.error(
            codes::WRONG_KIND,
            &value.span,
            "`all_of` is a list of groups, and each group stands in brackets of its own",
            help,
        );
        return groups;
    }
    for item in items {
        if let Some(text) = item.inner.as_str() {
            let help = format!(
                "put brackets around each group: all_of = [[\"{}\", …], […]]; one word of every group must be in the post",
                shown(text)
            );
            notes.error(codes::WRONG_KIND, &item.span, "`all_of` is a list of lists, and this is a text", help);
            continue;
        }
        let empty = item.inner.as_array().is_some_and(|items| items.is_empty());
        if empty {
            notes.error(
                codes::EMPTY,
                &item.span,
                "this group is empty, so no post could ever pass",
                "put in a word, or delete the brackets",
            );
        }
        let group = terms(&item, lists, notes);
        // An unknown list or a bad word has been reported; an empty group would shut the rule.
        if !group.is_empty() {
            groups.push(group);
        }
    }
    groups
}

fn terms(value: &Value<'_>, lists: &Lists, notes: &mut Notes<'_>) -> Vec<Term> {
    value.texts(notes).iter().flat_map(|words| lists.expand(words, notes)).collect()
}

fn addresses(value: &Value<'_>, notes: &mut Notes<'_>) -> Vec<String> {
    let items = value.list(notes);
    items
        .iter()
        .filter_map(|item| item.web_address(notes).and_then(|_| item.inner.as_str()).map(|text| text.trim().to_owned()))
        .collect()
}

/// The stances a rule may say something about, or a test may expect.
pub(super) const STANCES: [(&str, Stance); 6] = [
    ("assertion", Stance::Assertion),
    ("quoted", Stance::Quoted),
    ("report", Stance::Report),
    ("question", Stance::Question),
    ("denial", Stance::Denial),
    ("factcheck", Stance::Factcheck),
];

/// Reads `[claim.when]`.
pub(super) fn when(mut table: Table<'_>, notes: &mut Notes<'_>) -> Vec<(Stance, When)> {
    let choices = [("alert", When::Alert), ("digest", When::Digest), ("ignore", When::Ignore)];
    let mut when = Vec::new();
    for (name, stance) in STANCES {
        let Some(value) = table.take(name) else { continue };
        when.extend(value.choice(&choices, notes).map(|choice| (stance, choice)));
    }
    table.finish_inside(&KEYS, "`[[claim]]`", notes);
    when
}
