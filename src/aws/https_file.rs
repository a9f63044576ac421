//! Reads a file behind an HTTPS address, with the HTTP and TLS stack that the SDK brings. Never follows a redirect, since the
//! address may have a password for one host.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::base64;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::environment::Machine;
use super::http_client;
use crate::settings::Settings;

/// The limit for the whole read: 50 MB in a slow network.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Returns the bytes behind an address; its user and password are sent as basic authentication.
///
/// # Errors
/// Why they could not be read, without the address.
pub async fn read_https(url: &str, settings: &Settings) -> Result<Vec<u8>, String> {
    read_with(url, &Machine::new(settings)).await
}

/// Returns the bytes behind an address, with the proxies and certificates of a machine.
///
/// # Errors
/// As of [`read_https`].
pub(super) async fn read_with(url: &str, machine: &Machine) -> Result<Vec<u8>, String> {
    let (url, authorization) = without_credentials(url);
    let connector = http_client::connector(machine, url.starts_with("https:"));
    let connector = connector.map_err(|failure| failure.one_line())?;
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url.as_str()).map_err(|_| "it is no URL".to_owned())?;
    request.headers_mut().insert("user-agent", concat!("ecsail/", env!("CARGO_PKG_VERSION")));
    if let Some(authorization) = authorization {
        request.headers_mut().insert("authorization", authorization);
    }
    let reading = async {
        let response = connector.call(request).await.map_err(|_| "no connection".to_owned())?;
        let status = response.status().as_u16();
        match status {
            200 => {}
            300..400 => return Err(format!("HTTP {status}: redirects are not followed")),
            _ => return Err(format!("HTTP {status}")),
        }
        let bytes = ByteStream::new(response.into_body()).collect().await;
        bytes.map(|bytes| bytes.into_bytes().to_vec()).map_err(|_| "the connection broke off".to_owned())
    };
    let read = tokio::time::timeout(TIMEOUT, reading).await;
    read.unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())))
}

/// Returns an address without its user and password, and the header that they become.
fn without_credentials(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let authority = rest.find('/').unwrap_or(rest.len());
    let Some(at) = rest[..authority].rfind('@') else { return (url.to_owned(), None) };
    let header = format!("Basic {}", base64::encode(&rest[..at]));
    (format!("{scheme}://{}", &rest[at + 1..]), Some(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_become_a_header() {
        let expected = ("https://e.com/a@b".to_owned(), Some("Basic dTpw".to_owned()));
        assert_eq!(without_credentials("https://u:p@e.com/a@b"), expected);
        assert_eq!(without_credentials("https://e.com/a@b"), ("https://e.com/a@b".to_owned(), None));
    }
}
