//! Facts about shapes that the model file does not contain: the members that identify a list item, the lists that have
//! no order, and the defaults of ECS. Tables only, no logic.

/// The members that identify the items of a list.
pub struct Identity {
    /// The item's shape.
    pub shape: &'static str,
    /// The members that form the item's name, each with its default.
    pub members: &'static [(&'static str, &'static str)],
}

/// List items that have a name: layers are merged by it, and a diff shows it.
pub const IDENTITIES: &[Identity] = &[
    Identity { shape: "ContainerDefinition", members: &[("name", "")] },
    Identity { shape: "ContainerOverride", members: &[("name", "")] },
    Identity { shape: "KeyValuePair", members: &[("name", "")] },
    Identity { shape: "Secret", members: &[("name", "")] },
    Identity { shape: "Volume", members: &[("name", "")] },
    Identity { shape: "ServiceVolumeConfiguration", members: &[("name", "")] },
    Identity { shape: "Ulimit", members: &[("name", "")] },
    Identity {
        shape: "PortMapping",
        members: &[("containerPort", ""), ("containerPortRange", ""), ("protocol", "tcp")],
    },
    Identity { shape: "Tag", members: &[("key", "")] },
];

/// Lists that may be written as a mapping: item shape, member for the key, member for the value.
pub const MAPPINGS: &[(&str, &str, &str)] =
    &[("KeyValuePair", "name", "value"), ("Secret", "name", "valueFrom"), ("Tag", "key", "value")];

/// Item shapes whose lists have no order, in addition to those with a name.
///
/// ECS returns most of them in the order of the request, but ignores the order.
pub const UNORDERED: &[&str] = &[
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
pub const UNORDERED_MEMBERS: &[(&str, &str)] = &[
    ("AwsVpcConfiguration", "subnets"),
    ("AwsVpcConfiguration", "securityGroups"),
    ("KernelCapabilities", "add"),
    ("KernelCapabilities", "drop"),
    ("DeploymentAlarms", "alarmNames"),
];

/// Values that ECS sets by default, or that mean the same as an absent member: structure, member, value as JSON.
///
/// From public DescribeTaskDefinition output, and from the API reference of each member.
pub const DEFAULTS: &[(&str, &str, &str)] = &[
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
pub fn identity(shape: &str) -> Option<&'static Identity> {
    IDENTITIES.iter().find(|identity| identity.shape == shape)
}
