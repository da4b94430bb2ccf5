//! `claimwatch fit`: makes the table of weights again from labelled posts, and says how good it is on posts it was not fitted on.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::Answer;
use super::{Exit, archive, eval};
use crate::matching::figures::{Matches, figures};
use crate::matching::fit::{Example, Settings, fit, judged};
use crate::matching::ranked::{Scratch, shortlist, weights};
use crate::model::post::Post;
use crate::rules::bulk::BulkClaim;
use crate::rules::index::BulkIndex;

/// Arguments of `fit`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Learn from these folders: claims.jsonl or claims.jsonl.gz, posts.jsonl, labels.tsv, and negatives.jsonl if there is one.
    #[arg(value_name = "FOLDER", required = true)]
    pub folders: Vec<PathBuf>,
    /// Fit the weights that this table has, instead of those of the embedded one: a blank cell stays blank.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Write the table here.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Try the weights on this many parts of the posts, each time fitted on the others.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub folds: usize,
    /// Hold the weights of the ranking back this strongly.
    #[arg(long, value_name = "L2", default_value_t = 3.0)]
    pub rank_l2: f64,
    /// Hold the weights of the probability back this strongly.
    #[arg(long, value_name = "L2", default_value_t = 3.0)]
    pub accept_l2: f64,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Folders with negatives.jsonl (posts that repeat no claim) teach the ranking and the probability, the others only \
the ranking. Claims that share a post are never parted, and no claim is tried with weights that were fitted on \
it. A table is used with `match --weights FILE` and `eval --weights FILE`. The table that claimwatch comes with \
was made by the first of these, in a working copy, from the research data (Snopes and a mixed collection, which \
are not part of the program).

Examples:
  claimwatch fit snopes mixed --out src/matching/ranked/weights.txt
  claimwatch fit ourlabels --out our-weights.txt
  claimwatch eval --rules archive.jsonl --posts posts.jsonl \\
      --labels labels.tsv --weights our-weights.txt

Exit code: 0 fine · 3 a file cannot be read · 4 the table cannot be written";

/// How much of a claim a matcher may have to do with, and the weight of that lesson: archives often lack titles and summaries.
const LESSONS: [(Lacking, f64); 3] = [(Lacking::Nothing, 1.0), (Lacking::AllButClaim, 0.25), (Lacking::SummaryAndAddress, 0.25)];

/// Weight of a folder without negatives.
const RANKING_ONLY: f64 = 0.5;

/// Which fields of claims are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lacking {
    Nothing,
    SummaryAndAddress,
    AllButClaim,
}

/// The labelled posts of one folder.
struct Set {
    folder: PathBuf,
    index: BulkIndex,
    labels: Vec<(String, Vec<String>)>,
    /// Which examples are its posts: those with labels, then those that repeat no claim.
    examples: Range<usize>,
}

/// Fits, and says how well.
pub fn fit_weights(arguments: &Arguments) -> Answer {
    match run(arguments) {
        Ok(answer) | Err(answer) => answer,
    }
}

fn run(arguments: &Arguments) -> Result<Answer, Answer> {
    let folds = arguments.folds.max(2);
    let mut sets = Vec::new();
    let mut examples = Vec::new();
    for folder in &arguments.folders {
        for (lacking, weight) in LESSONS {
            let set = read(folder, lacking, weight, folds, &mut examples)?;
            if lacking == Lacking::Nothing {
                sets.push(set);
            }
        }
    }
    let settings = Settings { rank_l2: arguments.rank_l2, accept_l2: arguments.accept_l2, ..Settings::default() };
    let uses = match &arguments.weights {
        Some(path) => eval::table(path)?,
        None => weights::embedded(),
    };
    let mut judgements: Vec<Vec<(u32, f32)>> = vec![Vec::new(); examples.len()];
    for fold in 0..folds {
        let model = fit(&examples, settings, &uses, |example| example.fold != fold);
        for (example, judgement) in examples.iter().zip(&mut judgements).filter(|(example, _)| example.fold == fold) {
            *judgement = judged(example, &model);
        }
    }
    let mut said = String::from("On posts the weights were not fitted on:\n");
    for set in &sets {
        said.push_str(&tried(set, judgements.get(set.examples.clone()).unwrap_or_default()));
    }
    let table = weights::write(&fit(&examples, settings, &uses, |_| true));
    let Some(path) = &arguments.out else { return Ok(Answer::new(said + &table, Exit::Fine)) };
    std::fs::write(path, &table)
        .map_err(|error| Answer::trouble(format!("{} cannot be written: {error}.\n", path.display()), Exit::World))?;
    said.push_str(&format!("The table is written to {}.\n", path.display()));
    Ok(Answer::new(said, Exit::Fine))
}

