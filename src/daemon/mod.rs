//! Start, stop, reload: the long-running service.

pub mod clock;
pub mod gate;
pub mod letters;
pub mod news;
pub mod report;
pub mod schedule;
