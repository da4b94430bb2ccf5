//! claimwatch reads feeds and social timelines, recognises posts that repeat a claim somebody has already
//! fact-checked, and writes to the desk that asked to know.
//!
//! # The way of the data
//!
//! ```text
//! Source ─fetch→ Fetched{NotModified | News} ─feeds::read→ RawPost ─feeds::clean→ Post
//!   ─matching::weigh→ Judgement ─examine→ Sighting ─alerting::group→ Alert ─(rows, one transaction)→
//!   ─alerting::letter→ Letter ─mail→ Outcome ─store::settle→ Delivery
//! rules/*.toml ─syntax→ RuleFile ─compile→ RuleSet (immutable, shared, swapped whole on reload)
//! ```
//!
//! # The floors
//!
//! A room imports only from floors below it; `tests/it/floors.rs` holds the rule.
//!
//! ```text
//! 7  main.rs                                      arguments in, exit code out
//! 6  cli/                                         one file per command
//! 5  daemon/                                      start, stop, reload; schedule (pure); round = one visit; letters = the post office
//! 4  config/                                      gathers every room's Settings; reads files and credentials
//! 3  matching/ (pure)          web/               the engine            | health, metrics
//! 2  rules/ feeds/ alerting/ (pure) | store/ fetch/ mail/    left half computes, right half touches the world; none of the six knows another
//! 1  model/  text/ (pure)      telemetry/         the words, text made comparable | logs and numbers
//! ```
//!
//! The pure rooms never await, never read a clock, a file or the network: time, chance and settings are handed in.

pub mod alerting;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod feeds;
pub mod fetch;
pub mod mail;
pub mod matching;
pub mod model;
pub mod rules;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod web;
