//! Text made comparable: markup taken off, words folded, every step remembering where it came from.

mod contraction;
pub mod fold;
pub mod frequency;
pub mod html;
mod number;
mod reader;
mod scan;
mod tag;
pub mod words;
