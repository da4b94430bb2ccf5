//! TLS for asking web servers: rustls with ring, trusting the authorities this machine trusts. Nothing global is installed.

use std::sync::{Arc, LazyLock};

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;

/// What https needs, or why it cannot be had.
#[derive(Debug, Clone)]
pub enum Tls {
    /// Certificates can be checked.
    Ready(Arc<ClientConfig>),
    /// They cannot, so https is refused; plain http still works.
    Missing(String),
}

impl Tls {
    /// Gives the configuration for a client; one that trusts nobody when there is none.
    ///
    /// # Errors
    /// Never with ring, which knows all versions of TLS that rustls speaks.
    pub fn client_config(&self) -> Result<ClientConfig, rustls::Error> {
        match self {
            Self::Ready(config) => Ok(config.as_ref().clone()),
            Self::Missing(_) => Ok(versions()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()),
        }
    }
}

fn versions() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()
}

/// Gives the authorities this machine trusts: reading them takes a while, so they are read once.
pub fn prepare() -> Tls {
    static PREPARED: LazyLock<Tls> = LazyLock::new(load);
    PREPARED.clone()
}

fn load() -> Tls {
    let verified = Verifier::new(Arc::new(default_provider())).and_then(|verifier| Ok((versions()?, verifier)));
    match verified {
        Ok((builder, verifier)) => {
            let mut config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            Tls::Ready(Arc::new(config))
        }
        Err(error) => Tls::Missing(error.to_string()),
    }
}
