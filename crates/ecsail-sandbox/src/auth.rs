//! Who calls: reads a SigV4 `Authorization` header. Owns the check of its shape; never checks the
//! signature itself (the sandbox knows no secret keys).

use crate::wire::ApiError;

/// What the signature says about a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Scope {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Reads the credential scope, or says what a real endpoint says to a missing or a broken signature.
pub(crate) fn scope(authorization: Option<&str>, date: Option<&str>) -> Result<Scope, ApiError> {
    let Some(header) = authorization else {
        return Err(ApiError::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    let broken = |what: &str| ApiError::new("IncompleteSignatureException", what);
    let fields = header
        .strip_prefix("AWS4-HMAC-SHA256")
        .ok_or_else(|| broken(&format!("'{header}' not a valid AWS4-HMAC-SHA256 authorization header")))?;
    let field = |name: &str| {
        let given = fields.split(',').filter_map(|part| part.trim().split_once('='));
        given.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    };
    let missing = |name: &str| broken(&format!("Authorization header requires '{name}' parameter."));
    let credential = field("Credential").ok_or_else(|| missing("Credential"))?;
    let headers = field("SignedHeaders").ok_or_else(|| missing("SignedHeaders"))?;
    let signature = field("Signature").ok_or_else(|| missing("Signature"))?;
    if date.is_none_or(str::is_empty) {
        return Err(broken(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ));
    }
    if headers.is_empty() || signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(broken("Authorization header's 'Signature' or 'SignedHeaders' is malformed."));
    }
    parsed(credential).ok_or_else(|| {
        broken(&format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got '{credential}'"
        ))
    })
}

fn parsed(credential: &str) -> Option<Scope> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key, date, region, service, "aws4_request"] = parts[..] else {
        return None;
    };
    let whole = !access_key.is_empty() && date.len() == 8 && !region.is_empty() && !service.is_empty();
    whole.then(|| Scope {
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
        let scope = scope(Some(&header("AKID/20260101/eu-west-1/ecs/aws4_request")), DATE).expect("good");
        assert_eq!((scope.access_key.as_str(), scope.region.as_str()), ("AKID", "eu-west-1"));
        assert_eq!(scope.service, "ecs");
    }

    #[test]
    fn missing_and_broken_headers_are_told_apart() {
        let code = |h: Option<&str>, d| scope(h, d).expect_err("refused").code;
        let good = header("AKID/20260101/eu-west-1/ecs/aws4_request");
        assert_eq!(code(None, DATE), "MissingAuthenticationTokenException");
        assert_eq!(code(Some("Basic eA=="), DATE), "IncompleteSignatureException");
        assert_eq!(code(Some(&header("AKID/20260101/ecs")), DATE), "IncompleteSignatureException");
        assert_eq!(code(Some(&good), None), "IncompleteSignatureException");
        assert_eq!(code(Some(&good.replace("abab", "zz")), DATE), "IncompleteSignatureException");
    }
}
