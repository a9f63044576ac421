//! Starts one-off tasks. The call carries a client token, so retries start the tasks only once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::is_retryable;
use super::reporter::ApplyReporter;
use crate::aws::ApiError;
use crate::aws::Aws;
use crate::aws::error::cluster_failure;
use crate::aws::run_task::RunTaskFailure;
use crate::aws::types::{Task, TaskDefinition};
use crate::diagnose::placement::explain_failure;
use crate::error::Failure;
use crate::plan::Revision;
use crate::plan::{ResolvedWork, run_members};
use crate::release::task_origin::TaskOrigin;
use crate::retry::{Attempts, Policy};
use crate::shell;

/// The timeout of a task without one of its own, after which it is stopped.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// A `RunTask` call, with everything resolved.
#[derive(Clone, Debug, Default)]
pub struct RunTaskRequest {
    /// The name of the task in commands.
    pub key: String,
    pub cluster: String,
    pub definition: TaskDefinition,
    /// Members of `RunTask`: where it runs, and `overrides`.
    pub members: Map<String, Value>,
    pub tags: BTreeMap<String, String>,
    pub count: u32,
    /// The container whose exit code and log lines count; if `None`, the essential containers and all lines.
    pub container: Option<String>,
    /// The time after which the task is stopped.
    pub timeout: Duration,
    /// The release and the name of a task of the manifest; `None` for a task without a name.
    pub origin: Option<TaskOrigin>,
    /// At most 36 characters.
    pub started_by: String,
    /// The client token of the call; at most 64 characters.
    pub token: String,
}

/// What a call started, and what it could not start.
#[derive(Debug, Default)]
pub struct StartedTasks {
    pub tasks: Vec<Task>,
    /// The number of tasks that were not started; the reasons, each once, are in `failures`.
    pub missing: usize,
    pub failures: Vec<Failure>,
}

impl RunTaskRequest {
    /// Creates the call that runs a task, with the revisions that were registered for its plan.
    pub fn from_spec(
        work: &ResolvedWork,
        registered: &[TaskDefinition],
        origin: TaskOrigin,
        token: &str,
    ) -> RunTaskRequest {
        RunTaskRequest {
            key: work.key.clone(),
            cluster: work.cluster.clone(),
            definition: definition_to_run(work, registered),
            members: run_members(work),
            tags: BTreeMap::new(),
            count: work.count,
            container: work.container.clone(),
            timeout: DEFAULT_TIMEOUT,
            started_by: origin.as_started_by(),
            origin: Some(origin),
            token: token.to_owned(),
        }
    }

    /// Returns the document of the call.
    fn document(&self) -> Value {
        let mut document = self.members.clone();
        document.insert("cluster".to_owned(), json!(self.cluster));
        document.insert("taskDefinition".to_owned(), json!(self.definition.arn));
        document.insert("count".to_owned(), json!(self.count));
        document.insert("startedBy".to_owned(), json!(self.started_by));
        document.insert("clientToken".to_owned(), json!(self.token));
        if !self.tags.is_empty() {
            let tag = |(key, value): (&String, &String)| json!({"key": key, "value": value});
            document.insert("tags".to_owned(), self.tags.iter().map(tag).collect());
        }
        Value::Object(document)
    }

    /// Returns the hint for a call that may have taken effect.
    pub fn check_hint(&self) -> String {
        format!(
            "a task may have been started: check with `aws ecs list-tasks --cluster {} --started-by {}`, and \
             with `--desired-status STOPPED` for one that has ended",
            shell::quote(&self.cluster),
            shell::quote(&self.started_by)
        )
    }

    fn failure_message(&self) -> String {
        format!(
            "failed to run task `{}` ({}) in cluster `{}`",
            self.key,
            self.definition.revision_name(),
            self.cluster
        )
    }
}

/// Returns the task definition to run.
fn definition_to_run(work: &ResolvedWork, registered: &[TaskDefinition]) -> TaskDefinition {
    match &work.revision {
        // The indexes of a plan are those of its own registrations, all of which were made.
        Revision::New(index) => registered[*index].clone(),
        Revision::Registered(arn) => TaskDefinition { arn: arn.clone(), document: work.definition.clone() },
        Revision::Same => TaskDefinition { arn: work.family.clone(), document: work.definition.clone() },
    }
}

