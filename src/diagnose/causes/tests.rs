//! Real reasons, one row or more for each that is known, each with where it was found.
//!
//! "guide" is the ECS developer guide, with the name of the page; ids in its texts are its own placeholders, filled
//! in. "report" is a text from public notes or an issue. Every known row is recognised.

use super::*;
use crate::aws::types::Container;

const START: &str = "TaskFailedToStart";
const EXIT: &str = "EssentialContainerExited";
const SCHEDULER: &str = "ServiceSchedulerInitiated";
const MAINTENANCE: &str = "AWS is retiring the task's infrastructure";
const EXITED: &str = "Essential container in task exited";

fn task(code: &str, reason: &str, container: Option<&str>, exit_code: Option<i64>) -> Task {
    let own = Container {
        name: "app".into(),
        exit_code,
        reason: container.map(str::to_owned),
        ..Container::default()
    };
    let stop_code = (!code.is_empty()).then(|| code.into());
    Task { stop_code, stopped_reason: Some(reason.into()), containers: vec![own], ..Task::default() }
}

/// An expected row: stop code, reason, the container's reason and exit code, the cause, and whether it is
/// deterministic.
type Row = (&'static str, &'static str, Option<&'static str>, Option<i64>, &'static str, bool);

fn recognised(rows: &[Row]) {
    for (code, reason, container, exit_code, cause, deterministic) in rows {
        let found = causes_of(&task(code, reason, *container, *exit_code));
        let first = found.first().unwrap_or_else(|| panic!("not recognised: {reason} {container:?}"));
        assert_eq!(first.cause, *cause, "{reason} {container:?}");
        assert_eq!(first.deterministic, *deterministic, "{reason} {container:?}");
        assert!(!first.remedy.is_empty(), "{reason}");
        // An unknown stop code hides no known text.
        if *code != EXIT && exit_code.is_none() {
            let found = causes_of(&task("CodeOfTomorrow", reason, *container, *exit_code));
            assert_eq!(found.first().map(|row| row.cause), Some(*cause), "under another code: {reason}");
        }
    }
}

