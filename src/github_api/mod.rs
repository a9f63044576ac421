//! Sends requests to GitHub's REST API, through octocrab, and repeats them as far as GitHub allows. [`crate::github`] decides
//! what is sent. Never decides what a failure means for a run.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use serde_json::Value;
use tokio::time::Instant;

use crate::approval::review::ReviewedRun;
use crate::aws::http_sender::{HttpSender, SendError};
use crate::github::access::{GitHubAccess, Repository};
use crate::github::request::ApiRequest;
use crate::github::response::{ApiResponse, NextStep, step_without_answer};
use crate::github::run_review::{reviewed_run, run_requests};
use crate::settings::Settings;

mod comments;
mod compare;
mod deployments;
mod labels;
mod tags;

/// How long one operation may take, with all its requests and pauses.
const LIMIT: Duration = Duration::from_secs(10);
/// How many requests one operation makes at the most.
const MAX_REQUESTS: u32 = 60;

/// A client for one repository.
pub struct GitHubClient {
    octocrab: Octocrab,
    pub(crate) repository: Repository,
}

/// Why a request was not accepted.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct GitHubError {
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
    message: String,
}

impl GitHubError {
    fn without_answer(message: impl Into<String>) -> GitHubError {
        GitHubError { status: None, message: message.into() }
    }

    /// Returns the error of an answer that is not of the form that GitHub describes.
    pub(crate) fn not_understood() -> GitHubError {
        GitHubError::without_answer("the answer is not of the form that GitHub describes")
    }

    /// Returns whether the request may have been executed although it failed.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.status.is_none_or(|status| status >= 500)
    }
}

impl GitHubClient {
    /// Returns a client. It must be used in the runtime in which it was made.
    ///
    /// # Errors
    /// A proxy or the certificates of the environment cannot be used, or the token is no header.
    pub fn new(access: &GitHubAccess, settings: &Settings) -> Result<GitHubClient, String> {
        let base: http::Uri =
            access.api_url.parse().map_err(|_| "`GITHUB_API_URL` is not a URL".to_owned())?;
        if HeaderValue::from_str(access.token()).is_err() {
            return Err("`GITHUB_TOKEN` has characters that no token has".to_owned());
        }
        let sender = HttpSender::new(&access.api_url, settings).map_err(|failure| failure.one_line())?;
        let service = tower::service_fn(move |request: Request<OctoBody>| send(sender.clone(), request));
        let octocrab = OctocrabBuilder::new_empty()
            .with_service(service)
            .with_layer(&BaseUriLayer::new(base))
            .with_layer(&ExtraHeadersLayer::new(Arc::new(headers())))
            .with_auth(AuthState::AccessToken { token: access.token().to_owned().into() })
            .build();
        let octocrab = octocrab.unwrap_or_else(|never: Infallible| match never {});
        Ok(GitHubClient { octocrab, repository: access.repository.clone() })
    }

    /// Returns the requests of one operation, which have a time limit together.
    pub(crate) fn operation(&self) -> Operation<'_> {
        Operation { client: self, ends: Instant::now() + LIMIT, left: Cell::new(MAX_REQUESTS) }
    }

    /// Returns a workflow run with the reviews of its environments, by its id.
    ///
    /// # Errors
    /// The token may not read them, or there was no answer.
    pub async fn reviewed_run(&self, run_id: &str) -> Result<ReviewedRun, GitHubError> {
        let no_id = || GitHubError::without_answer("the id of the run is no number");
        let [run, reviews] = run_requests(&self.repository, run_id).ok_or_else(no_id)?;
        let operation = self.operation();
        let (run, reviews) =
            futures_util::future::try_join(operation.send(&run), operation.send(&reviews)).await?;
        reviewed_run(&run.body, &reviews.body).ok_or_else(GitHubError::not_understood)
    }
}

