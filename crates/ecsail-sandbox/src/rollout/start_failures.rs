//! The stopped reasons of tasks that fail to start, in ECS's words.

use crate::model::Task;
use crate::scenario::TaskBehavior;

/// Returns the stopped reason of a task that failed to start.
pub(super) fn start_failure_reason(task: &Task) -> String {
    match task.behavior {
        TaskBehavior::Flaky => "Timeout waiting for network interface provisioning to complete.".to_owned(),
        TaskBehavior::NoNetwork => no_network(task),
        TaskBehavior::SecretDenied => secret_denied(task),
        TaskBehavior::SecretMissing => secret_missing(task),
        TaskBehavior::Platform => "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest \
             does not contain descriptor matching platform 'linux/amd64'"
            .to_owned(),
        TaskBehavior::ExecFormat => "CannotStartContainerError: Error response from daemon: failed to create task for \
             container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start \
             container process: exec /srv/app/server: exec format error: unknown"
            .to_owned(),
        _ => no_image(task),
    }
}

fn no_image(task: &Task) -> String {
    let missing = task.containers.iter().find(|c| c.digest.is_none());
    let image =
        missing.or_else(|| task.containers.iter().find(|c| c.is_essential)).map_or("", |c| c.image.as_str());
    format!(
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): \
         failed to resolve ref {image}: {image}: not found"
    )
}

fn no_network(task: &Task) -> String {
    let region = arn_part(task, 3);
    format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
         unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request \
         failed caused by: Post \"https://api.ecr.{region}.amazonaws.com/\": dial tcp 192.0.2.17:443: i/o timeout. \
         Please check your task network configuration."
    )
}

/// Returns the secret that could not be read: one of the task, or a made-up one where it has none.
fn secret(task: &Task) -> String {
    let given = task.containers.iter().find_map(|c| c.secret_arn.clone());
    let region = arn_part(task, 3);
    let account = arn_part(task, 4);
    given.unwrap_or_else(|| format!("arn:aws:secretsmanager:{region}:{account}:secret:sandbox/secret-a1B2c3"))
}

fn secret_denied(task: &Task) -> String {
    let account = arn_part(task, 4);
    let secret = secret(task);
    let role =
        task.fixed_fields.get("executionRole").and_then(|r| r.as_str()).unwrap_or("ecsTaskExecutionRole");
    let user = format!("arn:aws:sts::{account}:assumed-role/{role}/{}", task.id);
    format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
         unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} \
         from secrets manager: AccessDeniedException: User: {user} is not authorized to perform: \
         secretsmanager:GetSecretValue on resource: {secret} because no identity-based policy allows the \
         secretsmanager:GetSecretValue action status code: 400"
    )
}

/// Secrets of Secrets Manager and parameters of SSM have different texts.
fn secret_missing(task: &Task) -> String {
    let secret = secret(task);
    let failed = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
                  retrieval failed:";
    if secret.contains(":secretsmanager:") {
        return format!(
            "{failed} unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch \
             secret {secret} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the \
             specified secret."
        );
    }
    let name = secret.split_once(":parameter").map_or(secret.as_str(), |(_, name)| name);
    format!(
        "{failed} unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm \
         parameters: {name}"
    )
}

/// Returns a part of a task's ARN, counted from 0.
fn arn_part(task: &Task, at: usize) -> &str {
    task.arn.split(':').nth(at).unwrap_or_default()
}
