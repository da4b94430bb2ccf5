//! From JSON to records: ClaimReview wherever it stands, answers of Google's Fact Check Tools, lines of our own.

mod object;

use serde_json::{Map, Value};
use url::Url;

use super::clean::{is_vague, plain, telling};
use super::json::is_template;
use super::{Record, Remark, Skip, date};
use crate::model::claim::CheckDate;
use crate::rules::bulk::{BulkClaim, OtherCheck};
use crate::text::address;
use object::{Node, is_a, text_of, texts_of};

pub use object::References;

/// What a record of a document was, or why there is none.
pub type Outcome = Result<Record, Skip>;

/// Most addresses of appearance that are kept of a claim.
const MOST_APPEARANCES: usize = 50;

/// Finds all claims in a document. `base` is its own address, where it is a page.
///
/// Empty where nothing looks like a claim that was checked.
pub fn claims(document: &Value, base: Option<&Url>) -> Vec<Outcome> {
    claims_among(document, &References::of(document), base)
}

/// The same for a part of a document, where `references` are those of all of it.
pub fn claims_among<'v>(part: &'v Value, references: &References<'v>, base: Option<&Url>) -> Vec<Outcome> {
    let mut found = Vec::new();
    Walk { references, base, found: &mut found }.value(part, &[]);
    found
}

struct Walk<'w, 'v> {
    references: &'w References<'v>,
    base: Option<&'w Url>,
    found: &'w mut Vec<Outcome>,
}

impl<'v> Walk<'_, 'v> {
    /// `media` are addresses of a checked picture or film around here.
    fn value(&mut self, value: &'v Value, media: &[String]) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(item, media)),
            Value::Object(object) => self.object(object, media),
            // Some servers put the markup of a page into a text of their own JSON.
            Value::String(text) if text.trim_start().starts_with(['{', '[']) && text.contains("ClaimReview") => {
                if let Ok((inner, _)) = super::json::parse(text) {
                    self.found.extend(claims(&inner, self.base));
                }
            }
            _ => {}
        }
    }

    /// The values of an object about something else; whole pages are kept as texts, with their address beside them.
    fn values(&mut self, object: &'v Map<String, Value>, media: &[String]) {
        for value in object.values() {
            let page = value
                .as_str()
                .filter(|text| text.trim_start().starts_with('<') && (text.contains("ld+json") || text.contains("itemscope")));
            match page.filter(|text| text.contains("ClaimReview")) {
                Some(html) => {
                    let address = object.get("url").and_then(Value::as_str).and_then(|url| address::read(url, None));
                    let found = super::page::read(html, address.as_ref().or(self.base));
                    self.found.extend(found.claims.into_iter().map(|(_, outcome)| outcome));
                }
                None => self.value(value, media),
            }
        }
    }

    fn object(&mut self, object: &'v Map<String, Value>, media: &[String]) {
        let node = Node { object, references: self.references };
        let untyped = !object.contains_key("@type") && object.contains_key("claimReviewed");
        let is_review =
            untyped && ["reviewRating", "itemReviewed"].iter().any(|key| object.get(*key).is_some_and(Value::is_object));
        if is_review || is_a(object, "ClaimReview") {
            self.found.extend(review(node, self.base, media));
            return;
        }
        if let (Some(Value::Array(reviews)), Some(_)) = (object.get("claimReview"), object.get("text")) {
            return self.google(node, reviews);
        }
        let is_own =
            !object.contains_key("@type") && ["claim", "id"].iter().all(|key| object.get(*key).is_some_and(Value::is_string));
        if is_own && let Ok(record) = own(object) {
            self.found.push(Ok(record));
            return;
        }
        if let Some(outcome) = super::table::flat(object) {
            self.found.push(outcome);
            return;
        }
        if is_a(object, "MediaReview") {
            let before = self.found.len();
            let item = node.get("itemReviewed");
            let seen: Vec<String> = item
                .iter()
                .flat_map(|item| {
                    object::places(item.object.get("mediaItemAppearance"), &["contentUrl", "url", "sameAs", "archivedAt"])
                })
                .collect();
            self.values(object, &seen);
            if self.found.len() == before {
                self.found.push(Err(Skip::OnlyMedia));
            }
            return;
        }
        self.values(object, media);
    }

    fn google(&mut self, claim: Node<'_, '_>, reviews: &[Value]) {
        let Some(said) = claim.text("text").and_then(|text| telling(&text)) else {
            self.found.push(Err(Skip::NoClaim));
            return;
        };
        for review in reviews {
            let Value::Object(review) = review else {
                self.found.push(Err(Skip::Nothing));
                continue;
            };
            let review = Node { object: review, references: self.references };
            let publisher = review.get("publisher");
            let named = |key| publisher.as_ref().and_then(|publisher| publisher.text(key)).and_then(|text| telling(&text));
            let mut record = Record { claim: said.clone(), claimant: claim.plain("claimant"), ..Record::default() };
            record.said_on = claim.text("claimDate").and_then(|text| date::read(&text)).and_then(day);
            let rating = review.plain("textualRating");
            record.check = OtherCheck {
                url: None,
                publisher: named("name").or_else(|| named("site")),
                title: review.plain("title"),
                rating,
                date: None,
                lang: review.text("languageCode").and_then(|tag| language(&tag)),
            };
            dated(&mut record, review.text("reviewDate"));
            addressed(&mut record, review.text("url"), self.base);
            if record.check.rating.is_none() {
                record.remarks.push(Remark::NoRating);
            }
            finish(&mut record);
            self.found.push(Ok(record));
        }
        if reviews.is_empty() {
            self.found.push(Err(Skip::NoReview));
        }
    }
}

