//! Where a secret is kept, and which names it may have there.

use std::fmt;

use crate::document::arn::Arn;
use crate::error::{Failure, Result};
use crate::shell::quote;

/// The longest name of a parameter, in characters (API reference of Systems Manager, `PutParameter`).
const LONGEST_PARAMETER: usize = 1011;
/// The most levels of the name of a parameter, from the same page.
const MOST_LEVELS: usize = 15;
/// The longest name of a secret, in characters (API reference of Secrets Manager, `CreateSecret`).
const LONGEST_SECRET: usize = 512;
/// The characters of names beside letters and digits, from the same pages.
const OF_PARAMETERS: &str = "_.-/";
const OF_SECRETS: &str = "/_+=.@-";

/// A service that keeps secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretStore {
    ParameterStore,
    SecretsManager,
}

impl SecretStore {
    /// Returns what it keeps: `parameter` or `secret`.
    pub fn noun(self) -> &'static str {
        match self {
            SecretStore::ParameterStore => "parameter",
            SecretStore::SecretsManager => "secret",
        }
    }

    /// Returns its name.
    pub fn title(self) -> &'static str {
        match self {
            SecretStore::ParameterStore => "Parameter Store",
            SecretStore::SecretsManager => "Secrets Manager",
        }
    }
}

/// The name of a secret, and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretName {
    pub store: SecretStore,
    pub name: String,
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.store.noun(), self.name)
    }
}

impl SecretName {
    /// Returns the name of a secret that is to be written. Without a store, a name that begins with a slash is one of Parameter
    /// Store.
    ///
    /// # Errors
    /// The store would refuse the name.
    pub fn parse(name: &str, store: Option<SecretStore>) -> Result<SecretName> {
        if Arn::parse(name).is_some() || name.starts_with("arn:") {
            let hint = "give its name, and the region with `--region`".to_owned();
            return Err(Failure::usage(format!("`{name}` is an ARN")).with_hint(hint));
        }
        let by_name =
            if name.starts_with('/') { SecretStore::ParameterStore } else { SecretStore::SecretsManager };
        let named = SecretName { store: store.unwrap_or(by_name), name: name.to_owned() };
        match named.mistake() {
            None => Ok(named),
            Some((why, hint)) => {
                Err(Failure::usage(format!("{named} cannot be written: {why}")).with_hint(hint))
            }
        }
    }

    /// Returns why the store refuses the name, and what to do.
    fn mistake(&self) -> Option<(String, String)> {
        match self.store {
            SecretStore::ParameterStore => parameter_mistake(&self.name),
            SecretStore::SecretsManager => secret_mistake(&self.name),
        }
    }

    /// Returns whether a part of the name looks like the end of an ARN: a hyphen and six characters.
    pub fn resembles_arn_suffix(&self) -> bool {
        let suffix = self.name.rsplit_once('-').map_or("", |(_, suffix)| suffix);
        self.store == SecretStore::SecretsManager
            && suffix.len() == 6
            && suffix.chars().all(|c| c.is_ascii_alphanumeric())
    }
}

/// Returns the command that writes a secret, with the flag for its store where the name does not say it.
pub fn put_command(store: SecretStore, name: &str) -> String {
    let flag = match (store, name.starts_with('/')) {
        (SecretStore::ParameterStore, false) => " --ssm",
        (SecretStore::SecretsManager, true) => " --secretsmanager",
        _ => "",
    };
    format!("ecsail secret put {}{flag}", quote(name))
}

fn parameter_mistake(name: &str) -> Option<(String, String)> {
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    if let Some(found) = wrong_character(name, OF_PARAMETERS) {
        let hint = "write letters, digits and `_.-/`".to_owned();
        return Some((format!("a name has no {found}"), hint));
    }
    if bare.is_empty() || name.ends_with('/') || name.contains("//") {
        return Some(("a part of it is empty".to_owned(), "write it as `/shop/db-password`".to_owned()));
    }
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        let hint = "begin it with another word".to_owned();
        return Some(("a name must not begin with `aws` or `ssm`".to_owned(), hint));
    }
    if name.contains('/') && !name.starts_with('/') {
        let why = "a name with slashes must begin with one".to_owned();
        return Some((why, format!("write it as `/{name}`")));
    }
    if name.matches('/').count() > MOST_LEVELS {
        let hint = "write it with fewer slashes".to_owned();
        return Some((format!("a name has at most {MOST_LEVELS} levels"), hint));
    }
    too_long(name, LONGEST_PARAMETER)
}

fn secret_mistake(name: &str) -> Option<(String, String)> {
    if let Some(found) = wrong_character(name, OF_SECRETS) {
        let hint = format!("write letters, digits and `{OF_SECRETS}`");
        return Some((format!("a name has no {found}"), hint));
    }
    if name.is_empty() {
        return Some(("it is empty".to_owned(), "write it as `shop/db-password`".to_owned()));
    }
    too_long(name, LONGEST_SECRET)
}

fn too_long(name: &str, most: usize) -> Option<(String, String)> {
    let length = name.chars().count();
    (length > most).then(|| {
        (format!("it has {length} characters, and at most {most} are allowed"), "shorten it".to_owned())
    })
}

/// Returns the first character that the name must not have, in words.
fn wrong_character(name: &str, others: &str) -> Option<String> {
    let found = name.chars().find(|c| !c.is_ascii_alphanumeric() && !others.contains(*c))?;
    Some(if found.is_whitespace() { "blanks".to_owned() } else { format!("`{}`", found.escape_default()) })
}