/// The requests of one operation.
pub(crate) struct Operation<'a> {
    pub(crate) client: &'a GitHubClient,
    ends: Instant,
    left: Cell<u32>,
}

impl Operation<'_> {
    /// Sends a request until it is accepted or refused.
    ///
    /// # Errors
    /// It was refused, or was not accepted in time.
    pub(crate) async fn send(&self, request: &ApiRequest) -> Result<ApiResponse, GitHubError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (step, error) = match self.attempt(request).await {
                Ok(response) => {
                    let now = jiff::Timestamp::now().as_second();
                    let step = response.next_step(request.repetition, attempts, now);
                    if step == NextStep::Accept {
                        return Ok(response);
                    }
                    let message = response.refusal(request.permission);
                    (step, GitHubError { status: Some(response.status), message })
                }
                Err(error) => {
                    let was_sent = !matches!(error, SendError::NotSent(_));
                    let step = step_without_answer(request.repetition, was_sent, attempts);
                    (step, GitHubError::without_answer(error.to_string()))
                }
            };
            let NextStep::Repeat(pause) = step else { return Err(error) };
            if Instant::now() + pause >= self.ends || self.left.get() == 0 {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Returns the items of all pages of a list.
    ///
    /// # Errors
    /// As of [`Operation::send`].
    pub(crate) async fn list(&self, request: &ApiRequest) -> Result<Vec<Value>, GitHubError> {
        let mut items = Vec::new();
        for number in 1.. {
            let response = self.send(&request.page(number)).await?;
            let page = response.body.as_array().ok_or_else(GitHubError::not_understood)?;
            items.extend(page.iter().cloned());
            if !response.has_next_page() {
                break;
            }
        }
        Ok(items)
    }

    async fn attempt(&self, request: &ApiRequest) -> Result<ApiResponse, SendError> {
        self.left.set(self.left.get().checked_sub(1).ok_or(SendError::Invalid)?);
        let sending = async {
            let octocrab = &self.client.octocrab;
            let builder =
                http::request::Builder::new().method(request.method.name()).uri(request.path.as_str());
            let built = octocrab.build_request(builder, request.body.as_ref());
            let request = built.map_err(|_| SendError::Invalid)?;
            let response = octocrab.execute(request).await.map_err(send_error)?;
            let status = response.status().as_u16();
            let headers = header_texts(response.headers());
            let text = octocrab.body_to_string(response).await.map_err(send_error)?;
            Ok(ApiResponse { status, headers, body: serde_json::from_str(&text).unwrap_or_default() })
        };
        let late = || SendError::Unanswered(format!("none within {} s", LIMIT.as_secs()));
        tokio::time::timeout_at(self.ends, sending).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Sends a request of octocrab's with the HTTP stack of all other calls.
async fn send(sender: HttpSender, request: Request<OctoBody>) -> Result<Response<String>, SendError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| SendError::Invalid)?.to_bytes().to_vec();
    sender.send(Request::from_parts(parts, body)).await
}

fn header_texts(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let texts = headers.iter().map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    texts.flatten().collect()
}

/// Returns what octocrab wraps: why there was no answer.
fn send_error(error: octocrab::Error) -> SendError {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(known) = cause {
        match known.downcast_ref::<SendError>() {
            Some(SendError::NotSent(why)) => return SendError::NotSent(why.clone()),
            Some(SendError::Unanswered(why)) => return SendError::Unanswered(why.clone()),
            Some(SendError::Invalid) => return SendError::Invalid,
            None => cause = known.source(),
        }
    }
    SendError::Unanswered("the client failed".to_owned())
}

/// Returns the headers of each request, besides those of octocrab.
fn headers() -> Vec<(HeaderName, HeaderValue)> {
    let agent = concat!("ecsail/", env!("CARGO_PKG_VERSION"));
    vec![
        (http::header::USER_AGENT, HeaderValue::from_static(agent)),
        (http::header::ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
    ]
}
