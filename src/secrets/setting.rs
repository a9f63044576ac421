//! Decides whether the plain value of a setting is a secret: by the name of the setting, or by the form of the value.

use super::forms::{has_credentials, is_credential, is_random};
use super::known::known_source;
use super::names::{hides, is_about};

/// The minimum length of a secret; shorter values are flags and words.
const SHORTEST: usize = 4;

/// Returns the reason why a value looks like a secret, or `None`. The reason never contains the value.
pub fn looks_secret(name: &str, value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return None;
    }
    if known_source(value).is_some() {
        return Some("a look-up gave it, and it is a secret there");
    }
    if refers(value) {
        return None;
    }
    if has_credentials(value) {
        return Some("it is a URL with a password");
    }
    if is_credential(value) {
        return Some("it has the form of a credential");
    }
    if hides(name) && !is_about(name) && !is_plain(value) {
        return Some("its name suggests one");
    }
    is_random(value).then_some("it is a random string")
}

/// Returns whether the value of a setting is hidden whole. Of an address with a password only the credentials are hidden.
pub fn hides_value(name: &str, value: &str) -> bool {
    hides(name) || (looks_secret(name, value).is_some() && !has_credentials(value))
}

/// Returns whether a value is a reference to a secret or the path of a file.
fn refers(value: &str) -> bool {
    value.starts_with("arn:") || value.starts_with('/') || value.starts_with("./")
}

/// Returns whether a value is a flag, a number or a URL.
fn is_plain(value: &str) -> bool {
    let word =
        ["true", "false", "none", "null", "disabled", "enabled"].contains(&value.to_lowercase().as_str());
    word || value.chars().count() < SHORTEST
        || (value.len() < 8 && value.bytes().all(|byte| byte.is_ascii_digit()))
        || value.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_name_or_form() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("api-token", "abcdef"),
            ("DATABASE_URL", "postgres://user:pw@host/db"),
            ("X", "AKIAIOSFODNN7EXAMPLE"),
            ("X", "q7Zk2LmX9vBt4RwYc8NdPf3H"),
            ("X", "-----BEGIN PRIVATE KEY-----\nMII"),
        ] {
            assert!(looks_secret(name, value).is_some(), "{name}={value}");
        }
    }

    #[test]
    fn what_only_speaks_of_secrets_is_none() {
        for (name, value) in [
            ("SECRET_NAME", "shop/database"),
            ("TOKEN_TTL", "360000000"),
            ("DB_PASSWORD", ""),
            ("USE_TOKEN", "true"),
            ("SECRET_KEY", "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"),
            ("TLS_PRIVATE_KEY", "/run/secrets/key.pem"),
            ("AUTH", "https://auth.example.com"),
            ("PUBLIC_KEY", "abcdefgh"),
            ("COMMIT", "9fceb02d0ae598e95dc970b74767f19372d61af8"),
            ("POOL", "us-east-1_AbCdEfGhI"),
            ("JAVA_OPTS", "-Xmx1024m -Xms256m -XX:+UseG1GC"),
            ("BUCKET", "my-company-production-assets-2024"),
            ("DATABASE_URL", "postgres://user@host/db"),
        ] {
            assert_eq!(looks_secret(name, value), None, "{name}={value}");
        }
    }
}
