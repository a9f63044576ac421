//! What the actions are on: the resource types and the condition keys that AWS has for them.
//!
//! The source is the Service Authorization Reference ("Actions, resources, and condition keys for …", read 2026-12-01).

/// A kind of resources, as policies name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// None: AWS needs no permission for the action.
    Nothing,
    /// `*`: the action has no resource type.
    Everything,
    /// `*` with the condition `ecs:cluster`.
    InClusters,
    Clusters,
    Services,
    /// Services, and their service deployments.
    ServiceDeployments,
    /// Services, and their service revisions.
    ServiceRevisions,
    /// Services of Express Mode.
    ExpressServices,
    /// Services and the task definitions of their families: what a deploy tags.
    ServicesAndFamilies,
    /// The task definitions of families.
    Families,
    /// The task definitions that ECS makes of Express services.
    ExpressFamilies,
    /// The task definitions of families, with the condition `ecs:cluster`.
    FamiliesInClusters,
    Tasks,
    /// Clusters and their tasks.
    ClustersAndTasks,
    /// Task roles and execution roles, passed to tasks.
    TaskRoles,
    /// The roles of services, passed to ECS.
    ServiceRoles,
    /// The roles that start the tasks of schedules, passed to the scheduler.
    ScheduleRoles,
    /// The roles that start the tasks of rules, passed to EventBridge.
    RuleRoles,
    /// The service-linked role of Application Auto Scaling for ECS.
    ScalingRole,
    /// The role of the manifest, and those of Terraform states.
    AssumedRoles,
    /// The roles that documents and schedules name.
    NamedRoles,
    Repositories,
    LogGroups,
    ScalableTargets,
    /// The alarms that AWS creates for target tracking policies.
    Alarms,
    /// All alarms of the region.
    AnyAlarm,
    LockTable,
    /// The parameters that templates look up.
    Parameters,
    /// The parameters of `notify`.
    NotifyParameters,
    Secrets,
    /// The secrets, parameters and objects that documents name.
    DocumentSecrets,
    DocumentParameters,
    DocumentObjects,
    /// The keys with which values are encrypted and decrypted directly.
    CiphertextKeys,
    /// File systems and access points of EFS, whose ids documents have.
    FileSystems,
    /// The functions of lifecycle hooks.
    Functions,
    /// Namespaces of Cloud Map.
    Namespaces,
    Stacks,
    /// `*` where an export is looked up.
    Exports,
    /// The Terraform states in S3.
    Objects,
    /// The keys of parameters and objects, used by Systems Manager and S3.
    Keys,
    Schedules,
    /// Schedules, and those of the same names in the group of the app and in `default`.
    SameSchedules,
    /// The schedules in the group of the app.
    OwnSchedules,
    ScheduleGroups,
    /// The groups of schedules, that of the app, and `default`.
    SameScheduleGroups,
    OwnScheduleGroup,
    Rules,
    /// Rules, and those with the names of schedules.
    SameRules,
}

/// What a manifest may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    Autoscaling,
    /// An image in ECR.
    EcrImages,
    Express,
    /// A stage that is protected.
    Protection,
    /// A rule of EventBridge.
    Rules,
    /// A schedule of EventBridge Scheduler.
    Schedules,
    /// A rule or a schedule.
    AnySchedule,
    ServiceConnect,
    /// Values of secrets, which only a flag of a command reads.
    SecretValues,
    /// `verify: true`.
    Verification,
    /// `kms_environment: decrypt`.
    Ciphertexts,
    /// A service whose target groups are named, or may have some.
    TargetGroups,
}

use ResourceKind as Kind;

impl ResourceKind {
    /// Returns what an action is on; `None` for one that is not in the table.
    pub fn of_action(action: &str) -> Option<ResourceKind> {
        let (service, operation) = action.split_once(':')?;
        match service {
            "ecs" => of_ecs(operation),
            "events" => of_events(operation),
            "scheduler" => of_scheduler(operation),
            "application-autoscaling" => of_scaling(operation),
            _ => of_others(action),
        }
    }
}

fn of_ecs(operation: &str) -> Option<Kind> {
    Some(match operation {
        "ListClusters" | "DescribeTaskDefinition" | "ListTaskDefinitions" | "DeregisterTaskDefinition" => {
            Kind::Everything
        }
        // The reference has the condition `ecs:namespace`, which takes the namespace's ARN: manifests have names.
        "ListServicesByNamespace" => Kind::Everything,
        // The reference names a container instance for `ListTasks`; without one in the call, AWS checks `*`
        // (github.com/cdklabs/construct-hub/pull/1207).
        "ListServices" | "ListTasks" => Kind::InClusters,
        "DescribeClusters" => Kind::Clusters,
        "DescribeServices"
        | "CreateService"
        | "UpdateService"
        | "DeleteService"
        | "ListServiceDeployments"
        | "UntagResource" => Kind::Services,
        // The reference of that date does not have `ContinueServiceDeployment`, which takes what
        // `StopServiceDeployment` does.
        "DescribeServiceDeployments" | "StopServiceDeployment" | "ContinueServiceDeployment" => {
            Kind::ServiceDeployments
        }
        "DescribeServiceRevisions" => Kind::ServiceRevisions,
        "CreateExpressGatewayService"
        | "UpdateExpressGatewayService"
        | "DescribeExpressGatewayService"
        | "DeleteExpressGatewayService" => Kind::ExpressServices,
        "RegisterTaskDefinition" | "DeleteTaskDefinitions" | "TagResource" => Kind::Families,
        "RunTask" => Kind::FamiliesInClusters,
        "DescribeTasks" | "StopTask" => Kind::Tasks,
        "ExecuteCommand" => Kind::ClustersAndTasks,
        _ => return None,
    })
}

