//! Rule files: read with source positions, checked all at once, compiled into one immutable set.

pub mod bulk;
pub mod codes;
pub mod compile;
pub mod cues;
pub mod diagnostic;
pub mod export;
pub mod import;
pub mod index;
pub mod layout;
pub mod life;
pub mod lint;
pub mod reading;
pub mod render;
pub mod revision;
pub mod schema;
pub mod syntax;

use jiff::civil::Date;

use crate::model::claim::{Claim, ClaimId};
use crate::model::post::Lang;
use crate::model::sighting::{Stance, Strength, When, WordingKind};

/// A rule file's name (as people know it) and its text.
#[derive(Debug, Clone)]
pub struct RuleText {
    /// Path, relative to where the operator stands.
    pub name: String,
    /// Its bytes: not trusted to be UTF-8.
    pub bytes: Vec<u8>,
}

/// One `[[claim]]`, checked: every key understood, every shared list expanded.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What is claimed and what was found.
    pub claim: Claim,
    /// Phrases and variants.
    pub wordings: Vec<Wording>,
    /// Every inner list must have a hit.
    pub all_of: Vec<Vec<Term>>,
    /// At least one must be there, unless the list is empty.
    pub any_of: Vec<Term>,
    /// None may be there.
    pub none_of: Vec<Term>,
    /// Addresses where the claim appeared, as written.
    pub urls: Vec<String>,
    /// Strength from which a post alerts.
    pub threshold: Strength,
    /// What the editors expect of it.
    pub tests: Vec<RuleTest>,
    /// What to do with posts that do not assert the claim.
    pub when: Vec<(Stance, When)>,
    /// Who looks after it, and from when to when it holds.
    pub upkeep: Upkeep,
    /// Where it stands.
    pub place: Place,
}

/// The newsroom's care for a rule: nothing in here decides about a post.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Upkeep {
    /// Who answers for it.
    pub owner: Option<String>,
    /// When somebody should look at it again.
    pub review_by: Option<Date>,
    /// First day on which it is matched.
    pub active_from: Option<Date>,
    /// Last day on which it is matched.
    pub expires: Option<Date>,
    /// Ids of the rules it takes the place of.
    pub replaces: Vec<ClaimId>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its id stands.
    pub id_place: Place,
    /// Where each name in `desks` stands, in the same order.
    pub desk_places: Vec<Place>,
}

/// How much of a wording a post must hold before the desk is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// For wordings made of common words.
    Strict,
    /// The usual.
    #[default]
    Normal,
    /// For rare words, where a miss is worse than a wrong alert.
    Loose,
}

impl Strictness {
    /// All of them with their names.
    pub const NAMES: [(&'static str, Self); 3] = [("strict", Self::Strict), ("normal", Self::Normal), ("loose", Self::Loose)];

    /// The strength from which a post alerts.
    pub fn threshold(self) -> Strength {
        Strength::new(match self {
            Self::Strict => 0.85,
            Self::Normal => 0.75,
            Self::Loose => 0.60,
        })
    }

    /// Its name, if `threshold` is the strength of one.
    pub fn name_of(threshold: Strength) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|(_, strictness)| strictness.threshold() == threshold).map(|(name, _)| name)
    }
}

/// A phrase or a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Wording {
    /// Which of the two.
    pub kind: WordingKind,
    /// Its words, as written.
    pub text: String,
    /// Language it is written in, if given.
    pub lang: Option<Lang>,
    /// Where it stands.
    pub place: Place,
}

/// A word or words that a gate asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As written, without the star.
    pub text: String,
    /// Written with a final `*`: longer words count too.
    pub prefix: bool,
    /// The shared list it came from, without the `@`.
    pub list: Option<String>,
}

/// One line of `[claim.tests]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTest {
    /// The post.
    pub text: String,
    /// `must_match` or `must_not_match`.
    pub matches: bool,
    /// Language, if given.
    pub lang: Option<Lang>,
    /// Address of the post, if given.
    pub url: Option<String>,
    /// Stance expected, if given.
    pub expect: Option<Stance>,
    /// Why the test is there.
    pub why: Option<String>,
    /// Known to fail today.
    pub pending: bool,
    /// Where it stands.
    pub place: Place,
}

/// A place in a rule file; line and column count from 1, the column in characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// Bytes of the file.
    pub bytes: std::ops::Range<usize>,
}
