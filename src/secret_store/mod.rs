//! Secrets in Parameter Store and Secrets Manager: their names, their limits, how definitions refer to them, and the ciphertexts
//! of KMS that older tools put into definitions. Pure; never has a value longer than a check of it takes.

mod ciphertext;
mod entry;
mod name;
mod reference;
mod value;

pub use ciphertext::{Ciphertext, FoundCiphertext, ciphertext_in, ciphertexts_of, key_name, kms_hint};
pub use entry::{SecretEntry, variable_name};
pub use name::{SecretName, SecretStore, put_command};
pub use reference::{SecretReference, SecretUse, secret_uses};
pub use value::{ADVANCED_BYTES, check_value, without_line_end};

#[cfg(test)]
mod tests;
