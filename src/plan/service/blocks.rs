//! How `UpdateService` treats the blocks of its input that are sent in part, with sources. Tables only, no logic.

/// What `UpdateService` does with the members that a block leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockUpdate {
    /// They stay as they are.
    Merged,
    /// They get their defaults.
    Replaced,
}

/// How `UpdateService` treats one block.
#[derive(Clone, Copy, Debug)]
pub struct BlockRow {
    pub structure: &'static str,
    pub update: BlockUpdate,
    /// What the row rests on.
    pub source: &'static str,
}

use BlockUpdate::{Merged, Replaced};

const fn row(structure: &'static str, update: BlockUpdate, source: &'static str) -> BlockRow {
    BlockRow { structure, update, source }
}

/// Measurements against ECS in us-east-1, 2026-07 and 2026-08.
const MEASURED: &str = "measured (go-to-k/cdkd, ecs-provider.ts)";
const IN_LIST: &str = "an item of a list; lists are replaced whole (API reference, UpdateService)";
/// A block that was not measured is completed, which has the same result whether ECS merges or replaces it.
const NOT_MEASURED: &str = "not measured; taken as replaced";

/// One row for every structure that `UpdateService` takes.
pub const BLOCKS: &[BlockRow] = &[
    row("UpdateServiceRequest", Merged, MEASURED),
    row("DeploymentConfiguration", Merged, MEASURED),
    // Its `resetOnHealthyTask` and `thresholdConfiguration` are kept; to send them as they are has the same result.
    row("DeploymentCircuitBreaker", Replaced, MEASURED),
    row(
        "ThresholdConfiguration",
        Replaced,
        "both members are required: refused without a value (go-to-k/cdkd)",
    ),
    row("DeploymentAlarms", Replaced, "all three members must be sent (aws/copilot-cli#4565)"),
    row("LinearConfiguration", Replaced, MEASURED),
    row("CanaryConfiguration", Replaced, MEASURED),
    row("DeploymentLifecycleHook", Replaced, MEASURED),
    row("DeploymentLifecycleHookTimeoutConfiguration", Replaced, MEASURED),
    row("DeploymentEarlySuccessCriteria", Replaced, NOT_MEASURED),
    row("DeploymentController", Replaced, "it has one member"),
    row("NetworkConfiguration", Replaced, "it has one member"),
    row(
        "AwsVpcConfiguration",
        Replaced,
        "absent security groups are the VPC's default one, absent assignPublicIp is DISABLED (API reference)",
    ),
    row("CapacityProviderStrategyItem", Replaced, IN_LIST),
    row("PlacementConstraint", Replaced, IN_LIST),
    row("PlacementStrategy", Replaced, IN_LIST),
    row("LoadBalancer", Replaced, IN_LIST),
    row(
        "AdvancedConfiguration",
        Replaced,
        "required for every load balancer of a blue/green service (AWS, troubleshooting-blue-green)",
    ),
    row("ServiceRegistry", Replaced, IN_LIST),
    row(
        "ServiceConnectConfiguration",
        Replaced,
        "without containerConfigurations, these return to their defaults (API reference)",
    ),
    row("ServiceConnectService", Replaced, IN_LIST),
    row("ServiceConnectClientAlias", Replaced, IN_LIST),
    row("ServiceConnectTestTrafficRules", Replaced, NOT_MEASURED),
    row("ServiceConnectTestTrafficHeaderRules", Replaced, NOT_MEASURED),
    row("ServiceConnectTestTrafficHeaderMatchRules", Replaced, NOT_MEASURED),
    row("TimeoutConfiguration", Replaced, NOT_MEASURED),
    row("ServiceConnectTlsConfiguration", Replaced, NOT_MEASURED),
    row("ServiceConnectTlsCertificateAuthority", Replaced, NOT_MEASURED),
    row("ServiceConnectAccessLogConfiguration", Replaced, NOT_MEASURED),
    row("ServiceConnectContainerConfiguration", Replaced, IN_LIST),
    row("LogConfiguration", Replaced, NOT_MEASURED),
    row("Secret", Replaced, IN_LIST),
    row("ServiceVolumeConfiguration", Replaced, IN_LIST),
    row("ServiceManagedEBSVolumeConfiguration", Replaced, NOT_MEASURED),
    row("EBSTagSpecification", Replaced, IN_LIST),
    row("Tag", Replaced, IN_LIST),
    row("VpcLatticeConfiguration", Replaced, IN_LIST),
    row("VpcLatticeAdvancedConfiguration", Replaced, NOT_MEASURED),
    row("GatewayConnector", Replaced, IN_LIST),
    row("GatewayConnectorHealthCheck", Replaced, NOT_MEASURED),
    row("GatewayConnectorHealthCheckMatcher", Replaced, NOT_MEASURED),
    row("GatewayConnectorFilters", Replaced, NOT_MEASURED),
    row("GatewayConnectorDeregistrationDelay", Replaced, NOT_MEASURED),
    row("MonitoringConfiguration", Replaced, NOT_MEASURED),
    row("MetricConfiguration", Replaced, IN_LIST),
];

