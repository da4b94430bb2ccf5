//! Reading TOML that people write: every mistake with its place, all of them at once. Used by the rules and by the configuration.

pub mod broken;
pub mod document;
pub mod lines;
pub mod mend;
pub mod table;
pub mod value;
