//! What a post says, as its author's record has it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{POSTS, Text, Written};
use crate::feeds::convert::clipped;
use crate::model::post::{Markup, RawPost};

/// Most pictures whose texts are read.
const MOST_PICTURES: usize = 32;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default, rename = "createdAt")]
    created_at: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) langs: Vec<Text<'a>>,
    #[serde(borrow, default)]
    facets: Option<&'a RawValue>,
    #[serde(borrow, default)]
    embed: Option<&'a RawValue>,
    #[serde(borrow, default)]
    labels: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Facet<'a> {
    #[serde(borrow, default)]
    features: Vec<Feature<'a>>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(borrow, default)]
    uri: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Labels<'a> {
    #[serde(borrow, default)]
    values: Vec<Label<'a>>,
}

#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow)]
    val: Text<'a>,
}

#[derive(Deserialize)]
struct Embed<'a> {
    #[serde(borrow, default)]
    images: Vec<Picture<'a>>,
    #[serde(borrow, default)]
    items: Vec<Picture<'a>>,
    #[serde(borrow, default)]
    alt: Option<Text<'a>>,
    #[serde(borrow, default)]
    external: Option<Page<'a>>,
    #[serde(borrow, default)]
    media: Option<&'a RawValue>,
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
}

/// What points to another record; a quotation with pictures wraps it once more.
#[derive(Deserialize)]
struct Pointer<'a> {
    #[serde(borrow, default)]
    uri: Option<Text<'a>>,
    #[serde(borrow, default)]
    record: Option<Target<'a>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, default)]
    uri: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Repost<'a> {
    #[serde(borrow)]
    subject: Target<'a>,
}

/// Reads which post a repost repeats: the name under which its network knows it.
pub(super) fn reposted(record: &RawValue) -> Option<String> {
    let repost: Repost<'_> = serde_json::from_str(record.get()).ok()?;
    post_address(repost.subject.uri).map(|uri| format!("bluesky|{uri}"))
}

/// The address of a post; feeds, lists and starter packs are quoted too, and are none.
fn post_address(uri: Option<Text<'_>>) -> Option<String> {
    let is_post = |uri: &str| uri.len() < 1024 && uri.starts_with("at://") && uri.split('/').nth(3) == Some(POSTS);
    uri.filter(|uri| is_post(&uri.0)).map(|uri| uri.0.into_owned())
}

#[derive(Deserialize)]
struct Picture<'a> {
    #[serde(borrow, default)]
    alt: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    uri: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    description: Option<Text<'a>>,
}

impl Record<'_> {
    /// Gives the post, with the name `uri`.
    pub(super) fn into_post(self, uri: String, did: &str, rkey: &str, is_edit: bool) -> Written {
        let record = self;
        let mut found = Embedded::default();
        if let Some(embed) = record.embed {
            found.look_into(embed, 0);
        }
        let facets: Vec<Facet<'_>> = record.facets.and_then(|facets| serde_json::from_str(facets.get()).ok()).unwrap_or_default();
        let links = facets.into_iter().flat_map(|facet| facet.features).filter_map(|feature| words(feature.uri));
        let labels: Option<Labels<'_>> = record.labels.and_then(|labels| serde_json::from_str(labels.get()).ok());
        let warning = labels.map(|labels| labels.values.iter().map(|label| label.val.0.as_ref()).collect::<Vec<_>>().join(", "));
        let post = RawPost {
            url: Some(format!("https://bsky.app/profile/{did}/post/{rkey}")),
            everywhere: Some(format!("bluesky|{uri}")),
            guid: Some(uri),
            body: words(record.text).map(Markup::Plain),
            captions: found.captions,
            // The stream does not know handles.
            author: Some(did.to_owned()),
            published: record.created_at.and_then(|at| at.0.parse().ok()),
            lang: record.langs.into_iter().next().and_then(|lang| words(Some(lang))),
            warning: warning.filter(|text| !text.is_empty()),
            card: found.card,
            links: links.chain(found.link).collect(),
            ..RawPost::default()
        };
        Written { post, quotes: found.quotes, is_edit }
    }
}

fn words(text: Option<Text<'_>>) -> Option<String> {
    text.filter(|text| !text.0.trim().is_empty()).map(|text| clipped(text.0.trim().to_owned()))
}

/// What hangs on a post. The words of a quoted post are not in the stream.
#[derive(Debug, Default)]
struct Embedded {
    captions: Vec<String>,
    card: Option<String>,
    link: Option<String>,
    quotes: Option<String>,
}

impl Embedded {
    fn look_into(&mut self, embed: &RawValue, depth: usize) {
        let Ok(embed) = serde_json::from_str::<Embed<'_>>(embed.get()) else { return };
        let pictures = embed.images.into_iter().chain(embed.items).map(|picture| picture.alt);
        for text in pictures.chain([embed.alt]).filter_map(words) {
            if self.captions.len() < MOST_PICTURES {
                // Captions are read as HTML further on; these are plain.
                self.captions.push(text.replace('&', "&amp;").replace('<', "&lt;"));
            }
        }
        if let Some(page) = embed.external {
            let pieces: Vec<_> = [words(page.title), words(page.description)].into_iter().flatten().collect();
            self.card = (!pieces.is_empty()).then(|| pieces.join("\n"));
            self.link = words(page.uri);
        }
        let pointer = embed.record.and_then(|record| serde_json::from_str::<Pointer<'_>>(record.get()).ok());
        if let Some(pointer) = pointer {
            let within = pointer.record.and_then(|target| target.uri);
            self.quotes = post_address(pointer.uri.or(within)).or(self.quotes.take());
        }
        if let Some(media) = embed.media.filter(|_| depth < 2) {
            self.look_into(media, depth + 1);
        }
    }
}
