//! Facts about shapes that the model file does not contain: the members that identify a list item, and the lists that
//! may be written as a mapping. Tables only, no logic.

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
    ItemIdentity { shape: "MetricDimension", members: &[("Name", "")] },
    ItemIdentity { shape: "TargetTrackingMetricDimension", members: &[("Name", "")] },
    ItemIdentity { shape: "TargetTrackingMetricDataQuery", members: &[("Id", "")] },
    ItemIdentity { shape: "PredictiveScalingMetricDimension", members: &[("Name", "")] },
    ItemIdentity { shape: "PredictiveScalingMetricDataQuery", members: &[("Id", "")] },
];

/// Members that only `CreateService` takes: a document that has one describes the service whole.
pub const CREATE_ONLY_MEMBERS: &[&str] = &["launchType", "schedulingStrategy"];

/// Items of a service's lists that have no name: the members by which an item is found again, in the order in which they
/// are tried. Where all of a group are absent, the next group is tried.
const ITEM_KEYS: &[(&str, &[&[&str]])] = &[
    ("LoadBalancer", &[&["targetGroupArn", "loadBalancerName"]]),
    ("ServiceRegistry", &[&["registryArn"]]),
    ("CapacityProviderStrategyItem", &[&["capacityProvider"]]),
    ("PlacementConstraint", &[&["type", "expression"]]),
    ("PlacementStrategy", &[&["type", "field"]]),
    (
        "DeploymentLifecycleHook",
        &[&["hookTargetArn", "lifecycleStages"], &["hookTargetArn"], &["lifecycleStages"]],
    ),
    ("ServiceConnectService", &[&["portName"]]),
    ("ServiceConnectClientAlias", &[&["port"], &["dnsName"]]),
    ("ServiceVolumeConfiguration", &[&["name"]]),
    ("TaskVolumeConfiguration", &[&["name"]]),
    ("EBSTagSpecification", &[&["resourceType"]]),
    ("VpcLatticeConfiguration", &[&["targetGroupArn"]]),
    ("GatewayConnector", &[&["portName"]]),
    ("MetricConfiguration", &[&["metricNames"]]),
    ("Secret", &[&["name"]]),
    ("Tag", &[&["key"]]),
];

/// Returns the members by which an item of a list is found again: groups that are tried in turn.
pub fn item_keys(shape: &str) -> &'static [&'static [&'static str]] {
    ITEM_KEYS.iter().find(|(item, _)| *item == shape).map_or(&[], |(_, keys)| *keys)
}

/// Lists that may be written as a mapping: item shape, member for the key, member for the value.
pub const PAIR_SHAPES: &[(&str, &str, &str)] =
    &[("KeyValuePair", "name", "value"), ("Secret", "name", "valueFrom"), ("Tag", "key", "value")];

/// Enums of which ECS takes every other value for one of them: the shape, and that value (API reference,
/// PortMapping.protocol).
pub const LENIENT_ENUMS: &[(&str, &str)] = &[("TransportProtocol", "tcp")];

/// Returns the members that identify items of a shape.
pub fn item_identity(shape: &str) -> Option<&'static ItemIdentity> {
    ITEM_IDENTITIES.iter().find(|identity| identity.shape == shape)
}