/// The figures of one folder, from the judgements of its posts: those with labels, then those that repeat no claim.
fn tried(set: &Set, judgements: &[Vec<(u32, f32)>]) -> String {
    let named = |judgement: &Vec<(u32, f32)>| -> Matches {
        let name = |(claim, score): &(u32, f32)| set.index.claim(*claim).map(|claim| (claim.id.clone(), f64::from(*score)));
        judgement.iter().filter_map(name).collect()
    };
    let matches = set.labels.iter().zip(judgements).map(|((post, _), judgement)| (post.clone(), named(judgement))).collect();
    let negatives: Vec<Matches> = judgements.iter().skip(set.labels.len()).map(named).collect();
    let figures = figures(&set.labels, &matches, (!negatives.is_empty()).then_some(&negatives), 0.1);
    format!("{}: {}\n", set.folder.display(), eval::json(&figures))
}

/// Reads one folder; its posts become examples.
fn read(folder: &Path, lacking: Lacking, weight: f64, folds: usize, examples: &mut Vec<Example>) -> Result<Set, Answer> {
    let claims = ["claims.jsonl", "claims.jsonl.gz"].map(|name| folder.join(name));
    let claims: Vec<PathBuf> = claims.into_iter().filter(|path| path.exists()).collect();
    let (mut archive, _) = archive::claims(&claims)?;
    archive.claims.iter_mut().for_each(|claim| take_away(claim, lacking));
    let index = BulkIndex::build(archive.claims);
    let posts: HashMap<String, Post> = archive::posts(&folder.join("posts.jsonl"))?.into_iter().collect();
    let negatives = folder.join("negatives.jsonl");
    let negatives = if negatives.exists() { archive::posts(&negatives)? } else { Vec::new() };
    let (weight, stream_weight) = if negatives.is_empty() { (weight * RANKING_ONLY, 0.0) } else { (weight, weight) };
    let labels = archive::labels(&folder.join("labels.tsv"))?;
    let places: HashMap<&str, u32> =
        (0..index.len() as u32).filter_map(|number| index.claim(number).map(|claim| (claim.id.as_str(), number))).collect();
    let mut scratch = Scratch::default();
    let first = examples.len();
    for ((post, right), fold) in labels.iter().zip(folds_by_claim(&labels, folds)) {
        // A labelled post that is missing counts as missed.
        let shortlist = posts.get(post).map(|post| shortlist(post, &index, &mut scratch)).unwrap_or_default();
        let right = right.iter().filter_map(|claim| places.get(claim.as_str()).copied()).collect();
        examples.push(Example { shortlist, right, claims: index.len(), fold, weight, stream_weight });
    }
    for (number, (_, post)) in negatives.iter().enumerate() {
        let shortlist = shortlist(post, &index, &mut scratch);
        examples.push(Example { shortlist, right: Vec::new(), claims: index.len(), fold: number % folds, weight, stream_weight });
    }
    drop(places);
    Ok(Set { folder: folder.to_owned(), index, labels, examples: first..examples.len() })
}

fn take_away(claim: &mut BulkClaim, lacking: Lacking) {
    if lacking != Lacking::Nothing {
        (claim.summary, claim.url) = (None, None);
    }
    if lacking == Lacking::AllButClaim && !claim.claim.trim().is_empty() {
        claim.title = None;
    }
}

/// Gives each post its fold, so that posts which share a claim, directly or through others, stay together.
fn folds_by_claim(labels: &[(String, Vec<String>)], folds: usize) -> Vec<usize> {
    let mut first_with: HashMap<&str, usize> = HashMap::new();
    // Each post's group is known by its first post, found by following these.
    let mut earlier: Vec<usize> = (0..labels.len()).collect();
    let first = |earlier: &[usize], mut at: usize| {
        while earlier[at] != at {
            at = earlier[at];
        }
        at
    };
    for (number, (_, claims)) in labels.iter().enumerate() {
        for claim in claims {
            let other = *first_with.entry(claim).or_insert(number);
            let (a, b) = (first(&earlier, other), first(&earlier, number));
            earlier[a.max(b)] = a.min(b);
        }
    }
    // Neighbouring groups go to different folds.
    let fold = |group: usize| ((group as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize % folds;
    (0..labels.len()).map(|number| fold(first(&earlier, number))).collect()
}
