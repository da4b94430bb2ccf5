//! Every word that the rules use, and which of them a word of a post may stand for.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use crate::text::frequency::{Tongue, is_everyday, weight};
use crate::text::guard::{Guard, guard};
use crate::text::stem::Endings;

/// Number of a term.
pub type TermId = u32;

/// Number of a root: terms of one language that differ only in their endings share one, a guarded word and a term of a gate have their
/// own. The root of a heavier word has the lower number; those of gates come last.
pub type RootId = u32;

/// Number of a language the rules use.
pub type LangId = u8;

type Map<K, V> = HashMap<K, V, RandomState>;

/// What a term is used for. The same word in wordings of two languages, or in a gate, is as many terms:
/// so no rule changes what another rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Stands in wordings of this language: other endings and typing mistakes count.
    Wording(LangId),
    /// Stands in a gate: only the word itself counts.
    Gate,
    /// Stands in a gate with a star: longer words count too.
    Beginning,
}

/// A word as rules use it.
#[derive(Debug, Clone)]
pub struct Term {
    /// Folded form.
    pub form: Box<str>,
    /// What it is used for.
    pub scope: Scope,
    /// What it tells, in hundredths of a nat.
    pub weight: u32,
    /// Whether it turns a claim around.
    pub guard: Option<Guard>,
}

/// How a word of a post stands for a term, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// The word itself.
    Same,
    /// Another ending.
    Ending,
    /// One letter wrong.
    OneTypo,
    /// Two letters wrong.
    TwoTypos,
}

impl Likeness {
    /// How much of the term's weight it carries, in hundredths.
    pub fn percent(self) -> u32 {
        match self {
            Self::Same => 100,
            Self::Ending => 96,
            Self::OneTypo => 92,
            Self::TwoTypos => 84,
        }
    }
}

/// Languages and terms by number, and the ways to find them.
#[derive(Debug, Default)]
pub struct Vocabulary {
    languages: Vec<Language>,
    terms: Vec<Term>,
    /// The root of each term.
    roots: Vec<RootId>,
    /// How many roots there are of words in wordings, and in all.
    root_counts: (usize, usize),
    same: Map<Box<str>, Vec<TermId>>,
    beginnings: Map<Box<str>, TermId>,
    /// Lengths in bytes of the beginnings, each once.
    beginning_lengths: Vec<usize>,
    /// Stemmed form to terms, one map for each language.
    stems: Vec<Map<Box<str>, Vec<TermId>>>,
    /// Terms that may be misspelt, by first letter and number of letters, each with the letters it holds.
    misspellable: Map<(char, usize), Vec<(u32, TermId)>>,
}

#[derive(Debug)]
struct Language {
    tag: String,
    tongue: Tongue,
    endings: Option<Endings>,
}

impl Vocabulary {
    /// How many terms there are.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// A term by its number.
    pub fn get(&self, term: TermId) -> &Term {
        &self.terms[term as usize]
    }

    /// The root of a term.
    pub fn root(&self, term: TermId) -> RootId {
        self.roots[term as usize]
    }

    /// How many roots there are. Those of words in wordings are the first [`wording_roots`](Self::wording_roots).
    pub fn roots(&self) -> usize {
        self.root_counts.1
    }

    /// How many roots there are of words in wordings.
    pub fn wording_roots(&self) -> usize {
        self.root_counts.0
    }

    /// The language of a term of wordings; for a gate, the one we know nothing of.
    pub fn tongue(&self, term: TermId) -> Tongue {
        match self.get(term).scope {
            Scope::Wording(lang) => self.languages[lang as usize].tongue,
            Scope::Gate | Scope::Beginning => Tongue::Other,
        }
    }

    /// Appends every term that the folded word `form` of a post may stand for, each once, at its nearest.
    pub fn resolve(&self, form: &str, found: &mut Vec<(TermId, Likeness)>) {
        let from = found.len();
        self.well_spelt(form, found);
        self.misspelt(form, found);
        // Of several likenesses of one term the nearest stays.
        found[from..].sort_unstable();
        let mut kept = from;
        for i in from..found.len() {
            if kept == from || found[kept - 1].0 != found[i].0 {
                found[kept] = found[i];
                kept += 1;
            }
        }
        found.truncate(kept);
    }

    /// Appends the terms that the word stands for without a mistake, some of them twice.
    pub fn well_spelt(&self, form: &str, found: &mut Vec<(TermId, Likeness)>) {
        if let Some(terms) = self.same.get(form) {
            found.extend(terms.iter().map(|term| (*term, Likeness::Same)));
        }
        for length in self.beginning_lengths.iter().take_while(|length| **length <= form.len()) {
            if let Some(term) = form.get(..*length).and_then(|beginning| self.beginnings.get(beginning)) {
                found.push((*term, Likeness::Same));
            }
        }
        for (language, stems) in self.languages.iter().zip(&self.stems) {
            if let Some(terms) = language.endings.and_then(|endings| stems.get(endings.off(form).as_ref())) {
                found.extend(terms.iter().map(|term| (*term, Likeness::Ending)));
            }
        }
    }