/// Makes the call, and returns the tasks that it started. After a lost response, it retries with the same client token.
///
/// # Errors
/// No task was started, or it is not known whether one was.
pub async fn run_task(
    order: &RunTaskRequest,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<StartedTasks, Failure> {
    let document = order.document();
    let mut attempts = Attempts::new(Policy::CALL);
    let answer = loop {
        let error = match aws.run_task(&document).await {
            Ok(answer) => break answer,
            Err(error) => error,
        };
        if !is_retryable(&error) || !attempts.wait().await {
            return Err(run_task_failure(order, error));
        }
        tracing::info!("retrying RunTask with the same client token after: {error}");
    };
    let mut failures = distinct_failures(&answer.failures);
    if answer.tasks.is_empty() {
        return Err(nothing_started(order, &answer.failures));
    }
    let missing = (order.count as usize).saturating_sub(answer.tasks.len());
    if missing > 0 && failures.is_empty() {
        let message = "not all tasks were started, and ECS gave no reason";
        failures.push(Failure::error(message));
    }
    for failure in &failures {
        report.note(&format!("{}: {failure}", order.key));
    }
    Ok(StartedTasks { tasks: answer.tasks, missing, failures })
}

/// Returns the failure of a call that started nothing, or may have.
fn run_task_failure(order: &RunTaskRequest, error: ApiError) -> Failure {
    let unclear = error.is_ambiguous();
    let unknown = unclear.then(|| order.check_hint());
    let meant = explain_failure(error.message.as_deref().unwrap_or_default(), None);
    let meant = meant.map(|known| format!("{}: {}", known.cause, known.remedy));
    let hint = error.hint();
    let cause = cluster_failure(&order.cluster, error);
    Failure::error(order.failure_message())
        .with_hint(hint)
        .with_hint(meant)
        .with_hint(unknown)
        .with_cause(cause)
        .unclear(unclear)
}

/// Returns the failure of a call that started nothing: each reason once, with its explanation.
fn nothing_started(order: &RunTaskRequest, failures: &[RunTaskFailure]) -> Failure {
    let reasons: BTreeSet<String> = failures.iter().map(describe_failure).collect();
    let cause = reasons.into_iter().collect::<Vec<_>>().join("; ");
    let hints: BTreeSet<String> = failures.iter().filter_map(explain_start_failure).collect();
    let failure = Failure::error(order.failure_message());
    let failure = if cause.is_empty() { failure } else { failure.with_cause(cause) };
    hints.into_iter().fold(failure, Failure::with_hint)
}

/// Returns the reasons for the tasks that were not started, each once.
fn distinct_failures(failures: &[RunTaskFailure]) -> Vec<Failure> {
    let mut known = BTreeSet::new();
    let new = failures.iter().filter(|one| known.insert(describe_failure(one)));
    let failure = |one: &RunTaskFailure| {
        let hint = explain_start_failure(one);
        let meant = hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let why = describe_failure(one);
        let why = if why.is_empty() { why } else { format!(": {why}") };
        Failure::error(format!("not all tasks were started{why}{meant}")).with_hint(hint)
    };
    new.map(failure).collect()
}

/// Returns a failure in ECS's words: the reason, the resource, and the detail.
fn describe_failure(one: &RunTaskFailure) -> String {
    let about = one.arn.as_deref().filter(|arn| !arn.is_empty());
    let about = about.map(|arn| format!(" of `{arn}`")).unwrap_or_default();
    let detail = one.detail.as_deref().filter(|detail| !detail.is_empty());
    let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    let text = format!("{}{about}{detail}", one.reason);
    text.trim_start_matches([' ', ':']).to_owned()
}

fn explain_start_failure(one: &RunTaskFailure) -> Option<String> {
    let known = explain_failure(&one.reason, one.detail.as_deref())?;
    Some(format!("{}: {}", known.cause, known.remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::error::ApiErrorKind;

    #[test]
    fn the_call_carries_its_token_and_leaves_out_what_is_not_given() {
        let order = RunTaskRequest {
            cluster: "main".to_owned(),
            definition: TaskDefinition { arn: "arn:web:1".to_owned(), document: Value::Null },
            members: Map::from_iter([("launchType".to_owned(), json!("FARGATE"))]),
            count: 2,
            started_by: "ecsail-run".to_owned(),
            token: "t".to_owned(),
            ..RunTaskRequest::default()
        };
        let expected = json!({"launchType": "FARGATE", "cluster": "main", "taskDefinition": "arn:web:1", "count": 2,
            "startedBy": "ecsail-run", "clientToken": "t"});
        assert_eq!(order.document(), expected);
    }

    #[test]
    fn what_may_have_taken_effect_says_where_to_look_and_a_refusal_does_not() {
        let lost =
            ApiError { kind: ApiErrorKind::Transient, message: None, ..ApiError::unreadable("ecs:RunTask") };
        let order = RunTaskRequest { started_by: "ecsail-run-1".to_owned(), ..RunTaskRequest::default() };
        let failure = run_task_failure(&order, lost.clone());
        assert!(failure.hints[0].starts_with("a task may have been started"), "{failure:?}");
        assert!(failure.hints[0].contains("--started-by ecsail-run-1`"), "{failure:?}");
        let refused = ApiError { kind: ApiErrorKind::Other, ..lost };
        assert!(run_task_failure(&order, refused).hints.is_empty());
    }

    #[test]
    fn a_call_that_started_nothing_names_each_reason_once() {
        let one = RunTaskFailure {
            arn: Some("arn:instance".to_owned()),
            reason: "RESOURCE:MEMORY".to_owned(),
            detail: Some("too little".to_owned()),
        };
        let other = RunTaskFailure { reason: "AGENT".to_owned(), ..RunTaskFailure::default() };
        let failure = nothing_started(&RunTaskRequest::default(), &[one.clone(), one, other]);
        let cause = std::error::Error::source(&failure).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("AGENT; RESOURCE:MEMORY of `arn:instance`: too little"));
        assert!(failure.hints[0].starts_with("no container instance has room"), "{:?}", failure.hints);
    }
}
