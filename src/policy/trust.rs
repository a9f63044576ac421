//! The trust policy of a role that workflows on GitHub assume.
//!
//! The claims are those of "OpenID Connect reference" in GitHub's documentation; the provider is that of "Configuring OpenID
//! Connect in Amazon Web Services".

use serde_json::{Map, Value, json};

use super::json::VERSION;
use super::{Condition, Home};

const PROVIDER: &str = "token.actions.githubusercontent.com";
const AUDIENCE_KEY: &str = "token.actions.githubusercontent.com:aud";
const SUBJECT_KEY: &str = "token.actions.githubusercontent.com:sub";
/// The audience that `aws-actions/configure-aws-credentials` asks for.
const AUDIENCE: &str = "sts.amazonaws.com";

/// Who may assume a role: `github:ORG/REPO`, with an environment or a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustSource {
    repository: String,
    /// What follows the repository in the subject; `None` for every workflow of the repository.
    context: Option<String>,
}

impl TrustSource {
    /// Parses `github:ORG/REPO`, `github:ORG/REPO:environment:NAME` or `github:ORG/REPO:ref:REF`.
    ///
    /// # Errors
    /// Any other form.
    pub fn parse(text: &str) -> Result<TrustSource, String> {
        let form = || {
            "use `github:ORG/REPO`, `github:ORG/REPO:environment:NAME` or `github:ORG/REPO:ref:REF`"
                .to_owned()
        };
        let rest = text.strip_prefix("github:").ok_or_else(form)?;
        let (repository, context) = match rest.split_once(':') {
            Some((repository, context)) => (repository, Some(context)),
            None => (rest, None),
        };
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        };
        let is_repository =
            repository.split_once('/').is_some_and(|(org, name)| is_name(org) && is_name(name));
        if !is_repository {
            return Err(form());
        }
        let context = context.map(|context| subject_context(context).ok_or_else(form)).transpose()?;
        Ok(TrustSource { repository: repository.to_owned(), context })
    }

    /// Returns the trust policy of a role in an account.
    pub fn policy(&self, home: &Home) -> TrustPolicy {
        TrustPolicy {
            provider: home.global_arn("iam", &format!("oidc-provider/{PROVIDER}")),
            source: self.clone(),
        }
    }

    /// Returns whether every workflow of the repository is trusted, those of pull requests too.
    pub fn is_whole_repository(&self) -> bool {
        self.context.is_none()
    }
}

/// Returns what follows the repository in the subject of a token. GitHub writes a colon in the name of an environment as `%3A`.
fn subject_context(context: &str) -> Option<String> {
    let (kind, name) = context.split_once(':')?;
    if name.is_empty() || name.contains(['*', '?']) {
        return None;
    }
    match kind {
        "environment" => Some(format!("environment:{}", name.replace(':', "%3A"))),
        "ref" => Some(format!("ref:{name}")),
        _ => None,
    }
}

/// A trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    /// The ARN of the provider of tokens.
    pub provider: String,
    source: TrustSource,
}

impl TrustPolicy {
    /// Returns the conditions of its statement.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let TrustSource { repository, context } = &self.source;
        let (operator, subject) = match context {
            Some(context) => ("StringEquals", format!("repo:{repository}:{context}")),
            None => ("StringLike", format!("repo:{repository}:*")),
        };
        vec![
            Condition { operator: "StringEquals", key: AUDIENCE_KEY, values: vec![AUDIENCE.to_owned()] },
            Condition { operator, key: SUBJECT_KEY, values: vec![subject] },
        ]
    }

    pub(super) fn comment(&self) -> String {
        let TrustSource { repository, context } = &self.source;
        match context {
            Some(context) => {
                format!("Workflows of {repository} on GitHub, with {}", context.replacen(':', " ", 1))
            }
            None => format!("Every workflow of {repository} on GitHub"),
        }
    }

    /// Returns the policy document.
    pub fn json(&self) -> Value {
        let mut operators = Map::new();
        for condition in self.conditions() {
            let keys = operators.entry(condition.operator).or_insert_with(|| json!({}));
            keys[condition.key] = json!(condition.values);
        }
        json!({ "Version": VERSION, "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": { "Federated": self.provider },
            "Condition": operators,
        }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_have_three_forms() {
        for text in [
            "github:acme/shop",
            "github:acme/shop:environment:production",
            "github:acme/shop:ref:refs/heads/main",
        ] {
            assert!(TrustSource::parse(text).is_ok(), "{text}");
        }
        for text in [
            "acme/shop",
            "github:acme",
            "github:acme/*",
            "github:acme/shop:environment:",
            "github:acme/shop:environment:*",
            "github:acme/shop:branch:main",
            "github:acme/shop/x",
        ] {
            assert!(TrustSource::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_colon_in_an_environment_is_written_as_github_does() {
        let source = TrustSource::parse("github:acme/shop:environment:a:b").expect("valid");
        let policy =
            source.policy(&Home { region: "eu-west-1".to_owned(), account: "123456789012".to_owned() });
        assert_eq!(policy.conditions()[1].values, ["repo:acme/shop:environment:a%3Ab"]);
    }
}
