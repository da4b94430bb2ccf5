//! Who is told what, when, and in which words: all decided here, nothing done.

pub mod group;
pub mod letter;
pub mod route;
pub mod subscription;
