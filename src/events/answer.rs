//! Events that are the answer of a command which changes nothing in AWS, and notes, warnings and errors.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Reported for something worth knowing that stops nothing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Note {
    pub message: String,
}

/// Reported for a warning or a note about a file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Remark {
    #[serde(flatten)]
    pub problem: Problem,
}

/// What is wrong in a file; what is not known is absent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Problem {
    pub severity: Severity,
    pub message: String,
    /// The id of the rule, for `ecsail explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The path in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is written beside the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The stages in which it was found, where several were checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    #[schemars(range(min = 1))]
    pub line: usize,
    /// The column, from 1.
    #[schemars(range(min = 1))]
    pub column: usize,
}

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// Reported for what stopped the run; the last line.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    #[serde(flatten)]
    pub detail: ErrorDetail,
}

/// The kind of an error; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Something went wrong (exit code 1).
    Error,
    /// The command line or the environment asks for something that cannot be done (exit code 2).
    Usage,
    /// It was declined before anything changed (exit code 5).
    Refused,
    /// The command was interrupted (exit code 130).
    Interrupted,
}

/// What an error came from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ErrorDetail {
    /// Files have problems.
    Problems { problems: Vec<Problem> },
    /// Several things failed.
    Failures { failures: Vec<Failure> },
    /// One thing failed.
    Failure {
        /// What it was caused by, the nearest first.
        causes: Vec<String>,
        /// What to do about it.
        hints: Vec<String>,
    },
}

/// One of several failures.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Failure {
    pub message: String,
    /// What it was caused by, the nearest first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// Reported by `ecsail init` for each file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct InitFile {
    /// Relative to the folder of the manifest.
    pub path: String,
    pub written: bool,
    /// Its text, where it was not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Reported by `ecsail init` for each stage: whether a plan of the written files, with the tags that run, has changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct InitChecked {
    /// Absent for an app without stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    pub has_changes: bool,
    /// The command that repeats the plan.
    pub command: String,
}

/// Reported by a dry run after the plan: nothing was changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct DryRun {}

/// Reported by `ecsail render` for each rendered document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    pub name: String,
    /// The document, in the form of the ECS API.
    pub document: Map<String, Value>,
}

/// Reported by `ecsail check` where no error was found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Checked {
    /// A manifest was checked.
    Manifest {
        /// The number of services.
        services: usize,
        /// The stages in which it was checked; none where the manifest has none.
        stages: Vec<String>,
    },
    /// Definition files were checked.
    Definitions {
        /// The number of files.
        definitions: usize,
    },
}

/// Reported by `ecsail explain`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Explain {
    /// All rules.
    All { rules: Vec<Rule> },
    /// One rule.
    One {
        id: String,
        severity: Severity,
        title: String,
        /// Why the rule exists.
        reason: String,
        /// Where AWS documents it.
        source: String,
        /// How to ignore the rule.
        ignore: String,
    },
}

/// A rule of `ecsail check`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rule {
    pub id: String,
    pub severity: Severity,
    pub title: String,
}

/// Reported by `ecsail schema`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShownSchema {
    /// The JSON Schema.
    pub schema: Map<String, Value>,
}

/// Reported by `ecsail iam-policy`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShownPolicy {
    /// The policy document, in IAM's JSON whatever `--format` is.
    pub policy: Map<String, Value>,
}

/// Reported by `ecsail completions`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Completions {
    pub shell: String,
    /// The completion script.
    pub script: String,
}

/// Reported by `ecsail help`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Help {
    /// The words of the command; empty for the list of all.
    pub command: String,
    pub text: String,
}

/// Reported by `ecsail docs`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Docs {
    /// The topic; null for the list of topics and for a search.
    pub topic: Option<String>,
    /// The page as Markdown, or the lines of the list.
    pub text: String,
}

/// Reported by `ecsail man`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Man {
    /// The names of the pages' files.
    pub pages: Vec<String>,
    /// The page; null where pages were written to files.
    pub text: Option<String>,
}

/// Reported by `ecsail sandbox serve` when the sandbox listens.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Serving {
    pub url: String,
    pub region: String,
    /// What the control endpoints under `/_sandbox/` require, in `Authorization: Bearer`.
    pub token: String,
}

/// Reported by `ecsail sandbox scenarios`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scenarios {
    pub scenarios: Vec<Scenario>,
}

/// What the sandbox can simulate.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scenario {
    pub name: String,
    pub summary: String,
}

/// Reported by `ecsail sandbox push`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Pushed {
    pub tag: String,
    /// The names of the images that had no such tag.
    pub images: Vec<String>,
}

/// Reported by `ecsail sandbox reset`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Reset {
    /// The file that held the state.
    pub path: String,
}
