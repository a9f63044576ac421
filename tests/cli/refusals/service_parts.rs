//! What `CreateService` refuses of load balancers, Service Connect, daemons and deployments.

use serde_json::{Value, json};

use super::Answer::{Accepted, NotSeen, Refused};
use super::Finding::{Error, Nothing, Warning, Words};
use super::definitions::{ec2, fargate};
use super::services::{Row, none, on_fargate, plain};
use super::{INVALID, merged};

fn group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123456789abcdef")
}

fn balancer(members: Value) -> Value {
    merged(json!({"targetGroupArn": group("web"), "containerName": "app", "containerPort": 80}), &members)
}

pub(super) fn balanced(members: Value) -> Value {
    json!({"loadBalancers": [balancer(members)]})
}

fn advanced(alternate: &str) -> Value {
    json!({"advancedConfiguration": {"alternateTargetGroupArn": group(alternate),
        "productionListenerRule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/a/b/c/d",
        "roleArn": "arn:aws:iam::123456789012:role/balancers"}})
}

fn deployment(members: Value) -> Value {
    json!({"deploymentConfiguration": members})
}

pub(super) fn balancer_rows() -> Vec<Row> {
    let classic = |members: Value| json!({"launchType": "EC2", "loadBalancers": [merged(json!({"loadBalancerName": "lb", "containerName": "app", "containerPort": 80}), &members)]});
    let mapped = || ec2(none(), json!({"portMappings": [{"containerPort": 80}]}));
    let shifted = |items: Value| {
        on_fargate(json!({"loadBalancers": items, "deploymentConfiguration": {"strategy": "BLUE_GREEN"}}))
    };
    let registry = |members: Value| {
        on_fargate(
            json!({"serviceRegistries": [merged(json!({"registryArn": "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-a"}), &members)]}),
        )
    };
    let two = json!({"serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-a"}, {"registryArn": "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-b"}]});
    let role = |members: Value| merged(json!({"launchType": "EC2", "role": "balancers"}), &members);
    vec![
        (
            "an unknown container",
            plain(),
            on_fargate(balanced(json!({"containerName": "ap"}))),
            Error("load-balancer-target"),
            Refused(INVALID, "The container ap does not exist in the task definition."),
        ),
        (
            "a port that is not mapped",
            plain(),
            on_fargate(balanced(json!({"containerPort": 8080}))),
            Error("load-balancer-target"),
            Refused(INVALID, "The container app did not have a container port 8080 defined."),
        ),
        (
            "no container",
            plain(),
            on_fargate(balanced(json!({"containerName": ""}))),
            Error("load-balancer-target"),
            Refused(INVALID, "Container Name can not be blank."),
        ),
        (
            "a classic balancer with a dynamic port",
            mapped(),
            classic(none()),
            Error("load-balancer-target"),
            Refused(INVALID, "A host port mapping for the container port 80 is required."),
        ),
        (
            "a group and a name",
            plain(),
            on_fargate(balanced(json!({"loadBalancerName": "lb"}))),
            Error("load-balancer-kind"),
            Refused(INVALID, "loadBalancerName and targetGroupArn cannot both be specified"),
        ),
        (
            "a classic balancer on Fargate",
            plain(),
            on_fargate(
                json!({"loadBalancers": [{"loadBalancerName": "lb", "containerName": "app", "containerPort": 80}]}),
            ),
            Error("load-balancer-kind"),
            Refused(INVALID, "Classic Load Balancers are not supported with Fargate"),
        ),
        (
            "a role with awsvpc",
            plain(),
            on_fargate(merged(balanced(none()), &json!({"role": "balancers"}))),
            Warning("service-role"),
            Refused(
                INVALID,
                "You cannot specify an IAM role for services that require a service linked role",
            ),
        ),
        (
            "a role without a balancer",
            mapped(),
            role(none()),
            Warning("service-role"),
            Refused(INVALID, "IAM roles are only valid for services configured to use load balancers"),
        ),
        (
            "two registries",
            plain(),
            on_fargate(two),
            Error("service-registries"),
            Refused(INVALID, "service registries can have at most 1 items"),
        ),
        (
            "a registry's port with awsvpc",
            plain(),
            registry(json!({"containerName": "app", "containerPort": 80})),
            Warning("service-registry-port"),
            Refused(
                INVALID,
                "The values specified for serviceRegistries do not require a value for 'containerPort'",
            ),
        ),
        (
            "blue/green without its settings",
            plain(),
            shifted(json!([balancer(none())])),
            Error("advanced-configuration"),
            Refused(
                INVALID,
                "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy",
            ),
        ),
        (
            "settings in one balancer only",
            plain(),
            shifted(json!([
                balancer(advanced("green")),
                balancer(json!({"targetGroupArn": group("other")}))
            ])),
            Error("advanced-configuration"),
            Refused(
                INVALID,
                "Either all or none of the provided loadBalancers must have advancedConfiguration defined",
            ),
        ),
        (
            "one target group twice",
            plain(),
            shifted(json!([balancer(advanced("web"))])),
            Error("advanced-configuration"),
            Refused(INVALID, "Duplicate targetGroupArn found: arn:aws:elasticloadbalancing"),
        ),
        (
            "blue/green with its settings",
            plain(),
            shifted(json!([balancer(advanced("green"))])),
            Nothing,
            Accepted,
        ),
    ]
}

