use super::*;
use crate::aws::types::view;
use serde_json::{Value, json};

fn ended(code: &str, reason: &str, containers: Value) -> Task {
    view(&json!({"taskArn": "arn:aws:ecs:x:1:task/main/1", "stopCode": code, "stoppedReason": reason, "containers": containers}))
        .expect("a task")
}

fn not_started(reason: &str) -> Signature {
    Signature::of(&ended("TaskFailedToStart", reason, json!([{"name": "app"}]))).expect("a failure")
}

fn exit(name: &str, code: i64, reason: Option<&str>) -> Signature {
    let containers = json!([{"name": name, "exitCode": code, "reason": reason}]);
    Signature::of(&ended("EssentialContainerExited", "Essential container in task exited", containers))
        .expect("a failure")
}

#[test]
fn what_differs_in_ids_addresses_counts_and_times_is_the_same_failure() {
    for (one, other) in [
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref a/b:x: not found",
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref a/b:x: not found",
        ),
        (
            "CannotPullContainerError: failed to do request: dial tcp 34.205.13.154:443: i/o timeout",
            "CannotPullContainerError: failed to do request: dial tcp 44.213.79.104:443: i/o timeout",
        ),
        (
            "CannotPullContainerError: dial tcp [2600:1f18:2148:bc02::1]:443: i/o timeout",
            "CannotPullContainerError: dial tcp [2600:1f18:2148:bc02::2]:443: i/o timeout",
        ),
        (
            "CannotPullContainerError: cannot pull a/b@sha256:625d54dc4bb9e0bc63362cc2b96ba3f5cd3368fdaea22e6f0d232829e8b49931 from",
            "CannotPullContainerError: cannot pull a/b@sha256:c02342326b04a05fa0fc4c703c4aaa8ffb46cc0f2eda269c4a0dee53c8296182 from",
        ),
        (
            "api error, StatusCode: 400, RequestID: d45b80b7-7a19-49eb-8fd2-44305bb5e5d7, api error AccessDeniedException: User: arn:aws:sts::810477631786:assumed-role/r/668f97696c2f47f7ab6582a0b87413eb is not",
            "api error, StatusCode: 400, RequestID: 304803f7-b6e4-44ac-b5a4-799e88c1994f, api error AccessDeniedException: User: arn:aws:sts::810477631786:assumed-role/r/26e17af95b5e431893308026b892584f is not",
        ),
        (
            "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s",
            "DockerTimeoutError: Could not transition to created; timed out after waiting 3m12s",
        ),
        (
            "at 2026-03-28T03:54:01.125Z the subnet subnet-0123456789abcdef0 was full",
            "at 2026-03-28T03:59:11.005Z the subnet subnet-0fedcba9876543210 was full",
        ),
        (
            "write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device",
            "write /var/lib/docker/tmp/GetImageBlob222222222: no space left on device",
        ),
        ("create stream has been retried 1 times: failed", "create stream has been retried 12 times: failed"),
    ] {
        assert_eq!(not_started(one), not_started(other));
    }
}

#[test]
fn what_differs_in_its_cause_is_another_failure() {
    for (one, other) in [
        ("CannotPullContainerError: manifest unknown", "CannotPullContainerError: i/o timeout"),
        ("pulling failed with status code 403", "pulling failed with status code 404"),
        ("StatusCode: 400, api error", "StatusCode: 0, api error"),
        ("failed to resolve ref a/web:x: not found", "failed to resolve ref a/proxy:x: not found"),
        (
            "is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:x",
            "is not authorized to perform: ssm:GetParameters on resource: arn:aws:x",
        ),
    ] {
        assert_ne!(not_started(one), not_started(other));
    }
}

#[test]
fn exits_differ_by_container_and_code() {
    assert_eq!(exit("app", 1, None), exit("app", 1, None));
    assert_ne!(exit("app", 1, None), exit("app", 2, None));
    assert_ne!(exit("app", 1, None), exit("proxy", 1, None));
}

#[test]
fn out_of_memory_is_a_failure_of_its_own() {
    let killed = exit("app", 137, Some("OutOfMemoryError: Container killed due to memory usage"));
    assert_eq!(killed, Signature::OutOfMemory { container: "app".into() });
    assert_ne!(killed, exit("app", 137, None));
    assert_eq!(killed.to_string(), "container `app` ran out of memory");
    let by_task = ended(
        "EssentialContainerExited",
        "OutOfMemoryError: container killed due to memory usage",
        json!([{"name": "app", "exitCode": 137}]),
    );
    assert_eq!(Signature::of(&by_task), Some(killed));
}

