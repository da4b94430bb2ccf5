//! The memory: posts seen, sightings, alerts, letters and deliveries, in SQLite.

pub mod error;
pub mod settings;
