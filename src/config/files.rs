//! Files and secrets read from the disk; everything else in this room is pure.

use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::about_file;
use crate::rules::diagnostic::{Diagnostic, Level};
use crate::rules::reading::document::MAX_BYTES;
use crate::rules::{RuleText, codes};

/// Folders inside folders are followed so deep; a link that leads upwards must not go round for ever.
const MAX_DEPTH: usize = 16;

/// A secret is one line, not a novel.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Reads one file, or says why not.
pub(super) fn one(path: &Path, found: &mut Vec<Diagnostic>) -> Option<RuleText> {
    let name = path.display().to_string();
    match bytes_of(path, MAX_BYTES as u64 + 1) {
        Ok(bytes) => Some(RuleText { name, bytes }),
        Err(error) => {
            let (message, help) = match error.kind() {
                ErrorKind::NotFound => ("there is no such file".to_owned(), "look at the spelling, and at the folder you are in"),
                ErrorKind::PermissionDenied => {
                    ("we are not allowed to read this file".to_owned(), "give the user that runs claimwatch the right to read it")
                }
                _ => (format!("this file cannot be read: {error}"), ""),
            };
            found.push(about_file(name, message, help));
            None
        }
    }
}

fn bytes_of(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads all rule files: files as named, folders with everything in them that ends in `.toml`, in the order of their names.
pub(super) fn rule_files(paths: &[PathBuf]) -> (Vec<RuleText>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let files = all_files(paths, &mut found);
    let texts = files.iter().filter(|file| !is_archive(file)).filter_map(|file| one(file, &mut found)).collect();
    (texts, found)
}

/// Whether a file's name is that of an archive.
pub fn is_archive(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")
}

/// Finds all archives of bulk claims: files as named, folders with everything in them that ends in `.jsonl` or `.jsonl.gz`.
pub(super) fn archives(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = all_files(paths, &mut Vec::new());
    files.retain(|file| is_archive(file));
    files
}

/// All files that may hold claims, each once.
fn all_files(paths: &[PathBuf], found: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.is_dir() { folder(path, 0, &mut files, found) } else { files.push(path.clone()) }
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(real(file)));
    files
}

fn folder(path: &Path, depth: usize, files: &mut Vec<PathBuf>, found: &mut Vec<Diagnostic>) {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            found.push(about_file(
                path.display().to_string(),
                format!("this folder cannot be read: {error}"),
                "give the user that runs claimwatch the right to list it",
            ));
            return;
        }
    };
    let mut entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    for entry in entries {
        let hidden = entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        if entry.is_dir() && depth < MAX_DEPTH {
            folder(&entry, depth + 1, files, found);
        } else if (entry.extension().is_some_and(|extension| extension == "toml") || is_archive(&entry)) && entry.is_file() {
            files.push(entry);
        }
    }
}

/// The one name of a file that may be called by several.
pub(super) fn real(name: impl AsRef<Path>) -> PathBuf {
    fs::canonicalize(&name).unwrap_or_else(|_| name.as_ref().to_owned())
}

/// No rule file was found at all.
pub(super) fn nothing_there(paths: &[PathBuf]) -> Diagnostic {
    let name = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
    about_file(name, "there is no rule file here".to_owned(), "rule files end in .toml")
}

/// A secret that may not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecretFault {
    /// How bad it is.
    pub(super) level: Level,
    /// Its number.
    pub(super) code: &'static str,
    /// What is wrong.
    pub(super) message: String,
    /// How to mend it.
    pub(super) help: String,
}

/// Where secrets are looked for.
#[derive(Debug)]
pub(super) struct Secrets {
    folder: PathBuf,
    credentials: Option<PathBuf>,
    missing: Level,
}

impl Secrets {
    /// Secrets are named relative to the configuration file, or by systemd's credentials folder.
    ///
    /// `missing` says how bad it is when one cannot be read: an editor's machine has none of the secrets.
    pub(super) fn beside(config: &Path, missing: Level) -> Self {
        Self {
            folder: config.parent().unwrap_or(Path::new("")).to_owned(),
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            missing,
        }
    }

    /// Reads a secret from its file; its last line end is not part of it.
    pub(super) fn read(&self, name: &str) -> Result<SecretString, SecretFault> {
        let fault = |code, message: String, help: String| {
            let level = if code == codes::NO_SECRET { self.missing } else { Level::Error };
            SecretFault { level, code, message, help }
        };
        let from_systemd = name.strip_prefix("${CREDENTIALS_DIRECTORY}/");
        let path = match (from_systemd, &self.credentials) {
            (Some(name), Some(folder)) => folder.join(name),
            (Some(name), None) => {
                let message = "systemd has given us no credentials folder".to_owned();
                let help = format!("add LoadCredential={name}:/etc/claimwatch/{name} to the unit, or name a plain file");
                return Err(fault(codes::NO_SECRET, message, help));
            }
            (None, _) => self.folder.join(name),
        };
        let shown = path.display();
        let unreadable = |error: std::io::Error| {
            fault(
                codes::NO_SECRET,
                format!("the secret in {shown} cannot be read: {error}"),
                "the path is relative to the configuration file".to_owned(),
            )
        };
        let mode = fs::metadata(&path).map_err(unreadable)?.permissions().mode();
        // systemd guards its folder itself and gives the files 0440.
        if from_systemd.is_none() && mode & 0o077 != 0 {
            let message = format!("others can read the secret in {shown} (mode {:03o})", mode & 0o777);
            return Err(fault(codes::OPEN_SECRET, message, format!("run: chmod 600 {shown}")));
        }
        let bytes = bytes_of(&path, MAX_SECRET_BYTES).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            fault(codes::NO_SECRET, format!("the secret in {shown} is not text"), "it must be one line of UTF-8".to_owned())
        })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(fault(
                codes::NO_SECRET,
                format!("the secret in {shown} is empty"),
                "write it on the first line".to_owned(),
            ));
        }
        Ok(SecretString::from(text))
    }
}
