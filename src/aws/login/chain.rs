//! Decides from the profiles in `~/.aws` how the credentials of a run are obtained: from a base, then through roles.
//! Follows the AWS CLI and SDKs. Reads no file, and obtains nothing.

use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;

use crate::error::Failure;

/// How credentials are obtained: those of the base, then those of each role, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    pub(super) base: Base,
    pub(super) roles: Vec<Role>,
}

/// Where the first credentials come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    /// The first source of the SDK that has any: the environment, the default profile, web identity, the container, the
    /// instance.
    Default,
    /// What a profile names.
    Profile {
        name: String,
        source: ProfileSource,
    },
    /// Keys in a profile that another profile names as its source.
    Keys {
        name: String,
        credentials: Credentials,
    },
    /// A `credential_source`.
    Environment,
    Instance,
    Container,
}

/// What a profile gets its credentials from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ProfileSource {
    /// IAM Identity Center.
    Sso {
        account: String,
        role: String,
    },
    /// `credential_process`: the name of the program. Its arguments may be secret.
    Process(String),
    WebIdentity {
        file: String,
        role: String,
    },
    /// `aws login`, which the SDK can only use with a key of its own.
    LoginSession,
    Keys,
    /// Nothing that is known: the SDK continues with the sources after the profile.
    Other,
}

/// A role to assume.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) duration_seconds: Option<i32>,
    /// The MFA device whose code is sent with the call.
    pub(super) mfa_device: Option<String>,
    /// The profile that names the role; `None` for a role of the manifest.
    pub(super) profile: Option<String>,
}

impl Chain {
    /// Returns a chain without roles.
    pub(super) fn of(base: Base) -> Chain {
        Chain { base, roles: Vec::new() }
    }

    /// Returns the role for which a code of an MFA device is needed.
    pub(super) fn role_with_mfa(&self) -> Option<&Role> {
        self.roles.iter().find(|role| role.mfa_device.is_some())
    }

    /// Returns what a login with this chain waits for.
    pub(super) fn waits_for(&self) -> String {
        match (&self.base, self.roles.last()) {
            (Base::Profile { name, source: ProfileSource::Process(program) }, _) => {
                format!("`{program}`, the `credential_process` of profile `{name}`")
            }
            (Base::Profile { name, source: ProfileSource::Sso { .. } }, _) => {
                format!("IAM Identity Center, for profile `{name}`")
            }
            (_, Some(role)) => format!("STS, for role `{}`", role.arn),
            (Base::Profile { name, .. } | Base::Keys { name, .. }, None) => {
                format!("the credentials of profile `{name}`")
            }
            (Base::Container, None) => "the credentials of the container".to_owned(),
            (Base::Instance, None) => "the credentials of the instance".to_owned(),
            (Base::Default | Base::Environment, None) => {
                "the credentials of the environment, the container or the instance".to_owned()
            }
        }
    }
}

/// Returns the chain of a profile.
///
/// # Errors
/// A profile that does not exist, or settings that contradict each other.
pub(super) fn of_profile(profiles: &ProfileSet, selected: &str) -> Result<Chain, Failure> {
    let mut roles = Vec::new();
    let mut visited: Vec<&str> = Vec::new();
    let mut name = selected;
    let base = loop {
        let Some(profile) = profiles.get_profile(name) else {
            return Err(missing_source(name, visited.last().copied().unwrap_or(selected)));
        };
        if visited.contains(&name) {
            return Err(invalid(selected, &format!("its `source_profile` leads back to `{name}`")));
        }
        // Of a source profile the keys come first, also where it names a role itself.
        if !visited.is_empty()
            && let Some(credentials) = keys(profile)
        {
            break Base::Keys { name: name.to_owned(), credentials };
        }
        visited.push(name);
        let Some(role) = role(profile) else { break of_source(profile) };
        match (profile.get("source_profile"), profile.get("credential_source")) {
            (Some(_), Some(_)) => {
                return Err(invalid(name, "it has both `source_profile` and `credential_source`"));
            }
            (None, None) => {
                let why = "it has `role_arn`, but neither `source_profile` nor `credential_source`";
                return Err(invalid(name, why));
            }
            (None, Some(source)) => {
                roles.push(role);
                break named_source(name, source)?;
            }
            (Some(source), None) if source == name => match keys(profile) {
                Some(credentials) => {
                    roles.push(role);
                    break Base::Keys { name: name.to_owned(), credentials };
                }
                // The SDK knows the other sources of such a profile, and assumes the role itself.
                None => break of_source(profile),
            },
            (Some(source), None) => {
                roles.push(role);
                name = source;
            }
        }
    };
    roles.reverse();
    Ok(Chain { base, roles })
}