fn of_events(operation: &str) -> Option<Kind> {
    Some(match operation {
        "ListRules" | "ListEventBuses" => Kind::Everything,
        "DescribeRule"
        | "ListTargetsByRule"
        | "ListTagsForResource"
        | "PutRule"
        | "PutTargets"
        | "RemoveTargets"
        | "TagResource"
        | "UntagResource"
        | "EnableRule"
        | "DisableRule"
        | "DeleteRule" => Kind::Rules,
        _ => return None,
    })
}

fn of_scheduler(operation: &str) -> Option<Kind> {
    Some(match operation {
        "ListSchedules" => Kind::Everything,
        "GetSchedule" | "CreateSchedule" | "UpdateSchedule" | "DeleteSchedule" => Kind::Schedules,
        "GetScheduleGroup" | "CreateScheduleGroup" | "TagResource" | "ListTagsForResource" => {
            Kind::ScheduleGroups
        }
        _ => return None,
    })
}

fn of_scaling(operation: &str) -> Option<Kind> {
    Some(match operation {
        "DescribeScalableTargets" | "DescribeScalingPolicies" | "DescribeScheduledActions" => {
            Kind::Everything
        }
        "RegisterScalableTarget"
        | "DeregisterScalableTarget"
        | "PutScalingPolicy"
        | "DeleteScalingPolicy"
        | "PutScheduledAction"
        | "DeleteScheduledAction" => Kind::ScalableTargets,
        _ => return None,
    })
}

fn of_others(action: &str) -> Option<Kind> {
    Some(match action {
        // "No permissions are required to perform this operation" (API reference of STS).
        "sts:GetCallerIdentity" => Kind::Nothing,
        "sts:AssumeRole" => Kind::AssumedRoles,
        "iam:GetRole" => Kind::NamedRoles,
        "iam:PassRole" => Kind::TaskRoles,
        "iam:CreateServiceLinkedRole" => Kind::ScalingRole,
        "ecr:DescribeImages" | "ecr:BatchGetImage" | "ecr:GetDownloadUrlForLayer" => Kind::Repositories,
        "ecr:DescribePullThroughCacheRules"
        | "ec2:DescribeSecurityGroups"
        | "ec2:DescribeSubnets"
        | "logs:DescribeLogGroups"
        | "secretsmanager:ListSecrets"
        | "servicediscovery:ListNamespaces"
        | "ssm:DescribeParameters"
        | "elasticloadbalancing:DescribeTargetGroups"
        | "elasticloadbalancing:DescribeTargetHealth" => Kind::Everything,
        "logs:GetLogEvents" | "logs:FilterLogEvents" => Kind::LogGroups,
        "cloudwatch:PutMetricAlarm" | "cloudwatch:DeleteAlarms" => Kind::Alarms,
        "cloudwatch:DescribeAlarms" => Kind::AnyAlarm,
        "dynamodb:CreateTable"
        | "dynamodb:DescribeTable"
        | "dynamodb:GetItem"
        | "dynamodb:PutItem"
        | "dynamodb:Scan" => Kind::LockTable,
        "elasticfilesystem:DescribeFileSystems" | "elasticfilesystem:DescribeAccessPoints" => {
            Kind::FileSystems
        }
        "lambda:GetFunctionConfiguration" => Kind::Functions,
        "servicediscovery:GetNamespace" => Kind::Namespaces,
        "ssm:GetParameters" | "ssm:PutParameter" => Kind::Parameters,
        "ssm:GetParameter" => Kind::NotifyParameters,
        "kms:Decrypt" | "kms:Encrypt" | "kms:GenerateDataKey" => Kind::Keys,
        "secretsmanager:DescribeSecret"
        | "secretsmanager:GetSecretValue"
        | "secretsmanager:CreateSecret"
        | "secretsmanager:PutSecretValue" => Kind::Secrets,
        "cloudformation:DescribeStacks" => Kind::Stacks,
        "cloudformation:ListExports" => Kind::Exports,
        "s3:GetObject" => Kind::Objects,
        _ => return None,
    })
}
