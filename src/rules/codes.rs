//! The numbers of all mistakes, in one table: stable, so that they can be searched for and denied.

/// The bytes are not text that can be read (not UTF-8), or the file cannot be opened.
pub const UNREADABLE: &str = "E001";
/// The line is not TOML, for a reason that has no number of its own.
pub const NOT_TOML: &str = "E002";
/// Curly or other typographic quotes where only straight ones work.
pub const CURLY_QUOTES: &str = "E003";
/// No comma between two items of a list.
pub const MISSING_COMMA: &str = "E004";
/// A text without quotes, or nothing at all, after `=`.
pub const NO_QUOTES: &str = "E005";
/// A text whose closing quote is missing, or that holds quotes of its own.
pub const OPEN_QUOTE: &str = "E006";
/// A bracket that is never closed.
pub const OPEN_BRACKET: &str = "E007";
/// A line without `=`.
pub const NO_EQUALS: &str = "E008";
/// A key or a table written twice.
pub const KEY_TWICE: &str = "E009";
/// The file does not say its `format`.
pub const NO_FORMAT: &str = "E010";
/// The file is written for a newer claimwatch.
pub const NEWER_FORMAT: &str = "E011";
/// A key that nobody knows.
pub const UNKNOWN_KEY: &str = "E012";
/// A value of the wrong kind (a number where text is wanted).
pub const WRONG_KIND: &str = "E013";
/// A key that must be there is not.
pub const MISSING_KEY: &str = "E014";
/// A word that is not one of those allowed (`status`, `verdict`, …).
pub const NOT_A_CHOICE: &str = "E015";
/// A text without words.
pub const EMPTY: &str = "E016";
/// A date that does not exist or is written in another order.
pub const BAD_DATE: &str = "E017";
/// A number, duration or size that cannot be used.
pub const BAD_NUMBER: &str = "E018";
/// An address (web or mail) that cannot be used.
pub const BAD_ADDRESS: &str = "E019";
/// An id or a name that is not written as ids are.
pub const BAD_ID: &str = "E020";
/// An id or a name used twice.
pub const USED_TWICE: &str = "E021";
/// `@name` of a list that does not exist.
pub const UNKNOWN_LIST: &str = "E022";
/// A list that names a list, or a word with `*` in the wrong place.
pub const BAD_TERM: &str = "E023";
/// A rule that nothing could ever match.
pub const NOTHING_TO_MATCH: &str = "E024";
/// Rules that replace each other in a circle.
pub const CIRCLE: &str = "E025";
/// A file too large to be one that people keep.
pub const TOO_LARGE: &str = "E026";
/// Two keys that cannot stand together.
pub const CONFLICT: &str = "E027";
/// A desk that the configuration does not have.
pub const UNKNOWN_DESK: &str = "E030";
/// A time zone nobody knows.
pub const UNKNOWN_ZONE: &str = "E031";
/// A secret that others can read.
pub const OPEN_SECRET: &str = "E032";
/// A secret that cannot be read.
pub const NO_SECRET: &str = "E033";
/// Letters would travel unencrypted.
pub const NO_TLS: &str = "E034";
/// A rule whose alerts reach nobody.
pub const NO_READER: &str = "L119";
/// A configuration that watches nothing.
pub const NO_SOURCE: &str = "L120";
