//! Rule files as they were at a git revision. Git is asked as a program and only reads.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use crate::rules::RuleText;

/// Rule files of the past.
#[derive(Debug)]
pub(super) struct Then {
    /// The files.
    pub texts: Vec<RuleText>,
    /// The commit, shortened.
    pub commit: String,
}

/// Reads the rule files below `paths` as they were at `revision` (a commit, a branch, `HEAD~1`).
///
/// # Errors
/// A sentence: no git, no repository, no such revision.
pub(super) fn rules_at(revision: &str, paths: &[PathBuf]) -> Result<Then, String> {
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
    let mut texts = Vec::new();
    for path in paths {
        let absolute = absolute(path);
        let Ok(inside) = absolute.strip_prefix(&top) else {
            return Err(format!("{} lies outside the repository {}", path.display(), top.display()));
        };
        let inside = if inside.as_os_str().is_empty() { ".".into() } else { inside.to_string_lossy() };
        let names = git(&top, &["ls-tree", "-r", "-z", "--full-tree", "--name-only", &commit, "--", &inside])?
            .map_err(|why| format!("git could not list {inside} at {revision}: {why}"))?;
        for name in String::from_utf8_lossy(&names).split('\0').filter(|name| is_rule_file(name)) {
            let shown = format!("{name} at {revision}");
            if texts.iter().any(|text: &RuleText| text.name == shown) {
                continue;
            }
            let bytes = git(&top, &["cat-file", "blob", &format!("{commit}:{name}")])?
                .map_err(|why| format!("git could not read {shown}: {why}"))?;
            texts.push(RuleText { name: shown, bytes });
        }
    }
    Ok(Then { texts, commit: commit.chars().take(10).collect() })
}

/// As `config` picks files: what ends in .toml, nothing hidden.
fn is_rule_file(name: &str) -> bool {
    name.ends_with(".toml") && !name.split('/').any(|part| part.starts_with('.'))
}

/// Runs git; the outer error is that there is none, the inner what it complains of.
fn git(folder: &Path, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, String> {
    let run = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        // Not even the index is refreshed on the way.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output();
    match run {
        Ok(output) if output.status.success() => Ok(Ok(output.stdout)),
        Ok(output) => Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err("git is not installed here (or not in PATH), and --base asks it for the old rules".to_owned())
        }
        Err(error) => Err(format!("git cannot be started: {error}")),
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