/// One ClaimReview; several records where it names several claims.
fn review(node: Node<'_, '_>, base: Option<&Url>, media: &[String]) -> Vec<Outcome> {
    let written = node.texts("claimReviewed");
    if written.iter().any(|text| is_template(text)) {
        return vec![Err(Skip::Template)];
    }
    let claims: Vec<String> = written.iter().filter_map(|text| telling(text)).collect();
    if claims.is_empty() {
        return vec![Err(Skip::NoClaim)];
    }
    let items = node.all("itemReviewed");
    let checkers: Vec<Node<'_, '_>> =
        node.all("author").into_iter().chain(node.all("publisher")).chain(node.all("sdPublisher")).collect();
    let mut record = Record::default();
    let person = items.iter().flat_map(|item| item.all("author").into_iter().chain(item.all("creator")));
    record.claimant = person
        .filter_map(|person| person.plain("name"))
        .next()
        .or_else(|| items.iter().find_map(|item| item.texts("author").iter().find_map(|text| telling(text))));
    record.said_on = items.iter().find_map(|item| item.text("datePublished")).and_then(|text| date::read(&text)).and_then(day);
    record.summary = node.plain("reviewBody").or_else(|| node.plain("description")).map(|text| first_words(&text));
    record.check.title = node.plain("headline").or_else(|| node.plain("name"));
    record.check.lang = node.text("inLanguage").and_then(|tag| language(&tag));
    // A journalist signs, but the house has checked.
    let is_person = |checker: &Node<'_, '_>| is_a(checker.object, "Person");
    let houses =
        checkers.iter().filter(|checker| !is_person(checker)).chain(checkers.iter().filter(|checker| is_person(checker)));
    record.check.publisher = houses
        .clone()
        .find_map(|checker| checker.plain("name"))
        .or_else(|| ["author", "publisher"].iter().find_map(|key| node.texts(key).iter().find_map(|text| telling(text))));
    rated(&mut record, &node);
    dated(&mut record, node.text("datePublished").or_else(|| node.text("dateCreated")));
    let home = houses
        .filter_map(|checker| checker.text("url").or_else(|| checker.text("sameAs")))
        .find_map(|url| address::read(&url, None));
    let address =
        node.text("url").or_else(|| node.text("mainEntityOfPage")).or_else(|| node.get("mainEntityOfPage")?.text("@id"));
    addressed(&mut record, address.or_else(|| base.map(Url::to_string)), base.or(home.as_ref()));
    let mut seen: Vec<String> = media.to_vec();
    for item in &items {
        for key in ["appearance", "firstAppearance"] {
            seen.extend(object::places(item.object.get(key), &["url", "contentUrl", "@id", "sameAs"]));
        }
        // A person's or a page's `sameAs` is its profile; only of a claim it is where the claim stands.
        for key in if is_a(item.object, "Claim") { &["url", "sameAs"][..] } else { &["url"][..] } {
            seen.extend(object::places(item.object.get(*key), &["url"]));
        }
        if is_a(item.object, "MediaObject") || is_a(item.object, "ImageObject") || is_a(item.object, "VideoObject") {
            seen.extend(object::places(item.object.get("contentUrl"), &["url"]));
        }
    }
    appeared(&mut record, &seen, base.or(home.as_ref()));
    claims
        .into_iter()
        .map(|claim| {
            let mut record = Record { claim, ..record.clone() };
            finish(&mut record);
            Ok(record)
        })
        .collect()
}

