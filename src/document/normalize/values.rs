//! What ECS takes an absent member for: one decision for every enumeration of the model, and for the other members
//! with a default, with its source. A table only, no logic.
//!
//! A value that means the same as its absence is left out of the normal form. Whatever is not proven has no default
//! here and stays a difference, with a note.

use serde_json::Value;

/// The decision about one member.
#[derive(Clone, Copy, Debug)]
pub struct ValueRow {
    pub structure: &'static str,
    pub member: &'static str,
    /// The value that an absent member stands for, as JSON.
    pub absent: Option<&'static str>,
    /// What the decision rests on.
    pub source: &'static str,
}

const fn default(
    structure: &'static str,
    member: &'static str,
    absent: &'static str,
    source: &'static str,
) -> ValueRow {
    ValueRow { structure, member, absent: Some(absent), source }
}

const fn none(structure: &'static str, member: &'static str, source: &'static str) -> ValueRow {
    ValueRow { structure, member, absent: None, source }
}

const REFERENCE: &str = "API reference";
const OBSERVED: &str = "observed live (go-to-k/cdk-real-drift)";
const REQUIRED: &str = "always present";
const COOLDOWN: &str =
    "the default for ECS services (Application Auto Scaling user guide, \"Define cooldown periods\")";
const EXPRESS: &str = "what the manifest leaves out is not compared";
const NO_DEFAULT: &str = "the API reference names no default; not proven, so it is a difference";

