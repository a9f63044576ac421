//! Collects what documents name, along the ECS model.

use super::reference::{Demand, Reference, Target, Traffic};
use crate::document::arn::Arn;
use crate::document::member_walk::{MemberValue, MemberVisitor, StructureValue, walk};
use crate::document::model::DocumentKind;
use crate::document::source::SourceSpan;
use crate::document::tree::Node;
use crate::image::ImageReference;
use crate::image::platforms::Platform;
use crate::lint::document_view::{TaskDefinitionView, member_integer, member_items, member_text};

/// What a member names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A role that must trust this service.
    Role(&'static str),
    Image,
    /// The ARN of a secret or a parameter, or the name of a parameter.
    SecretOrParameter,
    /// The ARN or the name of a secret.
    Secret,
    EnvFile,
    Subnet,
    SecurityGroup,
    CapacityProvider,
    Namespace,
    Function,
    Alarm,
    /// Collected with the structure that it is in.
    InStructure,
}

/// The service that starts the containers of a task, and the one that manages what belongs to it (developer guide of ECS, "IAM
/// roles for Amazon ECS").
const TASKS: &str = "ecs-tasks.amazonaws.com";
const ECS: &str = "ecs.amazonaws.com";
/// The services that start the tasks of schedules and of rules.
pub const SCHEDULER: &str = "scheduler.amazonaws.com";
pub const EVENTS: &str = "events.amazonaws.com";

/// The members that name something.
const MEMBERS: &[(&str, &str, Meaning)] = &[
    ("RegisterTaskDefinitionRequest", "taskRoleArn", Meaning::Role(TASKS)),
    ("RegisterTaskDefinitionRequest", "executionRoleArn", Meaning::Role(TASKS)),
    ("TaskOverride", "taskRoleArn", Meaning::Role(TASKS)),
    ("TaskOverride", "executionRoleArn", Meaning::Role(TASKS)),
    ("CreateExpressGatewayServiceRequest", "taskRoleArn", Meaning::Role(TASKS)),
    ("CreateExpressGatewayServiceRequest", "executionRoleArn", Meaning::Role(TASKS)),
    ("CreateExpressGatewayServiceRequest", "infrastructureRoleArn", Meaning::Role(ECS)),
    ("CreateServiceRequest", "role", Meaning::Role(ECS)),
    ("AdvancedConfiguration", "roleArn", Meaning::Role(ECS)),
    ("VpcLatticeConfiguration", "roleArn", Meaning::Role(ECS)),
    ("DeploymentLifecycleHook", "roleArn", Meaning::Role(ECS)),
    ("ServiceConnectTlsConfiguration", "roleArn", Meaning::Role(ECS)),
    ("ServiceManagedEBSVolumeConfiguration", "roleArn", Meaning::Role(ECS)),
    ("TaskManagedEBSVolumeConfiguration", "roleArn", Meaning::Role(ECS)),
    ("ContainerDefinition", "image", Meaning::Image),
    ("ExpressGatewayContainer", "image", Meaning::Image),
    ("Secret", "valueFrom", Meaning::SecretOrParameter),
    ("RepositoryCredentials", "credentialsParameter", Meaning::Secret),
    ("ExpressGatewayRepositoryCredentials", "credentialsParameter", Meaning::Secret),
    ("EnvironmentFile", "value", Meaning::EnvFile),
    ("AwsVpcConfiguration", "subnets", Meaning::Subnet),
    ("AwsVpcConfiguration", "securityGroups", Meaning::SecurityGroup),
    ("ExpressGatewayServiceNetworkConfiguration", "subnets", Meaning::Subnet),
    ("ExpressGatewayServiceNetworkConfiguration", "securityGroups", Meaning::SecurityGroup),
    ("CapacityProviderStrategyItem", "capacityProvider", Meaning::CapacityProvider),
    ("ServiceConnectConfiguration", "namespace", Meaning::Namespace),
    ("DeploymentLifecycleHook", "hookTargetArn", Meaning::Function),
    ("DeploymentAlarms", "alarmNames", Meaning::Alarm),
    ("LoadBalancer", "targetGroupArn", Meaning::InStructure),
    ("AdvancedConfiguration", "alternateTargetGroupArn", Meaning::InStructure),
];

