//! How GitHub is reached, and which repository is meant: from the variables that GitHub Actions sets.

use std::fmt;

use crate::local_http::is_local_http;

/// The API of github.com, where no variable names another.
const PUBLIC_API: &str = "https://api.github.com";

/// A repository, as `OWNER/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub owner: String,
    pub name: String,
}

impl Repository {
    /// Returns the repository of a text such as `octo/shop`.
    pub fn parse(text: &str) -> Option<Repository> {
        let (owner, name) = text.split_once('/')?;
        let is_name = |part: &str| {
            let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            plain && !part.is_empty() && part != "." && part != ".."
        };
        let known = is_name(owner) && is_name(name);
        known.then(|| Repository { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Returns the path of something in the repository: `/repos/OWNER/NAME/REST`.
    pub fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}/{rest}", self.owner, self.name)
    }
}

/// How GitHub is reached. Its token is in no text.
#[derive(Clone)]
pub struct GitHubAccess {
    /// The base address of the REST API, without a slash at its end.
    pub api_url: String,
    pub repository: Repository,
    token: String,
}

impl fmt::Debug for GitHubAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("GitHubAccess");
        shown.field("api_url", &self.api_url).field("repository", &self.repository).finish_non_exhaustive()
    }
}

impl GitHubAccess {
    /// Returns the access that the variables `GITHUB_TOKEN`, `GITHUB_REPOSITORY` and `GITHUB_API_URL` name.
    ///
    /// # Errors
    /// Which variable is missing, or cannot be used.
    pub fn from_variables<'a>(
        variable: impl Fn(&str) -> Option<&'a str>,
        is_sandbox: bool,
    ) -> Result<GitHubAccess, String> {
        let needed = |name: &str| variable(name).ok_or_else(|| format!("`{name}` is not set"));
        let token = needed("GITHUB_TOKEN")?.to_owned();
        let repository = Repository::parse(needed("GITHUB_REPOSITORY")?)
            .ok_or_else(|| "`GITHUB_REPOSITORY` is not of the form `OWNER/NAME`".to_owned())?;
        let api_url = variable("GITHUB_API_URL").unwrap_or(PUBLIC_API).trim_end_matches('/').to_owned();
        let is_local = is_local_http(&api_url);
        if !is_local && !api_url.starts_with("https://") {
            return Err("`GITHUB_API_URL` does not begin with `https://`".to_owned());
        }
        if is_sandbox && !is_local {
            return Err("in the sandbox, only a GitHub API on this machine is called".to_owned());
        }
        Ok(GitHubAccess { api_url, repository, token })
    }

    /// Returns the token, for the one header that has it.
    pub fn token(&self) -> &str {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(values: &[(&str, &'static str)], is_sandbox: bool) -> Result<GitHubAccess, String> {
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        GitHubAccess::from_variables(value, is_sandbox)
    }

    #[test]
    fn the_api_of_an_enterprise_server_is_used_as_it_is_given() {
        let given = [
            ("GITHUB_TOKEN", "ghs_x1"),
            ("GITHUB_REPOSITORY", "octo/shop"),
            ("GITHUB_API_URL", "https://github.example.com/api/v3/"),
        ];
        let access = access(&given, false).expect("valid");
        assert_eq!(access.api_url, "https://github.example.com/api/v3");
        assert_eq!(access.repository.path("issues/7"), "/repos/octo/shop/issues/7");
        assert!(!format!("{access:?}").contains("ghs_x1"));
    }

    #[test]
    fn what_is_missing_or_not_safe_is_named() {
        let token = ("GITHUB_TOKEN", "ghs_x1");
        let repository = ("GITHUB_REPOSITORY", "octo/shop");
        type Given<'a> = &'a [(&'a str, &'static str)];
        let cases: [(Given<'_>, bool, &str); 5] = [
            (&[repository], false, "`GITHUB_TOKEN` is not set"),
            (&[token], false, "`GITHUB_REPOSITORY` is not set"),
            (
                &[token, ("GITHUB_REPOSITORY", "a/../b")],
                false,
                "`GITHUB_REPOSITORY` is not of the form `OWNER/NAME`",
            ),
            (
                &[token, repository, ("GITHUB_API_URL", "http://github.example.com")],
                false,
                "`GITHUB_API_URL` does not begin with `https://`",
            ),
            (&[token, repository], true, "in the sandbox, only a GitHub API on this machine is called"),
        ];
        for (given, is_sandbox, why) in cases {
            assert_eq!(access(given, is_sandbox).err().as_deref(), Some(why));
        }
    }
}
