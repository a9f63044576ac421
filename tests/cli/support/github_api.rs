//! A GitHub API on loopback that keeps comments, labels, deployments and tags of one repository, `octo/shop`, in memory. It
//! answers with as much as ecsail reads; `tests/cli/conformance_github.rs` holds the requests against GitHub's own description.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "ghs_Zr9kQw3tXv71";
pub(crate) const BOT: &str = "github-actions[bot]";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct GitHubRequest {
    pub(crate) method: String,
    /// The path below the repository, with its query.
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// What is answered once in place of the answer of the API.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) headers: &'static str,
    /// Whether the request has been executed although its answer says otherwise.
    pub(crate) is_executed: bool,
}

#[derive(Debug, Default)]
pub(crate) struct GitHubState {
    pub(crate) requests: Vec<GitHubRequest>,
    pub(crate) comments: Vec<Value>,
    /// The labels of the repository and of the pull request.
    pub(crate) known_labels: Vec<Value>,
    pub(crate) labels: Vec<Value>,
    pub(crate) deployments: Vec<Value>,
    pub(crate) statuses: Vec<Value>,
    /// The objects that tags are on.
    pub(crate) tags: BTreeMap<String, String>,
    /// The commits between any two, oldest first.
    pub(crate) commits: Vec<Value>,
    /// The reviews of each workflow run, which user 1 has started.
    pub(crate) reviews: Vec<Value>,
    pub(crate) scripted: VecDeque<Scripted>,
    /// Whether another run writes a comment just before each.
    pub(crate) has_rival: bool,
    made: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct GitHubApi {
    address: String,
    state: Arc<Mutex<GitHubState>>,
}

type Answer = (u16, Value);

impl GitHubApi {
    /// Starts a server that ends with the test program.
    pub(crate) fn start() -> GitHubApi {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let api = GitHubApi { address, state: Arc::default() };
        let served = api.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| served.serve(stream)));
        api
    }

    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, GitHubState> {
        self.state.lock().expect("not poisoned")
    }

    /// Returns the requests as `METHOD PATH`, and forgets them.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        let requests = std::mem::take(&mut self.state().requests);
        requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                break;
            }
            lines.push(line.trim_end().to_lowercase());
            if lines.len() == 1 {
                lines[0] = line.trim_end().to_owned();
            }
        }
        let Some(first) = lines.first().cloned() else { return };
        let header = |name: &str| lines.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
        let _ = reader.read_exact(&mut body);
        let words: Vec<&str> = first.split(' ').collect();
        let path = words[1].strip_prefix("/repos/octo/shop/").unwrap_or(words[1]).to_owned();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let request = GitHubRequest { method: words[0].to_owned(), path, body };
        let is_known = header("authorization") == Some(&format!("bearer {}", TOKEN.to_lowercase()))
            && header("user-agent").is_some_and(|agent| agent.starts_with("ecsail/"))
            && header("accept") == Some("application/vnd.github+json")
            && header("x-github-api-version").is_some();
        let (status, headers, answer) = self.answer(request, is_known);
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
            text.len()
        );
        // A client that has gone away needs no answer.
        let _ = stream.write_all(format!("{head}{text}").as_bytes());
    }

    fn answer(&self, request: GitHubRequest, is_known: bool) -> (u16, String, Value) {
        let mut state = self.state();
        state.requests.push(request.clone());
        if !is_known {
            return (401, String::new(), json!({ "message": "Bad credentials" }));
        }
        let scripted = state.scripted.iter().position(|scripted| {
            request.method == scripted.method && request.path.starts_with(scripted.path)
        });
        let scripted = scripted.and_then(|at| state.scripted.remove(at));
        if scripted.as_ref().is_none_or(|scripted| scripted.is_executed) {
            let (status, body) = state.execute(&request);
            if scripted.is_none() {
                return (status, String::new(), body);
            }
        }
        let Some(scripted) = scripted else { return (500, String::new(), Value::Null) };
        let message = match scripted.status {
            403 => "Resource not accessible by integration",
            _ => "Server Error",
        };
        (scripted.status, scripted.headers.to_owned(), json!({ "message": message }))
    }
}

