//! Files of claims, posts and labels: opened, unpacked, read line by line.

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use super::Exit;
use super::output::Answer;
use crate::config;
pub(super) use crate::config::archives::{is_archive, open, unpacked};
use crate::model::post::{Lang, Part, PartKind, Post};
use crate::rules::bulk::{Archive, parse_json};

/// Bad lines that are told one by one.
const MOST_TOLD: usize = 20;

/// A post in a file of posts.
#[derive(Debug, Deserialize)]
pub(super) struct PostLine {
    id: String,
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    lang: Option<String>,
}

impl PostLine {
    /// Reads one line.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        parse_json(line).map_err(|error| format!("not a post: {error}; write {{\"id\": \"…\", \"text\": \"…\"}}"))
    }

    /// Gives its id and the post.
    pub(super) fn into_post(self) -> (String, Post) {
        let mut post = Post::of_text(&self.text, Timestamp::UNIX_EPOCH);
        if let Some(title) = self.title.filter(|title| !title.trim().is_empty()) {
            post.parts.insert(0, Part { kind: PartKind::Title, text: title });
        }
        post.author = self.author;
        post.url = self.url;
        post.lang = self.lang.map(Lang);
        (self.id, post)
    }
}

/// Parts paths into archives of bulk claims (also those inside folders) and the rest, which are rule files and folders.
pub(super) fn part(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let rules = paths.iter().filter(|path| !is_archive(path)).cloned().collect();
    (config::archives::inside(paths), rules)
}

/// Reads archives of bulk claims; gives them and what a person should know about them.
///
/// # Errors
/// The answer to give when a file cannot be read.
pub(super) fn claims(paths: &[PathBuf]) -> Result<(Archive, String), Answer> {
    let mut archive = Archive::default();
    for path in paths {
        let read = open(path).and_then(|lines| archive.read(&path.display().to_string(), lines));
        read.map_err(|error| unreadable(path, &error))?;
    }
    let told = archive.bad_lines.iter().take(MOST_TOLD).map(|bad| format!("{bad}\n"));
    let mut trouble: String = told.collect();
    if archive.bad_count > 0 {
        trouble.push_str(&format!("{} lines were left out.\n", archive.bad_count));
    }
    Ok((archive, trouble))
}

/// The answer when a file cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Answer {
    Answer::trouble(format!("{} cannot be read: {error}.\n", path.display()), Exit::Unreadable)
}

/// Reads a file of posts whole.
///
/// # Errors
/// The answer to give when it cannot be read.
pub(super) fn posts(path: &Path) -> Result<Vec<(String, Post)>, Answer> {
    let mut posts = Vec::new();
    let lines = open(path).map_err(|error| unreadable(path, &error))?;
    for (number, line) in (1..).zip(lines.split(b'\n')) {
        let line = line.map_err(|error| unreadable(path, &error))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let post = PostLine::read(&line)
            .map_err(|why| Answer::trouble(format!("{}:{number}: {why}\n", path.display()), Exit::Unreadable))?;
        posts.push(post.into_post());
    }
    Ok(posts)
}

/// Reads labels (post id, tab, claim id), in the order in which posts first come.
///
/// # Errors
/// The answer to give when the file cannot be read.
pub(super) fn labels(path: &Path) -> Result<Vec<(String, Vec<String>)>, Answer> {
    let mut labels: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let lines = open(path).map_err(|error| unreadable(path, &error))?;
    for (number, line) in (1..).zip(lines.lines()) {
        let line = line.map_err(|error| unreadable(path, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let Some((post, claim)) = line.split_once('\t') else {
            let why = "not a label; write post id, tab, claim id";
            return Err(Answer::trouble(format!("{}:{number}: {why}\n", path.display()), Exit::Unreadable));
        };
        let place = *places.entry(post.to_owned()).or_insert(labels.len());
        if place == labels.len() {
            labels.push((post.to_owned(), Vec::new()));
        }
        if let Some((_, claims)) = labels.get_mut(place).filter(|(_, claims)| !claims.iter().any(|known| known == claim)) {
            claims.push(claim.to_owned());
        }
    }
    Ok(labels)
}
