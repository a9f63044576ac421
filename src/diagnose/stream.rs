//! Finds the log lines of a container, by the log options of its task definition.

use serde_json::Value;

use crate::aws::types::{Task, TaskContainer};

/// The log stream of one container of one task, in CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// Another region than the service's, where the options name one.
    pub region: Option<String>,
    pub group: String,
    pub name: String,
}

/// The log group of a container, for all its tasks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogGroup {
    pub region: Option<String>,
    pub name: String,
    /// Without one, a stream has the name of the container's runtime id.
    pub prefix: Option<String>,
}

/// Returns the log group of a container, by its definition. `Err`: why its lines cannot be read; `None`: it has no
/// log options at all.
pub fn log_group_of(container: &Value) -> Option<Result<LogGroup, String>> {
    let configuration = &container["logConfiguration"];
    let driver = configuration["logDriver"].as_str()?;
    if driver != "awslogs" {
        return Some(Err(format!("its log driver is `{driver}`, which ecsail cannot read")));
    }
    let option = |name: &str| configuration["options"][name].as_str().map(str::to_owned);
    let Some(name) = option("awslogs-group") else {
        return Some(Err("its log options have no `awslogs-group`".to_owned()));
    };
    Some(Ok(LogGroup { region: option("awslogs-region"), name, prefix: option("awslogs-stream-prefix") }))
}

/// Returns the log stream of a container. `Err`: why its lines cannot be read; `None`: it has no log options at
/// all.
///
/// With a prefix a stream is `PREFIX/CONTAINER/TASK`; without one it has the container's runtime id (developer
/// guide, "Send Amazon ECS logs to CloudWatch", `awslogs-stream-prefix`).
pub fn log_stream_of(
    definition: &Value,
    task: &Task,
    container: &TaskContainer,
) -> Option<Result<LogStream, String>> {
    let containers = definition["containerDefinitions"].as_array()?;
    let own = containers.iter().find(|known| known["name"] == container.name.as_str())?;
    let group = match log_group_of(own)? {
        Ok(group) => group,
        Err(why) => return Some(Err(why)),
    };
    let prefixed = group.prefix.map(|prefix| format!("{prefix}/{}/{}", container.name, task.id()));
    let Some(name) = prefixed.or_else(|| container.runtime_id.clone()) else {
        return Some(Err(
            "its log stream has the container's runtime id as its name, which ECS does not return".to_owned(),
        ));
    };
    Some(Ok(LogStream { region: group.region, group: group.name, name }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;
    use serde_json::json;

    fn of(configuration: Value, container: Value) -> Option<Result<LogStream, String>> {
        let definition =
            json!({"containerDefinitions": [{"name": "app", "logConfiguration": configuration}]});
        let task = parse_view(&json!({"taskArn": "arn:aws:ecs:x:1:task/main/t1"})).expect("a task");
        log_stream_of(&definition, &task, &parse_view(&container).expect("a container"))
    }

    fn awslogs(options: Value) -> Value {
        json!({"logDriver": "awslogs", "options": options})
    }

    #[test]
    fn with_a_prefix_the_stream_has_the_container_and_the_task() {
        let options =
            json!({"awslogs-group": "/shop", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"});
        let stream = of(awslogs(options), json!({"name": "app"})).expect("has options").expect("can be read");
        let expected =
            LogStream { region: Some("eu-west-1".into()), group: "/shop".into(), name: "web/app/t1".into() };
        assert_eq!(stream, expected);
    }

    #[test]
    fn without_a_prefix_the_stream_is_the_containers_id() {
        let options = awslogs(json!({"awslogs-group": "/shop"}));
        let stream =
            of(options.clone(), json!({"name": "app", "runtimeId": "abc"})).expect("options").expect("read");
        assert_eq!(stream.name, "abc");
        assert!(of(options, json!({"name": "app"})).expect("options").is_err(), "no id, no stream");
    }

    #[test]
    fn other_drivers_are_named() {
        let other = of(json!({"logDriver": "awsfirelens"}), json!({"name": "app"})).expect("has options");
        assert!(other.expect_err("not read").contains("awsfirelens"));
        assert_eq!(of(Value::Null, json!({"name": "app"})), None);
    }
}
