//! Start, stop, reload: the long-running service.

pub mod gate;
pub mod letters;
pub mod report;
mod settling;
