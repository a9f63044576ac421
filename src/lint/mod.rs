//! Checks documents for what the ECS model does not express: what ECS refuses, and what fails later.
//!
//! The [table](checks::all_checks) has an id, a severity, a reason, a source and a function for each check.
//! [`check_task_definition`], [`check_service`] and [`check_task_run`] run the checks that are not ignored on the merged,
//! canonical tree. A check never reports an undefined
//! expression, and never repeats the value of an expression. This module does no IO and never calls AWS.

use crate::document::model::DocumentKind;
use crate::document::problem::{Problem, Problems, Severity, did_you_mean};
use crate::document::tree::Node;
use document_view::{ServiceView, TaskDefinitionView};

pub mod checks;
pub mod commands;
pub mod document_view;
pub mod sizes;

mod balancers;
mod containers;
mod dependencies;
mod deployment;
mod entries;
mod environment;
mod fargate;
mod firelens;
mod forms;
mod health_checks;
mod launch;
mod limits;
mod log_drivers;
mod network;
mod ports;
mod roles;
mod service;
mod tags;
mod task_run;
mod volumes;

pub use task_run::{MAX_OVERRIDES, TaskRunView};

/// One check.
#[derive(Debug)]
pub struct Check {
    /// The id in messages, in `ignore` and for `ecsail explain`.
    pub id: &'static str,
    /// An error if ECS always refuses the document or a deploy can never end, a warning otherwise.
    pub severity: Severity,
    /// What a document must fulfil, in one line.
    pub title: &'static str,
    /// Why, and what happens if it does not.
    pub reason: &'static str,
    /// The page of the AWS documentation.
    pub source: &'static str,
    function: CheckFunction,
}

/// The function of a check, by the document that it takes.
#[derive(Clone, Copy, Debug)]
enum CheckFunction {
    Task(fn(&TaskDefinitionView<'_>, &mut CheckProblems<'_>)),
    Service(fn(&ServiceView<'_>, &mut CheckProblems<'_>)),
    /// For members that services and `RunTask` requests share.
    Launch(fn(&ServiceView<'_>, &mut CheckProblems<'_>)),
    TaskRun(fn(&TaskRunView<'_>, &mut CheckProblems<'_>)),
    /// For all documents.
    Document(fn(&Node, DocumentKind, &mut CheckProblems<'_>)),
    /// For schedules and images of the manifest, which are no documents: see [`problem_of_check`].
    Manifest,
}

/// Collects the problems that one check finds.
#[derive(Debug)]
pub struct CheckProblems<'a> {
    check: &'static Check,
    problems: &'a mut Problems,
}

impl CheckProblems<'_> {
    /// Adds a problem: its place, its path in the document, the message and the hint.
    fn add(
        &mut self,
        at: &Node,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        let problem = Problem::error(at.span, message).path(path).hint(hint);
        self.push(problem);
    }

    /// Adds a problem in a line that may contain a secret, so that the line is not shown.
    fn add_without_source_line(
        &mut self,
        at: &Node,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: String,
    ) {
        let problem = Problem::error(at.span, message).path(path).hint(hint);
        self.push(Problem { hide_source_line: true, ..problem });
    }

    fn push(&mut self, problem: Problem) {
        let (severity, rule) = (self.check.severity, Some(self.check.id));
        self.problems.push(Problem { severity, check_id: rule, ..problem });
    }
}

/// Returns the check with an id.
pub fn find_check(id: &str) -> Option<&'static Check> {
    checks::all_checks().find(|rule| rule.id == id)
}

/// Returns the hint for an unknown id.
pub fn unknown_id_hint(id: &str) -> String {
    let near = did_you_mean(id, checks::all_checks().map(|rule| rule.id));
    near.unwrap_or_else(|| "list the ids with `ecsail explain`".to_owned())
}

/// Runs the checks of task definitions on a document, except those in `ignore`.
pub fn check_task_definition(node: &Node, ignore: &[String], problems: &mut Problems) {
    let task = TaskDefinitionView::new(node);
    for rule in active_checks(ignore) {
        let mut findings = CheckProblems { check: rule, problems };
        match rule.function {
            CheckFunction::Task(check) => check(&task, &mut findings),
            CheckFunction::Document(check) => check(node, DocumentKind::TaskDefinition, &mut findings),
            CheckFunction::Service(_)
            | CheckFunction::Launch(_)
            | CheckFunction::TaskRun(_)
            | CheckFunction::Manifest => {}
        }
    }
}

/// Runs the checks of services on a document, and compares it with its task definition if that is given.
pub fn check_service(
    service: &Node,
    task_definition: Option<&Node>,
    ignore: &[String],
    problems: &mut Problems,
) {
    let view = ServiceView { node: service, task_definition: task_definition.map(TaskDefinitionView::new) };
    for rule in active_checks(ignore) {
        let mut findings = CheckProblems { check: rule, problems };
        match rule.function {
            CheckFunction::Service(check) | CheckFunction::Launch(check) => check(&view, &mut findings),
            CheckFunction::Document(check) => check(service, DocumentKind::Service, &mut findings),
            CheckFunction::Task(_) | CheckFunction::TaskRun(_) | CheckFunction::Manifest => {}
        }
    }
}

/// Runs the checks of one-off tasks on what a task or a schedule target runs.
pub fn check_task_run(run: &TaskRunView<'_>, ignore: &[String], problems: &mut Problems) {
    let definition = run.task_definition.as_ref().map(|task| TaskDefinitionView::new(task.node));
    let view = ServiceView { node: run.node, task_definition: definition };
    for rule in active_checks(ignore) {
        let mut findings = CheckProblems { check: rule, problems };
        match rule.function {
            CheckFunction::TaskRun(check) => check(run, &mut findings),
            CheckFunction::Launch(check) => check(&view, &mut findings),
            CheckFunction::Document(check) => check(run.node, DocumentKind::RunTask, &mut findings),
            CheckFunction::Task(_) | CheckFunction::Service(_) | CheckFunction::Manifest => {}
        }
    }
}

/// Returns a problem in the manifest as one of the check with this id, or `None` if the check is ignored.
pub fn problem_of_check(id: &'static str, ignore: &[String], problem: Problem) -> Option<Problem> {
    let check = find_check(id)?;
    let is_active = !ignore.iter().any(|ignored| ignored == id);
    is_active.then_some(Problem { severity: check.severity, check_id: Some(check.id), ..problem })
}

fn active_checks(ignore: &[String]) -> impl Iterator<Item = &'static Check> {
    checks::all_checks().filter(|rule| !ignore.iter().any(|id| id == rule.id))
}

#[cfg(test)]
mod tests;
