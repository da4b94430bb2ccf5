//! The engine: takes posts and a compiled rule set, gives sightings; knows nothing of files or time.

pub mod figures;
pub mod fit;
pub mod judge;
pub mod ranked;

use crate::model::post::Post;
use crate::model::sighting::Sighting;
use crate::rules::compile::RuleSet;
use judge::Judgement;

/// Finds every claim that `post` repeats (or nearly: near-misses come as `Decision::Possible`), surest first.
pub fn examine(post: &Post, rules: &RuleSet) -> Vec<Sighting> {
    let _ = (post, rules);
    todo!()
}

/// Gives the judgement of every claim that shares anything with `post`, surest first: what `explain` shows and `examine` reads.
pub fn weigh<'r>(post: &Post, rules: &'r RuleSet) -> Vec<Judgement<'r>> {
    let _ = (post, rules);
    todo!()
}
