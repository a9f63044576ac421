//! Reads schedules before a plan is made, from EventBridge Scheduler and from EventBridge rules, as raw JSON.
//!
//! Reading a schedule takes one call, reading a rule takes two besides the list. EventBridge Scheduler allows at least
//! 250 GetSchedule calls a second in every region (its quotas), EventBridge 50 calls: so only a few rules are read
//! concurrently, at a limited rate (see [`super::pace`]).

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join3};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::{ApiError, Aws, CALLS_AT_ONCE};
use crate::manifest::schedules::Via;
use crate::plan::schedules::owner;
use crate::render::schedules::DesiredSchedule;

/// The most rules read or put concurrently. The rate limit applies as well, however fast the responses are.
pub const RULES_AT_ONCE: usize = 3;

/// A schedule as it was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSchedule {
    pub via: Via,
    /// The response of GetSchedule; for a rule, its entry in ListRules.
    pub document: Value,
    /// All targets of a rule, or the one target of a schedule.
    pub targets: Vec<Value>,
    /// The tags of the rule, or of the schedule's group.
    pub tags: BTreeMap<String, String>,
}

/// The observed state of the desired schedules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedSchedules {
    /// By schedule key; schedules that do not exist are left out.
    pub found: BTreeMap<String, ObservedSchedule>,
    /// The tags of existing schedule groups, by group name.
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
    /// Schedules that do not exist where they are desired, but under the same name in the other service or in another
    /// group of the app; by schedule key.
    pub elsewhere: BTreeMap<String, Vec<ObservedSchedule>>,
}

impl ObservedSchedule {
    /// Returns its name in AWS.
    pub fn name(&self) -> &str {
        self.document["Name"].as_str().unwrap_or_default()
    }

    /// Returns the schedule group, or `None` for a rule.
    pub fn group(&self) -> Option<&str> {
        (self.via == Via::Scheduler).then(|| self.document["GroupName"].as_str().unwrap_or("default"))
    }

    /// Returns whether it is enabled.
    pub fn is_enabled(&self) -> bool {
        self.document["State"] != "DISABLED"
    }

    /// Returns the target of a rule with an id.
    pub fn target(&self, id: &str) -> Option<&Value> {
        self.targets.iter().find(|target| target["Id"] == id)
    }

    /// Returns the ARNs of the task definitions that it runs, in the order of its targets.
    pub fn task_definitions(&self) -> Vec<&str> {
        let named = |target: &'_ Value| target["EcsParameters"]["TaskDefinitionArn"].as_str().is_some();
        let runs = self.targets.iter().filter(|target| named(target));
        runs.filter_map(|target| target["EcsParameters"]["TaskDefinitionArn"].as_str()).collect()
    }
}

