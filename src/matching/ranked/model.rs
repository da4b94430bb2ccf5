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

/// What the features are called, in the order of [`features`]. Two dozen are worth having (Snopes and a mixed collection of 86,376
/// fact-checks, stepwise elimination); which model reads which stands in `weights.txt`: a blank cell is not fitted.
pub const NAMES: [&str; 46] = [
    "ln sum",
    "square of ln sum",
    "sum / own sum",
    "root of sum / claim",
    "shared",
    "shared above 15",
    "shared above 30",
    "ln shared",
    "covered of text",
    "alike of text",
    "covered of address",
    "ln in summary",
    "ln count",
    "ln count in core",
    "light terms",
    "middling terms",
    "heavy terms",
    "rarest",
    "ln pairs",
    "pairs / shared",
    "near pairs / shared",
    "ln run",
    "ln window",
    "numbers",
    "ln kin",
    "ln names",
    "ln others",
    "ln author",
    "author covered",
    "ln length of claim",
    "ln lead",
    "ln gist",
    "ln gist count",
    "gist covered",
    "text by title",
    "text by sum",
    "text by claim",
    "apart",
    "ln apart",
    "alike of text in core",
    "alike of title",
    "ln names lacked",
    "sum by greatest",
    "in common",
    "terms in common",
    "about the same",
];

/// Kinds of claims that are ranked with weights of their own: a sentence, an article.
pub const KINDS: usize = 2;

/// What the features that compare the best claim with the others are called, in the order of [`standing`].
pub const STANDING_NAMES: [&str; 2] = ["share", "sum gap"];

/// The weights of both models.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Ranks the claims of one post: weights for claims that are a sentence, and for those that are (the beginning of) an article.
    pub rank: [[f32; FEATURES]; KINDS],
    /// What an article is given before anything is known of it.
    pub rank_constant: f32,
    /// Says how probable the best one is.
    pub accept: [f32; ACCEPT_FEATURES],
    /// Its constant.
    pub accept_constant: f32,
    /// Which weights are fitted; the others are 0.
    pub rank_uses: [[bool; FEATURES]; KINDS],
    /// Which weights are fitted; the others are 0.
    pub accept_uses: [bool; ACCEPT_FEATURES],
}

impl Model {
    /// How well a claim fits a post, beside others of the same shortlist.
    pub fn score(&self, features: &Features, article: f32) -> f32 {
        let [sentence, whole] = &self.rank;
        let mut score = 0.0;
        if article < 1.0 {
            score += (1.0 - article) * dot(sentence, features);
        }
        if article > 0.0 {
            score += article * (dot(whole, features) + self.rank_constant);
        }
        score
    }
}

/// How much a claim is an article rather than a sentence, 0 to 1: in a text of so many terms much is shared by chance. Between the two
/// numbers it is some of both, so that no single word decides.
pub fn article(facts: &Facts) -> f32 {
    const TERMS: std::ops::Range<f32> = 22.0..34.0;
    ((facts.length - TERMS.start) / (TERMS.end - TERMS.start)).clamp(0.0, 1.0)
}

/// Features of a post and a claim.
pub type Features = [f32; FEATURES];

/// Gives the features of a post and a claim.
pub fn features(f: &Facts) -> Features {
    let covered = |field: usize| f.in_fields[field] / f.totals.fields[field].max(4.0);
    // A field that a claim lacks reads as the claim itself.
    let covered_or_claim = |field: usize| covered(if f.totals.fields[field] > 0.0 { field } else { 0 });
    let shared_or_one = f.shared.max(1.0);
    let of_text = f.shared / f.of_text.max(1e-6);
    let of_claim = f.sum / f.totals.impact.max(1.0);
    let ln_sum = f.sum.max(1e-6).ln();
    // All logarithms at once: the processor takes several together.
    let [
        ln_shared,
        ln_in_summary,
        ln_count,
        ln_count_in_core,
        ln_pairs,
        ln_run,
        ln_window,
        ln_kin,
        ln_names,
        ln_others,
        ln_author,
        ln_length,
        ln_lead,
        ln_gist,
        ln_gist_count,
        ln_apart,
        ln_names_lacked,
    ] = lns([
        f.shared,
        f.in_fields[2],
        f.count,
        f.count_in_core,
        f.pairs,
        f.run,
        f.window,
        f.kin,
        f.names,
        f.others,
        f.author[0],
        f.length,
        f.lead,
        f.gist,
        f.gist_count,
        f.among.apart,
        f.names_lacked,
    ]);
    [
        ln_sum,
        ln_sum * ln_sum / 10.0,
        f.sum / f.own_sum.max(1.0),
        of_claim.sqrt(),
        f.shared / 10.0,
        (f.shared - 15.0).max(0.0) / 10.0,
        (f.shared - 30.0).max(0.0) / 10.0,
        ln_shared,
        of_text,
        f.alike / f.of_text.max(1e-6),
        covered_or_claim(3),
        ln_in_summary,
        ln_count,
        ln_count_in_core,
        f.bands[0].min(6.0),
        f.bands[1].min(6.0),
        f.bands[2].min(6.0),
        f.rarest / 10.0,
        ln_pairs,
        f.pairs / shared_or_one,
        f.near_pairs / shared_or_one,
        ln_run,
        ln_window,
        f.numbers.min(3.0),
        ln_kin,
        ln_names,
        ln_others,
        ln_author,
        f.author[0] / f.author[1].max(4.0),
        ln_length,
        ln_lead,
        ln_gist,
        ln_gist_count,
        f.gist / f.totals.gist.max(4.0),
        (of_text * covered_or_claim(1)).sqrt(),
        (of_text * of_claim).sqrt(),
        (of_text * covered(0)).sqrt(),
        f.among.apart / 10.0,
        ln_apart,
        f.alike_in_core / f.of_text.max(1e-6),
        f.title_alike / f.totals.fields[usize::from(f.totals.fields[1] > 0.0)].max(4.0),
        ln_names_lacked,
        f.among.by_greatest,
        f.among.in_common,
        f.among.terms_in_common,
        f.direction,
    ]
}