#[test]
fn pulls_that_fail_are_recognised() {
    recognised(&[
        // Guide, task_cannot_pull_image. The agent's prefix before it; the curly apostrophe is the guide's.
        (
            START,
            "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images from the registry.",
            None,
            None,
            "the role may not pull the image, or the image does not exist",
            true,
        ),
        // Report: a task in a subnet without the S3 endpoint.
        (
            START,
            "CannotPullContainerError: The task cannot pull 913524921896.dkr.ecr.us-east-1.amazonaws.com/testing/seller:2.0@sha256:625d54dc4bb9e0bc63362cc2b96ba3f5cd3368fdaea22e6f0d232829e8b49931 from the registry 913524921896.dkr.ecr.us-east-1.amazonaws.com/testing/seller:2.0@sha256:625d54dc4bb9e0bc63362cc2b96ba3f5cd3368fdaea22e6f0d232829e8b49931. There is a connection issue between the task and the registry. Check your task network configuration. : failed to copy: httpReadSeeker: failed open: failed to do request: Get 913524921896.dkr.ecr.us-east-1.amazonaws.com/testing/seller:2.0@sha256:625d54dc4bb9e0bc63362cc2b96ba3f5cd3368fdaea22e6f0d232829e8b49931: dial tcp 16.15.180.104:443: i/o timeout.",
            None,
            None,
            "the task cannot reach the registry",
            false,
        ),
        // Report: the image was never pushed.
        (
            START,
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/stocks-app-registry:technicalsdaily-34683c0631c3cffa537e577e707abc79e7c653aa: not found",
            None,
            None,
            "the image is not in the registry",
            true,
        ),
        // Report: AWS Batch on EC2, Docker's words.
        (
            EXIT,
            "Task failed to start",
            Some(
                "CannotPullContainerError: Error response from daemon: manifest for <redacted>/nf-batch-tag:Infinity not found: manifest unknown: Requested image not found",
            ),
            None,
            "the image is not in the registry",
            true,
        ),
        // Guide, task_cannot_pull_image, an older version of the page.
        (
            START,
            "CannotPullContainerError: API error (404): repository 111122223333.dkr.ecr.us-east-1.amazonaws.com/repo/image not found",
            None,
            None,
            "the image is not in the registry",
            true,
        ),
        // The ECS agent's integration tests.
        (
            START,
            "CannotPullImageManifestError: Error response from daemon: manifest unknown: manifest unknown",
            None,
            None,
            "the image is not in the registry",
            true,
        ),
        // Report: n8n's repository had moved.
        (
            START,
            "CannotPullImageManifestError: Error response from daemon: errors: denied: requested access to the resource is denied unauthorized: authentication required",
            None,
            None,
            "the registry denies access to the image: no valid credentials, or no such repository",
            true,
        ),
        // The agent's error name alone, as it is in the agent's source.
        (
            START,
            "CannotPullImageManifestError",
            None,
            None,
            "the image's tag could not be resolved to a digest",
            false,
        ),
        // Report: an image of an Apple computer.
        (
            START,
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
            None,
            None,
            "the image is for another CPU architecture than the task",
            true,
        ),
        // Report: the same under Docker.
        (
            START,
            "Task failed to start",
            Some(
                "CannotPullContainerError: no matching manifest for linux/amd64 in the manifest list entries",
            ),
            None,
            "the image is for another CPU architecture than the task",
            true,
        ),
        // Report: Seqera's notes on AWS Batch.
        (
            START,
            "Task failed to start - CannotPullImageManifestError: Error response from daemon: toomanyrequests: Request exceeded pull rate limit for IP XX.XXX.XX.XX",
            None,
            None,
            "the registry refuses more pulls for now",
            false,
        ),
        // Guide, task_cannot_pull_image.
        (
            START,
            "CannotPullContainerError: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limits.",
            None,
            None,
            "the registry refuses more pulls for now",
            false,
        ),
        // Report: an image name without its registry.
        (
            START,
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/repository:latest: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            None,
            None,
            "the registry denies access to the image: no valid credentials, or no such repository",
            true,
        ),
        // Guide, task_cannot_pull_image.
        (
            START,
            "CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device",
            None,
            None,
            "the disk is full",
            false,
        ),
        // Report.
        (
            START,
            "Task failed to start",
            Some(
                "CannotPullContainerError: failed to register layer: Error processing tar file(exit status 1): write /opt/conda/lib/python3.7/site-packages/torch/lib/libtorch_cuda.so: no space left on device",
            ),
            None,
            "the disk is full",
            false,
        ),
        // ActionIQ/terraform-aws-retool-ecs-fargate#20. "failed to resolve ref" alone would mean the image.
        (
            START,
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/tryretool/backend:2.110.5: failed to do request: Head \"https://registry-1.docker.io/v2/tryretool/backend/manifests/2.110.5\": dial tcp 34.205.13.154:443: i/o timeout",
            None,
            None,
            "the task cannot reach the registry",
            false,
        ),
        // aws/amazon-ecs-agent#2061.
        (
            START,
            "CannotPullContainerError: Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            None,
            None,
            "the task cannot reach the registry",
            false,
        ),
        // Report: AWS Batch.
        (
            START,
            "CannotPullContainerError: context canceled",
            None,
            None,
            "the task cannot reach the registry",
            false,
        ),
        // Report: a misspelt registry.
        (
            START,
            "CannotPullContainerError: Error response from daemon: Get \"https://8xxxxxxxxxx0.dkr.ecr.us-west-2.amazonaws.commmmm/v2/\": dial tcp: lookup 8xxxxxxxxxx0.dkr.ecr.us-west-2.amazonaws.commmmm on 10.0.0.2:53: no such host",
            None,
            None,
            "the registry's host name cannot be resolved",
            false,
        ),
        // Guide, task_cannot_pull_image: Fargate cuts long texts, and then nothing more is known.
        (
            START,
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref",
            None,
            None,
            "the image is not in the registry, or the registry cannot be reached",
            false,
        ),
        // Report: a build with attestations.
        (
            START,
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to unpack image on snapshotter overlayfs: failed to extract layer sha256:c02342326b04a05fa0fc4c703c4aaa8ffb46cc0f2eda269c4a0dee53c8296182: failed to get stream processor for application/vnd.in-toto+json: no processor for me",
            None,
            None,
            "the image cannot be unpacked",
            false,
        ),
        // Guide, task_cannot_pull_image.
        (
            START,
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code",
            None,
            None,
            "the task cannot reach the registry",
            false,
        ),
    ]);
}

