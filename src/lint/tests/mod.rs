//! Tests of each check with valid and invalid cases, and of all checks: an undefined expression is never reported, and
//! the value of an expression is never repeated.

use super::*;
use crate::document::layer;
use crate::document::model::DocumentKind;
use crate::document::reader::DocumentReader;
use crate::document::rendered_text::RenderedText;
use crate::document::source::Sources;
use crate::document::tree::{NodeKind, parse};
use crate::lint::TaskRunView;
use cases::{CaseBase, all_cases};

mod cases;

const FARGATE: &str = "{ family: shop, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: 256, memory: 512,
    executionRoleArn: r, containerDefinitions: [ { name: app, image: 'app:1', portMappings: [ { containerPort: 80, name: http } ] } ] }";
const EC2: &str = "{ family: shop, containerDefinitions: [ { name: app, image: 'app:1', memory: 128, portMappings: [ { containerPort: 80 } ] } ] }";
const SERVICE: &str = "{ desiredCount: 2 }";
const RUN: &str = "{ networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } } }";

/// The documents of a case: a task definition, and what uses it.
#[derive(Clone, Debug)]
struct CaseDocuments {
    task: Node,
    service: Option<Node>,
    run: Option<Node>,
}

impl CaseDocuments {
    /// Returns the documents with one of them replaced by each of its copies in which a part is undefined.
    fn with_undefined_parts(&self) -> Vec<CaseDocuments> {
        let tasks =
            with_undefined_parts(&self.task).into_iter().map(|task| CaseDocuments { task, ..self.clone() });
        let services = self.service.iter().flat_map(with_undefined_parts);
        let services = services.map(|service| CaseDocuments { service: Some(service), ..self.clone() });
        let runs = self.run.iter().flat_map(with_undefined_parts);
        let runs = runs.map(|run| CaseDocuments { run: Some(run), ..self.clone() });
        tasks.chain(services).chain(runs).collect()
    }
}

/// Returns the document that results from merging layers.
fn document(root: DocumentKind, layers: &[&str]) -> Node {
    let (mut sources, mut problems) = (Sources::default(), Problems::default());
    let read = |text: &&str| {
        let id = sources.add("layer", *text);
        let node =
            parse(&RenderedText::from_source(id, *text)).unwrap_or_else(|found| panic!("{found:?}: {text}"));
        DocumentReader::new(root, &[], &mut problems).read_document(&node)
    };
    let merged = layers.iter().map(read).reduce(|base, over| layer::merge(base, over, root.input_shape()));
    assert!(problems.is_empty(), "{problems:?}");
    layer::remove_nulls(merged.expect("a layer"), root.input_shape())
}

/// Returns the documents of a case: a task definition, and the service or the `RunTask` request that the check is about.
fn documents(on: CaseBase, text: &str) -> CaseDocuments {
    let task = |layers: &[&str]| document(DocumentKind::TaskDefinition, layers);
    let alone = |task: Node| CaseDocuments { task, service: None, run: None };
    let service = || Some(document(DocumentKind::Service, &[SERVICE, text]));
    match on {
        CaseBase::Fargate => alone(task(&[FARGATE, text])),
        CaseBase::Ec2 => alone(task(&[EC2, text])),
        CaseBase::FargateService => CaseDocuments { service: service(), ..alone(task(&[FARGATE])) },
        CaseBase::Ec2Service => CaseDocuments { service: service(), ..alone(task(&[EC2])) },
        CaseBase::FargateRun => CaseDocuments {
            run: Some(document(DocumentKind::RunTask, &[RUN, text])),
            ..alone(task(&[FARGATE]))
        },
    }
}

/// Returns the problems in a task definition, and in what uses it.
fn problems_of(documents: &CaseDocuments, ignore: &[String]) -> Vec<Problem> {
    let mut problems = Problems::default();
    let task = &documents.task;
    check_task_definition(task, ignore, &mut problems);
    if let Some(service) = &documents.service {
        super::check_service(service, Some(task), ignore, &mut problems);
    }
    if let Some(run) = &documents.run {
        let run = TaskRunView {
            node: run,
            overrides: run.get("overrides"),
            task_definition: Some(TaskDefinitionView::new(task)),
            is_like_service: false,
        };
        check_task_run(&run, ignore, &mut problems);
    }
    problems.into_iter().collect()
}