/// What is known of the definition that a service or a task runs.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a>(pub Option<&'a Node>);

/// The references of a manifest, in the order of its documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References {
    pub all: Vec<Reference>,
    owners: usize,
}

impl References {
    /// Adds what a document names. `definition` is the one that it runs, and `cluster` the one in which that is.
    pub fn add_document(
        &mut self,
        node: &Node,
        kind: DocumentKind,
        definition: Definition<'_>,
        cluster: Option<&str>,
    ) {
        self.owners += 1;
        let definition = definition.0.map(TaskDefinitionView::new);
        let platform = definition.as_ref().and_then(platform_of);
        let owner = self.owners;
        let mut collector = Collector { references: self, definition, platform, cluster, owner };
        walk(node, kind.input_shape(), &mut collector);
    }

    /// Adds the role of a schedule or a rule.
    pub fn add_schedule_role(&mut self, role: &str, service: &'static str, span: SourceSpan, path: String) {
        let (target, demand) = (Target::Role(role.to_owned()), Demand::Trusts(service));
        self.all.push(Reference { target, demand, span, path, owner: 0 });
    }

    /// Adds an image of a definition that is not in the manifest.
    pub fn add_image(&mut self, image: &ImageReference, span: SourceSpan, path: String) {
        if image.ecr_repository().is_some() {
            let target = Target::Image(image.clone());
            self.all.push(Reference { target, demand: Demand::Exists, span, path, owner: 0 });
        }
    }
}

/// Collects the references of one document.
struct Collector<'a> {
    references: &'a mut References,
    definition: Option<TaskDefinitionView<'a>>,
    platform: Option<Platform>,
    cluster: Option<&'a str>,
    owner: usize,
}

impl Collector<'_> {
    fn add(&mut self, target: Target, demand: Demand, node: &Node, path: String) {
        let reference = Reference { target, demand, span: node.span, path, owner: self.owner };
        self.references.all.push(reference);
    }

    fn add_secret_or_parameter(&mut self, text: &str, node: &Node, path: String) {
        let Some(arn) = Arn::parse(text) else {
            self.add(Target::Parameter(text.to_owned()), Demand::Exists, node, path);
            return;
        };
        if arn.service == "ssm" {
            self.add(Target::Parameter(text.to_owned()), Demand::Exists, node, path);
        } else if arn.service == "secretsmanager" {
            let (secret, key) = split_secret(text);
            self.add(Target::Secret(secret.clone()), Demand::Exists, node, path.clone());
            if let Some(key) = key {
                self.add(Target::SecretKeys(secret), Demand::HasKey(key), node, path);
            }
        }
    }

    fn add_log_group(&mut self, found: &StructureValue<'_>) {
        let options =
            found.node.get("options").filter(|_| member_text(found.node, "logDriver") == Some("awslogs"));
        let Some(options) = options else { return };
        let Some(group) = options.get("awslogs-group") else { return };
        let Some(name) = group.text().map(str::to_owned) else { return };
        let region = member_text(options, "awslogs-region").map(str::to_owned);
        let is_created = member_text(options, "awslogs-create-group") == Some("true");
        let demand = if is_created { Demand::MayBeCreated } else { Demand::Exists };
        let path = format!("{}.awslogs-group", found.member_path("options"));
        self.add(Target::LogGroup { region, name }, demand, group, path);
    }

    fn add_target_groups(&mut self, found: &StructureValue<'_>) {
        let traffic = self.traffic_of(found.node);
        let alternate =
            found.node.get("advancedConfiguration").and_then(|node| node.get("alternateTargetGroupArn"));
        let advanced = format!("{}.alternateTargetGroupArn", found.member_path("advancedConfiguration"));
        let named =
            [(found.node.get("targetGroupArn"), found.member_path("targetGroupArn")), (alternate, advanced)];
        for (node, path) in named {
            let Some(node) = node else { continue };
            let Some(arn) = node.text().map(str::to_owned) else { continue };
            self.add(Target::TargetGroup(arn), Demand::Takes(traffic), node, path);
        }
    }

    /// Returns what a load balancer of the service sends to its containers.
    fn traffic_of(&self, balancer: &Node) -> Traffic {
        let Some(definition) = &self.definition else { return Traffic::default() };
        let target_type =
            definition.network_mode().map(|mode| if mode == "awsvpc" { "ip" } else { "instance" });
        let port = member_integer(balancer, "containerPort");
        let container = member_text(balancer, "containerName").and_then(|name| definition.container(name));
        let mappings =
            container.map(|container| member_items(container.node, "portMappings")).unwrap_or_default();
        let mapping = mappings
            .iter()
            .find(|mapping| port.is_some() && member_integer(mapping, "containerPort") == port);
        // PortMapping.protocol: the default is tcp.
        let protocol = mapping.map(|mapping| match member_text(mapping, "protocol") {
            Some("udp") => "udp",
            _ => "tcp",
        });
        Traffic { target_type, protocol }
    }

    fn add_file_system(&mut self, found: &StructureValue<'_>) {
        let Some(file_system) = found.node.get("fileSystemId") else { return };
        let Some(id) = file_system.text().map(str::to_owned) else { return };
        self.add(
            Target::FileSystem(id.clone()),
            Demand::Exists,
            file_system,
            found.member_path("fileSystemId"),
        );
        let point = found.node.get("authorizationConfig").and_then(|node| node.get("accessPointId"));
        let Some(point) = point else { return };
        let Some(text) = point.text().map(str::to_owned) else { return };
        let path = format!("{}.accessPointId", found.member_path("authorizationConfig"));
        self.add(Target::AccessPoint(text), Demand::IsOf(id), point, path);
    }
}

