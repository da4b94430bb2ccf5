//! Who is told what, when, and in which words: all decided here, nothing done.

pub mod digest;
mod excerpt;
pub mod group;
pub mod letter;
mod page;
pub mod route;
mod safe;
#[cfg(test)]
mod samples;
pub mod subscription;
mod words;
