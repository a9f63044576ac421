//! How targets are named in messages and tables.

use std::fmt;

use super::reference::Target;

impl Target {
    /// Returns the kind for tables and JSON: `target group`.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::Role(_) => "role",
            Target::Image(_) => "image",
            Target::Secret(_) => "secret",
            Target::SecretKeys(_) => "secret key",
            Target::Parameter(_) => "parameter",
            Target::LogGroup { .. } => "log group",
            Target::Object { .. } => "env file",
            Target::TargetGroup(_) => "target group",
            Target::Subnet(_) => "subnet",
            Target::SecurityGroup(_) => "security group",
            Target::CapacityProvider { .. } => "capacity provider",
            Target::FileSystem(_) => "file system",
            Target::AccessPoint(_) => "access point",
            Target::Namespace(_) => "namespace",
            Target::Function(_) => "function",
            Target::Alarm(_) => "alarm",
        }
    }

    /// Returns the name as the document has it.
    pub fn name(&self) -> String {
        match self {
            Target::Image(image) => image.to_string(),
            Target::LogGroup { name, .. } | Target::CapacityProvider { name, .. } => name.clone(),
            Target::Object { bucket, key } => format!("s3://{bucket}/{key}"),
            Target::Role(name)
            | Target::Secret(name)
            | Target::SecretKeys(name)
            | Target::Parameter(name)
            | Target::TargetGroup(name)
            | Target::Subnet(name)
            | Target::SecurityGroup(name)
            | Target::FileSystem(name)
            | Target::AccessPoint(name)
            | Target::Namespace(name)
            | Target::Function(name)
            | Target::Alarm(name) => name.clone(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind(), self.name())
    }
}
