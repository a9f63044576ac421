//! A sandbox, and commands that run against it in this process. Each request arrives when the order of the test says so,
//! and what it changed is recorded with the command that sent it.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use clap::Parser;
use ecsail_sandbox::{Clock, Options, Sandbox, Seed, SeedRepository, SeedService};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::recorder::Recorder;
use crate::aws::DEFAULT_LOOKUP_PAUSE;
use crate::aws::in_process::{Gate, WaitingRequest};
use crate::commands::{cancel, deploy, restart, rollback, run, scale};
use crate::context::CommandContext;
use crate::settings::Settings;

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web:
    task_definition: web.yml
tasks:
  migrate: { like: web, command: [ migrate ] }
schedule_role: arn:aws:iam::123456789012:role/events
schedules:
  nightly:
    expression: cron(0 2 * * ? *)
    task: { like: web, command: [ nightly ] }
";
const DEFINITION: &str = "\
family: web
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution
containerDefinitions:
  - name: app
    image: {{ image.app }}
";

/// The commands that run in a race.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
enum Line {
    Deploy(deploy::DeployArgs),
    Restart(restart::RestartArgs),
    Rollback(rollback::RollbackArgs),
    Cancel(cancel::CancelArgs),
    Scale(scale::ScaleArgs),
    Run(run::RunArgs),
}

/// A request that waits: the command that sent it, and its operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WaitingCall {
    pub(super) client: usize,
    pub(super) operation: String,
}

/// Decides which request arrives next.
pub(super) trait Order {
    /// Returns the index of the next of these requests; there is at least one.
    fn next(&mut self, waiting: &[WaitingCall]) -> usize;
    /// Returns how much time passes before it arrives.
    fn delay(&mut self) -> Duration;
}

/// What a request changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// A revision was registered.
    Registered { revision: String },
    /// A deployment was started: its id, its revision, and the id of the PRIMARY deployment before.
    Deployed { id: String, revision: String, replaced: String },
    /// The desired count was set.
    Scaled { before: i64, after: i64 },
    /// A deployment in progress was stopped.
    Stopped,
    /// Tasks were started.
    Started { tasks: usize },
    /// A schedule was created or updated.
    Scheduled,
}

/// How a command ended, and what it did.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    pub(super) code: u8,
    pub(super) said: Vec<String>,
    pub(super) effects: Vec<Effect>,
    /// The operations of its requests, in order.
    pub(super) calls: Vec<String>,
    /// The id of the PRIMARY deployment, and the desired count, that its first look showed.
    pub(super) first_look: Option<(String, i64)>,
}

impl Ended {
    /// Returns all that it said.
    pub(super) fn text(&self) -> String {
        self.said.join("\n")
    }
}

/// A sandbox for races.
pub(super) struct Arena {
    pub(super) sandbox: Sandbox,
    folder: TempDir,
    gate: Gate,
}

