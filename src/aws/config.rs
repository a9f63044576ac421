//! Configures the AWS clients: region, credentials, role, endpoint, proxy and certificates, by the rules of the AWS
//! CLI.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, proxy::ProxyConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::error::{Cause, Failure, Result};
use crate::settings::Settings;

/// Attempts per call: enough to outlast a throttled token bucket that refills once a second.
const ATTEMPTS: u32 = 5;
/// The limit for one attempt; without it, a server that accepts a connection and never answers would block the run for
/// ever.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the SDK's configuration.
///
/// The region comes from `--region`, then the manifest, then the environment and the profile: a region in the manifest
/// overrides what CI exports.
///
/// # Errors
/// No region is set, or the CA bundle cannot be read.
pub async fn load(settings: &Settings, region: Option<&str>, role: Option<&str>) -> Result<SdkConfig> {
    let config = loader(settings, region)?.load().await;
    if config.region().is_none() {
        let hint = "set `region:` in the manifest, `--region`, or `AWS_REGION`".to_owned();
        return Err(Failure::usage("no AWS region is set").hint(hint));
    }
    let Some(role) = role else { return Ok(config) };
    let provider = AssumeRoleProvider::builder(role).session_name("ecsail").configure(&config).build().await;
    Ok(config
        .into_builder()
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(provider))
        .build())
}

fn loader(settings: &Settings, region: Option<&str>) -> Result<ConfigLoader> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts.build());
    if let Some(region) = settings.region.as_deref().or(region) {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(profile) = &settings.profile {
        // A profile given on the command line takes precedence over keys in the environment, as in the AWS CLI.
        let credentials = ProfileFileCredentialsProvider::builder().profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    if let Some(endpoint) = &settings.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    if settings.sandbox.is_some() {
        // The sandbox accepts any credentials. The user's own credentials are not needed, and must not be sent to it.
        let credentials = aws_credential_types::Credentials::from_keys("SANDBOXKEY", "sandbox", None);
        loader = loader.credentials_provider(credentials);
    }
    if let Some(path) = settings.environment.get("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        loader = loader.http_client(with_ca_bundle(path)?);
    }
    Ok(loader)
}

/// Returns an HTTP client that trusts the certificates of a bundle.
///
/// The SDK does not read `AWS_CA_BUNDLE`, and a custom client drops the proxy settings, so both are set here.
fn with_ca_bundle(path: &str) -> Result<SharedHttpClient> {
    let pem = std::fs::read(path).map_err(|error| {
        Failure::usage(format!("failed to read `AWS_CA_BUNDLE` file `{path}`")).because(error)
    })?;
    let trust = TrustStore::empty().with_pem_certificate(pem.as_slice());
    let context = TlsContext::builder().with_trust_store(trust).build().map_err(|error| {
        let message = format!("failed to use the certificates of `AWS_CA_BUNDLE` `{path}`");
        Failure::usage(message).because(Cause::new(error))
    })?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .build()
    }))
}
