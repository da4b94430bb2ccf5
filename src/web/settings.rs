//! `[web]` of the configuration: where health and metrics are served.

use std::net::{Ipv4Addr, SocketAddr};

use crate::model::source::Token;

/// Where we listen. Without `[web]` in the configuration nothing listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address and port.
    pub listen: SocketAddr,
    /// What `POST /ingest` asks for; without it that page does not exist.
    pub ingest_token: Option<Token>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9187)), ingest_token: None }
    }
}
