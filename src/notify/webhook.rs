//! The message for a webhook of any receiver: an envelope and headers as Standard Webhooks 1.0 has them. Never signs anything
//! itself.

use serde_json::{Value, json};

use super::{NotificationKind, ReleaseNotice};

/// What a signing secret begins with.
const SECRET_PREFIX: &str = "whsec_";

/// Returns the body: the type of the event, its time as RFC 3339, and the release.
pub fn payload(kind: NotificationKind, notice: &ReleaseNotice, timestamp: &str) -> Value {
    json!({ "type": format!("deploy.{}", kind.name()), "timestamp": timestamp, "data": notice })
}

/// Returns the text that is signed: the very body that is sent, with the id of the message and the time of the attempt.
pub fn signed_text(id: &str, seconds: i64, body: &str) -> String {
    format!("{id}.{seconds}.{body}")
}

/// Returns the Base64 text of a signing secret.
///
/// # Errors
/// The secret has another form.
pub fn secret_text(secret: &str) -> Result<&str, String> {
    secret
        .trim()
        .strip_prefix(SECRET_PREFIX)
        .ok_or_else(|| format!("the secret does not begin with `{SECRET_PREFIX}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_an_envelope_with_the_release() {
        let notice = ReleaseNotice { app: Some("shop".to_owned()), ..ReleaseNotice::default() };
        let body = payload(NotificationKind::RolledBack, &notice, "2026-11-30T12:00:00Z");
        assert_eq!(body["type"], "deploy.rolled_back");
        assert_eq!(body["data"]["app"], "shop");
    }

    #[test]
    fn a_secret_without_its_prefix_is_refused_without_its_value() {
        assert_eq!(secret_text("whsec_QUJD"), Ok("QUJD"));
        assert!(!secret_text("hunter2").expect_err("no prefix").contains("hunter2"));
    }
}