impl Arena {
    /// Returns a sandbox in which service `web` was deployed twice, as `v1` and as `v2`.
    pub(super) fn new() -> Arena {
        let options = Options { clock: Clock::Held, ..Options::default() };
        let arena = Arena::with_sandbox(Sandbox::start(options).expect("the sandbox starts"));
        let definition = json!({"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [{"name": "app",
                "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v1"}]});
        let (name, cluster) = ("web".to_owned(), "main".to_owned());
        let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
        let web = SeedService { name, cluster, task_definition: definition, service: network };
        let repositories = vec![SeedRepository::with_tags("shop/app", &["v1", "v2", "v3", "v4"])];
        let seed = Seed { services: vec![web], repositories, ..Seed::default() };
        arena.sandbox.seed(&seed).expect("the seed is good");
        arena.alone(&["deploy", "--tag", "v2", "--yes"]);
        arena.sandbox.advance(Duration::from_mins(5));
        arena
    }

    /// Returns a sandbox that continues from a saved one.
    pub(super) fn resumed(state: &Value) -> Arena {
        let options = Options { clock: Clock::Held, state: Some(state.clone()), ..Options::default() };
        Arena::with_sandbox(Sandbox::start(options).expect("the sandbox starts"))
    }

    fn with_sandbox(sandbox: Sandbox) -> Arena {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::write(folder.path().join("ecsail.yml"), MANIFEST).expect("it can be written");
        std::fs::write(folder.path().join("web.yml"), DEFINITION).expect("it can be written");
        Arena { sandbox, folder, gate: Gate::default() }
    }

    /// Runs one command to its end.
    pub(super) fn alone(&self, line: &[&str]) -> Ended {
        let mut ended = self.race(&[line], &mut InTurn);
        let ended = ended.pop().expect("one command");
        assert_eq!(ended.code, 0, "{line:?}: {}", ended.text());
        ended
    }

    /// Runs commands at once, in the given order of their requests.
    pub(super) fn race(&self, lines: &[&[&str]], order: &mut dyn Order) -> Vec<Ended> {
        self.gate.install();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let local = tokio::task::LocalSet::new();
        let ended = local.block_on(&runtime, self.run(lines, order));
        runtime.shutdown_background();
        ended
    }

    async fn run(&self, lines: &[&[&str]], order: &mut dyn Order) -> Vec<Ended> {
        let recorders: Vec<Recorder> = lines.iter().map(|_| Recorder::default()).collect();
        let codes: Rc<RefCell<Vec<Option<u8>>>> = Rc::new(RefCell::new(vec![None; lines.len()]));
        let mut handles = Vec::new();
        for (client, line) in lines.iter().enumerate() {
            let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
            let settings = settings(self.folder.path(), client);
            let (recorder, codes) = (recorders[client].clone(), Rc::clone(&codes));
            handles.push(tokio::task::spawn_local(async move {
                let code = run_line(&line, settings, recorder).await;
                codes.borrow_mut()[client] = Some(code);
            }));
        }
        let mut ended = vec![Ended::default(); lines.len()];
        while self.settle(&codes, &handles).await {
            self.serve_next(order, &mut ended);
        }
        for (client, ended) in ended.iter_mut().enumerate() {
            ended.code = codes.borrow()[client].unwrap_or(u8::MAX);
            ended.said = recorders[client].0.borrow().clone();
        }
        ended
    }

    /// Waits until each command waits for an answer or has ended. Returns whether one waits.
    async fn settle(&self, codes: &RefCell<Vec<Option<u8>>>, handles: &[JoinHandle<()>]) -> bool {
        loop {
            for _ in 0..30 {
                tokio::task::yield_now().await;
            }
            let waiting: Vec<usize> = self.gate.waiting().iter().map(client_of).collect();
            let open: Vec<usize> = (0..handles.len()).filter(|at| codes.borrow()[*at].is_none()).collect();
            let panicked = open.iter().find(|at| handles[**at].is_finished());
            assert_eq!(panicked, None, "a command panicked");
            if open.is_empty() {
                // What a command no longer waits for arrives nowhere.
                self.gate.waiting().clear();
                return false;
            }
            if open.iter().all(|client| waiting.contains(client)) {
                return true;
            }
            // A command is between two polls, or pauses before it calls again.
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
    }

    /// Lets the next request arrive and answers it.
    fn serve_next(&self, order: &mut dyn Order, ended: &mut [Ended]) {
        let request = {
            let mut waiting = self.gate.waiting();
            let mut calls: Vec<(usize, WaitingCall)> = waiting
                .iter()
                .map(|request| WaitingCall { client: client_of(request), operation: operation_of(request) })
                .enumerate()
                .collect();
            calls.sort_by_key(|(at, call)| (call.client, *at));
            let known: Vec<WaitingCall> = calls.iter().map(|(_, call)| call.clone()).collect();
            waiting.remove(calls[order.next(&known)].0)
        };
        let (client, operation) = (client_of(&request), operation_of(&request));
        let client = &mut ended[client];
        self.sandbox.advance(self.pause(&operation, client, order));
        let before = self.look(&operation);
        let response = self.sandbox.respond(&request.request);
        client.effects.extend(effect(&operation, &before, &self.look(&operation)));
        if let Some(response) = response.as_ref().filter(|_| operation == "DescribeServices") {
            client.first_look = client.first_look.take().or_else(|| primary_in(&response.body));
        }
        client.calls.push(operation);
        request.answer(response);
    }

    /// Returns the time before a request: a poll comes seconds after the one before, and what a call without an answer did
    /// is looked for again after the pause that the program makes.
    fn pause(&self, operation: &str, client: &Ended, order: &mut dyn Order) -> Duration {
        let is_poll = matches!(operation, "DescribeServices" | "DescribeTasks");
        let has_changed =
            client.calls.iter().any(|call| matches!(call.as_str(), "UpdateService" | "RunTask"));
        if is_poll && has_changed {
            return Duration::from_secs(5);
        }
        let looks_again = client.calls.last().is_some_and(|last| last == operation);
        if looks_again { DEFAULT_LOOKUP_PAUSE + order.delay() } else { order.delay() }
    }

    /// Returns what an operation can change: the service, the revisions, the tasks or the schedules.
    fn look(&self, operation: &str) -> Value {
        let call = |service: &str, operation: &str, input: Value| {
            self.sandbox.call(service, operation, input).unwrap_or_default()
        };
        match operation {
            "UpdateService" => self.service(),
            "StopServiceDeployment" => {
                call("ecs", "ListServiceDeployments", json!({"cluster": "main", "service": "web"}))
            }
            "RegisterTaskDefinition" => {
                call("ecs", "ListTaskDefinitions", json!({"familyPrefix": "web", "sort": "DESC"}))
            }
            "RunTask" => call("ecs", "ListTasks", json!({"cluster": "main", "desiredStatus": "RUNNING"})),
            "CreateSchedule" | "UpdateSchedule" => self.schedules().into(),
            _ => Value::Null,
        }
    }

    /// Returns all schedules.
    pub(super) fn schedules(&self) -> Vec<Value> {
        let call = |operation: &str, input: Value| {
            self.sandbox.call("scheduler", operation, input).unwrap_or_default()
        };
        let listed = call("ListSchedules", json!({}));
        let known = listed["Schedules"].as_array().into_iter().flatten();
        known
            .map(|known| call("GetSchedule", json!({"Name": known["Name"], "GroupName": known["GroupName"]})))
            .collect()
    }

    /// Returns service `web` as it is.
    pub(super) fn service(&self) -> Value {
        let input = json!({"cluster": "main", "services": ["web"]});
        self.sandbox.call("ecs", "DescribeServices", input).expect("an answer")["services"][0].clone()
    }

    /// Returns the statuses of all service deployments of `web`, by the id of the deployment.
    pub(super) fn statuses(&self) -> Vec<(String, String)> {
        let input = json!({"cluster": "main", "service": "web"});
        let listed = self.sandbox.call("ecs", "ListServiceDeployments", input).expect("an answer");
        let id = |known: &Value| {
            let revision = known["targetServiceRevisionArn"].as_str().unwrap_or_default();
            format!("ecs-svc/{}", revision.rsplit('/').next().unwrap_or_default())
        };
        let status = |known: &Value| known["status"].as_str().unwrap_or_default().to_owned();
        let all = listed["serviceDeployments"].as_array().into_iter().flatten();
        all.map(|known| (id(known), status(known))).collect()
    }
}

