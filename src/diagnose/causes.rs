//! Owns the table of causes: which end of a task means what, and what helps. One row a pattern.

use crate::aws::types::Container;

/// Holds what an end of a task means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cause {
    stop_code: &'static str,
    /// Every part stands in the reason, in any case of letters.
    parts: &'static [&'static str],
    /// The exit code of the container, where the row is about one.
    exit_code: Option<i64>,
    pub cause: &'static str,
    pub remedy: &'static str,
}

const fn row(
    stop_code: &'static str,
    parts: &'static [&'static str],
    exit_code: Option<i64>,
    cause: &'static str,
    remedy: &'static str,
) -> Cause {
    Cause { stop_code, parts, exit_code, cause, remedy }
}

const START: &str = "TaskFailedToStart";
const EXIT: &str = "EssentialContainerExited";
const SCHEDULER: &str = "ServiceSchedulerInitiated";

/// The rows, the more precise ones first.
///
/// From the developer guide's pages on stopped tasks ("CannotPullContainer task errors", "Resource
/// initialization errors", "Stopped task error codes") and the ECS agent's source.
const CAUSES: &[Cause] = &[
    row(START, &["CannotPull", "manifest unknown"], None, NO_IMAGE, PUSH_IMAGE),
    row(START, &["CannotPull", "not found"], None, NO_IMAGE, PUSH_IMAGE),
    row(START, &["CannotPull", "failed to resolve ref"], None, NO_IMAGE, PUSH_IMAGE),
    row(
        START,
        &["CannotPull", "toomanyrequests"],
        None,
        "the registry refuses more pulls for now",
        "use `repositoryCredentials`, or mirror the image to ECR",
    ),
    row(
        START,
        &["CannotPull", "connection issue"],
        None,
        "the task cannot reach the registry",
        "give the subnet a NAT gateway or the ECR and S3 endpoints, or `assignPublicIp: ENABLED` in a public subnet",
    ),
    row(
        START,
        &["CannotPull", "i/o timeout"],
        None,
        "the task cannot reach the registry",
        "check routes, DNS and security groups of the task's subnets",
    ),
    row(START, &["descriptor matching platform"], None, WRONG_PLATFORM, BUILD_PLATFORM),
    row(START, &["no matching manifest for"], None, WRONG_PLATFORM, BUILD_PLATFORM),
    row(
        START,
        &["no space left on device"],
        None,
        "the disk is full",
        "raise `ephemeralStorage.sizeInGiB`, or clean the instance's disk",
    ),
    row(
        START,
        &["CannotPull", "denied"],
        None,
        "the role may not pull the image",
        "let the execution role pull from the repository; check the image's name",
    ),
    row(
        START,
        &["CannotPull", "Check that the role"],
        None,
        "the role may not pull the image, or the image does not exist",
        "let the execution role pull from the repository; check the image's name and tag",
    ),
    row(
        START,
        &["ResourceInitializationError", "ecr registry auth"],
        None,
        "the task cannot get a login for ECR",
        "give the subnet a way to ECR (NAT or endpoints), and the execution role `ecr:GetAuthorizationToken`",
    ),
    row(
        START,
        &["ResourceInitializationError", "AccessDenied"],
        None,
        "the execution role may not read a secret",
        "let the execution role (not the task role) read it: `secretsmanager:GetSecretValue`, `ssm:GetParameters`, `kms:Decrypt`",
    ),
    row(
        START,
        &["ResourceInitializationError", "ResourceNotFound"],
        None,
        "a secret or parameter does not exist",
        "correct `valueFrom`: region, name, JSON key and version",
    ),
    row(
        START,
        &["ResourceInitializationError", "can't find"],
        None,
        "a secret or parameter does not exist",
        "correct `valueFrom`: region, name, JSON key and version",
    ),
    row(
        START,
        &["ResourceInitializationError", "unable to pull secrets or registry auth"],
        None,
        "the task cannot get its secrets or a login for ECR",
        "check the execution role's permissions, and the subnet's way to Secrets Manager, SSM and ECR",
    ),
    row(
        START,
        &["failed to validate logger args"],
        None,
        "the log group does not exist, or CloudWatch Logs cannot be reached",
        "create the log group, or set `awslogs-create-group: \"true\"`",
    ),
    row(
        START,
        &["failed to initialize logging driver"],
        None,
        "the log driver's options are not valid",
        "correct `logConfiguration`",
    ),
    row(
        START,
        &["failed to invoke EFS utils"],
        None,
        "the EFS file system cannot be mounted",
        "check the mount targets, port 2049 and the access point's permissions",
    ),
    row(
        START,
        &["InsufficientFreeAddressesInSubnet"],
        None,
        "the subnet has no free addresses",
        "add subnets, or free addresses",
    ),
    row(
        START,
        &["Capacity is unavailable"],
        None,
        "Fargate has no capacity there at the moment",
        "try again, or add availability zones",
    ),
    row(START, &["exec format error"], None, WRONG_PLATFORM, BUILD_PLATFORM),
    row(START, &["executable file not found"], None, NO_COMMAND, FIX_COMMAND),
    row(START, &["no such file"], None, NO_COMMAND, FIX_COMMAND),
    row(
        START,
        &["permission denied"],
        None,
        "the command may not be executed",
        "make it executable in the image, or correct `user`",
    ),
    row(
        EXIT,
        &["OutOfMemory"],
        None,
        "the container needed more memory than it has",
        "raise `memory`, or find what takes it",
    ),
    row(
        EXIT,
        &[],
        Some(137),
        "the container was killed: out of memory, or it did not end on SIGTERM in time",
        "raise `memory`; end on SIGTERM within `stopTimeout`",
    ),
    row(
        EXIT,
        &[],
        Some(139),
        "the program crashed (segmentation fault)",
        "run the image on this architecture locally",
    ),
    row(EXIT, &[], Some(127), NO_COMMAND, FIX_COMMAND),
    row(EXIT, &[], Some(126), "the command cannot be executed", FIX_COMMAND),
    row(
        EXIT,
        &[],
        Some(143),
        "the container was asked to end (SIGTERM)",
        "find out who stopped it, if nobody meant to",
    ),
    row(
        EXIT,
        &[],
        Some(0),
        "the program ended by itself; a service has to go on",
        "keep it in the foreground, or set `essential: false`",
    ),
    row(EXIT, &[], None, "the program ended with an error", "read the container's last log lines"),
    row(
        SCHEDULER,
        &["failed ELB health checks"],
        None,
        "the load balancer's health check fails",
        "check path, port and matcher of the target group, the security group, and `healthCheckGracePeriodSeconds` for a slow start",
    ),
    row(
        SCHEDULER,
        &["failed container health checks"],
        None,
        "the container's health check fails",
        "run its command in the image: the tool may be missing; raise `startPeriod` for a slow start",
    ),
];

