//! Events of the hooks of a manifest.

use schemars::JsonSchema;
use serde::Serialize;

/// A hook point of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookName {
    BeforeDeploy,
    AfterDeploy,
    OnFailure,
}

/// Reported when a command of a hook is started.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HookStarted {
    pub hook: HookName,
    /// The command, with secrets masked, cut to the length of a shown line.
    pub command: String,
}

/// Reported for each line that a command of a hook writes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HookLine {
    pub hook: HookName,
    pub stream: HookOutput,
    /// The line, with secrets masked.
    pub line: String,
}

/// The stream that a command writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookOutput {
    Stdout,
    Stderr,
}

/// Reported when a command of a hook has ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HookEnded {
    pub hook: HookName,
    /// The exit code; null where a signal ended the command.
    pub code: Option<i32>,
    /// The signal that ended the command, where ecsail did not send it.
    pub signal: Option<i32>,
    /// Whether the command was ended because its time was up.
    pub timed_out: bool,
    /// Whether the command was ended because of an interrupt.
    pub interrupted: bool,
    /// How long the command ran.
    pub seconds: f64,
}