/// One row for every enumeration and every default of the documents that are compared.
pub const VALUES: &[ValueRow] = &[
    // RegisterTaskDefinition
    // `bridge` is not supported on Windows, where both spellings are refused.
    default("RegisterTaskDefinitionRequest", "networkMode", "\"bridge\"", REFERENCE),
    none(
        "RegisterTaskDefinitionRequest",
        "requiresCompatibilities",
        "absent stays absent in the answer (API reference)",
    ),
    none("RegisterTaskDefinitionRequest", "pidMode", "absent is a namespace of its own, which has no name"),
    none("RegisterTaskDefinitionRequest", "ipcMode", "absent depends on the container instance"),
    default("RegisterTaskDefinitionRequest", "enableFaultInjection", "false", REFERENCE),
    default("TrustedExecutionConfiguration", "isolationMode", "\"SHARED\"", REFERENCE),
    none("RuntimePlatform", "cpuArchitecture", NO_DEFAULT),
    none("RuntimePlatform", "operatingSystemFamily", NO_DEFAULT),
    none("TaskDefinitionPlacementConstraint", "type", REQUIRED),
    default("ProxyConfiguration", "type", "\"APPMESH\"", "the only value (API reference)"),
    default(
        "ContainerDefinition",
        "essential",
        "true",
        "API reference; observed live (go-to-k/cdk-real-drift)",
    ),
    default("ContainerDefinition", "cpu", "0", OBSERVED),
    default(
        "ContainerDefinition",
        "versionConsistency",
        "\"enabled\"",
        "API reference; observed live (go-to-k/cdkd)",
    ),
    default("PortMapping", "protocol", "\"tcp\"", REFERENCE),
    none("PortMapping", "appProtocol", "absent is TCP, which has no value of its own (API reference)"),
    default("PortMapping", "hostPort", "0", REFERENCE),
    none("EnvironmentFile", "type", REQUIRED),
    none("ContainerDependency", "condition", REQUIRED),
    none("Ulimit", "name", REQUIRED),
    none("LogConfiguration", "logDriver", REQUIRED),
    none("ResourceRequirement", "type", REQUIRED),
    none("FirelensConfiguration", "type", REQUIRED),
    default("ContainerRestartPolicy", "restartAttemptPeriod", "300", REFERENCE),
    default("HealthCheck", "interval", "30", REFERENCE),
    default("HealthCheck", "timeout", "5", REFERENCE),
    default("HealthCheck", "retries", "3", REFERENCE),
    default("MountPoint", "readOnly", "false", REFERENCE),
    default("VolumeFrom", "readOnly", "false", REFERENCE),
    none("Device", "permissions", "the default has three values, and whether ECS returns them was not seen"),
    default("EFSVolumeConfiguration", "rootDirectory", "\"/\"", REFERENCE),
    default("EFSVolumeConfiguration", "transitEncryption", "\"DISABLED\"", REFERENCE),
    default("EFSAuthorizationConfig", "iam", "\"DISABLED\"", REFERENCE),
    default("S3FilesVolumeConfiguration", "rootDirectory", "\"/\"", REFERENCE),
    none("DockerVolumeConfiguration", "scope", NO_DEFAULT),
    default(
        "DockerVolumeConfiguration",
        "autoprovision",
        "false",
        "a volume is created only if it is `true` (API reference); false by default in terraform-provider-aws",
    ),
    // CreateService, and UpdateService with the same shapes
    none(
        "CreateServiceRequest",
        "availabilityZoneRebalancing",
        "ENABLED for new services, DISABLED for older ones (API reference; observed live)",
    ),
    none("CreateServiceRequest", "launchType", "absent is the cluster's default strategy (API reference)"),
    default("CreateServiceRequest", "schedulingStrategy", "\"REPLICA\"", OBSERVED),
    default("CreateServiceRequest", "propagateTags", "\"NONE\"", REFERENCE),
    default("CreateServiceRequest", "healthCheckGracePeriodSeconds", "0", REFERENCE),
    default("CreateServiceRequest", "enableExecuteCommand", "false", OBSERVED),
    default(
        "CreateServiceRequest",
        "enableECSManagedTags",
        "false",
        "false by default in terraform-provider-aws",
    ),
    default("DeploymentController", "type", "\"ECS\"", REFERENCE),
    default("DeploymentConfiguration", "strategy", "\"ROLLING\"", OBSERVED),
    default("DeploymentConfiguration", "bakeTimeInMinutes", "0", OBSERVED),
    default("DeploymentCircuitBreaker", "enable", "false", OBSERVED),
    default("DeploymentCircuitBreaker", "rollback", "false", OBSERVED),
    default("DeploymentCircuitBreaker", "resetOnHealthyTask", "true", REFERENCE),
    default("ThresholdConfiguration", "type", "\"BOUNDED_PERCENT\"", REFERENCE),
    default("ThresholdConfiguration", "value", "50", REFERENCE),
    default("DeploymentAlarms", "enable", "false", OBSERVED),
    default("DeploymentAlarms", "rollback", "false", OBSERVED),
    default("LinearConfiguration", "stepPercent", "10", REFERENCE),
    default("LinearConfiguration", "stepBakeTimeInMinutes", "6", REFERENCE),
    default("CanaryConfiguration", "canaryPercent", "5", REFERENCE),
    default("CanaryConfiguration", "canaryBakeTimeInMinutes", "10", REFERENCE),
    default("DeploymentEarlySuccessCriteria", "enable", "false", REFERENCE),
    none("DeploymentEarlySuccessCriteria", "sourceServiceRevisionCleanup", NO_DEFAULT),
    default("DeploymentLifecycleHook", "targetType", "\"AWS_LAMBDA\"", REFERENCE),
    none("DeploymentLifecycleHook", "lifecycleStages", REQUIRED),
    default("DeploymentLifecycleHookTimeoutConfiguration", "action", "\"ROLLBACK\"", REFERENCE),
    default("DeploymentLifecycleHookTimeoutConfiguration", "timeoutInMinutes", "1440", REFERENCE),
    // The reference names the default of services only; a target of a schedule is compared alike.
    default("AwsVpcConfiguration", "assignPublicIp", "\"DISABLED\"", REFERENCE),
    default("CapacityProviderStrategyItem", "weight", "0", REFERENCE),
    default("CapacityProviderStrategyItem", "base", "0", REFERENCE),
    none("PlacementConstraint", "type", REQUIRED),
    none("PlacementStrategy", "type", REQUIRED),
    none("ServiceConnectAccessLogConfiguration", "format", REQUIRED),
    default("ServiceConnectAccessLogConfiguration", "includeQueryParameters", "\"DISABLED\"", REFERENCE),
    default("ServiceConnectContainerConfiguration", "logLevel", "\"info\"", REFERENCE),
    default(
        "ServiceManagedEBSVolumeConfiguration",
        "filesystemType",
        "\"xfs\"",
        "API reference; observed live (go-to-k/cdk-real-drift)",
    ),
    none("EBSTagSpecification", "resourceType", REQUIRED),
    default("EBSTagSpecification", "propagateTags", "\"NONE\"", REFERENCE),
    none("GatewayConnectorHealthCheck", "healthCheckProtocol", NO_DEFAULT),
    none("GatewayConnectorFilters", "accessTypes", NO_DEFAULT),
    default("GatewayConnectorDeregistrationDelay", "timeoutSeconds", "300", REFERENCE),
    // CreateExpressGatewayService: AWS's pages contradict each other about its defaults, and ECS shows every value
    none("CreateExpressGatewayServiceRequest", "cpuArchitecture", EXPRESS),
    none("ExpressGatewayScalingTarget", "autoScalingMetric", EXPRESS),
    // RunTask, and the targets of schedules
    none("RunTaskRequest", "launchType", "absent is the cluster's default strategy (API reference)"),
    default("RunTaskRequest", "propagateTags", "\"NONE\"", REFERENCE),
    default("TaskManagedEBSVolumeConfiguration", "filesystemType", "\"xfs\"", REFERENCE),
    default("TaskManagedEBSVolumeTerminationPolicy", "deleteOnTermination", "true", REFERENCE),
    // PutScalingPolicy and PutScheduledAction
    none("PutScalingPolicyRequest", "ServiceNamespace", REQUIRED),
    none("PutScalingPolicyRequest", "ScalableDimension", REQUIRED),
    none("PutScalingPolicyRequest", "PolicyType", REQUIRED),
    none("PredefinedMetricSpecification", "PredefinedMetricType", REQUIRED),
    none(
        "CustomizedMetricSpecification",
        "Statistic",
        "always present where there is one metric (API reference)",
    ),
    none("StepScalingPolicyConfiguration", "AdjustmentType", REQUIRED),
    none("PutScheduledActionRequest", "ServiceNamespace", REQUIRED),
    none("PutScheduledActionRequest", "ScalableDimension", REQUIRED),
    default("TargetTrackingScalingPolicyConfiguration", "DisableScaleIn", "false", REFERENCE),
    default("TargetTrackingScalingPolicyConfiguration", "ScaleInCooldown", "300", COOLDOWN),
    default("TargetTrackingScalingPolicyConfiguration", "ScaleOutCooldown", "300", COOLDOWN),
    default("TargetTrackingMetricDataQuery", "ReturnData", "true", REFERENCE),
    default("StepScalingPolicyConfiguration", "Cooldown", "300", REFERENCE),
    default("StepScalingPolicyConfiguration", "MetricAggregationType", "\"Average\"", REFERENCE),
    default("PredictiveScalingPolicyConfiguration", "Mode", "\"ForecastOnly\"", REFERENCE),
    default("PredictiveScalingPolicyConfiguration", "SchedulingBufferTime", "300", REFERENCE),
    default(
        "PredictiveScalingPolicyConfiguration",
        "MaxCapacityBreachBehavior",
        "\"HonorMaxCapacity\"",
        REFERENCE,
    ),
    default("PredictiveScalingMetricDataQuery", "ReturnData", "true", REFERENCE),
    default("PutScheduledActionRequest", "Timezone", "\"UTC\"", REFERENCE),
];

/// Returns the value that an absent member stands for.
pub fn default_value(structure: &str, member: &str) -> Option<Value> {
    let row = VALUES.iter().find(|row| row.structure == structure && row.member == member)?;
    serde_json::from_str(row.absent?).ok()
}
