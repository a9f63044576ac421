//! A request to GitHub's REST API, as data.

use serde_json::Value;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiMethod {
    Get,
    Post,
    Patch,
    Delete,
}

impl ApiMethod {
    /// Returns the method as HTTP names it.
    pub fn name(self) -> &'static str {
        match self {
            ApiMethod::Get => "GET",
            ApiMethod::Post => "POST",
            ApiMethod::Patch => "PATCH",
            ApiMethod::Delete => "DELETE",
        }
    }
}

/// Whether a request may be sent again if it is not known whether it has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Sent twice, it does the same as once.
    Harmless,
    /// It would make a second thing.
    Doubling,
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiRequest {
    pub method: ApiMethod,
    /// The path below the base address, with its query.
    pub path: String,
    pub body: Option<Value>,
    /// The line of `permissions:` that a job needs for it, such as `contents: read`.
    pub permission: &'static str,
    pub repetition: Repetition,
}

impl ApiRequest {
    /// Returns a request that changes nothing.
    pub fn get(path: String, permission: &'static str) -> ApiRequest {
        ApiRequest { method: ApiMethod::Get, path, body: None, permission, repetition: Repetition::Harmless }
    }

    /// Returns a request that may be repeated.
    pub fn change(
        method: ApiMethod,
        path: String,
        body: Option<Value>,
        permission: &'static str,
    ) -> ApiRequest {
        ApiRequest { method, path, body, permission, repetition: Repetition::Harmless }
    }

    /// Returns a request that makes something new each time.
    pub fn create(path: String, body: Value, permission: &'static str) -> ApiRequest {
        ApiRequest {
            method: ApiMethod::Post,
            path,
            body: Some(body),
            permission,
            repetition: Repetition::Doubling,
        }
    }

    /// Returns the request for a page of a list, counted from 1.
    pub fn page(&self, number: usize) -> ApiRequest {
        let gap = if self.path.contains('?') { '&' } else { '?' };
        ApiRequest { path: format!("{}{gap}per_page=100&page={number}", self.path), ..self.clone() }
    }
}

/// Returns a text for one segment of a path, or for a value of a query.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_no_separators() {
        assert_eq!(encoded("ecsail: no changes"), "ecsail%3A%20no%20changes");
        assert_eq!(encoded("a/b?c=é"), "a%2Fb%3Fc%3D%C3%A9");
    }

    #[test]
    fn pages_follow_a_query() {
        let list = ApiRequest::get("/x?environment=a".to_owned(), "deployments: read");
        assert_eq!(list.page(2).path, "/x?environment=a&per_page=100&page=2");
    }
}
