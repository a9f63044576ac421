//! Tests of each check with valid and invalid cases, and of all checks: an undefined expression is never reported, and
//! the value of an expression is never repeated.

use super::*;
use crate::document::layer;
use crate::document::model::Root;
use crate::document::read::Reader;
use crate::document::source::Sources;
use crate::document::text::Text;
use crate::document::tree::{Kind, parse};
use cases::{CASES, On};

mod cases;

const FARGATE: &str = "{ family: shop, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: 256, memory: 512,
    executionRoleArn: r, containerDefinitions: [ { name: app, image: 'app:1', portMappings: [ { containerPort: 80, name: http } ] } ] }";
const EC2: &str = "{ family: shop, containerDefinitions: [ { name: app, image: 'app:1', memory: 128, portMappings: [ { containerPort: 80 } ] } ] }";
const SERVICE: &str = "{ desiredCount: 2 }";

/// Returns the document that results from merging layers.
fn document(root: Root, layers: &[&str]) -> Node {
    let (mut sources, mut problems) = (Sources::default(), Problems::default());
    let read = |text: &&str| {
        let id = sources.add("layer", *text);
        let node = parse(&Text::plain(id, *text)).unwrap_or_else(|found| panic!("{found:?}: {text}"));
        Reader::new(root, &[], &mut problems).document(&node)
    };
    let merged = layers.iter().map(read).reduce(|base, over| layer::merge(base, over, root.shape()));
    assert!(problems.is_empty(), "{problems:?}");
    layer::without_nulls(merged.expect("a layer"), root.shape())
}

/// Returns the documents of a case: a task definition, and a service if the check is about services.
fn documents(on: On, text: &str) -> (Node, Option<Node>) {
    match on {
        On::Fargate => (document(Root::TaskDefinition, &[FARGATE, text]), None),
        On::Ec2 => (document(Root::TaskDefinition, &[EC2, text]), None),
        On::FargateService => {
            (document(Root::TaskDefinition, &[FARGATE]), Some(document(Root::Service, &[SERVICE, text])))
        }
        On::Ec2Service => {
            (document(Root::TaskDefinition, &[EC2]), Some(document(Root::Service, &[SERVICE, text])))
        }
    }
}

/// Returns the problems in a task definition, and in a service that uses it.
fn findings((task, service): &(Node, Option<Node>), ignore: &[String]) -> Vec<Problem> {
    let mut problems = Problems::default();
    task_definition(task, ignore, &mut problems);
    if let Some(service) = service {
        super::service(service, Some(task), ignore, &mut problems);
    }
    problems.into_iter().collect()
}

#[test]
fn each_rule_finds_its_bad_case_and_nothing_in_its_good_one() {
    for case in CASES {
        for good in case.good {
            let found = findings(&documents(case.on, good), &[]);
            assert!(found.is_empty(), "{}: {good}: {found:?}", case.id);
        }
        for bad in case.bad {
            let documents = documents(case.on, bad);
            let found = findings(&documents, &[]);
            assert!(!found.is_empty(), "{}: {bad}", case.id);
            for problem in &found {
                assert_eq!(problem.rule, Some(case.id), "{bad}: {problem:?}");
                assert_eq!(Some(problem.severity), rule(case.id).map(|rule| rule.severity));
                assert!(
                    problem.hint.is_some() || case.id.starts_with("depends") || case.id.starts_with("load"),
                    "{problem:?}"
                );
            }
            assert!(findings(&documents, &[case.id.to_owned()]).is_empty(), "{}: ignored", case.id);
        }
    }
}

#[test]
fn every_rule_has_cases_an_id_of_its_own_and_a_source() {
    for (index, rule) in table::RULES.iter().enumerate() {
        assert!(
            CASES.iter().any(|case| case.id == rule.id && !case.bad.is_empty())
                || rule.id == "definition-size",
            "{}",
            rule.id
        );
        assert!(table::RULES[..index].iter().all(|other| other.id != rule.id), "{}", rule.id);
        assert!(rule.source.starts_with("https://docs.aws.amazon.com/AmazonECS/"), "{}", rule.id);
        assert!(rule.reason.ends_with('.') && !rule.title.ends_with('.'), "{}", rule.id);
        assert!(
            rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{}",
            rule.id
        );
    }
}

/// Returns a copy of a tree for each of its parts, in which that part is undefined.
fn with_holes(node: &Node) -> Vec<Node> {
    let hole = Node { kind: Kind::Unknown, span: node.span };
    let mut trees = vec![hole];
    match &node.kind {
        Kind::Map(entries) => {
            for (index, (_, value)) in entries.iter().enumerate() {
                for value in with_holes(value) {
                    let mut entries = entries.clone();
                    entries[index].1 = value;
                    trees.push(Node { kind: Kind::Map(entries), span: node.span });
                }
            }
        }
        Kind::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                for item in with_holes(item) {
                    let mut items = items.clone();
                    items[index] = item;
                    trees.push(Node { kind: Kind::Seq(items), span: node.span });
                }
            }
        }
        _ => {}
    }
    trees
}

