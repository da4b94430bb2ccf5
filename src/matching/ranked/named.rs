//! Bulk claims whose place of appearance a post is at or links to.

use std::collections::BTreeMap;

use super::Candidate;
use crate::matching::shortlist::canonical_addresses;
use crate::model::post::Post;
use crate::rules::index::BulkIndex;

/// How sure an address makes us that no other claim names.
const ALONE: f32 = 0.95;

/// How sure it makes us when a few claims name it: a long video, a speech.
const AMONG_FEW: f32 = 0.6;

/// An address of more claims than this says nothing about which one is meant.
const FEW: usize = 5;

/// Claims by number, with how sure the address makes us and how the claim writes it.
pub(super) type Named = BTreeMap<u32, (f32, String)>;

/// Gives the claims that name an address the post is at, links to or writes out.
pub(super) fn named(post: &Post, index: &BulkIndex) -> Named {
    let mut found = Named::new();
    if index.addresses().is_empty() {
        return found;
    }
    for form in canonical_addresses(post) {
        let naming = index.addresses().naming(&form, FEW, |number| index.claim(number));
        let sure = match naming.len() {
            0 => continue,
            1 => ALONE,
            _ => AMONG_FEW,
        };
        for (claim, address) in naming {
            let kept = found.entry(claim).or_insert_with(|| (sure, address.to_owned()));
            kept.0 = kept.0.max(sure);
        }
    }
    found
}

/// Puts them among the candidates, each of which stands there once; gives the addresses.
pub(super) fn join(named: Named, candidates: &mut Vec<Candidate>, at_least: f32) -> BTreeMap<u32, String> {
    let mut addresses = BTreeMap::new();
    for (claim, (sure, address)) in named {
        match candidates.iter_mut().find(|candidate| candidate.claim == claim) {
            Some(candidate) => candidate.confidence = candidate.confidence.max(sure),
            None if sure >= at_least => candidates.push(Candidate { claim, confidence: sure, spans: Vec::new() }),
            None => continue,
        }
        addresses.insert(claim, address);
    }
    addresses
}
