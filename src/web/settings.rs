//! `[web]` of the configuration: where health, metrics and feeds of alerts are served.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use crate::model::source::Token;

/// Where we listen. Without `[web]` in the configuration nothing listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address and port.
    pub listen: SocketAddr,
    /// What `POST /ingest` asks for; without it that page does not exist.
    pub ingest_token: Option<Token>,
    /// What feeds of alerts ask for; without it they are given to whoever reaches us on this machine.
    pub feed_token: Option<Token>,
    /// The address that others reach us by, where a proxy stands in front.
    pub url: Option<Url>,
    /// Hubs may push feeds to us, where `url` says how they reach us.
    pub websub: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9187)),
            ingest_token: None,
            feed_token: None,
            url: None,
            websub: true,
        }
    }
}