impl MemberVisitor for Collector<'_> {
    fn value(&mut self, found: MemberValue<'_>) {
        let row =
            MEMBERS.iter().find(|(shape, member, _)| *shape == found.structure && *member == found.member);
        let (Some((.., meaning)), Some(text)) = (row, found.node.text()) else { return };
        if text.is_empty() {
            return;
        }
        let (node, owned) = (found.node, text.to_owned());
        let target = match meaning {
            Meaning::Role(service) => {
                self.add(Target::Role(owned), Demand::Trusts(service), node, found.path());
                return;
            }
            Meaning::Image => {
                let image = ImageReference::parse(text);
                if image.ecr_repository().is_none() {
                    return;
                }
                let demand = self.platform.clone().map_or(Demand::Exists, Demand::Runs);
                self.add(Target::Image(image), demand, node, found.path());
                return;
            }
            Meaning::SecretOrParameter => {
                self.add_secret_or_parameter(text, node, found.path());
                return;
            }
            Meaning::CapacityProvider => {
                if let Some(cluster) = self.cluster {
                    let target = Target::CapacityProvider { cluster: cluster.to_owned(), name: owned };
                    self.add(target, Demand::Exists, node, found.path());
                }
                return;
            }
            Meaning::EnvFile => {
                let Some((bucket, key)) = object_of(text) else { return };
                Target::Object { bucket, key }
            }
            Meaning::Secret => Target::Secret(owned),
            Meaning::Subnet => Target::Subnet(owned),
            Meaning::SecurityGroup => Target::SecurityGroup(owned),
            Meaning::Namespace => Target::Namespace(owned),
            // The targets of hooks that are no functions, such as pauses, are none of AWS's resources.
            Meaning::Function if Arn::parse(text).is_some_and(|arn| arn.service == "lambda") => {
                Target::Function(owned)
            }
            Meaning::Alarm => Target::Alarm(owned),
            Meaning::Function | Meaning::InStructure => return,
        };
        self.add(target, Demand::Exists, node, found.path());
    }

    fn structure(&mut self, found: StructureValue<'_>) {
        match found.shape {
            "LogConfiguration" => self.add_log_group(&found),
            "LoadBalancer" => self.add_target_groups(&found),
            "EFSVolumeConfiguration" => self.add_file_system(&found),
            _ => {}
        }
    }
}

