//! `source add`: a feed asked once, and written into the configuration if it can be read.

use std::fs;
use std::io;
use std::path::Path;

use clap::Args;

use super::configuration;
use super::probe::{ask, source_at};
use crate::cli::output::{Answer, counted, drawn, tally};
use crate::cli::{ConfigPath, Exit};
use crate::config;
use crate::model::source::SourceKind;
use crate::rules::diagnostic::Level;

/// Arguments of `source add`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address of a feed, or a file.
    #[arg(value_name = "URL|FILE")]
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
The source is written at the end of the configuration, which keeps everything else as it stands. A running claimwatch
watches it after a restart.

Exit code: 0 added · 1 it cannot be read · 2 the name is taken · 3 configuration unreadable · 4 not reached";

pub(super) async fn add(arguments: &Arguments) -> Answer {
    let config = match configuration(&arguments.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let Some(source) = source_at(&arguments.place, None) else {
        return Answer::trouble(format!("{} is no address and no file here.\n", arguments.place), Exit::Usage);
    };
    let name = arguments.name.clone().unwrap_or_else(|| name_for(&source.kind));
    if config.sources.iter().any(|other| other.name.0 == name) {
        let text = format!("There is a source called {name} already; give this one another with --name.\n");
        return Answer::trouble(text, Exit::Usage);
    }
    let mut seen = String::new();
    if !arguments.unseen {
        match ask(&config.fetch, &source).await {
            Ok(batch) => {
                let title = batch.title.unwrap_or_else(|| arguments.place.clone());
                seen = format!("{title}: {}.\n", counted(batch.posts.len(), "post"));
            }
            Err(trouble) => {
                let exit = if trouble.is_unreadable { Exit::Faults } else { Exit::World };
                return Answer::trouble(format!("{name} was not added: {trouble}\n"), exit);
            }
        }
    }
    let table = table(arguments, &name, &source.kind);
    match append(&arguments.config.config, &table) {
        Ok(None) => {
            let text =
                format!("{seen}{name} was added to {}; restart claimwatch to watch it.\n", arguments.config.config.display());
            Answer::new(text, Exit::Fine)
        }
        Ok(Some(faults)) => Answer::trouble(format!("{faults}{name} was not added.\n"), Exit::Usage),
        Err(error) => {
            let text = format!("{} cannot be written: {error}\n", arguments.config.config.display());
            Answer::trouble(text, Exit::World)
        }
    }
}

/// "feeds.bbci.co.uk/news/world/rss.xml" → "feeds.bbci.co.uk-news-world"
fn name_for(kind: &SourceKind) -> String {
    let place = kind.place();
    let dull = ["rss", "feed", "feeds", "atom", "index", "xml"];
    let words = place.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
    let words = words.map(|word| word.trim_end_matches(".xml").trim_end_matches(".rss").trim_start_matches("www."));
    let kept: Vec<&str> = words.filter(|word| !word.is_empty() && !dull.contains(word)).collect();
    let name: String = kept.join("-").chars().take(64).collect();
    if name.is_empty() { "source".to_owned() } else { name }
}

fn table(arguments: &Arguments, name: &str, kind: &SourceKind) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let (key, place) = match kind {
        SourceKind::File { path } => ("path", path.display().to_string()),
        SourceKind::Feed { url, .. } => ("url", url.to_string()),
        SourceKind::Mastodon { server, .. } | SourceKind::Bluesky { server, .. } => ("server", server.to_string()),
        SourceKind::Jetstream { .. } => return format!("\n[[source]]\nname = {}\nkind = \"jetstream\"\n", quoted(name)),
        SourceKind::Push => return format!("\n[[source]]\nname = {}\nkind = \"push\"\n", quoted(name)),
    };
    let private = match kind {
        SourceKind::Feed { allow_private, .. } if !allow_private.is_empty() => {
            let networks: Vec<_> = allow_private.iter().map(|network| quoted(&network.to_string())).collect();
            format!("allow_private = [{}]\n", networks.join(", "))
        }
        _ => String::new(),
    };
    format!(
        "\n[[source]]\nname = {}\nkind = \"{}\"\n{key} = {}\n{private}every = {}\nbackfill = {}\n",
        quoted(name),
        kind.word(),
        quoted(&place),
        quoted(&arguments.every),
        quoted(&arguments.backfill),
    )
}

/// Writes the configuration anew with a table more, whole or not at all, unless that would make it faulty; then says why.
fn append(path: &Path, table: &str) -> io::Result<Option<String>> {
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
    use url::Url;

    use super::*;

    #[test]
    fn a_name_is_made_of_the_address() {
        let name = |url: &str| name_for(&SourceKind::Feed { url: Url::parse(url).unwrap(), allow_private: Vec::new() });
        assert_eq!(name("https://feeds.bbci.co.uk/news/world/rss.xml"), "feeds.bbci.co.uk-news-world");
        assert_eq!(name("https://www.theguardian.com/world/rss"), "theguardian.com-world");
        assert_eq!(name("https://example.org/?key=secret"), "example.org");
    }
}
