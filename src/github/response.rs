//! What an answer of GitHub means: whether the request is sent again, and when; and why it was refused.
//!
//! The rules are those of "Rate limits for the REST API" and "Best practices for using the REST API" in GitHub's documentation.

use std::time::Duration;

use serde_json::Value;

use super::request::Repetition;

/// The first pause before a request is sent again, where the answer names none; the next ones are twice as long each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The pause after a secondary limit for which the answer names none (GitHub documentation, "Exceeding the rate limit").
const UNNAMED_LIMIT_PAUSE: Duration = Duration::from_mins(1);
/// The most characters of a message that are repeated.
const MAX_MESSAGE: usize = 200;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiResponse {
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

/// What follows an answer, or that there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    Accept,
    /// The request is refused, or has no answer in time.
    Fail,
    /// The request is sent again after a pause.
    Repeat(Duration),
}

impl ApiResponse {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether a list has another page.
    pub fn has_next_page(&self) -> bool {
        self.header("link").is_some_and(|link| link.contains("rel=\"next\""))
    }

    /// Returns what follows, after so many attempts, at a time in seconds since 1970.
    pub fn next_step(&self, repetition: Repetition, attempts: u32, now: i64) -> NextStep {
        match self.status {
            200..300 => NextStep::Accept,
            _ if self.is_limited() => NextStep::Repeat(self.limit_pause(now)),
            500.. if repetition == Repetition::Harmless => NextStep::Repeat(pause(attempts)),
            _ => NextStep::Fail,
        }
    }

    /// Returns whether the request was turned down because there were too many; the status is also that of a missing permission.
    fn is_limited(&self) -> bool {
        let is_named = self.header("retry-after").is_some()
            || self.header("x-ratelimit-remaining") == Some("0")
            || self.message().to_lowercase().contains("secondary rate limit");
        self.status == 429 || (self.status == 403 && is_named)
    }

    fn limit_pause(&self, now: i64) -> Duration {
        let number = |name: &str| self.header(name).and_then(|value| value.parse::<i64>().ok());
        let until_reset = || {
            let is_empty = self.header("x-ratelimit-remaining") == Some("0");
            number("x-ratelimit-reset").filter(|_| is_empty).map(|reset| reset - now)
        };
        let seconds = number("retry-after").or_else(until_reset);
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds.max(0)).ok());
        seconds.map_or(UNNAMED_LIMIT_PAUSE, Duration::from_secs)
    }

    /// Returns the message of a refusal; empty where there is none.
    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// Returns why the request was refused, with the permission that a job needs for it.
    pub fn refusal(&self, permission: &str) -> String {
        let message: String = self.message().chars().take(MAX_MESSAGE).collect();
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        let status = self.status;
        match status {
            _ if self.is_limited() => format!("HTTP {status}{message}: too many requests"),
            403 => format!("HTTP {status}{message}; the job needs `{permission}` under `permissions:`"),
            404 => format!(
                "HTTP {status}{message}; it does not exist, or the token may not see it (`{permission}` under \
                 `permissions:`)"
            ),
            300..400 => format!("HTTP {status}: redirects are not followed"),
            _ => format!("HTTP {status}{message}{}", self.details()),
        }
    }

    /// Returns what is wrong with the request, as GitHub lists it.
    fn details(&self) -> String {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        let word = |error: &Value| {
            let text = error["message"].as_str().or(error["code"].as_str()).or(error.as_str());
            text.map(|text| text.chars().take(MAX_MESSAGE).collect::<String>())
        };
        let words: Vec<String> = errors.filter_map(word).take(3).collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    }
}

/// Returns what follows a request without an answer. Of one that was not sent it is certain that it has done nothing.
pub fn step_without_answer(repetition: Repetition, was_sent: bool, attempts: u32) -> NextStep {
    if was_sent && repetition == Repetition::Doubling {
        return NextStep::Fail;
    }
    NextStep::Repeat(pause(attempts))
}

fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2u32.saturating_pow(attempts.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn response(status: u16, headers: &[(&str, &str)], message: &str) -> ApiResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ApiResponse { status, headers: headers.collect(), body: json!({ "message": message }) }
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let again = |seconds: u64| NextStep::Repeat(Duration::from_secs(seconds));
        let table = [
            (response(201, &[], ""), NextStep::Accept),
            (response(403, &[], "Resource not accessible by integration"), NextStep::Fail),
            (response(403, &[("retry-after", "3")], ""), again(3)),
            (response(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1007")], ""), again(7)),
            (response(403, &[("x-ratelimit-remaining", "12")], ""), NextStep::Fail),
            (response(403, &[], "You have exceeded a secondary rate limit"), again(60)),
            (response(429, &[("retry-after", "0")], ""), again(0)),
            (response(404, &[], "Not Found"), NextStep::Fail),
            (response(422, &[], "Validation Failed"), NextStep::Fail),
            (response(502, &[], ""), NextStep::Repeat(FIRST_PAUSE)),
        ];
        for (response, step) in table {
            assert_eq!(response.next_step(Repetition::Harmless, 1, 1000), step, "{response:?}");
        }
    }

    #[test]
    fn nothing_is_made_twice() {
        assert_eq!(response(502, &[], "").next_step(Repetition::Doubling, 1, 0), NextStep::Fail);
        assert_eq!(step_without_answer(Repetition::Doubling, true, 1), NextStep::Fail);
        assert_eq!(step_without_answer(Repetition::Doubling, false, 2), NextStep::Repeat(FIRST_PAUSE * 2));
    }

    #[test]
    fn a_refusal_names_the_permission() {
        let forbidden = response(403, &[], "Resource not accessible by integration");
        assert_eq!(
            forbidden.refusal("deployments: write"),
            "HTTP 403: Resource not accessible by integration; the job needs `deployments: write` under `permissions:`"
        );
        let invalid = ApiResponse {
            status: 422,
            body: json!({ "message": "Validation Failed", "errors": [{ "code": "custom", "message": "Body is too long" }] }),
            ..ApiResponse::default()
        };
        assert_eq!(invalid.refusal("x"), "HTTP 422: Validation Failed (Body is too long)");
    }
}
