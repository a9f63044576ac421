//! Checks documents for what the ECS model does not express: what ECS refuses, and what fails later.
//!
//! The [table](table::RULES) has an id, a severity, a reason, a source and a function for each check. [`task_definition`]
//! and [`service`] run the checks that are not ignored on the merged, canonical tree. A check never reports an undefined
//! expression, and never repeats the value of an expression. This module does no IO and never calls AWS.

use crate::document::problem::{Problem, Problems, Severity, did_you_mean};
use crate::document::tree::Node;
use document_view::{ServiceView, TaskDefinitionView};

pub mod checks;
pub mod document_view;

mod containers;
mod dependencies;
mod environment;
mod fargate;
mod health_checks;
mod log_drivers;
mod network;
mod service;
mod sizes;
mod tags;

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
    /// For members that task definitions and services share.
    Document(fn(&Node, &mut CheckProblems<'_>)),
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
    checks::CHECKS.iter().find(|rule| rule.id == id)
}

/// Returns the hint for an unknown id.
pub fn unknown_id_hint(id: &str) -> String {
    let near = did_you_mean(id, checks::CHECKS.iter().map(|rule| rule.id));
    near.unwrap_or_else(|| "list the ids with `ecsail explain`".to_owned())
}

/// Runs the checks of task definitions on a document, except those in `ignore`.
pub fn check_task_definition(node: &Node, ignore: &[String], problems: &mut Problems) {
    let task = TaskDefinitionView::new(node);
    for rule in active_checks(ignore) {
        let mut findings = CheckProblems { check: rule, problems };
        match rule.function {
            CheckFunction::Task(check) => check(&task, &mut findings),
            CheckFunction::Document(check) => check(node, &mut findings),
            CheckFunction::Service(_) => {}
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
            CheckFunction::Service(check) => check(&view, &mut findings),
            CheckFunction::Document(check) => check(service, &mut findings),
            CheckFunction::Task(_) => {}
        }
    }
}

fn active_checks(ignore: &[String]) -> impl Iterator<Item = &'static Check> {
    checks::CHECKS.iter().filter(|rule| !ignore.iter().any(|id| id == rule.id))
}

#[cfg(test)]
mod tests;
