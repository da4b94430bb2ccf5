//! How good the matcher is: the figures that research on previously checked claims uses, from printed matches and labels.
//!
//! Ranking is judged on posts that have a label (MAP@k divides by the number of right claims, as trec_eval does), alerting on the best
//! match of every post: a wrong best claim is a false alarm, posts that repeat none are weighed so that labelled ones are `prevalence`
//! of the stream. *Twin*: each labelled post once with its best match and once with the best that is not its own.

use std::collections::HashMap;

/// The matches of one post, best first: claim and score.
pub type Matches = Vec<(String, f64)>;

/// All figures; those of the stream only when posts that repeat no claim were given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Labelled posts.
    pub posts: usize,
    /// Those that got no match.
    pub without_an_answer: usize,
    /// MAP at 1 and 5.
    pub map: [f64; 2],
    /// Share of posts whose best match is right.
    pub best_is_right: f64,
    /// Recall at 5 and 50.
    pub recall: [f64; 2],
    /// Mean reciprocal rank.
    pub reciprocal_rank: f64,
    /// Twins.
    pub twin: Alerting,
    /// Posts that repeat no claim, the alerting figures and the calibration error.
    pub stream: Option<(usize, Alerting, f64)>,
}

/// How well the score of the best match separates right from wrong.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Alerting {
    /// Average precision.
    pub average_precision: f64,
    /// Recall at precision .90 and .95.
    pub recall: [f64; 2],
}

/// The best match of one post: score, whether it is right, weight.
pub type Event = (f64, bool, f64);

/// Gives all figures; `labels` in the order in which posts are to be counted.
pub fn figures(
    labels: &[(String, Vec<String>)],
    matches: &HashMap<String, Matches>,
    negatives: Option<&[Matches]>,
    prevalence: f64,
) -> Figures {
    let nothing = Matches::new();
    let of = |post: &str| matches.get(post).unwrap_or(&nothing);
    let posts = labels.len();
    let mean = |each: &dyn Fn(&[String], &Matches) -> f64| {
        labels.iter().map(|(post, right)| each(right, of(post))).sum::<f64>() / posts.max(1) as f64
    };
    let recall = |k: usize| {
        mean(&|right, found| {
            let hits = right.iter().filter(|claim| found.iter().take(k).any(|(c, _)| c == *claim)).count();
            hits as f64 / right.len() as f64
        })
    };
    let first_right = |right: &[String], found: &Matches| found.iter().position(|(claim, _)| right.contains(claim));
    let mut twins = best_events(labels, matches);
    twins.extend(labels.iter().filter_map(|(post, right)| {
        of(post).iter().find(|(claim, _)| !right.contains(claim)).map(|(_, score)| (*score, false, 1.0))
    }));
    Figures {
        posts,
        without_an_answer: labels.iter().filter(|(post, _)| of(post).is_empty()).count(),
        map: [1, 5].map(|k| mean(&|right, found| average_precision(right, found, k))),
        best_is_right: mean(&|right, found| if first_right(right, found) == Some(0) { 1.0 } else { 0.0 }),
        recall: [5, 50].map(recall),
        reciprocal_rank: mean(&|right, found| first_right(right, found).map_or(0.0, |at| 1.0 / (at + 1) as f64)),
        twin: alerting(&curve(&twins, posts as f64)),
        stream: negatives.map(|negatives| {
            let events = stream(labels, matches, negatives, prevalence);
            (negatives.len(), alerting(&curve(&events, posts as f64)), calibration_error(&events))
        }),
    }
}

/// Gives the best match of every post of the stream.
pub fn stream(
    labels: &[(String, Vec<String>)],
    matches: &HashMap<String, Matches>,
    negatives: &[Matches],
    prevalence: f64,
) -> Vec<Event> {
    let weight = labels.len() as f64 * (1.0 / prevalence - 1.0) / negatives.len().max(1) as f64;
    let mut events = best_events(labels, matches);
    events.extend(negatives.iter().filter_map(|found| found.first().map(|(_, score)| (*score, false, weight))));
    events
}

