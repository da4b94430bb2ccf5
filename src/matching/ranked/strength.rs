//! How much of a claim's own wording a post holds, by the embedded word frequencies alone: the same number on every machine.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::model::post::Post;
use crate::model::sighting::Strength;
use crate::rules::bulk::BulkClaim;
use crate::rules::index::reading::{flag, term, tokens};
use crate::text::frequency::{Tongue, weight};
use crate::text::words::Words;

/// Words that tell less, in hundredths of a nat, are stop words.
const LEAST_WEIGHT: u32 = 200;

/// The terms of a post, by name.
pub(super) struct PostTerms {
    names: HashSet<String, RandomState>,
    words: Words,
}

impl PostTerms {
    pub(super) fn of(post: &Post) -> Self {
        let (mut names, mut words) = (HashSet::default(), Words::default());
        for part in &post.parts {
            words.read(&part.text);
            tokens(&part.text, &words, |token| {
                names.insert(term(token.form).into_owned());
            });
        }
        Self { names, words }
    }

    /// Gives the share of the claim's words, or of its title's if that is greater, that the post holds, weighed by rarity.
    pub(super) fn strength(&mut self, claim: &BulkClaim) -> Strength {
        let tongue = claim.lang.as_deref().map_or(Tongue::English, Tongue::of);
        let texts = [Some(claim.claim.as_str()), claim.title.as_deref()];
        let shares = texts.into_iter().flatten().map(|text| self.share(text, tongue));
        Strength::new(shares.fold(0.0, f32::max))
    }

    fn share(&mut self, text: &str, tongue: Tongue) -> f32 {
        let (mut held, mut all) = (0, 0);
        self.words.read(text);
        tokens(text, &self.words, |token| {
            let tells = weight(token.form, tongue);
            if token.flags & flag::JOINED == 0 && tells >= LEAST_WEIGHT {
                all += tells;
                held += if self.names.contains(term(token.form).as_ref()) { tells } else { 0 };
            }
        });
        // A single word is no wording: it counts as half of one.
        held as f32 / all.max(2 * LEAST_WEIGHT) as f32
    }
}
