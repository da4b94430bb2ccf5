//! Text made comparable: markup taken off, words folded, every step remembering where it came from.

pub mod address;
mod contraction;
mod cut;
pub mod fold;
pub mod frequency;
pub mod guard;
pub mod html;
pub mod likeness;
mod number;
pub mod page;
mod reader;
pub mod related;
mod scan;
pub mod stem;
mod tag;
pub mod words;
