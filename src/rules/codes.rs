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
/// A source that the configuration does not have.
pub const UNKNOWN_SOURCE: &str = "E040";
/// A secret that others can read.
pub const OPEN_SECRET: &str = "E032";
/// A secret that cannot be read.
pub const NO_SECRET: &str = "E033";
/// Letters would travel unencrypted.
pub const NO_TLS: &str = "E034";
/// A line of an archive that is no claim.
pub const BAD_LINE: &str = "E042";
/// A feed of alerts that anybody could read.
pub const OPEN_FEED: &str = "E035";
/// A desk's feed that no `[web]` serves.
pub const UNSERVED_FEED: &str = "L132";
/// A rule whose alerts reach nobody.
pub const NO_READER: &str = "L119";
/// A configuration that watches nothing.
pub const NO_SOURCE: &str = "L120";
/// A desk that no rule writes to.
pub const IDLE_DESK: &str = "L130";
/// A digest time in a desk's quiet hours.
pub const QUIET_DIGEST: &str = "L131";

/// An address where a claim appeared that is a whole site's or a whole account's.
pub const FRONT_PAGE: &str = "L122";
/// A wording that nobody repeats in full.
pub const TOO_LONG: &str = "L123";

/// Every judgement of `lint` with what it is about, in a few words.
pub const LINTS: [(&str, &str); 25] = [
    (TOO_SHORT, "a wording too short to match safely"),
    (TOO_COMMON, "a phrase too common in what the desk reads"),
    (NO_TESTS, "an active rule without tests of both kinds"),
    (RULES_OVERLAP, "two rules that fire on each other's tests"),
    (SAID_TWICE, "a wording that repeats another"),
    (DEAD_WORDING, "a wording that cannot pass the rule's own gates"),
    (SHUT_BY_OWN_WORDS, "a none_of word that stands in the rule's own wording"),
    (OTHER_LANGUAGE, "a wording in another language than it says"),
    (OUT_OF_DATE, "a review_by or expires that is past"),
    (PLACEHOLDER, "an address or a text that only holds a place"),
    (NO_LINK, "no link to a fact-check"),
    (DEAD_LINK, "a fact-check that is not there any more"),
    (NO_SUCH_OWNER, "an owner nobody can write to"),
    (MIXED_SCRIPTS, "look-alike letters of another script in a word"),
    (OWN_THRESHOLD, "a threshold written as a number"),
    (CLAIMANT_FREE, "a claimant whom every wording names and no gate asks for"),
    (NO_RATING, "a fact-check without rating and verdict"),
    (TESTS_COPY, "tests that only repeat the wordings"),
    (NO_READER, "alerts that reach no desk"),
    (NO_SOURCE, "a configuration that watches nothing"),
    (IDLE_DESK, "a desk that no rule writes to"),
    (QUIET_DIGEST, "a digest time in a desk's quiet hours"),
    (FRONT_PAGE, "an address of a whole site or account in `urls`"),
    (TOO_LONG, "a wording of a whole paragraph"),
    (POLICY, "a rule without what the desk's policy asks for"),
];
/// A wording too short to match safely.
pub const TOO_SHORT: &str = "L101";
/// A phrase too common in what the desk reads.
pub const TOO_COMMON: &str = "L102";
/// An active rule without tests of both kinds.
pub const NO_TESTS: &str = "L103";
/// Two rules that fire on each other's tests.
pub const RULES_OVERLAP: &str = "L104";
/// A wording that repeats another.
pub const SAID_TWICE: &str = "L105";
/// A wording that cannot pass the gates of its own rule.
pub const DEAD_WORDING: &str = "L106";
/// A `none_of` word that stands in a wording of the same rule.
pub const SHUT_BY_OWN_WORDS: &str = "L107";
/// A wording in another language than it says.
pub const OTHER_LANGUAGE: &str = "L108";
/// A `review_by` or `expires` that is past.
pub const OUT_OF_DATE: &str = "L109";
/// An address or a text that only holds a place.
pub const PLACEHOLDER: &str = "L110";
/// No link to a fact-check.
pub const NO_LINK: &str = "L111";
/// A fact-check that is not there any more.
pub const DEAD_LINK: &str = "L112";
/// An owner nobody can write to.
pub const NO_SUCH_OWNER: &str = "L113";
/// Look-alike letters of another script in one word.
pub const MIXED_SCRIPTS: &str = "L114";
/// A threshold written as a number.
pub const OWN_THRESHOLD: &str = "L115";
/// A claimant whom every wording names and no gate asks for.
pub const CLAIMANT_FREE: &str = "L116";
/// A fact-check without rating and verdict.
pub const NO_RATING: &str = "L117";
/// Tests that only repeat the wordings.
pub const TESTS_COPY: &str = "L118";
/// A rule without what the desk's policy asks for.
pub const POLICY: &str = "L121";
