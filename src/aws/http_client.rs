//! The HTTP client of all calls: proxies and certificates as the environment sets them. The client of the sandbox has
//! neither.

use std::collections::BTreeMap;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::certificates;
use super::environment::Machine;
use crate::error::{Cause, Failure, Result};

/// The variables with the proxy of a scheme, the first with a value counts.
const HTTPS_PROXY: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const HTTP_PROXY: &[&str] = &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const NO_PROXY: &[&str] = &["NO_PROXY", "no_proxy"];
/// Set by web servers for their CGI programs, in which `HTTP_PROXY` is a header of the request.
const CGI: &str = "REQUEST_METHOD";

/// Returns the client for what the machine sets.
///
/// # Errors
/// A proxy is no URL, or the certificates cannot be used.
pub(super) fn client(machine: &Machine) -> Result<SharedHttpClient> {
    let context = tls_context(machine)?;
    let https = with_tls(proxy(&machine.variables, HTTPS_PROXY)?, context.clone());
    let http = match proxy(&machine.variables, HTTP_PROXY)? {
        proxy if proxy.is_disabled() => plain(),
        // The proxy itself may be reached with TLS.
        proxy => with_tls(proxy, context),
    };
    Ok(SharedHttpClient::new(ClientByScheme { https, http }))
}

/// Returns a client for HTTP without proxies and certificates.
pub(super) fn plain() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::disabled());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build_http()
    })
}

/// Returns the connector for requests that no client of the SDK sends, to an address of this scheme.
///
/// # Errors
/// As of [`client`].
pub(super) fn connector(machine: &Machine, is_tls: bool) -> Result<SharedHttpConnector> {
    let names = if is_tls { HTTPS_PROXY } else { HTTP_PROXY };
    let proxy = proxy(&machine.variables, names)?;
    if !is_tls && proxy.is_disabled() {
        return Ok(plain_connector());
    }
    let connector =
        Connector::builder().proxy_config(proxy).tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    Ok(SharedHttpConnector::new(connector.tls_context(tls_context(machine)?).build()))
}

/// Returns a connector for HTTP without proxies and certificates.
fn plain_connector() -> SharedHttpConnector {
    SharedHttpConnector::new(Connector::builder().proxy_config(ProxyConfig::disabled()).build_http())
}

fn tls_context(machine: &Machine) -> Result<TlsContext> {
    let trust = certificates::trust_store(machine)?;
    TlsContext::builder().with_trust_store(trust).build().map_err(|error| {
        Failure::usage("failed to set up TLS with the trusted certificates").with_cause(Cause::new(error))
    })
}

fn with_tls(proxy: ProxyConfig, context: TlsContext) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context.clone()).build()
    })
}

/// Returns the proxy that the first of these variables names.
fn proxy(variables: &BTreeMap<String, String>, names: &[&str]) -> Result<ProxyConfig> {
    let Some((name, url)) = first(variables, names).filter(|(name, _)| !is_header(name, variables)) else {
        return Ok(ProxyConfig::disabled());
    };
    let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let proxy = ProxyConfig::all(with_scheme).map_err(|_| {
        // The value may hold a password, so the message does not repeat it.
        let hint = format!("set `{name}` to a URL such as `http://proxy.example.com:3128`");
        Failure::usage(format!("`{name}` is not the URL of an HTTP proxy")).with_hint(hint)
    })?;
    Ok(match first(variables, NO_PROXY) {
        Some((_, rules)) => proxy.no_proxy(rules),
        None => proxy,
    })
}

/// Returns whether a variable is a header of the request that a CGI program serves.
fn is_header(name: &str, variables: &BTreeMap<String, String>) -> bool {
    name == "HTTP_PROXY" && variables.contains_key(CGI)
}

/// Returns the variable whose proxy is used for a scheme, if any is.
pub(super) fn proxy_variable(variables: &BTreeMap<String, String>, scheme: &str) -> Option<String> {
    let names = if scheme.starts_with("https:") { HTTPS_PROXY } else { HTTP_PROXY };
    first(variables, names).filter(|(name, _)| !is_header(name, variables)).map(|(name, _)| name.to_owned())
}

fn first<'a>(variables: &'a BTreeMap<String, String>, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    names.iter().find_map(|name| Some((*name, variables.get(*name)?.as_str())))
}

/// A client with a connection pool for each scheme, because each has its own proxy.
#[derive(Debug)]
struct ClientByScheme {
    https: SharedHttpClient,
    http: SharedHttpClient,
}

impl HttpClient for ClientByScheme {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ConnectorByScheme {
            https: self.https.clone(),
            http: self.http.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Sends one request with the client of its scheme. Certificates are loaded with the first request that needs them.
#[derive(Debug)]
struct ConnectorByScheme {
    https: SharedHttpClient,
    http: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ConnectorByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("https:") { &self.https } else { &self.http };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_proxy_may_be_given_without_a_scheme() {
        for url in ["proxy:3128", "http://proxy:3128", "http://user:secret@proxy:3128"] {
            let proxy = proxy(&variables(&[("HTTPS_PROXY", url)]), HTTPS_PROXY).expect("a proxy");
            assert!(!proxy.is_disabled(), "{url}");
        }
    }

    #[test]
    fn a_proxy_that_is_no_url_is_named_without_its_value() {
        let given = variables(&[("https_proxy", "socks5://user:secret@proxy")]);
        let error = proxy(&given, HTTPS_PROXY).expect_err("no HTTP proxy");
        assert_eq!(error.message, "`https_proxy` is not the URL of an HTTP proxy");
    }

    #[test]
    fn a_request_header_is_no_proxy() {
        let given = variables(&[("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")]);
        assert!(proxy(&given, HTTP_PROXY).expect("none").is_disabled());
    }
}
