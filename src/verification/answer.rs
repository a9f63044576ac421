//! What AWS answers about a target.

use crate::image::platforms::Platform;

/// What is known of a target after it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Found(Facts),
    /// It does not exist; with words of its own where more is known.
    Missing {
        message: Option<String>,
        hint: Option<String>,
    },
    /// It could not be looked up.
    Unknown {
        why: String,
        /// The action that is not permitted, if that is why.
        action: Option<String>,
    },
}

/// What is known of a target that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Only that it exists.
    Exists,
    /// The services that a role trusts; `*` stands for all.
    Trusts(Vec<String>),
    /// The role is one of another account than that of the caller.
    OfAccount {
        account: String,
        caller: String,
    },
    /// The platforms of an image.
    Platforms(Vec<Platform>),
    /// The platforms of an image could not be read.
    UnknownPlatforms {
        why: String,
        action: Option<String>,
    },
    /// The secret is scheduled for deletion, and cannot be read any more.
    IsDeleted,
    /// The keys of a secret; `None` where its value is no JSON object.
    Keys(Option<Vec<String>>),
    TargetGroup(TargetGroupFacts),
    /// The VPC that a subnet or a security group is in.
    InVpc(String),
    /// The capacity providers of a cluster.
    Providers(Vec<String>),
    /// The file system of an access point.
    OfFileSystem(String),
}

/// What is known of a target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroupFacts {
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`, …
    pub protocol: String,
    pub vpc: Option<String>,
    /// The number of load balancers that route to it.
    pub balancers: usize,
}

impl Answer {
    /// Returns the answer for something that exists, of which no more is known.
    pub fn exists(does: bool) -> Answer {
        if does { Answer::Found(Facts::Exists) } else { Answer::missing() }
    }

    /// Returns the answer for something that does not exist.
    pub fn missing() -> Answer {
        Answer::Missing { message: None, hint: None }
    }
}
