//! Fact-checks as web pages: every ClaimReview in them, or what the page says about itself where there is none.

use serde_json::Value;
use url::Url;

use super::clean::{is_vague, telling};
use super::review::{self, Outcome, References, addressed, finish, first_words, language};
use super::{Record, Remark, Skip, date, json, microdata};
use crate::rules::bulk::OtherCheck;
use crate::text::page::{self, Page};

/// Types of an article in JSON-LD.
const ARTICLES: [&str; 8] = [
    "NewsArticle",
    "Article",
    "ReportageNewsArticle",
    "AnalysisNewsArticle",
    "BlogPosting",
    "WebPage",
    "OpinionNewsArticle",
    "ItemPage",
];

/// What was found in a page.
#[derive(Debug, Default)]
pub struct Found {
    /// Each claim, with the number of the block of data it stood in.
    pub claims: Vec<(u64, Outcome)>,
    /// The page as an article, for where it has no ClaimReview; nothing if it has not even a title.
    pub article: Option<Record>,
    /// How many blocks of data it has.
    pub blocks: usize,
}

/// Reads a page that came from `address`.
pub fn read(html: &str, address: Option<&Url>) -> Found {
    let page = page::read(html);
    let base = page.base_of(address);
    let mut found = Found { blocks: page.data.len(), ..Found::default() };
    let (mut read, mut mended): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut values: Vec<Value> = Vec::new();
    for (number, block) in (1..).zip(&page.data) {
        match json::parse(block) {
            Ok((value, was_mended)) => {
                if was_mended {
                    mended.push(number);
                }
                read.push(number);
                values.push(value);
            }
            // Blocks about something else are not ours to complain of.
            Err(_) if !block.contains("ClaimReview") => {}
            Err(_) if json::is_template(block) => found.claims.push((number, Err(Skip::Template))),
            Err(_) => found.claims.push((number, Err(Skip::NotJson))),
        }
    }
    let all = Value::Array(values);
    for (number, outcome) in claims_of(&read, &all, base.as_ref()) {
        let outcome = outcome.map(|mut record| {
            if mended.contains(&number) {
                record.remarks.insert(0, Remark::Mended);
            }
            complete(&mut record, &page);
            record
        });
        found.claims.push((number, outcome));
    }
    if found.claims.iter().all(|(_, outcome)| outcome.is_err()) && microdata::is_worth_reading(html) {
        let items = Value::Array(microdata::read(html));
        let number = found.blocks as u64 + 1;
        let outcomes = review::claims(&items, base.as_ref()).into_iter().map(|outcome| {
            outcome.map(|mut record| {
                complete(&mut record, &page);
                record
            })
        });
        found.claims.extend(outcomes.map(|outcome| (number, outcome)));
    }
    found.claims.sort_by_key(|(number, _)| *number);
    found.article = article(&page, &all, base.as_ref(), address);
    found
}

/// What one block only names may stand in another.
fn claims_of(read: &[u64], all: &Value, base: Option<&Url>) -> Vec<(u64, Outcome)> {
    let references = References::of(all);
    let blocks = all.as_array().into_iter().flatten().zip(read);
    let claims = |(block, number): (_, &u64)| {
        let number = *number;
        review::claims_among(block, &references, base).into_iter().map(move |outcome| (number, outcome))
    };
    blocks.flat_map(claims).collect()
}

/// What the markup leaves out, the page may say.
fn complete(record: &mut Record, page: &Page) {
    record.check.lang = record.check.lang.take().or_else(|| language_of(page));
    if record.check.title.as_ref().is_none_or(|title| *title == record.claim) {
        record.check.title = title_of(page).or(record.check.title.take());
    }
}

