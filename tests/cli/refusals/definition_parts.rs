//! What `RegisterTaskDefinition` refuses of the parts of a definition: Fargate, environment, references, volumes.

use serde_json::{Value, json};

use super::Answer::{Accepted, NotSeen, Refused};
use super::Finding::{Error, Nothing, Warning, Words};
use super::definitions::{Row, beside, ec2, fargate, none};
use super::{CLIENT, merged};

pub(super) fn fargate_rows() -> Vec<Row> {
    let linux = |members: Value| json!({"linuxParameters": members});
    let logs = |driver: &str| json!({"logConfiguration": {"logDriver": driver}});
    let awslogs = |options: Value| json!({"logConfiguration": {"logDriver": "awslogs", "options": options}});
    let region = json!({"awslogs-group": "g", "awslogs-region": "eu-west-1"});
    let volume = |kind: Value| json!({"volumes": [merged(json!({"name": "data"}), &kind)]});
    let lacks = "Fargate compatible task definitions do not support";
    let whole = merged(region.clone(), &json!({"awslogs-stream-prefix": "app"}));
    let no_role = json!({"executionRoleArn": null});
    let ecr = json!({"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/app:1"});
    vec![
        (
            "devices",
            fargate(none(), linux(json!({"devices": [{"hostPath": "/dev/fuse"}]}))),
            Error("fargate-unsupported"),
            Refused(CLIENT, lacks),
        ),
        (
            "shared memory",
            fargate(none(), linux(json!({"sharedMemorySize": 64}))),
            Error("fargate-unsupported"),
            Refused(CLIENT, lacks),
        ),
        (
            "swap",
            fargate(none(), linux(json!({"maxSwap": 64}))),
            Error("fargate-unsupported"),
            Refused(CLIENT, lacks),
        ),
        (
            "Docker's security options",
            fargate(none(), json!({"dockerSecurityOptions": ["no-new-privileges"]})),
            Error("fargate-unsupported"),
            Refused(CLIENT, lacks),
        ),
        (
            "a Docker volume",
            fargate(volume(json!({"dockerVolumeConfiguration": {"scope": "task"}})), none()),
            Error("fargate-unsupported"),
            Refused(CLIENT, lacks),
        ),
        (
            "a path of the host",
            fargate(volume(json!({"host": {"sourcePath": "/srv"}})), none()),
            Error("fargate-unsupported"),
            Refused(CLIENT, "do not support sourcePath"),
        ),
        (
            "placement constraints",
            fargate(json!({"placementConstraints": [{"type": "memberOf", "expression": "x"}]}), none()),
            Error("fargate-unsupported"),
            Refused(CLIENT, "do not support constraints"),
        ),
        (
            "an IPC mode",
            fargate(json!({"ipcMode": "task"}), none()),
            Error("fargate-unsupported"),
            Refused(CLIENT, lacks),
        ),
        (
            "tmpfs",
            fargate(none(), linux(json!({"tmpfs": [{"containerPath": "/t", "size": 64}]}))),
            Warning("fargate-tmpfs"),
            Accepted,
        ),
        (
            "privileged",
            fargate(none(), json!({"privileged": true})),
            Error("fargate-unsupported"),
            Refused(CLIENT, "Fargate requires that the 'privileged' setting be 'false'"),
        ),
        (
            "the processes of the host",
            fargate(json!({"pidMode": "host"}), none()),
            Error("fargate-unsupported"),
            Refused(
                CLIENT,
                "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
            ),
        ),
        (
            "a GPU",
            fargate(none(), json!({"resourceRequirements": [{"type": "GPU", "value": "1"}]})),
            Error("fargate-unsupported"),
            Refused(CLIENT, "Tasks using the Fargate launch type do not support GPU resource requirements"),
        ),
        (
            "a capability",
            fargate(none(), linux(json!({"capabilities": {"add": ["NET_ADMIN"]}}))),
            Error("fargate-unsupported"),
            Refused(CLIENT, "NET_ADMIN is not allowed on Fargate."),
        ),
        (
            "another log driver",
            fargate(none(), logs("syslog")),
            Error("fargate-log-driver"),
            Refused(
                CLIENT,
                "syslog is not a valid log driver. Must be one of [awslogs, splunk, awsfirelens]",
            ),
        ),
        (
            "awslogs without options",
            ec2(none(), awslogs(none())),
            Error("awslogs-options"),
            Refused(CLIENT, "Log driver awslogs requires options: awslogs-region, awslogs-group"),
        ),
        (
            "awslogs without a group",
            ec2(none(), awslogs(json!({"awslogs-region": "eu-west-1"}))),
            Error("awslogs-options"),
            Refused(CLIENT, "Log driver awslogs requires options: awslogs-group"),
        ),
        (
            "awslogs without a prefix",
            fargate(none(), awslogs(region)),
            Error("awslogs-options"),
            Refused(CLIENT, "Fargate requires log configuration options to include awslogs-stream-prefix"),
        ),
        (
            "awslogs without a role",
            fargate(no_role.clone(), awslogs(whole)),
            Error("fargate-execution-role"),
            Refused(
                CLIENT,
                "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
            ),
        ),
        (
            "ECR without a role",
            fargate(no_role, ecr),
            Error("fargate-execution-role"),
            Refused(CLIENT, "to support ECR images."),
        ),
    ]
}

