//! Verifies signatures in the query of a request, as AWS STS does: a presigned `GetCallerIdentity` proves who signed it.
//!
//! Signature Version 4 (IAM user guide, "Create a signed AWS API request"), with the secrets of the principals that the sandbox
//! has. Signatures in the `Authorization` header are not verified.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use sha2::{Digest, Sha256};

use super::auth::CredentialScope;
use super::request::unescape;
use crate::api::ApiError;
use crate::state::Principal;
use crate::time::Millis;

/// How long STS takes a signature, whatever `X-Amz-Expires` says (aws-iam-authenticator, pkg/token/token.go), in seconds.
const VALIDITY: i64 = 900;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request with a signature in its query.
#[derive(Debug)]
pub(crate) struct PresignedRequest {
    pub(crate) scope: CredentialScope,
    date: String,
    session_token: Option<String>,
    signature: String,
    /// The day of the credential scope.
    day: String,
    canonical: String,
}

impl PresignedRequest {
    /// Reads a request; `None` for one whose query has no signature.
    ///
    /// # Errors
    /// As AWS answers a signature that lacks a part.
    pub(crate) fn parse(
        (method, path, query): (&str, &str, &str),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<Result<PresignedRequest, ApiError>> {
        let fields: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (unescape(name), unescape(value)))
            .collect();
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let signature = field("X-Amz-Signature")?.clone();
        let required = |name: &str| {
            field(name)
                .ok_or_else(|| incomplete(&format!("AWS query-string parameters must include '{name}'")))
        };
        let read = || {
            if required("X-Amz-Algorithm")? != ALGORITHM {
                return Err(incomplete("Unsupported AWS 'algorithm'"));
            }
            let credential = required("X-Amz-Credential")?;
            let scope =
                super::auth::parse_scope(credential).ok_or_else(|| incomplete("Credential is malformed"))?;
            let day = credential.split('/').nth(1).unwrap_or_default().to_owned();
            let signed = required("X-Amz-SignedHeaders")?;
            required("X-Amz-Expires")?;
            Ok(PresignedRequest {
                scope,
                date: required("X-Amz-Date")?.clone(),
                session_token: field("X-Amz-Security-Token").cloned(),
                signature,
                day,
                canonical: canonical_request((method, path), &fields, (signed, headers), body),
            })
        };
        Some(read())
    }

    /// Returns the credential scope if the signature is that of the principal's secret, and not too old.
    ///
    /// # Errors
    /// As STS answers a key that does not exist, a signature of something else, and an old one.
    pub(crate) fn verify(
        self,
        principal: Option<&Principal>,
        now: Millis,
    ) -> Result<CredentialScope, ApiError> {
        let unknown =
            || denied("InvalidClientTokenId", "The security token included in the request is invalid.");
        let principal = principal.ok_or_else(unknown)?;
        let Some(secret) = &principal.secret else { return Err(unknown()) };
        if principal.session_token != self.session_token {
            return Err(unknown());
        }
        self.check_time(now)?;
        if self.signature != self.expected_signature(secret) {
            return Err(denied(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS \
                 Secret Access Key and signing method. Consult the service documentation for details.",
            ));
        }
        Ok(self.scope)
    }

    /// Refuses a signature that is older than 15 minutes, or of the future, in the words of IAM and STS.
    fn check_time(&self, now: Millis) -> Result<(), ApiError> {
        let malformed = || incomplete("Date must be in ISO-8601 'basic format'");
        let signed: jiff::civil::DateTime = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", &self.date)
            .and_then(|parsed| parsed.to_datetime())
            .map_err(|_| malformed())?;
        let signed = jiff::tz::TimeZone::UTC.to_timestamp(signed).map_err(|_| malformed())?.as_second();
        if !self.date.starts_with(&self.day) {
            return Err(denied(
                "SignatureDoesNotMatch",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
            ));
        }
        let now = now / 1000;
        let text = |seconds: i64| {
            let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
            at.strftime("%Y%m%dT%H%M%SZ").to_string()
        };
        if signed < now - VALIDITY {
            let message = format!(
                "Signature expired: {} is now earlier than {} ({} - 15 min.)",
                self.date,
                text(now - VALIDITY),
                text(now)
            );
            return Err(denied("SignatureDoesNotMatch", &message));
        }
        if signed > now + VALIDITY {
            let message = format!(
                "Signature not yet current: {} is still later than {} ({} + 15 min.)",
                self.date,
                text(now + VALIDITY),
                text(now)
            );
            return Err(denied("SignatureDoesNotMatch", &message));
        }
        Ok(())
    }

    fn expected_signature(&self, secret: &str) -> String {
        let CredentialScope { region, service, .. } = &self.scope;
        let scope = format!("{}/{region}/{service}/aws4_request", self.day);
        let hashed = hex(&Sha256::digest(self.canonical.as_bytes()));
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{hashed}", self.date);
        let key = [self.day.as_str(), region, service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part));
        hex(&hmac(&key, &text))
    }
}

/// Returns the canonical request: everything that the signature covers.
fn canonical_request(
    (method, path): (&str, &str),
    fields: &[(String, String)],
    (signed, headers): (&str, &HeaderMap),
    body: &[u8],
) -> String {
    let covered = fields.iter().filter(|(name, _)| name != "X-Amz-Signature");
    let mut query: Vec<(String, String)> =
        covered.map(|(name, value)| (escape(name), escape(value))).collect();
    query.sort();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut lines = String::new();
    for name in signed.split(';') {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<String> =
            values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{name}:{}", values.join(","));
    }
    let body = hex(&Sha256::digest(body));
    format!("{method}\n{path}\n{}\n{lines}\n{signed}\n{body}", query.join("&"))
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of HMAC may have any length, so that this does not fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn incomplete(message: &str) -> ApiError {
    denied("IncompleteSignature", message)
}

fn denied(code: &str, message: &str) -> ApiError {
    ApiError { status: 403, ..ApiError::new(code, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_published_example_is_derived() {
        // IAM user guide, "Examples of how to derive a signing key": 20150830, us-east-1, iam.
        let key = ["20150830", "us-east-1", "iam", "aws4_request"]
            .iter()
            .fold(b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec(), |key, part| hmac(&key, part));
        assert_eq!(hex(&key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }
}
