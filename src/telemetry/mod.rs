//! Logs and numbers.