/// Returns the platform on which a definition runs; `None` where its instances decide.
fn platform_of(definition: &TaskDefinitionView<'_>) -> Option<Platform> {
    let platform = definition.node.get("runtimePlatform");
    let architecture = platform.and_then(|platform| member_text(platform, "cpuArchitecture"));
    let is_windows = definition.runs_windows()?;
    let architecture = match architecture {
        Some("ARM64") => "arm64",
        Some("X86_64") => "amd64",
        // Fargate runs X86_64 where nothing else is said (API reference, RuntimePlatform.cpuArchitecture).
        None if definition.requires_fargate() || is_windows => "amd64",
        _ => return None,
    };
    let os = if is_windows { "windows" } else { "linux" };
    Some(Platform { os: os.to_owned(), architecture: architecture.to_owned() })
}

/// Returns the ARN of a secret and the JSON key that follows it (developer guide of ECS, "Pass Secrets Manager secrets through
/// Amazon ECS environment variables": `arn:aws:secretsmanager:region:account:secret:name-AbCdEf:key:stage:version`).
fn split_secret(text: &str) -> (String, Option<String>) {
    let parts: Vec<&str> = text.splitn(10, ':').collect();
    let arn = parts.get(..7).map_or_else(|| text.to_owned(), |parts| parts.join(":"));
    let key = parts.get(7).filter(|key| !key.is_empty()).map(|key| (*key).to_owned());
    (arn, key)
}

/// Returns the bucket and the key of the ARN of an object: `arn:aws:s3:::bucket/key`.
fn object_of(text: &str) -> Option<(String, String)> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "s3")?;
    let (bucket, key) = arn.resource.split_once('/')?;
    Some((bucket.to_owned(), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document::model::{Shape, model};

    /// Members with an ARN that are not looked up.
    const NOT_LOOKED_UP: &[(&str, &str)] = &[
        ("CreateExpressGatewayServiceRequest", "taskDefinitionArn"),
        ("S3FilesVolumeConfiguration", "fileSystemArn"),
        ("S3FilesVolumeConfiguration", "accessPointArn"),
        ("ServiceConnectTlsCertificateAuthority", "awsPcaAuthorityArn"),
        ("ServiceRegistry", "registryArn"),
        ("VpcLatticeAdvancedConfiguration", "alternateTargetGroupArn"),
        ("VpcLatticeConfiguration", "targetGroupArn"),
    ];

    fn visit(shape: &str, seen: &mut BTreeSet<String>, arns: &mut BTreeSet<(String, String)>) {
        if !seen.insert(shape.to_owned()) {
            return;
        }
        match model().shape(shape) {
            Shape::Structure(schema) => {
                for (name, member) in &schema.properties {
                    if name.ends_with("Arn") || name.ends_with("Arns") {
                        arns.insert((shape.to_owned(), name.clone()));
                    }
                    visit(member.target_shape().unwrap_or_default(), seen, arns);
                }
            }
            Shape::List(item) | Shape::Map(item) => visit(item, seen, arns),
            _ => {}
        }
    }

    #[test]
    fn every_member_with_an_arn_has_a_meaning_or_is_known_to_have_none() {
        let (mut seen, mut arns) = (BTreeSet::new(), BTreeSet::new());
        for kind in [
            DocumentKind::TaskDefinition,
            DocumentKind::Service,
            DocumentKind::Express,
            DocumentKind::RunTask,
        ] {
            visit(kind.input_shape(), &mut seen, &mut arns);
        }
        let known = |shape: &str, name: &str| {
            MEMBERS.iter().any(|(s, m, _)| (*s, *m) == (shape, name))
                || NOT_LOOKED_UP.contains(&(shape, name))
        };
        let unknown: Vec<_> = arns.iter().filter(|(shape, name)| !known(shape, name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let gone: Vec<_> = MEMBERS
            .iter()
            .filter(|(shape, member, _)| model().member_shape(shape, member).is_none())
            .collect();
        assert!(gone.is_empty(), "{gone:?}");
    }
}
