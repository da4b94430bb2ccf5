//! Google's Fact Check Tools asked page by page (`claims:search`), under the daemon's limits.

use jiff::Timestamp;
use jiff::tz::Offset;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{Arguments, Import, fetch_settings};
use crate::cli::Exit;
use crate::cli::output::Answer;
use crate::cli::progress::Progress;
use crate::config;
use crate::fetch::Fetcher;
use crate::fetch::error::FetchError;
use crate::rules::import::reading;
use crate::rules::import::tally::Place;

/// Where Google's tools are asked.
pub(super) const SERVER: &str = "https://factchecktools.googleapis.com/";

/// Claims on a page: the most that is given.
const PAGE_SIZE: &str = "100";

/// What is read of an answer beside its claims.
#[derive(Debug, Deserialize)]
struct Turning {
    #[serde(rename = "nextPageToken")]
    next: Option<String>,
}

/// Asks until there are no more pages; what came before a failure is kept.
///
/// # Errors
/// Why it stopped early.
pub(super) async fn ask(arguments: &Arguments, words: &str, import: &mut Import) -> Result<(), Answer> {
    let usage = |why: &str| Answer::trouble(format!("{why}\n"), Exit::Usage);
    let ([] | [_]) = import.filter.languages.as_slice() else {
        return Err(usage("Google is asked for one language at a time: give --only-lang one, or none."));
    };
    let site = match arguments.publisher.as_slice() {
        [site] if site.contains('.') => Some(site.as_str()),
        _ => None,
    };
    if words.trim().is_empty() && site.is_none() {
        return Err(usage("Google wants words to look for, or --publisher with one site."));
    }
    let key_file = arguments.key_file.as_deref().ok_or_else(|| usage("--google needs --key-file."))?;
    let key = config::secret(key_file).map_err(|why| usage(&format!("{why}.")))?;
    let settings = fetch_settings(&arguments.config)?;
    let fetcher = Fetcher::new(&settings);
    let days = import.filter.since.map(|since| (Offset::UTC.to_datetime(Timestamp::now()).date() - since).get_days().max(0) + 1);
    // The same parameters on every page: with others, the token of the next page means nothing.
    let mut asked =
        arguments.google_server.join("v1alpha1/claims:search").map_err(|_| usage("--google-server is no address."))?;
    {
        let mut pairs = asked.query_pairs_mut();
        pairs.append_pair("query", words.trim()).append_pair("pageSize", PAGE_SIZE);
        for (name, value) in [
            ("languageCode", import.filter.languages.first().cloned()),
            ("maxAgeDays", days.map(|days| days.to_string())),
            ("reviewPublisherSiteFilter", site.map(str::to_owned)),
        ] {
            if let Some(value) = value {
                pairs.append_pair(name, &value);
            }
        }
    }
    let mut progress = Progress::new(None);
    let mut token: Option<String> = None;
    for page in 1..=arguments.pages {
        progress.at(page as u64, &format_args!("page {page}, {} claims taken", import.tally.taken.number));
        let mut url = asked.clone();
        if let Some(token) = &token {
            url.query_pairs_mut().append_pair("pageToken", token);
        }
        url.query_pairs_mut().append_pair("key", key.expose_secret());
        let body = fetcher.document(&url).await.map_err(|error| failed(&error, page))?.body;
        let turning: Turning = serde_json::from_slice(&body).map_err(|error| {
            Answer::trouble(format!("What Google sent as page {page} cannot be read: {error}.\n"), Exit::World)
        })?;
        take(&body, &format!("Google page {page}"), import)?;
        match turning.next.filter(|next| !next.is_empty()) {
            None => return Ok(()),
            Some(next) if token.as_ref() == Some(&next) => {
                return Err(Answer::trouble(
                    format!("Google sent the same page twice; stopped after page {page}.\n"),
                    Exit::World,
                ));
            }
            next => token = next,
        }
    }
    progress.end();
    import.notes.push(format!("there are more than {} pages; --pages asks for more", arguments.pages));
    Ok(())
}

fn take(body: &[u8], name: &str, import: &mut Import) -> Result<(), Answer> {
    let mut disk = None;
    // An answer without claims is `{}`.
    if body.trim_ascii() == b"{}" {
        return Ok(());
    }
    let read = reading::read("answer.json", body, &[], None, &mut |part, outcome| {
        import.take(outcome, &Place { file: name, part }).map_err(|error| {
            let told = error.to_string();
            disk = Some(error);
            std::io::Error::other(told)
        })
    });
    match (disk, read) {
        (Some(error), _) => Err(import.target.unwritable(&error)),
        (None, Err(error)) => Err(Answer::trouble(format!("{name}: {error}.\n"), Exit::World)),
        (None, Ok(_)) => Ok(()),
    }
}

fn failed(error: &FetchError, page: usize) -> Answer {
    let why = match error {
        FetchError::OddAnswer { status: 400, .. } => {
            "Google refuses the question (HTTP 400): the key is not one of Google's, or a parameter is wrong; look at the key in --key-file".to_owned()
        }
        FetchError::NotLetIn { status: 401 | 403, .. } => {
            "Google does not accept the key (HTTP 403): the Fact Check Tools API must be enabled for its project, and the key may be limited to other services or addresses".to_owned()
        }
        FetchError::TooManyRequests { wait: Some(wait), .. } => {
            format!("Google's quota is used up (HTTP 429); it asks to wait {} s", wait.as_secs())
        }
        FetchError::TooManyRequests { wait: None, .. } => "Google's quota is used up (HTTP 429); try again later".to_owned(),
        other => other.to_string(),
    };
    let kept = if page > 1 { " What came before is kept; run the same again for the rest." } else { "" };
    Answer::trouble(format!("Page {page} was not had. {why}.{kept}\n"), Exit::World)
}
