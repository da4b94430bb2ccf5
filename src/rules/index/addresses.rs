//! Where bulk claims appeared: from the canonical form of an address to the claims that name it.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::rules::bulk::BulkClaim;
use crate::text::address::{canonical, is_front_page};

/// The addresses of all claims, as hashes in order with the numbers of the claims.
#[derive(Debug, Default)]
pub struct Addresses {
    places: Vec<(u64, u32)>,
}

impl Addresses {
    /// Gathers them. The front page of a site names nothing: every second post links to one.
    pub(super) fn of(claims: &[BulkClaim]) -> Self {
        let mut places: Vec<(u64, u32)> = Vec::new();
        for (number, claim) in (0..).zip(claims) {
            let forms = claim.urls.iter().filter_map(|url| canonical(url)).filter(|form| !is_front_page(form));
            places.extend(forms.map(|form| (hash(&form), number)));
        }
        places.sort_unstable();
        places.dedup();
        places.shrink_to_fit();
        Self { places }
    }

    /// Whether no claim names any.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Gives the claims that name this (canonical) address, in order, with the address as they write it; none where they are more
    /// than `most`.
    pub fn naming<'c>(&self, form: &str, most: usize, claims: impl Fn(u32) -> Option<&'c BulkClaim>) -> Vec<(u32, &'c str)> {
        let hash = hash(form);
        let from = self.places.partition_point(|(other, _)| *other < hash);
        let to = self.places.partition_point(|(other, _)| *other <= hash);
        let same = self.places.get(from..to).filter(|same| same.len() <= most).unwrap_or_default().iter();
        let named = same.filter_map(|(_, number)| {
            let written = claims(*number)?.urls.iter().find(|url| canonical(url).as_deref() == Some(form))?;
            Some((*number, written.as_str()))
        });
        named.collect()
    }
}

fn hash(form: &str) -> u64 {
    FixedState::default().hash_one(form)
}
