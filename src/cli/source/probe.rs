//! `source probe`: one polite request, and what claimwatch would read in the answer.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use url::{Host, Url};

use super::configuration;
use crate::cli::output::{Answer, Format, Paint, colour, counted, json};
use crate::cli::{ConfigPath, Exit};
use crate::config::Config;
use crate::daemon::gather::gather;
use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::clean;
use crate::fetch::Fetcher;
use crate::fetch::settings::Settings;
use crate::model::post::{PartKind, Post};
use crate::model::source::{Backfill, Source, SourceKind, SourceName, SourceState};
use crate::model::units::in_words;

/// Arguments of `source probe`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address of a feed, a file, or the name of a configured source.
    #[arg(value_name = "URL|FILE|NAME")]
    pub place: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Show so many posts.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub posts: usize,
    /// Answer in this form; JSON holds all posts.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
The request is made as the daemon makes it: same limits, same User-Agent, same rules about addresses; an address \
that you name here yourself may lie in a private network. Nothing is remembered, nobody is written to.

Examples:
  claimwatch source probe https://feeds.bbci.co.uk/news/world/rss.xml
  claimwatch source probe saved-feed.xml --format json

Exit code: 0 read · 1 there, but no feed · 2 no such source · 3 configuration unreadable · 4 not reached";

pub(super) async fn probe(arguments: &Arguments) -> Answer {
    // Only a name needs the configuration; an address can be probed on a machine that has none.
    let config = configuration(&arguments.config);
    let source = match source_at(&arguments.place, config.as_ref().ok()) {
        Some(source) => source,
        None => match config {
            Err(answer) => return answer,
            Ok(_) => {
                let text = format!("{} is no address, no file here and no configured source.\n", arguments.place);
                return Answer::trouble(text, Exit::Usage);
            }
        },
    };
    let settings = config.map(|config| config.fetch).unwrap_or_default();
    match ask(&settings, &source).await {
        Ok(batch) if arguments.format == Format::Json => Answer::new(json(&as_json(&source, &batch)), Exit::Fine),
        Ok(batch) => Answer::new(told(&source, &batch, arguments.posts), Exit::Fine),
        Err(trouble) => {
            let exit = if trouble.is_unreadable { Exit::Faults } else { Exit::World };
            if arguments.format == Format::Json {
                let answer = json!({ "error": trouble.sentence, "class": trouble.class });
                return Answer::new(json(&answer), exit);
            }
            Answer::trouble(format!("{}: {trouble}\n", arguments.place), exit)
        }
    }
}

/// Asks a source once, as if for the first time.
pub(super) async fn ask(settings: &Settings, source: &Source) -> Result<Batch, Trouble> {
    let fetcher = Fetcher::new(settings);
    let asking = Asking { fetcher: &fetcher, store: None, now: Timestamp::now() };
    match gather(&asking, source, &SourceState::default()).await? {
        Gathered::Batch(mut batch) => {
            clean::name_languages(&mut batch.posts);
            Ok(*batch)
        }
        Gathered::Unchanged { .. } => Ok(Batch::default()),
    }
}

/// Makes a source of what a person wrote: an address, a path, or the name of one in the configuration.
pub(super) fn source_at(place: &str, config: Option<&Config>) -> Option<Source> {
    if let Some(source) = config.and_then(|config| config.sources.iter().find(|source| source.name.0 == place)) {
        return Some(source.clone());
    }
    let kind = match Url::parse(place) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => SourceKind::Feed { allow_private: own_address(&url), url },
        _ if PathBuf::from(place).exists() => SourceKind::File { path: PathBuf::from(place) },
        _ => return None,
    };
    let name = SourceName("probe".to_owned());
    Some(Source { name, kind, every: Duration::from_secs(15 * 60), backfill: Backfill::Everything })
}