/// Returns the failure of a profile that does not exist, with the names of those that do.
pub(super) fn missing_profile(profiles: &ProfileSet, name: &str) -> Failure {
    let mut names: Vec<&str> = profiles.profiles().collect();
    names.sort_unstable();
    let nearest = names
        .iter()
        .copied()
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let close = nearest.filter(|nearest| strsim::jaro_winkler(nearest, name) > 0.85);
    let known = match names.as_slice() {
        [] => "there are no profiles in `~/.aws/config` and `~/.aws/credentials`".to_owned(),
        names => format!("the profiles are {}", names.join(", ")),
    };
    let hint = close.map_or(known.clone(), |close| format!("did you mean `{close}`? {known}"));
    Failure::usage(format!("no AWS profile named `{name}`")).with_hint(hint)
}

fn missing_source(name: &str, named_by: &str) -> Failure {
    invalid(named_by, &format!("its `source_profile` `{name}` does not exist"))
}

fn invalid(profile: &str, why: &str) -> Failure {
    let hint = format!("correct profile `{profile}` in `~/.aws/config`");
    Failure::usage(format!("AWS profile `{profile}` cannot be used: {why}")).with_hint(hint)
}

fn named_source(profile: &str, source: &str) -> Result<Base, Failure> {
    match source.to_ascii_lowercase().as_str() {
        "environment" => Ok(Base::Environment),
        "ec2instancemetadata" => Ok(Base::Instance),
        "ecscontainer" => Ok(Base::Container),
        _ => Err(invalid(profile, &format!("`credential_source` is `{source}`"))),
    }
}

/// Returns the role that a profile assumes with other credentials; one for a web identity is a source of its own.
fn role(profile: &Profile) -> Option<Role> {
    if profile.get("web_identity_token_file").is_some() {
        return None;
    }
    let text = |key: &str| profile.get(key).map(str::to_owned);
    Some(Role {
        arn: text("role_arn")?,
        session_name: text("role_session_name"),
        external_id: text("external_id"),
        duration_seconds: profile.get("duration_seconds").and_then(|seconds| seconds.parse().ok()),
        mfa_device: text("mfa_serial"),
        profile: Some(profile.name().to_owned()),
    })
}

fn keys(profile: &Profile) -> Option<Credentials> {
    let id = profile.get("aws_access_key_id")?;
    let secret = profile.get("aws_secret_access_key")?;
    let token = profile.get("aws_session_token").map(str::to_owned);
    Some(Credentials::new(id, secret, token, None, "profile"))
}

fn of_source(profile: &Profile) -> Base {
    Base::Profile { name: profile.name().to_owned(), source: source(profile) }
}

fn source(profile: &Profile) -> ProfileSource {
    let text = |key: &str| profile.get(key).unwrap_or_default().to_owned();
    let has = |key: &str| profile.get(key).is_some();
    if has("web_identity_token_file") {
        return ProfileSource::WebIdentity { file: text("web_identity_token_file"), role: text("role_arn") };
    }
    if has("sso_session") || has("sso_start_url") {
        return ProfileSource::Sso { account: text("sso_account_id"), role: text("sso_role_name") };
    }
    if has("login_session") {
        return ProfileSource::LoginSession;
    }
    if let Some(command) = profile.get("credential_process") {
        return ProfileSource::Process(program(command));
    }
    if has("aws_access_key_id") { ProfileSource::Keys } else { ProfileSource::Other }
}

