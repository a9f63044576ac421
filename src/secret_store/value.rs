//! Which values the stores take, and a value without the line end behind it. No message has a part of a value.

use super::{SecretName, SecretStore};
use crate::error::{Failure, Result};

/// The most bytes of a parameter in the standard and the advanced tier (Systems Manager user guide, "Managing parameter tiers").
const STANDARD_BYTES: usize = 4096;
pub const ADVANCED_BYTES: usize = 8192;
/// The most bytes of a secret (API reference of Secrets Manager, `SecretString`).
const SECRET_BYTES: usize = 65_536;

/// Returns a value without one line end at its end, which `echo` and editors add.
pub fn without_line_end(value: &str) -> &str {
    let value = value.strip_suffix('\n').unwrap_or(value);
    value.strip_suffix('\r').unwrap_or(value)
}

/// Checks that a store takes a value. `is_advanced` is the tier of a parameter.
///
/// # Errors
/// Why it does not.
pub fn check_value(value: &str, name: &SecretName, is_advanced: bool) -> Result<()> {
    if value.is_empty() {
        let hint = format!("{} keeps no empty values; leave the entry out of `secrets`", name.store.title());
        return Err(Failure::usage(format!("the value of {name} is empty")).with_hint(hint));
    }
    if value.contains('\0') {
        let message =
            format!("the value of {name} has a NUL character, which no environment variable can have");
        return Err(Failure::usage(message).with_hint("encode it, for example with `base64`".to_owned()));
    }
    let (most, hint) = match name.store {
        SecretStore::ParameterStore if is_advanced => {
            (ADVANCED_BYTES, "use `--secretsmanager`, which takes 64 KB")
        }
        SecretStore::ParameterStore => (
            STANDARD_BYTES,
            "use `--secretsmanager`, which takes 64 KB, or `--advanced` for up to 8 KB; AWS charges for both",
        ),
        SecretStore::SecretsManager => (SECRET_BYTES, "put it into an object in S3"),
    };
    let length = value.len();
    if length > most {
        let message =
            format!("the value of {name} has {length} bytes, and {} takes {most}", name.store.title());
        return Err(Failure::usage(message).with_hint(hint.to_owned()));
    }
    Ok(())
}
