//! Asks GitHub for the reviews of a workflow run: the one call of its API that an approval needs. Never follows a redirect,
//! because the token is for one address.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::environment::Machine;
use super::http_client;
use crate::approval::review::{ReviewedRun, RunReview};
use crate::settings::Settings;

const PUBLIC_API: &str = "https://api.github.com";
/// Addresses of this machine, which may do without TLS.
const LOCAL: &[&str] = &["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
/// The limit for one answer.
const LIMIT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Returns the workflow run of this process, with its reviews.
///
/// # Errors
/// Why they could not be read, in words.
pub async fn reviewed_run(settings: &Settings) -> Result<ReviewedRun, String> {
    let needed = |name: &str| settings.process_variable(name).ok_or_else(|| format!("`{name}` is not set"));
    let api = settings.process_variable("GITHUB_API_URL").unwrap_or(PUBLIC_API).trim_end_matches('/');
    if !api.starts_with("https://") && !LOCAL.iter().any(|local| api.starts_with(local)) {
        return Err("`GITHUB_API_URL` does not begin with `https://`".to_owned());
    }
    let (repository, run) = (needed("GITHUB_REPOSITORY")?, needed("GITHUB_RUN_ID")?);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_repository = repository.split_once('/').is_some_and(|(owner, name)| {
        !owner.is_empty() && !name.is_empty() && owner.chars().all(is_plain) && name.chars().all(is_plain)
    });
    if !is_repository || !run.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("`GITHUB_REPOSITORY` or `GITHUB_RUN_ID` is not of the form that GitHub gives".to_owned());
    }
    let connector = http_client::connector(&Machine::new(settings), api.starts_with("https:"));
    let client = GitHubClient {
        connector: connector.map_err(|failure| failure.one_line())?,
        token: needed("GITHUB_TOKEN")?,
        run_address: format!("{api}/repos/{repository}/actions/runs/{run}"),
    };
    let (found, reviews) = futures_util::future::try_join(client.get(""), client.get("/approvals")).await?;
    let read = || {
        let actors = ["actor", "triggering_actor"].map(|name| found[name]["id"].as_u64());
        Some(ReviewedRun {
            attempt: found["run_attempt"].as_u64()?,
            actors: actors.into_iter().collect::<Option<_>>()?,
            reviews: reviews.as_array()?.iter().map(review_of).collect::<Option<_>>()?,
        })
    };
    read().ok_or_else(|| "GitHub's answer has another form".to_owned())
}

struct GitHubClient<'a> {
    connector: SharedHttpConnector,
    token: &'a str,
    run_address: String,
}

impl GitHubClient<'_> {
    async fn get(&self, path: &str) -> Result<Value, String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        let address = format!("{}{path}", self.run_address);
        request.set_uri(address).map_err(|_| "`GITHUB_API_URL` is no address".to_owned())?;
        let headers = request.headers_mut();
        headers.insert("accept", "application/vnd.github+json");
        headers.insert("x-github-api-version", "2022-11-28");
        headers.insert("user-agent", concat!("ecsail/", env!("CARGO_PKG_VERSION")));
        headers
            .try_insert("authorization", format!("Bearer {}", self.token))
            .map_err(|_| "`GITHUB_TOKEN` is no token".to_owned())?;
        let answering = async {
            // The error may have the address in it, and not the token.
            let response = self.connector.call(request).await.map_err(|error| error.to_string())?;
            let status = response.status().as_u16();
            if status != 200 {
                let permission = "; the job needs `permissions: actions: read`";
                return Err(format!("HTTP {status}{}", if status < 500 { permission } else { "" }));
            }
            let mut body = ByteStream::new(response.into_body());
            let mut read = Vec::new();
            while let Some(bytes) = body.next().await {
                read.extend_from_slice(&bytes.map_err(|error| error.to_string())?);
                if read.len() > MAX_ANSWER {
                    return Err("the answer is too long".to_owned());
                }
            }
            serde_json::from_slice(&read).map_err(|_| "the answer is no JSON".to_owned())
        };
        let answered = tokio::time::timeout(LIMIT, answering).await;
        answered.unwrap_or_else(|_| Err(format!("no answer within {} s", LIMIT.as_secs())))
    }
}

fn review_of(review: &Value) -> Option<RunReview> {
    let environments = review["environments"].as_array()?.iter();
    let names = environments.map(|environment| environment["name"].as_str().map(str::to_owned));
    Some(RunReview {
        state: review["state"].as_str()?.to_owned(),
        user_id: review["user"]["id"].as_u64()?,
        login: review["user"]["login"].as_str()?.to_owned(),
        environments: names.collect::<Option<_>>()?,
    })
}
