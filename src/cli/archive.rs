//! Files of claims, posts and labels: opened, unpacked, read line by line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::Deserialize;

use super::Exit;
use super::output::Answer;
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

/// Opens a file, or standard input for `-`; unpacks what is packed with gzip.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    unpacked(if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path)?) })
}

/// Unpacks what is packed with gzip.
pub(super) fn unpacked(source: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    if source.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(source))));
    }
    Ok(Box::new(source))
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")
}

/// Parts paths into archives of bulk claims (also those inside folders) and the rest, which are rule files and folders.
pub(super) fn part(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut archives, mut rules) = (Vec::new(), Vec::new());
    for path in paths {
        if is_archive(path) {
            archives.push(path.clone());
            continue;
        }
        let mut inside: Vec<PathBuf> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inside.sort();
        let has_rules =
            inside.is_empty() || inside.iter().any(|path| path.is_dir() || path.extension().is_some_and(|e| e == "toml"));
        if has_rules {
            rules.push(path.clone());
        }
        archives.extend(inside.into_iter().filter(|path| is_archive(path)));
    }
    (archives, rules)
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