fn best_events(labels: &[(String, Vec<String>)], matches: &HashMap<String, Matches>) -> Vec<Event> {
    let best = |(post, right): &(String, Vec<String>)| {
        let (claim, score) = matches.get(post)?.first()?;
        Some((*score, right.contains(claim), 1.0))
    };
    labels.iter().filter_map(best).collect()
}

fn average_precision(right: &[String], found: &Matches, k: usize) -> f64 {
    let (mut hits, mut total) = (0.0, 0.0);
    for (place, (claim, _)) in (1..).zip(found.iter().take(k)) {
        if right.contains(claim) {
            hits += 1.0;
            total += hits / f64::from(place);
        }
    }
    total / right.len().max(1) as f64
}

/// Gives score, precision and recall at every score, falling; events of one score move together.
pub fn curve(events: &[Event], positives: f64) -> Vec<(f64, f64, f64)> {
    let mut events = events.to_vec();
    events.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut wrong) = (0.0, 0.0);
    let mut curve = Vec::new();
    for same in events.chunk_by(|a, b| a.0 == b.0) {
        for (_, is_right, weight) in same {
            *(if *is_right { &mut right } else { &mut wrong }) += weight;
        }
        if let Some((score, ..)) = same.first() {
            curve.push((*score, right / (right + wrong), right / positives));
        }
    }
    curve
}

fn alerting(curve: &[(f64, f64, f64)]) -> Alerting {
    let (mut area, mut last) = (0.0, 0.0);
    for (_, precision, recall) in curve {
        area += precision * (recall - last);
        last = *recall;
    }
    let at = |wanted: f64| curve.iter().filter(|(_, precision, _)| *precision >= wanted).map(|(.., r)| *r).fold(0.0, f64::max);
    Alerting { average_precision: area, recall: [at(0.90), at(0.95)] }
}

/// Gives the lowest score from which alerts have at least the precision wanted, with the recall there.
pub fn threshold(curve: &[(f64, f64, f64)], precision: f64) -> Option<(f64, f64)> {
    curve.iter().rev().find(|(_, p, _)| *p >= precision).map(|(score, _, recall)| (*score, *recall))
}

/// Bins of equal weight, scores rising: mean score, share of right ones, weight.
pub fn bins(events: &[Event], count: usize) -> Vec<(f64, f64, f64)> {
    let total: f64 = events.iter().map(|event| event.2).sum();
    let mut events = events.to_vec();
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    let (mut mass, mut said, mut right) = (0.0, 0.0, 0.0);
    let mut bins = Vec::new();
    for (score, is_right, weight) in events {
        mass += weight;
        said += weight * score;
        right += if is_right { weight } else { 0.0 };
        if mass >= total / count as f64 {
            bins.push((said / mass, right / mass, mass));
            (mass, said, right) = (0.0, 0.0, 0.0);
        }
    }
    if mass > 0.0 {
        bins.push((said / mass, right / mass, mass));
    }
    bins
}