    /// A word that is ordinary is not somebody's mistake for another: "planet" never stands for "plant".
    ///
    /// The first letter must be right: mistakes there are rare, and other words many.
    fn misspelt(&self, form: &str, found: &mut Vec<(TermId, Likeness)>) {
        let Some((first, letters, mask)) = spelling(form) else { return };
        if self.misspellable.is_empty() || is_everyday(form) {
            return;
        }
        for length in letters.saturating_sub(2)..=letters + 2 {
            for (other_mask, term) in self.misspellable.get(&(first, length)).map_or(&[][..], Vec::as_slice) {
                let allowed = mistakes_allowed(length);
                // One mistake changes at most two of the letters that a word holds.
                if length.abs_diff(letters) > allowed || (mask ^ other_mask).count_ones() as usize > 2 * allowed {
                    continue;
                }
                match strsim::osa_distance(form, &self.get(*term).form) {
                    1 => found.push((*term, Likeness::OneTypo)),
                    2 if allowed == 2 => found.push((*term, Likeness::TwoTypos)),
                    _ => {}
                }
            }
        }
    }
}

/// First letter, number of letters and letters held, of a word long enough to be misspelt.
fn spelling(form: &str) -> Option<(char, usize, u32)> {
    let letters = form.chars().count();
    let plain = form.chars().all(|c| c.is_alphabetic() && !crate::text::fold::is_written_without_blanks(c));
    let mask = form.chars().fold(0u32, |mask, c| mask | 1 << (c as u32 % 32));
    (plain && (5..=40).contains(&letters)).then(|| form.chars().next().map(|first| (first, letters, mask))).flatten()
}

fn mistakes_allowed(letters: usize) -> usize {
    match letters {
        0..5 => 0,
        5..8 => 1,
        _ => 2,
    }
}

/// Collects terms and numbers them.
#[derive(Debug, Default)]
pub struct VocabularyBuilder {
    languages: Vec<Language>,
    terms: Vec<Term>,
    numbers: Map<(Box<str>, Scope), TermId>,
}

impl VocabularyBuilder {
    /// The number of a language by its tag; the 256th language and later share the last number.
    pub fn language(&mut self, tag: &str) -> LangId {
        let tag = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        if let Some(known) = self.languages.iter().position(|language| language.tag == tag) {
            return known as LangId;
        }
        if self.languages.len() < usize::from(LangId::MAX) {
            self.languages.push(Language { tongue: Tongue::of(&tag), endings: Endings::of(&tag), tag });
        }
        (self.languages.len() - 1) as LangId
    }

    /// The number of a term.
    pub fn term(&mut self, form: &str, scope: Scope) -> TermId {
        if let Some(number) = self.numbers.get(&(form.into(), scope) as &(Box<str>, Scope)) {
            return *number;
        }
        let tongue = match scope {
            Scope::Wording(lang) => self.languages[lang as usize].tongue,
            Scope::Gate | Scope::Beginning => Tongue::Other,
        };
        let number = self.terms.len() as TermId;
        self.terms.push(Term { form: form.into(), scope, weight: weight(form, tongue), guard: guard(form, tongue) });
        self.numbers.insert((form.into(), scope), number);
        number
    }

    /// A term by its number.
    pub fn get(&self, term: TermId) -> &Term {
        &self.terms[term as usize]
    }

    /// The finished vocabulary.
    pub fn finish(self) -> Vocabulary {
        let mut vocabulary = Vocabulary { stems: vec![Map::default(); self.languages.len()], ..Vocabulary::default() };
        for (number, term) in self.terms.iter().enumerate() {
            let number = number as TermId;
            match term.scope {
                Scope::Beginning => {
                    vocabulary.beginnings.insert(term.form.clone(), number);
                    vocabulary.beginning_lengths.push(term.form.len());
                }
                Scope::Gate => vocabulary.same.entry(term.form.clone()).or_default().push(number),
                Scope::Wording(lang) => {
                    vocabulary.same.entry(term.form.clone()).or_default().push(number);
                    if term.guard.is_some() {
                        continue;
                    }
                    if let Some(endings) = self.languages[lang as usize].endings {
                        let stem = endings.off(&term.form);
                        vocabulary.stems[lang as usize].entry(stem.as_ref().into()).or_default().push(number);
                    }
                    if let Some((first, letters, mask)) = spelling(&term.form) {
                        vocabulary.misspellable.entry((first, letters)).or_default().push((mask, number));
                    }
                }
            }
        }
        vocabulary.beginning_lengths.sort_unstable();
        vocabulary.beginning_lengths.dedup();
        (vocabulary.roots, vocabulary.root_counts) = self.roots();
        vocabulary.languages = self.languages;
        vocabulary.terms = self.terms;
        vocabulary
    }

