//! Which words a post must hold to pass the gates of a rule.

use super::vocabulary::{RootId, Scope, Vocabulary};
use super::{GateTerm, Gates};

/// Of a list of more terms than this the wordings would be watched under too many words.
const MOST_WAYS: usize = 4;

/// One term that opens a gate: a post that holds it holds all these roots.
#[derive(Debug)]
pub struct WayIn {
    /// That of the term itself.
    root: RootId,
    /// Those of words in wordings that the term stands for.
    stands_for: Vec<RootId>,
}

impl WayIn {
    /// The root to watch a variant by that has these weights: of its own the heaviest.
    pub fn root_beside(&self, weights: &[(RootId, u32)]) -> RootId {
        let own = weights.iter().filter(|(root, _)| self.stands_for.contains(root));
        own.max_by_key(|(_, weight)| *weight).map_or(self.root, |(root, _)| *root)
    }
}

/// Gives terms of which a post must hold one to pass the gates: those of the list that has fewest. None where nothing is asked for, where
/// the list is long, or where a term has no words.
pub fn ways_in(gates: &Gates, vocabulary: &Vocabulary) -> Vec<WayIn> {
    let lists = gates.all_of.iter().chain([&gates.any_of]).filter(|terms| (1..=MOST_WAYS).contains(&terms.len()));
    let ways = lists.filter_map(|terms| terms.iter().map(|term| way_in(term, vocabulary)).collect::<Option<Vec<WayIn>>>());
    ways.min_by_key(Vec::len).unwrap_or_default()
}

fn way_in(term: &GateTerm, vocabulary: &Vocabulary) -> Option<WayIn> {
    let GateTerm::Row(row) = term else { return None };
    // Any word of the term must be there: the longest is most likely rare.
    let longest = *row.iter().max_by_key(|term| vocabulary.get(**term).form.len())?;
    let mut found = Vec::new();
    // Of a word that only begins so we do not know what else it is.
    if vocabulary.get(longest).scope == Scope::Gate {
        vocabulary.well_spelt(&vocabulary.get(longest).form, &mut found);
    }
    Some(WayIn { root: vocabulary.root(longest), stands_for: found.iter().map(|(term, _)| vocabulary.root(*term)).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::compile::compile;
    use crate::rules::{RuleText, syntax};

    /// For each way in the forms of the terms whose roots a post holds that takes it.
    fn ways(gates: &str) -> Vec<Vec<String>> {
        let text = format!(
            "format = 1\n[[claim]]\nid = \"threat\"\nclaim = \"c\"\n[claim.match]\nvariants = [\"North Korea is no threat to the planet\"]\n{gates}"
        );
        let (rules, found) = syntax::read(&[RuleText { name: "x.toml".to_owned(), bytes: text.into_bytes() }]);
        assert!(rules.len() == 1, "{found:?}");
        let set = compile(rules);
        let terms = |root: RootId| {
            let vocabulary = &set.vocabulary;
            (0..vocabulary.len() as u32).filter(move |term| vocabulary.root(*term) == root)
        };
        let shown = |term| format!("{:?} {}", set.vocabulary.get(term).scope, set.vocabulary.get(term).form);
        let forms = |root: RootId| terms(root).map(shown).collect::<Vec<_>>();
        let ways = ways_in(&set.rules()[0].gates, &set.vocabulary);
        ways.iter().map(|way| way.stands_for.iter().chain([&way.root]).flat_map(|root| forms(*root)).collect()).collect()
    }

    #[test]
    fn a_post_that_holds_the_term_of_a_gate_holds_its_roots() {
        let ways = ways("all_of = [[\"threats\"]]\n");
        assert_eq!(ways.len(), 1);
        for form in ["Wording(0) threat", "Gate threats"] {
            assert!(ways[0].iter().any(|other| other == form), "{ways:?}");
        }
    }

    #[test]
    fn the_shortest_list_is_taken_and_long_ones_are_not() {
        assert_eq!(ways("all_of = [[\"Kim\", \"Korea\"], [\"threat\"]]\n").len(), 1);
        assert_eq!(ways("any_of = [\"Kim\", \"Korea\"]\n").len(), 2);
        assert!(ways("any_of = [\"Kim\", \"Korea\", \"threat\", \"planet\", \"north\"]\n").is_empty());
        assert!(ways("none_of = [\"Kim\"]\n").is_empty());
        assert!(ways("all_of = [[\"核\", \"Kim\"]]\n").is_empty(), "a term without words may be anywhere");
    }

    #[test]
    fn of_a_beginning_only_the_beginning_is_known() {
        assert_eq!(ways("all_of = [[\"threat*\"]]\n"), [["Beginning threat"]]);
    }
}
