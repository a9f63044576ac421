//! Parses the `SigV4` `Authorization` header. The form of the header is checked; the signature itself is not, because the
//! sandbox takes any credentials. Signatures in a query are verified ([`super::presigned`]).

use crate::api::ApiError;

/// The credential scope of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CredentialScope {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Returns the credential scope of an `Authorization` header.
///
/// # Errors
/// As AWS answers a missing or malformed signature.
pub(crate) fn parse_authorization(
    authorization: Option<&str>,
    date: Option<&str>,
) -> Result<CredentialScope, ApiError> {
    let Some(header) = authorization else {
        return Err(ApiError::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    let fields = header.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(|| {
        incomplete(&format!("'{header}' not a valid AWS4-HMAC-SHA256 authorization header"))
    })?;
    let credential = required_parameter(fields, "Credential")?;
    let headers = required_parameter(fields, "SignedHeaders")?;
    let signature = required_parameter(fields, "Signature")?;
    if date.is_none_or(str::is_empty) {
        return Err(incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ));
    }
    if headers.is_empty() || signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(incomplete("Authorization header's 'Signature' or 'SignedHeaders' is malformed."));
    }
    parse_scope(credential).ok_or_else(|| {
        incomplete(&format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got '{credential}'"
        ))
    })
}

/// Returns a parameter of an `Authorization` header, such as `Credential=…`.
fn required_parameter<'a>(fields: &'a str, name: &str) -> Result<&'a str, ApiError> {
    fields
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
}

fn incomplete(message: &str) -> ApiError {
    ApiError::new("IncompleteSignatureException", message)
}

pub(super) fn parse_scope(credential: &str) -> Option<CredentialScope> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key, date, region, service, "aws4_request"] = parts[..] else {
        return None;
    };
    let whole = !access_key.is_empty() && date.len() == 8 && !region.is_empty() && !service.is_empty();
    whole.then(|| CredentialScope {
        access_key: access_key.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Option<&str> = Some("20260101T000000Z");

    fn header(credential: &str) -> String {
        let signature = "ab".repeat(32);
        format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature={signature}"
        )
    }

    #[test]
    fn a_good_header_gives_its_scope() {
        let scope = parse_authorization(Some(&header("AKID/20260101/eu-west-1/ecs/aws4_request")), DATE)
            .expect("good");
        assert_eq!((scope.access_key.as_str(), scope.region.as_str()), ("AKID", "eu-west-1"));
        assert_eq!(scope.service, "ecs");
    }

    #[test]
    fn missing_and_malformed_headers_are_distinguished() {
        let code = |h: Option<&str>, d| parse_authorization(h, d).expect_err("refused").code;
        let good = header("AKID/20260101/eu-west-1/ecs/aws4_request");
        assert_eq!(code(None, DATE), "MissingAuthenticationTokenException");
        assert_eq!(code(Some("Basic eA=="), DATE), "IncompleteSignatureException");
        assert_eq!(code(Some(&header("AKID/20260101/ecs")), DATE), "IncompleteSignatureException");
        assert_eq!(code(Some(&good), None), "IncompleteSignatureException");
        assert_eq!(code(Some(&good.replace("abab", "zz")), DATE), "IncompleteSignatureException");
    }
}