/// Members that belong to the value of another member of their block: structure, the member that decides, and those
/// that are not taken over when it changes.
pub const DEPENDENT_MEMBERS: &[(&str, &str, &[&str])] = &[
    ("DeploymentConfiguration", "strategy", &["linearConfiguration", "canaryConfiguration"]),
    ("DeploymentLifecycleHook", "targetType", &["hookTargetArn", "roleArn", "hookDetails"]),
    ("ThresholdConfiguration", "type", &["value"]),
    ("LogConfiguration", "logDriver", &["options", "secretOptions"]),
    ("ServiceManagedEBSVolumeConfiguration", "volumeType", &["iops", "throughput"]),
];

/// Blocks that are turned off by a member: nothing of what runs is taken over then.
pub const SWITCHES: &[(&str, &str)] = &[("ServiceConnectConfiguration", "enabled")];

/// What `UpdateService` takes to clear a member: structure, member, value as JSON, source. Lists are cleared by an empty
/// list.
pub const CLEARING_VALUES: &[(&str, &str, &str, &str)] = &[
    ("UpdateServiceRequest", "platformVersion", "\"LATEST\"", MEASURED),
    ("UpdateServiceRequest", "healthCheckGracePeriodSeconds", "0", MEASURED),
    ("UpdateServiceRequest", "propagateTags", "\"NONE\"", MEASURED),
    ("UpdateServiceRequest", "enableECSManagedTags", "false", MEASURED),
    ("UpdateServiceRequest", "enableExecuteCommand", "false", "the default (go-to-k/cdkd)"),
    (
        "UpdateServiceRequest",
        "availabilityZoneRebalancing",
        "\"DISABLED\"",
        "a service that never had a value is treated as DISABLED (API reference)",
    ),
    (
        "UpdateServiceRequest",
        "serviceConnectConfiguration",
        "{\"enabled\":false}",
        "the developer guide's way to turn Service Connect off",
    ),
    ("DeploymentConfiguration", "strategy", "\"ROLLING\"", "the default (go-to-k/cdk-real-drift)"),
    ("DeploymentConfiguration", "bakeTimeInMinutes", "0", "the default (go-to-k/cdk-real-drift)"),
    (
        "DeploymentConfiguration",
        "deploymentCircuitBreaker",
        "{\"enable\":false,\"rollback\":false}",
        "the default (go-to-k/cdk-real-drift)",
    ),
    (
        "DeploymentConfiguration",
        "alarms",
        "{\"alarmNames\":[],\"enable\":false,\"rollback\":false}",
        "aws/copilot-cli#4565",
    ),
    ("DeploymentConfiguration", "earlySuccessCriteria", "{\"enable\":false}", "the default (API reference)"),
];

/// Returns what `UpdateService` does with what a block leaves out. A block that is newer than the table counts as
/// replaced.
pub fn block_update(structure: &str) -> BlockUpdate {
    BLOCKS.iter().find(|row| row.structure == structure).map_or(BlockUpdate::Replaced, |row| row.update)
}
