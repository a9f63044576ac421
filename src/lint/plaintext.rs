//! Detects plain values that look like secrets, by their names or by their form.

use crate::plan::mask::hides;

/// Endings of names whose values describe a secret and are not secret: `SECRET_NAME`, `TOKEN_TTL`.
const ABOUT: &[&str] = &[
    "_NAME",
    "_ID",
    "_ARN",
    "_HOST",
    "_PORT",
    "_PATH",
    "_FILE",
    "_DIR",
    "_TTL",
    "_LENGTH",
    "_SIZE",
    "_EXPIRY",
    "_EXPIRES",
    "_EXPIRATION",
    "_EXPIRES_IN",
    "_MINUTES",
    "_SECONDS",
    "_HOURS",
    "_DAYS",
    "_HEADER",
    "_TYPE",
    "_ALGORITHM",
    "_REGION",
    "_PREFIX",
    "_ENABLED",
    "_ISSUER",
    "_AUDIENCE",
    "_URL",
    "_URI",
    "_ENDPOINT",
    "_VERSION",
    "_PROVIDER",
    "_MODE",
    "_BUCKET",
];
/// Prefixes of credentials, as their issuers document them, with the minimum length of the value.
const ISSUED: &[(&str, usize)] = &[
    ("AKIA", 20),
    ("ASIA", 20),
    ("ghp_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("sk-ant-", 20),
    ("SG.", 40),
    ("AIza", 39),
];
/// The minimum length of a secret; shorter values are flags and words.
const SHORTEST: usize = 4;
/// The minimum length of a random value, and its minimum entropy in bits per character.
const RANDOM: (usize, f64) = (24, 4.0);

/// Returns the reason why a value looks like a secret, or `None`. The reason never contains the value.
pub(super) fn looks_secret(name: &str, value: &str) -> Option<&'static str> {
    if value.is_empty() || refers(value) {
        return None;
    }
    if has_credentials(value) {
        return Some("it is a URL with a password");
    }
    let issued = |(start, length): &(&str, usize)| value.starts_with(start) && value.len() >= *length;
    if ISSUED.iter().any(issued) || value.contains("PRIVATE KEY-----") {
        return Some("it has the form of a credential");
    }
    if hides(name) && !is_about(name) && !is_plain(value) {
        return Some("its name suggests one");
    }
    is_random(value).then_some("it is a random string")
}

/// Returns whether a value is a reference to a secret or the path of a file.
fn refers(value: &str) -> bool {
    value.starts_with("arn:") || value.starts_with('/') || value.starts_with("./")
}

fn is_about(name: &str) -> bool {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    name.contains("PUBLIC")
        || name.contains("PUBLISHABLE")
        || ABOUT.iter().any(|ending| name.ends_with(ending))
}

/// Returns whether a value is a flag, a number or a URL.
fn is_plain(value: &str) -> bool {
    let word =
        ["true", "false", "none", "null", "disabled", "enabled"].contains(&value.to_lowercase().as_str());
    word || value.chars().count() < SHORTEST
        || (value.len() < 8 && value.bytes().all(|byte| byte.is_ascii_digit()))
        || value.contains("://")
}

/// Returns whether a value is `scheme://user:password@host`.
fn has_credentials(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

/// Returns whether a value is a long string of random letters and digits.
fn is_random(value: &str) -> bool {
    let (length, bits) = RANDOM;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    let count = |wanted: fn(&u8) -> bool| value.bytes().filter(wanted).count();
    value.len() >= length
        && value.bytes().all(allowed)
        && count(u8::is_ascii_uppercase) >= 3
        && count(u8::is_ascii_lowercase) >= 3
        && count(u8::is_ascii_digit) >= 3
        && entropy(value) >= bits
}

/// Returns the Shannon entropy in bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = value.len() as f64;
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
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
