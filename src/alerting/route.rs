//! Which desks a sighting goes to: those its rule names and those that subscribe to its topic or tags, as far as they want
//! its severity, its language and its source.

use super::subscription::{Desk, EVERYTHING};
use crate::model::claim::Claim;
use crate::model::post::Lang;
use crate::model::source::SourceName;

/// Gives the desks that want to know about `claim`, in the order of the configuration, each once.
pub fn desks_for<'d>(claim: &Claim, desks: &'d [Desk]) -> Vec<&'d Desk> {
    desks.iter().filter(|desk| wants(desk, claim)).collect()
}

/// Whether the desk takes posts of that language from that source. A post of unknown language is taken: better once too often.
pub fn takes(desk: &Desk, lang: Option<&Lang>, source: &SourceName) -> bool {
    let by_language = desk.languages.is_empty() || lang.is_none_or(|lang| desk.languages.iter().any(|one| same(&one.0, &lang.0)));
    let by_source = desk.sources.is_empty() || desk.sources.contains(source);
    by_language && by_source
}

/// Whether the rule names the desk, or the desk subscribes to the rule's topic or one of its tags. Case does not matter:
/// editors and operators write the words in different files.
fn wants(desk: &Desk, claim: &Claim) -> bool {
    let named = claim.desks.iter().any(|name| same(&name.0, &desk.name.0));
    let all = desk.topics.iter().any(|topic| topic == EVERYTHING);
    let by_topic = claim.topic.iter().any(|topic| desk.topics.iter().any(|wanted| same(wanted, topic)));
    let by_tag = claim.tags.iter().any(|tag| desk.tags.iter().any(|wanted| same(wanted, tag)));
    let by_severity = desk.severities.is_empty() || desk.severities.contains(&claim.severity);
    (named || all || by_topic || by_tag) && by_severity
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::{claim, desk};
    use crate::model::alert::DeskName;

    fn names(claim: &Claim, desks: &[Desk]) -> Vec<String> {
        desks_for(claim, desks).into_iter().map(|desk| desk.name.0.clone()).collect()
    }

    #[test]
    fn a_desk_that_a_rule_names_is_told() {
        let mut claim = claim("kim");
        claim.desks = vec![DeskName("politics".into())];
        assert_eq!(names(&claim, &[desk("politics"), desk("health")]), ["politics"]);
    }

    #[test]
    fn topic_tags_and_names_add_up_and_nobody_is_told_twice() {
        let mut claim = claim("kim");
        claim.topic = Some("North-Korea".into());
        claim.tags = vec!["asia".into()];
        claim.desks = vec![DeskName("all".into())];
        let mut all = desk("all");
        all.topics = vec!["north-korea".into()];
        all.tags = vec!["asia".into()];
        let mut asia = desk("asia");
        asia.tags = vec!["Asia".into()];
        assert_eq!(names(&claim, &[asia, all, desk("health")]), ["asia", "all"]);
    }

    #[test]
    fn a_claim_without_topic_goes_to_nobody_who_did_not_ask() {
        let mut health = desk("health");
        health.topics = vec!["health".into()];
        assert!(names(&claim("kim"), &[health]).is_empty());
    }
}
