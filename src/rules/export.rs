//! Rules as ClaimReview (schema.org), one for each fact-check: what other desks and search engines read.

use serde_json::{Map, Value, json};

use super::Rule;
use crate::model::claim::FactCheck;

/// Gives a document of all fact-checks of these rules that have an address, and the fact-checks that have none: ClaimReview asks for one.
pub fn document<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> (Value, usize, Vec<(&'r Rule, &'r FactCheck)>) {
    let mut reviews = Vec::new();
    let mut without = Vec::new();
    for rule in rules {
        for check in &rule.claim.fact_checks {
            match claim_review(rule, check) {
                Some(review) => reviews.push(review),
                None => without.push((rule, check)),
            }
        }
    }
    let count = reviews.len();
    (json!({ "@context": "https://schema.org", "@graph": reviews }), count, without)
}

/// One fact-check of a rule; the rating in the publisher's own words, and no number that we would have to make up.
pub fn claim_review(rule: &Rule, check: &FactCheck) -> Option<Value> {
    let claim = &rule.claim;
    let url = check.url.as_ref()?;
    let mut review = Map::new();
    let mut put = |key: &str, value: Value| drop(review.insert(key.to_owned(), value));
    put("@type", json!("ClaimReview"));
    put("url", json!(url.as_str()));
    put("claimReviewed", json!(claim.claim));
    put("author", json!({ "@type": "Organization", "name": check.publisher }));
    if let Some(title) = &check.title {
        put("name", json!(title));
    }
    if let Some(date) = check.date {
        put("datePublished", json!(date.to_string()));
    }
    if let Some(lang) = &check.lang {
        put("inLanguage", json!(lang.0));
    }
    if let Some(rating) = &check.rating {
        put("reviewRating", json!({ "@type": "Rating", "alternateName": rating }));
    }
    let mut item = Map::from_iter([("@type".to_owned(), json!("Claim"))]);
    if let Some(claimant) = &claim.claimant {
        // Person or organization: a rule does not say, so neither do we.
        item.insert("author".to_owned(), json!({ "@type": "Thing", "name": claimant }));
    }
    if let Some(day) = claim.said_on {
        item.insert("datePublished".to_owned(), json!(day.to_string()));
    }
    if !rule.urls.is_empty() {
        let works: Vec<Value> = rule.urls.iter().map(|url| json!({ "@type": "CreativeWork", "url": url })).collect();
        item.insert("appearance".to_owned(), json!(works));
    }
    put("itemReviewed", Value::Object(item));
    Some(Value::Object(review))
}