    /// The root of each term; and how many there are of words in wordings, and in all.
    fn roots(&self) -> (Vec<RootId>, (usize, usize)) {
        let mut families: BTreeMap<Root<'_>, Vec<TermId>> = BTreeMap::new();
        for (number, term) in (0..).zip(&self.terms) {
            let endings = match term.scope {
                Scope::Wording(lang) if term.guard.is_none() => self.languages[lang as usize].endings,
                _ => None,
            };
            let stem = endings.map_or(Cow::Borrowed(&*term.form), |endings| endings.off(&term.form));
            families.entry(Root { scope: term.scope, guarded: term.guard.is_some(), stem }).or_default().push(number);
        }
        let is_of_wordings = |root: &Root<'_>| matches!(root.scope, Scope::Wording(_));
        let of_wordings = families.keys().filter(|root| is_of_wordings(root)).count();
        let weight = |terms: &[TermId]| terms.iter().map(|term| self.get(*term).weight).max();
        let mut families: Vec<_> = families.into_iter().collect();
        // Stable: equals stay in the order of their letters.
        families.sort_by_key(|(root, terms)| (!is_of_wordings(root), Reverse(weight(terms))));
        let mut roots = vec![0; self.terms.len()];
        for (number, (_, terms)) in (0..).zip(&families) {
            terms.iter().for_each(|term| roots[*term as usize] = number);
        }
        (roots, (of_wordings, families.len()))
    }
}

/// What makes terms share a root.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Root<'t> {
    scope: Scope,
    guarded: bool,
    stem: Cow<'t, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(words: &[(&str, Scope)]) -> Vocabulary {
        let mut builder = VocabularyBuilder::default();
        builder.language("en");
        builder.language("fr");
        for (form, scope) in words {
            builder.term(form, *scope);
        }
        builder.finish()
    }

    fn found(vocabulary: &Vocabulary, form: &str) -> Vec<(TermId, Likeness)> {
        let mut found = Vec::new();
        vocabulary.resolve(form, &mut found);
        found
    }

    const ENGLISH: Scope = Scope::Wording(0);

    #[test]
    fn endings_count_in_the_language_of_the_wording() {
        let vocabulary = vocabulary(&[("threat", ENGLISH), ("menace", Scope::Wording(1))]);
        assert_eq!(found(&vocabulary, "threats"), [(0, Likeness::Ending)]);
        assert_eq!(found(&vocabulary, "menaces"), [(1, Likeness::Ending)]);
        assert_eq!(found(&vocabulary, "threat"), [(0, Likeness::Same)]);
    }

    #[test]
    fn endings_of_one_word_share_a_root_and_nothing_else_does() {
        let vocabulary = vocabulary(&[
            ("threats", ENGLISH),
            ("threat", ENGLISH),
            ("threat", Scope::Wording(1)),
            ("threat", Scope::Gate),
            ("threat", Scope::Beginning),
            ("the", ENGLISH),
            ("denuclearization", ENGLISH),
        ]);
        let roots: Vec<RootId> = (0..7).map(|term| vocabulary.root(term)).collect();
        assert_eq!(roots[0], roots[1]);
        assert_eq!(roots.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
        assert_eq!((vocabulary.wording_roots(), vocabulary.roots()), (4, 6));
        assert!(roots[6] < roots[0] && roots[0] < roots[5] && roots[5] < roots[3] && roots[5] < roots[4]);
    }

    #[test]
    fn mistakes_count_by_the_length_of_the_word() {
        let vocabulary = vocabulary(&[("korea", ENGLISH), ("denuclearization", ENGLISH), ("kim", ENGLISH)]);
        assert_eq!(found(&vocabulary, "koera"), [(0, Likeness::OneTypo)]);
        assert_eq!(found(&vocabulary, "denuclerizaton"), [(1, Likeness::TwoTypos)]);
        assert_eq!(found(&vocabulary, "krooa"), []);
        assert_eq!(found(&vocabulary, "kmi"), []);
    }

    #[test]
    fn ordinary_words_guarded_words_and_gates_know_no_mistakes() {
        let vocabulary = vocabulary(&[("planet", ENGLISH), ("north", ENGLISH), ("never", ENGLISH), ("mattress", Scope::Gate)]);
        for word in ["plant", "plane", "norht", "nevre", "matress"] {
            assert_eq!(found(&vocabulary, word), [], "{word}");
        }
    }

    #[test]
    fn a_starred_term_stands_for_longer_words() {
        let vocabulary = vocabulary(&[("nobel", Scope::Beginning), ("nobel", Scope::Gate), ("nobels", ENGLISH)]);
        assert_eq!(found(&vocabulary, "nobelpreis"), [(0, Likeness::Same)]);
        assert_eq!(found(&vocabulary, "nobel").len(), 3);
    }
}