/// Serves the first request that waits.
struct InTurn;

impl Order for InTurn {
    fn next(&mut self, _: &[WaitingCall]) -> usize {
        0
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(100)
    }
}

fn settings(folder: &Path, client: usize) -> Settings {
    let variables = [
        ("AWS_ACCESS_KEY_ID", format!("CLIENT{client}")),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("ECSAIL_PACING", "off".to_owned()),
        ("ECSAIL_LOOKUP_PAUSE", "1ms".to_owned()),
        ("GITHUB_SHA", "0123456789abcdef".to_owned()),
        ("GITHUB_ACTOR", format!("client-{client}")),
    ];
    let variables: std::collections::BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Settings {
        manifest: Some(folder.join("ecsail.yml")),
        environment: variables.clone(),
        process_environment: variables,
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some("http://aws.test".to_owned()),
        poll_interval: Some(Duration::from_millis(1)),
        ..Settings::default()
    }
}

/// Runs a command as the program does, and returns its exit code.
async fn run_line(line: &[String], settings: Settings, recorder: Recorder) -> u8 {
    let context = CommandContext::new(settings, Box::new(recorder));
    let result = match Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")) {
        Line::Deploy(args) => deploy::run(&args, &context).await,
        Line::Restart(args) => restart::run(&args, &context).await,
        Line::Rollback(args) => rollback::run(&args, &context).await,
        Line::Cancel(args) => cancel::run(&args, &context).await,
        Line::Scale(args) => scale::run(&args, &context).await,
        Line::Run(args) => run::run(&args, &context).await,
    };
    match result {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => {
            context.reporter.report_error(&failure);
            failure.kind.exit_code()
        }
    }
}

