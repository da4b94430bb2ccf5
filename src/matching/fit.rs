//! Fits the weights of the ranked matcher on labelled posts: a conditional logit for the ranking, a logistic regression for the
//! probability, both with L2 and minimised by L-BFGS (Nocedal 1980).

use super::ranked::model::{ACCEPT_FEATURES, FEATURES, KINDS, Model, Weighed, among_few, beside, dot, probability, standing};

/// A labelled post with its shortlist.
#[derive(Debug, Clone)]
pub struct Example {
    /// Measured claims.
    pub shortlist: Vec<Weighed>,
    /// Numbers of the claims that it repeats; empty for a post that is known to repeat none.
    pub right: Vec<u32>,
    /// How many claims the shortlist was taken from.
    pub claims: usize,
    /// Posts of one fold are fitted or tried together.
    pub fold: usize,
    /// Weight in fitting the ranking.
    pub weight: f64,
    /// Weight in fitting the probability; 0 if it does not belong to a stream in which posts without a claim are known.
    pub stream_weight: f64,
}

/// How strongly weights are held back.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// L2 of the ranking.
    pub rank_l2: f64,
    /// L2 of the probability.
    pub accept_l2: f64,
    /// Share of the stream that repeats a claim.
    pub prevalence: f64,
    /// Weight of labelled posts whose own claim is struck out, as examples of posts that repeat none.
    pub twins: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rank_l2: 3.0, accept_l2: 3.0, prevalence: 0.1, twins: 1.0 }
    }
}

/// Fits both models on the examples for which `use_it` holds: the weights that `uses` has.
pub fn fit(examples: &[Example], settings: Settings, uses: &Model, use_it: impl Fn(&Example) -> bool) -> Model {
    let used: Vec<&Example> = examples.iter().filter(|example| use_it(example)).collect();
    let (rank, rank_constant) = fit_rank(&used, settings.rank_l2, &uses.rank_uses);
    let mut model = Model { rank, rank_constant, accept: [0.0; ACCEPT_FEATURES], ..uses.clone() };
    let mut rows = Rows::default();
    let mut stream = Rows::default();
    let of_stream = || used.iter().filter(|example| example.stream_weight > 0.0);
    let sum = |is_right: bool| of_stream().filter(|e| e.right.is_empty() != is_right).map(|e| e.stream_weight).sum::<f64>();
    let (positives, negatives) = (sum(true), sum(false));
    let negative_weight = if negatives > 0.0 { positives * (1.0 / settings.prevalence - 1.0) / negatives } else { 1.0 };
    for example in of_stream() {
        let list = ranked(&example.shortlist, &model);
        let Some(best) = list.first() else { continue };
        let is_right = example.right.contains(&best.claim);
        let weight = example.stream_weight * if example.right.is_empty() { negative_weight } else { 1.0 };
        let row = standing(&list);
        rows.push(&row, is_right, weight);
        stream.push(&row, is_right, weight);
        let others: Vec<Weighed> = list.iter().filter(|claim| !example.right.contains(&claim.claim)).copied().collect();
        if !example.right.is_empty() && !others.is_empty() {
            rows.push(&standing(&others), false, example.stream_weight * settings.twins);
        }
    }
    let (accept, constant) = fit_logit(&rows, settings.accept_l2, &uses.accept_uses);
    // Platt: the twins taught what matters, the stream alone says how probable it is.
    let mut logits = Rows { width: 1, ..Rows::default() };
    for (row, (right, weight)) in stream.features.chunks(stream.width.max(1)).zip(stream.right.iter().zip(&stream.weights)) {
        let logit: f64 = row.iter().zip(&accept).map(|(x, w)| f64::from(*x) * w).sum::<f64>() + constant;
        logits.push(&[logit as f32], *right, *weight);
    }
    let (slope, offset) = fit_logit(&logits, 0.01, &[true]);
    let slope = slope.first().copied().unwrap_or(1.0);
    // What small archives are given on top is not to be learnt as well.
    let weighed = |of: fn(&Example) -> f64| of_stream().map(|e| e.stream_weight * of(e)).sum::<f64>();
    let given = weighed(|e| f64::from(among_few(e.claims))) / weighed(|_| 1.0).max(1e-9);
    model.accept_constant = (constant * slope + offset - given) as f32;
    model.accept.iter_mut().zip(accept).for_each(|(to, weight)| *to = (weight * slope) as f32);
    model
}

