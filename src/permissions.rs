//! The IAM permissions of each verb: data for the reference and for policies. A test holds it against the calls that the
//! verbs make in the sandbox.

/// One or more actions that verbs need together.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// The verbs, as on the command line: `deploy`, `schedule run`.
    pub verbs: &'static [&'static str],
    /// IAM actions: `ecs:UpdateService`.
    pub actions: &'static [&'static str],
    pub need: Need,
}

/// Whether a verb works without an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The verb fails without it.
    Always,
    /// The verb needs it in this case.
    Where(&'static str),
    /// The verb works without it, and this is lost.
    Optional(&'static str),
}

use Need::{Always, Optional, Where};

/// The verbs that look up services.
const SERVICES: &[&str] = &[
    "plan",
    "deploy",
    "status",
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
];
/// The verbs that take the names of services and suggest near misses.
const NAMES: &[&str] = &[
    "status",
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
];
/// The verbs that watch rollouts.
const WATCH: &[&str] = &["deploy", "wait", "rollback", "cancel", "continue", "restart"];
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
];
/// The verbs that start tasks.
const TASKS: &[&str] = &["run", "deploy", "schedule run"];
/// All verbs that call AWS.
const ALL: &[&str] = &[
    "plan",
    "deploy",
    "status",
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
    "run",
    "schedule list",
    "schedule diff",
    "schedule run",
    "schedule enable",
    "schedule disable",
    "schedule prune",
    "stop-task",
    "scale",
];

/// Returns the verbs that call AWS, in the order of the help.
pub fn verbs() -> &'static [&'static str] {
    ALL
}

/// Returns the permissions of a verb.
pub fn of(verb: &str) -> impl Iterator<Item = &'static Permission> {
    PERMISSIONS.iter().filter(move |permission| permission.verbs.contains(&verb))
}

