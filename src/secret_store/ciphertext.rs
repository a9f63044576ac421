//! Values `${BASE64}`: ciphertexts of KMS, as genova and `ecs_deployer` decrypt them when they register a definition.

use std::fmt;

use serde_json::Value;

/// The fewest bytes that count as a ciphertext: the shortest one of a symmetric key of KMS has 150, and no name of a variable,
/// such as `${HOME}`, is that long.
const FEWEST_BYTES: usize = 60;
/// How many characters of a ciphertext are shown.
const SHOWN: usize = 12;

/// A ciphertext in Base64, without the `${…}` around it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ciphertext(pub String);

impl fmt::Display for Ciphertext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beginning = self.0.get(..SHOWN).unwrap_or(&self.0);
        write!(f, "ciphertext `{beginning}…`")
    }
}

impl Ciphertext {
    /// Returns the ciphertext that a text is, with or without `${…}` around it.
    pub fn parse(text: &str) -> Option<Ciphertext> {
        let text = text.trim();
        let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        is_ciphertext(inner).then(|| Ciphertext(inner.to_owned()))
    }

    /// Returns it as it stands in a definition.
    pub fn as_value(&self) -> String {
        format!("${{{}}}", self.0)
    }
}

/// Returns the ciphertext that stands for a value: one line of the value is enough, as in genova, whose expression is bound to
/// lines.
pub fn ciphertext_in(value: &str) -> Option<Ciphertext> {
    let inner = |line: &'_ str| {
        let line = line.strip_prefix("${")?.strip_suffix('}')?;
        is_ciphertext(line).then(|| Ciphertext(line.to_owned()))
    };
    value.split('\n').find_map(inner)
}

/// Returns whether a text is strict Base64 of enough bytes.
fn is_ciphertext(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    text.len().is_multiple_of(4)
        && padding <= 2
        && text.len() / 4 * 3 - padding >= FEWEST_BYTES
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// An environment variable of a document whose value is a ciphertext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCiphertext {
    pub variable: String,
    pub ciphertext: Ciphertext,
}

/// Returns the environment variables of a document whose values are ciphertexts.
pub fn ciphertexts_of(document: &Value) -> Vec<FoundCiphertext> {
    let mut found = Vec::new();
    collect(document, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<FoundCiphertext>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            let text = |member: &str| members.get(member).and_then(Value::as_str);
            if let (Some(name), Some(value)) = (text("name"), text("value")) {
                let variable = name.to_owned();
                found.extend(ciphertext_in(value).map(|ciphertext| FoundCiphertext { variable, ciphertext }));
            }
            members.values().for_each(|member| collect(member, found));
        }
        _ => {}
    }
}

/// Returns a key as KMS takes it: ids and ARNs as they are, and before the name of an alias its prefix, which `ecs_deployer` puts
/// there and genova expects.
pub fn key_name(given: &str) -> String {
    let is_id = given.len() == 36 && given.matches('-').count() == 4;
    if given.starts_with("alias/") || given.starts_with("arn:") || given.starts_with("mrk-") || is_id {
        given.to_owned()
    } else {
        format!("alias/{given}")
    }
}

/// Returns what to do about an error of KMS, by its code. `region` is the one that was asked.
pub fn kms_hint(code: Option<&str>, region: &str) -> Option<String> {
    let hint = match code? {
        "AccessDeniedException" => format!(
            "allow the action on the key for the role or user that runs ecsail, and see that the key is one of {region}"
        ),
        "InvalidCiphertextException" => {
            "it is damaged, or was encrypted with an encryption context: encrypt the value again".to_owned()
        }
        "DisabledException" => "enable the key with `aws kms enable-key --key-id KEY`".to_owned(),
        "KMSInvalidStateException" => {
            "if the key is to be deleted, keep it with `aws kms cancel-key-deletion --key-id KEY`".to_owned()
        }
        "NotFoundException" => {
            format!("list the keys of {region} with `aws kms list-aliases --region {region}`")
        }
        _ => return None,
    };
    Some(hint)
}
