//! Errors that every service can answer, with the code and status of its protocol.

use super::{query, rest, s3};
use crate::api::{ApiCall, ApiError};

/// Returns the error of a call that exceeds the request rate.
pub(crate) fn throttled(service: &str) -> ApiError {
    if s3::is_spoken_by(service) {
        return ApiError { status: 503, ..ApiError::new("SlowDown", "Please reduce your request rate.") };
    }
    let code = if query::is_spoken_by(service) { "Throttling" } else { "ThrottlingException" };
    let status = if rest::is_spoken_by(service) { 429 } else { 400 };
    ApiError { status, ..ApiError::new(code, "Rate exceeded") }
}

/// Returns the error of a call with expired credentials.
pub(crate) fn expired_token(service: &str) -> ApiError {
    let has_short_codes = query::is_spoken_by(service) || s3::is_spoken_by(service);
    let code = if has_short_codes { "ExpiredToken" } else { "ExpiredTokenException" };
    let status = if rest::is_spoken_by(service) { 403 } else { 400 };
    ApiError { status, ..ApiError::new(code, "The security token included in the request is expired") }
}

/// Returns the error of a call that no policy allows. IAM names the role of an `AssumeRole` call.
pub(crate) fn access_denied(call: &ApiCall, caller_arn: &str) -> ApiError {
    let service = call.service.as_str();
    let resource = call.input["RoleArn"].as_str().filter(|_| service == "sts").unwrap_or("*");
    // The actions of CloudWatch, of `HeadObject` and of EC2's errors have other names than the calls.
    let action = match (service, call.operation.as_str()) {
        ("monitoring", operation) => format!("cloudwatch:{operation}"),
        ("s3", "HeadObject") => "s3:GetObject".to_owned(),
        (service, operation) => format!("{service}:{operation}"),
    };
    denied_by_policy(service, caller_arn, &action, resource)
}

/// Returns the error of a call for which no policy allows an action on a resource.
pub(crate) fn denied_by_policy(service: &str, caller_arn: &str, action: &str, resource: &str) -> ApiError {
    let mut error = ApiError::denied(caller_arn, action, resource);
    if query::is_spoken_by(service) || s3::is_spoken_by(service) {
        error.status = 403;
        error.code = "AccessDenied".to_owned();
    }
    if service == "ec2" {
        error.code = "UnauthorizedOperation".to_owned();
        error.message = format!("You are not authorized to perform this operation. {}", error.message);
    }
    if rest::is_spoken_by(service) {
        error.status = 403;
    }
    error
}

/// Returns the error of a missing or malformed signature as a service words it: the codes of the query protocol lack the
/// suffix `Exception`.
pub(crate) fn for_protocol(error: ApiError, service: &str) -> ApiError {
    match error.code.strip_suffix("Exception") {
        Some(code) if query::is_spoken_by(service) => {
            ApiError { status: 403, ..ApiError::new(code, error.message) }
        }
        _ => error,
    }
}