pub(super) fn connect_rows() -> Vec<Row> {
    let named = || fargate(none(), json!({"portMappings": [{"containerPort": 80, "name": "http"}]}));
    let connect = |service: Value| {
        let service = merged(json!({"portName": "http", "clientAliases": [{"port": 80}]}), &service);
        on_fargate(
            json!({"serviceConnectConfiguration": {"enabled": true, "namespace": "shop", "services": [service]}}),
        )
    };
    let lattice = on_fargate(
        json!({"vpcLatticeConfigurations": [{"roleArn": "arn:aws:iam::123456789012:role/lattice", "targetGroupArn": "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-a", "portName": "grpc"}]}),
    );
    vec![
        ("Service Connect", named(), connect(none()), Nothing, Accepted),
        (
            "a port of no name",
            named(),
            connect(json!({"portName": "grpc"})),
            Error("service-connect-port"),
            Refused(
                INVALID,
                "portName(grpc) does not refer to any named PortMapping in the container definitions",
            ),
        ),
        (
            "a port of no name for VPC Lattice",
            named(),
            lattice,
            Error("service-connect-port"),
            Refused(INVALID, "portName(grpc) does not refer to any named PortMapping"),
        ),
        (
            "two aliases",
            named(),
            connect(json!({"clientAliases": [{"port": 80}, {"port": 81}]})),
            Error("service-connect"),
            Refused(INVALID, "2 clientAliases exceeds the max limit of 1"),
        ),
        (
            "an alias that is no name",
            named(),
            connect(json!({"clientAliases": [{"port": 80, "dnsName": "Web Shop"}]})),
            Error("service-connect"),
            Refused(INVALID, "The DNS name that you provided is invalid"),
        ),
    ]
}

pub(super) fn daemon_rows() -> Vec<Row> {
    let daemon = |members: Value| merged(json!({"schedulingStrategy": "DAEMON"}), &members);
    let task = || ec2(none(), none());
    vec![
        ("a daemon", task(), daemon(none()), Nothing, Accepted),
        (
            "a daemon with a count",
            task(),
            daemon(json!({"desiredCount": 0})),
            Error("daemon"),
            Refused(INVALID, "The daemon scheduling strategy does not support a desired count for services"),
        ),
        (
            "a daemon with a strategy",
            task(),
            daemon(json!({"capacityProviderStrategy": [{"capacityProvider": "a", "weight": 1}]})),
            Error("daemon"),
            Refused(
                INVALID,
                "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.",
            ),
        ),
        (
            "a daemon of 200 percent",
            task(),
            daemon(deployment(json!({"maximumPercent": 200}))),
            Error("percent-bounds"),
            Refused(INVALID, "values above 100 for maximumPercent"),
        ),
        (
            "a daemon that is placed",
            task(),
            daemon(json!({"placementStrategy": [{"type": "spread", "field": "host"}]})),
            Error("daemon"),
            Refused(INVALID, "placement strategies"),
        ),
        (
            "a daemon that is rebalanced",
            task(),
            daemon(json!({"availabilityZoneRebalancing": "ENABLED"})),
            Error("daemon"),
            Refused(INVALID, "Availability Zone Rebalancing does not support DAEMON services"),
        ),
    ]
}

