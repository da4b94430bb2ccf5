//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;

use claimwatch::cli;

#[tokio::main]
async fn main() -> ExitCode {
    let line = cli::CommandLine::parse();
    cli::run(line).await.into()
}
