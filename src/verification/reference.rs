//! References of documents: what they name, what they need of it, and where.

use crate::document::source::SourceSpan;
use crate::image::ImageReference;
use crate::image::platforms::Platform;

/// Something in AWS that a document names. What is named twice is looked up once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A role of IAM, by its name or its ARN.
    Role(String),
    /// An image in a private repository of ECR.
    Image(ImageReference),
    /// A secret of Secrets Manager, by its ARN or its name.
    Secret(String),
    /// The keys of the value of a secret, by the ARN of the secret.
    SecretKeys(String),
    /// A parameter of Systems Manager, by its ARN or its name.
    Parameter(String),
    /// A log group of CloudWatch; without a region that of the run.
    LogGroup {
        region: Option<String>,
        name: String,
    },
    /// An object of S3.
    Object {
        bucket: String,
        key: String,
    },
    /// A target group of Elastic Load Balancing, by its ARN.
    TargetGroup(String),
    Subnet(String),
    SecurityGroup(String),
    /// A capacity provider of a cluster.
    CapacityProvider {
        cluster: String,
        name: String,
    },
    /// A file system of EFS.
    FileSystem(String),
    /// An access point of EFS.
    AccessPoint(String),
    /// A namespace of Cloud Map, by its name or its ARN.
    Namespace(String),
    /// A function of Lambda, by its ARN.
    Function(String),
    /// An alarm of CloudWatch.
    Alarm(String),
}

/// What a document needs of what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    Exists,
    /// The role trusts this service, such as `ecs-tasks.amazonaws.com`.
    Trusts(&'static str),
    /// The image has this platform.
    Runs(Platform),
    /// The value of the secret is JSON with this key.
    HasKey(String),
    /// The log group is created where it does not exist.
    MayBeCreated,
    /// The target group takes the targets of the service.
    Takes(Traffic),
    /// The access point is one of this file system.
    IsOf(String),
}

/// What a service sends through a target group; what is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// `ip` or `instance`, which follows from the network mode.
    pub target_type: Option<&'static str>,
    /// `tcp` or `udp`, of the port mapping.
    pub protocol: Option<&'static str>,
}

/// Something that a document names, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub target: Target,
    pub demand: Demand,
    pub span: SourceSpan,
    /// The path in the document, such as `containerDefinitions[app].image`.
    pub path: String,
    /// The service or task to which it belongs: subnets, security groups and target groups of one must be in one VPC.
    pub owner: usize,
}
