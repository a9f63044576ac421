//! Posts messages to webhooks, with the HTTP and TLS stack that the SDK brings. Never follows a redirect, because a message
//! and its signature are for one address; never names an address, because it is a secret.

use std::time::Duration;

use aws_sigv4::sign::v4::calculate_signature;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::environment::Machine;
use super::http_client;
use crate::error::Result;
use crate::local_http::is_local_http;
use crate::settings::Settings;

/// The longest word of an answer that is repeated, and the most that is read of an answer.
const MAX_WORD: usize = 60;
const MAX_ANSWER: usize = 4096;
/// The pause before a message is sent again, where the answer names none.
const PAUSE: Duration = Duration::from_millis(500);

/// Sends to one address.
#[derive(Clone)]
pub struct WebhookSender {
    address: String,
    connector: SharedHttpConnector,
}

/// Why a message was not accepted.
enum Attempt {
    Accepted,
    Refused(String),
    /// It may be accepted after this time.
    Again(String, Duration),
}

impl WebhookSender {
    /// Returns a sender to an address.
    ///
    /// # Errors
    /// The address is not one of HTTPS, or a proxy or the certificates cannot be used.
    pub fn new(address: &str, settings: &Settings) -> Result<WebhookSender, String> {
        let address = address.trim();
        let is_tls = address.starts_with("https://");
        if !is_tls && !is_local_http(address) {
            return Err("its address does not begin with `https://`".to_owned());
        }
        if address.contains("://hooks.slack.com/triggers/") {
            return Err("its address is a trigger of a workflow, not an incoming webhook".to_owned());
        }
        // The variables of the process set proxies, also where the services are those of the sandbox.
        let connector = http_client::connector(&Machine::new(settings), is_tls);
        let connector = connector.map_err(|failure| failure.one_line())?;
        Ok(WebhookSender { address: address.to_owned(), connector })
    }

    /// Posts a message until it is accepted, refused, or the time is up. `headers` are those of an attempt.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub async fn post(
        &self,
        body: &str,
        headers: impl Fn() -> Vec<(String, String)>,
        limit: Duration,
    ) -> Result<(), String> {
        let mut last = "no answer".to_owned();
        let posting = async {
            loop {
                match self.attempt(body, headers()).await {
                    Attempt::Accepted => return Ok(()),
                    Attempt::Refused(why) => return Err(why),
                    Attempt::Again(why, pause) => {
                        last = why;
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        };
        let result = tokio::time::timeout(limit, posting).await;
        result.unwrap_or_else(|_| Err(format!("{last} within {} s", limit.as_secs())))
    }

    async fn attempt(&self, body: &str, headers: Vec<(String, String)>) -> Attempt {
        let mut request = HttpRequest::new(SdkBody::from(body));
        let is_set = request.set_method("POST").and_then(|()| request.set_uri(self.address.as_str()));
        if is_set.is_err() {
            return Attempt::Refused("its address is no URL".to_owned());
        }
        request.headers_mut().insert("content-type", "application/json");
        request.headers_mut().insert("user-agent", concat!("ecsail/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request.headers_mut().insert(name, value);
        }
        match self.connector.call(request).await {
            Ok(response) => judge(response).await,
            // The error may have the address in it.
            Err(_) => Attempt::Again("no connection".to_owned(), PAUSE),
        }
    }
}

async fn judge(response: HttpResponse) -> Attempt {
    let status = response.status().as_u16();
    let after = response.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
    let pause = after.map_or(PAUSE, Duration::from_secs);
    match status {
        200..300 => Attempt::Accepted,
        300..400 => Attempt::Refused(format!("HTTP {status}: redirects are not followed")),
        429 | 500.. => Attempt::Again(format!("HTTP {status}"), pause),
        _ => Attempt::Refused(format!("HTTP {status}{}", word(response).await)),
    }
}

/// Returns the word with which a receiver refuses a message, such as Slack's `no_service`; empty for any other text.
async fn word(response: HttpResponse) -> String {
    let mut body = ByteStream::new(response.into_body());
    let mut read = Vec::new();
    while let Some(Ok(bytes)) = body.next().await {
        read.extend_from_slice(&bytes);
        if read.len() > MAX_ANSWER {
            break;
        }
    }
    let text = String::from_utf8_lossy(&read);
    let text = text.trim();
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    let is_plain = !text.is_empty() && text.len() <= MAX_WORD && text.chars().all(is_word);
    if is_plain { format!(": {text}") } else { String::new() }
}

/// Returns the signature of a text with a secret in Base64: HMAC with SHA-256, in Base64.
///
/// # Errors
/// The secret is no Base64, or has another length than Standard Webhooks 1.0 asks for.
pub fn signature(secret: &str, text: &str) -> Result<String, String> {
    let key = aws_smithy_types::base64::decode(secret).map_err(|_| "the secret is no Base64".to_owned())?;
    if !(24..=64).contains(&key.len()) {
        return Err(format!("the secret has {} bytes, not 24 to 64", key.len()));
    }
    let hex = calculate_signature(&key, text.as_bytes());
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect();
    Ok(aws_smithy_types::base64::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_published_example() {
        // The example of the specification's libraries (standard-webhooks, tests of the reference implementations).
        let text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        let signed = signature("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", text);
        assert_eq!(signed.as_deref(), Ok("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(signature("QUJD", "x"), Err("the secret has 3 bytes, not 24 to 64".to_owned()));
    }
}
