//! A rule file that drafts are added to: what stands in it, and in the other rule files, stays as it is.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::output::{Answer, drawn};
use crate::config;
use crate::rules::diagnostic::Level;
use crate::rules::import::draft::{Draft, blocks_in_layout, file};
use crate::rules::reading::document::MAX_BYTES;
use crate::rules::{Rule, RuleText, syntax};

/// A rule file that drafts are added to.
#[derive(Debug)]
pub(super) struct RuleFile {
    /// Its path.
    pub(super) path: PathBuf,
    /// All rules that are there, in this file and in those of the configuration.
    pub(super) rules: Vec<Rule>,
    /// Whether some other rule file has mistakes, so that its rules are not known.
    pub(super) some_unread: bool,
    /// What stands in it.
    text: Option<String>,
}

/// All rules that a configuration names, and whether some could not be read; none where there is no configuration.
pub(super) fn rules_there(config: &Path) -> (Vec<Rule>, bool) {
    if !config.exists() {
        return (Vec::new(), false);
    }
    let reading = config::read_rules_of(config);
    let faulty = reading.report.count(Level::Error) > 0;
    (reading.rules, faulty)
}

impl RuleFile {
    /// Reads what is there.
    ///
    /// # Errors
    /// The answer when the file has mistakes: nobody wants drafts added to those.
    pub(super) fn open(path: &Path, config: &Path) -> Result<Self, Answer> {
        let (mut rules, some_unread) = rules_there(config);
        let text = match fs::read(path) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| {
                let text = format!("{} is not UTF-8; `claimwatch fmt {}` mends that.\n", path.display(), path.display());
                Answer::trouble(text, Exit::Unreadable)
            })?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(super::archive::unreadable(path, &error)),
        };
        if text.as_ref().is_some_and(|text| !text.trim().is_empty()) {
            let own = config::read_rules(&[path.to_owned()], Some(config).filter(|config| config.exists()));
            if own.report.count(Level::Error) > 0 {
                let text = format!("{}Nothing was written: mend {} first.\n", drawn(&own.report, false), path.display());
                return Err(Answer::trouble(text, Exit::Unreadable));
            }
            let known: Vec<String> = rules.iter().map(|rule| rule.claim.id.0.clone()).collect();
            rules.extend(own.rules.into_iter().filter(|rule| !known.contains(&rule.claim.id.0)));
        }
        Ok(Self { path: path.to_owned(), rules, some_unread, text: text.filter(|text| !text.trim().is_empty()) })
    }

    /// Adds drafts at the end, whole or not at all; gives the line at which the first begins.
    ///
    /// # Errors
    /// The answer when it cannot be written.
    pub(super) fn add(&self, drafts: &[(String, Draft)]) -> Result<usize, Answer> {
        let schema = self.path.with_file_name("claimwatch-rules.schema.json").exists();
        let (new, before) = match &self.text {
            Some(text) => {
                let head = text.trim_end();
                (format!("{head}\n{}", blocks_in_layout(drafts)), head.lines().count())
            }
            None => (file(drafts, schema), 0),
        };
        if new.len() > MAX_BYTES {
            let text =
                format!("{} would be larger than {} MiB; import less, or to a .jsonl.\n", self.path.display(), MAX_BYTES >> 20);
            return Err(Answer::trouble(text, Exit::Usage));
        }
        // Never leave a rule file behind that the daemon refuses.
        let text = RuleText { name: self.path.display().to_string(), bytes: new.clone().into_bytes() };
        let (_, found) = syntax::read(std::slice::from_ref(&text));
        let before_errors = |one: &&crate::rules::diagnostic::Diagnostic| one.level == Level::Error && one.place.line > before;
        if let Some(fault) = found.iter().find(before_errors) {
            let text = format!("The draft would not be read: {}. Nothing was written; please report this.\n", fault.message);
            return Err(Answer::trouble(text, Exit::World));
        }
        write(&self.path, new.as_bytes()).map_err(|error| {
            Answer::trouble(format!("{} cannot be written: {error}. Nothing was changed.\n", self.path.display()), Exit::World)
        })?;
        let first = new.lines().skip(before).position(|line| line == "[[claim]]").unwrap_or_default();
        Ok(before + first + 1)
    }
}

/// Writes beside the file and renames: a full disk must not leave half a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let done = written.and_then(|()| put_in_place(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// The name of a file while it is being written.
pub(super) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

/// Puts a new file in the place of an old one, with its permissions, or where there was none.
pub(super) fn put_in_place(new: &Path, path: &Path) -> io::Result<()> {
    // Through a link: the file it names is what is to change.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(meta) = fs::metadata(&path) {
        fs::set_permissions(new, meta.permissions())?;
    }
    fs::rename(new, path)
}
