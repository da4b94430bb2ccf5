//! Who is told what, when, and in which words: all decided here, nothing done.

mod check;
mod copies;
mod dates;
pub mod digest;
mod excerpt;
pub mod group;
mod layout;
pub mod letter;
mod page;
mod plural;
mod quotation;
pub mod route;
mod safe;
#[cfg(test)]
mod samples;
pub mod subscription;
mod trend;
mod words;