#[test]
fn secrets_logins_logs_and_roles_are_recognised() {
    recognised(&[
        // aws/copilot-cli#5927.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp 172.40.1.94:443: i/o timeout",
            None,
            None,
            "the task cannot get a login for ECR",
            false,
        ),
        // aws/aws-app-mesh-examples#413.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 5 time(s): RequestError: send request failed caused by: Post https://api.ecr....",
            None,
            None,
            "the task cannot get a login for ECR",
            false,
        ),
        // Report: the policy was taken off the role to see what happens.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/ecsTaskExecutionRole/304803f7-b6e4-44ac-b5a4-799e88c1994f is not authorized to perform: ecr:GetAuthorizationToken on resource: * status code: 400",
            None,
            None,
            "the execution role may not log in to ECR",
            true,
        ),
        // Report. The prefix is Fargate's; the rest is what Secrets Manager answered.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: failed to fetch secret arn:aws:secretsmanager:us-east-1:817977750104:secret:playstudy/recaptcha-secret-key from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret",
            None,
            None,
            "a secret or parameter does not exist",
            true,
        ),
        // Report.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key MY_SECRET",
            None,
            None,
            "the secret has no such JSON key",
            true,
        ),
        // rileydakota/valheim-ecs-fargate-cdk#9.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character '\\'' looking for beginning of value",
            None,
            None,
            "the secret has no such JSON key",
            true,
        ),
        // Report.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:ap-northeast-1:810477631786:secret:N8N_ENCRYPTION_KEY-nAG4eC from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: d45b80b7-7a19-49eb-8fd2-44305bb5e5d7, api error AccessDeniedException: User: arn:aws:sts::810477631786:assumed-role/ecsTaskExecutionRole/668f97696c2f47f7ab6582a0b87413eb is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:ap-northeast-1:810477631786:secret:N8N_ENCRYPTION_KEY-nAG4eC",
            None,
            None,
            "the execution role may not read a secret",
            true,
        ),
        // Report: the same on EC2, where the agent has other words.
        (
            START,
            "Fetching secret data from SSM Parameter Store in us-west-2: AccessDeniedException: User: arn:aws:sts::8XXXXXXXXX0:assumed-role/PLM-ECS-PLMECSTaskExecutionRole-XXX/59f3473f332042e5840e824b1f8fdbec is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-west-2:8XXXXXXXXX0:parameter/CFN-PLMSecretParameter-XXX because no identity-based policy allows",
            None,
            None,
            "the execution role may not read a secret",
            true,
        ),
        // Report: the parameter had not been made.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /wishkit/parsing-engine/gemini-api-key",
            None,
            None,
            "a secret or parameter does not exist",
            true,
        ),
        // The ECS agent's tests, and reports.
        (
            START,
            "Fetching secret data from SSM Parameter Store in eu-west-1: invalid parameters: /demo/dev/MY_INVALID_PARAMETER",
            None,
            None,
            "a secret or parameter does not exist",
            true,
        ),
        // umotif-public/terraform-aws-ecs-fargate#50: cut by Fargate.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadli...",
            None,
            None,
            "the task cannot reach the Parameter Store",
            false,
        ),
        // Report.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration.",
            None,
            None,
            "the task cannot reach the Parameter Store",
            false,
        ),
        // Releem/releem-agent#195.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:us-west-2:*:secret:DBPasswordSecret-* from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration.",
            None,
            None,
            "the task cannot reach Secrets Manager",
            false,
        ),
        // Report: an outage of 2020.
        (
            START,
            "ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed",
            None,
            None,
            "the task cannot get its secrets or a login for ECR",
            false,
        ),
        // Report, several times: despite its words, this is the network.
        (
            START,
            "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed",
            None,
            None,
            "the task cannot reach CloudWatch Logs",
            false,
        ),
        // Gist bradleybeddoes/7b568d87d20c5e4ebfe31de9a8dc08c7.
        (
            START,
            "ResourceInitializationError: failed to validate logger args: : signal: killed",
            None,
            None,
            "the task cannot reach CloudWatch Logs",
            false,
        ),
        // Report.
        (
            START,
            "ResourceInitializationError: failed to validate logger args: failed to create CloudWatch log stream: ResourceNotFoundException: The specified log group does not exist.",
            None,
            None,
            "the log group does not exist",
            true,
        ),
        // Report: cut by Fargate.
        (
            START,
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log",
            None,
            None,
            "the log group does not exist, or CloudWatch Logs cannot be reached",
            false,
        ),
        // Report. Its author left out what is between the dots.
        (
            START,
            "ResourceInitializationError: failed to validate logger args: ... AccessDeniedException: ... not authorized to perform: logs:CreateLogGroup",
            None,
            None,
            "the execution role may not write the logs",
            true,
        ),
        // Report.
        (
            START,
            "ResourceInitializationError: failed to validate logger args: unable to get awslogs driver arguments: awslogs-region is required",
            None,
            None,
            "the log driver's options are not valid",
            true,
        ),
        // Rayraegah/terraform-aws-hasura#25.
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. status code: 400",
            ),
            None,
            "the log group does not exist",
            true,
        ),
        // aws/amazon-ecs-cli#752.
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: CredentialsEndpointError: failed to load credentials caused by: RequestError: send request failed caused by: Get http://169.254.170.2/v2/credentials/",
            ),
            None,
            "the task cannot reach CloudWatch Logs",
            false,
        ),
        // Guide, stopped-task-error-codes: the words without a reason.
        (
            START,
            "ResourceInitializationError: failed to initialize logging driver:",
            None,
            None,
            "the log driver's options are not valid",
            false,
        ),
        // aws-samples/aws-modern-application-workshop#88, the event's text as a task has it.
        (
            START,
            "ECS was unable to assume the role 'arn:aws:iam::281174624655:role/MythicalMysfitsCoreStack-ECSTaskRole-FXO3A6J08BN' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
            None,
            None,
            "ECS cannot assume a role of the task",
            true,
        ),
    ]);
}

