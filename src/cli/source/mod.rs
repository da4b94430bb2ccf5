//! `claimwatch source`: where posts come from, looked at and looked after.

mod add;
mod discover;
mod list;
mod opml;
mod probe;
mod switch;

use std::path::Path;

use clap::{Args, Subcommand};

use super::output::{Answer, drawn, tally};
use super::{ConfigPath, Exit};
use crate::config::{self, Config};
use crate::model::source::Source;
use crate::rules::diagnostic::Level;

/// Arguments of `source`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done about sources.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show how every source is doing.
    List(list::Arguments),
    /// Ask a feed once and show what claimwatch reads in it. Nothing is remembered.
    #[command(after_help = probe::AFTER_HELP)]
    Probe(probe::Arguments),
    /// Visit a source now.
    Visit(switch::Named),
    /// Let a source rest until it is resumed.
    Pause(switch::Named),
    /// End a source's rest.
    Resume(switch::Named),
    /// Find a feed, ask it once and write it into the configuration.
    #[command(after_help = add::AFTER_HELP)]
    Add(add::Arguments),
    /// Write the feeds of a list (OPML) into the configuration.
    #[command(after_help = opml::AFTER_HELP)]
    Import(opml::Import),
    /// Print the feeds of the configuration as a list (OPML).
    Export(opml::Export),
}

/// Does it.
pub async fn run(arguments: Arguments) -> Answer {
    match arguments.action {
        Action::List(arguments) => list::list(&arguments).await,
        Action::Probe(arguments) => probe::probe(&arguments).await,
        Action::Visit(named) => switch::visit(&named).await,
        Action::Pause(named) => switch::pause(&named).await,
        Action::Resume(named) => switch::resume(&named).await,
        Action::Add(arguments) => add::add(&arguments).await,
        Action::Import(arguments) => opml::import(&arguments),
        Action::Export(arguments) => opml::export(&arguments),
    }
}

/// Reads the configuration; passwords may be missing, they are not needed here.
fn configuration(path: &ConfigPath) -> Result<Config, Answer> {
    let reading = config::read(&path.config, Level::Warning);
    reading.config.ok_or_else(|| {
        let report = reading.report;
        Answer::trouble(
            format!("{}The configuration cannot be used: {}.\n", drawn(&report, false), tally(&report)),
            Exit::Unreadable,
        )
    })
}

/// Finds a source by its name.
fn source_called<'c>(name: &str, config: &'c Config, path: &Path) -> Result<&'c Source, Answer> {
    config.sources.iter().find(|source| source.name.0 == name).ok_or_else(|| {
        let names: Vec<&str> = config.sources.iter().map(|source| source.name.0.as_str()).collect();
        let known = if names.is_empty() { "it names none".to_owned() } else { format!("it names {}", names.join(", ")) };
        Answer::trouble(format!("{} names no source \"{name}\"; {known}.\n", path.display()), Exit::Usage)
    })
}