/// Gives each example's shortlist as a model ranks it, with confidences, best first: what `match` would print.
pub fn judged(example: &Example, model: &Model) -> Vec<(u32, f32)> {
    let list = ranked(&example.shortlist, model);
    let Some(best) = list.first() else { return Vec::new() };
    let sure = probability(dot(&model.accept, &standing(&list)) + model.accept_constant + among_few(example.claims));
    list.iter().map(|claim| (claim.claim, sure * beside(claim.score, best.score))).collect()
}

fn ranked(shortlist: &[Weighed], model: &Model) -> Vec<Weighed> {
    let score = |claim: &Weighed| model.score(&claim.features, claim.article);
    let mut list: Vec<Weighed> = shortlist.iter().map(|claim| Weighed { score: score(claim), ..*claim }).collect();
    list.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.claim.cmp(&b.claim)));
    list
}

/// Columns of the ranking: the features as a sentence's, as an article's, and whether it is one.
const RANK_COLUMNS: usize = KINDS * FEATURES + 1;

/// Which of the shortlist is it? Maximises the likelihood of the right ones against all. Gives the weights, and the constant of articles.
fn fit_rank(examples: &[&Example], l2: f64, uses: &[[bool; FEATURES]; KINDS]) -> ([[f32; FEATURES]; KINDS], f32) {
    let usable = |example: &&&Example| {
        let rights = example.shortlist.iter().filter(|claim| example.right.contains(&claim.claim)).count();
        rights > 0 && rights < example.shortlist.len()
    };
    let used: Vec<&&Example> = examples.iter().filter(usable).collect();
    let share = |claim: &Weighed| [1.0 - claim.article, claim.article];
    let mut scales = [(); KINDS].map(|()| Scale::new(FEATURES));
    for claim in used.iter().flat_map(|example| &example.shortlist) {
        scales.iter_mut().zip(share(claim)).for_each(|(scale, share)| scale.note(&claim.features, f64::from(share)));
    }
    scales.iter_mut().zip(uses).for_each(|(scale, uses)| scale.finish(uses));
    let columns = |claim: &Weighed| {
        let kinds = scales.iter().zip(share(claim));
        let gated = kinds.flat_map(|(scale, share)| scale.scaled(&claim.features).map(move |x| x * share));
        gated.chain([claim.article]).collect::<Vec<f32>>()
    };
    let lists: Vec<(f64, Vec<bool>, Vec<f32>)> = used
        .iter()
        .map(|example| {
            let right = example.shortlist.iter().map(|claim| example.right.contains(&claim.claim)).collect();
            let rows = example.shortlist.iter().flat_map(columns).collect();
            (example.weight, right, rows)
        })
        .collect();
    let weights = minimise(RANK_COLUMNS, 200, |w, gradient| {
        let mut loss = 0.0;
        let (mut scores, mut pulls) = (Vec::new(), Vec::new());
        for (weight, right, rows) in &lists {
            scores.clear();
            scores.extend(rows.chunks(RANK_COLUMNS).map(|row| inner(row, w)));
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let all: f64 = scores.iter().map(|s| (s - top).exp()).sum();
            let of_right: f64 =
                scores.iter().zip(right).filter(|(_, r)| **r).map(|(s, _)| (s - top).exp()).sum::<f64>().max(1e-300);
            loss += weight * (all.ln() - of_right.ln());
            pulls.clear();
            pulls.extend(scores.iter().zip(right).map(|(s, r)| {
                let e = (s - top).exp();
                weight * (e / all - if *r { e / of_right } else { 0.0 })
            }));
            for (row, pull) in rows.chunks(RANK_COLUMNS).zip(&pulls) {
                add(gradient, row, *pull);
            }
        }
        loss + ridge(w, gradient, l2)
    });
    let mut out = [[0.0; FEATURES]; KINDS];
    let mut constants = [0.0; KINDS];
    for (kind, (scale, weights)) in scales.iter().zip(weights.chunks(FEATURES)).enumerate() {
        for (to, (w, (d, mean))) in out[kind].iter_mut().zip(weights.iter().zip(scale.deviations.iter().zip(&scale.means))) {
            *to = (w / d) as f32;
            constants[kind] -= w / d * mean;
        }
    }
    // Only the difference of the two is seen.
    let of_article = weights.last().copied().unwrap_or_default() + constants[1] - constants[0];
    (out, of_article as f32)
}