/// Gives [`ln`] of several values.
fn lns<const N: usize>(mut values: [f32; N]) -> [f32; N] {
    values.iter_mut().for_each(|value| *value = ln(*value));
    values
}

/// ln(1 + value), to four digits, by arithmetic alone: it is asked for a few hundred times a post, and the same on every machine.
fn ln(value: f32) -> f32 {
    const LN_2: f32 = std::f32::consts::LN_2;
    let bits = (1.0 + value.max(0.0)).to_bits();
    let doublings = (bits >> 23).cast_signed() as f32 - 127.0;
    // The rest is between 1 and 2; s is (rest − 1) / (rest + 1), and ln(rest) is 2·(s + s³/3 + s⁵/5 + s⁷/7 …).
    let rest = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
    let s = (rest - 1.0) / (rest + 1.0);
    let square = s * s;
    doublings * LN_2 + 2.0 * s * (1.0 + square * (1.0 / 3.0 + square * (0.2 + square / 7.0)))
}

/// A claim of the shortlist, with what the models need of it.
#[derive(Debug, Clone, Copy)]
pub struct Weighed {
    /// The claim's number.
    pub claim: u32,
    /// Its features.
    pub features: Features,
    /// How much it is an article; see [`article`].
    pub article: f32,
    /// Sum of weighed impacts.
    pub sum: f32,
    /// What the ranking model makes of it.
    pub score: f32,
}

/// Gives the features of the best of a shortlist that is sorted by score, best first.
pub fn standing(shortlist: &[Weighed]) -> [f32; ACCEPT_FEATURES] {
    let mut out = [0.0; ACCEPT_FEATURES];
    let [best, others @ ..] = shortlist else { return out };
    let rivals: f32 = others.iter().map(|other| (other.score - best.score).max(-50.0).exp()).sum();
    let second = others.first().map_or(0.0, |second| second.sum);
    out[..FEATURES].copy_from_slice(&best.features);
    out[FEATURES..].copy_from_slice(&[1.0 / (1.0 + rivals), (best.sum - second) / best.sum.max(1.0)]);
    out
}

/// What is added to the logit where there are few claims: the fewer there are, the less often one of them is near a post by chance.
///
/// The weights are fitted on 14,231 claims. On archives of 1,000 of these the probability is right as it is; on archives of 100 and 10
/// it was too low by .6 and 1.2 (ECE .0057 and .0077; .0040 and .0031 with this). Nothing is taken from larger archives: of those no posts
/// are known that repeat none of their claims.
pub fn among_few(claims: usize) -> f32 {
    const FEW: f32 = 1_000.0;
    const FOR_FEWER: f32 = 0.25;
    FOR_FEWER * (FEW / claims.max(1) as f32).max(1.0).ln()
}

/// How probable a claim is beside the best one. Their odds are longer than the ranking model says: of claims that are given more than
/// .05 beside a surer one, 12 of a stream were to be right and 14 were; of those given more than .20, 6 and 4.
pub fn beside(score: f32, best: f32) -> f32 {
    (2.0 * (score - best)).exp()
}

/// Multiplies weights with features: in eight sums side by side, which a processor makes at once.
pub fn dot(weights: &[f32], features: &[f32]) -> f32 {
    let ((weights, last_weights), (features, last_features)) = (weights.as_chunks::<8>(), features.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (weights, features) in weights.iter().zip(features) {
        sums.iter_mut().zip(weights).zip(features).for_each(|((sum, weight), feature)| *sum += weight * feature);
    }
    let last = last_weights.iter().zip(last_features).map(|(weight, feature)| weight * feature);
    sums.into_iter().chain(last).sum()
}

/// The logistic function.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit.clamp(-40.0, 40.0)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewer_claims_there_are_the_surer_is_the_best_of_them() {
        let at = [2, 10, 100, 999, 1_000, 500_000].map(among_few);
        assert!(at.is_sorted_by(|a, b| a >= b) && at[0] < 2.0 && at[2] > 0.5 && at[4..] == [0.0, 0.0], "{at:?}");
    }

    #[test]
    fn the_logarithm_is_right_to_four_digits() {
        for value in [-1.0_f32, 0.0, 0.1, 0.5, 0.99, 1.0, 2.5, 7.0, 63.9, 1000.0, 1e9] {
            let exact = value.max(0.0).ln_1p();
            assert!((ln(value) - exact).abs() < 1e-4, "{value}: {} {exact}", ln(value));
        }
    }
}
