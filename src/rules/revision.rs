//! The revision of a rule: a short digest of everything in it that decides about a post or is told to a desk.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Rule, Term};
use crate::model::claim::{FactCheck, Revision};

/// First 12 hex digits of the SHA-256 of the rule's canonical form.
///
/// The form holds the claim, its wordings, gates (shared lists written out), addresses, threshold, `when` and the fact-checks.
/// Layout, comments, the order of keys, routing (desks, topic), upkeep (owner, notes) and tests do not change it.
pub fn revision_of(rule: &Rule) -> Revision {
    let digest = Sha256::digest(canonical(rule));
    Revision(digest.iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// One line a fact; every value is quoted, so that no text can pretend to be another line.
fn canonical(rule: &Rule) -> String {
    let mut form = String::from("claimwatch rule 1\n");
    let mut line = |name: &str, value: &dyn std::fmt::Debug| {
        let _ = writeln!(form, "{name} {value:?}");
    };
    line("id", &rule.claim.id.0);
    line("claim", &rule.claim.claim);
    line("claimant", &rule.claim.claimant);
    line("said_on", &rule.claim.said_on.map(|date| date.to_string()));
    line("threshold", &rule.threshold.value().to_bits());
    for wording in &rule.wordings {
        line("wording", &(wording.kind as u8, &wording.text, wording.lang.as_ref().map(|lang| &lang.0)));
    }
    for terms in &rule.all_of {
        line("all_of", &plain(terms));
    }
    line("any_of", &plain(&rule.any_of));
    line("none_of", &plain(&rule.none_of));
    line("urls", &rule.urls);
    for (stance, when) in &rule.when {
        line("when", &(stance, when));
    }
    for check in &rule.claim.fact_checks {
        let FactCheck { publisher, url, title, rating, verdict, date, lang } = check;
        let url = url.as_ref().map(|url| url.as_str());
        line(
            "factcheck",
            &(publisher, url, title, rating, verdict, date.map(|d| d.to_string()), lang.as_ref().map(|lang| &lang.0)),
        );
    }
    form
}

fn plain(terms: &[Term]) -> Vec<(&str, bool)> {
    terms.iter().map(|term| (term.text.as_str(), term.prefix)).collect()
}
