//! Every quirk that was met in real markup, in sentences of our own.

use serde_json::json;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "documents are written where they are read")]
fn one(value: serde_json::Value) -> Record {
    let mut found = claims(&value, None);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).unwrap()
}

fn review_with(key: &str, value: serde_json::Value) -> serde_json::Value {
    let mut review = json!({
        "@type": "ClaimReview",
        "url": "https://facts.example/moon",
        "claimReviewed": "The moon is made of green cheese",
        "author": { "@type": "Organization", "name": "Facts Desk", "url": "https://facts.example/" },
        "datePublished": "2026-03-01",
        "reviewRating": { "@type": "Rating", "alternateName": "False", "ratingValue": 1 },
        "itemReviewed": { "@type": "Claim", "author": { "name": "A. Person" }, "datePublished": "2026-02-27" },
    });
    review[key] = value;
    review
}

#[test]
fn a_plain_review_is_read() {
    let record = one(review_with("inLanguage", json!("en-US")));
    assert_eq!(record.claim, "The moon is made of green cheese");
    assert_eq!(record.claimant.as_deref(), Some("A. Person"));
    assert_eq!(record.said_on, Some(jiff::civil::date(2026, 2, 27)));
    let check = &record.check;
    assert_eq!(check.publisher.as_deref(), Some("Facts Desk"));
    assert_eq!(
        (check.rating.as_deref(), check.date.as_deref(), check.lang.as_deref()),
        (Some("False"), Some("2026-03-01"), Some("en"))
    );
    assert_eq!(record.remarks, []);
}

#[test]
fn reviews_are_found_wherever_they_stand() {
    let review = review_with("name", json!("x"));
    for document in [
        json!({ "@context": "https://schema.org", "@graph": [{ "@type": "WebPage" }, review] }),
        json!([[review]]),
        json!({ "props": { "article": { "schema": review } } }),
        json!({ "json_ld": review.to_string() }),
        json!({ "@type": "NewsArticle", "review": review }),
    ] {
        assert_eq!(one(document).check.publisher.as_deref(), Some("Facts Desk"));
    }
}

#[test]
fn types_and_names_may_be_written_in_every_way() {
    for kind in [
        json!(["Review", "ClaimReview"]),
        json!("schema:ClaimReview"),
        json!("http://schema.org/ClaimReview"),
        json!("claimReview"),
    ] {
        assert_eq!(one(review_with("@type", kind)).check.rating.as_deref(), Some("False"));
    }
    let prefixed = json!({
        "@type": "http://schema.org/ClaimReview",
        "http://schema.org/claimReviewed": [{ "@value": "The moon is made of green cheese" }],
        "schema:url": "https://facts.example/1",
    });
    assert_eq!(one(prefixed).check.url.as_deref(), Some("https://facts.example/1"));
}

#[test]
fn where_one_is_expected_there_may_be_many() {
    let record = one(review_with(
        "author",
        json!([{ "@type": "Person", "name": "J. Journalist" }, { "@type": "Organization", "name": "Facts Desk" }]),
    ));
    assert_eq!(record.check.publisher.as_deref(), Some("Facts Desk"), "the house has checked, not the journalist");
    let record = one(review_with("reviewRating", json!([{}, { "alternateName": "Made up" }])));
    assert_eq!(record.check.rating.as_deref(), Some("Made up"));
    let record =
        one(review_with("itemReviewed", json!([{ "@type": "creativeWork", "author": [{ "name": "One" }, { "name": "Two" }] }])));
    assert_eq!(record.claimant.as_deref(), Some("One"));
    let found =
        claims(&review_with("claimReviewed", json!(["The moon is made of green cheese", "", "The sun is made of gold"])), None);
    assert_eq!(found.len(), 2);
}

#[test]
fn empty_claims_and_templates_are_told() {
    for (claim, skip) in [
        (json!(""), Skip::NoClaim),
        (json!([]), Skip::NoClaim),
        (json!(null), Skip::NoClaim),
        (json!(" &nbsp; "), Skip::NoClaim),
        (json!("{{ claim }}"), Skip::Template),
    ] {
        assert_eq!(claims(&review_with("claimReviewed", claim), None), [Err(skip)]);
    }
}

#[test]
fn markup_in_claims_is_off_and_short_ones_are_told() {
    let record = one(review_with("claimReviewed", json!("&quot;The <i>moon</i>&quot; is made of cheese")));
    assert_eq!(record.claim, "\"The moon\" is made of cheese");
    assert_eq!(one(review_with("claimReviewed", json!("picture of a sultan"))).remarks, [Remark::Vague]);
}

#[test]
fn ratings_are_the_publishers_words_and_never_its_numbers() {
    for (rating, words, remark) in [
        (
            json!({ "alternateName": "Incorrect \r", "ratingValue": "2", "bestRating": "2", "worstRating": "2" }),
            Some("Incorrect"),
            None,
        ),
        (json!({ "alternateName": "2 of 2" }), Some("2 of 2"), None),
        (json!({ "alternateName": "não_é_bem_assim", "ratingValue": -1, "bestRating": -1 }), Some("não_é_bem_assim"), None),
        (json!({ "ratingValue": "6", "bestRating": "5" }), None, Some(Remark::OnlyNumbers)),
        (json!({ "ratingValue": "" }), None, Some(Remark::NoRating)),
        (json!(null), None, Some(Remark::NoRating)),
        (json!("Invented"), Some("Invented"), None),
    ] {
        let record = one(review_with("reviewRating", rating.clone()));
        assert_eq!((record.check.rating.as_deref(), record.remarks.first().copied()), (words, remark), "{rating}");
    }
}

