//! Which lists have an order: one decision for every list of the model, with its source. A table only, no logic.
//!
//! Where ECS returns a list in another order than it was written, or where nothing depends on the order, the order is
//! ignored. Whatever is not proven stays a difference, with a note.

/// Whether the order of a list is part of its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListOrder {
    /// Another order is a change.
    Kept,
    /// Another order is no change.
    Ignored,
}

/// The decision about one list.
#[derive(Clone, Copy, Debug)]
pub struct ListRow {
    pub structure: &'static str,
    pub member: &'static str,
    pub order: ListOrder,
    /// What the decision rests on.
    pub source: &'static str,
}

use ListOrder::{Ignored, Kept};

const fn row(
    structure: &'static str,
    member: &'static str,
    order: ListOrder,
    source: &'static str,
) -> ListRow {
    ListRow { structure, member, order, source }
}

const SINGLE: &str = "at most one item";
const NOT_PROVEN: &str = "no observation found; not proven, so another order is a change";
const AS_WRITTEN: &str = "returned as written (go-to-k/cdk-real-drift, observed live); nothing proves that the order has no effect";
const BY_KEY: &str = "each key once: AWS refuses a second tag with the same key";
const ALL_MUST_HOLD: &str =
    "every constraint must hold; a set in terraform-provider-aws, sorted by kayac/ecspresso";
const CAPACITY: &str =
    "each provider has its own base and weight (API reference); a set in terraform-provider-aws";
const IN_TURN: &str = "evaluated in turn; an ordered list in terraform-provider-aws";
const VARIABLES: &str = "returned in another order from four entries on (aws-sdk-java#3043, go-to-k/cdk-real-drift); of one name the last counts";
const TOP_DOWN: &str = "processed from the top down (API reference, ContainerDefinition)";
const DIMENSIONS: &str = "each name once: the dimensions together name the metric (CloudWatch)";
const QUERIES: &str = "each id once, and expressions refer to the ids (API reference)";
const STEPS: &str =
    "intervals that do not overlap; a set in terraform-provider-aws, aws_appautoscaling_policy";
const ARGUMENTS: &str = "arguments";

