//! The table of permissions.

use super::Need::{self, Always, Optional, Where};
use super::{ALL, LOOKUPS, Permission};

/// The verbs that look up services.
const SERVICES: &[&str] = &[
    "plan",
    "deploy",
    "status",
    "why",
    "history",
    "tasks",
    "images",
    "revisions",
    "prune",
    "wait",
    "rollback",
    "cancel",
    "continue",
    "restart",
    "logs",
    "exec",
    "stop-task",
    "scale",
    "delete",
];
/// The verbs that take the names of services and suggest near misses.
const NAMES: &[&str] = &[
    "status",
    "why",
    "history",
    "tasks",
    "images",
    "revisions",
    "wait",
    "rollback",
    "cancel",
    "continue",
    "restart",
    "logs",
    "exec",
    "stop-task",
    "scale",
    "delete",
    "run",
];
/// The verbs that say why a rollout failed.
const EXPLAIN: &[&str] = &["deploy", "why", "wait", "rollback", "cancel", "continue", "restart"];
/// The verbs that read schedules and rules as they are.
const SCHEDULES: &[&str] = &[
    "plan",
    "deploy",
    "rollback",
    "status",
    "schedule list",
    "schedule diff",
    "schedule run",
    "schedule enable",
    "schedule disable",
    "schedule prune",
    "delete",
];
/// The verbs that take the lock of their stage.
const LOCKED: &[&str] = &[
    "deploy",
    "rollback",
    "restart",
    "scale",
    "delete",
    "run",
    "prune",
    "schedule enable",
    "schedule disable",
    "schedule prune",
];
/// The verbs that start tasks.
const TASKS: &[&str] = &["run", "deploy", "schedule run"];

const fn row(verbs: &'static [&'static str], actions: &'static [&'static str], need: Need) -> Permission {
    Permission { verbs, actions, need }
}

