//! `source import` and `source export`: lists of feeds as other readers have them.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::add::{Entry, append};
use super::configuration;
use crate::cli::output::{Answer, counted};
use crate::cli::{ConfigPath, Exit};
use crate::feeds::opml::{self, Outline};
use crate::feeds::preset::plain_name;
use crate::model::source::{SourceKind, Timeline};

/// Arguments of `source import`.
#[derive(Debug, Args)]
pub struct Import {
    /// A list in OPML, as every feed reader exports it.
    #[arg(value_name = "FILE.opml")]
    pub file: PathBuf,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
}

/// Arguments of `source export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
}

/// What `source import --help` says last.
pub const AFTER_HELP: &str = "\
Every feed on the list that the configuration does not have yet is written at its end, under its title; nothing \
is asked for. Look at the new ones with `claimwatch source probe NAME`.

Exit code: 0 done · 1 the file is no list · 3 configuration unreadable · 4 it cannot be read or written";

/// Writes the feeds of a list into the configuration.
pub(super) fn import(arguments: &Import) -> Answer {
    let config = match configuration(&arguments.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let path = arguments.file.display();
    let outlines = match fs::read(&arguments.file) {
        Ok(bytes) => opml::read(&crate::feeds::syndication::text_of(&bytes, None)),
        Err(error) => return Answer::trouble(format!("{path} cannot be read: {error}\n"), Exit::World),
    };
    let Some(outlines) = outlines else {
        return Answer::trouble(format!("{path} is no list of feeds: it has no element <opml>.\n"), Exit::Faults);
    };
    let mut names: HashSet<String> = config.sources.iter().map(|source| source.name.0.clone()).collect();
    let mut places: HashSet<String> = config.sources.iter().filter_map(|source| feed_url(&source.kind)).collect();
    let (mut tables, mut added, mut known, mut unreadable) = (String::new(), 0, 0, Vec::new());
    for Outline { title, url } in outlines {
        let Some(url) = Url::parse(url.trim()).ok().filter(|url| ["http", "https"].contains(&url.scheme())) else {
            unreadable.push(title);
            continue;
        };
        if !places.insert(url.to_string()) {
            known += 1;
            continue;
        }
        let name = free_name(&plain_name(&title), &mut names);
        tables.push_str(&Entry::of(&SourceKind::Feed { url, allow_private: Vec::new() }).table(&name, None));
        added += 1;
    }
    if added > 0 {
        match append(&arguments.config.config, &tables) {
            Ok(None) => {}
            Ok(Some(faults)) => return Answer::trouble(format!("{faults}Nothing was added.\n"), Exit::Usage),
            Err(error) => {
                let text = format!("{} cannot be written: {error}\n", arguments.config.config.display());
                return Answer::trouble(text, Exit::World);
            }
        }
    }
    let mut text = format!("{} added, {known} there already", counted(added, "source"));
    if !unreadable.is_empty() {
        text.push_str(&format!("; no web address: {}", unreadable.join(", ")));
    }
    text.push_str(if added > 0 { ". Restart claimwatch to watch them.\n" } else { ".\n" });
    Answer::new(text, Exit::Fine)
}

/// Writes the feeds of the configuration as a list.
pub(super) fn export(arguments: &Export) -> Answer {
    let config = match configuration(&arguments.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let outlines = config
        .sources
        .iter()
        .filter_map(|source| feed_url(&source.kind).map(|url| Outline { title: source.name.0.clone(), url }));
    Answer::new(opml::write("claimwatch", &outlines.collect::<Vec<_>>()), Exit::Fine)
}

/// Where another reader finds the same posts; files and networks without feeds have no such place.
fn feed_url(kind: &SourceKind) -> Option<String> {
    match kind {
        SourceKind::Feed { url, .. } => Some(url.to_string()),
        SourceKind::Mastodon { server, timeline: Timeline::Tag(tag), .. } => {
            server.join(&format!("/tags/{tag}.rss")).ok().map(String::from)
        }
        SourceKind::Mastodon { server, timeline: Timeline::Account(account), .. } => {
            server.join(&format!("/@{account}.rss")).ok().map(String::from)
        }
        _ => None,
    }
}

fn free_name(wished: &str, names: &mut HashSet<String>) -> String {
    let wished: String = wished.chars().take(60).collect();
    let numbered = (2..).map(|number| format!("{wished}-{number}"));
    let free = std::iter::once(wished.clone()).chain(numbered).find(|name| !names.contains(name)).unwrap_or(wished.clone());
    names.insert(free.clone());
    free
}
