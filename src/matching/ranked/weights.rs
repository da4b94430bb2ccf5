//! The table of weights, read from `weights.txt` or from a desk's own file; `claimwatch fit` writes both.

use std::fmt::{self, Write};
use std::sync::{Arc, OnceLock};

use super::model::{ACCEPT_FEATURES, FEATURES, KINDS, Model, NAMES, STANDING_NAMES};

const TEXT: &str = include_str!("weights.txt");

const CONSTANT: &str = "constant";

/// A line of a table that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadWeights {
    /// Its number, from 1; 0 if the table lacks a line.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for BadWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.why),
            line => write!(f, "line {line}: {}", self.why),
        }
    }
}

/// Gives the weights that claimwatch comes with.
pub fn embedded() -> Arc<Model> {
    static EMBEDDED: OnceLock<Arc<Model>> = OnceLock::new();
    Arc::clone(EMBEDDED.get_or_init(|| Arc::new(read(TEXT).unwrap_or_else(|_| nothing()))))
}

fn nothing() -> Model {
    Model {
        rank: [[0.0; FEATURES]; KINDS],
        rank_constant: 0.0,
        accept: [0.0; ACCEPT_FEATURES],
        accept_constant: 0.0,
        rank_uses: [[false; FEATURES]; KINDS],
        accept_uses: [false; ACCEPT_FEATURES],
    }
}

/// Reads a table: a line for each feature with its name, its weights in the ranking (of sentences, of articles) and its weight in the
/// probability, parted by `|`.
///
/// # Errors
/// The first line that is not understood, or a feature that has no line.
pub fn read(text: &str) -> Result<Model, BadWeights> {
    let mut model = nothing();
    let mut missing: Vec<&str> = NAMES.iter().chain(&STANDING_NAMES).chain([&CONSTANT]).copied().collect();
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty() && !content.starts_with('#'))
    {
        let bad = |why: String| BadWeights { line, why };
        let mut cells = content.split('|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_default();
        let (name, rank, accept) = (cell(), [cell(), cell()], cell());
        let number = |cell: &str| -> Result<f32, BadWeights> {
            let number = if cell.is_empty() { Some(0.0) } else { cell.parse().ok().filter(|n: &f32| n.is_finite()) };
            number.ok_or_else(|| bad(format!("\"{cell}\" is not a number")))
        };
        let known = missing.iter().position(|missing| *missing == name);
        missing.remove(known.ok_or_else(|| bad(format!("\"{name}\" is not a feature, or stands here twice")))?);
        if let Some(feature) = NAMES.iter().position(|known| *known == name) {
            for (kind, cell) in rank.into_iter().enumerate() {
                (model.rank[kind][feature], model.rank_uses[kind][feature]) = (number(cell)?, !cell.is_empty());
            }
            (model.accept[feature], model.accept_uses[feature]) = (number(accept)?, !accept.is_empty());
        } else if let Some(feature) = STANDING_NAMES.iter().position(|known| *known == name) {
            model.accept[FEATURES + feature] = number(accept)?;
            model.accept_uses[FEATURES + feature] = !accept.is_empty();
        } else {
            (model.rank_constant, model.accept_constant) = (number(rank[1])?, number(accept)?);
        }
    }
    match missing.first() {
        Some(name) => Err(BadWeights { line: 0, why: format!("there is no line for \"{name}\"") }),
        None => Ok(model),
    }
}

/// Writes the table.
pub fn write(model: &Model) -> String {
    let mut out = String::from(
        "# Weights of the two models that judge bulk claims: feature | in the ranking of sentences | of articles | in the probability.\n\
         # What the features are stands in model.rs; a blank cell is not fitted. Remade by `claimwatch fit`.\n",
    );
    let cell = |is_used: bool, weight: f32| if is_used { format!("{weight:.4}") } else { String::new() };
    for (feature, name) in NAMES.iter().enumerate() {
        let [sentence, article] = [0, 1].map(|kind| cell(model.rank_uses[kind][feature], model.rank[kind][feature]));
        let accept = cell(model.accept_uses[feature], model.accept[feature]);
        let _ = writeln!(out, "{name:<22}|{sentence:>10} |{article:>10} |{accept:>10}");
    }
    for (feature, name) in (FEATURES..).zip(STANDING_NAMES) {
        let _ =
            writeln!(out, "{name:<22}|           |           |{:>10}", cell(model.accept_uses[feature], model.accept[feature]));
    }
    let _ = writeln!(out, "{CONSTANT:<22}|           |{:>10.4} |{:>10.4}", model.rank_constant, model.accept_constant);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        assert_eq!(read(TEXT).map(|_| ()), Ok(()));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut model = nothing();
        (model.rank[1][3], model.accept[FEATURES + 1], model.accept_constant) = (1.25, -0.5, 2.0);
        model.rank_constant = -3.0;
        (model.rank_uses[1][3], model.accept_uses[FEATURES + 1]) = (true, true);
        assert_eq!(read(&write(&model)), Ok(model));
    }

    #[test]
    fn faults_are_told_with_their_line() {
        assert_eq!(read("# x\nln sum | a | 1").map_err(|e| e.to_string()), Err("line 2: \"a\" is not a number".to_owned()));
        assert!(read("height | 1 | 1").is_err() && read("").is_err());
    }
}
