//! Real events, one row or more for each that is known.
//!
//! Most texts were seen in the service events of running services; "guide" marks those of the ECS developer guide's
//! "service event messages" with its placeholders filled in. No known row is left unrecognised.

use super::*;

/// Checks the class and the kind of each text.
fn recognised(rows: &[(&str, Class, Kind)]) {
    for (message, class, kind) in rows {
        let told = read(message);
        assert_eq!((told.class, told.kind), (*class, *kind), "{message}");
        let troubles = matches!(told.class, Class::Warn | Class::Fail);
        assert_eq!(troubles, told.cause.is_some() && told.remedy.is_some(), "{message}");
    }
}

#[test]
fn what_every_rollout_says_is_recognised() {
    recognised(&[
        ("(service api-service) has reached a steady state.", Class::Ok, Kind::SteadyState),
        (
            "(service api-service) (deployment ecs-svc/1111111111111111111) deployment completed.",
            Class::Ok,
            Kind::DeploymentCompleted,
        ),
        (
            "(service api-service) has started 2 tasks: (task 8378fd0fc0d744109128c8d6a0b71524).",
            Class::Info,
            Kind::TasksStarted,
        ),
        (
            "(service api-service) has started 2 tasks: (task 8378fd0fc0d744109128c8d6a0b71524). Amazon ECS replaced 2 tasks due to an unhealthy status.",
            Class::Info,
            Kind::TasksReplaced,
        ),
        (
            "(service api-service) has stopped 2 running tasks: (task 9d85800c30b349039d104d52b506b930).",
            Class::Info,
            Kind::TasksStopped,
        ),
        ("(service api-service) stopped 2 pending tasks.", Class::Info, Kind::PendingStopped),
        (
            "(service api-service) registered 2 targets in (target-group arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/api-service-alb-http/4d2246e3635cc45b)",
            Class::Info,
            Kind::TargetsRegistered,
        ),
        (
            "(service api-service) deregistered 2 targets in (target-group arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/api-service-alb-http/4d2246e3635cc45b)",
            Class::Info,
            Kind::TargetsDeregistered,
        ),
        ("(service api-service) has begun draining connections on 2 tasks.", Class::Info, Kind::Draining),
        (
            "(service api-service) is AZ balanced with 2 tasks in eu-central-1a, 2 tasks in eu-central-1c, 1 tasks in eu-central-1b.",
            Class::Info,
            Kind::ZonesBalanced,
        ),
        (
            "(service api-service) is not AZ balanced with 3 tasks in eu-central-1a, 1 tasks in eu-central-1c, 1 tasks in eu-central-1b. AZ Rebalancing in progress.",
            Class::Info,
            Kind::ZonesRebalancing,
        ),
        (
            "(service api-service) has started 1 tasks in eu-central-1a to AZ Rebalance: (task 8378fd0fc0d744109128c8d6a0b71524).",
            Class::Info,
            Kind::ZonesStarted,
        ),
        // Guide, service-rebalancing-event-messages-list.
        (
            "(service api-service) has stopped 1 running tasks in eu-central-1a due to AZ rebalancing: (task 8378fd0f).",
            Class::Info,
            Kind::TasksStopped,
        ),
        ("service (api-service) stopped AZ Rebalancing.", Class::Info, Kind::ZonesEnded),
        // Guide: the form of task sets.
        (
            "(service api-service, taskSet ecs-svc/1111111111111111111) has reached a steady state.",
            Class::Ok,
            Kind::SteadyState,
        ),
        (
            "(service api-service, taskSet ecs-svc/1111111111111111111) has begun draining connections on 1 tasks.",
            Class::Info,
            Kind::Draining,
        ),
    ]);
}

