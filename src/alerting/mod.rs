//! Who is told what, when, and in which words: all decided here, nothing done.

pub mod closing;
pub mod correction;
pub mod digest;
pub mod due;
mod excerpt;
pub mod group;
pub mod hours;
pub mod letter;
mod pace;
mod page;
pub mod route;
mod safe;
#[cfg(test)]
mod samples;
pub mod subscription;
mod words;
