//! Where imported claims go: a rule file of drafts, or an archive of bulk claims. What is there stays as it is.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::Exit;
use crate::cli::drafts::RuleFile;
use crate::cli::lines::LineFile;
use crate::cli::output::Answer;
use crate::rules::import::Record;
use crate::rules::import::draft::{Draft, id_for};
use crate::rules::import::gather::{Fate, Gathering};

/// More drafts than anybody looks through.
const MOST_DRAFTS: usize = 2000;

/// Where claims go.
pub(super) struct Target {
    gathering: Gathering,
    goes: Goes,
}

enum Goes {
    Nowhere,
    Drafts { file: Box<RuleFile>, drafts: Vec<Draft> },
    Lines(Box<LineFile>),
}

/// What was written in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing, because no file was named.
    Nothing,
    /// Nothing, because nothing is new.
    Unchanged { path: String },
    /// Drafts of rules.
    Drafts { path: String, first: String },
    /// Bulk claims; how many there are now.
    Lines { path: String, claims: u64 },
}

impl Target {
    /// Looks at what is there.
    pub(super) fn open(path: Option<&Path>, config: &Path) -> Result<Self, Answer> {
        let mut gathering = Gathering::default();
        let Some(path) = path else { return Ok(Self { gathering, goes: Goes::Nowhere }) };
        let ends = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let text = format!("There is no folder {}; make it first.\n", folder.display());
            return Err(Answer::trouble(text, Exit::Usage));
        }
        let goes = if ends("toml") {
            let file = RuleFile::open(path, config)?;
            for rule in &file.rules {
                gathering.enter_rule(rule);
            }
            Goes::Drafts { file: Box::new(file), drafts: Vec::new() }
        } else if ends("jsonl") {
            Goes::Lines(Box::new(LineFile::open(path, &mut gathering)?))
        } else {
            let text = format!("{}: claims are written to a rule file (.toml) or an archive (.jsonl).\n", path.display());
            return Err(Answer::trouble(text, Exit::Usage));
        };
        Ok(Self { gathering, goes })
    }

    /// Finds out what becomes of a record.
    pub(super) fn place(&mut self, record: &Record) -> Fate {
        self.gathering.place(record)
    }

    /// Whether no further claim goes in.
    pub(super) fn is_full(&self) -> bool {
        match &self.goes {
            Goes::Nowhere => false,
            Goes::Drafts { drafts, .. } => drafts.len() >= MOST_DRAFTS,
            Goes::Lines(lines) => lines.is_full(),
        }
    }

    /// The id of the rule with this number, if one that is there has it.
    pub(super) fn rule(&self, number: u32) -> Option<&str> {
        match &self.goes {
            Goes::Drafts { file, .. } => file.rules.get(number as usize).map(|rule| rule.claim.id.0.as_str()),
            _ => None,
        }
    }

    /// Takes a claim that is new.
    pub(super) fn take(&mut self, number: u32, record: Record) -> io::Result<()> {
        match &mut self.goes {
            Goes::Nowhere => {}
            Goes::Drafts { drafts, .. } => drafts.push(Draft { record, is_headline: false }),
            Goes::Lines(lines) => lines.add(number, record)?,
        }
        Ok(())
    }

    /// Puts a fact-check to a claim that is taken, or to a line that is there; not to one that was left out.
    pub(super) fn join(&mut self, number: u32, record: Record) -> bool {
        match &mut self.goes {
            Goes::Nowhere => true,
            Goes::Drafts { file, drafts } => {
                let at = (number as usize).wrapping_sub(file.rules.len());
                let Some(draft) = drafts.get_mut(at) else { return false };
                let new = record.urls.into_iter().filter(|url| !draft.record.urls.contains(url)).collect::<Vec<_>>();
                draft.record.urls.extend(new);
                draft.record.also.push(record.check);
                draft.record.also.extend(record.also);
                true
            }
            Goes::Lines(lines) => lines.join(number, record),
        }
    }

    /// The answer when it cannot be written.
    pub(super) fn unwritable(&self, error: &io::Error) -> Answer {
        let path = match &self.goes {
            Goes::Nowhere => PathBuf::new(),
            Goes::Drafts { file, .. } => file.path.clone(),
            Goes::Lines(lines) => lines.path.clone(),
        };
        Answer::trouble(format!("{} cannot be written: {error}. Nothing was changed.\n", path.display()), Exit::World)
    }

    /// Writes everything, whole or not at all.
    pub(super) fn finish(self) -> Result<Written, Answer> {
        match self.goes {
            Goes::Nowhere => Ok(Written::Nothing),
            Goes::Drafts { file, drafts } if drafts.is_empty() => {
                Ok(Written::Unchanged { path: file.path.display().to_string() })
            }
            Goes::Drafts { file, drafts } => {
                let mut taken: HashSet<String> = file.rules.iter().map(|rule| rule.claim.id.0.clone()).collect();
                let drafts: Vec<(String, Draft)> =
                    drafts.into_iter().map(|draft| (id_for(&draft.record, &mut taken), draft)).collect();
                file.add(&drafts)?;
                let first = drafts.first().map(|(id, _)| id.clone()).unwrap_or_default();
                Ok(Written::Drafts { path: file.path.display().to_string(), first })
            }
            Goes::Lines(lines) => {
                let path = lines.path.display().to_string();
                let unwritable = |error: io::Error| {
                    Answer::trouble(format!("{path} cannot be written: {error}. Nothing was changed.\n"), Exit::World)
                };
                match lines.finish().map_err(unwritable)? {
                    Some(claims) => Ok(Written::Lines { path, claims }),
                    None => Ok(Written::Unchanged { path }),
                }
            }
        }
    }
}