#[test]
fn places_networks_disks_and_commands_are_recognised() {
    recognised(&[
        // Report: DNS hostnames were off.
        (
            START,
            "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve \"fs-0e4a39a0b7bb8b885.efs.us-east-1.amazonaws.com\" - check that your file system ID is correct, and ensure that the VPC has an EFS mount target for this file system ID.",
            None,
            None,
            "the EFS file system cannot be mounted",
            false,
        ),
        // Report: the task role had no EFS policy.
        (
            START,
            "ResourceInitializationError: failed to invoke EFS utils commands: access denied",
            None,
            None,
            "the task may not mount the EFS file system",
            true,
        ),
        // Report: a test of a public tool, after a text of EC2.
        (
            START,
            "Unexpected EC2 error while attempting to Create Network Interface in subnet '': InsufficientFreeAddressesInSubnet",
            None,
            None,
            "the subnet has no free addresses",
            false,
        ),
        // Guide, failed-to-start-error.
        (
            START,
            "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-0123456789abcdef0",
            None,
            None,
            "EC2 could not create the task's network interface",
            false,
        ),
        // aws/amazon-ecs-agent#4825.
        (
            START,
            "Timeout waiting for network interface provisioning to complete.",
            None,
            None,
            "the task's network interface was not ready in time",
            false,
        ),
        // Dagster's ECS launcher.
        (
            START,
            "Timeout waiting for EphemeralStorage provisioning to complete.",
            None,
            None,
            "the task's storage was not ready in time",
            false,
        ),
        // Guide, service-event-messages-list; RunTask gives the same words.
        (
            START,
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            None,
            None,
            "Fargate has no capacity at the moment",
            false,
        ),
        // Guide, failed-to-start-error.
        (
            START,
            "The selected task definition is not compatible with the selected compute strategy",
            None,
            None,
            "the task definition does not fit the launch type or capacity provider",
            true,
        ),
        // Report: a test of a public tool.
        (
            START,
            "TaskFailedToStart: RESOURCE:GPU",
            None,
            None,
            "no container instance has room for the task",
            false,
        ),
        // Guide, failed-to-start-error.
        (
            START,
            "Unable to attach network interface to unused device index",
            None,
            None,
            "no container instance has room for the task",
            false,
        ),
        // concourse/concourse#2736 has the runtime's words; the prefix is the guide's, cannot-start-container.
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: runc exec: exit status 1: exec failed: container_linux.go:348: starting container process caused \"exec format error\"",
            ),
            None,
            "the image is for another CPU architecture than the task",
            true,
        ),
        // Report.
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"python\": executable file not found in $PATH",
            ),
            None,
            "the command was not found in the image",
            true,
        ),
        // The same line of runc with its other endings; built after the report above.
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"/app/run.sh\": stat /app/run.sh: no such file or directory",
            ),
            Some(127),
            "the command was not found in the image",
            true,
        ),
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"/app/run.sh\": permission denied",
            ),
            Some(126),
            "the command may not be executed",
            true,
        ),
        // Guide, task_definition_parameters_ec2, on devices.
        (
            START,
            "CannotStartContainerError: Error response from daemon: error gathering device information while adding custom device \"/dev/dri/renderD130\": no such file or directory",
            None,
            None,
            "the instance has no such device",
            false,
        ),
        // Report: a folder of EFS over a file.
        (
            START,
            "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting \"/var/lib/.../volumes/<volume-id>/api\" to rootfs at \"/MyApp/Appsettings.json\": ... flags=MS_RDONLY|MS_BIND ... : not a directory",
            None,
            None,
            "a volume cannot be mounted into the container",
            false,
        ),
        // Report.
        (
            EXIT,
            EXITED,
            Some(
                "CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint ecs-rearc-quest-tasks-trfm-ecs-17-rearc-quest-tasks-trfm-tdef-contnr-9edaed8b8fa48e8b3500",
            ),
            None,
            "the host port is in use",
            false,
        ),
        // Report.
        (
            START,
            "CannotCreateContainerError: failed to copy file info for /var/lib/ecs/volumes/ecs-app-data: failed to chown /var/lib/ecs/volumes/ecs-app-data: operation not permitted",
            None,
            None,
            "a volume cannot be mounted into the container",
            false,
        ),
        // Guide, CannotCreateContainerError.
        (
            START,
            "CannotCreateContainerError: API error (500): devmapper: Thin Pool has 4350 free data blocks which is less than minimum required 4454 free data blocks. Create more free space in thin pool or use dm.min_free_space option to change behavior",
            None,
            None,
            "the disk is full",
            false,
        ),
        // Report.
        (
            START,
            "CannotCreateVolumeError: failed to create EBS volume",
            None,
            None,
            "the container or its volume could not be created",
            false,
        ),
        // Report: AWS Batch.
        (
            START,
            "Task failed to start",
            Some(
                "CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s",
            ),
            None,
            "the container runtime did not answer in time",
            false,
        ),
        // aws-actions/amazon-ecs-deploy-task-definition#232, with the agent's spelling.
        (
            START,
            "DockerTimeoutError: Could not transition to started; timed out after waiting 8m0s",
            None,
            None,
            "the container runtime did not answer in time",
            false,
        ),
        // Guide, stopped-task-error-codes.
        (
            START,
            "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m:",
            None,
            None,
            "the container runtime did not answer in time",
            false,
        ),
        // Guide, stopped-task-error-codes.
        (
            START,
            "CannotStartContainerError: failed to get container status:",
            None,
            None,
            "the container could not be started",
            false,
        ),
    ]);
}