/// The verdict in words, and nothing else: scales differ from publisher to publisher, and some are upside down.
fn rated(record: &mut Record, node: &Node<'_, '_>) {
    let ratings = node.all("reviewRating");
    let words = ratings.iter().find_map(|rating| rating.plain("alternateName").or_else(|| rating.plain("name")));
    let words = words.or_else(|| node.texts("reviewRating").iter().find_map(|text| telling(text)));
    let words =
        words.or_else(|| ratings.iter().find_map(|rating| rating.plain("ratingExplanation").filter(|text| text.len() <= 80)));
    record.check.rating = words.filter(|words| !is_template(words));
    if record.check.rating.is_none() {
        let number = ratings.iter().any(|rating| rating.text("ratingValue").is_some_and(|value| !value.trim().is_empty()));
        record.remarks.push(if number { Remark::OnlyNumbers } else { Remark::NoRating });
    }
}

fn dated(record: &mut Record, written: Option<String>) {
    let Some(written) = written.filter(|written| !written.trim().is_empty()) else { return };
    match date::read(&written) {
        Some(date) => record.check.date = Some(date::written(date)),
        None => record.remarks.push(Remark::OddDate),
    }
}

/// Sets the address of the fact-check, and its publisher where only the address tells.
pub(super) fn addressed(record: &mut Record, written: Option<String>, base: Option<&Url>) {
    let url = written.and_then(|written| address::read(&plain(&written), base)).map(address::without_tracking);
    match url {
        Some(url) => {
            if record.check.publisher.is_none() {
                record.check.publisher = address::site_of(url.as_str());
            }
            record.check.url = Some(url.to_string());
        }
        None => record.remarks.push(Remark::NoAddress),
    }
}

/// Keeps the addresses at which something was posted.
pub(super) fn appeared(record: &mut Record, written: &[String], base: Option<&Url>) {
    let own_site = record.check.url.as_deref().and_then(address::site_of);
    let mut forms: Vec<String> = Vec::new();
    for text in written.iter().flat_map(|text| object::several(text)) {
        let Some(url) = address::read(&plain(text), base) else {
            record.remarks.push(Remark::OddAppearance);
            continue;
        };
        let url = address::tidy(url).to_string();
        let Some(form) = address::canonical(&url) else { continue };
        if address::is_front_page(&form) || address::site_of(&url) == own_site {
            record.remarks.push(Remark::UselessAppearance);
        } else if !forms.contains(&form) && record.urls.len() < MOST_APPEARANCES {
            forms.push(form);
            record.urls.push(url);
        }
    }
}

/// What all records need at the end.
pub(super) fn finish(record: &mut Record) {
    record.check.publisher = record.check.publisher.take().map(|name| house(&name));
    if record.check.publisher.is_none() {
        record.remarks.push(Remark::NoPublisher);
    }
    if is_vague(&record.claim) {
        record.remarks.push(Remark::Vague);
    }
    record.remarks.sort_unstable();
    record.remarks.dedup();
}

/// A line of our own format.
fn own(object: &Map<String, Value>) -> Outcome {
    let line: BulkClaim = serde_json::from_value(Value::Object(object.clone())).map_err(|_| Skip::NoClaim)?;
    let BulkClaim { id, claim, title, summary, url, publisher, rating, date, lang, urls, also } = line;
    let title = title.as_deref().and_then(telling);
    let claim = telling(&claim).or_else(|| title.clone()).ok_or(Skip::NoClaim)?;
    let mut record = Record { id: Some(id), claim, summary, also, ..Record::default() };
    record.check = OtherCheck {
        title,
        publisher: publisher.as_deref().and_then(telling),
        rating: rating.as_deref().and_then(telling),
        lang: lang.as_deref().and_then(language),
        ..OtherCheck::default()
    };
    dated(&mut record, date);
    addressed(&mut record, url, None);
    appeared(&mut record, &urls, None);
    finish(&mut record);
    Ok(record)
}

/// The primary subtag, lower case.
pub fn language(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let is_code = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_code && !matches!(primary.as_str(), "und" | "mul" | "zxx")).then_some(primary)
}

pub(super) fn day(date: CheckDate) -> Option<jiff::civil::Date> {
    match date {
        CheckDate::Day(day) => Some(day),
        CheckDate::Year(_) => None,
    }
}

/// The beginning of a long text, up to the end of a word.
pub(super) fn first_words(text: &str) -> String {
    const LONGEST: usize = 500;
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let head = &text[..text.floor_char_boundary(LONGEST)];
    let end = head.rfind(' ').unwrap_or(head.len());
    format!("{}…", &head[..end])
}

/// A publisher named by its address is named by its site.
pub(super) fn house(name: &str) -> String {
    let is_address = name.contains("://") || name.starts_with("www.");
    is_address.then(|| address::site_of(name)).flatten().unwrap_or_else(|| name.to_owned())
}

/// All texts of a value, for `page`.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    texts_of(value)
}

/// The first text of a value, for `page`.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    text_of(value)
}

#[cfg(test)]
mod tests;