#[test]
fn what_is_undefined_is_never_a_finding() {
    for case in CASES {
        for good in case.good {
            let (task, service) = documents(case.on, good);
            for hole in with_holes(&task) {
                let found = findings(&(hole.clone(), service.clone()), &[]);
                assert!(found.is_empty(), "{good}: {hole:?}: {found:?}");
            }
            for hole in service.iter().flat_map(with_holes) {
                let found = findings(&(task.clone(), Some(hole.clone())), &[]);
                assert!(found.is_empty(), "{good}: {hole:?}: {found:?}");
            }
        }
    }
}

/// Returns a tree in which every scalar is marked as the value of an expression.
fn made_by_expressions(mut node: Node) -> Node {
    node.span.expression = true;
    node.kind = match node.kind {
        Kind::Seq(items) => Kind::Seq(items.into_iter().map(made_by_expressions).collect()),
        Kind::Map(entries) => {
            Kind::Map(entries.into_iter().map(|(key, value)| (key, made_by_expressions(value))).collect())
        }
        other => other,
    };
    node
}

#[test]
fn what_an_expression_gave_is_never_repeated() {
    let task = "{ family: 'hunter2 hunter2', networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: hunter2, memory: hunter2,
        tags: { 'aws:hunter2': hunter2 },
        containerDefinitions: [
            { name: 'hunter2!', image: hunter2, hostname: hunter2, environment: { hunter2_PASSWORD: hunter2, hunter2: 'AKIAhunter2hunter2hunter2' },
              secrets: { hunter2: hunter2 }, environmentFiles: [ { value: hunter2, type: s3 } ],
              portMappings: [ { containerPort: 22222, hostPort: 22223, name: HUNTER2 } ], stopTimeout: 22222,
              healthCheck: { command: [ hunter2 ], interval: 22222 },
              dependsOn: [ { containerName: hunter2hunter2, condition: START }, { containerName: hunter2b, condition: HEALTHY } ] },
            { name: hunter2b, image: 'hunter2:1', cpu: 22222, dependsOn: [ { containerName: 'hunter2!', condition: START } ] } ] }";
    let service =
        "{ loadBalancers: [ { targetGroupArn: hunter2, containerName: hunter2c, containerPort: 22222 },
            { targetGroupArn: hunter2, containerName: hunter2b, containerPort: 22222 } ],
        serviceConnectConfiguration: { enabled: true, services: [ { portName: hunter2 } ] } }";
    let task = made_by_expressions(document(Root::TaskDefinition, &[task]));
    let service = made_by_expressions(document(Root::Service, &[service]));
    let found = findings(&(task, Some(service)), &[]);
    assert!(found.len() > 15, "{found:?}");
    for problem in found {
        let said = format!("{} {:?} {:?} {:?}", problem.message, problem.path, problem.hint, problem.label);
        assert!(!said.to_lowercase().contains("hunter2") && !said.contains("2222"), "{said}");
    }
}

#[test]
fn a_value_that_looks_secret_is_never_repeated() {
    let text = "{ containerDefinitions: [ { name: app, environment: { DB_PASSWORD: hunter2, URL: 'postgres://a:hunter2@b' } } ] }";
    let found = findings(&documents(On::Fargate, text), &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn a_definition_of_more_than_64_kib_is_too_large() {
    let command = |length: usize| {
        format!("{{ containerDefinitions: [ {{ name: app, command: [ {} ] }} ] }}", "x".repeat(length))
    };
    assert!(findings(&documents(On::Ec2, &command(6500)), &[]).is_empty());
    let found = findings(&documents(On::Ec2, &command(65_536)), &[]);
    assert_eq!(found[0].rule, Some("definition-size"));
}

#[test]
fn many_containers_and_large_numbers_are_looked_at_without_a_panic() {
    let many: String = (0..500)
        .map(|n| format!("{{ name: c{n}, image: 'c:1', cpu: 2147483647, memory: 2147483647, dependsOn: [ {{ containerName: c{}, condition: START }} ] }}, ", (n + 1) % 500))
        .collect();
    let found = findings(&documents(On::Fargate, &format!("{{ containerDefinitions: [ {many} ] }}")), &[]);
    let rules: Vec<_> = found.iter().filter_map(|problem| problem.rule).collect();
    assert_eq!(rules, ["container-memory", "container-cpu", "container-count"]);
}

#[test]
fn the_nearest_sizes_are_named() {
    let hint = |text: &str| findings(&documents(On::Fargate, text), &[])[0].hint.clone().unwrap_or_default();
    assert_eq!(hint("{ cpu: 300, memory: 512 }"), "the nearest are `256` and `512`");
    assert_eq!(
        hint("{ cpu: 256, memory: 4096 }"),
        "the nearest `memory` for this `cpu`: `2048`; that memory is supported with `cpu` `512`, `1024` and `2048`"
    );
    assert_eq!(
        hint("{ cpu: 1 vCPU, memory: 2.5GB }"),
        "the nearest `memory` for this `cpu`: `2048` and `3072`"
    );
}

#[test]
fn a_service_that_keeps_its_definition_is_looked_at_alone() {
    let text = "{ loadBalancers: [ { targetGroupArn: t, containerName: nope, containerPort: 1 } ], launchType: FARGATE,
        deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } }";
    let node = document(Root::Service, &[text]);
    let mut problems = Problems::default();
    super::service(&node, None, &[], &mut problems);
    let found: Vec<_> = problems.into_iter().filter_map(|problem| problem.rule).collect();
    assert_eq!(found, ["deployment-percents"]);
}
