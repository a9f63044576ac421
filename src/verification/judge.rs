//! Judges references by what AWS answered: each is sound, broken, or unknown.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, Facts, TargetGroupFacts};
use super::reference::{Demand, Reference, Target, Traffic};
use crate::document::arn::Arn;
use crate::document::problem::{Problem, Problems, did_you_mean};
use crate::image::platforms::Platform;

/// What a look-up has shown of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It exists and is as the document needs it.
    Sound,
    /// A deploy would fail, or its tasks would not start.
    Broken { message: String, hint: Option<String> },
    /// It could not be looked up; with the action that is not permitted, if that is why.
    Unknown { message: String, action: Option<String> },
}

/// A reference and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub reference: Reference,
    pub verdict: Verdict,
}

/// All references of a manifest with their verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifiedReferences {
    pub findings: Vec<Finding>,
}

/// Where references are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The region of the run.
    pub region: &'a str,
    pub is_sandbox: bool,
}

/// Returns the verdict of each reference. A target without an answer was not looked up, and is left out.
pub fn judge(
    references: &[Reference],
    answers: &BTreeMap<Target, Answer>,
    surroundings: Surroundings<'_>,
) -> VerifiedReferences {
    let mut findings: Vec<Finding> = Vec::new();
    for reference in references {
        let Some(answer) = answers.get(&reference.target) else { continue };
        let mut verdict = verdict_of(reference, answer, surroundings);
        if verdict == Verdict::Sound {
            verdict = in_one_vpc(reference, &findings, answers);
        }
        findings.push(Finding { reference: reference.clone(), verdict });
    }
    VerifiedReferences { findings }
}

fn verdict_of(reference: &Reference, answer: &Answer, surroundings: Surroundings<'_>) -> Verdict {
    let facts = match answer {
        Answer::Found(facts) => facts,
        Answer::Missing { .. } if reference.demand == Demand::MayBeCreated => return Verdict::Sound,
        Answer::Missing { message, hint } => {
            let message =
                message.clone().unwrap_or_else(|| missing_message(&reference.target, surroundings.region));
            return Verdict::Broken {
                message,
                hint: hint.clone().or_else(|| missing_hint(&reference.target, surroundings)),
            };
        }
        Answer::Unknown { why, action } => {
            let message = format!("{} could not be looked up: {why}", reference.target);
            return Verdict::Unknown { message, action: action.clone() };
        }
    };
    match (facts, &reference.demand) {
        (Facts::IsDeleted, _) => {
            let id = reference.target.name();
            broken(
                format!("secret `{id}` is scheduled for deletion"),
                format!("restore it with `aws secretsmanager restore-secret --secret-id {id}`"),
            )
        }
        (Facts::OfAccount { account, caller }, _) => broken(
            format!(
                "role `{}` is one of account {account}, and the service runs in {caller}",
                reference.target.name()
            ),
            "ECS takes roles of its own account only: name one of it".to_owned(),
        ),
        (Facts::Trusts(trusted), Demand::Trusts(service)) => trust(&reference.target, trusted, service),
        (Facts::Platforms(known), Demand::Runs(platform)) => runs(&reference.target, known, platform),
        (Facts::UnknownPlatforms { why, action }, Demand::Runs(_)) => {
            let message = format!("the platform of {} could not be looked up: {why}", reference.target);
            Verdict::Unknown { message, action: action.clone() }
        }
        (Facts::Keys(keys), Demand::HasKey(key)) => has_key(&reference.target, keys.as_deref(), key),
        (Facts::TargetGroup(group), Demand::Takes(traffic)) => takes(&reference.target, group, traffic),
        (Facts::Providers(providers), _) => has_provider(&reference.target, providers),
        (Facts::OfFileSystem(known), Demand::IsOf(file_system)) => {
            is_of(&reference.target, known, file_system)
        }
        _ => Verdict::Sound,
    }
}

/// Returns the name of a role that may be given by its ARN.
fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

fn broken(message: String, hint: String) -> Verdict {
    Verdict::Broken { message, hint: Some(hint) }
}

fn missing_message(target: &Target, region: &str) -> String {
    let of_arn = target.name();
    let own = Arn::parse(&of_arn).map(|arn| arn.region).filter(|region| !region.is_empty()).unwrap_or(region);
    match target {
        Target::Role(name) => format!("no role named `{}`", role_name(name)),
        Target::Object { bucket, key } => format!("no object `{key}` in bucket `{bucket}`"),
        Target::LogGroup { region: Some(own), name } => format!("no log group named `{name}` in {own}"),
        Target::CapacityProvider { cluster, .. } => format!("no cluster named `{cluster}` in {region}"),
        target => format!("no {} named `{}` in {own}", target.kind(), target.name()),
    }
}

