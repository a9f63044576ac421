//! What a kind of resources is in a policy: ARNs, conditions, and why a statement is on `*`.

use super::{Condition, PolicyNames, Statement};
use crate::permissions::{Reach, ResourceKind as Kind};

/// Why a statement is on `*`.
const NO_RESOURCE_LEVEL: &str = "AWS has no resource types for these actions";
const BY_CLUSTER: &str = "AWS has no resource types for these actions, and lets the cluster be a condition";

/// Returns the reach of a permission, which some kinds of resources do not have.
pub(super) fn reach(kind: Kind, reach: Reach) -> Reach {
    match kind {
        Kind::Clusters
        | Kind::InClusters
        | Kind::Services
        | Kind::ServiceDeployments
        | Kind::ServiceRevisions
        | Kind::ExpressServices
        | Kind::Tasks
        | Kind::Repositories
        | Kind::Schedules
        | Kind::ScheduleGroups
        | Kind::Rules => reach,
        _ => Reach::Manifest,
    }
}

/// Returns whether all resources of a kind are among those of another.
pub(super) fn is_within(narrower: (Kind, Reach), wider: (Kind, Reach)) -> bool {
    if narrower.0 == wider.0 {
        return narrower.1 == Reach::Manifest && wider.1 == Reach::Account;
    }
    let is_of_rules =
        narrower == (Kind::SameRules, Reach::Manifest) && wider == (Kind::Rules, Reach::Account);
    let is_of_group =
        narrower == (Kind::OwnScheduleGroup, Reach::Manifest) && wider.0 == Kind::SameScheduleGroups;
    let is_of_tags =
        matches!((narrower.0, wider.0), (Kind::Services | Kind::Families, Kind::ServicesAndFamilies));
    is_of_rules || is_of_group || is_of_tags
}

/// Returns the statement for actions on a kind of resources; `None` where the manifest names none.
pub(super) fn statement(
    kind: Kind,
    reach: Reach,
    actions: Vec<&'static str>,
    names: &PolicyNames,
) -> Option<Statement> {
    let resources = resources(kind, names);
    if resources.is_empty() {
        return None;
    }
    Some(Statement {
        sid: sid(kind, reach),
        comment: describe(kind, reach).1.to_owned(),
        actions,
        resources,
        conditions: conditions(kind, reach, names),
    })
}

/// Returns the name of the statement about a kind of resources.
pub(super) fn sid(kind: Kind, reach: Reach) -> String {
    let (sid, _) = describe(kind, reach);
    if reach == Reach::Account { format!("All{sid}") } else { sid.to_owned() }
}

