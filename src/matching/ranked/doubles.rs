//! Claims of an archive that say the same, word for word: several publishers checked them.

use super::among;
use super::model::{self, Weighed};
use super::pair::Facts;
use super::query::Query;
use crate::rules::index::BulkIndex;

/// Leaves out the claims that say the same as the best one: two checks of one claim are no reason to doubt that the claim is meant.
///
/// `shortlist` is sorted, best first; `measured` holds the facts of all its claims. `None` where nothing says the same.
pub(super) fn without_doubles<'f>(
    query: &Query,
    index: &BulkIndex,
    measured: impl Iterator<Item = (u32, &'f Facts)>,
    shortlist: &[Weighed],
) -> Option<Vec<Weighed>> {
    let (best, others) = shortlist.split_first()?;
    let words = &index.claim(best.claim)?.claim;
    let says_the_same = |number: u32| index.claim(number).is_some_and(|claim| same_words(&claim.claim, words));
    let doubles: Vec<u32> = others.iter().map(|other| other.claim).filter(|other| says_the_same(*other)).collect();
    if doubles.is_empty() {
        return None;
    }
    let kept = measured.filter(|(claim, _)| !doubles.contains(claim));
    let (claims, mut facts): (Vec<u32>, Vec<Facts>) = kept.map(|(claim, facts)| (claim, *facts)).unzip();
    among::compare(query, &mut facts);
    let of_best = claims.iter().zip(&facts).find(|(claim, _)| **claim == best.claim)?.1;
    let best = Weighed { features: model::features(of_best), ..*best };
    let others = others.iter().filter(|other| !doubles.contains(&other.claim)).copied();
    Some(std::iter::once(best).chain(others).collect())
}

/// Whether two texts are the same but for capitals, blanks and punctuation.
fn same_words(a: &str, b: &str) -> bool {
    fn plain(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
    }
    plain(a).eq(plain(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_the_same_however_they_are_set() {
        assert!(same_words("The moon is made of cheese!", "the Moon is made of  \u{201c}cheese\u{201d}"));
        assert!(!same_words("The moon is made of cheese", "The moon is not made of cheese"));
    }
}