#[test]
fn ends_of_containers_are_recognised() {
    recognised(&[
        // The ECS agent's source (errors.go), and reports from EC2.
        (
            EXIT,
            EXITED,
            Some("OutOfMemoryError: Container killed due to memory usage"),
            Some(137),
            "the container needed more memory than it has",
            false,
        ),
        // Reports from Fargate: with a small letter.
        (
            EXIT,
            "OutOfMemoryError: container killed due to memory usage",
            None,
            Some(137),
            "the container needed more memory than it has",
            false,
        ),
        // The guide's sentence, with exit codes as containers have them.
        (
            EXIT,
            EXITED,
            None,
            Some(137),
            "the container was killed: out of memory, or it did not exit on SIGTERM in time",
            false,
        ),
        (EXIT, EXITED, None, Some(143), "the container was stopped by SIGTERM", false),
        (EXIT, EXITED, None, Some(1), "the program exited with an error", false),
        (EXIT, EXITED, None, Some(255), "the program exited with an error", false),
        // aws/amazon-ecs-agent#594.
        (EXIT, EXITED, None, Some(139), "the program crashed (segmentation fault)", false),
        (EXIT, EXITED, None, Some(0), "the program exited by itself; a service has to keep running", false),
        (EXIT, EXITED, None, Some(126), "the command cannot be executed", true),
        (EXIT, EXITED, None, Some(127), "the command was not found in the image", true),
        // The text is known, whatever the code.
        ("CodeOfTomorrow", EXITED, None, Some(127), "the command was not found in the image", true),
        // An absent exit code is no 0.
        (EXIT, EXITED, None, None, "the container ended without an exit code: it never ran", false),
    ]);
}