fn resources(kind: Kind, names: &PolicyNames) -> Vec<String> {
    let everything = || vec!["*".to_owned()];
    match kind {
        Kind::Nothing => Vec::new(),
        Kind::Everything | Kind::InClusters => everything(),
        Kind::Exports if names.has_exports() => everything(),
        Kind::Exports => Vec::new(),
        Kind::Clusters => names.cluster_arns(),
        Kind::Services => names.service_arns("service", ""),
        Kind::ServiceDeployments => {
            [names.service_arns("service", ""), names.service_arns("service-deployment", "/*")].concat()
        }
        Kind::ServiceRevisions => {
            [names.service_arns("service", ""), names.service_arns("service-revision", "/*")].concat()
        }
        Kind::ServicesAndFamilies => [names.service_arns("service", ""), names.family_arns()].concat(),
        Kind::ExpressServices => names.express_service_arns(),
        Kind::Families | Kind::FamiliesInClusters => names.family_arns(),
        Kind::ExpressFamilies => names.express_family_arns(),
        Kind::Tasks => names.task_arns(),
        Kind::ClustersAndTasks => [names.cluster_arns(), names.task_arns()].concat(),
        Kind::TaskRoles => names.task_roles(),
        Kind::ServiceRoles => names.service_roles(),
        Kind::ScheduleRoles => names.schedule_roles(),
        Kind::RuleRoles => names.rule_roles(),
        Kind::ScalingRole => vec![names.home().global_arn(
            "iam",
            "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        )],
        Kind::AssumedRoles => names.assumed_roles(),
        Kind::NamedRoles => names.named_roles(),
        Kind::Repositories => names.repository_arns(),
        Kind::LogGroups => names.log_group_arns(),
        // The ids of scalable targets are AWS's own.
        Kind::ScalableTargets => vec![names.home().arn("application-autoscaling", "scalable-target/*")],
        Kind::Alarms => names.alarm_arns(),
        Kind::AnyAlarm => vec![names.home().arn("cloudwatch", "alarm:*")],
        Kind::LockTable => names.table_arns(),
        Kind::Parameters => names.parameter_arns(),
        Kind::NotifyParameters => names.notify_parameter_arns(),
        Kind::Secrets => names.secret_arns(),
        Kind::DocumentSecrets => names.document_secrets.iter().cloned().collect(),
        Kind::DocumentParameters => names.document_parameters.iter().cloned().collect(),
        Kind::DocumentObjects => names.document_objects.iter().cloned().collect(),
        Kind::CiphertextKeys => names.ciphertext_key_arns(),
        Kind::FileSystems => [("elasticfilesystem", "file-system/*"), ("elasticfilesystem", "access-point/*")]
            .map(|(service, resource)| names.home().arn(service, resource))
            .to_vec(),
        Kind::Functions => vec![names.home().arn("lambda", "function:*")],
        Kind::Namespaces => vec![names.home().arn("servicediscovery", "namespace/*")],
        Kind::Stacks => names.stack_arns(),
        Kind::Objects => names.object_arns(),
        Kind::Keys => names.key_arns(),
        Kind::Schedules => names.schedule_arns(),
        Kind::SameSchedules => names.same_schedule_arns(),
        Kind::OwnSchedules => names.own_schedule_arns(),
        Kind::ScheduleGroups => names.schedule_group_arns(),
        Kind::SameScheduleGroups => names.same_schedule_group_arns(),
        Kind::OwnScheduleGroup => names.own_schedule_group_arn(),
        Kind::SameRules => names.same_rule_arns(),
        Kind::Rules => names.rule_arns(),
    }
}

fn conditions(kind: Kind, reach: Reach, names: &PolicyNames) -> Vec<Condition> {
    let equals = |key: &'static str, values: &[&str]| Condition {
        operator: "StringEquals",
        key,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let passed_to = |service: &str| vec![equals("iam:PassedToService", &[service])];
    match kind {
        Kind::InClusters | Kind::FamiliesInClusters if reach == Reach::Manifest => {
            vec![Condition { operator: "ArnLike", key: "ecs:cluster", values: names.cluster_arns() }]
        }
        Kind::TaskRoles => passed_to("ecs-tasks.amazonaws.com"),
        Kind::ServiceRoles => passed_to("ecs.amazonaws.com"),
        Kind::ScheduleRoles => passed_to("scheduler.amazonaws.com"),
        Kind::RuleRoles => passed_to("events.amazonaws.com"),
        Kind::ScalingRole => {
            vec![equals("iam:AWSServiceName", &["ecs.application-autoscaling.amazonaws.com"])]
        }
        Kind::ScalableTargets => vec![
            equals("application-autoscaling:service-namespace", &["ecs"]),
            equals("application-autoscaling:scalable-dimension", &["ecs:service:DesiredCount"]),
        ],
        Kind::Keys => {
            vec![Condition { operator: "StringLike", key: "kms:ViaService", values: names.key_users() }]
        }
        _ => Vec::new(),
    }
}

/// Returns the name of a statement, and what its resources are.
fn describe(kind: Kind, reach: Reach) -> (&'static str, &'static str) {
    match (kind, reach) {
        (Kind::Nothing, _) => ("Nothing", ""),
        (Kind::Everything, _) => ("NoResourceLevel", NO_RESOURCE_LEVEL),
        (Kind::InClusters, Reach::Manifest) => ("InClusters", BY_CLUSTER),
        (Kind::InClusters, Reach::Account) => {
            ("Clusters", "AWS has no resource types for these actions; all clusters are read")
        }
        (Kind::Exports, _) => ("Exports", "Exports of stacks: AWS has no resource type for the action"),
        (Kind::Clusters, _) => ("Clusters", "Clusters"),
        (Kind::Services, _) => ("Services", "Services"),
        (Kind::ServiceDeployments, _) => ("ServiceDeployments", "Services and their service deployments"),
        (Kind::ServiceRevisions, _) => ("ServiceRevisions", "Services and their service revisions"),
        (Kind::ServicesAndFamilies, _) => ("Tags", "Tags of services and of task definitions"),
        (Kind::ExpressServices, _) => ("ExpressServices", "Services of Express Mode"),
        (Kind::Families, _) => ("TaskDefinitions", "Task definitions of the families"),
        (Kind::ExpressFamilies, _) => {
            ("ExpressTaskDefinitions", "Task definitions that ECS makes of Express services")
        }
        (Kind::FamiliesInClusters, _) => ("RunTasks", "Task definitions, to be run in the clusters"),
        (Kind::Tasks, _) => ("Tasks", "Tasks of the clusters: their ids are not known before"),
        (Kind::ClustersAndTasks, _) => ("ExecuteCommand", "Clusters and their tasks"),
        (Kind::TaskRoles, _) => ("PassTaskRoles", "Task roles and execution roles"),
        (Kind::ServiceRoles, _) => ("PassServiceRoles", "Roles that ECS uses for services and volumes"),
        (Kind::ScheduleRoles, _) => ("PassScheduleRoles", "Roles that start the tasks of schedules"),
        (Kind::RuleRoles, _) => ("PassRuleRoles", "Roles that start the tasks of rules"),
        (Kind::ScalingRole, _) => ("ScalingRole", "For the first scalable target in the account"),
        (Kind::AssumedRoles, _) => (
            "AssumeRole",
            "For the credentials that ecsail starts with; the other statements are for this role",
        ),
        (Kind::NamedRoles, _) => ("NamedRoles", "Roles that documents and schedules name"),
        (Kind::Repositories, _) => ("Repositories", "Repositories of the images"),
        (Kind::LogGroups, _) => ("LogGroups", "Log groups and their streams"),
        (Kind::ScalableTargets, _) => {
            ("ScalableTargets", "Scalable targets of services: their ids are AWS's own")
        }
        (Kind::Alarms, _) => ("ScalingAlarms", "Alarms that AWS creates for target tracking policies"),
        (Kind::AnyAlarm, _) => ("Alarms", "Alarms: AWS does not say which ones it reads"),
        (Kind::LockTable, _) => ("LockTable", "The table of the lock"),
        (Kind::Parameters, _) => ("Parameters", "Parameters that templates look up"),
        (Kind::NotifyParameters, _) => ("NotifyParameters", "Parameters of `notify`"),
        (Kind::Secrets, _) => {
            ("Secrets", "Secrets whose ARNs templates look up; `??????` is a suffix of AWS")
        }
        (Kind::DocumentSecrets, _) => ("DocumentSecrets", "Secrets that documents name"),
        (Kind::DocumentParameters, _) => ("DocumentParameters", "Parameters that documents name"),
        (Kind::DocumentObjects, _) => ("DocumentObjects", "Objects in S3 that documents name"),
        (Kind::CiphertextKeys, _) => ("CiphertextKeys", "Keys of ciphertexts, which do not name them"),
        (Kind::FileSystems, _) => ("FileSystems", "File systems and access points of EFS"),
        (Kind::Functions, _) => ("Functions", "Functions of lifecycle hooks"),
        (Kind::Namespaces, _) => ("Namespaces", "Namespaces of Cloud Map: their ids are AWS's own"),
        (Kind::Stacks, _) => ("Stacks", "Stacks whose outputs templates look up"),
        (Kind::Objects, _) => ("TerraformStates", "Terraform states"),
        (Kind::Keys, _) => (
            "Keys",
            "Keys of parameters and Terraform states, used by these services; not needed where they have AWS's own key",
        ),
        (Kind::Schedules, _) => ("Schedules", "Schedules"),
        (Kind::SameSchedules, _) => {
            ("SameSchedules", "Schedules, and those that have their names in the app's group or in `default`")
        }
        (Kind::OwnSchedules, _) => ("OwnSchedules", "All schedules in the group of the app"),
        (Kind::ScheduleGroups, _) => ("ScheduleGroups", "Schedule groups"),
        (Kind::SameScheduleGroups, _) => {
            ("SameScheduleGroups", "Schedule groups, that of the app, and `default`")
        }
        (Kind::OwnScheduleGroup, _) => ("OwnScheduleGroup", "The schedule group of the app"),
        (Kind::SameRules, _) => ("SameRules", "Rules, and those with the names of schedules"),
        (Kind::Rules, _) => ("Rules", "Rules"),
    }
}
