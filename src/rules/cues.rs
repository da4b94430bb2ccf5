//! Words and addresses that show how a post stands to a claim it repeats, read from `config/cues/*.toml`.
//!
//! The shipped files are part of the program; a test holds that they can be read.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use serde::Deserialize;

use crate::text::frequency::Tongue;
use crate::text::guard::{Guard, guard};
use crate::text::words::words;

/// The shipped lists of cues.
const TEXTS: [&str; 5] = [
    include_str!("../../config/cues/en.toml"),
    include_str!("../../config/cues/fr.toml"),
    include_str!("../../config/cues/es.toml"),
    include_str!("../../config/cues/de.toml"),
    include_str!("../../config/cues/pt.toml"),
];

/// The shipped list of fact-checkers' pages.
const CHECKERS: &str = include_str!("../../config/cues/factcheckers.toml");

/// What a row of words is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It is said to be wrong.
    Denial,
    /// Somebody is said to say it.
    Report,
    /// It is asked whether it is so; counts at the beginning of a sentence.
    Question,
    /// Looks like one of the others and is not.
    Harmless,
}

/// All cues, by language.
#[derive(Debug, Clone, Default)]
pub struct Cues {
    tongues: Vec<TongueCues>,
    checkers: Vec<String>,
    /// Their numbers by domain.
    checkers_at: HashMap<String, Vec<usize>, RandomState>,
}

/// The cues of one language.
#[derive(Debug, Clone)]
pub struct TongueCues {
    tongue: Tongue,
    /// Rows of folded words by their first word, the longest first.
    rows: HashMap<String, Vec<(Vec<String>, Sign)>, RandomState>,
    ourselves: Vec<String>,
}

/// A file of cues, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueFile {
    lang: String,
    denial: Vec<String>,
    report: Vec<String>,
    question: Vec<String>,
    harmless: Vec<String>,
    ourselves: Vec<String>,
}

/// The file of fact-checkers, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckerFile {
    pages: Vec<String>,
}

/// The shipped cues, read once. A file that cannot be read has no cues.
pub fn embedded() -> Arc<Cues> {
    static EMBEDDED: OnceLock<Arc<Cues>> = OnceLock::new();
    let read = || {
        let tongues = TEXTS.iter().filter_map(|text| toml::from_str::<CueFile>(text).ok()).map(TongueCues::of).collect();
        let checkers = toml::from_str::<CheckerFile>(CHECKERS).map(|file| file.pages).unwrap_or_default();
        let mut checkers_at: HashMap<String, Vec<usize>, RandomState> = HashMap::default();
        for (number, page) in checkers.iter().enumerate() {
            checkers_at.entry(domain_and_folder(page).0.to_owned()).or_default().push(number);
        }
        Arc::new(Cues { tongues, checkers, checkers_at })
    };
    EMBEDDED.get_or_init(read).clone()
}

impl Cues {
    /// The cues of one language, if there are any.
    pub fn of(&self, tongue: Tongue) -> Option<&TongueCues> {
        self.tongues.iter().find(|cues| cues.tongue == tongue)
    }

    /// The fact-checker whose page this (canonical) address is, as the list names it.
    pub fn checker(&self, canonical: &str) -> Option<&str> {
        let (host, path) = canonical.find(['/', '?']).map_or((canonical, ""), |at| canonical.split_at(at));
        let domains = std::iter::successors(Some(host), |domain| domain.split_once('.').map(|(_, rest)| rest));
        let numbers = domains.filter_map(|domain| self.checkers_at.get(domain)).flatten().copied();
        let pages = numbers.filter_map(|number| Some((number, self.checkers.get(number)?.as_str())));
        let is_page = |page: &str| {
            let folder = domain_and_folder(page).1;
            path.strip_prefix(folder).is_some_and(|rest| folder.is_empty() || !rest.starts_with(char::is_alphanumeric))
        };
        pages.filter(|(_, page)| is_page(page)).min().map(|(_, page)| page)
    }
}

fn domain_and_folder(page: &str) -> (&str, &str) {
    page.find('/').map_or((page, ""), |at| page.split_at(at))
}

impl TongueCues {
    fn of(file: CueFile) -> Self {
        let fold = |text: &str| words(text).plain().map(|word| word.form.to_owned()).collect::<Vec<_>>();
        let mut rows: HashMap<String, Vec<(Vec<String>, Sign)>, RandomState> = HashMap::default();
        let lists = [
            (file.denial, Sign::Denial),
            (file.report, Sign::Report),
            (file.question, Sign::Question),
            (file.harmless, Sign::Harmless),
        ];
        for (texts, sign) in lists {
            for row in texts.iter().map(|text| fold(text)) {
                let Some(first) = row.first() else { continue };
                rows.entry(first.clone()).or_default().push((row, sign));
            }
        }
        for of_a_word in rows.values_mut() {
            of_a_word.sort_by_key(|(row, _)| std::cmp::Reverse(row.len()));
        }
        let ourselves = file.ourselves.iter().flat_map(|text| fold(text)).collect();
        Self { tongue: Tongue::of(&file.lang), rows, ourselves }
    }

    /// The longest row that stands at the beginning of `forms` and is a sign that `counts`: the sign and the number of its words.
    pub fn at<'w>(
        &self,
        forms: &(impl Iterator<Item = &'w str> + Clone),
        counts: impl Fn(Sign) -> bool,
    ) -> Option<(Sign, usize)> {
        let first = forms.clone().next()?;
        let begins = |(row, sign): &&(Vec<String>, Sign)| {
            let mut here = forms.clone();
            counts(*sign) && row.iter().all(|form| here.next() == Some(form))
        };
        self.rows.get(first)?.iter().find(begins).map(|(row, sign)| (*sign, row.len()))
    }

    /// Whether a word is the writer: what "I said" reports is the writer's own.
    pub fn is_ourselves(&self, form: &str) -> bool {
        self.ourselves.iter().any(|own| own == form)
    }

    /// Whether a word says that something is not so.
    pub fn negates(&self, form: &str) -> bool {
        guard(form, self.tongue) == Some(Guard::Negation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_files_can_be_read() {
        for text in TEXTS {
            let file: CueFile = toml::from_str(text).unwrap();
            for cue in file.denial.iter().chain(&file.report).chain(&file.question).chain(&file.harmless) {
                assert!(words(cue).plain().next().is_some(), "{cue:?} has no words");
            }
        }
        assert!(toml::from_str::<CheckerFile>(CHECKERS).is_ok());
        assert_eq!(embedded().tongues.len(), 5);
    }

    #[test]
    fn fact_checkers_are_known_by_domain_and_folder() {
        let cues = embedded();
        for address in ["snopes.com/fact-check/x", "de.snopes.com", "factuel.afp.com/a?b=c", "apnews.com/article/fact-check-x-1"]
        {
            assert!(cues.checker(address).is_some(), "{address}");
        }
        for address in
            ["notsnopes.com/fact-check/x", "snopes.com.example.org", "apnews.com/article/moon", "example.org/snopes.com"]
        {
            assert_eq!(cues.checker(address), None, "{address}");
        }
    }

    #[test]
    fn the_pages_are_written_in_canonical_form() {
        for page in &embedded().checkers {
            assert_eq!(crate::text::address::canonical(page).as_deref(), Some(page.as_str()));
        }
    }
}