#[test]
fn what_something_else_ended_is_recognised() {
    recognised(&[
        // Report: an event of EventBridge.
        (
            SCHEDULER,
            "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/Example/7a7a1fcbd0455d4b)",
            None,
            None,
            "the load balancer's health check fails",
            false,
        ),
        (
            SCHEDULER,
            "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/Example/7a7a1fcbd0455d4b)",
            None,
            Some(143),
            "the load balancer's health check fails",
            false,
        ),
        // Report.
        (
            SCHEDULER,
            "Task failed container health checks",
            None,
            Some(137),
            "the container's health check fails",
            false,
        ),
        // Report: an event of EventBridge.
        (
            SCHEDULER,
            "Scaling activity initiated by (deployment ecs-svc/8646900195280463695)",
            None,
            Some(143),
            "ECS stopped the task in normal operation",
            false,
        ),
        (
            SCHEDULER,
            "Scaling activity initiated by (deployment ecs-svc/8646900195280463695)",
            None,
            Some(1),
            "ECS stopped the task in normal operation",
            false,
        ),
        // Guide, fargate-capacity-providers, both codes.
        (
            "SpotInterruption",
            "Your Spot Task was interrupted.",
            None,
            None,
            "AWS reclaimed the Spot capacity",
            false,
        ),
        (
            "TerminationNotice",
            "Your Spot Task was interrupted.",
            None,
            Some(143),
            "AWS reclaimed the Spot capacity",
            false,
        ),
        // Guide, fargate-maintenance.
        (
            SCHEDULER,
            "ECS is performing maintenance on the underlying infrastructure hosting the task",
            None,
            Some(137),
            MAINTENANCE,
            false,
        ),
        // Report.
        (
            SCHEDULER,
            "Service mgb-test-fabric-auth: ECS is performing maintenance on the underlying infrastructure hosting the task",
            None,
            None,
            MAINTENANCE,
            false,
        ),
        // Report: the answer of DescribeTasks.
        ("UserInitiated", "Task stopped by user", None, None, "the task was stopped by a user", false),
        // StopTask takes any reason; the code decides.
        (
            "UserInitiated",
            "cleaning up before the migration",
            None,
            Some(137),
            "the task was stopped by a user",
            false,
        ),
        // Codes of the API whose texts are not written down anywhere.
        ("InfrastructureHealth", "something of tomorrow", None, Some(137), MAINTENANCE, false),
        ("SpotInterruption", "", None, Some(143), "AWS reclaimed the Spot capacity", false),
        // Report.
        (
            "TerminationNotice",
            "Host EC2 (instance i-0da6526579af3bd1b) terminated.",
            None,
            None,
            "the task's container instance was stopped or terminated",
            false,
        ),
        // Guide, stopped-task-errors.
        (
            "",
            "Container instance deregistration forced by user",
            None,
            None,
            "the task's container instance was stopped or terminated",
            false,
        ),
    ]);
}

