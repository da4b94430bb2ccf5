//! One binary for all integration tests; its files mirror the rooms.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say so and stop")]

mod cli;
mod config;
mod floors;
mod matching;
mod rules;
