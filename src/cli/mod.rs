//! The command line: one file per command.

mod ahead;
mod archive;
pub mod backtest;
mod bulk_words;
pub mod check;
mod drafts;
pub mod eval;
pub mod explain;
pub mod export;
pub mod feedback;
pub mod fit;
pub mod fmt;
pub mod import;
pub mod ingest;
mod later;
mod lines;
mod links;
pub mod lint;
pub mod list;
pub mod mail;
pub mod marks;
pub mod match_posts;
pub mod near_misses;
pub mod new;
pub mod opened;
pub mod output;
mod past;
pub mod precision;
pub mod preview;
mod progress;
pub mod queue;
pub mod recipients;
pub mod run;
pub mod schema;
pub mod show;
pub mod sighting;
pub mod silence;
pub mod source;
pub mod stats;
pub mod status;
pub mod store;
mod subject;
pub mod test;
pub mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::model::sighting::SightingId;

/// Tell fact-check desks, by mail and within minutes, that a claim they have already checked is spreading again.
#[derive(Debug, Parser)]
#[command(name = "claimwatch", version, propagate_version = true, max_term_width = 100)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch the sources and write to the desks, until stopped.
    #[command(after_help = run::AFTER_HELP)]
    Run(run::Arguments),
    /// Find every mistake in the configuration and the rule files.
    #[command(after_help = check::AFTER_HELP)]
    Check(check::Arguments),
    /// Find rules that can be read but may not do what is wanted.
    #[command(after_help = lint::AFTER_HELP)]
    Lint(lint::Arguments),
    /// Put rule files into their one layout, comments kept.
    #[command(after_help = fmt::AFTER_HELP)]
    Fmt(fmt::Arguments),
    /// Print the JSON Schema of rule files, for editors.
    #[command(after_help = schema::AFTER_HELP)]
    Schema,
    /// Try the tests that stand in the rules.
    #[command(after_help = test::AFTER_HELP)]
    Test(test::Arguments),
    /// Draft a rule from a fact-check's page.
    #[command(after_help = new::AFTER_HELP)]
    New(new::Arguments),
    /// Take in claims that others have checked, as drafts of rules or as bulk claims.
    #[command(after_help = import::AFTER_HELP)]
    Import(import::Arguments),
    /// Hand out rules as ClaimReview.
    #[command(after_help = export::AFTER_HELP)]
    Export(export::Arguments),
    /// Look at sources and look after them.
    Source(source::Arguments),
    /// Take in posts from a file or a pipe: tip lines, closed platforms, own scrapers.
    #[command(after_help = ingest::AFTER_HELP)]
    Ingest(ingest::Arguments),
    /// Show why a text matches a claim, or why not.
    #[command(after_help = explain::AFTER_HELP)]
    Explain(explain::Arguments),
    /// Try a change of rules on posts of the past.
    #[command(after_help = backtest::AFTER_HELP)]
    Backtest(backtest::Arguments),
    /// Show posts that nearly repeat a claim, and what to try.
    #[command(after_help = near_misses::AFTER_HELP)]
    NearMisses(near_misses::Arguments),
    /// List the rules.
    #[command(after_help = list::AFTER_HELP)]
    List(list::Arguments),
    /// Show one rule in words, and its newest sightings.
    #[command(after_help = show::AFTER_HELP)]
    Show(show::Arguments),
    /// Say how each rule has done, and how far to trust that.
    #[command(after_help = stats::AFTER_HELP)]
    Stats(stats::Arguments),
    /// Say of a sighting that it is right, or that it shall not come back.
    #[command(after_help = feedback::AFTER_HELP)]
    Feedback(feedback::Arguments),
    /// Show how a running claimwatch is doing, and what needs a person.
    #[command(after_help = status::AFTER_HELP)]
    Status(status::Arguments),
    /// Do not write to desks about something, for a while.
    #[command(after_help = silence::AFTER_HELP)]
    Silence(silence::Arguments),
    /// Copy the memory, or check that it is sound.
    #[command(after_help = store::AFTER_HELP)]
    Store(store::Arguments),
    /// Try the way to a desk, and look after letters that wait.
    Mail(mail::Arguments),
    /// Find the claims that posts repeat.
    #[command(name = "match", after_help = match_posts::AFTER_HELP)]
    Match(match_posts::Arguments),
    /// Say how good the matcher is on labelled posts.
    #[command(after_help = eval::AFTER_HELP)]
    Eval(eval::Arguments),
    /// Make the weights again from labelled posts.
    #[command(after_help = fit::AFTER_HELP)]
    Fit(fit::Arguments),
}

