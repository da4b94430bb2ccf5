//! A record as a line of an archive of bulk claims.

use sha2::{Digest, Sha256};

use super::Record;
use crate::rules::bulk::{BulkClaim, OtherCheck};
use crate::text::address::canonical;

/// Longest address that goes into an id.
const LONGEST_ADDRESS: usize = 900;

/// Gives the claim; its id is its own where it has one, else made of the fact-check's address and the claim's digest, so that the same
/// record has the same id wherever and whenever it is imported.
pub fn claim(record: Record) -> BulkClaim {
    let Record { id, claim, summary, urls, check, also, .. } = record;
    let OtherCheck { url, publisher, title, rating, date, lang } = check;
    let id = id.unwrap_or_else(|| made_id(url.as_deref(), publisher.as_deref(), &claim));
    let title = title.filter(|title| *title != claim);
    BulkClaim { id, claim, title, summary, url, publisher, rating, date, lang, urls, also }
}

/// `facts.example/moon#1f2e3d4c`
pub fn made_id(url: Option<&str>, publisher: Option<&str>, claim: &str) -> String {
    let place = url.and_then(canonical).filter(|form| form.len() <= LONGEST_ADDRESS);
    let place = place.unwrap_or_else(|| publisher.unwrap_or("unknown").chars().take(100).collect());
    format!("{place}#{}", digest(claim))
}

/// Eight hex digits that stand for a text.
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The line, with its end.
pub fn line(claim: &BulkClaim) -> String {
    // It has texts only, which are always JSON.
    serde_json::to_string(claim).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_same_however_the_address_is_written() {
        let id = |url: &str| made_id(Some(url), None, "The moon is cheese");
        assert_eq!(id("https://www.facts.example/moon/?utm_source=x"), id("http://facts.example/moon"));
        assert!(id("https://facts.example/moon").starts_with("facts.example/moon#"));
        assert_ne!(id("https://facts.example/moon"), made_id(Some("https://facts.example/moon"), None, "The sun is cheese"));
    }

    #[test]
    fn a_line_holds_only_what_is_known() {
        let check = OtherCheck { rating: Some("Nope \"never\"".to_owned()), ..OtherCheck::default() };
        let record = Record { id: Some("a".to_owned()), claim: "c".to_owned(), check, ..Record::default() };
        assert_eq!(line(&claim(record)), "{\"id\":\"a\",\"claim\":\"c\",\"rating\":\"Nope \\\"never\\\"\"}\n");
    }
}