pub(super) fn deployment_rows() -> Vec<Row> {
    let with = |members: Value| on_fargate(deployment(members));
    let hook = |members: Value| {
        with(
            json!({"strategy": "BLUE_GREEN", "lifecycleHooks": [merged(json!({"hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "roleArn": "arn:aws:iam::123456789012:role/hooks", "lifecycleStages": ["POST_SCALE_UP"]}), &members)]}),
        )
    };
    let early = |members: Value| {
        with(merged(
            json!({"earlySuccessCriteria": {"enable": true, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}}),
            &members,
        ))
    };
    let blocked =
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments";
    let breaker = json!({"deploymentController": {"type": "CODE_DEPLOY"}, "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    vec![
        (
            "a minimum above 100",
            plain(),
            with(json!({"minimumHealthyPercent": 101})),
            Error("percent-bounds"),
            Refused(INVALID, "minimumHealthyPercent must be at most 100"),
        ),
        (
            "a maximum below 100",
            plain(),
            with(json!({"minimumHealthyPercent": 0, "maximumPercent": 99})),
            Error("percent-bounds"),
            Refused(INVALID, "maximumPercent must be at least 100"),
        ),
        (
            "no room for a deployment",
            plain(),
            with(json!({"minimumHealthyPercent": 100, "maximumPercent": 100})),
            Error("deployment-percents"),
            Refused(INVALID, blocked),
        ),
        (
            "linear settings of a canary",
            plain(),
            with(json!({"strategy": "CANARY", "linearConfiguration": {"stepPercent": 10}})),
            Error("traffic-shift"),
            Refused(INVALID, "Linear configuration can only be present with LINEAR deployment strategy"),
        ),
        (
            "canary settings of a rolling deployment",
            plain(),
            with(json!({"strategy": "ROLLING", "canaryConfiguration": {"canaryPercent": 10}})),
            Error("traffic-shift"),
            NotSeen,
        ),
        (
            "a step of 2 percent",
            plain(),
            with(json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2}})),
            Error("traffic-shift"),
            NotSeen,
        ),
        (
            "a canary of 101 percent",
            plain(),
            with(json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 101}})),
            Error("traffic-shift"),
            NotSeen,
        ),
        (
            "a bake time of more than a day",
            plain(),
            with(json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441})),
            Error("traffic-shift"),
            NotSeen,
        ),
        (
            "a hook without stages",
            plain(),
            hook(json!({"lifecycleStages": []})),
            Error("lifecycle-hooks"),
            Refused(INVALID, "Lifecycle stage cannot be null or empty for any deployment lifecycle hooks"),
        ),
        (
            "a hook without a function",
            plain(),
            hook(json!({"hookTargetArn": null})),
            Error("lifecycle-hooks"),
            Refused(
                INVALID,
                "Role arn or Hook Target arn is missing for one or more deployment lifecycle hooks",
            ),
        ),
        (
            "a pause while traffic shifts",
            plain(),
            hook(json!({"targetType": "PAUSE", "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]})),
            Error("lifecycle-hooks"),
            NotSeen,
        ),
        (
            "a threshold without a value",
            plain(),
            with(
                json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true, "thresholdConfiguration": {"type": "COUNT"}}}),
            ),
            Words("`value` is missing"),
            Refused(INVALID, "Invalid deployment circuit breaker threshold value."),
        ),
        ("early success", plain(), early(json!({"minimumHealthyPercent": 50})), Nothing, Accepted),
        (
            "early success of a canary",
            plain(),
            early(json!({"strategy": "CANARY"})),
            Error("early-success"),
            NotSeen,
        ),
        (
            "early success below the minimum",
            plain(),
            early(json!({"minimumHealthyPercent": 60})),
            Error("early-success"),
            NotSeen,
        ),
        (
            "early success without a percentage",
            plain(),
            with(json!({"earlySuccessCriteria": {"enable": true}})),
            Error("early-success"),
            NotSeen,
        ),
        (
            "ECS Exec without a role",
            plain(),
            on_fargate(json!({"enableExecuteCommand": true})),
            Error("execute-command-role"),
            Refused(
                INVALID,
                "because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.",
            ),
        ),
        (
            "CODE_DEPLOY without a balancer",
            plain(),
            on_fargate(json!({"deploymentController": {"type": "CODE_DEPLOY"}})),
            Warning("code-deploy-balancer"),
            Refused(INVALID, "the service requires an Application Load Balancer or Network Load Balancer"),
        ),
        (
            "a breaker of CODE_DEPLOY",
            plain(),
            on_fargate(merged(balanced(none()), &breaker)),
            Error("deployment-controller"),
            NotSeen,
        ),
        (
            "balancers of EXTERNAL",
            plain(),
            on_fargate(merged(balanced(none()), &json!({"deploymentController": {"type": "EXTERNAL"}}))),
            Error("deployment-controller"),
            Refused(INVALID, "must be"),
        ),
        (
            "a grace period without a balancer",
            plain(),
            on_fargate(json!({"healthCheckGracePeriodSeconds": 60})),
            Warning("grace-period"),
            NotSeen,
        ),
    ]
}
