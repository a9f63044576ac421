//! The names of settings: which of them say that their value is a secret.

/// Parts of names whose values are masked. `KEY` alone would mask too much, such as `CACHE_KEY_PREFIX`.
const PARTS: &[&str] =
    &["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "PRIVATE", "APIKEY"];
const ENDINGS: &[&str] = &["_KEY", "_PW", "_PASS", "_DSN", "_AUTH"];

/// Returns whether the values of a setting with this name are masked.
pub fn hides(name: &str) -> bool {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    let part = PARTS.iter().any(|part| name.contains(part));
    part || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || matches!(name.as_str(), "KEY" | "PASS" | "AUTH" | "DSN")
}

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

/// Returns whether a name speaks of a secret and does not hold one, or holds what is public: `TOKEN_TTL`, `PUBLIC_KEY`.
pub(super) fn is_about(name: &str) -> bool {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    name.contains("PUBLIC")
        || name.contains("PUBLISHABLE")
        || ABOUT.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_secret() {
        for name in ["DB_PASSWORD", "api-token", "AWS_SECRET_ACCESS_KEY", "STRIPE_KEY", "private.pem", "KEY"]
        {
            assert!(hides(name), "{name}");
        }
        for name in ["LOG_LEVEL", "CACHE_KEY_PREFIX", "KEYBOARD", "PORT"] {
            assert!(!hides(name), "{name}");
        }
    }
}
