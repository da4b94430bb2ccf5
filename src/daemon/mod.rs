//! Start, stop, reload: the long-running service.

pub mod clock;
pub mod news;
pub mod schedule;