#[test]
fn each_check_reports_its_bad_cases_only() {
    let wrong: Vec<String> = all_cases().flat_map(failures_of).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns what does not hold for the cases of a check.
fn failures_of(case: &cases::Case) -> Vec<String> {
    let mut wrong = Vec::new();
    for good in case.good {
        let found = problems_of(&documents(case.base, good), &[]);
        wrong.extend(found.iter().map(|problem| format!("{}: {good}: {problem:?}", case.id)));
    }
    for bad in case.bad {
        let documents = documents(case.base, bad);
        let found = problems_of(&documents, &[]);
        if found.is_empty() {
            wrong.push(format!("{}: {bad}: no problem", case.id));
        }
        for problem in &found {
            let severity = find_check(case.id).map(|rule| rule.severity);
            let hinted =
                problem.hint.is_some() || case.id.starts_with("depends") || case.id.starts_with("load");
            if problem.check_id != Some(case.id) || Some(problem.severity) != severity || !hinted {
                wrong.push(format!("{}: {bad}: {problem:?}", case.id));
            }
        }
        if !problems_of(&documents, &[case.id.to_owned()]).is_empty() {
            wrong.push(format!("{}: {bad}: not ignored", case.id));
        }
    }
    wrong
}

#[test]
fn every_check_has_cases_a_unique_id_and_a_source() {
    for (index, rule) in checks::all_checks().enumerate() {
        assert!(
            all_cases().any(|case| case.id == rule.id && !case.bad.is_empty())
                || ["definition-size", "override-length", "managed-volume-missing", "task-volume"]
                    .contains(&rule.id)
                // Their cases are in `tests/cli/schedule_expressions.rs` and `tests/cli/check_stages.rs`.
                || matches!(rule.function, CheckFunction::Manifest),
            "{}",
            rule.id
        );
        assert!(checks::all_checks().take(index).all(|other| other.id != rule.id), "{}", rule.id);
        assert!(rule.source.starts_with("https://docs.aws.amazon.com/"), "{}", rule.id);
        assert!(rule.reason.ends_with('.') && !rule.title.ends_with('.'), "{}", rule.id);
        assert!(
            rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{}",
            rule.id
        );
    }
}

/// Returns a copy of a tree for each of its parts, in which that part is undefined.
fn with_undefined_parts(node: &Node) -> Vec<Node> {
    let hole = Node { kind: NodeKind::Undefined, span: node.span };
    let mut trees = vec![hole];
    match &node.kind {
        NodeKind::Map(entries) => {
            for (index, (_, value)) in entries.iter().enumerate() {
                for value in with_undefined_parts(value) {
                    let mut entries = entries.clone();
                    entries[index].1 = value;
                    trees.push(Node { kind: NodeKind::Map(entries), span: node.span });
                }
            }
        }
        NodeKind::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                for item in with_undefined_parts(item) {
                    let mut items = items.clone();
                    items[index] = item;
                    trees.push(Node { kind: NodeKind::Seq(items), span: node.span });
                }
            }
        }
        _ => {}
    }
    trees
}

#[test]
fn undefined_values_are_never_reported() {
    for case in all_cases() {
        for good in case.good {
            for hole in documents(case.base, good).with_undefined_parts() {
                let found = problems_of(&hole, &[]);
                assert!(found.is_empty(), "{good}: {hole:?}: {found:?}");
            }
        }
    }
}

/// Returns a tree in which every scalar is marked as the value of an expression.
fn as_expression_values(mut node: Node) -> Node {
    node.span.from_expression = true;
    node.kind = match node.kind {
        NodeKind::Seq(items) => NodeKind::Seq(items.into_iter().map(as_expression_values).collect()),
        NodeKind::Map(entries) => NodeKind::Map(
            entries.into_iter().map(|(key, value)| (key, as_expression_values(value))).collect(),
        ),
        other => other,
    };
    node
}

