//! Sends requests that the SDK does not make, such as those to other services, with the HTTP and TLS stack that the SDK brings: the proxies and the
//! certificates of the environment count for them too. Never follows a redirect, because a credential is for one address.

use std::error::Error;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use hyper_util::client::legacy;

use super::environment::Machine;
use super::http_client;
use super::login::find;
use crate::error::Result;
use crate::settings::Settings;

/// The most that is read of an answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Sends requests to the addresses of one scheme.
#[derive(Clone, Debug)]
pub struct HttpSender {
    connector: SharedHttpConnector,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("no connection: {0}")]
    NotSent(String),
    /// The request may have arrived.
    #[error("no answer: {0}")]
    Unanswered(String),
    #[error("the request is not valid HTTP")]
    Invalid,
}

impl HttpSender {
    /// Returns a sender for an address.
    ///
    /// # Errors
    /// A proxy or the certificates of the environment cannot be used.
    pub fn new(address: &str, settings: &Settings) -> Result<HttpSender> {
        HttpSender::of_machine(address, &Machine::new(settings))
    }

    /// Returns a sender for an address, with the proxies and certificates of a machine.
    ///
    /// # Errors
    /// As of [`HttpSender::new`].
    pub(super) fn of_machine(address: &str, machine: &Machine) -> Result<HttpSender> {
        let is_tls = address.starts_with("https://");
        Ok(HttpSender { connector: http_client::connector(machine, is_tls)? })
    }

    /// Sends a request to the absolute address that it names, and returns the answer, whatever its status is.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<String>, SendError> {
        let (parts, body) = request.into_parts();
        let mut sent = HttpRequest::new(SdkBody::from(body));
        sent.set_method(parts.method.as_str()).map_err(|_| SendError::Invalid)?;
        sent.set_uri(parts.uri.to_string()).map_err(|_| SendError::Invalid)?;
        for (name, value) in &parts.headers {
            let value = value.to_str().map_err(|_| SendError::Invalid)?.to_owned();
            sent.headers_mut().append(name.as_str().to_owned(), value);
        }
        let response = self.connector.call(sent).await.map_err(|error| send_error(&error))?;
        answer(response).await
    }
}

async fn answer(response: HttpResponse) -> Result<http::Response<String>, SendError> {
    let mut builder = http::Response::builder().status(response.status().as_u16());
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    let mut read = Vec::new();
    let mut body = ByteStream::new(response.into_body());
    while let Some(bytes) = body.next().await {
        read.extend_from_slice(&bytes.map_err(|_| SendError::Unanswered("the connection ended".to_owned()))?);
        if read.len() > MAX_ANSWER {
            return Err(SendError::Unanswered("the answer is too long".to_owned()));
        }
    }
    builder.body(String::from_utf8_lossy(&read).into_owned()).map_err(|_| SendError::Invalid)
}

fn send_error(error: &ConnectorError) -> SendError {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let cause = innermost.to_string();
    if find::<legacy::Error>(error).is_some_and(legacy::Error::is_connect) {
        SendError::NotSent(cause)
    } else {
        SendError::Unanswered(cause)
    }
}