/// A person who writes an address of the inner network means it; a name or a redirect that leads there is still refused.
fn own_address(url: &Url) -> Vec<ipnet::IpNet> {
    match url.host() {
        Some(Host::Ipv4(v4)) => vec![ipnet::IpNet::from(std::net::IpAddr::from(v4))],
        Some(Host::Ipv6(v6)) => vec![ipnet::IpNet::from(std::net::IpAddr::from(v6))],
        Some(Host::Domain("localhost")) => ["127.0.0.1/32", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect(),
        _ => Vec::new(),
    }
}

fn text_of(post: &Post, kinds: &[PartKind]) -> String {
    let parts = post.parts.iter().filter(|part| kinds.contains(&part.kind)).map(|part| part.text.as_str());
    parts.collect::<Vec<_>>().join("\n")
}

fn told(source: &Source, batch: &Batch, most: usize) -> String {
    let paint = Paint { colour: colour() };
    let title = batch.title.clone().unwrap_or_else(|| "(without a title)".to_owned());
    let mut text = format!("{}: {}\n", paint.strong(&title), counted(batch.posts.len(), "post"));
    if let (SourceKind::Feed { url, .. }, Some(found)) = (&source.kind, &batch.url)
        && url != found
    {
        text.push_str(&format!("It has moved: {}{}\n", found.host_str().unwrap_or_default(), found.path()));
    }
    match batch.repaired.as_slice() {
        [] => text.push_str(&format!("{}\n", paint.good("Nothing had to be repaired."))),
        repaired => text.push_str(&format!("{} {}\n", paint.odd("Repaired:"), repaired.join(", "))),
    }
    if let SourceKind::Feed { .. } = source.kind {
        let validators = &batch.validators;
        let spared = validators.etag.is_some() || validators.last_modified.is_some();
        let words = if spared {
            "It can say \"nothing new\" (304)."
        } else {
            "It cannot say \"nothing new\": it is read whole at every visit."
        };
        text.push_str(&format!("{words}\n"));
    }
    if let Some(hint) = batch.hint {
        text.push_str(&format!("It asks to be visited every {} at the most.\n", in_words(hint)));
    }
    for post in batch.posts.iter().take(most) {
        let date = post.published.map_or("undated".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
        let lang = post.lang.as_ref().map(|lang| format!("  {}", lang.0)).unwrap_or_default();
        text.push_str(&format!("\n{}{lang}  {}\n", paint.dim(&date), post.url.as_deref().unwrap_or("(no address)")));
        for part in &post.parts {
            let kind = match part.kind {
                PartKind::Title => "title",
                PartKind::Text => "text",
                PartKind::Quoted => "quoted",
                PartKind::LinkCard => "link card",
                PartKind::AltText => "alt text",
                PartKind::Warning => "warning",
            };
            text.push_str(&format!("  {:<10}{}\n", format!("{kind}:"), excerpt(&part.text)));
        }
    }
    if batch.posts.len() > most {
        text.push_str(&paint.dim(&format!(
            "\n… and {} more (--posts {} shows all).\n",
            batch.posts.len() - most,
            batch.posts.len()
        )));
    }
    text
}

fn excerpt(text: &str) -> String {
    const LONGEST: usize = 160;
    let line = text.replace('\n', " ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

fn as_json(source: &Source, batch: &Batch) -> serde_json::Value {
    let items: Vec<_> = batch
        .posts
        .iter()
        .map(|post| {
            json!({
                "key": post.key.0,
                "title": text_of(post, &[PartKind::Title]),
                "text": text_of(post, &[PartKind::Text]),
                "url": post.url,
                "date": post.published.map(|at| at.to_string()),
                "author": post.author,
                "lang": post.lang.as_ref().map(|lang| &lang.0),
                "quoted": text_of(post, &[PartKind::Quoted]),
                "link_card": text_of(post, &[PartKind::LinkCard]),
                "alt_text": text_of(post, &[PartKind::AltText]),
                "warning": text_of(post, &[PartKind::Warning]),
                "links": post.links,
            })
        })
        .collect();
    json!({
        "title": batch.title,
        "kind": source.kind.word(),
        "repaired": batch.repaired,
        "hint_seconds": batch.hint.map(|hint| hint.as_secs()),
        "items": items,
    })
}