#[test]
fn ordinary_ends_are_told_from_failures() {
    for reason in ["Scaling activity initiated by (deployment ecs-svc/1)", "Deployment completed"] {
        for exit_code in [Some(143), Some(137), Some(0), None] {
            let found = causes_of(&task(SCHEDULER, reason, None, exit_code));
            assert_eq!(found.iter().map(|row| row.end).collect::<Vec<_>>(), [End::Ordinary], "{reason}");
        }
    }
}

#[test]
fn a_precise_row_leaves_the_general_ones_out() {
    let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found";
    let causes: Vec<&str> = of_text(reason).iter().map(|found| found.row.cause).collect();
    assert_eq!(causes, ["the image is not in the registry"]);
}

#[test]
fn several_precise_rows_are_all_told_the_most_precise_first() {
    let end = task(
        EXIT,
        EXITED,
        Some("CannotPullContainerError: write /var/lib/docker/x: no space left on device: i/o timeout"),
        None,
    );
    let causes: Vec<&str> = causes_of(&end).iter().map(|row| row.cause).collect();
    assert_eq!(causes, ["the task cannot reach the registry", "the disk is full"]);
}

#[test]
fn whether_trying_again_helps_is_told() {
    let helps = |reason: &str| of_text(reason).first().map(|found| found.row.retry_helps);
    assert_eq!(helps("CannotPullContainerError: toomanyrequests"), Some(Retry::Yes));
    assert_eq!(helps("CannotPullContainerError: manifest unknown"), Some(Retry::No));
    assert_eq!(helps("ECS was unable to assume the role 'arn'"), Some(Retry::Sometimes));
}

#[test]
fn the_unknown_has_no_cause() {
    assert!(causes_of(&task(START, "SomethingNewError: of tomorrow", None, None)).is_empty());
    assert!(causes_of(&task("CodeOfTomorrow", "whatever", None, Some(1))).is_empty());
    assert!(causes_of(&task("", "", None, None)).is_empty());
}

#[test]
fn the_table_is_written_as_it_is_compared() {
    for row in TABLES.into_iter().flatten() {
        for words in row.all.iter().copied().chain([row.unless]) {
            assert_eq!(words, plain(words), "small letters, single spaces");
            assert!(words.is_empty() || words.split('|').all(|part| !part.is_empty()), "{words}");
        }
        assert!(!row.deterministic || row.retry_helps != Retry::Yes, "{}", row.cause);
        assert!(!row.cause.ends_with('.') && !row.remedy.ends_with('.'), "{}", row.cause);
    }
}
