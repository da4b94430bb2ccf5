//! What the engine promises.

mod build;
mod exact;
mod north_korea;
mod promises;
mod sizes;
