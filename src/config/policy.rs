//! `[rules.policy]`: what a desk asks of every rule that may write to it.

use crate::model::claim::Status;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::lint::warning;
use crate::rules::reading::document::Document;
use crate::rules::reading::table::{Notes, Table, listed, nearest};
use crate::rules::{Rule, RuleText, codes};

/// What can be asked for.
const CAN_BE_REQUIRED: [&str; 12] =
    ["claimant", "said_on", "topic", "tags", "desks", "owner", "review_by", "expires", "notes", "factcheck", "rating", "tests"];

/// Reads `[rules.policy]`.
pub(super) fn read(mut table: Table<'_>, notes: &mut Notes<'_>) -> Vec<String> {
    let required = table.take("require").map(|value| value.texts(notes)).unwrap_or_default();
    table.finish(notes);
    for words in &required {
        if !CAN_BE_REQUIRED.contains(&words.text.as_str()) {
            let help = match nearest(&words.text, &CAN_BE_REQUIRED) {
                Some(known) => format!("did you mean \"{known}\"?"),
                None => format!("choose from {}", listed(&CAN_BE_REQUIRED)),
            };
            notes.error(codes::NOT_A_CHOICE, &words.span, format!("a policy cannot ask for \"{}\"", words.text), help);
        }
    }
    required.into_iter().map(|words| words.text).collect()
}

/// What the configuration asks for, as far as it can be made out.
pub(super) fn of(text: Option<&RuleText>) -> Vec<String> {
    let Some(document) = text.and_then(|text| Document::open(text, &mut Vec::new())) else { return Vec::new() };
    let tree = document.tree();
    let mut notes = Notes::new(&document);
    let rules = Table::root(&tree).table("rules", &mut notes);
    let policy = rules.and_then(|mut rules| rules.table("policy", &mut notes));
    policy.map(|policy| read(policy, &mut notes)).unwrap_or_default()
}

/// Active rules that lack what the policy asks for.
pub(super) fn unmet(rules: &[Rule], required: &[String]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules.iter().filter(|rule| rule.claim.status == Status::Active) {
        let missing: Vec<&str> = required.iter().map(String::as_str).filter(|key| !has(rule, key)).collect();
        if missing.is_empty() {
            continue;
        }
        let message = format!("`{}` has no {}, and the desk's policy asks for it", rule.claim.id, listed(&missing));
        let help = "add it; what every active rule must have stands in the configuration under [rules.policy]";
        found.push(warning(codes::POLICY, rule.upkeep.id_place.clone(), message, help));
    }
    found
}

fn has(rule: &Rule, key: &str) -> bool {
    let (claim, upkeep) = (&rule.claim, &rule.upkeep);
    match key {
        "claimant" => claim.claimant.is_some(),
        "said_on" => claim.said_on.is_some(),
        "topic" => claim.topic.is_some(),
        "tags" => !claim.tags.is_empty(),
        "desks" => !claim.desks.is_empty(),
        "owner" => upkeep.owner.is_some(),
        "review_by" => upkeep.review_by.is_some(),
        "expires" => upkeep.expires.is_some(),
        "notes" => upkeep.notes.is_some(),
        "factcheck" => claim.fact_checks.iter().any(|check| check.url.is_some()),
        "rating" => claim.fact_checks.iter().any(|check| check.rating.is_some()),
        "tests" => rule.tests.iter().any(|test| test.matches) && rule.tests.iter().any(|test| !test.matches),
        // An unknown word has been reported.
        _ => true,
    }
}
