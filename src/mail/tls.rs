//! Whom we believe when a relay says who it is.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::TlsConnector;

use super::error::MailError;

/// Makes a connector that trusts the authorities in `ca_file` and no others, or else those of the system; TLS 1.2 or newer.
pub fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, MailError> {
    let no_authorities = |error: rustls::Error| MailError::NoAuthorities { found: error.to_string() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(no_authorities)?;
    let config = match ca_file {
        Some(path) => builder.with_root_certificates(authorities(path)?).with_no_client_auth(),
        None => builder.with_platform_verifier().map_err(no_authorities)?.with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn authorities(path: &Path) -> Result<RootCertStore, MailError> {
    let unusable = |found: String| MailError::CaFile { path: path.to_owned(), found };
    let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("it holds no certificate in PEM form".to_owned())) } else { Ok(roots) }
}
