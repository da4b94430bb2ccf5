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
        vocabulary.resolve(&vocabulary.get(longest).form, &mut found);
    }
    Some(WayIn { root: vocabulary.root(longest), stands_for: found.iter().map(|(term, _)| vocabulary.root(*term)).collect() })
}