/// Gives how far scores are from the share of right ones, in ten bins of equal weight.
fn calibration_error(events: &[Event]) -> f64 {
    let total: f64 = events.iter().map(|event| event.2).sum();
    bins(events, 10).iter().map(|(said, right, mass)| (said - right).abs() * mass).sum::<f64>() / total.max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `score.py`, the scorer that the research uses, prints for this made-up set.
    #[test]
    fn figures_are_those_of_the_research_scorer() {
        let post = |id: &str, found: &[(&str, f64)]| -> (String, Matches) {
            (id.to_owned(), found.iter().map(|(claim, score)| ((*claim).to_owned(), *score)).collect())
        };
        let label = |id: &str, claims: &[&str]| (id.to_owned(), claims.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        let labels = [label("p1", &["a"]), label("p2", &["b", "c"]), label("p3", &["d"]), label("p4", &["e"])];
        let matches: HashMap<String, Matches> = [
            post("p1", &[("a", 0.95), ("x", 0.4)]),
            post("p2", &[("x", 0.8), ("c", 0.3), ("b", 0.2)]),
            post("p3", &[("d", 0.55), ("a", 0.55)]),
        ]
        .into();
        let negatives = [post("n1", &[("a", 0.6)]).1, post("n2", &[("b", 0.05)]).1, Matches::new()];
        let found = figures(&labels, &matches, Some(&negatives), 0.1);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 5e-5, "{a} {b}");
        assert_eq!((found.posts, found.without_an_answer), (4, 1));
        near(found.map[0], 0.5);
        near(found.map[1], 0.6458);
        near(found.best_is_right, 0.5);
        near(found.recall[0], 0.75);
        near(found.reciprocal_rank, 0.625);
        near(found.twin.average_precision, 0.35);
        near(found.twin.recall[0], 0.25);
        let (negatives, alerting, error) = found.stream.unwrap();
        assert_eq!(negatives, 3);
        near(alerting.average_precision, 0.2833);
        near(alerting.recall[1], 0.25);
        near(error, 0.3);
    }

    /// Chance that is the same in every run and in every language (Knuth's MMIX generator), so that both scorers see the same set.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }

        /// Up to nine different claims of twelve, in falling order of scores with two decimals, some of them equal; three times in four
        /// `first` stands before them.
        fn matches(&mut self, first: Option<u64>) -> Matches {
            let count = self.roll(9);
            let (mut found, mut score): (Vec<(u64, u64)>, u64) = (Vec::new(), 80);
            if let Some(first) = first.filter(|_| self.roll(4) > 0) {
                found.push((first, 100 - self.roll(20)));
            }
            for _ in 0..count {
                score = score.saturating_sub(self.roll(30));
                let claim = self.roll(12);
                if score == 0 {
                    break;
                }
                if found.iter().all(|(known, _)| *known != claim) {
                    found.push((claim, score));
                }
            }
            found.into_iter().map(|(claim, score)| (format!("c{claim}"), score as f64 / 100.0)).collect()
        }
    }

    /// The expected figures were printed by `score.py` for this very set: 60 posts with one to three labels each, 25 that repeat no
    /// claim, equal scores, posts without an answer, a prevalence of .20.
    #[test]
    fn on_a_larger_set_too_figures_are_those_of_the_research_scorer() {
        let mut dice = Dice(7);
        let (mut labels, mut matches) = (Vec::new(), HashMap::new());
        for number in 0..60 {
            let count = 1 + dice.roll(3);
            let right: std::collections::BTreeSet<u64> = (0..count).map(|_| dice.roll(12)).collect();
            let post = format!("p{number}");
            matches.insert(post.clone(), dice.matches(right.first().copied()));
            labels.push((post, right.iter().map(|claim| format!("c{claim}")).collect::<Vec<_>>()));
        }
        let negatives: Vec<Matches> = (0..25).map(|_| dice.matches(None)).collect();
        let found = figures(&labels, &matches, Some(&negatives), 0.2);
        let (_, stream, error) = found.stream.unwrap();
        assert_eq!((found.posts, found.without_an_answer), (60, 2));
        let all = [
            (found.map[0], 0.4472),
            (found.map[1], 0.5223),
            (found.best_is_right, 0.7833),
            (found.recall[0], 0.575),
            (found.recall[1], 0.575),
            (found.reciprocal_rank, 0.8181),
            (found.twin.average_precision, 0.7542),
            (found.twin.recall[0], 0.7),
            (found.twin.recall[1], 0.7),
            (stream.average_precision, 0.737),
            (stream.recall[0], 0.7),
            (stream.recall[1], 0.7),
            (error, 0.5256),
        ];
        for (own, of_the_scorer) in all {
            assert!((own - of_the_scorer).abs() < 5.1e-5, "{own} {of_the_scorer}: {found:?}");
        }
    }
}