/// Rows of a logistic regression.
#[derive(Debug, Default)]
struct Rows {
    width: usize,
    features: Vec<f32>,
    right: Vec<bool>,
    weights: Vec<f64>,
}

impl Rows {
    fn push(&mut self, row: &[f32], right: bool, weight: f64) {
        self.width = row.len();
        self.features.extend_from_slice(row);
        self.right.push(right);
        self.weights.push(weight);
    }
}

/// Gives weights and constant.
fn fit_logit(rows: &Rows, l2: f64, uses: &[bool]) -> (Vec<f64>, f64) {
    let width = rows.width;
    if rows.right.is_empty() || width == 0 {
        return (vec![0.0; width], 0.0);
    }
    let mut scale = Scale::new(width);
    rows.features.chunks(width).zip(&rows.weights).for_each(|(row, weight)| scale.note(row, *weight));
    scale.finish(uses);
    let scaled: Vec<f32> = rows.features.chunks(width).flat_map(|row| scale.scaled(row)).collect();
    let fitted = minimise(width + 1, 300, |w, gradient| {
        let mut loss = 0.0;
        for (row, (right, weight)) in scaled.chunks(width).zip(rows.right.iter().zip(&rows.weights)) {
            let logit = inner(row, w) + w[width];
            let sign = if *right { 1.0 } else { -1.0 };
            loss += weight * softplus(-sign * logit);
            let pull = weight * (1.0 / (1.0 + (-logit).exp()) - if *right { 1.0 } else { 0.0 });
            add(gradient, row, pull);
            gradient[width] += pull;
        }
        loss + ridge(&w[..width], &mut gradient[..width], l2)
    });
    let weights: Vec<f64> = fitted.iter().zip(&scale.deviations).map(|(w, d)| w / d).collect();
    let constant = fitted[width] - weights.iter().zip(&scale.means).map(|(w, mean)| w * mean).sum::<f64>();
    (weights, constant)
}

fn softplus(x: f64) -> f64 {
    if x > 30.0 { x } else { x.exp().ln_1p() }
}

fn inner(row: &[f32], w: &[f64]) -> f64 {
    row.iter().zip(w).map(|(x, w)| f64::from(*x) * w).sum()
}

fn add(gradient: &mut [f64], row: &[f32], pull: f64) {
    gradient.iter_mut().zip(row).for_each(|(g, x)| *g += pull * f64::from(*x));
}

fn ridge(w: &[f64], gradient: &mut [f64], l2: f64) -> f64 {
    gradient.iter_mut().zip(w).for_each(|(g, w)| *g += l2 * w);
    0.5 * l2 * w.iter().map(|w| w * w).sum::<f64>()
}

