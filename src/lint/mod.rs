//! Checks documents for what the ECS model does not express: what ECS refuses, and what fails later.
//!
//! The [table](table::RULES) has an id, a severity, a reason, a source and a function for each check. [`task_definition`]
//! and [`service`] run the checks that are not ignored on the merged, canonical tree. A check never reports an undefined
//! expression, and never repeats the value of an expression. This module does no IO and never calls AWS.

use crate::document::problem::{Problem, Problems, Severity, did_you_mean};
use crate::document::tree::Node;
use view::{Service, Task};

pub mod table;
pub mod view;

mod containers;
mod depends;
mod environment;
mod fargate;
mod health;
mod logs;
mod network;
mod service;
mod size;
mod tags;

/// One check.
#[derive(Debug)]
pub struct Rule {
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
    check: Check,
}

/// The function of a check, by the document that it takes.
#[derive(Clone, Copy, Debug)]
enum Check {
    Task(fn(&Task<'_>, &mut Findings<'_>)),
    Service(fn(&Service<'_>, &mut Findings<'_>)),
    /// For members that task definitions and services share.
    Document(fn(&Node, &mut Findings<'_>)),
}

/// Collects the problems that one check finds.
#[derive(Debug)]
pub struct Findings<'a> {
    rule: &'static Rule,
    problems: &'a mut Problems,
}

impl Findings<'_> {
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
    fn add_private(&mut self, at: &Node, path: impl Into<String>, message: impl Into<String>, hint: String) {
        let problem = Problem::error(at.span, message).path(path).hint(hint);
        self.push(Problem { private: true, ..problem });
    }

    fn push(&mut self, problem: Problem) {
        let (severity, rule) = (self.rule.severity, Some(self.rule.id));
        self.problems.push(Problem { severity, rule, ..problem });
    }
}

/// Returns the check with an id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    table::RULES.iter().find(|rule| rule.id == id)
}

/// Returns the hint for an unknown id.
pub fn suggestion(id: &str) -> String {
    let near = did_you_mean(id, table::RULES.iter().map(|rule| rule.id));
    near.unwrap_or_else(|| "list the ids with `ecsail explain`".to_owned())
}

/// Runs the checks of task definitions on a document, except those in `ignore`.
pub fn task_definition(node: &Node, ignore: &[String], problems: &mut Problems) {
    let task = Task::new(node);
    for rule in heeded(ignore) {
        let mut findings = Findings { rule, problems };
        match rule.check {
            Check::Task(check) => check(&task, &mut findings),
            Check::Document(check) => check(node, &mut findings),
            Check::Service(_) => {}
        }
    }
}

/// Runs the checks of services on a document, and compares it with its task definition if that is given.
pub fn service(service: &Node, task_definition: Option<&Node>, ignore: &[String], problems: &mut Problems) {
    let view = Service { node: service, task: task_definition.map(Task::new) };
    for rule in heeded(ignore) {
        let mut findings = Findings { rule, problems };
        match rule.check {
            Check::Service(check) => check(&view, &mut findings),
            Check::Document(check) => check(service, &mut findings),
            Check::Task(_) => {}
        }
    }
}

fn heeded(ignore: &[String]) -> impl Iterator<Item = &'static Rule> {
    table::RULES.iter().filter(|rule| !ignore.iter().any(|id| id == rule.id))
}

#[cfg(test)]
mod tests;
