//! Configures the AWS clients: region, credentials, role, endpoint, proxy and certificates, by the rules of the AWS
//! CLI. The one place that makes a configuration: every client is made from it.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::environment::{Machine, check_partitions};
use super::http_client;
use crate::error::{Failure, Result};
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
/// No region is set, or a proxy or the CA bundle cannot be used.
pub async fn load(settings: &Settings, region: Option<&str>, role: Option<&str>) -> Result<SdkConfig> {
    check_partitions(settings)?;
    let machine = Machine::new(settings);
    let config = loader(settings, &machine, region)?.load().await;
    if config.region().is_none() {
        let hint = "set `region:` in the manifest, `--region`, or `AWS_REGION`".to_owned();
        return Err(Failure::usage("no AWS region is set").with_hint(hint));
    }
    let Some(role) = role else { return Ok(config) };
    let provider = AssumeRoleProvider::builder(role).session_name("ecsail").configure(&config).build().await;
    Ok(config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build())
}

fn loader(settings: &Settings, machine: &Machine, region: Option<&str>) -> Result<ConfigLoader> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(machine.env())
        .fs(machine.files())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts.build());
    if let Some(region) = settings.region.as_deref().or(region) {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(endpoint) = &settings.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    if settings.sandbox.is_some() {
        // The sandbox accepts any credentials. The user's own credentials are not needed, and must not be sent to it.
        let credentials = Credentials::from_keys("SANDBOXKEY", "sandbox", None);
        return Ok(loader.credentials_provider(credentials).http_client(http_client::plain()));
    }
    Ok(loader.http_client(http_client::client(machine)?))
}
