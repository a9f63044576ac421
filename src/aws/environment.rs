//! The environment variables that the AWS SDK gets: those of the process, with what the flags set in their place. In the
//! sandbox there are none. Never reads the process environment itself.

use std::collections::{BTreeMap, BTreeSet};

use aws_types::os_shim_internal::{Env, Fs};

use crate::error::{Failure, Result};
use crate::settings::Settings;

/// The file with AWS's partitions that the SDK reads instead of its own. The SDK reads the variable itself, and ends the
/// process if there is no such file.
const PARTITIONS: &str = "SMITHY_CLIENT_SDK_CUSTOM_PARTITION";
/// The variables with keys. `--profile` takes precedence over them, as in the AWS CLI.
const KEYS: &[&str] =
    &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const PROFILE: &str = "AWS_PROFILE";
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
const IGNORE_ENDPOINT_URLS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// What the SDK sees of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    pub(super) variables: BTreeMap<String, String>,
    /// The variables that are set and empty, for the libraries that read the process environment themselves.
    pub(super) empty: BTreeSet<String>,
    /// Whether a flag names the profile.
    pub(super) is_profile_given: bool,
    /// Whether the files in `~/.aws` are read.
    has_files: bool,
}

impl Machine {
    /// Returns the machine for a run.
    ///
    /// `--profile` is `AWS_PROFILE`, and `--endpoint-url` is `AWS_ENDPOINT_URL` for all services, so that each client
    /// follows them, those of the credentials among them.
    pub(super) fn new(settings: &Settings) -> Machine {
        if settings.sandbox.is_some() {
            return Machine::default();
        }
        let mut variables = settings.process_environment.clone();
        let empty = variables.iter().filter(|(_, value)| value.is_empty());
        let empty = empty.map(|(name, _)| name.clone()).collect();
        variables.retain(|_, value| !value.is_empty());
        if let Some(profile) = &settings.profile {
            variables.insert(PROFILE.to_owned(), profile.clone());
        }
        if let Some(endpoint) = &settings.endpoint_url {
            variables.retain(|name, _| !name.starts_with(ENDPOINT_URL) && name != IGNORE_ENDPOINT_URLS);
            variables.insert(ENDPOINT_URL.to_owned(), endpoint.clone());
        }
        Machine { variables, empty, is_profile_given: settings.profile.is_some(), has_files: true }
    }

    /// Returns whether there are keys in the environment.
    pub(super) fn has_keys(&self) -> bool {
        let has = |name: &&str| self.variables.contains_key(*name);
        has(&"AWS_ACCESS_KEY_ID") && ["AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"].iter().any(has)
    }

    /// Returns the machine on which a profile is selected, and no keys precede it.
    pub(super) fn for_profile(&self, name: &str) -> Machine {
        let mut machine = self.clone();
        machine.variables.retain(|name, _| !KEYS.contains(&name.as_str()));
        machine.variables.insert(PROFILE.to_owned(), name.to_owned());
        machine
    }

    /// Returns the variables as the SDK takes them.
    pub(super) fn env(&self) -> Env {
        let pairs: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Env::from_slice(&pairs)
    }

    /// Returns the files as the SDK takes them.
    pub(super) fn files(&self) -> Fs {
        if self.has_files { Fs::real() } else { Fs::from_slice(&[]) }
    }
}

/// Refuses a file of partitions that cannot be read.
///
/// # Errors
/// The variable is set, and there is no such file.
pub(super) fn check_partitions(settings: &Settings) -> Result<()> {
    let Some(path) = settings.process_environment.get(PARTITIONS) else { return Ok(()) };
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::usage(format!("failed to read `{PARTITIONS}` file `{path}`"))
            .with_cause(error)
            .with_hint(format!("unset `{PARTITIONS}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings { process_environment: pairs.collect(), ..Settings::default() }
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let machine = Machine::new(&settings(&[("AWS_ENDPOINT_URL", ""), ("AWS_REGION", "eu-west-1")]));
        assert_eq!(machine.variables.keys().collect::<Vec<_>>(), ["AWS_REGION"]);
    }

    #[test]
    fn flags_replace_their_variables() {
        let given = settings(&[("AWS_PROFILE", "a"), ("AWS_ENDPOINT_URL_ECS", "http://ecs")]);
        let flags =
            Settings { profile: Some("b".to_owned()), endpoint_url: Some("http://all".to_owned()), ..given };
        let machine = Machine::new(&flags);
        let expected = [("AWS_ENDPOINT_URL", "http://all"), ("AWS_PROFILE", "b")];
        assert!(machine.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
    }

    #[test]
    fn the_sandbox_sees_nothing_of_the_machine() {
        let given = settings(&[("AWS_PROFILE", "a"), ("HTTPS_PROXY", "http://proxy")]);
        let machine = Machine::new(&Settings { sandbox: Some("steady".to_owned()), ..given });
        assert!(machine.variables.is_empty());
    }
}