#[test]
fn dates_are_read_or_told() {
    let dated = |text: serde_json::Value| one(review_with("datePublished", text));
    assert_eq!(dated(json!("2020-06-23 20:02")).check.date.as_deref(), Some("2020-06-23"));
    assert_eq!(dated(json!("2021-7-20")).check.date.as_deref(), Some("2021-07-20"));
    let missing = dated(json!(null));
    assert_eq!((missing.check.date, missing.remarks.len()), (None, 0));
    assert_eq!(dated(json!("soon")).remarks, [Remark::OddDate]);
}

#[test]
fn addresses_are_made_whole() {
    let url = |text: &str| one(review_with("url", json!(text))).check.url;
    assert_eq!(url("/moon/cheese?utm_source=x").as_deref(), Some("https://facts.example/moon/cheese"));
    assert_eq!(url("facts.example/noticias/não").as_deref(), Some("https://facts.example/noticias/n%C3%A3o"));
    assert_eq!(url("http%253A%252F%252Fdoc.facts.example%252F1").as_deref(), Some("http://doc.facts.example/1"));
    let none = one(json!({ "@type": "ClaimReview", "claimReviewed": "The moon is made of green cheese", "url": "/moon" }));
    assert_eq!(none.check.url, None);
    assert!(none.remarks.contains(&Remark::NoAddress) && none.remarks.contains(&Remark::NoPublisher));
}

#[test]
fn appearances_are_gathered_from_all_places_and_cleaned() {
    let record = one(review_with(
        "itemReviewed",
        json!({
            "@type": "Claim",
            "url": "https://web.archive.org/web/2026/https://twitter.com/a/status/1",
            "firstAppearance": { "@type": "CreativeWork", "url": "https://x.com/a/status/1?s=20" },
            "appearance": [
                "https://www.facebook.com/permalink.php?story_fbid=5&id=6&__xts__=7, https://t.me/c1/2 and https://youtu.be/abc?si=1",
                { "@type": "SocialMediaPosting", "url": "https://perma.cc/AB12-CD34" },
                { "url": "https://www.facebook.com/" },
                { "url": "https://facts.example/about" },
                { "url": "a video on WhatsApp" },
            ],
        }),
    ));
    assert_eq!(
        record.urls,
        [
            "https://www.facebook.com/permalink.php?story_fbid=5&id=6",
            "https://t.me/c1/2",
            "https://youtu.be/abc",
            "https://perma.cc/AB12-CD34",
            "https://x.com/a/status/1",
        ]
    );
    assert_eq!(record.remarks, [Remark::OddAppearance, Remark::UselessAppearance]);
}

#[test]
fn a_work_has_its_claim_at_its_own_address() {
    let record = one(review_with(
        "itemReviewed",
        json!({ "@type": "creativeWork", "url": "https://blog.example/post", "sameAs": "https://blog.example/me" }),
    ));
    assert_eq!(record.urls, ["https://blog.example/post"]);
}

#[test]
fn a_media_review_gives_its_claim_and_its_places() {
    let media = json!({
        "@type": "MediaReview",
        "itemReviewed": { "@type": "MediaReviewItem", "mediaItemAppearance": [{ "contentUrl": "https://t.me/c1/2" }, { "url": "https://x.com/a/status/3" }] },
        "associatedClaimReview": review_with("name", json!("x")),
    });
    assert_eq!(one(media).urls, ["https://t.me/c1/2", "https://x.com/a/status/3"]);
    assert_eq!(claims(&json!({ "@type": "MediaReview", "url": "https://facts.example/2" }), None), [Err(Skip::OnlyMedia)]);
}

#[test]
fn answers_of_googles_tools_are_read() {
    let claim = json!({
        "text": "The moon is made of green cheese",
        "claimant": "A. Person",
        "claimDate": "2026-02-27T00:00:00Z",
        "claimReview": [
            { "publisher": { "site": "facts.example" }, "url": "https://facts.example/1", "title": "No", "reviewDate": "2026-03-01T09:00:00Z", "textualRating": "excitement", "languageCode": "pt-BR" },
            { "publisher": { "name": "Other", "site": "other.example" }, "url": "https://other.example/2" },
        ],
    });
    let found = claims(&claim, None);
    let records: Vec<&Record> = found.iter().map(|outcome| outcome.as_ref().unwrap()).collect();
    assert_eq!(records[0].check.publisher.as_deref(), Some("facts.example"));
    assert_eq!((records[0].check.lang.as_deref(), records[0].check.date.as_deref()), (Some("pt"), Some("2026-03-01")));
    assert_eq!(records[1].remarks, [Remark::NoRating]);
}

#[test]
fn lines_of_our_own_keep_their_id() {
    let record = one(
        json!({ "id": "a1", "claim": "The moon is made of green cheese", "url": "https://facts.example/1", "urls": ["x.com/a/status/1"], "rating": "False" }),
    );
    assert_eq!((record.id.as_deref(), record.urls.len(), record.check.rating.as_deref()), (Some("a1"), 1, Some("False")));
}
