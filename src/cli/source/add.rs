//! `source add`: a feed asked once, and written into the configuration if it can be read.

use std::fs;
use std::io;
use std::path::Path;

use clap::Args;
use url::Url;

use super::configuration;
use super::discover::discover;
use super::probe::source_at;
use crate::cli::output::{Answer, counted, drawn, tally};
use crate::cli::{ConfigPath, Exit};
use crate::config;
use crate::feeds::preset::{self, Preset};
use crate::model::source::{Source, SourceKind};
use crate::rules::diagnostic::Level;

/// Arguments of `source add`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address of a feed or of a page that has one, a file, or a short name such as r/science or @who@server.
    #[arg(value_name = "URL|FILE|SHORT NAME")]
    pub place: String,
    /// Its name from now on; made from the address where none is given.
    #[arg(long)]
    pub name: Option<String>,
    /// How often it is visited.
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub every: String,
    /// Which of the posts found at the first visit may alert: "none", "all", "24h".
    #[arg(long, value_name = "WHICH", default_value = "none")]
    pub backfill: String,
    /// Write it down without asking first.
    #[arg(long)]
    pub unseen: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Of a web page the feed is found that it announces, else one where feeds usually lie. Short names:
  r/NAME                  a subreddit
  UC…                     a YouTube channel
  @NAME@SERVER            a Mastodon account
  #TAG@SERVER             a Mastodon hashtag
  bsky.app/profile/NAME   a Bluesky account
  !NAME@SERVER            a Lemmy community

The source is written at the end of the configuration, which keeps everything else as it stands. A running \
claimwatch watches it after a restart.

Exit code: 0 added · 1 it cannot be read · 2 the name is taken · 3 configuration unreadable · 4 not reached";

