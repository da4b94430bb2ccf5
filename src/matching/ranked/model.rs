//! From facts to a ranking, and from the best claim to the probability that it is the right one.
//!
//! Two linear models. The first ranks the claims of one post (a conditional logit: which of the shortlist is it?). The second looks at
//! the best of them and the distance to the others, and says how probable it is that the post repeats it at all (a logistic regression,
//! calibrated on a stream in which one post in ten repeats a claim). The weights stand in `weights.txt`.

use super::pair::Facts;

/// Number of features of a post and a claim.
pub const FEATURES: usize = NAMES.len();

/// Number of features of a post and its best claim: those of the pair, then how it stands among the others.
pub const ACCEPT_FEATURES: usize = FEATURES + STANDING_NAMES.len();

/// What the features are called, in the order of [`features`].
pub const NAMES: [&str; 60] = [
    "ln sum", "sum/own", "sum/claim", "root sum/claim", "shared", "ln shared", "shared/text", "covered claim", "covered title",
    "covered summary", "covered address", "ln in claim", "ln in title", "ln in summary", "ln in address", "has title", "has summary",
    "has address", "best covered", "ln count", "ln count in core", "one term", "two terms", "three terms", "rarest", "second rarest",
    "third rarest", "rarest share", "ln pairs", "ln near pairs", "pairs/shared", "near pairs/shared", "ln run", "run of four",
    "window/shared", "ln window", "numbers", "numbers missing", "numbers of text", "ln names", "ln names missing", "ln others",
    "ln others missing", "names covered", "ln author", "author covered", "rarest missing of claim", "rarest missing of title",
    "rarest missing of text", "ln length of text", "ln length of claim", "ln length of title", "ln tags", "ln gist", "gist covered",
    "ln gist count", "text names covered", "ln text names missing", "root text · claim", "root text · title",
];

/// What the features that compare the best claim with the others are called, in the order of [`standing`].
pub const STANDING_NAMES: [&str; 8] =
    ["score", "gap", "share", "ln share", "sum gap", "shared gap", "ln sum gap", "sum/top"];

/// The weights of both models.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Ranks the claims of one post.
    pub rank: [f32; FEATURES],
    /// Says how probable the best one is.
    pub accept: [f32; ACCEPT_FEATURES],
    /// Its constant.
    pub accept_constant: f32,
}

/// Features of a post and a claim.
pub type Features = [f32; FEATURES];

/// Gives the features of a post and a claim.
pub fn features(f: &Facts) -> Features {
    let covered = |field: usize| f.in_fields[field] / f.totals.fields[field].max(4.0);
    let ln = |value: f32| value.max(0.0).ln_1p();
    let is = |yes: bool| if yes { 1.0 } else { 0.0 };
    let of_text = f.shared / f.of_text.max(1.0);
    let of_claim = f.sum / f.totals.impact.max(1.0);
    [
        f.sum.max(1e-6).ln(),
        f.sum / f.own_sum.max(1.0),
        of_claim,
        of_claim.sqrt(),
        f.shared / 10.0,
        ln(f.shared),
        of_text,
        covered(0),
        covered(1),
        covered(2),
        covered(3),
        ln(f.in_fields[0]),
        ln(f.in_fields[1]),
        ln(f.in_fields[2]),
        ln(f.in_fields[3]),
        is(f.totals.fields[1] > 0.0),
        is(f.totals.fields[2] > 0.0),
        is(f.totals.fields[3] > 0.0),
        covered(0).max(covered(1)).max(covered(3)),
        ln(f.count),
        ln(f.count_in_core),
        is(f.count <= 1.0),
        is(f.count == 2.0),
        is(f.count == 3.0),
        f.rarest[0] / 10.0,
        f.rarest[1] / 10.0,
        f.rarest[2] / 10.0,
        f.rarest[0] / f.shared.max(1.0),
        ln(f.pairs),
        ln(f.near_pairs),
        f.pairs / f.shared.max(1.0),
        f.near_pairs / f.shared.max(1.0),
        ln(f.run_weight),
        (f.run - 3.0).max(0.0) / 5.0,
        f.window / f.shared.max(1.0),
        ln(f.window),
        f.numbers[0].min(3.0),
        f.numbers[1].min(3.0),
        f.numbers[2].min(3.0),
        ln(f.names[0]),
        ln(f.names[1]),
        ln(f.others[0]),
        ln(f.others[1]),
        f.names[0] / (f.names[0] + f.names[1]).max(4.0),
        ln(f.author[0]),
        f.author[0] / f.author[1].max(4.0),
        f.rarest_missing[0] / 10.0,
        f.rarest_missing[1] / 10.0,
        f.rarest_missing[2] / 10.0,
        ln(f.lengths[0]),
        ln(f.lengths[1]),
        ln(f.lengths[2]),
        ln(f.tags),
        ln(f.gist),
        f.gist / f.totals.gist.max(4.0),
        ln(f.gist_count),
        f.text_names[0] / (f.text_names[0] + f.text_names[1]).max(4.0),
        ln(f.text_names[1]),
        (of_text * covered(0)).sqrt(),
        (of_text * covered(1)).sqrt(),
    ]
}

/// A claim of the shortlist, with what the models need of it.
#[derive(Debug, Clone, Copy)]
pub struct Weighed {
    /// The claim's number.
    pub claim: u32,
    /// Its features.
    pub features: Features,
    /// Sum of weighed impacts.
    pub sum: f32,
    /// Weight of the terms shared, in nats.
    pub shared: f32,
    /// What the ranking model makes of it.
    pub score: f32,
}

/// Gives the features of the best of a shortlist that is sorted by score, best first.
pub fn standing(shortlist: &[Weighed]) -> [f32; ACCEPT_FEATURES] {
    let mut out = [0.0; ACCEPT_FEATURES];
    let [best, others @ ..] = shortlist else { return out };
    out[..FEATURES].copy_from_slice(&best.features);
    let (score, sum, shared) = others.first().map_or((best.score - 8.0, 0.0, 0.0), |second| (second.score, second.sum, second.shared));
    let others: f32 = others.iter().map(|other| (other.score - best.score).max(-50.0).exp()).sum();
    let share = 1.0 / (1.0 + others);
    let top = shortlist.iter().map(|other| other.sum).fold(0.0, f32::max);
    out[FEATURES..].copy_from_slice(&[
        best.score,
        (best.score - score).min(6.0),
        share,
        share.ln(),
        (best.sum - sum) / best.sum.max(1.0),
        (best.shared - shared) / best.shared.max(1.0),
        (best.sum - sum).max(0.0).ln_1p(),
        best.sum / top.max(1.0),
    ]);
    out
}

/// Multiplies weights with features.
pub fn dot(weights: &[f32], features: &[f32]) -> f32 {
    weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum()
}

/// The logistic function.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit.clamp(-40.0, 40.0)).exp())
}
