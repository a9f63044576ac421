//! AWS KMS: keys and aliases, and values encrypted with them. A ciphertext is a random text in the form of AWS's; what it
//! stands for is kept beside it. The words of errors are those of the API reference and of the service.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::{constraint_violation, text};
use crate::state::{CallContext, Resources};

/// The most bytes that `Encrypt` takes with a symmetric key (API reference).
const MOST_BYTES: usize = 4096;
/// What the ciphertexts of symmetric keys begin with, in Base64.
const BEGINNING: &str = "AQICAHh";
/// The length of the ciphertext of an empty text, in Base64.
const SHORTEST: usize = 200;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "CreateKey" => {
            let key = create_key(context);
            Ok(json!({ "KeyMetadata": key }))
        }
        "CreateAlias" => create_alias(context.resources, input),
        "DisableKey" => set_state(context.resources, input, "Disabled"),
        "EnableKey" => set_state(context.resources, input, "Enabled"),
        "ScheduleKeyDeletion" => set_state(context.resources, input, "PendingDeletion"),
        "Encrypt" => encrypt(context, input),
        "Decrypt" => decrypt(context.resources, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Creates a key with an alias, unless there is one of that name.
pub(crate) fn put_alias(context: &mut CallContext<'_>, alias: &str) {
    if context.resources.kms_aliases.contains_key(alias) {
        return;
    }
    let key = create_key(context);
    let id = key["KeyId"].as_str().unwrap_or_default();
    context.resources.kms_aliases.insert(alias.to_owned(), id.to_owned());
}

/// Keeps what a ciphertext stands for.
pub(crate) fn put_ciphertext(context: &mut CallContext<'_>, ciphertext: &str, plaintext: &str) {
    let key = match context.resources.kms_keys.values().next() {
        Some(key) => key.clone(),
        None => create_key(context),
    };
    let kept = json!({ "Key": key["KeyId"], "Plaintext": base64(plaintext), "EncryptionContext": null });
    context.resources.ciphertexts.insert(ciphertext.to_owned(), kept);
}

/// Returns a text in Base64.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for bytes in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4 {
            let at = (bits >> (18 - 6 * digit)) & 63;
            encoded.push(if digit <= bytes.len() { char::from(DIGITS[at as usize]) } else { '=' });
        }
    }
    encoded
}

fn create_key(context: &mut CallContext<'_>) -> Value {
    let id = context.ids.uuid();
    let arn = context.resources.service_arn("kms", &format!("key/{id}"));
    let key = json!({ "KeyId": id, "Arn": arn, "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT" });
    context.resources.kms_keys.insert(id, key.clone());
    key
}

fn create_alias(resources: &mut Resources, input: &Value) -> Result<Value, ApiError> {
    let alias = text(input, "AliasName").unwrap_or_default().to_owned();
    let id = key_id(resources, text(input, "TargetKeyId").unwrap_or_default())?;
    resources.kms_aliases.insert(alias, id);
    Ok(json!({}))
}

fn set_state(resources: &mut Resources, input: &Value, state: &str) -> Result<Value, ApiError> {
    let id = key_id(resources, text(input, "KeyId").unwrap_or_default())?;
    if let Some(key) = resources.kms_keys.get_mut(&id) {
        key["KeyState"] = json!(state);
    }
    Ok(json!({}))
}

/// Returns the id of a key that is given by its id, its ARN, or the name or the ARN of an alias.
fn key_id(resources: &Resources, given: &str) -> Result<String, ApiError> {
    let own = given.rsplit_once(":key/").map_or(given, |(_, id)| id);
    let alias = given.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}"));
    let alias = alias.unwrap_or_else(|| given.to_owned());
    if let Some(id) = resources.kms_aliases.get(&alias) {
        return Ok(id.clone());
    }
    if resources.kms_keys.contains_key(own) {
        return Ok(own.to_owned());
    }
    let arn = resources.service_arn("kms", if alias.starts_with("alias/") { &alias } else { own });
    if alias.starts_with("alias/") {
        return Err(ApiError::new("NotFoundException", format!("Alias {arn} is not found.")));
    }
    if own.len() == 36 || own.starts_with("mrk-") {
        let arn = resources.service_arn("kms", &format!("key/{own}"));
        return Err(ApiError::new("NotFoundException", format!("Key '{arn}' does not exist")));
    }
    Err(ApiError::new("NotFoundException", format!("Invalid keyId '{given}'")))
}

fn ensure_usable(resources: &Resources, id: &str) -> Result<(), ApiError> {
    let key = resources.kms_keys.get(id).unwrap_or(&Value::Null);
    let arn = key["Arn"].as_str().unwrap_or_default();
    match key["KeyState"].as_str() {
        Some("Disabled") => Err(ApiError::new("DisabledException", format!("{arn} is disabled."))),
        Some("PendingDeletion") => {
            Err(ApiError::new("KMSInvalidStateException", format!("{arn} is pending deletion.")))
        }
        _ => Ok(()),
    }
}

fn encrypt(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let plaintext = input["Plaintext"].as_str().unwrap_or_default();
    let length = plaintext.len() / 4 * 3 - plaintext.bytes().filter(|byte| *byte == b'=').count();
    if length == 0 || length > MOST_BYTES {
        let (bound, than) = if length == 0 { ("greater", 1) } else { ("less", MOST_BYTES) };
        let rule = format!("Member must have length {bound} than or equal to {than}");
        return Err(constraint_violation("Plaintext", "java.nio.HeapByteBuffer", &rule));
    }
    let id = key_id(context.resources, text(input, "KeyId").unwrap_or_default())?;
    ensure_usable(context.resources, &id)?;
    let total = (SHORTEST + length).next_multiple_of(4);
    let digits = context.ids.word(total - BEGINNING.len()).replace('-', "+").replace('_', "/");
    let ciphertext = format!("{BEGINNING}{digits}");
    let kept = json!({ "Key": id, "Plaintext": plaintext, "EncryptionContext": input["EncryptionContext"] });
    context.resources.ciphertexts.insert(ciphertext.clone(), kept);
    let arn = context.resources.kms_keys.get(&id).map(|key| key["Arn"].clone());
    Ok(json!({ "CiphertextBlob": ciphertext, "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
}

fn decrypt(resources: &Resources, input: &Value) -> Result<Value, ApiError> {
    let given = input["CiphertextBlob"].as_str().unwrap_or_default();
    let Some(kept) = resources.ciphertexts.get(given) else {
        // AWS does not say which of the three it is.
        let unknown = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or \
                       you are not allowed to access.";
        let is_whole = given.starts_with(BEGINNING) && given.len() >= SHORTEST;
        let code = if is_whole { "AccessDeniedException" } else { "InvalidCiphertextException" };
        return Err(ApiError::new(code, if is_whole { unknown } else { "" }));
    };
    if kept["EncryptionContext"] != input["EncryptionContext"] {
        return Err(ApiError::new("InvalidCiphertextException", ""));
    }
    let id = kept["Key"].as_str().unwrap_or_default();
    ensure_usable(resources, id)?;
    let arn = resources.kms_keys.get(id).map(|key| key["Arn"].clone());
    Ok(json!({ "Plaintext": kept["Plaintext"], "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_encoded_with_padding() {
        for (text, encoded) in
            [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abc?", "YWJjPw==")]
        {
            assert_eq!(base64(text), encoded);
        }
    }
}