pub(super) async fn add(arguments: &Arguments) -> Answer {
    let config = match configuration(&arguments.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let preset = preset::expand(&arguments.place).filter(|_| !Path::new(&arguments.place).exists());
    let mut entry = match &preset {
        Some(preset) => Entry::of_preset(preset),
        None => match source_at(&arguments.place, None) {
            Some(source) => Entry::of(&source.kind),
            None => return Answer::trouble(no_place(&arguments.place), Exit::Usage),
        },
    };
    let mut seen = String::new();
    if let Some(source) = entry.feed().filter(|_| !arguments.unseen) {
        match discover(&config.fetch, &source).await {
            Ok(found) => {
                let title = found.document.title.unwrap_or_else(|| arguments.place.clone());
                seen = format!("{title}: {}.\n", counted(found.document.posts.len(), "post"));
                if found.source.kind != source.kind {
                    seen.push_str(&format!("The feed of that page is {}.\n", found.source.kind.place()));
                    entry = Entry::of(&found.source.kind);
                }
                if !found.others.is_empty() {
                    seen.push_str(&format!("The page has other feeds too: {}.\n", found.others.join(", ")));
                }
            }
            Err(trouble) => {
                let exit = if trouble.is_unreadable { Exit::Faults } else { Exit::World };
                return Answer::trouble(format!("{} was not added: {trouble}\n", arguments.place), exit);
            }
        }
    }
    let name = arguments.name.clone().unwrap_or_else(|| entry.name.clone());
    if config.sources.iter().any(|other| other.name.0 == name) {
        let text = format!("There is a source called {name} already; give this one another with --name.\n");
        return Answer::trouble(text, Exit::Usage);
    }
    let table = entry.table(&name, Some((&arguments.every, &arguments.backfill)));
    match append(&arguments.config.config, &table) {
        Ok(None) => {
            let note = preset.and_then(|preset| preset.note).map(|note| format!("{note}\n")).unwrap_or_default();
            let text = format!(
                "{seen}{name} was added to {}; restart claimwatch to watch it.\n{note}",
                arguments.config.config.display()
            );
            Answer::new(text, Exit::Fine)
        }
        Ok(Some(faults)) => Answer::trouble(format!("{faults}{name} was not added.\n"), Exit::Usage),
        Err(error) => {
            let text = format!("{} cannot be written: {error}\n", arguments.config.config.display());
            Answer::trouble(text, Exit::World)
        }
    }
}

fn no_place(place: &str) -> String {
    format!("{place} is no address, no file here and no short name of a source. Short names are:\n{}\n", preset::FORMS)
}

/// A source as it is written into the configuration.
#[derive(Debug)]
pub(super) struct Entry {
    kind: &'static str,
    keys: Vec<(&'static str, String)>,
    networks: Vec<ipnet::IpNet>,
    /// A name made of its address.
    pub(super) name: String,
}

impl Entry {
    fn of_preset(preset: &Preset) -> Self {
        Self { kind: preset.kind, keys: preset.keys.clone(), networks: Vec::new(), name: preset.name.clone() }
    }

    /// A feed or a file; other kinds come from presets.
    pub(super) fn of(kind: &SourceKind) -> Self {
        let (key, place, networks) = match kind {
            SourceKind::File { path } => ("path", path.display().to_string(), Vec::new()),
            SourceKind::Feed { url, allow_private } => ("url", url.to_string(), allow_private.clone()),
            other => ("url", other.url().map(Url::to_string).unwrap_or_default(), Vec::new()),
        };
        Self { kind: kind.word(), keys: vec![(key, place)], networks, name: name_for(kind) }
    }

    /// The source to ask first, where it is one that can be asked.
    fn feed(&self) -> Option<Source> {
        let place = self.keys.iter().find(|(key, _)| ["url", "path"].contains(key)).map(|(_, value)| value)?;
        source_at(place, None)
    }

    /// Writes it; `manner` is how often it is visited and what may alert at the first visit, where that is not as usual.
    pub(super) fn table(&self, name: &str, manner: Option<(&str, &str)>) -> String {
        let mut table = format!("\n[[source]]\nname = {}\nkind = \"{}\"\n", quoted(name), self.kind);
        for (key, value) in &self.keys {
            table.push_str(&format!("{key} = {}\n", quoted(value)));
        }
        if !self.networks.is_empty() {
            let networks: Vec<_> = self.networks.iter().map(|network| quoted(&network.to_string())).collect();
            table.push_str(&format!("allow_private = [{}]\n", networks.join(", ")));
        }
        if let Some((every, backfill)) = manner {
            table.push_str(&format!("every = {}\nbackfill = {}\n", quoted(every), quoted(backfill)));
        }
        table
    }
}

/// A text as TOML writes it, whatever is in it.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// "feeds.bbci.co.uk/news/world/rss.xml" → "feeds.bbci.co.uk-news-world"
fn name_for(kind: &SourceKind) -> String {
    let place = kind.place();
    let dull = ["rss", "feed", "feeds", "atom", "index", "xml"];
    let words = place.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
    let words = words.map(|word| word.trim_end_matches(".xml").trim_end_matches(".rss").trim_start_matches("www."));
    let kept: Vec<&str> = words.filter(|word| !word.is_empty() && !dull.contains(word)).collect();
    preset::plain_name(&kept.join("-"))
}

/// Writes the configuration anew with a table more, whole or not at all, unless that would make it faulty; then says why.
pub(super) fn append(path: &Path, table: &str) -> io::Result<Option<String>> {
    // Where the name is a link, the file behind it is written and the link stays.
    let path = fs::canonicalize(path)?;
    let mut text = fs::read_to_string(&path)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(table);
    let beside = path.with_extension(format!("toml.{}.new", std::process::id()));
    let tried = (|| {
        fs::write(&beside, &text)?;
        fs::set_permissions(&beside, fs::metadata(&path)?.permissions())?;
        let reading = config::read(&beside, Level::Warning);
        if reading.config.is_none() {
            return Ok(Some(format!("{}{}\n", drawn(&reading.report, false), tally(&reading.report))));
        }
        fs::File::open(&beside)?.sync_all()?;
        fs::rename(&beside, &path)?;
        Ok(None)
    })();
    let _ = fs::remove_file(&beside);
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_the_address() {
        let name = |url: &str| name_for(&SourceKind::Feed { url: Url::parse(url).unwrap(), allow_private: Vec::new() });
        assert_eq!(name("https://feeds.bbci.co.uk/news/world/rss.xml"), "feeds.bbci.co.uk-news-world");
        assert_eq!(name("https://www.theguardian.com/world/rss"), "theguardian.com-world");
        assert_eq!(name("https://example.org/?key=secret"), "example.org");
    }
}
