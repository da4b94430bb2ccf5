//! `[fetch]` of the configuration: how we introduce ourselves, where we may go, and what a visit may cost.

use std::time::Duration;

/// How the world is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Mail address or web page that stands in the `User-Agent`, so that a publisher can complain.
    pub contact: Option<String>,
    /// Networks that may be visited although they are not public (CIDR).
    pub allow_private: Vec<ipnet::IpNet>,
    /// What one visit may cost in time and size.
    pub limits: Limits,
    /// Pause between two requests to one host.
    pub gap: Duration,
    /// Requests in flight at once, all hosts together.
    pub in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { contact: None, allow_private: Vec::new(), limits: Limits::default(), gap: Duration::from_secs(2), in_flight: 16 }
    }
}

/// Bounds of one visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Until the first byte of the answer.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// The whole visit, redirects included.
    pub total: Duration,
    /// Redirects followed.
    pub redirects: usize,
    /// Body as it travels.
    pub wire_bytes: u64,
    /// Body once unpacked.
    pub decoded_bytes: u64,
    /// How many times larger than its packed form a body may become.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(20),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(45),
            redirects: 5,
            wire_bytes: 5 << 20,
            decoded_bytes: 10 << 20,
            ratio: 100,
        }
    }
}
