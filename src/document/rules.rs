//! Owns what the model file does not say about shapes: what names an item of a list, which
//! lists have an order, and what ECS fills in. Tables, with their reasons; no logic.

/// Says that the items of a list are named by some of their members.
pub struct Identity {
    /// The item's shape.
    pub shape: &'static str,
    /// The members that name it, each with the value that stands where it is absent.
    pub members: &'static [(&'static str, &'static str)],
}

/// Items with a name: layers merge them by it, and the diff calls them by it.
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

/// Lists that may be written as a mapping: item shape, the member that is the key, the member that is the value.
pub const MAPPINGS: &[(&str, &str, &str)] =
    &[("KeyValuePair", "name", "value"), ("Secret", "name", "valueFrom"), ("Tag", "key", "value")];

/// Item shapes whose lists have no order, beside those with a name.
///
/// ECS keeps the order that it was given in most of them, but it means nothing to it.
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

/// String lists that have no order, by structure and member; all other string lists have one.
pub const UNORDERED_MEMBERS: &[(&str, &str)] = &[
    ("AwsVpcConfiguration", "subnets"),
    ("AwsVpcConfiguration", "securityGroups"),
    ("KernelCapabilities", "add"),
    ("KernelCapabilities", "drop"),
    ("DeploymentAlarms", "alarmNames"),
];

/// Values that ECS fills in, or that mean the same as an absent member: structure, member, value as JSON.
///
/// Seen in public DescribeTaskDefinition answers and documented in the API reference of each member.
pub const DEFAULTS: &[(&str, &str, &str)] = &[
    ("RegisterTaskDefinitionRequest", "enableFaultInjection", "false"),
    // What Linux tasks on EC2 have without one; Windows takes no `bridge`.
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

/// Returns what names an item of that shape.
pub fn identity(shape: &str) -> Option<&'static Identity> {
    IDENTITIES.iter().find(|identity| identity.shape == shape)
}
