//! How each claim of a shortlist stands among the others: what tells it from them, what it has in common with them.

use super::SHORTLIST;
use super::pair::Facts;
use super::query::{MOST_SLOTS, Query, slots_of};
use crate::rules::index::signature::Signature;

/// What a claim is beside the other claims of its shortlist.
#[derive(Debug, Clone, Copy, Default)]
pub struct Among {
    /// Weight shared with the query that other claims do not share: a term that every one of them shares tells none from another.
    pub apart: f32,
    /// Its sum in parts of the greatest.
    pub by_greatest: f32,
    /// Of what it or the claim nearest to it shares with the query, the part that both share.
    pub in_common: f32,
    /// How much of the terms of it and of the claim nearest to it both have, whatever the query.
    pub terms_in_common: f32,
}

/// Compares the claims of a shortlist.
pub fn compare(query: &Query, shortlist: &mut [Facts]) {
    let text = query.text_slots();
    let mut sharing = [0.0_f32; MOST_SLOTS];
    for facts in shortlist.iter() {
        slots_of(facts.hit & text).for_each(|slot| sharing[slot] += 1.0);
    }
    // As if it were full: where few claims share anything with a post, that tells no less of each of them.
    let all = SHORTLIST as f32;
    let greatest = shortlist.iter().map(|facts| facts.sum).fold(1e-6, f32::max);
    for facts in shortlist.iter_mut() {
        let apart = slots_of(facts.hit & text).map(|slot| query.slots[slot].tells * (1.0 - sharing[slot] / all)).sum();
        facts.among = Among { apart, by_greatest: facts.sum / greatest, in_common: 0.0, terms_in_common: 0.0 };
    }
    for second in 1..shortlist.len() {
        let (others, rest) = shortlist.split_at_mut(second);
        let Some(facts) = rest.first_mut() else { break };
        for other in others {
            let terms = terms_in_common(facts.signature, other.signature);
            raise(&mut facts.among.terms_in_common, &mut other.among.terms_in_common, terms);
            let (less, more) =
                if facts.shared < other.shared { (facts.shared, other.shared) } else { (other.shared, facts.shared) };
            // The part can be no greater than `less / more`, and often that is known to change nothing.
            if less <= more * facts.among.in_common && less <= more * other.among.in_common {
                continue;
            }
            let both = query.scale.weigh(facts.hit & other.hit & text);
            let part = both / (less + more - both).max(1e-6);
            raise(&mut facts.among.in_common, &mut other.among.in_common, part);
        }
    }
}

/// Raises both to a number that is greater.
fn raise(a: &mut f32, b: &mut f32, to: f32) {
    // `f32::max` would look for what is no number.
    *a = if to > *a { to } else { *a };
    *b = if to > *b { to } else { *b };
}

/// How much of the terms of two claims both have, 0 to 1.
fn terms_in_common(a: Signature, b: Signature) -> f32 {
    let both = a.in_common(&b);
    if both == 0 { 0.0 } else { both as f32 / ((a.count() * b.count()) as f32).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::ranked::asker::Asker;
    use crate::model::post::Post;
    use crate::rules::bulk::Archive;
    use crate::rules::index::BulkIndex;
    use jiff::Timestamp;

    /// Facts of claims that share these slots of a post of four words.
    fn facts(hits: &[u64]) -> Vec<Facts> {
        let mut archive = Archive::default();
        archive.read("a.jsonl", &br#"{"id":"a","claim":"zebra quagga walrus narwhal"}"#[..]).unwrap();
        let index = BulkIndex::build(archive.claims);
        let post = Post::of_text("zebra quagga walrus narwhal", Timestamp::UNIX_EPOCH);
        let mut out = Vec::new();
        Asker::default().passages(&post, &index, |query| {
            query.complete();
            let of = |(number, hit): (usize, &u64)| Facts {
                hit: *hit,
                shared: query.scale.weigh(*hit),
                sum: 10.0 / (number + 1) as f32,
                ..Facts::default()
            };
            out = hits.iter().enumerate().map(of).collect();
            compare(query, &mut out);
        });
        out
    }

    #[test]
    fn a_word_that_all_claims_share_tells_none_from_another() {
        let mut hits = [0b0001; SHORTLIST];
        hits[1] = 0b0011;
        let all = facts(&hits);
        assert_eq!(all[0].among.apart, 0.0);
        assert!(all[1].among.apart > 0.0);
        assert!(facts(&[0b0001])[0].among.apart > 0.0, "nothing else is like it");
    }

    #[test]
    fn claims_that_share_the_same_words_have_all_in_common() {
        let facts = facts(&[0b0011, 0b0011, 0b1100]);
        assert_eq!([0, 1, 2].map(|claim| facts[claim].among.in_common), [1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_claim_alone_is_the_greatest_and_has_nothing_in_common() {
        let facts = facts(&[0b0111]);
        assert_eq!((facts[0].among.by_greatest, facts[0].among.in_common), (1.0, 0.0));
    }
}
