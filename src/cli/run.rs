//! `claimwatch run`: the daemon.

use clap::Args;

use super::{ConfigPath, Exit};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Visit every source once, send what is due and exit.
    #[arg(long)]
    pub once: bool,
}

/// Watches until stopped.
pub async fn run(arguments: Arguments) -> Exit {
    let _ = (arguments.config.config, arguments.once);
    Exit::World
}
