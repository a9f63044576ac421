//! The verdicts, as a table of demands and answers.

use std::collections::BTreeMap;

use super::{
    Answer, Demand, Facts, Reference, Surroundings, Target, TargetGroupFacts, Traffic, Verdict, judge,
};
use crate::document::source::{SourceSpan, Sources};
use crate::image::platforms::Platform;

fn span() -> SourceSpan {
    SourceSpan::new(Sources::default().add("web.yml", "a: b\n"), 0..1)
}

fn verdicts(found: Vec<(Target, Demand, Answer)>) -> Vec<Verdict> {
    let reference = |(target, demand, _): &(Target, Demand, Answer)| Reference {
        target: target.clone(),
        demand: demand.clone(),
        span: span(),
        path: String::new(),
        owner: 1,
    };
    let references: Vec<Reference> = found.iter().map(reference).collect();
    let answers: BTreeMap<Target, Answer> =
        found.into_iter().map(|(target, _, answer)| (target, answer)).collect();
    let surroundings = Surroundings { region: "us-east-1", is_sandbox: false };
    judge(&references, &answers, surroundings).findings.into_iter().map(|finding| finding.verdict).collect()
}

fn one(target: Target, demand: Demand, answer: Answer) -> String {
    match verdicts(vec![(target, demand, answer)]).remove(0) {
        Verdict::Sound => "ok".to_owned(),
        Verdict::Broken { message, .. } => message,
        Verdict::Unknown { message, action } => format!("{message} ({})", action.unwrap_or_default()),
    }
}

fn platform(text: &str) -> Platform {
    let (os, architecture) = text.split_once('/').expect("a platform");
    Platform { os: os.to_owned(), architecture: architecture.to_owned() }
}

fn group(target_type: &str, protocol: &str, balancers: usize) -> Answer {
    Answer::Found(Facts::TargetGroup(TargetGroupFacts {
        target_type: target_type.to_owned(),
        protocol: protocol.to_owned(),
        vpc: None,
        balancers,
    }))
}

#[test]
fn a_role_must_exist_and_trust_the_service() {
    let role = || Target::Role("web".to_owned());
    let trusts =
        |names: &[&str]| Answer::Found(Facts::Trusts(names.iter().map(ToString::to_string).collect()));
    let demand = || Demand::Trusts("ecs-tasks.amazonaws.com");
    assert_eq!(one(role(), demand(), trusts(&["ecs-tasks.amazonaws.com"])), "ok");
    assert_eq!(one(role(), demand(), trusts(&["*"])), "ok");
    assert_eq!(
        one(role(), demand(), trusts(&["lambda.amazonaws.com"])),
        "role `web` does not trust `ecs-tasks.amazonaws.com`, but lambda.amazonaws.com"
    );
    assert_eq!(one(role(), demand(), Answer::missing()), "no role named `web`");
    let denied = Answer::Unknown { why: "denied".to_owned(), action: Some("iam:GetRole".to_owned()) };
    assert_eq!(one(role(), demand(), denied), "role `web` could not be looked up: denied (iam:GetRole)");
}

#[test]
fn an_image_must_have_the_platform_of_the_task() {
    let image = || Target::Image(crate::image::ImageReference::parse("a/b:v1"));
    let known = || Answer::Found(Facts::Platforms(vec![platform("linux/amd64"), platform("linux/arm64")]));
    assert_eq!(one(image(), Demand::Runs(platform("linux/arm64")), known()), "ok");
    assert_eq!(
        one(image(), Demand::Runs(platform("windows/amd64")), known()),
        "image `a/b:v1` is not for windows/amd64, but for linux/amd64, linux/arm64"
    );
    assert_eq!(one(image(), Demand::Exists, known()), "ok");
}

#[test]
fn a_target_group_must_fit_the_network_mode_and_the_port_and_have_a_load_balancer() {
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";
    let of = |traffic, answer| one(Target::TargetGroup(arn.to_owned()), Demand::Takes(traffic), answer);
    let traffic = Traffic { target_type: Some("ip"), protocol: Some("tcp") };
    assert_eq!(of(traffic, group("ip", "HTTPS", 1)), "ok");
    assert_eq!(of(Traffic::default(), group("instance", "UDP", 1)), "ok");
    assert_eq!(
        of(traffic, group("instance", "HTTP", 1)),
        "target group `web` has targets of type `instance`, and network mode `awsvpc` needs `ip`"
    );
    assert_eq!(
        of(traffic, group("ip", "UDP", 1)),
        "target group `web` is for UDP, and the container port is one of tcp"
    );
    assert_eq!(of(traffic, group("ip", "TCP_UDP", 0)), "target group `web` belongs to no load balancer");
}

#[test]
fn a_missing_log_group_is_sound_where_it_is_created() {
    let logs = || Target::LogGroup { region: None, name: "/ecs/web".to_owned() };
    assert_eq!(one(logs(), Demand::MayBeCreated, Answer::missing()), "ok");
    assert_eq!(one(logs(), Demand::Exists, Answer::missing()), "no log group named `/ecs/web` in us-east-1");
}

#[test]
fn the_region_of_a_missing_thing_is_that_of_its_arn() {
    let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/a";
    let message = one(Target::Parameter(arn.to_owned()), Demand::Exists, Answer::missing());
    assert_eq!(message, format!("no parameter named `{arn}` in eu-west-1"));
}

#[test]
fn subnets_and_security_groups_of_a_service_are_in_one_vpc() {
    let vpc = |vpc: &str| Answer::Found(Facts::InVpc(vpc.to_owned()));
    let found = vec![
        (Target::Subnet("subnet-1".to_owned()), Demand::Exists, vpc("vpc-1")),
        (Target::Subnet("subnet-2".to_owned()), Demand::Exists, vpc("vpc-1")),
        (Target::SecurityGroup("sg-1".to_owned()), Demand::Exists, vpc("vpc-2")),
    ];
    let verdicts = verdicts(found);
    assert_eq!(verdicts[..2], [Verdict::Sound, Verdict::Sound]);
    let Verdict::Broken { message, .. } = &verdicts[2] else { panic!("{verdicts:?}") };
    assert_eq!(message, "security group `sg-1` is in vpc-2, and subnet `subnet-1` in vpc-1");
}

#[test]
fn keys_providers_and_access_points_are_those_that_are_named() {
    let secret =
        || Target::SecretKeys("arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf".to_owned());
    let keys = Answer::Found(Facts::Keys(Some(vec!["password".to_owned()])));
    assert_eq!(one(secret(), Demand::HasKey("password".to_owned()), keys.clone()), "ok");
    let message = one(secret(), Demand::HasKey("passwrod".to_owned()), keys);
    assert!(message.starts_with("no key named `passwrod` in secret"), "{message}");
    let plain = one(secret(), Demand::HasKey("password".to_owned()), Answer::Found(Facts::Keys(None)));
    assert!(plain.ends_with("its value is not a JSON object"), "{plain}");
    let provider = Target::CapacityProvider { cluster: "main".to_owned(), name: "spot".to_owned() };
    let known = Answer::Found(Facts::Providers(vec!["FARGATE".to_owned()]));
    assert_eq!(one(provider, Demand::Exists, known), "no capacity provider named `spot` on cluster `main`");
    let point = Target::AccessPoint("fsap-1".to_owned());
    let known = Answer::Found(Facts::OfFileSystem("fs-2".to_owned()));
    assert_eq!(
        one(point, Demand::IsOf("fs-1".to_owned()), known),
        "access point `fsap-1` is one of file system `fs-2`, not of `fs-1`"
    );
}
