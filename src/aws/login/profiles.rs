//! Reads the profiles in `~/.aws`, and which of them a run uses.

use aws_config::profile::ProfileSet;
use aws_config::{ConfigLoader, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;

use super::chain::{self, Base, Chain, ProfileSource};
use crate::aws::environment::Machine;
use crate::error::{Cause, Failure, Result};

const DEFAULT: &str = "default";
/// The variables of sources that come after the profile, which then need not exist.
const OTHER_SOURCES: &[&str] = &[
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// The profiles of a machine, and the chain of the one that a run uses.
#[derive(Debug)]
pub(in crate::aws) struct ProfileFiles {
    machine: Machine,
    /// None where the files cannot be read and are not needed.
    profiles: Option<ProfileSet>,
    chain: Chain,
}

impl ProfileFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// A file is malformed, or the profile that a run uses does not exist or cannot be used.
    pub(in crate::aws) async fn read(machine: &Machine) -> Result<ProfileFiles> {
        let needs_profile = machine.is_profile_given || !machine.has_keys();
        let (files, environment) = (machine.files(), machine.env());
        let profiles = match aws_config::profile::load(&files, &environment, &Default::default(), None).await
        {
            Ok(profiles) => Some(profiles),
            Err(error) if needs_profile => {
                return Err(Failure::usage("failed to read the AWS profiles").with_cause(Cause::new(error)));
            }
            Err(_) => None,
        };
        let chain = match profiles.as_ref().filter(|_| needs_profile) {
            Some(profiles) => selected_chain(machine, profiles)?,
            None => Chain::of(Base::Default),
        };
        Ok(ProfileFiles { machine: machine.clone(), profiles, chain })
    }

    pub(super) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Returns a value of the selected profile.
    pub(in crate::aws) fn selected_value(&self, key: &str) -> Option<&str> {
        self.profiles.as_ref()?.get(key)
    }

    /// Returns the name of the selected profile.
    pub(in crate::aws) fn selected(&self) -> &str {
        self.profiles.as_ref().map_or(DEFAULT, ProfileSet::selected_profile)
    }

    /// Returns the token file and the role that the environment names.
    pub(super) fn web_identity(&self) -> Option<(String, String)> {
        let variable = |name: &str| self.machine.variables.get(name).cloned();
        Some((variable("AWS_WEB_IDENTITY_TOKEN_FILE")?, variable("AWS_ROLE_ARN").unwrap_or_default()))
    }

    /// Returns the source of the credentials of a profile, as the SDK finds it.
    pub(super) async fn provider(&self, name: &str, config: &SdkConfig) -> Option<SharedCredentialsProvider> {
        let mut loader: ConfigLoader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .env(self.machine.for_profile(name).env())
            .fs(self.machine.files());
        if let Some(region) = config.region() {
            loader = loader.region(region.clone());
        }
        if let Some(client) = config.http_client() {
            loader = loader.http_client(client);
        }
        if let Some(timeouts) = config.timeout_config() {
            loader = loader.timeout_config(timeouts.clone());
        }
        loader.load().await.credentials_provider()
    }
}

/// Returns the chain of the profile that the run uses.
fn selected_chain(machine: &Machine, profiles: &ProfileSet) -> Result<Chain> {
    let name = profiles.selected_profile();
    if profiles.get_profile(name).is_some() {
        let chain = chain::of_profile(profiles, name)?;
        let is_silent = matches!(&chain.base, Base::Profile { source: ProfileSource::Other, .. });
        return Ok(if name == DEFAULT && is_silent { Chain::of(Base::Default) } else { chain });
    }
    let other_source = OTHER_SOURCES.iter().any(|variable| machine.variables.contains_key(*variable));
    if name == DEFAULT || (other_source && !machine.is_profile_given) {
        return Ok(Chain::of(Base::Default));
    }
    Err(chain::missing_profile(profiles, name))
}
