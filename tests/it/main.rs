//! One binary for all integration tests; its files mirror the rooms.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say so and stop")]

mod alerts;
mod backtest;
mod bulk;
mod channels;
mod cli;
mod config;
mod desk_model;
mod editors;
mod feedback;
mod feeds;
mod fetch;
mod floors;
mod identity;
mod import;
mod jetstream;
mod jetstream_server;
mod letters;
mod lint;
mod mail;
mod matching;
mod networks;
mod post_office;
mod postfix;
mod preview;
mod push;
mod queue;
mod rules;
mod samples;
mod schema;
mod server;
mod service;
mod smtp_server;
mod sources;
mod spam;
mod store;
