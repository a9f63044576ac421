//! Errors that several operations of the scheduler answer.

use crate::api::ApiError;

pub(super) fn not_found(what: &str, name: &str) -> ApiError {
    let message = format!("{what} {name} does not exist.");
    ApiError { status: 404, ..ApiError::new("ResourceNotFoundException", message) }
}

pub(super) fn conflict(message: impl Into<String>) -> ApiError {
    ApiError { status: 409, ..ApiError::new("ConflictException", message) }
}