/// Returns the next command or edit for what does not exist.
fn missing_hint(target: &Target, surroundings: Surroundings<'_>) -> Option<String> {
    if surroundings.is_sandbox {
        return Some("declare it in `ecsail.sandbox.yml` beside the manifest: of a kind that the file has, nothing else exists".to_owned());
    }
    let list = |what: &str, command: &str| Some(format!("list the {what} with `aws {command}`"));
    match target {
        Target::Role(_) => list("roles", "iam list-roles"),
        Target::Secret(_) | Target::SecretKeys(_) => list("secrets", "secretsmanager list-secrets"),
        Target::Parameter(_) => list("parameters", "ssm describe-parameters"),
        Target::LogGroup { .. } => {
            Some("create it, or add `awslogs-create-group: \"true\"` beside `awslogs-group`".to_owned())
        }
        Target::Object { bucket, .. } => Some(format!("list the objects with `aws s3 ls s3://{bucket}/`")),
        Target::TargetGroup(_) => list("target groups", "elbv2 describe-target-groups"),
        Target::Subnet(_) => list("subnets", "ec2 describe-subnets"),
        Target::SecurityGroup(_) => list("security groups", "ec2 describe-security-groups"),
        Target::FileSystem(_) => list("file systems", "efs describe-file-systems"),
        Target::AccessPoint(_) => list("access points", "efs describe-access-points"),
        Target::Namespace(_) => list("namespaces", "servicediscovery list-namespaces"),
        Target::Function(_) => list("functions", "lambda list-functions"),
        Target::Alarm(_) => list("alarms", "cloudwatch describe-alarms"),
        Target::Image(_) | Target::CapacityProvider { .. } => None,
    }
}

fn trust(role: &Target, trusted: &[String], service: &str) -> Verdict {
    if trusted.iter().any(|known| known == service || known == "*") {
        return Verdict::Sound;
    }
    let known = if trusted.is_empty() { "no service".to_owned() } else { trusted.join(", ") };
    broken(
        format!("role `{}` does not trust `{service}`, but {known}", role.name()),
        format!("allow `sts:AssumeRole` for the service `{service}` in the trust policy of the role"),
    )
}

fn runs(image: &Target, known: &[Platform], platform: &Platform) -> Verdict {
    if known.contains(platform) {
        return Verdict::Sound;
    }
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    broken(
        format!("image `{}` is not for {platform}, but for {}", image.name(), known.join(", ")),
        format!("build it with `docker buildx build --platform {platform}`, or set `runtimePlatform`"),
    )
}

fn has_key(secret: &Target, keys: Option<&[String]>, key: &str) -> Verdict {
    let name = secret.name();
    let Some(keys) = keys else {
        let hint = "remove the key from `valueFrom`, or store the secret as JSON".to_owned();
        return broken(
            format!("secret `{name}` has no JSON key `{key}`: its value is not a JSON object"),
            hint,
        );
    };
    if keys.iter().any(|known| known == key) {
        return Verdict::Sound;
    }
    let hint = did_you_mean(key, keys.iter().map(String::as_str));
    let hint = hint.or_else(|| Some("correct the key in `valueFrom`, or add it to the secret".to_owned()));
    Verdict::Broken { message: format!("no key named `{key}` in secret `{name}`"), hint }
}

fn takes(group: &Target, known: &TargetGroupFacts, traffic: &Traffic) -> Verdict {
    let name = short_name(group);
    if let Some(wanted) = traffic.target_type.filter(|wanted| *wanted != known.target_type) {
        let mode = if wanted == "ip" { "`awsvpc`" } else { "`bridge` and `host`" };
        return broken(
            format!(
                "target group `{name}` has targets of type `{}`, and network mode {mode} needs `{wanted}`",
                known.target_type
            ),
            format!(
                "create a target group with the target type `{wanted}`: the type of one cannot be changed"
            ),
        );
    }
    if let Some(wanted) = traffic.protocol.filter(|wanted| !carries(&known.protocol, wanted)) {
        return broken(
            format!(
                "target group `{name}` is for {}, and the container port is one of {wanted}",
                known.protocol
            ),
            "use a target group of another protocol, or correct `protocol` in the port mapping".to_owned(),
        );
    }
    if known.balancers == 0 {
        return broken(
            format!("target group `{name}` belongs to no load balancer"),
            "add it to a listener or a rule of a load balancer: ECS refuses it without".to_owned(),
        );
    }
    Verdict::Sound
}

/// Returns whether a protocol of target groups carries one of containers (user guide of Network Load Balancers, "Target groups").
fn carries(protocol: &str, wanted: &str) -> bool {
    match protocol {
        "UDP" => wanted == "udp",
        "TCP_UDP" | "QUIC" | "TCP_QUIC" | "" => true,
        _ => wanted == "tcp",
    }
}

