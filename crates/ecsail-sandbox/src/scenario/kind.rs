//! The scenarios as an enumeration.

use serde::{Deserialize, Serialize};

/// What goes wrong with the deployments that start while the scenario is in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Nothing goes wrong.
    #[default]
    Steady,
    /// Tasks take minutes to start.
    Slow,
    /// The essential container exits with 1 every time.
    Crash,
    /// The first two tasks are healthy; those that are started later crash, such as when the service is scaled out.
    CrashLater,
    /// As `Crash`, with the circuit breaker on, without rollback.
    CrashBreaker,
    /// As `Crash`, with the circuit breaker on, with rollback.
    CrashRollback,
    /// As `CrashRollback`, and the rollback is a new deployment.
    RollbackNewId,
    /// As `CrashRollback`, and the tasks of the previous revision fail too.
    RollbackFails,
    /// As `CrashRollback`, and there is no revision to roll back to.
    NoRollbackTarget,
    /// As `CrashRollback`, with so long between attempts that the breaker never trips.
    Throttled,
    /// As `Crash`, with 60 tasks and the circuit breaker off.
    Many,
    /// The image does not exist.
    NoImage,
    /// The image does not exist for the task's CPU architecture.
    Platform,
    /// The program is built for another CPU architecture.
    ExecFormat,
    /// The tasks cannot reach the registry.
    NoNetwork,
    /// The execution role may not read a secret.
    SecretDenied,
    /// A secret does not exist.
    SecretMissing,
    /// ECS cannot assume the task's role.
    Role,
    /// The target group's health checks fail.
    Unhealthy,
    /// The container's own health check fails.
    UnhealthyContainer,
    /// The first two tasks fail their health checks.
    UnhealthyRecovers,
    /// The container runs out of memory.
    Oom,
    /// The essential container exits with 0.
    ExitZero,
    /// The essential container exits with 7.
    #[serde(rename = "exit-7")]
    ExitSeven,
    /// The first task fails to start; the others are healthy.
    Flaky,
    /// The tasks crash until the database that they need is up; the others are healthy.
    Dependency,
    /// Every second task crashes; the others are healthy.
    FlakyHalf,
    /// Some tasks are interrupted, as Spot capacity is.
    Spot,
    /// There is no capacity: no task ever starts.
    Stuck,
    /// There is no capacity for some minutes.
    Capacity,
    /// No container instance has enough resources.
    Placement,
    /// Only one task of a `RunTask` call can be placed.
    Scarce,
    /// The previous tasks are protected from scale-in for minutes.
    Protected,
    /// The previous tasks take minutes to drain.
    Drain,
    /// The deployment succeeds while the previous tasks drain.
    EarlySuccess,
    /// The desired count is raised during the deployment.
    Scales,
    /// An alarm is triggered once all tasks are healthy, and the deployment is rolled back.
    Alarm,
    /// Another user deploys another revision.
    Superseded,
    /// Another user stops the deployment with a rollback.
    Stopped,
    /// Another user deletes the service.
    Deleted,
    /// A blue/green deployment with a bake time.
    BlueGreen,
    /// A linear deployment: traffic is shifted in steps.
    Linear,
    /// A canary deployment: a small part of the traffic is shifted first.
    Canary,
    /// A lifecycle hook fails.
    HookFails,
    /// A lifecycle hook times out.
    HookTimesOut,
    /// A lifecycle hook waits for `ContinueServiceDeployment`.
    HookPauses,
    /// Soon after a deployment has succeeded, its tasks crash.
    LateDeath,
    /// A container that is not essential exits soon after each task has started.
    DeadSidecar,
    /// The service deployment API is denied.
    NoDeploymentsApi,
    /// `DescribeServiceDeployments` is throttled, `ListServiceDeployments` is not.
    ThrottledDetails,
    /// As `Canary`, and `DescribeServiceDeployments` fails.
    CanaryUnreadable,
    /// Reading logs is denied.
    NoLogs,
    /// Log lines come late, and few a page.
    LateLogs,
    /// Registering task definitions with tags is denied.
    NoTagging,
    /// The credentials of the callers expire.
    Expires,
    /// The tag of the image selects the scenario.
    ByTag,
}
