//! The configuration: every room's Settings gathered from one file.