#[test]
fn values_of_expressions_are_never_repeated() {
    let task = "{ family: 'hunter2 hunter2', networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: hunter2, memory: hunter2,
        tags: { 'aws:hunter2': hunter2 }, taskRoleArn: 'hunter2 ?', volumes: [ { name: hunter2, efsVolumeConfiguration: { fileSystemId: '<hunter2>' } } ],
        containerDefinitions: [
            { name: 'hunter2!', image: hunter2, hostname: hunter2, environment: { hunter2_PASSWORD: hunter2, hunter2: 'AKIAhunter2hunter2hunter2' },
              secrets: { hunter2: 'hunter2 ?' }, mountPoints: [ { sourceVolume: hunter2b, containerPath: hunter2 } ], links: [hunter2c], environmentFiles: [ { value: hunter2, type: s3 } ],
              portMappings: [ { containerPort: 22222, hostPort: 22223, name: HUNTER2 } ], stopTimeout: 22222,
              healthCheck: { command: [ hunter2 ], interval: 22222 },
              dependsOn: [ { containerName: hunter2hunter2, condition: START }, { containerName: hunter2b, condition: HEALTHY } ] },
            { name: hunter2b, image: 'hunter2:1', cpu: 22222, dependsOn: [ { containerName: 'hunter2!', condition: START } ] } ] }";
    let service =
        "{ loadBalancers: [ { targetGroupArn: hunter2, containerName: hunter2c, containerPort: 22222 },
            { targetGroupArn: hunter2, containerName: hunter2b, containerPort: 22222 } ],
        serviceConnectConfiguration: { enabled: true, services: [ { portName: hunter2 } ] } }";
    let task = as_expression_values(document(DocumentKind::TaskDefinition, &[task]));
    let service = as_expression_values(document(DocumentKind::Service, &[service]));
    let found = problems_of(&CaseDocuments { task, service: Some(service), run: None }, &[]);
    assert!(found.len() > 15, "{found:?}");
    for problem in found {
        let said = format!("{} {:?} {:?} {:?}", problem.message, problem.path, problem.hint, problem.label);
        assert!(!said.to_lowercase().contains("hunter2") && !said.contains("2222"), "{said}");
    }
}

#[test]
fn secret_values_are_never_repeated() {
    let text = "{ containerDefinitions: [ { name: app, environment: { DB_PASSWORD: hunter2, URL: 'postgres://a:hunter2@b' } } ] }";
    let found = problems_of(&documents(CaseBase::Fargate, text), &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn a_definition_of_more_than_64_kib_is_too_large() {
    let command = |length: usize| {
        format!("{{ containerDefinitions: [ {{ name: app, command: [ {} ] }} ] }}", "x".repeat(length))
    };
    assert!(problems_of(&documents(CaseBase::Ec2, &command(6500)), &[]).is_empty());
    let found = problems_of(&documents(CaseBase::Ec2, &command(65_536)), &[]);
    assert_eq!(found[0].check_id, Some("definition-size"));
}

#[test]
fn many_containers_and_large_numbers_do_not_panic() {
    let many: String = (0..500)
        .map(|n| format!("{{ name: c{n}, image: 'c:1', cpu: 2147483647, memory: 2147483647, dependsOn: [ {{ containerName: c{}, condition: START }} ] }}, ", (n + 1) % 500))
        .collect();
    let found =
        problems_of(&documents(CaseBase::Fargate, &format!("{{ containerDefinitions: [ {many} ] }}")), &[]);
    let rules: Vec<_> = found.iter().filter_map(|problem| problem.check_id).collect();
    assert_eq!(rules, ["container-memory", "container-cpu", "container-count"]);
}

#[test]
fn the_nearest_sizes_are_named() {
    let hint = |text: &str| {
        problems_of(&documents(CaseBase::Fargate, text), &[])[0].hint.clone().unwrap_or_default()
    };
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
fn a_service_without_a_definition_is_checked_alone() {
    let text = "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/0', containerName: nope, containerPort: 1 } ], launchType: FARGATE,
        deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } }";
    let node = document(DocumentKind::Service, &[text]);
    let mut problems = Problems::default();
    super::check_service(&node, None, &[], &mut problems);
    let found: Vec<_> = problems.into_iter().filter_map(|problem| problem.check_id).collect();
    assert_eq!(found, ["deployment-percents"]);
}
