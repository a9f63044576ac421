//! Finds the log streams of a service, by the log options of its task definitions. Pure.

use serde_json::Value;

use crate::aws::types::{Task, revision_name};
use crate::diagnose::stream::{LogGroup, log_group_of};

/// Which log lines are read.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Only those of this container.
    pub container: Option<String>,
    /// Only those of the tasks whose id begins with this.
    pub task: Option<String>,
}

/// A source of log lines: the streams of a log group whose names begin with a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSource {
    /// Another region than the service's.
    pub region: Option<String>,
    pub group: String,
    pub stream_prefix: String,
    pub container: String,
    /// The task, where the names of the streams do not contain it.
    pub task: Option<String>,
}

/// A container whose lines cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableLog {
    pub container: String,
    pub revision: String,
    pub reason: String,
}

/// The sources of one task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefinitionSources {
    pub sources: Vec<LogSource>,
    pub unreadable: Vec<UnreadableLog>,
}

impl LogSource {
    /// Returns the id of the task that writes a stream: with a prefix, ECS makes it the last part of the stream's
    /// name.
    pub fn task_of(&self, stream: &str) -> String {
        let named = || stream.rsplit('/').next().unwrap_or_default().to_owned();
        self.task.clone().unwrap_or_else(named)
    }
}

/// Returns the names of a definition's containers.
pub fn container_names(definition: &Value) -> impl Iterator<Item = &str> {
    container_definitions(definition).filter_map(|container| container["name"].as_str())
}

/// Returns whether the names of a definition's streams depend on its tasks.
pub fn has_streams_named_by_task(definition: &Value) -> bool {
    container_definitions(definition)
        .any(|container| matches!(log_group_of(container), Some(Ok(LogGroup { prefix: None, .. }))))
}

/// Returns the sources of a task definition; `tasks` are those that run it, as far as they are needed.
pub fn find_sources(arn: &str, definition: &Value, tasks: &[Task], wanted: &LogFilter) -> DefinitionSources {
    let mut map = DefinitionSources::default();
    let is_wanted = |name: &str| wanted.container.as_deref().is_none_or(|container| container == name);
    for container in container_definitions(definition) {
        let name = container["name"].as_str().unwrap_or_default();
        if !is_wanted(name) {
            continue;
        }
        match log_group_of(container) {
            Some(Ok(group)) => map.sources.extend(sources_of_group(group, name, arn, tasks, wanted)),
            Some(Err(why)) => map.unreadable.push(unreadable(name, arn, &why)),
            None => {
                let why = "it has no `logConfiguration`";
                map.unreadable.push(unreadable(name, arn, why));
            }
        }
    }
    map
}

fn sources_of_group(
    group: LogGroup,
    container: &str,
    arn: &str,
    tasks: &[Task],
    wanted: &LogFilter,
) -> Vec<LogSource> {
    let begins = wanted.task.as_deref().unwrap_or_default();
    let source = |stream_prefix: String, task: Option<String>| LogSource {
        region: group.region.clone(),
        group: group.name.clone(),
        stream_prefix,
        container: container.to_owned(),
        task,
    };
    if let Some(prefix) = &group.prefix {
        return vec![source(format!("{prefix}/{container}/{begins}"), None)];
    }
    let ours = tasks.iter().filter(|task| task.task_definition_arn == arn && task.id().starts_with(begins));
    ours.filter_map(|task| {
        let own = task.containers.iter().find(|own| own.name == container)?;
        Some(source(own.runtime_id.clone()?, Some(task.id().to_owned())))
    })
    .collect()
}

fn unreadable(container: &str, arn: &str, why: &str) -> UnreadableLog {
    UnreadableLog {
        container: container.to_owned(),
        revision: revision_name(arn).to_owned(),
        reason: why.to_owned(),
    }
}

fn container_definitions(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["containerDefinitions"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;
    use serde_json::json;

    const ARN: &str = "arn:aws:ecs:us-east-1:1:task-definition/web:7";

    fn definition(prefix: Option<&str>) -> Value {
        let mut options = json!({"awslogs-group": "/shop", "awslogs-region": "eu-west-1"});
        if let Some(prefix) = prefix {
            options["awslogs-stream-prefix"] = json!(prefix);
        }
        let logs = json!({"logDriver": "awslogs", "options": options});
        json!({"containerDefinitions": [
            {"name": "app", "logConfiguration": logs},
            {"name": "router", "logConfiguration": {"logDriver": "awsfirelens"}},
            {"name": "init"}]})
    }

    fn wanted(container: Option<&str>, task: Option<&str>) -> LogFilter {
        LogFilter { container: container.map(str::to_owned), task: task.map(str::to_owned) }
    }

    #[test]
    fn with_a_prefix_one_source_has_all_tasks_of_a_container() {
        let map = find_sources(ARN, &definition(Some("web")), &[], &LogFilter::default());
        let [source] = map.sources.as_slice() else { panic!("{map:?}") };
        assert_eq!((source.group.as_str(), source.stream_prefix.as_str()), ("/shop", "web/app/"));
        assert_eq!(source.region.as_deref(), Some("eu-west-1"));
        assert_eq!(source.task_of("web/app/0123"), "0123");
        assert!(!has_streams_named_by_task(&definition(Some("web"))));
    }

    #[test]
    fn the_beginning_of_a_tasks_id_narrows_the_streams() {
        let map = find_sources(ARN, &definition(Some("web")), &[], &wanted(None, Some("01ab")));
        assert_eq!(map.sources[0].stream_prefix, "web/app/01ab");
    }

    #[test]
    fn unreadable_containers_are_listed_if_requested() {
        let map = find_sources(ARN, &definition(Some("web")), &[], &LogFilter::default());
        let said: Vec<_> = map.unreadable.iter().map(|one| (one.container.as_str(), &one.reason)).collect();
        assert!(said[0].0 == "router" && said[0].1.contains("`awsfirelens`"), "{said:?}");
        assert!(said[1].0 == "init" && said[1].1.contains("no `logConfiguration`"), "{said:?}");
        let map = find_sources(ARN, &definition(Some("web")), &[], &wanted(Some("app"), None));
        assert_eq!((map.sources.len(), map.unreadable.len()), (1, 0));
    }

    #[test]
    fn without_a_prefix_each_task_of_the_definition_has_a_source() {
        let task = |id: &str, definition: &str| {
            parse_view(
                &json!({"taskArn": format!("arn:aws:ecs:x:1:task/main/{id}"), "taskDefinitionArn": definition,
                "containers": [{"name": "app", "runtimeId": format!("docker-{id}")}]}),
            )
            .expect("a task")
        };
        let tasks: Vec<Task> = vec![task("t1", ARN), task("t2", ARN), task("o1", "another")];
        let plain = definition(None);
        assert!(has_streams_named_by_task(&plain));
        let found = |wanted: &LogFilter| {
            let map = find_sources(ARN, &plain, &tasks, wanted);
            map.sources.into_iter().map(|s| (s.task_of("x"), s.stream_prefix)).collect::<Vec<_>>()
        };
        let pair = |task: &str| (task.to_owned(), format!("docker-{task}"));
        assert_eq!(found(&LogFilter::default()), [pair("t1"), pair("t2")]);
        assert_eq!(found(&wanted(None, Some("t2"))), [pair("t2")]);
    }
}
