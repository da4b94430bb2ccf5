//! Rule files as they were at a git revision. Git is asked as a program and only reads.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::archives::is_archive;
use crate::rules::RuleText;

/// An archive of the past larger than this is not read: it would not fit beside the one of today.
const LARGEST_BYTES: u64 = 1 << 30;

/// Rule files of the past.
#[derive(Debug)]
pub(super) struct Then {
    /// The rule files.
    pub texts: Vec<RuleText>,
    /// The archives, in the order of their names.
    pub archives: Vec<Kept>,
    /// The commit, shortened.
    pub commit: String,
}

/// An archive of the past.
#[derive(Debug)]
pub(super) enum Kept {
    /// It is as it lies here: git has the same, or leaves it out of account.
    Same(PathBuf),
    /// It was another.
    Then(RuleText),
}

/// Reads the rule files and archives below `paths` as they were at `revision` (a commit, a branch, `HEAD~1`). `archives` are those
/// that lie here now.
///
/// # Errors
/// A sentence: no git, no repository, no such revision.
pub(super) fn rules_at(revision: &str, paths: &[PathBuf], archives: &[PathBuf]) -> Result<Then, String> {
    if revision.starts_with('-') || revision.trim().is_empty() {
        return Err(format!("\"{revision}\" is no git revision; write a branch, a commit or HEAD"));
    }
    let first = absolute(paths.first().map_or(Path::new("."), PathBuf::as_path));
    let folder = first.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let top = git(folder, &["rev-parse", "--show-toplevel"])?.map_err(|_| {
        format!("{} does not lie in a git repository, so there is no {revision} to compare with", folder.display())
    })?;
    let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end());
    let commit = format!("{revision}^{{commit}}");
    let commit = git(&top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?.map_err(|_| {
        format!(
            "git knows no revision {revision} here. A check-out in CI often holds one commit only: fetch the other first \
             (actions/checkout: fetch-depth: 0), or look at the spelling"
        )
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for path in paths {
        let inside = inside(path, &top)?;
        let listed = git(&top, &["ls-tree", "-r", "-z", "--full-tree", &commit, "--", &inside])?
            .map_err(|why| format!("git could not list {inside} at {revision}: {why}"))?;
        // `100644 blob 3f9c…<tab>rules/health.toml`
        for line in String::from_utf8_lossy(&listed).split('\0') {
            let Some((about, name)) = line.split_once('\t') else { continue };
            let hash = about.split(' ').nth(2).filter(|_| about.contains(" blob "));
            names.extend(hash.map(|hash| (name.to_owned(), hash.to_owned())));
        }
    }
    names.retain(|name, _| !name.split('/').any(|part| part.starts_with('.')));
    let wanted: Vec<(String, String)> =
        names.iter().filter(|(name, _)| name.ends_with(".toml")).map(|(name, hash)| (name.clone(), hash.clone())).collect();
    let texts = blobs(&top, &wanted)?.into_iter().zip(&wanted);
    let texts = texts.map(|(bytes, (name, _))| RuleText { name: format!("{name} at {revision}"), bytes }).collect();
    let archives = archives_at(revision, &top, &names, archives)?;
    Ok(Then { texts, archives, commit: commit.chars().take(10).collect() })
}

/// A path as git names it, from the top of the repository.
fn inside(path: &Path, top: &Path) -> Result<String, String> {
    let absolute = absolute(path);
    let Ok(inside) = absolute.strip_prefix(top) else {
        return Err(format!("{} lies outside the repository {}", path.display(), top.display()));
    };
    Ok(if inside.as_os_str().is_empty() { ".".to_owned() } else { inside.to_string_lossy().into_owned() })
}

/// The archives of the past: `names` and hashes are those of the revision, `here` those that lie here. What git is told to
/// ignore, and what it never had because it is larger than one keeps in git, counts as unchanged.
fn archives_at(revision: &str, top: &Path, names: &BTreeMap<String, String>, here: &[PathBuf]) -> Result<Vec<Kept>, String> {
    let mut by_name: BTreeMap<String, Kept> = BTreeMap::new();
    let mut changed: Vec<(String, String)> =
        names.iter().filter(|(name, _)| is_archive(Path::new(name))).map(|(name, hash)| (name.clone(), hash.clone())).collect();
    for path in here {
        let Ok(name) = inside(path, top) else { continue };
        let shown = path.to_string_lossy();
        let is_same = match names.get(&name) {
            Some(hash) => {
                let now = git(top, &["hash-object", "--path", &name, "--", &absolute(path).to_string_lossy()])?;
                now.is_ok_and(|now| String::from_utf8_lossy(&now).trim() == hash)
            }
            None => git(top, &["check-ignore", "--quiet", "--", &name])?.is_ok(),
        };
        if is_same {
            by_name.insert(name.clone(), Kept::Same(path.clone()));
            changed.retain(|(other, _)| *other != name);
        } else if names.contains_key(&name) && size(top, names.get(&name))? > LARGEST_BYTES {
            return Err(format!("{shown} was larger than {} MB at {revision}; try it without --base", LARGEST_BYTES >> 20));
        }
    }
    let texts = blobs(top, &changed)?;
    for ((name, _), bytes) in changed.into_iter().zip(texts) {
        if bytes.starts_with(b"version https://git-lfs") {
            return Err(format!(
                "{name} lies in Git LFS, and git holds only a pointer to what it was at {revision}; --without-archives leaves it out"
            ));
        }
        by_name.insert(name.clone(), Kept::Then(RuleText { name: format!("{name} at {revision}"), bytes }));
    }
    Ok(by_name.into_values().collect())
}

fn size(top: &Path, hash: Option<&String>) -> Result<u64, String> {
    let Some(hash) = hash else { return Ok(0) };
    let size = git(top, &["cat-file", "-s", hash])?;
    Ok(size.ok().and_then(|size| String::from_utf8_lossy(&size).trim().parse().ok()).unwrap_or(0))
}

/// Reads files by their hashes, all with one git: `<hash> blob <bytes>`, a line end, the bytes, a line end.
fn blobs(top: &Path, wanted: &[(String, String)]) -> Result<Vec<Vec<u8>>, String> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let asked: String = wanted.iter().map(|(_, hash)| format!("{hash}\n")).collect();
    let told = git_asked(top, &["cat-file", "--batch"], asked.as_bytes())?.map_err(|why| format!("git could not read: {why}"))?;
    let mut rest = told.as_slice();
    let mut all = Vec::with_capacity(wanted.len());
    for (name, _) in wanted {
        let cut = || format!("git could not read {name}");
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(cut)?;
        let head = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let length: usize = head.rsplit(' ').next().and_then(|length| length.parse().ok()).ok_or_else(cut)?;
        let from = end + 1;
        all.push(rest.get(from..from + length).ok_or_else(cut)?.to_vec());
        rest = rest.get(from + length + 1..).unwrap_or_default();
    }
    Ok(all)
}

/// Runs git; the outer error is that there is none, the inner what it complains of.
fn git(folder: &Path, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, String> {
    git_asked(folder, arguments, b"")
}

/// Runs git and tells it this.
fn git_asked(folder: &Path, arguments: &[&str], asked: &[u8]) -> Result<Result<Vec<u8>, String>, String> {
    let started = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        // Not even the index is refreshed on the way.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(if asked.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = match started {
        Ok(running) => running,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("git is not installed here (or not in PATH), and --base asks it for the old rules".to_owned());
        }
        Err(error) => return Err(format!("git cannot be started: {error}")),
    };
    let stdin = running.stdin.take();
    // Said from a thread of its own: git begins to answer before it has heard all.
    let done = std::thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(asked)));
        running.wait_with_output()
    });
    match done {
        Ok(output) if output.status.success() => Ok(Ok(output.stdout)),
        Ok(output) => Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) => Err(format!("git cannot be heard: {error}")),
    }
}

/// The path from the root, links resolved as far as it exists: a folder of rules may have been moved since.
fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find_map(|ancestor| Some((ancestor.canonicalize().ok()?, ancestor)));
    let Some((real, ancestor)) = there else { return whole };
    let rest = whole.strip_prefix(ancestor).unwrap_or(Path::new(""));
    rest.components().filter(|part| matches!(part, Component::Normal(_))).fold(real, |path, part| path.join(part))
}