/// Where the configuration lies; the same for every command.
#[derive(Debug, Args)]
pub struct ConfigPath {
    /// Read this configuration.
    #[arg(long, value_name = "PATH", default_value = DEFAULT_CONFIG, env = "CLAIMWATCH_CONFIG", global = true)]
    pub config: PathBuf,
}

/// The configuration that is read when nobody names another.
pub const DEFAULT_CONFIG: &str = "config/claimwatch.toml";

/// How a command ended; see `DESIGN` for the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// It ran and found faults.
    Faults,
    /// It was asked for something that does not exist.
    Usage,
    /// Configuration or rules could not be read where they are needed.
    Unreadable,
    /// The world failed.
    World,
    /// `run`: the configuration is bad and starting again will not help (`EX_CONFIG`).
    BadConfiguration,
    /// `run`: another claimwatch holds the database (`EX_TEMPFAIL`).
    Occupied,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Faults => 1,
            Exit::Usage => 2,
            Exit::Unreadable => 3,
            Exit::World => 4,
            Exit::Occupied => 75,
            Exit::BadConfiguration => 78,
        })
    }
}

/// Does what the arguments ask for; they have been read already.
pub async fn run(line: CommandLine) -> Exit {
    match line.command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Check(arguments) => output::print(check::check(&arguments)),
        Command::Lint(arguments) => output::print(lint::lint(&arguments).await),
        Command::Fmt(arguments) => output::print(fmt::fmt(&arguments)),
        Command::Schema => output::print(schema::schema()),
        Command::Test(arguments) => output::print(test::test(&arguments)),
        Command::New(arguments) => output::print(new::new(&arguments).await),
        Command::Import(arguments) => output::print(import::import(&arguments).await),
        Command::Export(arguments) => output::print(export::export(&arguments)),
        Command::Source(arguments) => output::print(source::run(arguments).await),
        Command::Backtest(arguments) => output::print(backtest::backtest(&arguments).await),
        Command::NearMisses(arguments) => output::print(near_misses::near_misses(&arguments).await),
        Command::Ingest(arguments) => output::print(ingest::ingest(&arguments).await),
        Command::Explain(arguments) => match arguments.sighting {
            Some(id) => output::print(sighting::explain(&arguments, SightingId(id)).await),
            None => output::print(explain::explain(&arguments).await),
        },
        Command::Silence(arguments) => output::print(silence::silence(&arguments).await),
        Command::List(arguments) => output::print(list::list(&arguments)),
        Command::Show(arguments) => output::print(show::show(&arguments).await),
        Command::Stats(arguments) => output::print(stats::stats(&arguments).await),
        Command::Feedback(arguments) => output::print(feedback::feedback(&arguments).await),
        Command::Status(arguments) => output::print(status::status(&arguments).await),
        Command::Store(arguments) => output::print(store::store(&arguments).await),
        Command::Mail(arguments) => output::print(mail::mail(&arguments).await),
        Command::Match(arguments) => match_posts::match_posts(&arguments),
        Command::Eval(arguments) => output::print(eval::eval(&arguments)),
        Command::Fit(arguments) => output::print(fit::fit_weights(&arguments)),
    }
}
