//! The words of the house: plain data, one file for each stage a post goes through.

pub mod alert;
pub mod claim;
pub mod delivery;
pub mod digest;
pub mod facts;
pub mod feed;
pub mod feedback;
pub mod hook;
pub mod hub;
pub mod letter;
pub mod post;
pub mod sighting;
pub mod silence;
pub mod source;
pub mod units;
