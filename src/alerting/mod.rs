//! Who is told what, when, and in which words: all decided here, nothing done.

mod check;
pub mod closing;
mod copies;
pub mod correction;
mod dates;
pub mod digest;
pub mod due;
mod excerpt;
pub mod feed;
pub mod group;
pub mod hours;
mod layout;
pub mod letter;
mod pace;
mod page;
mod plural;
mod quotation;
pub mod route;
mod safe;
#[cfg(test)]
pub(crate) mod samples;
pub mod subscription;
mod trend;
mod words;