/// All permissions.
pub const PERMISSIONS: &[Permission] = &[
    Permission { verbs: ALL, actions: &["sts:AssumeRole"], need: Where("the manifest or stage has `role:`") },
    Permission {
        verbs: ALL,
        actions: &["sts:GetCallerIdentity"],
        need: Optional(
            "AWS allows it by default. Where a policy denies it, `ecsail:deployed-by` is missing, a manifest with `account:` is refused, and schedules are not deployed",
        ),
    },
    Permission { verbs: SERVICES, actions: &["ecs:DescribeServices"], need: Always },
    Permission {
        verbs: NAMES,
        actions: &["ecs:ListServices"],
        need: Optional("no suggestion for a name that does not exist; needed for `--cluster` without names"),
    },
    Permission { verbs: &["plan", "deploy"], actions: &["ecs:DescribeTaskDefinition"], need: Always },
    Permission {
        verbs: &["deploy"],
        actions: &["ecs:RegisterTaskDefinition"],
        need: Where("a definition changes"),
    },
    Permission {
        verbs: &["deploy"],
        actions: &["iam:PassRole"],
        need: Where("a definition with roles is registered: on these roles"),
    },
    Permission {
        verbs: &["deploy"],
        actions: &["ecs:TagResource"],
        need: Optional(
            "the revisions have no `ecsail:` tags, and a note says so; needed for tags of your own",
        ),
    },
    Permission {
        verbs: &["deploy"],
        actions: &["ecs:UpdateService"],
        need: Where("a service changes or is rolled back"),
    },
    Permission {
        verbs: &["plan", "deploy"],
        actions: &["ecr:DescribeImages"],
        need: Optional(
            "images are not checked, and a note says so: a missing tag shows only as tasks that cannot start, a moved tag is not noticed, and no digest is recorded",
        ),
    },
    Permission {
        verbs: &["plan", "deploy"],
        actions: &["ecs:DescribeServiceRevisions"],
        need: Optional(
            "a moved tag is noticed only where the `ecsail:digest:` tags record the running digest",
        ),
    },
    Permission {
        verbs: &["plan"],
        actions: &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        need: Optional("a last deployment that failed is not noticed"),
    },
    Permission {
        verbs: WATCH,
        actions: &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        need: Optional(
            "the service's deployment list decides, and a note says so; lifecycle stages (`--until`) and the reasons of rollbacks are less precise",
        ),
    },
    Permission {
        verbs: WATCH,
        actions: &["ecs:ListTasks", "ecs:DescribeTasks"],
        need: Optional(
            "a failure is not explained, and a crash loop without circuit breaker ends at the timeout only; `before` and `after` tasks need it",
        ),
    },
    Permission {
        verbs: WATCH,
        actions: &["logs:GetLogEvents"],
        need: Optional("the diagnosis has no log lines"),
    },
    Permission {
        verbs: WATCH,
        actions: &["elasticloadbalancing:DescribeTargetHealth"],
        need: Optional("the diagnosis does not say why targets are unhealthy"),
    },
    Permission {
        verbs: &["wait", "cancel", "continue", "restart"],
        actions: &["ecs:DescribeTaskDefinition"],
        need: Optional("the diagnosis has no log lines"),
    },
    Permission {
        verbs: &["deploy", "wait", "restart"],
        actions: &["ecs:StopServiceDeployment"],
        need: Optional(
            "a failed rollout is rolled back by an update; a forced deployment of the same revision is not rolled back",
        ),
    },
    Permission {
        verbs: &["wait"],
        actions: &["ecs:UpdateService"],
        need: Where("`--on-failure rollback` or `--on-timeout rollback` is given"),
    },
    Permission { verbs: &["tasks"], actions: &["ecs:ListTasks", "ecs:DescribeTasks"], need: Always },
    Permission { verbs: &["images"], actions: &["ecr:DescribeImages"], need: Always },
    Permission {
        verbs: &["status", "history", "images"],
        actions: &["ecs:DescribeServiceRevisions"],
        need: Optional(
            "no images and digests; `history` also lacks the revisions, and in `images` the tag decides which image runs",
        ),
    },
    Permission {
        verbs: &["status", "history"],
        actions: &["ecs:DescribeTaskDefinition"],
        need: Optional("no deployer, tag and commit, and no drift"),
    },
    Permission { verbs: &["images"], actions: &["ecs:DescribeTaskDefinition"], need: Always },
    Permission {
        verbs: &["status"],
        actions: &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
        need: Optional("no lifecycle stage of a deployment in progress"),
    },
    Permission {
        verbs: &["history"],
        actions: &["ecs:ListServiceDeployments"],
        need: Optional("only the deployments that the service itself lists"),
    },
    Permission {
        verbs: &["history"],
        actions: &["ecs:DescribeServiceDeployments"],
        need: Optional("no reasons, and no targets of rollbacks"),
    },
    Permission {
        verbs: &["status"],
        actions: &["elasticloadbalancing:DescribeTargetHealth"],
        need: Optional("no targets"),
    },
    Permission {
        verbs: &["rollback"],
        actions: &["ecs:DescribeTaskDefinition", "ecs:UpdateService"],
        need: Always,
    },
    Permission {
        verbs: &["rollback"],
        actions: &["ecs:DescribeServiceRevisions"],
        need: Optional("attributes are not restored, and digests are known only as recorded in tags"),
    },
    Permission {
        verbs: &["rollback"],
        actions: &["ecs:ListTaskDefinitions"],
        need: Where(
            "service deployments cannot be read, or `--to` names a tag or digest: the target is found among the revisions",
        ),
    },
    Permission {
        verbs: &["rollback"],
        actions: &["ecr:DescribeImages"],
        need: Optional("images are not checked before"),
    },
    Permission {
        verbs: &["rollback"],
        actions: &["ecs:StopServiceDeployment"],
        need: Optional("a deployment in progress is rolled back by an update"),
    },
    Permission {
        verbs: &["rollback"],
        actions: &["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"],
        need: Where("the revision is deregistered, or a tag has moved"),
    },
    Permission {
        verbs: &["cancel"],
        actions: &["ecs:StopServiceDeployment"],
        need: Optional("an update rolls back instead"),
    },
    Permission {
        verbs: &["cancel"],
        actions: &["ecs:UpdateService"],
        need: Where("ECS cannot stop the deployment"),
    },
    Permission { verbs: &["continue"], actions: &["ecs:ContinueServiceDeployment"], need: Always },
    Permission { verbs: &["restart"], actions: &["ecs:UpdateService"], need: Always },
    Permission {
        verbs: &["restart"],
        actions: &["ecs:DescribeServiceRevisions", "ecr:DescribeImages"],
        need: Optional("images are not checked before"),
    },
    Permission { verbs: &["logs"], actions: &["ecs:DescribeTaskDefinition"], need: Always },
    Permission { verbs: &["logs"], actions: &["logs:FilterLogEvents"], need: Always },
    Permission {
        verbs: &["logs"],
        actions: &["ecs:ListTasks", "ecs:DescribeTasks"],
        need: Where("the log options have no `awslogs-stream-prefix`"),
    },
    Permission {
        verbs: &["exec"],
        actions: &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:ExecuteCommand"],
        need: Always,
    },
    Permission {
        verbs: &["exec"],
        actions: &["ecs:DescribeTaskDefinition"],
        need: Optional("task role and file system are not checked before"),
    },
    Permission {
        verbs: &["stop-task"],
        actions: &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:StopTask"],
        need: Always,
    },
    Permission {
        verbs: &["scale"],
        actions: &["ecs:UpdateService"],
        need: Where("`--desired` is given; AWS also asks for it when a range is set"),
    },
    Permission {
        verbs: &["scale"],
        actions: &["application-autoscaling:DescribeScalableTargets"],
        need: Optional(
            "no warning that autoscaling will change the number again; needed for `--min`, `--max`, `--suspend` and `--resume`",
        ),
    },
    Permission {
        verbs: &["scale"],
        actions: &["application-autoscaling:RegisterScalableTarget"],
        need: Where("`--min`, `--max`, `--suspend` or `--resume` is given"),
    },
    Permission {
        verbs: &["revisions"],
        actions: &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"],
        need: Always,
    },
    Permission {
        verbs: &["revisions"],
        actions: &[
            "ecs:ListServiceDeployments",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
        ],
        need: Optional("no successful deployments and no rollback targets"),
    },
    Permission {
        verbs: &["revisions"],
        actions: &["ecs:ListTasks", "ecs:DescribeTasks"],
        need: Optional("no tasks"),
    },
    Permission {
        verbs: &["revisions"],
        actions: &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        need: Optional("no rules"),
    },
    Permission {
        verbs: &["revisions"],
        actions: &["scheduler:ListSchedules", "scheduler:GetSchedule"],
        need: Optional("no schedules"),
    },
    Permission {
        verbs: &["prune"],
        actions: &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"],
        need: Always,
    },
    Permission { verbs: &["prune"], actions: &["ecs:ListServices"], need: Always },
    Permission {
        verbs: &["prune"],
        actions: &["ecs:ListClusters"],
        need: Where("`--without clusters` is not given"),
    },
    Permission {
        verbs: &["prune"],
        actions: &[
            "ecs:ListServiceDeployments",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
        ],
        need: Where("`--without deployments` is not given"),
    },
    Permission {
        verbs: &["prune"],
        actions: &["ecs:ListTasks", "ecs:DescribeTasks"],
        need: Where("`--without tasks` is not given"),
    },
    Permission {
        verbs: &["prune"],
        actions: &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        need: Where("`--without rules` is not given"),
    },
    Permission {
        verbs: &["prune"],
        actions: &["scheduler:ListSchedules", "scheduler:GetSchedule"],
        need: Where("`--without schedules` is not given"),
    },
    Permission { verbs: &["prune"], actions: &["ecs:DeregisterTaskDefinition"], need: Always },
    Permission {
        verbs: &["prune"],
        actions: &["ecs:DeleteTaskDefinitions"],
        need: Where("`--delete` is given"),
    },
    Permission { verbs: TASKS, actions: &["ecs:RunTask"], need: Where("a task is started") },
    Permission {
        verbs: &["run", "schedule run"],
        actions: &["ecs:DescribeTasks"],
        need: Where("a task is started"),
    },
    Permission {
        verbs: &["run"],
        actions: &["ecs:DescribeServices"],
        need: Where("the task is like a service"),
    },
    Permission { verbs: &["run"], actions: &["ecs:DescribeTaskDefinition"], need: Always },
    Permission {
        verbs: &["run"],
        actions: &["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        need: Where("the definition is not registered yet"),
    },
    Permission {
        verbs: &["run"],
        actions: &["ecr:DescribeImages", "ecs:DescribeServiceRevisions"],
        need: Optional("images are not checked before, and a tag that has moved is not noticed"),
    },
    Permission {
        verbs: TASKS,
        actions: &["iam:PassRole"],
        need: Where("a task with roles is started: on these roles"),
    },
    Permission {
        verbs: TASKS,
        actions: &["ecs:StopTask"],
        need: Where("a task times out or is to be stopped"),
    },
    Permission {
        verbs: TASKS,
        actions: &["logs:FilterLogEvents"],
        need: Optional("no log lines, and a note says so"),
    },
    Permission {
        verbs: &["run", "schedule run"],
        actions: &["logs:GetLogEvents"],
        need: Optional("the diagnosis has no log lines"),
    },
    Permission {
        verbs: SCHEDULES,
        actions: &["scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"],
        need: Where("the manifest has schedules"),
    },
    Permission {
        verbs: SCHEDULES,
        actions: &[
            "events:ListRules",
            "events:DescribeRule",
            "events:ListTargetsByRule",
            "events:ListTagsForResource",
        ],
        need: Where("the manifest has rules; with schedules only, a note says what was not compared"),
    },
    Permission {
        verbs: &["status", "schedule list", "schedule prune"],
        actions: &["scheduler:ListSchedules"],
        need: Where("the manifest has schedules"),
    },
    Permission {
        verbs: &[
            "schedule list",
            "schedule diff",
            "schedule run",
            "schedule enable",
            "schedule disable",
            "schedule prune",
        ],
        actions: &["ecs:DescribeServices", "ecs:DescribeTaskDefinition"],
        need: Where("a schedule is like a service, or its revision is shown"),
    },
    Permission {
        verbs: &["schedule diff"],
        actions: &["ecr:DescribeImages"],
        need: Optional("images are not checked"),
    },
    Permission {
        verbs: &["deploy", "rollback", "schedule enable", "schedule disable"],
        actions: &["scheduler:UpdateSchedule"],
        need: Where("a schedule changes"),
    },
    Permission {
        verbs: &["deploy"],
        actions: &["scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:TagResource"],
        need: Where("a schedule or its group is new"),
    },
    Permission {
        verbs: &["deploy", "rollback"],
        actions: &["events:PutRule", "events:PutTargets"],
        need: Where("a rule changes"),
    },
    Permission {
        verbs: &["deploy"],
        actions: &["events:RemoveTargets", "events:TagResource", "events:UntagResource"],
        need: Where("targets or tags of a rule change"),
    },
    Permission {
        verbs: &["deploy", "schedule enable"],
        actions: &["events:EnableRule"],
        need: Where("a rule is enabled"),
    },
    Permission {
        verbs: &["deploy", "schedule disable"],
        actions: &["events:DisableRule"],
        need: Where("a rule is disabled"),
    },
    Permission {
        verbs: &["deploy", "rollback", "schedule enable", "schedule disable"],
        actions: &["iam:PassRole"],
        need: Where("a schedule or rule is written: on the role that starts its tasks"),
    },
    Permission {
        verbs: &["schedule prune"],
        actions: &["scheduler:DeleteSchedule"],
        need: Where("a schedule is removed"),
    },
    Permission {
        verbs: &["schedule prune"],
        actions: &[
            "events:RemoveTargets",
            "events:DeleteRule",
            "events:PutTargets",
            "events:TagResource",
            "events:UntagResource",
        ],
        need: Where("a rule or its targets are removed"),
    },
];
