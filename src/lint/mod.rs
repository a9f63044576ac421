//! Owns what ECS refuses, and what goes wrong later, in documents that are well formed: the rules that no model has.
//!
//! One [table](table::RULES) of rules; each has an id, a severity, a reason, a source, and a check over the merged,
//! canonical tree. [`task_definition`] and [`service`] run those that are not ignored. An undefined expression is never
//! a finding, and what an expression gave is never repeated. No IO, no AWS.

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

/// Holds one rule.
#[derive(Debug)]
pub struct Rule {
    /// What messages, `ignore` and `explain` call it.
    pub id: &'static str,
    /// An error where ECS is certain to refuse or a deploy can never end, a warning otherwise.
    pub severity: Severity,
    /// What has to be so, in one line.
    pub title: &'static str,
    /// Why, and what happens otherwise.
    pub reason: &'static str,
    /// Where AWS says so.
    pub source: &'static str,
    check: Check,
}

/// Says what a rule looks at.
#[derive(Clone, Copy, Debug)]
enum Check {
    Task(fn(&Task<'_>, &mut Findings<'_>)),
    Service(fn(&Service<'_>, &mut Findings<'_>)),
    /// A task definition or a service: both have it.
    Document(fn(&Node, &mut Findings<'_>)),
}

/// Takes the findings of one rule.
#[derive(Debug)]
pub struct Findings<'a> {
    rule: &'static Rule,
    problems: &'a mut Problems,
}

impl Findings<'_> {
    /// Takes in one finding: its place, its path in the document, what is wrong and what helps.
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

    /// Takes in a finding in a line that holds a secret: the line is not shown.
    fn add_private(&mut self, at: &Node, path: impl Into<String>, message: impl Into<String>, hint: String) {
        let problem = Problem::error(at.span, message).path(path).hint(hint);
        self.push(Problem { private: true, ..problem });
    }

    fn push(&mut self, problem: Problem) {
        let (severity, rule) = (self.rule.severity, Some(self.rule.id));
        self.problems.push(Problem { severity, rule, ..problem });
    }
}

/// Returns the rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    table::RULES.iter().find(|rule| rule.id == id)
}

/// Returns the hint for an id that no rule has.
pub fn suggestion(id: &str) -> String {
    let near = did_you_mean(id, table::RULES.iter().map(|rule| rule.id));
    near.unwrap_or_else(|| "`ecsail explain` lists the ids".to_owned())
}

/// Looks at a task definition.
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

/// Looks at a service, and at how it fits its task definition where that is written here.
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