impl GitHubState {
    fn execute(&mut self, request: &GitHubRequest) -> Answer {
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let body = &request.body;
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["issues", "7", "comments"]) => (200, json!(self.comments)),
            ("POST", ["issues", "7", "comments"]) => self.comment(body),
            (method, ["issues", "comments", id]) => self.edit_comment(method, id, body),
            ("GET", ["issues", "7", "labels"]) => (200, json!(self.labels)),
            ("POST", ["issues", "7", "labels"]) => {
                let names = body["labels"].as_array().into_iter().flatten();
                self.labels.extend(names.map(|name| json!({ "name": name })));
                (200, json!(self.labels))
            }
            ("DELETE", ["issues", "7", "labels", name]) => {
                let name = name.replace("%20", " ").replace("%3A", ":");
                self.labels.retain(|label| label["name"] != name.as_str());
                (200, json!(self.labels))
            }
            ("POST", ["labels"]) if self.known_labels.iter().any(|label| label["name"] == body["name"]) => {
                (422, json!({ "message": "Validation Failed", "errors": [{ "code": "already_exists" }] }))
            }
            ("POST", ["labels"]) => {
                self.known_labels.push(body.clone());
                (201, body.clone())
            }
            ("GET", ["deployments"]) => (200, json!(self.deployments)),
            ("POST", ["deployments"]) => {
                let mut deployment = body.clone();
                deployment["id"] = json!(self.next());
                self.deployments.push(deployment.clone());
                (201, deployment)
            }
            ("POST", ["deployments", id, "statuses"]) => {
                let mut status = body.clone();
                status["deployment"] = json!(id);
                self.statuses.push(status.clone());
                (201, status)
            }
            (method, ["git", ..]) => self.tag(method, parts.last().copied().unwrap_or_default(), body),
            ("GET", ["compare", range]) => {
                let commits = &self.commits;
                let url = format!("https://github.com/octo/shop/compare/{range}");
                (
                    200,
                    json!({ "status": "ahead", "ahead_by": commits.len(), "behind_by": 0, "html_url": url, "commits": commits }),
                )
            }
            ("GET", ["actions", "runs", _, "approvals"]) => (200, json!(self.reviews)),
            ("GET", ["actions", "runs", _]) => {
                let user = json!({ "id": 1 });
                (200, json!({ "run_attempt": 1, "actor": user, "triggering_actor": user }))
            }
            _ => (404, json!({ "message": "Not Found" })),
        }
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        100 + self.made
    }

    fn comment(&mut self, body: &Value) -> Answer {
        if self.has_rival {
            let id = self.next();
            let body = format!("{}rival", body["body"].as_str().unwrap_or_default());
            self.comments.push(written(id, &json!(body)));
        }
        let comment = written(self.next(), &body["body"]);
        self.comments.push(comment.clone());
        (201, comment)
    }

    fn edit_comment(&mut self, method: &str, id: &str, body: &Value) -> Answer {
        let Some(at) = self.comments.iter().position(|comment| comment["id"].as_u64() == id.parse().ok())
        else {
            return (404, json!({ "message": "Not Found" }));
        };
        if method == "DELETE" {
            self.comments.remove(at);
            return (204, Value::Null);
        }
        self.comments[at]["body"] = body["body"].clone();
        (200, self.comments[at].clone())
    }

    fn tag(&mut self, method: &str, reference: &str, body: &Value) -> Answer {
        let name = body["ref"].as_str().map_or_else(
            || reference.replace("%2F", "/").replace("tags/", ""),
            |name| name.replace("refs/tags/", ""),
        );
        let sha = body["sha"].as_str().unwrap_or_default().to_owned();
        match (method, self.tags.get(&name)) {
            ("GET", Some(sha)) => (200, json!({ "ref": name, "object": { "sha": sha, "type": "commit" } })),
            ("GET", None) => (404, json!({ "message": "Not Found" })),
            ("POST", Some(_)) => (422, json!({ "message": "Reference already exists" })),
            _ => {
                self.tags.insert(name, sha);
                (201, json!({}))
            }
        }
    }
}

/// Returns a comment of the workflow's own token.
pub(crate) fn written(id: u64, body: &Value) -> Value {
    json!({ "id": id, "user": { "id": 41_898_282, "login": BOT, "type": "Bot" }, "body": body })
}
