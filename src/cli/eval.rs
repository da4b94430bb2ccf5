//! `claimwatch eval`: how good the matcher is on labelled posts, whether its scores can be believed, and where to set a threshold.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use super::output::Answer;
use super::{Exit, archive};
use crate::matching::figures::{Alerting, Figures, Matches, bins, curve, figures, stream, threshold};
use crate::matching::ranked::model::Model;
use crate::matching::ranked::{Scratch, Wanted, rank, weights};
use crate::model::post::Post;
use crate::rules::index::BulkIndex;

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Compare with these claims: archives (.jsonl, .jsonl.gz), or folders of them.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub rules: Vec<PathBuf>,
    /// Posts that repeat a claim.
    #[arg(long, value_name = "FILE")]
    pub posts: PathBuf,
    /// Which claims they repeat: post id, tab, claim id on each line.
    #[arg(long, value_name = "FILE")]
    pub labels: PathBuf,
    /// Posts that repeat no claim.
    #[arg(long, value_name = "FILE")]
    pub negatives: Option<PathBuf>,
    /// Share of the stream that repeats a claim.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub prevalence: f64,
    /// Give the threshold for this precision.
    #[arg(long, value_name = "P", default_value_t = 0.9)]
    pub precision: f64,
    /// Draw how far scores can be believed.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Use this table of weights.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
The first line is one JSON object with the figures: MAP@k and R@k of labelled posts; AP and R@P of the best \
match of every post, labelled posts weighed to --prevalence of the stream; ECE, how far scores are from the \
share of right matches. twin: the same labelled posts with their own claim struck out stand for posts that \
repeat none.

Examples:
  claimwatch eval --rules claims.jsonl --posts posts.jsonl --labels labels.tsv
  claimwatch eval --rules claims.jsonl --posts posts.jsonl \\
      --labels labels.tsv --negatives others.jsonl \\
      --precision 0.95 --svg plot.svg

Exit code: 0 fine · 3 a file cannot be read · 4 the drawing cannot be written";

/// Claims looked at for each post.
const TOP: usize = 60;

/// Matches, counts, draws.
pub fn eval(arguments: &Arguments) -> Answer {
    match run(arguments) {
        Ok(answer) | Err(answer) => answer,
    }
}

fn run(arguments: &Arguments) -> Result<Answer, Answer> {
    let (archives, _) = archive::part(&arguments.rules);
    let (claims, trouble) = archive::claims(&archives)?;
    let index = BulkIndex::build(claims.claims);
    let labels = archive::labels(&arguments.labels)?;
    let mut scratch = scratch(arguments.weights.as_ref())?;
    let mut matched = |post: &Post| -> Matches {
        let ranked = rank(post, &index, &mut scratch, Wanted { top: TOP, at_least: 0.0 });
        ranked.into_iter().map(|found| (found.claim.id.clone(), as_printed(found.confidence.value()))).collect()
    };
    let posts = archive::posts(&arguments.posts)?;
    let matches: HashMap<String, Matches> = posts.into_iter().map(|(id, post)| (id, matched(&post))).collect();
    let negatives = match &arguments.negatives {
        Some(path) => Some(archive::posts(path)?.iter().map(|(_, post)| matched(post)).collect::<Vec<_>>()),
        None => None,
    };
    let figures = figures(&labels, &matches, negatives.as_deref(), arguments.prevalence);
    let mut text = format!("{}\n", json(&figures));
    if let Some(negatives) = &negatives {
        let events = stream(&labels, &matches, negatives, arguments.prevalence);
        let _ = match threshold(&curve(&events, labels.len() as f64), arguments.precision) {
            Some((score, recall)) => writeln!(
                text,
                "From score {score:.3} upwards {:.0} in 100 alerts are right; they are {:.0} in 100 of those wanted.",
                100.0 * arguments.precision,
                100.0 * recall
            ),
            None => writeln!(text, "No threshold gives a precision of {}.", arguments.precision),
        };
        if let Some(path) = &arguments.svg {
            std::fs::write(path, plot(&bins(&events, 10)))
                .map_err(|error| Answer::trouble(format!("{} cannot be written: {error}.\n", path.display()), Exit::World))?;
        }
    }
    Ok(Answer { trouble, ..Answer::new(text, Exit::Fine) })
}

