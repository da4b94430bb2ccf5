//! From the address of a page to the feed behind it: what the page announces, else where feeds usually lie.

use std::time::Duration;

use url::Url;

use super::probe::source_at;
use crate::daemon::trouble::Trouble;
use crate::feeds::error::ReadError;
use crate::feeds::{Document, page, syndication};
use crate::fetch::settings::Settings;
use crate::fetch::{Fetched, Fetcher};
use crate::model::source::{Source, SourceKind, Validators};

/// Announced feeds that are tried before we give up.
const MOST_TRIED: usize = 4;
/// Longest we wait in line for a host that wants to be left alone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A feed that was found and read.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
    pub source: Source,
    /// What was in it.
    pub document: Document,
    /// Other feeds that the page announces.
    pub others: Vec<String>,
}

/// Asks an address for a feed; where a web page comes instead, asks for the feeds it announces, then where feeds usually lie.
/// A feed that is found at once costs one request.
pub async fn discover(settings: &Settings, source: &Source) -> Result<Found, Trouble> {
    let fetcher = Fetcher::new(settings);
    let (fault, text, base) = match ask(&fetcher, source).await? {
        Asked::Feed(document) => return Ok(Found { source: source.clone(), document: *document, others: Vec::new() }),
        Asked::Other { fault, text, base } => (fault, text, base),
    };
    let (ReadError::WebPage { .. }, Some(base)) = (&fault, &base) else { return Err(fault.into()) };
    let announced = page::announced_feeds(&text, Some(base));
    let usual = page::WELL_KNOWN.iter().filter_map(|path| base.join(path).ok()).map(String::from);
    let tried: Vec<String> =
        if announced.is_empty() { usual.collect() } else { announced.iter().take(MOST_TRIED).cloned().collect() };
    for place in &tried {
        let Some(candidate) = source_at(place, None).filter(|candidate| is_near(candidate, source)) else { continue };
        if let Ok(Asked::Feed(document)) = ask(&fetcher, &candidate).await {
            let others = announced.iter().filter(|other| *other != place).cloned().collect();
            return Ok(Found { source: candidate, document: *document, others });
        }
    }
    Err(fault.into())
}

/// A page on the open web must not lead us to addresses of the inner network.
fn is_near(candidate: &Source, asked: &Source) -> bool {
    let networks = |source: &Source| match &source.kind {
        SourceKind::Feed { allow_private, .. } => allow_private.clone(),
        _ => Vec::new(),
    };
    let known = networks(asked);
    networks(candidate).iter().all(|network| known.contains(network) || crate::fetch::guard::is_public(network.addr()))
}

enum Asked {
    Feed(Box<Document>),
    Other { fault: ReadError, text: String, base: Option<Url> },
}

async fn ask(fetcher: &Fetcher, source: &Source) -> Result<Asked, Trouble> {
    let fetched = match fetcher.fetch(source, &Validators::default()).await {
        Err(error) if error.is_postponed() && error.try_again_in().is_some_and(|wait| wait <= PATIENCE) => {
            tokio::time::sleep(error.try_again_in().unwrap_or_default()).await;
            fetcher.fetch(source, &Validators::default()).await?
        }
        other => other?,
    };
    let Fetched::News { body, content_type, url, .. } = fetched else {
        return Ok(Asked::Feed(Box::default()));
    };
    Ok(match syndication::read(&body, content_type.as_deref(), url.as_ref()) {
        Ok(document) => Asked::Feed(Box::new(document)),
        Err(fault) => Asked::Other { fault, text: syndication::text_of(&body, content_type.as_deref()).into_owned(), base: url },
    })
}