/// Mean and deviation of each feature, so that one L2 fits all.
#[derive(Debug)]
struct Scale {
    weight: f64,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Scale {
    fn new(width: usize) -> Self {
        Self { weight: 0.0, means: vec![0.0; width], deviations: vec![0.0; width] }
    }

    fn note(&mut self, row: &[f32], weight: f64) {
        self.weight += weight;
        for ((mean, square), x) in self.means.iter_mut().zip(&mut self.deviations).zip(row) {
            *mean += weight * f64::from(*x);
            *square += weight * f64::from(*x) * f64::from(*x);
        }
    }

    fn finish(&mut self, uses: &[bool]) {
        let weight = self.weight.max(1e-9);
        for ((mean, square), used) in self.means.iter_mut().zip(&mut self.deviations).zip(uses) {
            *mean /= weight;
            *square = (*square / weight - *mean * *mean).max(0.0).sqrt();
            // A feature that never changes, or is not used, has no weight.
            *square = if *square < 1e-5 || !used { f64::INFINITY } else { *square };
        }
    }

    fn scaled<'s>(&'s self, row: &'s [f32]) -> impl Iterator<Item = f32> + 's {
        let scales = self.means.iter().zip(&self.deviations);
        row.iter().zip(scales).map(|(x, (mean, deviation))| ((f64::from(*x) - mean) / deviation) as f32)
    }
}

/// Minimises a smooth function of `width` variables, starting at 0; `f` adds its gradient to a slice of zeros.
fn minimise(width: usize, turns: usize, mut f: impl FnMut(&[f64], &mut [f64]) -> f64) -> Vec<f64> {
    const REMEMBERED: usize = 10;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut at = vec![0.0; width];
    let mut gradient = vec![0.0; width];
    let mut value = f(&at, &mut gradient);
    let mut past: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..turns {
        let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut alphas = Vec::new();
        for (step, change, rho) in past.iter().rev() {
            let alpha = rho * product(step, &direction);
            direction.iter_mut().zip(change).for_each(|(d, c)| *d -= alpha * c);
            alphas.push(alpha);
        }
        let size =
            past.last().map_or(1.0 / product(&gradient, &gradient).sqrt().max(1e-12), |(s, c, _)| product(s, c) / product(c, c));
        direction.iter_mut().for_each(|d| *d *= size);
        for ((step, change, rho), alpha) in past.iter().zip(alphas.iter().rev()) {
            let beta = rho * product(change, &direction);
            direction.iter_mut().zip(step).for_each(|(d, s)| *d += (alpha - beta) * s);
        }
        let slope = product(&direction, &gradient);
        // Halve the step until it is worth taking (Armijo).
        let mut length = 1.0;
        let taken = (0..40).find_map(|_| {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(a, d)| a + length * d).collect();
            let mut next_gradient = vec![0.0; width];
            let next_value = f(&next, &mut next_gradient);
            let good = next_value <= value + 1e-4 * length * slope;
            length *= 0.5;
            good.then_some((next, next_gradient, next_value))
        });
        let Some((next, next_gradient, next_value)) = taken else { break };
        let step: Vec<f64> = next.iter().zip(&at).map(|(n, a)| n - a).collect();
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(n, g)| n - g).collect();
        let curvature = product(&step, &change);
        if curvature > 1e-12 {
            past.push((step, change, 1.0 / curvature));
            if past.len() > REMEMBERED {
                past.remove(0);
            }
        }
        let gain = value - next_value;
        (at, gradient, value) = (next, next_gradient, next_value);
        if gain <= 1e-9 * value.abs().max(1.0) {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_of_a_bowl_is_found() {
        let found = minimise(3, 100, |x, g| {
            let to = [1.0, -2.0, 3.0];
            (0..3).for_each(|i| g[i] = 2.0 * (i as f64 + 1.0) * (x[i] - to[i]));
            (0..3).map(|i| (i as f64 + 1.0) * (x[i] - to[i]).powi(2)).sum()
        });
        assert!(found.iter().zip([1.0, -2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-4), "{found:?}");
    }

    #[test]
    fn a_logistic_regression_finds_the_odds() {
        let mut rows = Rows::default();
        for (x, right, weight) in [(0.0, true, 1.0), (0.0, false, 3.0), (1.0, true, 3.0), (1.0, false, 1.0)] {
            rows.push(&[x], right, weight);
        }
        let (weights, constant) = fit_logit(&rows, 1e-6, &[true]);
        assert!((constant + 3_f64.ln()).abs() < 1e-3 && (weights[0] - 2.0 * 3_f64.ln()).abs() < 1e-3, "{weights:?} {constant}");
    }

    #[test]
    fn what_small_archives_are_given_is_not_learnt_as_well() {
        let claim = |number: u32, x: f32| Weighed { claim: number, features: [x; FEATURES], article: 0.0, sum: x, score: 0.0 };
        let example = |claims: usize, number: usize| Example {
            shortlist: vec![claim(0, (number % 7) as f32), claim(1, 0.5)],
            right: if number.is_multiple_of(3) { vec![0] } else { Vec::new() },
            claims,
            fold: 0,
            weight: 1.0,
            stream_weight: 1.0,
        };
        let sure = |claims: usize| {
            let examples: Vec<Example> = (0..60).map(|number| example(claims, number)).collect();
            let model = fit(&examples, Settings::default(), &crate::matching::ranked::weights::embedded(), |_| true);
            judged(&examples[5], &model)[0].1
        };
        assert!((sure(10) - sure(10_000)).abs() < 1e-4, "{} {}", sure(10), sure(10_000));
    }
}
