//! The steps of `auto_deploy`, and the order of a release that follows from them. Pure.

use std::collections::BTreeMap;

use crate::document::tree::Node;
use crate::import::yaml_file::{YamlFile, texts};

/// What a step deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKind {
    Service,
    RunTask,
    ScheduledTask,
}

/// A step: resources of one kind, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    pub(super) cluster: String,
    pub(super) resources: Vec<String>,
}

/// What a push to a branch deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) pattern: String,
    pub(super) line: usize,
    pub(super) steps: Vec<Step>,
}

/// The order of the targets of a cluster, by the names of services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReleaseOrder {
    pub(super) before: BTreeMap<String, Vec<String>>,
    pub(super) after: BTreeMap<String, Vec<String>>,
    pub(super) needs: BTreeMap<String, Vec<String>>,
}

/// Returns what pushes deploy.
pub(super) fn branches(file: &YamlFile) -> Vec<Branch> {
    let text = |node: &Node, name: &str| node.get(name).and_then(Node::text).unwrap_or_default().to_owned();
    let step = |node: &Node| {
        let kind = match text(node, "type").as_str() {
            "run_task" => StepKind::RunTask,
            "scheduled_task" => StepKind::ScheduledTask,
            _ => StepKind::Service,
        };
        Step { kind, cluster: text(node, "cluster"), resources: texts(node.get("resources")) }
    };
    let entries = file.root.get("auto_deploy").map_or(&[][..], Node::items);
    let branch = |node: &Node| Branch {
        pattern: text(node, "branch"),
        line: file.line(node.span),
        steps: node.get("steps").map_or(&[][..], Node::items).iter().map(step).collect(),
    };
    entries.iter().map(branch).collect()
}

impl ReleaseOrder {
    /// Returns the order that all branches give the targets of a cluster.
    pub(super) fn of(branches: &[Branch], cluster: &str) -> ReleaseOrder {
        let mut order = ReleaseOrder::default();
        for branch in branches {
            order.add(branch, cluster);
        }
        order
    }

    fn add(&mut self, branch: &Branch, cluster: &str) {
        let mut tasks: Vec<String> = Vec::new();
        let mut previous: Vec<String> = Vec::new();
        for step in branch.steps.iter().filter(|step| step.cluster == cluster) {
            match step.kind {
                StepKind::RunTask => tasks.extend(step.resources.iter().cloned()),
                StepKind::ScheduledTask => {}
                StepKind::Service => {
                    for service in &step.resources {
                        insert(&mut self.before, service, &tasks);
                        let others: Vec<String> =
                            previous.iter().filter(|other| *other != service).cloned().collect();
                        insert(&mut self.needs, service, &others);
                    }
                    tasks.clear();
                    previous.clone_from(&step.resources);
                }
            }
        }
        if let Some(last) = previous.last() {
            insert(&mut self.after, last, &tasks);
        }
    }
}

fn insert(map: &mut BTreeMap<String, Vec<String>>, service: &str, names: &[String]) {
    for name in names {
        let known = map.entry(service.to_owned()).or_default();
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_give_the_order_of_a_release() {
        let text = "auto_deploy:\n  - branch: main\n    steps:\n      - { type: run_task, cluster: prod, resources: [migrate] }\n      \
            - { type: service, cluster: prod, resources: [web, api] }\n      - { type: service, cluster: other, resources: [x] }\n      \
            - { type: service, cluster: prod, resources: [worker] }\n      - { type: run_task, cluster: prod, resources: [warm] }\n";
        let file = YamlFile::parse("deploy.yml", text).expect("YAML");
        let branches = branches(&file);
        assert_eq!((branches[0].pattern.as_str(), branches[0].line, branches[0].steps.len()), ("main", 2, 5));
        let order = ReleaseOrder::of(&branches, "prod");
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        assert_eq!(
            order.before,
            BTreeMap::from([("web".to_owned(), list(&["migrate"])), ("api".to_owned(), list(&["migrate"]))])
        );
        assert_eq!(order.needs, BTreeMap::from([("worker".to_owned(), list(&["web", "api"]))]));
        assert_eq!(order.after, BTreeMap::from([("worker".to_owned(), list(&["warm"]))]));
        assert_eq!(ReleaseOrder::of(&branches, "none"), ReleaseOrder::default());
    }
}