fn has_provider(target: &Target, known: &[String]) -> Verdict {
    let Target::CapacityProvider { cluster, name } = target else { return Verdict::Sound };
    if known.contains(name) {
        return Verdict::Sound;
    }
    let hint = did_you_mean(name, known.iter().map(String::as_str)).or_else(|| {
        Some(format!("add it with `aws ecs put-cluster-capacity-providers --cluster {cluster}`, beside those that it has"))
    });
    Verdict::Broken { message: format!("no capacity provider named `{name}` on cluster `{cluster}`"), hint }
}

fn is_of(point: &Target, known: &str, file_system: &str) -> Verdict {
    if known == file_system {
        return Verdict::Sound;
    }
    broken(
        format!("access point `{}` is one of file system `{known}`, not of `{file_system}`", point.name()),
        "correct `fileSystemId` or `accessPointId`".to_owned(),
    )
}

/// Returns whether a subnet, security group or target group is in the VPC of those before it that belong to the same service.
fn in_one_vpc(reference: &Reference, before: &[Finding], answers: &BTreeMap<Target, Answer>) -> Verdict {
    let Some(vpc) = vpc_of(&reference.target, answers) else { return Verdict::Sound };
    let others =
        before.iter().map(|finding| &finding.reference).filter(|known| known.owner == reference.owner);
    for other in others {
        // A target group of type `instance` has its own VPC as well, but subnets of the service only come with `awsvpc`.
        let Some(known) = vpc_of(&other.target, answers).filter(|known| *known != vpc) else { continue };
        return broken(
            format!(
                "{} `{}` is in {vpc}, and {} `{}` in {known}",
                reference.target.kind(),
                short_name(&reference.target),
                other.target.kind(),
                short_name(&other.target)
            ),
            "use subnets, security groups and target groups of one VPC".to_owned(),
        );
    }
    Verdict::Sound
}

fn vpc_of<'a>(target: &Target, answers: &'a BTreeMap<Target, Answer>) -> Option<&'a str> {
    match answers.get(target)? {
        Answer::Found(Facts::InVpc(vpc)) => Some(vpc),
        Answer::Found(Facts::TargetGroup(group)) => group.vpc.as_deref(),
        _ => None,
    }
}

/// Returns the name of a target group for messages, of others the whole name.
fn short_name(target: &Target) -> String {
    let name = target.name();
    match target {
        Target::TargetGroup(arn) => arn.split('/').nth(1).map_or(name, str::to_owned),
        _ => name,
    }
}

impl VerifiedReferences {
    /// Returns the targets in the order of their first reference, each with the findings about it.
    pub fn by_target(&self) -> Vec<(&Target, Vec<&Finding>)> {
        let mut targets: Vec<(&Target, Vec<&Finding>)> = Vec::new();
        for finding in &self.findings {
            match targets.iter_mut().find(|(target, _)| *target == &finding.reference.target) {
                Some((_, known)) => known.push(finding),
                None => targets.push((&finding.reference.target, vec![finding])),
            }
        }
        targets
    }

    /// Returns the actions that are not permitted.
    pub fn missing_actions(&self) -> BTreeSet<&str> {
        self.findings
            .iter()
            .filter_map(|finding| match &finding.verdict {
                Verdict::Unknown { action, .. } => action.as_deref(),
                _ => None,
            })
            .collect()
    }

    /// Returns a problem for each reference that is not sound: an error for a broken one, for an unknown one a warning, or with
    /// `strict` an error.
    pub fn problems(&self, strict: bool) -> Problems {
        let mut problems = Problems::default();
        for Finding { reference, verdict } in &self.findings {
            let problem = match verdict {
                Verdict::Sound => continue,
                Verdict::Broken { message, hint } => {
                    Problem::error(reference.span, message.as_str()).hint(hint.clone())
                }
                Verdict::Unknown { message, action } => {
                    let message = message.as_str();
                    let problem = if strict {
                        Problem::error(reference.span, message)
                    } else {
                        Problem::warning(reference.span, message)
                    };
                    problem.hint(action.as_ref().map(|action| {
                        format!("allow `{action}` on it for the role or user that runs ecsail")
                    }))
                }
            };
            problems.push(problem.path(reference.path.as_str()));
        }
        problems
    }
}

impl Verdict {
    /// Returns the word for tables and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Sound => "ok",
            Verdict::Broken { .. } => "broken",
            Verdict::Unknown { .. } => "unknown",
        }
    }

    /// Returns how bad it is, from 0.
    pub fn weight(&self) -> u8 {
        match self {
            Verdict::Sound => 0,
            Verdict::Unknown { .. } => 1,
            Verdict::Broken { .. } => 2,
        }
    }
}