/// Returns the number of the command that sent a request, from its access key.
fn client_of(request: &WaitingRequest) -> usize {
    let signed = request.header("authorization");
    let at = signed.find("CLIENT").map_or(signed.len(), |at| at + "CLIENT".len());
    signed[at..].chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or_default() as usize
}

/// Returns the operation of a request: its target, or for a REST service the method with the first part of the path.
fn operation_of(request: &WaitingRequest) -> String {
    let target = request.header("x-amz-target");
    if let Some((_, operation)) = target.rsplit_once('.') {
        return operation.to_owned();
    }
    let part = request.request.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match (request.request.method.as_str(), part) {
        ("POST", "schedules") => "CreateSchedule".to_owned(),
        ("PUT", "schedules") => "UpdateSchedule".to_owned(),
        ("GET", "schedules") => "GetSchedule".to_owned(),
        (method, part) => format!("{method} {part}"),
    }
}

/// Returns the id of the PRIMARY deployment and the desired count in an answer of `DescribeServices`.
fn primary_in(body: &[u8]) -> Option<(String, i64)> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let service = answer["services"].get(0)?;
    Some((primary(service)?, service["desiredCount"].as_i64()?))
}

fn primary(service: &Value) -> Option<String> {
    let mut deployments = service["deployments"].as_array()?.iter();
    deployments.find(|known| known["status"] == "PRIMARY")?["id"].as_str().map(str::to_owned)
}

/// Returns what a request changed, from what there was before and after.
fn effect(operation: &str, before: &Value, after: &Value) -> Option<Effect> {
    let count = |of: &Value, name: &str| of[name].as_array().map_or(0, Vec::len);
    match operation {
        "UpdateService" => {
            let (replaced, id) = (primary(before)?, primary(after)?);
            if replaced != id {
                let definition = after["taskDefinition"].as_str()?;
                let revision = crate::aws::types::revision_name(definition).to_owned();
                return Some(Effect::Deployed { id, revision, replaced });
            }
            let (before, after) = (before["desiredCount"].as_i64()?, after["desiredCount"].as_i64()?);
            (before != after).then_some(Effect::Scaled { before, after })
        }
        "RegisterTaskDefinition" => {
            let newest = after["taskDefinitionArns"].get(0)?.as_str()?;
            let revision = crate::aws::types::revision_name(newest).to_owned();
            (count(before, "taskDefinitionArns") != count(after, "taskDefinitionArns"))
                .then_some(Effect::Registered { revision })
        }
        "RunTask" => {
            let tasks = count(after, "taskArns") - count(before, "taskArns");
            (tasks > 0).then_some(Effect::Started { tasks })
        }
        "StopServiceDeployment" => (before != after).then_some(Effect::Stopped),
        "CreateSchedule" | "UpdateSchedule" => (before != after).then_some(Effect::Scheduled),
        _ => None,
    }
}
