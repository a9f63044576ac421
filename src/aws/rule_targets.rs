//! Calls EventBridge: lists which rules run tasks, and of which task definitions.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::error::ApiErrorKind;
use super::{ApiError, Aws, MAX_CONCURRENT_CALLS};

/// A target of a rule that runs tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleTarget {
    pub bus: String,
    pub rule: String,
    /// As the target names it: an ARN, with or without a revision.
    pub task_definition: String,
}

impl Aws {
    /// Returns the targets that run tasks, of all rules on all buses, disabled ones included.
    ///
    /// `ListRuleNamesByTarget` would not do: its target is the cluster, which does not identify the task definition, and
    /// it misses rules with clusters that were not named. So every rule is read.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn task_rule_targets(&self) -> Result<Vec<RuleTarget>, ApiError> {
        let mut rules = Vec::new();
        for bus in self.event_buses().await? {
            rules.extend(self.rule_names(&bus).await?.into_iter().map(|rule| (bus.clone(), rule)));
        }
        let calls = rules.iter().map(|(bus, rule)| self.task_targets(bus, rule));
        let found: Vec<Vec<RuleTarget>> =
            stream::iter(calls).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect().await?;
        let mut targets = found.concat();
        targets.sort_by(|a, b| (&a.bus, &a.rule).cmp(&(&b.bus, &b.rule)));
        Ok(targets)
    }

    async fn event_buses(&self) -> Result<Vec<String>, ApiError> {
        let (mut names, mut next) = (Vec::new(), None);
        loop {
            let sent = self.eventbridge().list_event_buses().set_next_token(next).send().await;
            let answer = sent.map_err(|error| ApiError::from_sdk("events:ListEventBuses", error))?;
            names.extend(answer.event_buses().iter().filter_map(|bus| bus.name().map(str::to_owned)));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(names);
            }
        }
    }

    async fn rule_names(&self, bus: &str) -> Result<Vec<String>, ApiError> {
        let (mut names, mut next) = (Vec::new(), None);
        loop {
            let request = self.eventbridge().list_rules().event_bus_name(bus).set_next_token(next);
            let answer =
                match request.send().await.map_err(|error| ApiError::from_sdk("events:ListRules", error)) {
                    // The bus was deleted after it was listed.
                    Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(names),
                    answer => answer?,
                };
            names.extend(answer.rules().iter().filter_map(|rule| rule.name().map(str::to_owned)));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(names);
            }
        }
    }

    async fn task_targets(&self, bus: &str, rule: &str) -> Result<Vec<RuleTarget>, ApiError> {
        let (mut targets, mut next) = (Vec::new(), None);
        loop {
            let request = self.eventbridge().list_targets_by_rule().event_bus_name(bus).rule(rule);
            let sent = request.set_next_token(next).send().await;
            let answer = match sent.map_err(|error| ApiError::from_sdk("events:ListTargetsByRule", error)) {
                Err(error) if error.kind == ApiErrorKind::NotFound => return Ok(targets),
                answer => answer?,
            };
            let tasks = answer.targets().iter().filter_map(|target| target.ecs_parameters());
            targets.extend(tasks.map(|task| RuleTarget {
                bus: bus.to_owned(),
                rule: rule.to_owned(),
                task_definition: task.task_definition_arn().to_owned(),
            }));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(targets);
            }
        }
    }
}