const NO_IMAGE: &str = "the image is not in the registry";
const PUSH_IMAGE: &str = "push the image, or correct its tag";
const WRONG_PLATFORM: &str = "the image is for another CPU architecture than the task";
const BUILD_PLATFORM: &str = "build the image for it, or set `runtimePlatform.cpuArchitecture`";
const NO_COMMAND: &str = "the command was not found in the image";
const FIX_COMMAND: &str = "correct `command` or `entryPoint`";

/// Returns what the end of a task means, where that is known.
pub fn cause_of(
    stop_code: Option<&str>,
    reason: &str,
    container: Option<&Container>,
) -> Option<&'static Cause> {
    let reason = reason.to_lowercase();
    let own = container.and_then(|container| container.reason.clone()).unwrap_or_default().to_lowercase();
    let exit_code = container.and_then(|container| container.exit_code);
    CAUSES.iter().find(|row| {
        let parts = row.parts.iter().all(|part| {
            let part = part.to_lowercase();
            reason.contains(&part) || own.contains(&part)
        });
        Some(row.stop_code) == stop_code && parts && (row.exit_code.is_none() || row.exit_code == exit_code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_reasons_are_recognised() {
        let rows = [
            (
                START,
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/app:x: not found",
                None,
                NO_IMAGE,
            ),
            (
                START,
                "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
                None,
                WRONG_PLATFORM,
            ),
            (
                START,
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue",
                None,
                "the execution role may not read a secret",
            ),
            (
                START,
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed",
                None,
                "the task cannot get a login for ECR",
            ),
            (
                START,
                "ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: signal: killed",
                None,
                "the task cannot get its secrets or a login for ECR",
            ),
            (
                START,
                "ResourceInitializationError: unable to retrieve secret from asm: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue",
                None,
                "the execution role may not read a secret",
            ),
            (
                EXIT,
                "Essential container in task exited; OutOfMemoryError: Container killed due to memory usage",
                Some(137),
                "the container needed more memory than it has",
            ),
            (EXIT, "Essential container in task exited", Some(1), "the program ended with an error"),
            (
                SCHEDULER,
                "Task failed ELB health checks in (target-group arn:aws:x)",
                None,
                "the load balancer's health check fails",
            ),
        ];
        for (code, reason, exit_code, cause) in rows {
            let container = Container { exit_code, ..Container::default() };
            let found = cause_of(Some(code), reason, Some(&container)).map(|row| row.cause);
            assert_eq!(found, Some(cause), "{reason}");
        }
    }

    #[test]
    fn the_unknown_has_no_cause() {
        assert_eq!(cause_of(Some(START), "SomethingNewError: of tomorrow", None), None);
        assert_eq!(cause_of(Some("CodeOfTomorrow"), "whatever", None), None);
    }
}
