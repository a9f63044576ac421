//! Owns the look at schedules before a plan is made, in EventBridge Scheduler and in EventBridge's rules, as raw JSON.
//!
//! A schedule is read with one call, a rule with two beside its share of a list. The scheduler answers at least 250 GetSchedule
//! a second in every region (its quotas), EventBridge 50 calls: so a few rules are read at a time, at a pace (see [`super::pace`]), and more schedules.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join3};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::raw::text;
use super::{ApiError, Aws, CALLS_AT_ONCE};
use crate::manifest::schedules::Via;
use crate::plan::schedules::owner;
use crate::render::schedules::DesiredSchedule;

/// How many rules are read or put at a time. Their pace is kept beside that, however fast the answers come.
pub const RULES_AT_ONCE: usize = 3;

/// Holds a schedule as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSchedule {
    pub via: Via,
    /// What GetSchedule answers; of a rule what ListRules has.
    pub document: Value,
    /// All targets of a rule; the one target of a schedule.
    pub targets: Vec<Value>,
    /// The tags of the rule, or of the group that the schedule is in.
    pub tags: BTreeMap<String, String>,
}

/// Holds what is there of what is desired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedSchedules {
    /// By the schedule's key; one that is not there is left out.
    pub found: BTreeMap<String, ObservedSchedule>,
    /// The tags of the schedule groups that are there, by name.
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
    /// What has the name of one that is not there, in the other service or in another group of ours; by the schedule's key.
    pub elsewhere: BTreeMap<String, Vec<ObservedSchedule>>,
}

impl ObservedSchedule {
    /// Returns its name in AWS.
    pub fn name(&self) -> &str {
        self.document["Name"].as_str().unwrap_or_default()
    }

    /// Returns the schedule group; none for a rule.
    pub fn group(&self) -> Option<&str> {
        (self.via == Via::Scheduler).then(|| self.document["GroupName"].as_str().unwrap_or("default"))
    }

    /// Returns whether it runs when it is time.
    pub fn is_enabled(&self) -> bool {
        self.document["State"] != "DISABLED"
    }

    /// Returns the target of a rule with that id.
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
    /// Returns what is there of schedules: themselves, and the groups that they are to be in.
    ///
    /// # Errors
    /// The API's.
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

    /// Returns what has the name of a schedule that is not there yet, in the other service, in the group `default` and in the
    /// app's own group: by the schedule's key. What is in the manifest too is left out.
    ///
    /// # Errors
    /// The API's.
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
        let name = text("events:DescribeRule", rule, "Name")?;
        let (targets, tags) = join(self.rule_targets(name), self.rule_tags(rule)).await;
        Ok(ObservedSchedule { via: Via::Rule, document: rule.clone(), targets: targets?, tags: tags? })
    }

    /// Returns a rule with its targets and tags; none where there is none.
    ///
    /// # Errors
    /// The API's.
    pub async fn observe_rule(&self, name: &str) -> Result<Option<ObservedSchedule>, ApiError> {
        match self.rule(name).await? {
            Some(rule) => self.whole_rule(&rule).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns the schedules of a group but for those of these names, whole; none where the group is not there or does not
    /// have all of these tags. They are in the order of their names.
    ///
    /// # Errors
    /// The API's.
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

    /// Returns the rules with an expression that are of the owner with these tags, with their targets; none without any
    /// tag. A rule of a stage is not one of the app without a stage.
    ///
    /// # Errors
    /// The API's.
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
            let targets = self.rule_targets(text("events:ListRules", rule, "Name")?).await?;
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
