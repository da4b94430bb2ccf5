//! A record as the draft of a rule: what is known is filled in, what an editor must decide is marked TODO, nothing is active.

use std::collections::HashSet;

use super::clean::{is_vague, telling};
use super::{Record, date, verdict};
use crate::model::claim::CheckDate;
use crate::rules::RuleText;
use crate::rules::bulk::OtherCheck;
use crate::rules::layout::laid_out;
use crate::rules::syntax::is_id;
use crate::text::address::{read, site_of};
use crate::text::words::words;

/// Words of the claim that make its id.
const WORDS_OF_ID: usize = 7;

/// Longest id that is made; an editor may want to add to it.
const LONGEST_ID: usize = 48;

/// Words that make an id longer and no clearer.
const DULL: [&str; 24] = [
    "a", "an", "the", "of", "to", "in", "on", "is", "are", "was", "were", "and", "that", "this", "it", "for", "has", "have",
    "by", "with", "be", "as", "at", "from",
];

/// A claim with all its fact-checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What was read; its own fact-check comes first.
    pub record: Record,
    /// Whether the claim is only the headline of the fact-check.
    pub is_headline: bool,
}

/// Gives an id that nobody has, and takes it.
pub fn id_for(record: &Record, taken: &mut HashSet<String>) -> String {
    let found = words(&record.claim);
    let forms = found.plain().map(|word| word.form).filter(|form| form.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let mut id = String::new();
    for form in forms.filter(|form| !DULL.contains(form)).take(WORDS_OF_ID) {
        if id.len() + form.len() + 1 > LONGEST_ID {
            break;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(form);
    }
    if !is_id(&id) || !id.contains('-') {
        let site = record.check.url.as_deref().and_then(site_of).or_else(|| record.check.publisher.clone()).unwrap_or_default();
        let site: String =
            site.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
        let site = site.trim_matches('-');
        id = format!("{}-{}", if site.is_empty() { "imported" } else { site }, super::line::digest(&record.claim));
    }
    let mut free = id.clone();
    let mut number = 2;
    while !taken.insert(free.clone()) {
        free = format!("{id}-{number}");
        number += 1;
    }
    free
}

/// Writes the drafts as a rule file of their own, in the layout of `fmt`; `schema` says whether the schema lies beside it.
pub fn file(drafts: &[(String, Draft)], schema: bool) -> String {
    let schema = if schema { "#:schema ./claimwatch-rules.schema.json\n" } else { "" };
    let text = format!("{schema}format = 1\n{}", blocks(drafts));
    in_layout(text)
}

/// Writes the drafts so that they can be put at the end of a rule file.
pub fn blocks_in_layout(drafts: &[(String, Draft)]) -> String {
    let text = in_layout(format!("format = 1\n{}", blocks(drafts)));
    text.strip_prefix("format = 1\n").unwrap_or(&text).to_owned()
}

fn in_layout(text: String) -> String {
    // What we write ourselves can be laid out; if ever not, a plain layout is better than none.
    laid_out(&RuleText { name: String::new(), bytes: text.clone().into_bytes() }).unwrap_or(text)
}

fn blocks(drafts: &[(String, Draft)]) -> String {
    drafts.iter().map(|(id, draft)| block(id, draft)).collect()
}

fn block(id: &str, draft: &Draft) -> String {
    let record = &draft.record;
    let mut text = format!("\n[[claim]]\nid = {}\nstatus = \"draft\"\n", quoted(id));
    if draft.is_headline {
        text.push_str("# TODO: this is the headline of the fact-check. Write what is claimed, in one sentence.\n");
    } else if is_vague(&record.claim) {
        text.push_str("# TODO: too short to match safely. Write the claim out, in one sentence.\n");
    }
    text.push_str(&format!("claim = {}\n", quoted(&record.claim)));
    if let Some(claimant) = &record.claimant {
        text.push_str(&format!("claimant = {}\n", quoted(claimant)));
    }
    if let Some(day) = record.said_on {
        text.push_str(&format!("said_on = {day}\n"));
    }
    text.push_str("# TODO: topic = \"…\" (which desks hear of it), owner = \"…\"\n\n[claim.match]\n");
    text.push_str(
        "# TODO: phrases = [\"…\"] as people write it, and all_of = [[\"…\"]]: words without which it is about something else\n",
    );
    let lang = record.check.lang.as_deref().filter(|lang| *lang != "en");
    let variant = match lang {
        Some(lang) => format!("{{ lang = {}, text = {} }}", quoted(lang), quoted(&record.claim)),
        None => quoted(&record.claim),
    };
    text.push_str(&format!("variants = [\n  {variant},\n]\n"));
    if !record.urls.is_empty() {
        let urls: String = record.urls.iter().map(|url| format!("  {},\n", quoted(url))).collect();
        text.push_str(&format!("urls = [\n{urls}]\n"));
    }
    for check in std::iter::once(&record.check).chain(&record.also) {
        text.push_str(&fact_check(check));
    }
    text.push_str(
        "\n[claim.tests]\n# TODO: posts that must match, also in other words, and posts that sound alike and must not\n",
    );
    text + "must_match = []\nmust_not_match = []\n"
}

/// One `[[claim.factcheck]]`, as it is added to a rule by hand too.
pub fn fact_check(check: &OtherCheck) -> String {
    let mut text = "\n[[claim.factcheck]]\n".to_owned();
    let publisher = check.publisher.as_deref().unwrap_or("TODO: who checked");
    text.push_str(&format!("publisher = {}\n", quoted(publisher)));
    match check.url.as_deref().and_then(|url| read(url, None)) {
        Some(url) => text.push_str(&format!("url = {}\n", quoted(url.as_str()))),
        None => text.push_str("# TODO: url = \"https://…\"\n"),
    }
    if let Some(title) = check.title.as_deref().and_then(telling) {
        text.push_str(&format!("title = {}\n", quoted(&title)));
    }
    match &check.rating {
        Some(rating) => {
            text.push_str(&format!("rating = {}\n", quoted(rating)));
            text.push_str(&format!("verdict = \"{}\"\n", verdict::name(verdict::verdict(rating))));
        }
        None => text.push_str("# TODO: rating = \"…\" in the publisher's own words\nverdict = \"unrated\"\n"),
    }
    match check.date.as_deref().and_then(date::read) {
        Some(CheckDate::Day(day)) => text.push_str(&format!("date = {day}\n")),
        Some(CheckDate::Year(year)) => text.push_str(&format!("date = {year}\n")),
        None => {}
    }
    if let Some(lang) = &check.lang {
        text.push_str(&format!("lang = {}\n", quoted(lang)));
    }
    text
}

/// A text between straight quotes.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            _ if c.is_control() => out.push(' '),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::claim::{Status, Verdict};
    use crate::rules::syntax;

    fn record() -> Record {
        let check = OtherCheck {
            url: Some("https://facts.example/luna".to_owned()),
            publisher: Some("Facts".to_owned()),
            title: Some("No, la luna".to_owned()),
            rating: Some("Falso".to_owned()),
            date: Some("2026-03-01".to_owned()),
            lang: Some("es".to_owned()),
        };
        let also = vec![OtherCheck {
            publisher: Some("Other".to_owned()),
            rating: Some("3 of 6".to_owned()),
            date: Some("2025".to_owned()),
            ..OtherCheck::default()
        }];
        Record {
            claim: "La luna es de \"queso\" \\ verde".to_owned(),
            claimant: Some("Nadie".to_owned()),
            said_on: Some(jiff::civil::date(2026, 2, 1)),
            urls: vec!["https://x.com/a/status/1".to_owned()],
            check,
            also,
            ..Record::default()
        }
    }

    #[test]
    fn a_draft_is_a_rule_without_a_mistake_that_is_not_loaded() {
        let mut taken = HashSet::new();
        let record = record();
        let drafts: Vec<_> =
            (0..2).map(|_| (id_for(&record, &mut taken), Draft { record: record.clone(), is_headline: false })).collect();
        assert_eq!(drafts[1].0, "la-luna-es-de-queso-verde-2");
        let text = file(&drafts, true);
        assert!(text.contains("urls = [\n  \"https://x.com/a/status/1\",\n]"), "{text}");
        let file = RuleText { name: "x.toml".to_owned(), bytes: text.clone().into_bytes() };
        assert_eq!(laid_out(&file).as_deref(), Ok(text.as_str()), "it is in the layout of fmt");
        let (rules, found) = syntax::read(&[file]);
        assert!(found.is_empty(), "{found:?}");
        let rule = &rules[0];
        assert_eq!((rule.claim.status, rule.claim.claim.as_str()), (Status::Draft, "La luna es de \"queso\" \\ verde"));
        assert_eq!(rule.claim.fact_checks.len(), 2);
        assert_eq!(rule.claim.fact_checks[0].verdict, Verdict::False);
        assert_eq!(rule.claim.fact_checks[1].verdict, Verdict::Unrated, "numbers are no verdict");
        assert!(rule.tests.is_empty() && rule.wordings.len() == 1);
    }

    #[test]
    fn claims_in_other_scripts_get_an_id_too() {
        let claim = "北朝鮮の核の脅威はもうない".to_owned();
        let mut record = Record { claim, ..record() };
        let id = id_for(&record, &mut HashSet::new());
        assert!(id.starts_with("facts-example-") && is_id(&id), "{id}");
        record.check = OtherCheck::default();
        assert!(is_id(&id_for(&record, &mut HashSet::new())));
    }
}