/// All permissions.
pub const PERMISSIONS: &[Permission] = &[
    row(ALL, &["sts:AssumeRole"], Where("the manifest or stage has `role:`, or the profile assumes a role")),
    row(
        ALL,
        &["sts:GetCallerIdentity"],
        Optional(
            "AWS allows it by default. Where a policy denies it, `ecsail:deployed-by` is missing, a manifest with `account:` is refused, schedules are not deployed, and a protected stage is neither approved nor changed",
        ),
    ),
    row(
        &["check", "render"],
        &["sts:AssumeRole"],
        Where("something is looked up (`check` with `--lookups`), and the manifest or stage has `role:`"),
    ),
    row(
        &["check", "render"],
        &["sts:GetCallerIdentity"],
        Where("a template has `aws.account`; AWS allows it by default"),
    ),
    row(
        LOOKUPS,
        &[
            "ssm:GetParameters",
            "kms:Decrypt",
            "secretsmanager:DescribeSecret",
            "cloudformation:DescribeStacks",
            "cloudformation:ListExports",
            "s3:GetObject",
        ],
        Where(
            "templates look up parameters (`SecureString` ones need the key), secrets, outputs, exports, or a Terraform state in S3: on what they name. Commands that render nothing look up only what names the cluster, the services and the lock",
        ),
    ),
    row(LOCKED, &["dynamodb:PutItem"], Where("the stage has `lock:`: on its table")),
    row(
        &["scale", "schedule enable", "schedule disable", "schedule prune"],
        &["ecs:ListTasks", "ecs:DescribeTasks"],
        Where("the lock of a command that is gone is taken over: what it began must have ended"),
    ),
    row(
        &["deploy"],
        &["ssm:GetParameter"],
        Where("`notify:` names a parameter; without the permission a note says who was not told"),
    ),
    row(
        &["deploy", "rollback", "scale", "delete", "prune", "secret put", "secret from-kms"],
        &["dynamodb:Scan"],
        Where(
            "the stage is protected and has `lock:`, and approvals are missing: those in its table are read",
        ),
    ),
    row(
        &["secret put", "secret from-kms"],
        &["ssm:DescribeParameters", "ssm:PutParameter"],
        Where("a parameter is written: `ssm:DescribeParameters` on `*`, `ssm:PutParameter` on it"),
    ),
    row(
        &["secret put", "secret from-kms"],
        &["ssm:GetParameter"],
        Where("the answer to the write of a parameter was lost: what is there is compared"),
    ),
    row(
        &["secret put", "secret from-kms"],
        &["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"],
        Where("a secret is written: on it, beside `secretsmanager:DescribeSecret`"),
    ),
    row(
        &["secret put", "secret from-kms"],
        &["kms:Encrypt", "kms:GenerateDataKey"],
        Where("the parameter or secret has a key of yours: on the key, beside `kms:Decrypt`"),
    ),
    row(
        &["secret list"],
        &["ssm:DescribeParameters", "secretsmanager:ListSecrets"],
        Where("`--secretsmanager` or `--ssm` does not leave them out: on `*`"),
    ),
    row(
        &["secret diff"],
        &["ssm:DescribeParameters"],
        Where("the definitions refer to parameters: on `*`; without it their state is shown as unknown"),
    ),
    row(&["secret encrypt"], &["kms:Encrypt"], Always),
    row(&["approve"], &["dynamodb:PutItem"], Where("`--record` is given: on the table of the lock")),
    row(
        &["scale"],
        &["ecs:TagResource"],
        Where("`--emergency` is given: its reason is recorded on the service"),
    ),
    row(&["lock init"], &["dynamodb:DescribeTable"], Always),
    row(&["lock init"], &["dynamodb:CreateTable"], Where("there is no such table")),
    row(&["lock status", "lock hold", "lock release"], &["dynamodb:GetItem"], Always),
    row(&["lock hold"], &["dynamodb:PutItem"], Always),
    row(&["lock release"], &["dynamodb:PutItem"], Where("the lock is held")),
    row(&["init"], &["ecs:ListServices", "ecs:DescribeServices", "ecs:DescribeTaskDefinition"], Always),
    row(
        &["init"],
        &["ecs:DescribeServiceRevisions"],
        Optional("`monitoring` and other attributes that only a service revision has are not written"),
    ),
    row(
        &["init"],
        &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ],
        Optional("no autoscaling is written"),
    ),
    row(
        &["init"],
        &["events:ListRules", "events:ListTargetsByRule", "events:ListTagsForResource"],
        Optional("no rules are written"),
    ),
    row(
        &["init"],
        &[
            "scheduler:ListSchedules",
            "scheduler:GetSchedule",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
        ],
        Optional("no schedules are written"),
    ),
    row(
        &["init"],
        &["ecr:DescribeImages", "ecr:DescribePullThroughCacheRules"],
        Optional("the plan after it does not notice a tag that was moved"),
    ),
    row(&["init"], &["ecs:DescribeExpressGatewayService"], Optional("Express services are left out")),
    row(SERVICES, &["ecs:DescribeServices"], Always),
    row(
        NAMES,
        &["ecs:ListServices"],
        Optional("no suggestion for a name that does not exist; needed for `--cluster` without names"),
    ),
    row(&["plan", "deploy"], &["ecs:DescribeTaskDefinition"], Always),
    row(&["deploy"], &["ecs:RegisterTaskDefinition"], Where("a definition changes")),
    row(&["deploy"], &["iam:PassRole"], Where("a definition with roles is registered: on these roles")),
    row(
        &["deploy"],
        &["ecs:TagResource"],
        Optional(
            "the revisions have no `ecsail:` tags, so that a deploy does not notice that the `after` tasks of an earlier one are missing, and notes say so; needed for tags of your own",
        ),
    ),
    row(&["deploy"], &["ecs:UpdateService"], Where("a service changes or is rolled back")),
    row(&["deploy"], &["ecs:CreateService"], Where("a service of the manifest does not exist")),
    row(
        &["plan", "deploy"],
        &["ecs:DescribeExpressGatewayService"],
        Where("the manifest has a service with `express:`"),
    ),
    row(
        &["deploy"],
        &["ecs:CreateExpressGatewayService", "ecs:UpdateExpressGatewayService", "iam:PassRole"],
        Where("a service with `express:` is created or changes: `PassRole` on its roles"),
    ),
    row(
        &["status"],
        &["ecs:DescribeExpressGatewayService"],
        Optional("the URLs of Express services are not shown"),
    ),
    row(
        &["plan", "deploy"],
        &["ecs:ListServices", "ecs:DescribeClusters"],
        Optional(
            "where a service does not exist: a mistyped name is not noticed, and an incomplete launch type is refused by ECS only",
        ),
    ),
    row(&["deploy"], &["ecs:UntagResource"], Where("a tag of a service is removed from the manifest")),
    row(
        &["plan", "deploy"],
        &["ecr:DescribeImages"],
        Optional(
            "images are not checked, and a note says so: a missing tag shows only as tasks that cannot start, a moved tag is not noticed, and no digest is recorded",
        ),
    ),
    row(
        &["plan", "deploy", "run", "rollback", "restart", "schedule diff"],
        &["ecr:DescribePullThroughCacheRules"],
        Optional(
            "an image that a pull-through cache does not have yet is refused, unless its prefix is a usual one such as `docker-hub/`; needed only where an image is missing",
        ),
    ),
    row(
        &["plan", "deploy", "schedule diff"],
        &["ecs:DescribeServiceRevisions"],
        Optional("a moved tag is noticed only where the `ecsail:digest:` tags record the running digest"),
    ),
    row(
        &["plan", "deploy"],
        &["ecs:ListServicesByNamespace"],
        Optional(
            "a Service Connect namespace that ECS names by its ARN and the manifest by its name, or the reverse, shows as a change",
        ),
    ),
    row(
        &["plan", "deploy"],
        &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ],
        Where(
            "a service has `autoscaling:`; with `enforce_desired_count` alone, the number of tasks is not set and a note says so",
        ),
    ),
    row(
        &["plan", "deploy"],
        &["elasticloadbalancing:DescribeTargetGroups"],
        Where(
            "a service has `requests_per_target:`; where a service is created, ECS alone checks its target groups without it",
        ),
    ),
    row(
        &["deploy"],
        &[
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:DeleteScheduledAction",
        ],
        Where("the autoscaling of a service changes"),
    ),
    // User guide of Application Auto Scaling, "Identity-based policy examples": AWS checks these for the caller.
    row(
        &["deploy"],
        &["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
        Where("a target tracking policy changes: for the alarms that AWS creates for it"),
    ),
    row(
        &["deploy"],
        &["iam:CreateServiceLinkedRole"],
        Where("the scalable target of a service is the first one in the account"),
    ),
    row(
        &["deploy"],
        &["application-autoscaling:DeregisterScalableTarget"],
        Where("a new scalable target is taken back, because a later change of the release failed"),
    ),
    row(&["continue"], &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"], Always),
    row(
        &["deploy", "why", "wait", "rollback", "cancel", "restart"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        Optional(
            "the service's deployment list decides, and a note says so; lifecycle stages (`--until`) and the reasons of rollbacks are less precise",
        ),
    ),
    row(
        EXPLAIN,
        &["ecs:ListTasks", "ecs:DescribeTasks"],
        Optional(
            "a failure is not explained, and a crash loop without circuit breaker ends at the timeout only; `before` and `after` tasks need it",
        ),
    ),
    row(EXPLAIN, &["logs:GetLogEvents"], Optional("the diagnosis has no log lines")),
    row(
        EXPLAIN,
        &["elasticloadbalancing:DescribeTargetHealth"],
        Optional("the diagnosis does not say why targets are unhealthy"),
    ),
    row(
        &["why", "wait", "cancel", "continue"],
        &["ecs:DescribeServiceRevisions"],
        Optional("the revision of a deployment that has ended is not named"),
    ),
    row(
        &["why", "wait", "cancel", "continue", "restart"],
        &["ecs:DescribeTaskDefinition"],
        Optional(
            "the diagnosis has no log lines, and `wait` does not name `after` tasks that an earlier deploy has not run",
        ),
    ),
    row(
        &["deploy", "wait", "restart"],
        &["ecs:StopServiceDeployment"],
        Optional(
            "a failed rollout is rolled back by an update; a forced deployment of the same revision is not rolled back",
        ),
    ),
    row(
        &["wait"],
        &["ecs:UpdateService"],
        Where("`--on-failure rollback` or `--on-timeout rollback` is given"),
    ),
    row(&["tasks"], &["ecs:ListTasks", "ecs:DescribeTasks"], Always),
    row(&["images"], &["ecr:DescribeImages"], Always),
    row(
        &["status", "history", "images"],
        &["ecs:DescribeServiceRevisions"],
        Optional(
            "no images and digests; `history` also lacks the revisions, and in `images` the tag decides which image runs",
        ),
    ),
    row(
        &["status", "history"],
        &["ecs:DescribeTaskDefinition"],
        Optional("no deployer, tag and commit, and no drift"),
    ),
    row(&["images"], &["ecs:DescribeTaskDefinition"], Always),
    row(
        &["status"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        Optional("no lifecycle stage of a deployment in progress, and not how the last deployment ended"),
    ),
    row(&["status"], &["ecs:ListTasks", "ecs:DescribeTasks"], Optional("no cause where tasks fail")),
    row(
        &["history"],
        &["ecs:ListServiceDeployments"],
        Optional("only the deployments that the service itself lists"),
    ),
    row(
        &["history"],
        &["ecs:DescribeServiceDeployments"],
        Optional("no reasons, and no targets of rollbacks"),
    ),
    row(&["status"], &["elasticloadbalancing:DescribeTargetHealth"], Optional("no targets")),
    row(
        &["status"],
        &["application-autoscaling:DescribeScalableTargets"],
        Optional("no range of autoscaling"),
    ),
    row(&["rollback"], &["ecs:DescribeTaskDefinition", "ecs:UpdateService"], Always),
    row(
        &["rollback"],
        &["ecs:DescribeServiceRevisions"],
        Optional("attributes are not restored, and digests are known only as recorded in tags"),
    ),
    row(
        &["rollback"],
        &["ecs:ListTaskDefinitions"],
        Where(
            "service deployments cannot be read, or `--to` names a tag or digest: the target is found among the revisions",
        ),
    ),
    row(&["rollback"], &["ecr:DescribeImages"], Optional("images are not checked before")),
    row(
        &["rollback"],
        &["ecs:StopServiceDeployment"],
        Optional("a deployment in progress is rolled back by an update"),
    ),
    row(
        &["rollback"],
        &["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"],
        Where("the revision is deregistered, a tag has moved, or `--emergency` is given"),
    ),
    row(&["cancel"], &["ecs:StopServiceDeployment"], Optional("an update rolls back instead")),
    row(&["cancel"], &["ecs:UpdateService"], Where("ECS cannot stop the deployment")),
    row(&["continue"], &["ecs:ContinueServiceDeployment"], Always),
    row(&["restart"], &["ecs:UpdateService"], Always),
    row(
        &["restart"],
        &["ecs:DescribeServiceRevisions", "ecr:DescribeImages"],
        Optional("images are not checked before"),
    ),
    row(&["logs"], &["ecs:DescribeTaskDefinition"], Always),
    row(&["logs"], &["logs:FilterLogEvents"], Always),
    row(
        &["logs"],
        &["ecs:ListTasks", "ecs:DescribeTasks"],
        Where("the log options have no `awslogs-stream-prefix`"),
    ),
    row(&["exec"], &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:ExecuteCommand"], Always),
    row(
        &["exec"],
        &["ecs:DescribeTaskDefinition"],
        Optional("task role and file system are not checked before"),
    ),
    row(&["stop-task"], &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:StopTask"], Always),
    row(
        &["scale"],
        &["ecs:UpdateService"],
        Where("`--desired` is given; AWS also asks for it when a range is set"),
    ),
    row(
        &["scale"],
        &["application-autoscaling:DescribeScalableTargets"],
        Optional(
            "no warning that autoscaling will change the number again; needed for `--min`, `--max`, `--suspend` and `--resume`",
        ),
    ),
    row(
        &["scale"],
        &[
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
        ],
        Optional(
            "a number inside the range of autoscaling needs `--force`, also where nothing would change it",
        ),
    ),
    row(
        &["scale"],
        &["application-autoscaling:RegisterScalableTarget"],
        Where("`--min`, `--max`, `--suspend` or `--resume` is given"),
    ),
    row(&["delete"], &["ecs:DeleteService"], Always),
    row(&["delete"], &["ecs:DeleteExpressGatewayService"], Where("a service is one of Express Mode")),
    row(
        &["delete"],
        &["ecs:UpdateService"],
        Where("a service is scaled above 0, and `--force` is not given"),
    ),
    row(&["delete"], &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:StopTask"], Where("`--force` is given")),
    row(&["delete"], &["ecs:DescribeTaskDefinition"], Optional("the log groups that stay are not named")),
    row(
        &["delete"],
        &["application-autoscaling:DescribeScalableTargets"],
        Optional(
            "the scalable target of a service stays, and may start tasks again until the service is gone",
        ),
    ),
    row(
        &["delete"],
        &["application-autoscaling:DeregisterScalableTarget"],
        Where("a service is scaled automatically"),
    ),
    row(&["revisions"], &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"], Always),
    row(
        &["revisions"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"],
        Optional("no successful deployments and no rollback targets"),
    ),
    row(&["revisions"], &["ecs:ListTasks", "ecs:DescribeTasks"], Optional("no tasks")),
    row(
        &["revisions"],
        &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        Optional("no rules"),
    ),
    row(&["revisions"], &["scheduler:ListSchedules", "scheduler:GetSchedule"], Optional("no schedules")),
    row(&["prune"], &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"], Always),
    row(&["prune"], &["ecs:ListServices"], Always),
    row(&["prune"], &["ecs:ListClusters"], Where("`--without clusters` is not given")),
    row(
        &["prune"],
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"],
        Where("`--without deployments` is not given"),
    ),
    row(&["prune"], &["ecs:ListTasks", "ecs:DescribeTasks"], Where("`--without tasks` is not given")),
    row(
        &["prune"],
        &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        Where("`--without rules` is not given"),
    ),
    row(
        &["prune"],
        &["scheduler:ListSchedules", "scheduler:GetSchedule"],
        Where("`--without schedules` is not given"),
    ),
    row(&["prune"], &["ecs:DeregisterTaskDefinition"], Always),
    row(&["prune"], &["ecs:DeleteTaskDefinitions"], Where("`--delete` is given")),
    row(TASKS, &["ecs:RunTask"], Where("a task is started")),
    row(
        &["run"],
        &["ecs:ListTasks"],
        Optional("a task of the manifest is started also where the same task is running, and a note says so"),
    ),
    row(&["run", "schedule run"], &["ecs:DescribeTasks"], Where("a task is started")),
    row(&["run"], &["ecs:DescribeServices"], Where("the task is like a service")),
    row(&["run"], &["ecs:DescribeTaskDefinition"], Always),
    row(
        &["run"],
        &["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        Where("the definition is not registered yet"),
    ),
    row(
        &["run"],
        &["ecr:DescribeImages", "ecs:DescribeServiceRevisions"],
        Optional("images are not checked before, and a tag that has moved is not noticed"),
    ),
    row(TASKS, &["iam:PassRole"], Where("a task with roles is started: on these roles")),
    row(TASKS, &["ecs:StopTask"], Where("a task times out or is to be stopped")),
    row(TASKS, &["logs:FilterLogEvents"], Optional("no log lines, and a note says so")),
    row(&["run", "schedule run"], &["logs:GetLogEvents"], Optional("the diagnosis has no log lines")),
    row(
        SCHEDULES,
        &["scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"],
        Where("the manifest has schedules"),
    ),
    row(
        SCHEDULES,
        &[
            "events:ListRules",
            "events:DescribeRule",
            "events:ListTargetsByRule",
            "events:ListTagsForResource",
        ],
        Where("the manifest has rules; with schedules only, a note says what was not compared"),
    ),
    row(
        &["status", "schedule list", "schedule prune", "delete"],
        &["scheduler:ListSchedules"],
        Where("the manifest has schedules"),
    ),
    row(
        &[
            "schedule list",
            "schedule diff",
            "schedule run",
            "schedule enable",
            "schedule disable",
            "schedule prune",
        ],
        &["ecs:DescribeServices", "ecs:DescribeTaskDefinition"],
        Where("a schedule is like a service, or its revision is shown"),
    ),
    row(&["schedule diff"], &["ecr:DescribeImages"], Optional("images are not checked")),
    row(
        &["deploy", "rollback", "schedule enable", "schedule disable"],
        &["scheduler:UpdateSchedule"],
        Where("a schedule changes"),
    ),
    row(
        &["deploy"],
        &["scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:TagResource"],
        Where("a schedule or its group is new"),
    ),
    row(&["deploy", "rollback"], &["events:PutRule", "events:PutTargets"], Where("a rule changes")),
    row(
        &["deploy", "rollback"],
        &["events:RemoveTargets", "events:TagResource", "events:UntagResource"],
        Where("targets or tags of a rule change"),
    ),
    row(&["deploy", "schedule enable"], &["events:EnableRule"], Where("a rule is enabled")),
    row(&["deploy", "schedule disable"], &["events:DisableRule"], Where("a rule is disabled")),
    row(
        &["deploy", "rollback", "schedule enable", "schedule disable"],
        &["iam:PassRole"],
        Where("a schedule or rule is written: on the role that starts its tasks"),
    ),
    row(&["schedule prune", "delete"], &["scheduler:DeleteSchedule"], Where("a schedule is removed")),
    row(
        &["schedule prune", "delete"],
        &["events:RemoveTargets", "events:DeleteRule"],
        Where("a rule or its targets are removed"),
    ),
];