#[test]
fn target_groups_do_not_tell_failures_apart() {
    let of = |group: &str| {
        let reason = format!("Task failed ELB health checks in (target-group {group})");
        Signature::of(&ended("ServiceSchedulerInitiated", &reason, json!([]))).expect("a failure")
    };
    let one = of("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/Example/7a7a1fcbd0455d4b");
    assert_eq!(one, of("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/Example/4d2246e3635cc45b"));
    assert!(one.heals());
    assert_eq!(one.to_string(), "Task failed ELB health checks in (target-group …)");
}

#[test]
fn what_cannot_get_better_is_deterministic() {
    for reason in [
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref a/b:x: not found",
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
        "ResourceInitializationError: unable to retrieve secret from asm: AccessDeniedException: User: arn:aws:sts::1:a is not authorized to perform: secretsmanager:GetSecretValue",
        "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.",
        "The selected task definition is not compatible with the selected compute strategy",
    ] {
        assert!(not_started(reason).is_deterministic(), "{reason}");
    }
    assert!(exit("app", 127, None).is_deterministic());
    assert!(exit("app", 126, None).is_deterministic());
}

#[test]
fn what_may_get_better_is_not_deterministic() {
    for reason in [
        "CannotPullContainerError: dial tcp 34.205.13.154:443: i/o timeout",
        "CannotPullContainerError: toomanyrequests",
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "Timeout waiting for network interface provisioning to complete.",
        "SomethingNewError: of tomorrow",
    ] {
        assert!(!not_started(reason).is_deterministic(), "{reason}");
    }
    for signature in
        [exit("app", 1, None), exit("app", 137, None), exit("app", 137, Some("OutOfMemoryError: x"))]
    {
        assert!(!signature.is_deterministic(), "{signature}");
    }
}

#[test]
fn a_container_that_was_not_started_is_a_task_that_did_not_start() {
    let reason = "CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: \"python\": executable file not found in $PATH";
    let task = ended(
        "EssentialContainerExited",
        "Essential container in task exited",
        json!([{"name": "app", "reason": reason}]),
    );
    let signature = Signature::of(&task).expect("a failure");
    assert!(matches!(signature, Signature::NotStarted { .. }), "{signature:?}");
    assert!(signature.is_deterministic());
}

#[test]
fn a_code_of_tomorrow_hides_no_known_text() {
    let of = |code: &str, reason: &str| {
        Signature::of(&ended(code, reason, json!([{"name": "app", "exitCode": 1}])))
    };
    assert!(of("CodeOfTomorrow", "CannotPullContainerError: manifest unknown").is_some());
    assert!(of("CodeOfTomorrow", "Essential container in task exited").is_some());
    assert_eq!(of("CodeOfTomorrow", "whatever"), None);
}

#[test]
fn what_ended_from_outside_is_no_failure() {
    for (code, reason) in [
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)"),
        ("UserInitiated", "Deployment completed"),
        ("UserInitiated", "Task stopped by user"),
        ("SpotInterruption", "Your Spot Task was interrupted."),
        ("TerminationNotice", "Host EC2 (instance i-0da6526579af3bd1b) terminated."),
        (
            "ServiceSchedulerInitiated",
            "ECS is performing maintenance on the underlying infrastructure hosting the task",
        ),
        ("ServiceSchedulerInitiated", "something of tomorrow"),
    ] {
        let task = ended(code, reason, json!([{"name": "app", "exitCode": 143}]));
        assert_eq!(Signature::of(&task), None, "{reason}");
    }
}

#[test]
fn a_text_keeps_what_tells() {
    for (text, kept) in [
        (
            "ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v2: not found",
            "ref ….dkr.ecr.us-east-1.amazonaws.com/app:v2: not found",
        ),
        ("(target-group arn:aws:x:1:targetgroup/a/b)", "(target-group …)"),
        ("the role 'arn:aws:iam::1:role/x' that", "the role '…' that"),
        ("has been retried 3 time(s): AccessDenied", "has been retried … time(s): AccessDenied"),
        ("linux/amd64 exit status 1: /v2/ 404", "linux/amd64 exit status 1: /v2/ 404"),
        ("an arn: of nothing", "an …: of nothing"),
        ("", ""),
    ] {
        assert_eq!(stable(text), kept, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn each_word_keeps_its_place(text in "([ =:@/'(),.-]|arn:|sha256:|[0-9a-f]{1,12}|time\\(s\\)|é|word){0,24}") {
        let words = |text: &str| text.split_whitespace().count();
        proptest::prop_assert_eq!(words(&stable(&text)), words(&text));
    }
}
