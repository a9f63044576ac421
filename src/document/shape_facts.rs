//! Facts about shapes that the model file does not contain: the members that identify a list item, the lists that have
//! no order, and the defaults of ECS. Tables only, no logic.

/// The members that identify the items of a list.
pub struct ItemIdentity {
    /// The item's shape.
    pub shape: &'static str,
    /// The members that form the item's name, each with its default.
    pub members: &'static [(&'static str, &'static str)],
}

/// List items that have a name: layers are merged by it, and a diff shows it.
pub const ITEM_IDENTITIES: &[ItemIdentity] = &[
    ItemIdentity { shape: "ContainerDefinition", members: &[("name", "")] },
    ItemIdentity { shape: "ContainerOverride", members: &[("name", "")] },
    ItemIdentity { shape: "KeyValuePair", members: &[("name", "")] },
    ItemIdentity { shape: "Secret", members: &[("name", "")] },
    ItemIdentity { shape: "Volume", members: &[("name", "")] },
    ItemIdentity { shape: "ServiceVolumeConfiguration", members: &[("name", "")] },
    ItemIdentity { shape: "Ulimit", members: &[("name", "")] },
    ItemIdentity {
        shape: "PortMapping",
        members: &[("containerPort", ""), ("containerPortRange", ""), ("protocol", "tcp")],
    },
    ItemIdentity { shape: "Tag", members: &[("key", "")] },
];

/// Lists that may be written as a mapping: item shape, member for the key, member for the value.
pub const PAIR_SHAPES: &[(&str, &str, &str)] =
    &[("KeyValuePair", "name", "value"), ("Secret", "name", "valueFrom"), ("Tag", "key", "value")];

/// Item shapes whose lists have no order, in addition to those with a name.
///
/// ECS returns most of them in the order of the request, but ignores the order.
pub const UNORDERED_ITEMS: &[&str] = &[
    "MountPoint",
    "VolumeFrom",
    "TaskDefinitionPlacementConstraint",
    "PlacementConstraint",
    "Compatibility",
    "ContainerDependency",
    "EnvironmentFile",
    "ResourceRequirement",
    "SystemControl",
    "LoadBalancer",
    "ServiceRegistry",
];

/// Lists of strings that have no order, by structure and member; in all others the order matters.
pub const UNORDERED_STRING_LISTS: &[(&str, &str)] = &[
    ("AwsVpcConfiguration", "subnets"),
    ("AwsVpcConfiguration", "securityGroups"),
    ("KernelCapabilities", "add"),
    ("KernelCapabilities", "drop"),
    ("DeploymentAlarms", "alarmNames"),
];

/// Values that ECS sets by default, or that mean the same as an absent member: structure, member, value as JSON.
///
/// From public `DescribeTaskDefinition` output, and from the API reference of each member.
pub const DEFAULT_VALUES: &[(&str, &str, &str)] = &[
    ("RegisterTaskDefinitionRequest", "enableFaultInjection", "false"),
    // The default for Linux tasks on EC2; Windows does not support `bridge`.
    ("RegisterTaskDefinitionRequest", "networkMode", "\"bridge\""),
    ("ContainerDefinition", "essential", "true"),
    ("ContainerDefinition", "cpu", "0"),
    ("PortMapping", "protocol", "\"tcp\""),
    ("PortMapping", "hostPort", "0"),
    ("HealthCheck", "interval", "30"),
    ("HealthCheck", "timeout", "5"),
    ("HealthCheck", "retries", "3"),
    ("EFSVolumeConfiguration", "rootDirectory", "\"/\""),
    ("ProxyConfiguration", "type", "\"APPMESH\""),
    ("MountPoint", "readOnly", "false"),
    ("VolumeFrom", "readOnly", "false"),
    ("DeploymentConfiguration", "strategy", "\"ROLLING\""),
    ("DeploymentConfiguration", "bakeTimeInMinutes", "0"),
    ("AwsVpcConfiguration", "assignPublicIp", "\"DISABLED\""),
];

/// Returns the members that identify items of a shape.
pub fn item_identity(shape: &str) -> Option<&'static ItemIdentity> {
    ITEM_IDENTITIES.iter().find(|identity| identity.shape == shape)
}
