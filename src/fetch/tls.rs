//! The TLS settings of the fetcher, from the system's CA bundle. Building them here, not in the HTTP
//! client, lets the daemon start on a machine without a bundle: only https then fails, with its cause.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::FetchSetupError;

/// TLS settings, and whether there is any authority to trust.
pub(super) struct Tls {
    pub(super) config: ClientConfig,
    pub(super) has_roots: bool,
}

/// Reads the system's CA bundle (`SSL_CERT_FILE` and `SSL_CERT_DIR` override its place).
pub(super) fn from_system() -> Result<Tls, FetchSetupError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let has_roots = !roots.is_empty();
    Ok(Tls { config: trusting(roots)?, has_roots })
}

/// Settings for a client that speaks to a socket of this machine only.
pub(super) fn without_roots() -> Result<ClientConfig, FetchSetupError> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, FetchSetupError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| FetchSetupError::Client(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