#[test]
fn how_a_deployment_ends_is_recognised() {
    recognised(&[
        (
            "(service api-service) (deployment ecs-svc/1111111111111111111) deployment failed: tasks failed to start.",
            Class::Fail,
            Kind::DeploymentFailed,
        ),
        // Guide.
        (
            "service (api-service) deployment failed: tasks failed to start.",
            Class::Fail,
            Kind::DeploymentFailed,
        ),
        (
            "(service api-service) rolling back to deployment ecs-svc/1111111111111111111.",
            Class::Fail,
            Kind::RollingBack,
        ),
        // Guide, and its longer form as reported.
        (
            "service (api-service) is unable to consistently start tasks successfully.",
            Class::Fail,
            Kind::StartsImpaired,
        ),
        (
            "(service api-service) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
            Class::Fail,
            Kind::StartsImpaired,
        ),
        // Report: a fraud service that an alarm rolled back.
        (
            "(service fraud-api-prod) (deployment ecs-svc/8028) deployment failed: alarm detected.",
            Class::Fail,
            Kind::AlarmDetected,
        ),
        // Reports, and hashicorp/terraform-provider-aws's tests: the reasons of service deployments.
        (
            "Service deployment rolled back because the circuit breaker threshold was exceeded.",
            Class::Fail,
            Kind::BreakerTripped,
        ),
        (
            "Service deployment rolled back because of a StopServiceDeployment request.",
            Class::Fail,
            Kind::StopRequested,
        ),
        (
            "deployment failed: Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. ECS was unable to parse the response from arn:aws:lambda:us-east-1:000000000000:function:pre-scale-hook due to: HookStatus must",
            Class::Fail,
            Kind::HookFailed,
        ),
        (
            "Service deployment rolled back because of invalid networking configuration. Both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or testListenerRule",
            Class::Fail,
            Kind::NetworkInvalid,
        ),
    ]);
}

#[test]
fn health_is_recognised() {
    recognised(&[
        (
            "(service api-service) (task 9d85800c30b349039d104d52b506b930) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/api-service-alb-http/4d2246e3635cc45b) due to (reason Health checks failed with these codes: [503]).",
            Class::Warn,
            Kind::TargetUnhealthy,
        ),
        (
            "(service api-service) (task a25c6c790e254b4791ba6806c0541c63) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/api-service-alb-http/4d2246e3635cc45b) due to (reason Request timed out).",
            Class::Warn,
            Kind::TargetUnhealthy,
        ),
        (
            "(service XXX) (instance i-XXX) (port 32875) is unhealthy in (target-group arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/devel-Targe-1111111111111/1111111111111111) due to (reason Health checks failed with these codes: [400])",
            Class::Warn,
            Kind::TargetUnhealthy,
        ),
        // Guide: a classic load balancer.
        (
            "service (api-service) (task 9d85800c) (instance i-0abc) is unhealthy in (elb api-service-elb) due to (reason Instance has failed at least the UnhealthyThreshold number of health checks consecutively.)",
            Class::Warn,
            Kind::TargetUnhealthy,
        ),
        (
            "(service devops-g3-inventory) (task 22450d8cbf7b4648ac0837b9a710e807) failed container health checks.",
            Class::Warn,
            Kind::ContainerUnhealthy,
        ),
        // Guide, troubleshooting of load balancers.
        (
            "service myService failed to describe target health on target-group myTargetGroup with (error User: arn:aws:sts::123456789012:assumed-role/myELBRole/ecs-service-scheduler is not authorized to perform: elasticloadbalancing:DescribeTargetHealth because no identity-based policy allows the elasticloadbalancing:DescribeTargetHealth action)",
            Class::Fail,
            Kind::TargetHealthUnreadable,
        ),
        // Guide.
        (
            "service (api-service) task set (ecs-svc/823) (task 9d85800c) is not healthy in target-group (arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/api/abc) due to TARGET GROUP IS NOT FOUND.",
            Class::Fail,
            Kind::TargetMissing,
        ),
        (
            "service (api-service) task set (ecs-svc/823) (task 9d85800c) is not healthy in target-group (arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/api/abc) due to TARGET IS NOT FOUND.",
            Class::Fail,
            Kind::TargetMissing,
        ),
    ]);
}