/// Returns the first word of a command line, without quotes.
fn program(command: &str) -> String {
    let command = command.trim_start();
    let word = match command.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => command.split_whitespace().next(),
    };
    word.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use aws_types::os_shim_internal::{Env, Fs};

    use super::*;

    fn profiles(text: &str) -> ProfileSet {
        let files = Fs::from_slice(&[("/home/me/.aws/config", text)]);
        let environment = Env::from_slice(&[("HOME", "/home/me")]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime
            .block_on(aws_config::profile::load(&files, &environment, &Default::default(), None))
            .expect("the profiles are valid")
    }

    fn chain(text: &str, profile: &str) -> Result<Chain, String> {
        of_profile(&profiles(text), profile).map_err(|failure| failure.message)
    }

    #[test]
    fn roles_are_assumed_from_the_source_on() {
        let text = "[profile a]\nrole_arn = A\nsource_profile = b\nmfa_serial = phone\n\
            [profile b]\nrole_arn = B\nsource_profile = c\n\
            [profile c]\naws_access_key_id = id\naws_secret_access_key = secret\n";
        let chain = chain(text, "a").expect("valid");
        let arns: Vec<&str> = chain.roles.iter().map(|role| role.arn.as_str()).collect();
        assert_eq!(arns, ["B", "A"]);
        assert_eq!(chain.role_with_mfa().map(|role| role.arn.as_str()), Some("A"));
        assert!(matches!(chain.base, Base::Keys { name, .. } if name == "c"));
    }

    #[test]
    fn a_profile_may_be_its_own_source() {
        let text = "[profile a]\nrole_arn = A\nsource_profile = a\naws_access_key_id = id\n\
            aws_secret_access_key = secret\n";
        let chain = chain(text, "a").expect("valid");
        assert_eq!(chain.roles.len(), 1);
        assert!(matches!(chain.base, Base::Keys { .. }));
    }

    #[test]
    fn each_source_is_recognized() {
        let source = |lines: &str| match chain(&format!("[profile a]\n{lines}\n"), "a").expect("valid").base {
            Base::Profile { source, .. } => source,
            base => panic!("{base:?}"),
        };
        assert_eq!(
            source("credential_process = \"/opt/a b\" --secret x"),
            ProfileSource::Process("/opt/a b".into())
        );
        assert_eq!(source("credential_process = login --user me"), ProfileSource::Process("login".into()));
        assert!(
            matches!(source("sso_session = corp\nsso_account_id = 1"), ProfileSource::Sso { account, .. } if account == "1")
        );
        assert!(
            matches!(source("role_arn = R\nweb_identity_token_file = f"), ProfileSource::WebIdentity { file, .. } if file == "f")
        );
        assert_eq!(source("aws_access_key_id = id"), ProfileSource::Keys);
        assert_eq!(source("login_session = arn"), ProfileSource::LoginSession);
        assert_eq!(source("region = eu-west-1"), ProfileSource::Other);
    }

    #[test]
    fn contradictions_are_refused() {
        for (text, why) in [
            ("[profile a]\nrole_arn = A\n", "neither `source_profile` nor"),
            ("[profile a]\nrole_arn = A\nsource_profile = b\ncredential_source = Environment\n", "both"),
            ("[profile a]\nrole_arn = A\nsource_profile = b\n", "`source_profile` `b` does not exist"),
            ("[profile a]\nrole_arn = A\ncredential_source = Moon\n", "`credential_source` is `Moon`"),
            (
                "[profile a]\nrole_arn = A\nsource_profile = b\n[profile b]\nrole_arn = B\nsource_profile = a\n",
                "leads back to `a`",
            ),
        ] {
            let message = chain(text, "a").expect_err(text);
            assert!(message.contains(why), "{message}");
        }
    }

    #[test]
    fn a_missing_profile_names_those_that_exist() {
        let failure =
            missing_profile(&profiles("[profile prod]\nregion = a\n[profile dev]\nregion = a\n"), "prd");
        assert_eq!(failure.hints, ["did you mean `prod`? the profiles are dev, prod"]);
        let none = missing_profile(&profiles(""), "prd");
        assert_eq!(none.hints, ["there are no profiles in `~/.aws/config` and `~/.aws/credentials`"]);
    }
}