impl Aws {
    /// Returns the observed schedules and the groups that they belong to.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn observe_schedules(
        &self,
        schedules: &[DesiredSchedule],
    ) -> Result<ObservedSchedules, ApiError> {
        let of = |via| schedules.iter().filter(move |schedule| schedule.via == via).collect::<Vec<_>>();
        let (kept, rules) = (of(Via::Scheduler), of(Via::Rule));
        let groups: BTreeSet<&str> = kept.iter().map(|schedule| group_of(schedule)).collect();
        let (groups, kept, rules) =
            join3(self.groups(&groups), self.observe_kept(&kept), self.observe_rules(&rules)).await;
        let (groups, mut found) = (groups?, kept?);
        for schedule in found.values_mut() {
            let tags = schedule.group().and_then(|group| groups.get(group));
            schedule.tags = tags.cloned().unwrap_or_default();
        }
        found.extend(rules?);
        Ok(ObservedSchedules { found, groups, ..ObservedSchedules::default() })
    }

    async fn groups(
        &self,
        names: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, ApiError> {
        let calls = names.iter().map(|name| async move {
            Ok::<_, ApiError>(self.schedule_group(name).await?.map(|tags| ((*name).to_owned(), tags)))
        });
        stream::iter(calls)
            .buffer_unordered(CALLS_AT_ONCE)
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await
    }

    async fn observe_kept(
        &self,
        schedules: &[&DesiredSchedule],
    ) -> Result<BTreeMap<String, ObservedSchedule>, ApiError> {
        let calls = schedules.iter().map(|schedule| async move {
            let found = self.schedule(group_of(schedule), &schedule.name).await?;
            Ok::<_, ApiError>(found.map(|found| (schedule.key.clone(), found)))
        });
        stream::iter(calls)
            .buffer_unordered(CALLS_AT_ONCE)
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await
    }

    async fn observe_rules(
        &self,
        schedules: &[&DesiredSchedule],
    ) -> Result<BTreeMap<String, ObservedSchedule>, ApiError> {
        if schedules.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rules = self.all_rules().await?;
        let named =
            |schedule: &DesiredSchedule| rules.iter().find(|rule| rule["Name"] == schedule.name.as_str());
        let there = schedules.iter().filter_map(|schedule| Some((&schedule.key, named(schedule)?)));
        let calls = there
            .map(|(key, rule)| async move { Ok::<_, ApiError>((key.clone(), self.whole_rule(rule).await?)) });
        stream::iter(calls).buffer_unordered(RULES_AT_ONCE).try_collect().await
    }

    /// Returns the schedules and rules that have the name of a schedule that does not exist yet, in the other service,
    /// in the group `default` and in the app's own group; by schedule key. Those that the manifest describes are left
    /// out.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn observe_elsewhere(
        &self,
        schedules: &[DesiredSchedule],
        found: &BTreeMap<String, ObservedSchedule>,
        own_group: Option<&str>,
    ) -> Result<BTreeMap<String, Vec<ObservedSchedule>>, ApiError> {
        let new: Vec<_> = schedules.iter().filter(|schedule| !found.contains_key(&schedule.key)).collect();
        let groups: BTreeSet<&str> = own_group.into_iter().chain(["default"]).collect();
        let places = new.iter().flat_map(|schedule| groups.iter().map(move |group| (*schedule, *group)));
        let wanted = |via: Via, group: &str, name: &str| {
            schedules.iter().any(|known| known.via == via && group_of(known) == group && known.name == name)
        };
        let places = places.filter(|(schedule, group)| !wanted(Via::Scheduler, group, &schedule.name));
        let kept = places.map(|(schedule, group)| async move {
            let Some(found) = self.schedule(group, &schedule.name).await? else { return Ok(None) };
            let tags = self.schedule_group(group).await?.unwrap_or_default();
            Ok::<_, ApiError>(Some((schedule.key.clone(), ObservedSchedule { tags, ..found })))
        });
        let kept: Vec<_> = stream::iter(kept).buffer_unordered(CALLS_AT_ONCE).try_collect().await?;
        let mut elsewhere: BTreeMap<String, Vec<ObservedSchedule>> = BTreeMap::new();
        for (key, found) in kept.into_iter().flatten() {
            elsewhere.entry(key).or_default().push(found);
        }
        let as_rules: Vec<DesiredSchedule> = new
            .into_iter()
            .filter(|schedule| {
                schedule.via == Via::Scheduler && !wanted(Via::Rule, "default", &schedule.name)
            })
            .map(|schedule| DesiredSchedule { via: Via::Rule, group: None, ..schedule.clone() })
            .collect();
        for (key, rule) in self.observe_rules(&as_rules.iter().collect::<Vec<_>>()).await? {
            elsewhere.entry(key).or_default().push(rule);
        }
        Ok(elsewhere)
    }

    async fn whole_rule(&self, rule: &Value) -> Result<ObservedSchedule, ApiError> {
        let name = rule["Name"].as_str().unwrap_or_default();
        let (targets, tags) = join(self.rule_targets(name), self.rule_tags(rule)).await;
        Ok(ObservedSchedule { via: Via::Rule, document: rule.clone(), targets: targets?, tags: tags? })
    }

    /// Returns a rule with its targets and tags, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn observe_rule(&self, name: &str) -> Result<Option<ObservedSchedule>, ApiError> {
        match self.rule(name).await? {
            Some(rule) => self.whole_rule(&rule).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns the schedules of a group, sorted by name, except those named in `known`; none if the group does not
    /// exist or does not have all of these tags.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn other_schedules_of_group(
        &self,
        group: &str,
        tags: &BTreeMap<String, String>,
        known: &BTreeSet<&str>,
    ) -> Result<Vec<ObservedSchedule>, ApiError> {
        let Some(found) = self.schedule_group(group).await? else { return Ok(Vec::new()) };
        if tags.is_empty() || !tags.iter().all(|(key, value)| found.get(key) == Some(value)) {
            return Ok(Vec::new());
        }
        let mut names = self.schedule_names(group).await?;
        names.retain(|name| !known.contains(name.as_str()));
        let calls = names.iter().map(|name| self.schedule(group, name));
        let schedules: Vec<Option<ObservedSchedule>> =
            stream::iter(calls).buffered(CALLS_AT_ONCE).try_collect().await?;
        let with_tags = |schedule: ObservedSchedule| ObservedSchedule { tags: found.clone(), ..schedule };
        Ok(schedules.into_iter().flatten().map(with_tags).collect())
    }

    /// Returns the scheduled rules of the owner with these tags, with their targets; none if `tags` is empty. A rule of
    /// a stage does not belong to the app without a stage.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn rules_with_tags(
        &self,
        tags: &BTreeMap<String, String>,
    ) -> Result<Vec<ObservedSchedule>, ApiError> {
        if tags.is_empty() {
            return Ok(Vec::new());
        }
        let rules = self.all_rules().await?;
        let timed = rules.iter().filter(|rule| rule["ScheduleExpression"].is_string());
        let calls = timed.map(|rule| async move {
            let found = self.rule_tags(rule).await?;
            if !owner::is_of(&found, tags) {
                return Ok::<_, ApiError>(None);
            }
            let targets = self.rule_targets(rule["Name"].as_str().unwrap_or_default()).await?;
            Ok(Some(ObservedSchedule { via: Via::Rule, document: rule.clone(), targets, tags: found }))
        });
        stream::iter(calls)
            .buffered(RULES_AT_ONCE)
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await
    }
}

fn group_of(schedule: &DesiredSchedule) -> &str {
    schedule.group.as_deref().unwrap_or("default")
}
