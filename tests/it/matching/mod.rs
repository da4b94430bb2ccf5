//! What the engine promises.

pub mod build;
mod exact;
mod north_korea;
mod promises;
mod sizes;