#[test]
fn tasks_that_find_no_place_are_recognised() {
    recognised(&[
        // Guide; the endings from aws-samples/cost-effective-aws-deployment-of-comfyui#8 and the guide.
        (
            "service (api-service) was unable to place a task because no container instance met all of its requirements.",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        (
            "service (api-service) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a1b2c3d has insufficient CPU units available.",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        (
            "service (api-service) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a1b2c3d has insufficient memory available.",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        (
            "service (api-service) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance is already using a port required by your task.",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        (
            "service (api-service) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a1b2c3d encountered error \"AGENT\".",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        (
            "service ComfyUIService was unable to place a task because no container instance met all of its requirements. The closest matching container-instance cca2a08b7a57472f9626b51debdc8595 is missing an attribute required by your task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        // ptokito/ECSClusterWithTerraform#3.
        (
            "service authentication_services was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.",
            Class::Fail,
            Kind::NoInstances,
        ),
        // Guide.
        (
            "service (api-service) was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently",
            Class::Fail,
            Kind::QuotaReached,
        ),
        (
            "service (api-service) was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently",
            Class::Fail,
            Kind::QuotaReached,
        ),
        (
            "service (api-service) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.",
            Class::Fail,
            Kind::NoCapacity,
        ),
        (
            "service (api-service) was unable to place a task. Reason: The requested CPU configuration is above your limit.",
            Class::Fail,
            Kind::SizeAboveLimit,
        ),
        (
            "service (api-service) was unable to place a task. Reason: The requested MEMORY configuration is above your limit.",
            Class::Fail,
            Kind::SizeAboveLimit,
        ),
        (
            "service (api-service) was unable to place a task. Reason: Internal error.",
            Class::Fail,
            Kind::InternalError,
        ),
        (
            "service (api-service) was unable to reach steady state. Reason: No Container Instances were found in your capacity provider.",
            Class::Fail,
            Kind::NoInstances,
        ),
        (
            "service (api-service) could not launch 3 tasks for deployment ecs-svc/1111111111111111111.",
            Class::Fail,
            Kind::NotLaunched,
        ),
        (
            "service (api-service) was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.",
            Class::Fail,
            Kind::ProvisioningLimit,
        ),
        // Guide, service-rebalancing-event-messages-list.
        (
            "service (api-service) is unable to place a task in eu-central-1a because no container instance met all of its requirements.",
            Class::Fail,
            Kind::NoInstanceFits,
        ),
        ("service (api-service) is unable to place a task in eu-central-1a.", Class::Fail, Kind::NoCapacity),
        // Reports.
        (
            "(service test_def-service-vnwns50w) was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/repository:latest: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed.",
            Class::Fail,
            Kind::StartFailed,
        ),
        (
            "(service fleetshell-gateway-service-jp7c7a8v) was unable to place a task. Reason: ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. failed to fetch secret arn:aws:secretsmanager:eu-west-2:295934382486:secret:aerotrack/auth_secret-zTocUO from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded.",
            Class::Fail,
            Kind::StartFailed,
        ),
        // aws-samples/aws-modern-application-workshop#88.
        (
            "service MythicalMysfits-Service failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::281174624655:role/MythicalMysfitsCoreStack-ECSTaskRole-FXO3A6J08BN' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).",
            Class::Fail,
            Kind::RoleInvalid,
        ),
    ]);
}

#[test]
fn what_is_configured_wrongly_is_recognised() {
    recognised(&[
        (
            "(service api-service) was unable to reach steady state because (taskSet ecs-svc/1111111111111111111) was unable to scale in due to (reason 2 tasks under protection)",
            Class::Warn,
            Kind::TasksProtected,
        ),
        // AWS's sample of task protection, and the guide.
        (
            "(service task-protection-test-queue-consumer-Service-tjlfn1NmI0yU, taskSet ecs-svc/6163164058718610164) was unable to scale in due to (reason 1 tasks under protection)",
            Class::Warn,
            Kind::TasksProtected,
        ),
        (
            "service (api-service) was unable to reach steady state because task set (ecs-svc/823) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks",
            Class::Warn,
            Kind::TasksProtected,
        ),
        // Guide.
        (
            "service (api-service) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
            Class::Fail,
            Kind::PercentsBlock,
        ),
        (
            "service (api-service) operations are being throttled. Will try again later.",
            Class::Warn,
            Kind::Throttled,
        ),
        (
            "IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain your service",
            Class::Fail,
            Kind::PermissionsChanged,
        ),
        (
            "IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your service",
            Class::Fail,
            Kind::PermissionsChanged,
        ),
        (
            "service (api-service) Timed out waiting for Amazon ECS Agent to start. Please check logs at /var/log/ecs/ecs-agent.log\".",
            Class::Fail,
            Kind::AgentSilent,
        ),
    ]);
}

#[test]
fn the_name_of_the_service_is_no_part_of_the_text() {
    for message in [
        "(service failed-jobs) has begun draining connections on 2 tasks.",
        "(service failed-jobs, taskSet ecs-svc/1) has begun draining connections on 2 tasks.",
        "service failed-jobs has begun draining connections on 2 tasks.",
        "service (failed-jobs) has begun draining connections on 2 tasks.",
    ] {
        assert_eq!(read(message).text, "has begun draining connections on 2 tasks.");
    }
}

#[test]
fn the_unknown_is_kept_as_it_is() {
    let told = read("(service web) did something of tomorrow.");
    assert_eq!((told.class, told.kind, told.cause), (Class::Unknown, Kind::Unknown, None));
    assert_eq!(told.text, "did something of tomorrow.");
    assert!(!is_noise("(service web) did something of tomorrow."));
    assert_eq!(read("").class, Class::Unknown);
    assert_eq!(read("(service web").text, "(service web");
}

#[test]
fn reasons_are_told() {
    let reason = |message: &str| read(message).reason.map(str::to_owned);
    assert_eq!(
        reason(
            "(service a) (task 1) (port 80) is unhealthy in (target-group arn) due to (reason Health checks failed with these codes: [503])."
        ),
        Some("Health checks failed with these codes: [503]".to_owned())
    );
    assert_eq!(
        reason("service a was unable to place a task. Reason: Internal error."),
        Some("Internal error.".to_owned())
    );
    assert_eq!(reason("(service a) has reached a steady state."), None);
}

#[test]
fn deployments_are_told() {
    let deployment = |message: &str| read(message).deployment.map(str::to_owned);
    let id = Some("ecs-svc/1675294001379389663".to_owned());
    assert_eq!(deployment("(service a) rolling back to deployment ecs-svc/1675294001379389663."), id);
    assert_eq!(
        deployment(
            "(service a) (deployment ecs-svc/1675294001379389663) deployment failed: tasks failed to start."
        ),
        id
    );
    assert_eq!(deployment("(service a, taskSet ecs-svc/1) has reached a steady state."), None);
}

#[test]
fn the_reason_of_a_task_is_explained_by_the_table_of_causes() {
    let told = read(
        "(service a) was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found.",
    );
    assert_eq!(told.cause, Some("the image is not in the registry"));
    assert!(told.deterministic && !told.general);
    let told = read("(service a) was unable to place a task. Reason: SomethingNewError.");
    assert_eq!((told.class, told.cause), (Class::Fail, Some("tasks cannot be started")));
    assert!(told.general, "the text itself is all there is");
}

#[test]
fn a_role_is_deterministic_and_a_place_is_not() {
    let deterministic = |message: &str| read(message).deterministic;
    assert!(deterministic(
        "(service a) failed to launch a task with (error ECS was unable to assume the role 'arn'.)"
    ));
    assert!(!deterministic(
        "service a was unable to place a task because no container instance met all of its requirements."
    ));
}

#[test]
fn the_ordinary_is_noise_and_troubles_are_not() {
    for (message, noise) in [
        ("(service a) has reached a steady state.", true),
        ("(service a) has started 1 tasks: (task 1).", true),
        ("(service a) (deployment ecs-svc/1) deployment completed.", true),
        ("(service a) rolling back to deployment ecs-svc/1.", false),
        ("(service a) (task 1) failed container health checks.", false),
    ] {
        assert_eq!(is_noise(message), noise, "{message}");
    }
}
