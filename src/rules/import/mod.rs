//! Claims that others have checked, as they hand them out: ClaimReview, pages, feeds, answers, tables; text in, records out.
//!
//! `reading` takes a file apart and gives [`Record`]s; `gather` tells what is new, what is there and what belongs together;
//! `draft` and `line` write it down. Nothing is lost without a word: what is left out has a [`Skip`], what is odd a [`Remark`].

pub mod clean;
pub mod cut;
pub mod date;
pub mod draft;
pub mod encoding;
pub mod filter;
pub mod gather;
pub mod json;
pub mod line;
pub mod microdata;
pub mod page;
pub mod reading;
pub mod review;
pub mod table;
pub mod tally;
pub mod verdict;

use jiff::civil::Date;

use super::bulk::OtherCheck;

/// A claim with a fact-check of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The id it has where it comes from, if that is a file of our own.
    pub id: Option<String>,
    /// What is claimed, without markup.
    pub claim: String,
    /// Who said it.
    pub claimant: Option<String>,
    /// When it was said.
    pub said_on: Option<Date>,
    /// What the fact-check says in short.
    pub summary: Option<String>,
    /// Addresses where the claim appeared, whole and tidy.
    pub urls: Vec<String>,
    /// The fact-check; the rating is the publisher's own words.
    pub check: OtherCheck,
    /// Further fact-checks, where the record already has some.
    pub also: Vec<OtherCheck>,
    /// What a person should know.
    pub remarks: Vec<Remark>,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// Not JSON, and not to be mended.
    NotJson,
    /// A template that was never filled in.
    Template,
    /// `null` where an object should be, or an object whose list is empty.
    Nothing,
    /// An object without any claim that was checked.
    NoReview,
    /// `claimReviewed` is missing or has no word.
    NoClaim,
    /// A picture or film that was checked, without a claim.
    OnlyMedia,
    /// Larger than is read.
    TooLarge,
    /// The file ends in the middle.
    CutShort,
    /// A row of a table with fewer columns than its head, and nothing where the claim should be.
    BadRow,
    /// Another language than those asked for.
    OtherLanguage,
    /// Older than asked for.
    TooOld,
    /// Undated, while newer ones were asked for.
    Undated,
    /// Another publisher than those asked for.
    OtherPublisher,
    /// The same fact-check of the same claim twice in what was read.
    Twice,
    /// More fact-checks of one claim than are kept.
    TooManyChecks,
    /// More claims than go into one file.
    TooMany,
}

impl Skip {
    /// Says it to people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotJson => "not JSON, even after mending",
            Self::Template => "a template that the publisher never filled in",
            Self::Nothing => "nothing there (null or empty)",
            Self::NoReview => "no claim that was checked (no ClaimReview)",
            Self::NoClaim => "claimReviewed is missing or empty",
            Self::OnlyMedia => "a checked picture or film without a claim (MediaReview)",
            Self::TooLarge => "larger than 8 MiB",
            Self::CutShort => "the file ends in the middle",
            Self::BadRow => "a row with too few columns",
            Self::OtherLanguage => "another language",
            Self::TooOld => "older than --since",
            Self::Undated => "no date, and --since asks for one",
            Self::OtherPublisher => "another publisher",
            Self::Twice => "twice in these files",
            Self::TooManyChecks => "more fact-checks of one claim than are kept",
            Self::TooMany => "more claims than go into one file",
        }
    }

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Template => "template",
            Self::Nothing => "nothing",
            Self::NoReview => "no_review",
            Self::NoClaim => "no_claim",
            Self::OnlyMedia => "only_media",
            Self::TooLarge => "too_large",
            Self::CutShort => "cut_short",
            Self::BadRow => "bad_row",
            Self::OtherLanguage => "other_language",
            Self::TooOld => "too_old",
            Self::Undated => "undated",
            Self::OtherPublisher => "other_publisher",
            Self::Twice => "twice",
            Self::TooManyChecks => "too_many_checks",
            Self::TooMany => "too_many",
        }
    }

    /// Whether it was asked for: what a filter leaves out is no fault of the file.
    pub fn is_wanted(self) -> bool {
        matches!(self, Self::OtherLanguage | Self::TooOld | Self::Undated | Self::OtherPublisher | Self::Twice)
    }
}

/// What is odd about something that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// The JSON had to be mended.
    Mended,
    /// The bytes were no UTF-8 and were read as Windows-1252.
    NotUtf8,
    /// Too few words to match safely.
    Vague,
    /// The fact-check has no address, or one that cannot be read.
    NoAddress,
    /// The publisher gives no rating.
    NoRating,
    /// The publisher gives only numbers, which say nothing without its scale.
    OnlyNumbers,
    /// No publisher is named, and the address does not tell.
    NoPublisher,
    /// The date cannot be read, or could be two days.
    OddDate,
    /// An address where the claim appeared cannot be read.
    OddAppearance,
    /// An address of appearance that is only a site's front page or the fact-checker's own: nothing was ever posted there.
    UselessAppearance,
}

impl Remark {
    /// Says it to people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Mended => "the JSON was faulty and was mended",
            Self::NotUtf8 => "not UTF-8; read as Windows-1252",
            Self::Vague => "the claim has too few words to match safely: write it out",
            Self::NoAddress => "the fact-check has no usable address",
            Self::NoRating => "no rating: the publisher gives none",
            Self::OnlyNumbers => "no rating in words: numbers are left out, they say nothing without the publisher's scale",
            Self::NoPublisher => "no publisher is named",
            Self::OddDate => "the date cannot be read, or could be two days",
            Self::OddAppearance => "an address where the claim appeared cannot be read",
            Self::UselessAppearance => {
                "an address of appearance that is a site's front page or the fact-check's own site was left out"
            }
        }
    }

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mended => "mended",
            Self::NotUtf8 => "not_utf8",
            Self::Vague => "vague",
            Self::NoAddress => "no_address",
            Self::NoRating => "no_rating",
            Self::OnlyNumbers => "only_numbers",
            Self::NoPublisher => "no_publisher",
            Self::OddDate => "odd_date",
            Self::OddAppearance => "odd_appearance",
            Self::UselessAppearance => "useless_appearance",
        }
    }
}