/// One row for every list of the documents that are compared.
pub const LISTS: &[ListRow] = &[
    // RegisterTaskDefinition
    row(
        "RegisterTaskDefinitionRequest",
        "containerDefinitions",
        Ignored,
        "each name once; sorted by name in terraform-provider-aws (#36029, #38208) and kayac/ecspresso",
    ),
    row(
        "RegisterTaskDefinitionRequest",
        "volumes",
        Ignored,
        "named; a set in terraform-provider-aws, sorted by kayac/ecspresso",
    ),
    row("RegisterTaskDefinitionRequest", "placementConstraints", Ignored, ALL_MUST_HOLD),
    row(
        "RegisterTaskDefinitionRequest",
        "requiresCompatibilities",
        Ignored,
        "returned sorted (go-to-k/cdk-real-drift, observed live); a set in terraform-provider-aws",
    ),
    row("RegisterTaskDefinitionRequest", "tags", Ignored, BY_KEY),
    row("RegisterTaskDefinitionRequest", "inferenceAccelerators", Kept, NOT_PROVEN),
    row("ContainerDefinition", "links", Ignored, "returned sorted (go-to-k/cdk-real-drift, observed live)"),
    row(
        "ContainerDefinition",
        "portMappings",
        Ignored,
        "returned in another order (go-to-k/cdk-real-drift, observed live)",
    ),
    row("ContainerDefinition", "entryPoint", Kept, ARGUMENTS),
    row("ContainerDefinition", "command", Kept, ARGUMENTS),
    row("ContainerDefinition", "environment", Ignored, VARIABLES),
    row("ContainerDefinition", "environmentFiles", Kept, TOP_DOWN),
    row("ContainerDefinition", "mountPoints", Kept, AS_WRITTEN),
    row(
        "ContainerDefinition",
        "volumesFrom",
        Ignored,
        "returned in another order (go-to-k/cdk-real-drift, observed live)",
    ),
    row("ContainerDefinition", "secrets", Ignored, VARIABLES),
    row("ContainerDefinition", "dependsOn", Kept, AS_WRITTEN),
    row("ContainerDefinition", "dnsServers", Kept, "resolvers ask them in turn; returned as written"),
    row("ContainerDefinition", "dnsSearchDomains", Kept, "resolvers try them in turn; returned as written"),
    row("ContainerDefinition", "extraHosts", Kept, AS_WRITTEN),
    row("ContainerDefinition", "dockerSecurityOptions", Kept, AS_WRITTEN),
    row("ContainerDefinition", "ulimits", Ignored, "each name is one limit, independent of the others"),
    row(
        "ContainerDefinition",
        "systemControls",
        Ignored,
        "maps to Docker's `Sysctls` (API reference), which is a mapping without an order",
    ),
    row("ContainerDefinition", "resourceRequirements", Kept, NOT_PROVEN),
    row("ContainerDefinition", "credentialSpecs", Kept, SINGLE),
    row("ContainerRestartPolicy", "ignoredExitCodes", Kept, NOT_PROVEN),
    row("HealthCheck", "command", Kept, ARGUMENTS),
    row(
        "KernelCapabilities",
        "add",
        Ignored,
        "a set of capabilities that is added to Docker's (API reference)",
    ),
    row(
        "KernelCapabilities",
        "drop",
        Ignored,
        "a set of capabilities that is removed from Docker's (API reference)",
    ),
    row("LinuxParameters", "devices", Kept, NOT_PROVEN),
    row("LinuxParameters", "tmpfs", Kept, NOT_PROVEN),
    row("Device", "permissions", Kept, NOT_PROVEN),
    row("Tmpfs", "mountOptions", Kept, "of two that contradict each other, the last may count"),
    row(
        "LogConfiguration",
        "secretOptions",
        Ignored,
        "named like the driver's `options`, which are a mapping",
    ),
    row(
        "ProxyConfiguration",
        "properties",
        Ignored,
        "named; a mapping in terraform-provider-aws, sorted by kayac/ecspresso",
    ),
    // CreateService, and UpdateService with the same shapes
    row("CreateServiceRequest", "loadBalancers", Ignored, "a set in terraform-provider-aws"),
    row("CreateServiceRequest", "serviceRegistries", Kept, SINGLE),
    row("CreateServiceRequest", "capacityProviderStrategy", Ignored, CAPACITY),
    row("CreateServiceRequest", "placementConstraints", Ignored, ALL_MUST_HOLD),
    row("CreateServiceRequest", "placementStrategy", Kept, IN_TURN),
    row("CreateServiceRequest", "tags", Ignored, BY_KEY),
    row("CreateServiceRequest", "volumeConfigurations", Ignored, "named after the definition's volumes"),
    row("CreateServiceRequest", "vpcLatticeConfigurations", Ignored, "a set in terraform-provider-aws"),
    row("CreateServiceRequest", "gatewayConnectors", Kept, SINGLE),
    row(
        "AwsVpcConfiguration",
        "subnets",
        Ignored,
        "a set in terraform-provider-aws, sorted by kayac/ecspresso",
    ),
    row(
        "AwsVpcConfiguration",
        "securityGroups",
        Ignored,
        "a set in terraform-provider-aws, sorted by kayac/ecspresso",
    ),
    row("DeploymentAlarms", "alarmNames", Ignored, "a set in terraform-provider-aws"),
    row("DeploymentConfiguration", "lifecycleHooks", Ignored, "a set in terraform-provider-aws"),
    row("DeploymentLifecycleHook", "lifecycleStages", Kept, NOT_PROVEN),
    row("ServiceConnectConfiguration", "services", Kept, NOT_PROVEN),
    row("ServiceConnectConfiguration", "containerConfigurations", Kept, NOT_PROVEN),
    row("ServiceConnectService", "clientAliases", Kept, SINGLE),
    row("ServiceManagedEBSVolumeConfiguration", "tagSpecifications", Kept, SINGLE),
    row("EBSTagSpecification", "tags", Ignored, BY_KEY),
    row("GatewayConnectorFilters", "accessTypes", Kept, NOT_PROVEN),
    row("MonitoringConfiguration", "metricConfigurations", Kept, NOT_PROVEN),
    row("MetricConfiguration", "metricNames", Kept, NOT_PROVEN),
    // CreateExpressGatewayService
    row("CreateExpressGatewayServiceRequest", "tags", Ignored, BY_KEY),
    row("ExpressGatewayContainer", "command", Kept, ARGUMENTS),
    row(
        "ExpressGatewayContainer",
        "environment",
        Ignored,
        "returned in another order (terraform-provider-aws, tests of aws_ecs_express_gateway_service)",
    ),
    row("ExpressGatewayContainer", "secrets", Ignored, VARIABLES),
    row(
        "ExpressGatewayServiceNetworkConfiguration",
        "subnets",
        Ignored,
        "a set in terraform-provider-aws, as those of any service",
    ),
    row(
        "ExpressGatewayServiceNetworkConfiguration",
        "securityGroups",
        Ignored,
        "a set in terraform-provider-aws, as those of any service",
    ),
    // RunTask, and the targets of schedules
    row("RunTaskRequest", "capacityProviderStrategy", Ignored, CAPACITY),
    row("RunTaskRequest", "placementConstraints", Ignored, ALL_MUST_HOLD),
    row("RunTaskRequest", "placementStrategy", Kept, IN_TURN),
    row("RunTaskRequest", "tags", Ignored, BY_KEY),
    row("RunTaskRequest", "volumeConfigurations", Ignored, "named after the definition's volumes"),
    // PutScalingPolicy
    row("CustomizedMetricSpecification", "Dimensions", Ignored, DIMENSIONS),
    row("TargetTrackingMetric", "Dimensions", Ignored, DIMENSIONS),
    row("PredictiveScalingMetric", "Dimensions", Ignored, DIMENSIONS),
    row("CustomizedMetricSpecification", "Metrics", Ignored, QUERIES),
    row("PredictiveScalingCustomizedMetricSpecification", "MetricDataQueries", Ignored, QUERIES),
    row("StepScalingPolicyConfiguration", "StepAdjustments", Ignored, STEPS),
    row("PredictiveScalingPolicyConfiguration", "MetricSpecifications", Kept, SINGLE),
    row("TaskManagedEBSVolumeConfiguration", "tagSpecifications", Kept, SINGLE),
    row("TaskOverride", "containerOverrides", Ignored, "named after the definition's containers"),
    row("TaskOverride", "inferenceAcceleratorOverrides", Kept, NOT_PROVEN),
    row("ContainerOverride", "command", Kept, ARGUMENTS),
    row("ContainerOverride", "environment", Ignored, VARIABLES),
    row("ContainerOverride", "environmentFiles", Kept, TOP_DOWN),
    row("ContainerOverride", "resourceRequirements", Kept, NOT_PROVEN),
];

/// Returns whether another order of a list is no change.
pub fn ignores_order(structure: &str, member: &str) -> bool {
    let found = LISTS.iter().find(|row| row.structure == structure && row.member == member);
    found.is_some_and(|row| row.order == ListOrder::Ignored)
}