/// The page as an article: its headline is the best that can be had of a claim.
fn article(page: &Page, data: &Value, base: Option<&Url>, address: Option<&Url>) -> Option<Record> {
    let article = node(data);
    let from = |key: &str| article.and_then(|article| review::text(article.get(key))).and_then(|text| telling(&text));
    let title = from("headline").or_else(|| title_of(page)).or_else(|| page.heading.as_deref().and_then(telling))?;
    let publisher =
        article.and_then(|article| review::text(article.get("publisher")?.get("name"))).and_then(|text| telling(&text));
    let mut record = Record { claim: title.clone(), ..Record::default() };
    record.check = OtherCheck {
        title: Some(title),
        publisher: page.meta(&["og:site_name", "application-name"]).and_then(telling).or(publisher),
        lang: from("inLanguage").as_deref().and_then(language).or_else(|| language_of(page)),
        ..OtherCheck::default()
    };
    let dated =
        ["article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "parsely-pub-date", "sailthru.date"];
    let written = from("datePublished").or_else(|| page.meta(&dated).map(str::to_owned));
    match written.as_deref().map(date::read) {
        Some(Some(date)) => record.check.date = Some(date::written(date)),
        Some(None) => record.remarks.push(Remark::OddDate),
        None => {}
    }
    record.summary = page.meta(&["og:description", "description"]).and_then(telling).map(|text| first_words(&text));
    let written = page.canonical.clone().or_else(|| page.meta(&["og:url"]).map(str::to_owned));
    addressed(&mut record, written.or_else(|| address.map(Url::to_string)), base);
    record.remarks.push(Remark::NoRating);
    finish(&mut record);
    Some(record)
}

fn title_of(page: &Page) -> Option<String> {
    let title = page.meta(&["og:title", "twitter:title"]).or(page.title.as_deref()).and_then(telling)?;
    // "The moon is no cheese | Example Facts": what follows the last bar is the house.
    let site = page.meta(&["og:site_name"]).unwrap_or_default();
    let parted = [" | ", " - ", " – ", " — ", " · "].iter().find_map(|bar| title.rsplit_once(bar));
    Some(match parted {
        Some((head, tail)) if !is_vague(head) && (tail.eq_ignore_ascii_case(site) || tail.split_whitespace().count() <= 3) => {
            head.trim().to_owned()
        }
        _ => title,
    })
}

fn language_of(page: &Page) -> Option<String> {
    page.lang.as_deref().or_else(|| page.meta(&["og:locale", "content-language"])).and_then(language)
}

/// The first article in the data.
fn node(data: &Value) -> Option<&serde_json::Map<String, Value>> {
    match data {
        Value::Array(items) => items.iter().find_map(node),
        Value::Object(object) => {
            let kinds = review::texts(object.get("@type"));
            let is_article = kinds.iter().any(|kind| ARTICLES.contains(&kind.as_str())) && object.contains_key("headline");
            if is_article { Some(object) } else { object.get("@graph").and_then(node) }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(html: &str) -> Vec<Result<Record, Skip>> {
        let address = Url::parse("https://facts.example/moon?utm_source=x").unwrap();
        read(html, Some(&address)).claims.into_iter().map(|(_, outcome)| outcome).collect()
    }

    #[test]
    fn all_blocks_are_read_and_what_one_only_names_is_found_in_another() {
        let html = r##"<html lang="en-GB"><head><title>No cheese on the moon | Facts</title>
<script type="application/ld+json">{"@graph": [{"@type": "Organization", "@id": "#org", "name": "Facts Desk"}]}</script>
<script type="application/ld+json">{"@type": "BreadcrumbList", broken}</script>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "ClaimReview", "author": {"@id": "#org"},
 "claimReviewed": "The moon
is made of green cheese", "reviewRating": {"alternateName": "False"}}</script>"##;
        let found = records(html);
        assert_eq!(found.len(), 1);
        let record = found[0].as_ref().unwrap();
        assert_eq!(record.claim, "The moon is made of green cheese");
        assert_eq!(record.check.publisher.as_deref(), Some("Facts Desk"));
        assert_eq!(record.check.url.as_deref(), Some("https://facts.example/moon"));
        assert_eq!(record.check.lang.as_deref(), Some("en"));
        assert_eq!(record.check.title.as_deref(), Some("No cheese on the moon"));
        assert_eq!(record.remarks, [Remark::Mended]);
    }

    #[test]
    fn a_template_that_was_never_filled_in_is_told() {
        let html = "<script type=application/ld+json>{\"@type\":\"ClaimReview\",\"claimReviewed\":{{ claim }} }</script>";
        assert_eq!(records(html), [Err(Skip::Template)]);
    }

    #[test]
    fn claim_review_in_microdata_is_read_where_there_is_no_other() {
        let html = r#"<html lang="en"><title>No cheese</title><article itemscope itemtype="http://schema.org/ClaimReview">
<meta itemprop="datePublished" content="2015-06-03"><link itemprop=url href="/moon">
<h1>We checked: <q itemprop="claimReviewed">The moon is made of green cheese</q></h1>
<div itemprop="author" itemscope itemtype="http://schema.org/Organization"><span itemprop="name">Facts Desk</span></div>
<div itemprop="itemReviewed" itemscope itemtype="http://schema.org/CreativeWork"><a itemprop="url" href="https://social.example/p/1">post</a>
<span itemprop="author" itemscope itemtype="http://schema.org/Person"><b itemprop="name">A. Person</b></span></div>
<p itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating"><meta itemprop="ratingValue" content="1"><img itemprop="image" src="x.png">
<span itemprop="alternateName">Not even close</span></p></article>"#;
        let found = records(html);
        assert_eq!(found.len(), 1, "{found:?}");
        let record = found[0].as_ref().unwrap();
        assert_eq!(record.claim, "The moon is made of green cheese");
        assert_eq!(
            (record.claimant.as_deref(), &record.urls[..]),
            (Some("A. Person"), &["https://social.example/p/1".to_owned()][..])
        );
        let check = &record.check;
        assert_eq!((check.publisher.as_deref(), check.rating.as_deref()), (Some("Facts Desk"), Some("Not even close")));
        assert_eq!((check.date.as_deref(), check.url.as_deref()), (Some("2015-06-03"), Some("https://facts.example/moon")));
        let both = format!(
            "{html}<script type=application/ld+json>{{\"@type\":\"ClaimReview\",\"claimReviewed\":\"The moon is made of cheese\"}}</script>"
        );
        assert_eq!(records(&both).len(), 1, "JSON-LD says the same and more");
    }

    #[test]
    fn a_page_without_claim_review_is_an_article() {
        let html = r#"<html lang="de"><head><meta property="og:title" content="Nein, der Mond ist kein Käse - Faktenhaus">
<meta property="og:site_name" content="Faktenhaus"><meta property="article:published_time" content="2026-03-01T10:00:00+01:00">
<link rel="canonical" href="/mond">"#;
        let address = Url::parse("https://www.faktenhaus.example/mond?x=1").unwrap();
        let found = read(html, Some(&address));
        assert!(found.claims.is_empty());
        let record = found.article.unwrap();
        assert_eq!(record.claim, "Nein, der Mond ist kein Käse");
        assert_eq!(record.check.publisher.as_deref(), Some("Faktenhaus"));
        assert_eq!(record.check.date.as_deref(), Some("2026-03-01"));
        assert_eq!(record.check.url.as_deref(), Some("https://www.faktenhaus.example/mond"));
        assert_eq!(record.check.lang.as_deref(), Some("de"));
        assert!(read("<p>nothing", Some(&address)).article.is_none());
    }
}
