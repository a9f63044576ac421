//! The certificates that calls trust: those of `AWS_CA_BUNDLE`, or those of the system. Keeps back what TLS cannot read,
//! because the SDK ends the process over it.

use aws_smithy_http_client::tls::TrustStore;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::environment::Machine;
use crate::error::{Failure, Result};

const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
/// The variables of OpenSSL that name the certificates of the system. Set and empty, the first one leaves none.
const CERT_FILE: &str = "SSL_CERT_FILE";
const CERT_DIR: &str = "SSL_CERT_DIR";
/// Where systems have their certificates in one file (Go, `crypto/x509/root_linux.go` and `root_bsd.go`).
const SYSTEM_BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Returns the certificates to trust.
///
/// # Errors
/// `AWS_CA_BUNDLE` cannot be read, or has no certificate.
pub(super) fn trust_store(machine: &Machine) -> Result<TrustStore> {
    let Some(path) = machine.variables.get(CA_BUNDLE) else { return Ok(system_store(machine)) };
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::usage(format!("failed to read `{CA_BUNDLE}` file `{path}`")).with_cause(error)
    })?;
    let certificates = usable_certificates(&String::from_utf8_lossy(&bytes));
    if certificates.is_empty() {
        let hint = format!("set `{CA_BUNDLE}` to a PEM file with certificates");
        return Err(
            Failure::usage(format!("`{CA_BUNDLE}` file `{path}` has no usable certificate")).with_hint(hint)
        );
    }
    Ok(store_of(certificates))
}

/// Returns the certificates of the system.
fn system_store(machine: &Machine) -> TrustStore {
    if !machine.empty.contains(CERT_FILE) || machine.variables.contains_key(CERT_DIR) {
        return TrustStore::default();
    }
    let bundle = SYSTEM_BUNDLES.iter().find_map(|path| std::fs::read(path).ok());
    store_of(usable_certificates(&String::from_utf8_lossy(&bundle.unwrap_or_default())))
}

fn store_of(certificates: Vec<String>) -> TrustStore {
    certificates.into_iter().fold(TrustStore::empty(), |store, pem| store.with_pem_certificate(pem))
}

/// Returns the certificates of a PEM text that TLS can use.
fn usable_certificates(text: &str) -> Vec<String> {
    let blocks = text.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(END));
    let blocks = blocks.map(|(body, _)| format!("{BEGIN}{body}{END}\n"));
    blocks.filter(|block| is_usable(block)).collect()
}

fn is_usable(block: &str) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(block.as_bytes()) else { return false };
    RootCertStore::empty().add(certificate).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_left_out() {
        for text in
            ["", "garbage", &format!("{BEGIN}\n!!!\n{END}\n"), &format!("{BEGIN}\nQUJD\n{END}\n"), BEGIN]
        {
            assert!(usable_certificates(text).is_empty(), "{text}");
        }
    }
}
