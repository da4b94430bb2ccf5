//! `claimwatch fit`: makes the table of weights again from labelled posts, and says how good it is on posts it was not fitted on.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::Answer;
use super::{Exit, archive, eval};
use crate::matching::figures::{Matches, figures};
use crate::matching::fit::{Example, Settings, fit, judged};
use crate::matching::ranked::{Scratch, shortlist, weights};
use crate::model::post::Post;
use crate::rules::index::BulkIndex;

/// Arguments of `fit`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Learn from these folders: claims.jsonl or claims.jsonl.gz, posts.jsonl, labels.tsv, and negatives.jsonl if there is one.
    #[arg(value_name = "FOLDER", required = true)]
    pub folders: Vec<PathBuf>,
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
    #[arg(long, value_name = "L2", default_value_t = 10.0)]
    pub accept_l2: f64,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Folders with negatives.jsonl (posts that repeat no claim) teach the ranking and the probability, the others only the ranking.
Claims that share a post are never parted, and no claim is tried with weights that were fitted on it.
A table is used with `match --weights FILE` and `eval --weights FILE`.

Exit code: 0 fine · 3 a file cannot be read · 4 the table cannot be written";

/// Weight of a post whose folder has no posts that repeat none.
const RANKING_ONLY: f64 = 0.5;

/// The labelled posts of one folder.
struct Set {
    folder: PathBuf,
    index: BulkIndex,
    labels: Vec<(String, Vec<String>)>,
    examples: Vec<Example>,
    has_negatives: bool,
    count: usize,
}

/// Fits, and says how well.
pub fn fit_weights(arguments: &Arguments) -> Answer {
    let mut sets = Vec::new();
    for folder in &arguments.folders {
        match read(folder, arguments.folds.max(2)) {
            Ok(set) => sets.push(set),
            Err(answer) => return answer,
        }
    }
    let settings = Settings { rank_l2: arguments.rank_l2, accept_l2: arguments.accept_l2, ..Settings::default() };
    let mut examples: Vec<Example> = sets.iter_mut().flat_map(|set| std::mem::take(&mut set.examples)).collect();
    let mut judgements: Vec<Vec<(u32, f32)>> = vec![Vec::new(); examples.len()];
    for fold in 0..arguments.folds.max(2) {
        let model = fit(&examples, settings, &weights::embedded(), |example| example.fold != fold);
        for (example, judgement) in examples.iter().zip(&mut judgements).filter(|(example, _)| example.fold == fold) {
            *judgement = judged(example, &model);
        }
    }
    let mut said = String::from("On posts the weights were not fitted on:\n");
    let mut rest = judgements.into_iter();
    for set in &sets {
        said.push_str(&tried(set, &mut rest));
    }
    let model = fit(&examples, settings, &weights::embedded(), |_| true);
    examples.clear();
    let table = weights::write(&model);
    match &arguments.out {
        Some(path) => match std::fs::write(path, &table) {
            Ok(()) => said.push_str(&format!("The table is written to {}.\n", path.display())),
            Err(error) => return Answer::trouble(format!("{} cannot be written: {error}.\n", path.display()), Exit::World),
        },
        None => said.push_str(&table),
    }
    Answer::new(said, Exit::Fine)
}

/// The figures of one folder, from the judgements of its posts, which are taken off `judgements`.
fn tried(set: &Set, judgements: &mut impl Iterator<Item = Vec<(u32, f32)>>) -> String {
    let named = |judgement: Vec<(u32, f32)>| -> Matches {
        let name = |(claim, score)| set.index.claim(claim).map(|claim| (claim.id.clone(), f64::from(score)));
        judgement.into_iter().filter_map(name).collect()
    };
    let mut matches = HashMap::new();
    for (post, _) in &set.labels {
        matches.insert(post.clone(), judgements.next().map(named).unwrap_or_default());
    }
    let negatives: Vec<Matches> = match set.has_negatives {
        true => judgements.take(negatives_of(set)).map(named).collect(),
        false => Vec::new(),
    };
    let figures = figures(&set.labels, &matches, set.has_negatives.then_some(&negatives), 0.1);
    format!("{}: {}\n", set.folder.display(), eval::json(&figures))
}

fn negatives_of(set: &Set) -> usize {
    set.count - set.labels.len()
}

fn read(folder: &Path, folds: usize) -> Result<Set, Answer> {
    let claims = ["claims.jsonl", "claims.jsonl.gz"].map(|name| folder.join(name));
    let claims: Vec<PathBuf> = claims.into_iter().filter(|path| path.exists()).collect();
    let (archive, _) = archive::claims(&claims)?;
    let index = BulkIndex::build(archive.claims);
    let mut posts: HashMap<String, Post> = archive::posts(&folder.join("posts.jsonl"))?.into_iter().collect();
    let negatives = folder.join("negatives.jsonl");
    let has_negatives = negatives.exists();
    let negatives = if has_negatives { archive::posts(&negatives)? } else { Vec::new() };
    let labels = archive::labels(&folder.join("labels.tsv"))?;
    let places: HashMap<&str, u32> =
        (0..index.len() as u32).filter_map(|number| index.claim(number).map(|claim| (claim.id.as_str(), number))).collect();
    let mut examples = Vec::new();
    let mut scratch = Scratch::default();
    let folds_of = folds_by_claim(&labels, folds);
    for (post, right) in &labels {
        let Some(post_read) = posts.remove(post) else { continue };
        examples.push(Example {
            shortlist: shortlist(&post_read, &index, &mut scratch),
            right: right.iter().filter_map(|claim| places.get(claim.as_str()).copied()).collect(),
            fold: folds_of.get(post.as_str()).copied().unwrap_or(0),
            weight: if has_negatives { 1.0 } else { RANKING_ONLY },
            of_the_stream: has_negatives,
        });
    }
    for (number, (_, post)) in negatives.iter().enumerate() {
        let shortlist = shortlist(post, &index, &mut scratch);
        examples.push(Example { shortlist, right: Vec::new(), fold: number % folds, weight: 1.0, of_the_stream: true });
    }
    drop(places);
    Ok(Set { folder: folder.to_owned(), count: examples.len(), index, labels, examples, has_negatives })
}

/// Parts posts into folds so that posts which share a claim, directly or through others, stay together.
fn folds_by_claim(labels: &[(String, Vec<String>)], folds: usize) -> HashMap<&str, usize> {
    let mut group_of: HashMap<&str, usize> = HashMap::new();
    let mut parent: Vec<usize> = (0..labels.len()).collect();
    fn root(parent: &[usize], mut at: usize) -> usize {
        while parent[at] != at {
            at = parent[at];
        }
        at
    }
    for (number, (_, claims)) in labels.iter().enumerate() {
        for claim in claims {
            let other = *group_of.entry(claim).or_insert(number);
            let (a, b) = (root(&parent, other), root(&parent, number));
            parent[a.max(b)] = a.min(b);
        }
    }
    labels
        .iter()
        .enumerate()
        .map(|(number, (post, _))| {
            // Neighbouring groups go to different folds.
            let group = root(&parent, number) as u64;
            (post.as_str(), (group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize % folds)
        })
        .collect()
}
