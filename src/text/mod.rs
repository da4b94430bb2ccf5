//! Text made comparable: markup taken off, words folded, every step remembering where it came from.

pub mod fold;
pub mod frequency;
pub mod html;
pub mod words;