pub(super) fn environment_rows() -> Vec<Row> {
    let secret = |name: &str, from: &str| json!({"secrets": [{"name": name, "valueFrom": from}]});
    let asm = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
    let file = |value: &str| json!({"environmentFiles": [{"type": "s3", "value": value}]});
    let many: Value =
        (0..11).map(|at| json!({"type": "s3", "value": format!("arn:aws:s3:::b/{at}.env")})).collect();
    let role =
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.";
    let both =
        json!({"environment": [{"name": "A", "value": "x"}], "secrets": [{"name": "A", "valueFrom": "a"}]});
    vec![
        (
            "secrets without a role on EC2",
            ec2(none(), secret("A", "a")),
            Error("execution-role"),
            Refused(CLIENT, role),
        ),
        (
            "secrets without a role on Fargate",
            fargate(json!({"executionRoleArn": null}), secret("A", "a")),
            Error("execution-role"),
            Refused(CLIENT, role),
        ),
        (
            "credentials of a registry without a role",
            ec2(none(), json!({"repositoryCredentials": {"credentialsParameter": "registry"}})),
            Error("execution-role"),
            Refused(
                CLIENT,
                "Private repository authentication requires that the task definition specify a value for executionRoleArn.",
            ),
        ),
        (
            "a secret and a variable of one name",
            fargate(none(), both),
            Error("secret-and-environment"),
            Refused(
                CLIENT,
                "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'.",
            ),
        ),
        (
            "two secrets of one name",
            fargate(
                none(),
                json!({"secrets": [{"name": "A", "valueFrom": "a"}, {"name": "A", "valueFrom": "b"}]}),
            ),
            Words("duplicate `A`"),
            Refused(CLIENT, "The secret name must be unique"),
        ),
        (
            "two variables of one name",
            fargate(
                none(),
                json!({"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
            ),
            Nothing,
            Accepted,
        ),
        (
            "a variable without a name",
            fargate(none(), json!({"environment": [{"name": "", "value": "x"}]})),
            Error("entry-incomplete"),
            Refused(CLIENT, "Environment variable name cannot be null or blank."),
        ),
        (
            "a variable without a value",
            fargate(none(), json!({"environment": [{"name": "A"}]})),
            Error("entry-incomplete"),
            NotSeen,
        ),
        (
            "a variable with an empty value",
            fargate(none(), json!({"environment": [{"name": "A", "value": ""}]})),
            Nothing,
            Accepted,
        ),
        (
            "a parameter with a blank",
            fargate(none(), secret("JWT_KEY", "jwt key")),
            Error("secret-reference"),
            Refused(CLIENT, "The Systems Manager parameter name specified for secret JWT_KEY is invalid."),
        ),
        (
            "an ARN with five parts",
            fargate(none(), secret("A", "arn:aws:ssm:eu-west-1:123456789012")),
            Error("secret-reference"),
            Refused(CLIENT, "Invalid arn syntax"),
        ),
        (
            "a secret's ARN with one part more",
            fargate(none(), secret("A", &format!("{asm}:password"))),
            Error("secret-reference"),
            Accepted,
        ),
        (
            "a secret's ARN with two parts more",
            fargate(none(), secret("A", &format!("{asm}::"))),
            Error("secret-reference"),
            Accepted,
        ),
        (
            "a secret's ARN with three parts more",
            fargate(none(), secret("A", &format!("{asm}:password::"))),
            Nothing,
            Accepted,
        ),
        (
            "eleven environment files",
            fargate(none(), json!({"environmentFiles": many})),
            Error("environment-files"),
            Refused(
                CLIENT,
                "The maximum number of environment files was exceeded. Specify ten or less and try again",
            ),
        ),
        (
            "an environment file that is no ARN",
            fargate(none(), file("s3://b/a.env")),
            Error("arn-syntax"),
            Refused(CLIENT, "Invalid arn syntax"),
        ),
        (
            "an image with a variable of a shell",
            fargate(none(), json!({"image": "$REGISTRY/app:1"})),
            Error("placeholder"),
            Refused(CLIENT, "Container.image contains invalid characters."),
        ),
        (
            "an image with a placeholder",
            fargate(none(), json!({"image": "<IMAGE>"})),
            Error("placeholder"),
            Refused(CLIENT, "Container.image contains invalid characters."),
        ),
        (
            "a long image",
            fargate(none(), json!({"image": "a".repeat(256)})),
            Error("image-syntax"),
            Refused(CLIENT, "Container.image should be 255 characters or less"),
        ),
        (
            "a role with a placeholder",
            fargate(json!({"executionRoleArn": "arn:aws:iam::ACCOUNT_ID:role/app"}), none()),
            Error("placeholder"),
            Refused(CLIENT, "Role is not valid"),
        ),
        (
            "a size with a placeholder",
            ec2(json!({"memory": "__MEMORY__"}), none()),
            Error("placeholder"),
            Refused(CLIENT, "Invalid 'memory' setting for task."),
        ),
    ]
}

pub(super) fn reference_rows() -> Vec<Row> {
    let router = |members: Value| merged(json!({"firelensConfiguration": {"type": "fluentbit"}}), &members);
    let routed = json!({"logConfiguration": {"logDriver": "awsfirelens"}});
    let s3 = |value: &str| {
        router(
            json!({"firelensConfiguration": {"options": {"config-file-type": "s3", "config-file-value": value}}}),
        )
    };
    let needs =
        |name: &str, condition: &str| json!({"dependsOn": [{"containerName": name, "condition": condition}]});
    let proxy = |name: &str| json!({"proxyConfiguration": {"type": "APPMESH", "containerName": name, "properties": [{"name": "ProxyEgressPort", "value": "1"}, {"name": "AppPorts", "value": "80"}]}});
    let essential =
        "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container";
    vec![
        (
            "a router without a source of logs",
            beside(fargate(none(), none()), router(none())),
            Error("firelens-router"),
            Refused(
                CLIENT,
                "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.",
            ),
        ),
        (
            "a source of logs without a router",
            fargate(none(), routed.clone()),
            Error("firelens-router"),
            Refused(
                CLIENT,
                "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers.",
            ),
        ),
        (
            "a router of another user",
            beside(fargate(none(), routed.clone()), router(json!({"user": "1000"}))),
            Error("firelens-settings"),
            Refused(CLIENT, "If 'user' field is specified on firelens container, then 'UID' has to be '0'."),
        ),
        (
            "a router's file in S3 on Fargate",
            beside(fargate(none(), routed.clone()), s3("arn:aws:s3:::b/a.conf")),
            Error("firelens-settings"),
            Refused(
                CLIENT,
                "Fargate launch type does not support FirelensConfiguration config file from 's3'",
            ),
        ),
        (
            "a router's file that is no ARN",
            beside(ec2(none(), routed.clone()), s3("s3://b/a.conf")),
            Error("firelens-settings"),
            Refused(CLIENT, "Invalid arn syntax"),
        ),
        (
            "a router and its source",
            beside(fargate(none(), routed), router(json!({"user": "0"}))),
            Nothing,
            Accepted,
        ),
        (
            "a dependency on nothing",
            fargate(none(), needs("db", "START")),
            Error("depends-on-container"),
            Refused(CLIENT, "Cannot depend on container db because it does not exist"),
        ),
        (
            "the end of an essential container",
            beside(fargate(none(), needs("side", "SUCCESS")), none()),
            Error("depends-on-essential"),
            Refused(CLIENT, essential),
        ),
        (
            "the health of a container without a check",
            beside(fargate(none(), needs("side", "HEALTHY")), none()),
            Error("depends-on-health"),
            Refused(
                CLIENT,
                "A dependency container with HEALTHY condition must have health check configured",
            ),
        ),
        (
            "dependencies in a cycle",
            beside(fargate(none(), needs("side", "START")), needs("app", "START")),
            Error("depends-on-cycle"),
            NotSeen,
        ),
        (
            "an unknown volume",
            fargate(none(), json!({"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]})),
            Error("volume-exists"),
            Refused(CLIENT, "Unknown volume 'data'"),
        ),
        (
            "volumes from nothing",
            fargate(none(), json!({"volumesFrom": [{"sourceContainer": "db"}]})),
            Error("volumes-from"),
            Refused(CLIENT, "Invalid 'volumesFrom' setting. Unknown container: 'db'"),
        ),
        (
            "a proxy with bridge",
            ec2(proxy("app"), none()),
            Error("proxy-configuration"),
            Refused(CLIENT, "APPMESH proxy configuration is only supported in networkMode=awsvpc"),
        ),
        (
            "a proxy that is nothing",
            fargate(proxy("envoy"), none()),
            Error("proxy-configuration"),
            Refused(CLIENT, "Proxy container [envoy] does not exist"),
        ),
        (
            "a proxy without a port",
            fargate(proxy("app"), none()),
            Error("proxy-configuration"),
            Refused(CLIENT, "Ingress port not found"),
        ),
    ]
}

pub(super) fn volume_rows() -> Vec<Row> {
    let volume = |kind: Value| json!({"volumes": [merged(json!({"name": "data"}), &kind)]});
    let docker = |members: Value| ec2(volume(json!({"dockerVolumeConfiguration": members})), none());
    let efs = |members: Value| {
        fargate(
            volume(json!({"efsVolumeConfiguration": merged(json!({"fileSystemId": "fs-01"}), &members)})),
            none(),
        )
    };
    let task_scope =
        "When 'scope' parameter is 'task', 'autoprovision' must either not be specified or set to 'True'.";
    vec![
        (
            "a volume of the task that is not provisioned",
            docker(json!({"scope": "task", "autoprovision": false})),
            Error("docker-volume"),
            Refused(CLIENT, task_scope),
        ),
        (
            "a volume of the task that is provisioned",
            docker(json!({"scope": "task", "autoprovision": true})),
            Error("docker-volume"),
            Accepted,
        ),
        ("a volume of the task", docker(json!({"scope": "task"})), Nothing, Accepted),
        (
            "a directory beside an access point",
            efs(
                json!({"rootDirectory": "/a", "transitEncryption": "ENABLED", "authorizationConfig": {"accessPointId": "fsap-01"}}),
            ),
            Error("file-system"),
            Refused(
                CLIENT,
                "When using an EFS access point, the root directory must either be set to \"/\" or be omitted",
            ),
        ),
        (
            "IAM without encryption",
            efs(json!({"authorizationConfig": {"iam": "ENABLED"}})),
            Error("file-system"),
            Refused(CLIENT, "EFS IAM authorization requires TransitEncryption to be enabled"),
        ),
        (
            "a port without encryption",
            efs(json!({"transitEncryptionPort": 2049})),
            Error("file-system"),
            Refused(CLIENT, "TransitEncryptionPort requires that TransitEncryption is enabled"),
        ),
        (
            "a launch volume that nothing mounts",
            fargate(volume(json!({"configuredAtLaunch": true})), none()),
            Error("launch-volume"),
            Refused(CLIENT, "Volumes [data] are not referenced by any of the containers"),
        ),
        ("another volume that nothing mounts", fargate(volume(none()), none()), Nothing, Accepted),
    ]
}