/// Memory for a thread, with the weights of a file if one is named.
///
/// # Errors
/// The answer to give when the file cannot be read.
pub(super) fn scratch(weights: Option<&PathBuf>) -> Result<Scratch, Answer> {
    Ok(match weights {
        Some(path) => Scratch::with(table(path)?),
        None => Scratch::default(),
    })
}

/// Reads a table of weights.
///
/// # Errors
/// The answer to give when it cannot be used.
pub(super) fn table(path: &PathBuf) -> Result<Arc<Model>, Answer> {
    let text = std::fs::read_to_string(path).map_err(|error| archive::unreadable(path, &error))?;
    let bad = |bad| Answer::trouble(format!("{}: {bad}\n", path.display()), Exit::Unreadable);
    Ok(Arc::new(weights::read(&text).map_err(bad)?))
}

/// The number that `match` prints: JSON has the shortest form that reads back as the same single.
fn as_printed(score: f32) -> f64 {
    score.to_string().parse().unwrap_or_else(|_| f64::from(score))
}

/// The figures as one JSON object, rounded to four digits.
pub(super) fn json(figures: &Figures) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: f64| out.insert(name.to_owned(), Value::from((value * 1e4).round_ties_even() / 1e4));
    put("MAP@1", figures.map[0]);
    put("MAP@5", figures.map[1]);
    put("P@1", figures.best_is_right);
    put("R@5", figures.recall[0]);
    put("R@50", figures.recall[1]);
    put("MRR", figures.reciprocal_rank);
    let mut alerting = |prefix: &str, of: &Alerting| {
        put(&format!("{prefix}AP"), of.average_precision);
        put(&format!("{prefix}R@P90"), of.recall[0]);
        put(&format!("{prefix}R@P95"), of.recall[1]);
    };
    alerting("twin ", &figures.twin);
    if let Some((_, of_stream, error)) = &figures.stream {
        alerting("", of_stream);
        put("ECE", *error);
    }
    out.insert("posts".to_owned(), figures.posts.into());
    out.insert("without an answer".to_owned(), figures.without_an_answer.into());
    if let Some((negatives, ..)) = figures.stream {
        out.insert("negatives".to_owned(), negatives.into());
    }
    Value::Object(out)
}

/// Draws said against found: points on the diagonal are scores that can be believed.
fn plot(bins: &[(f64, f64, f64)]) -> String {
    let (x, y) = (|value: f64| 50.0 + 400.0 * value, |value: f64| 450.0 - 400.0 * value);
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 500 500\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <title>How far scores can be believed</title>\n<rect width=\"500\" height=\"500\" fill=\"#fff\"/>\n\
         <path d=\"M50 50V450H450\" fill=\"none\" stroke=\"#000\"/><path d=\"M50 450L450 50\" stroke=\"#999\" stroke-dasharray=\"4\"/>\n",
    );
    for tenth in (0..=10).step_by(2) {
        let value = f64::from(tenth) / 10.0;
        let _ = writeln!(out, "<text x=\"{}\" y=\"470\" text-anchor=\"middle\">{value}</text>", x(value));
        let _ = writeln!(out, "<text x=\"42\" y=\"{}\" text-anchor=\"end\">{value}</text>", y(value) + 5.0);
    }
    let line: Vec<String> = bins.iter().map(|(said, right, _)| format!("{:.1},{:.1}", x(*said), y(*right))).collect();
    let _ = writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>", line.join(" "));
    for (said, right, _) in bins {
        let _ = writeln!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#06c\"/>", x(*said), y(*right));
    }
    out.push_str(
        "<text x=\"250\" y=\"492\" text-anchor=\"middle\">score</text>\n\
         <text x=\"14\" y=\"250\" text-anchor=\"middle\" transform=\"rotate(-90 14 250)\">share of right matches</text>\n</svg>\n",
    );
    out
}
