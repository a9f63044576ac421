//! Reads schedules before a plan is made, from EventBridge Scheduler and from EventBridge rules, as raw JSON.
//!
//! A schedule is read with one call, a rule with two beside its share of a list. The scheduler answers at least 250 `GetSchedule`
//! a second in every region (its quotas), EventBridge 50 calls: so a few rules are read at a time,
//! and more schedules.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join3;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::aws::types::{ObservedSchedule, ObservedSchedules, Via};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS, RULES_AT_ONCE};
use crate::plan::schedules::owner;
use crate::render::schedules::DesiredSchedule;

/// Returns the observed schedules and the groups that they belong to.
///
/// # Errors
/// The API call failed.
pub async fn observe(aws: &Aws, schedules: &[DesiredSchedule]) -> Result<ObservedSchedules, ApiError> {
    let of = |via| schedules.iter().filter(move |schedule| schedule.kind == via).collect::<Vec<_>>();
    let (kept, rules) = (of(Via::Scheduler), of(Via::Rule));
    let groups: BTreeSet<&str> = kept.iter().map(|schedule| group_of(schedule)).collect();
    let (groups, kept, rules) =
        join3(group_tags(aws, &groups), observe_kept(aws, &kept), observe_rules(aws, &rules)).await;
    let (groups, mut found) = (groups?, kept?);
    for schedule in found.values_mut() {
        let tags = schedule.group().and_then(|group| groups.get(group));
        schedule.tags = tags.cloned().unwrap_or_default();
    }
    found.extend(rules?);
    Ok(ObservedSchedules { found, groups, ..ObservedSchedules::default() })
}

async fn group_tags(
    aws: &Aws,
    names: &BTreeSet<&str>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, ApiError> {
    let calls = names.iter().map(|name| async move {
        Ok::<_, ApiError>(aws.schedule_group_tags(name).await?.map(|tags| ((*name).to_owned(), tags)))
    });
    stream::iter(calls)
        .buffer_unordered(MAX_CONCURRENT_CALLS)
        .try_filter_map(async |found| Ok(found))
        .try_collect()
        .await
}

async fn observe_kept(
    aws: &Aws,
    schedules: &[&DesiredSchedule],
) -> Result<BTreeMap<String, ObservedSchedule>, ApiError> {
    let calls = schedules.iter().map(|schedule| async move {
        let found = aws.schedule(group_of(schedule), &schedule.name).await?;
        Ok::<_, ApiError>(found.map(|found| (schedule.key.clone(), found)))
    });
    stream::iter(calls)
        .buffer_unordered(MAX_CONCURRENT_CALLS)
        .try_filter_map(async |found| Ok(found))
        .try_collect()
        .await
}

async fn observe_rules(
    aws: &Aws,
    schedules: &[&DesiredSchedule],
) -> Result<BTreeMap<String, ObservedSchedule>, ApiError> {
    if schedules.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rules = aws.all_rules().await?;
    let named = |schedule: &DesiredSchedule| rules.iter().find(|rule| rule["Name"] == schedule.name.as_str());
    let there = schedules.iter().filter_map(|schedule| Some((&schedule.key, named(schedule)?)));
    let calls =
        there.map(|(key, rule)| async move { Ok::<_, ApiError>((key.clone(), aws.whole_rule(rule).await?)) });
    stream::iter(calls).buffer_unordered(RULES_AT_ONCE).try_collect().await
}

/// Returns the schedules and rules that have the name of a schedule that does not exist yet, in the other service,
/// in the group `default` and in the app's own group; by schedule key. Those that the manifest describes are left
/// out.
///
/// # Errors
/// The API call failed.
pub async fn elsewhere(
    aws: &Aws,
    schedules: &[DesiredSchedule],
    found: &BTreeMap<String, ObservedSchedule>,
    own_group: Option<&str>,
) -> Result<BTreeMap<String, Vec<ObservedSchedule>>, ApiError> {
    let new: Vec<_> = schedules.iter().filter(|schedule| !found.contains_key(&schedule.key)).collect();
    let groups: BTreeSet<&str> = own_group.into_iter().chain(["default"]).collect();
    let places = new.iter().flat_map(|schedule| groups.iter().map(move |group| (*schedule, *group)));
    let wanted = |via: Via, group: &str, name: &str| {
        schedules.iter().any(|known| known.kind == via && group_of(known) == group && known.name == name)
    };
    let places = places.filter(|(schedule, group)| !wanted(Via::Scheduler, group, &schedule.name));
    let kept = places.map(|(schedule, group)| async move {
        let Some(found) = aws.schedule(group, &schedule.name).await? else { return Ok(None) };
        let tags = aws.schedule_group_tags(group).await?.unwrap_or_default();
        Ok::<_, ApiError>(Some((schedule.key.clone(), ObservedSchedule { tags, ..found })))
    });
    let kept: Vec<_> = stream::iter(kept).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect().await?;
    let mut elsewhere: BTreeMap<String, Vec<ObservedSchedule>> = BTreeMap::new();
    for (key, found) in kept.into_iter().flatten() {
        elsewhere.entry(key).or_default().push(found);
    }
    let as_rules: Vec<DesiredSchedule> = new
        .into_iter()
        .filter(|schedule| schedule.kind == Via::Scheduler && !wanted(Via::Rule, "default", &schedule.name))
        .map(|schedule| DesiredSchedule { kind: Via::Rule, group: None, ..schedule.clone() })
        .collect();
    for (key, rule) in observe_rules(aws, &as_rules.iter().collect::<Vec<_>>()).await? {
        elsewhere.entry(key).or_default().push(rule);
    }
    Ok(elsewhere)
}

/// Returns the schedules of a group, sorted by name, except those named in `known`; none if the group does not
/// exist or does not have all of these tags.
///
/// # Errors
/// The API call failed.
pub async fn other_schedules_of_group(
    aws: &Aws,
    group: &str,
    tags: &BTreeMap<String, String>,
    known: &BTreeSet<&str>,
) -> Result<Vec<ObservedSchedule>, ApiError> {
    let Some(found) = aws.schedule_group_tags(group).await? else { return Ok(Vec::new()) };
    if tags.is_empty() || !tags.iter().all(|(key, value)| found.get(key) == Some(value)) {
        return Ok(Vec::new());
    }
    let mut names = aws.schedule_names(group).await?;
    names.retain(|name| !known.contains(name.as_str()));
    let calls = names.iter().map(|name| aws.schedule(group, name));
    let schedules: Vec<Option<ObservedSchedule>> =
        stream::iter(calls).buffered(MAX_CONCURRENT_CALLS).try_collect().await?;
    let with_tags = |schedule: ObservedSchedule| ObservedSchedule { tags: found.clone(), ..schedule };
    Ok(schedules.into_iter().flatten().map(with_tags).collect())
}

/// Returns the scheduled rules of the owner with these tags, with their targets; none if `tags` is empty. A rule of
/// a stage does not belong to the app without a stage.
///
/// # Errors
/// The API call failed.
pub async fn rules_with_tags(
    aws: &Aws,
    tags: &BTreeMap<String, String>,
) -> Result<Vec<ObservedSchedule>, ApiError> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let rules = aws.all_rules().await?;
    let timed = rules.iter().filter(|rule| rule["ScheduleExpression"].is_string());
    let calls = timed.map(|rule| async move {
        let found = aws.rule_tags(rule).await?;
        if !owner::has_same_owner(&found, tags) {
            return Ok::<_, ApiError>(None);
        }
        let targets = aws.rule_targets(rule["Name"].as_str().unwrap_or_default()).await?;
        Ok(Some(ObservedSchedule { via: Via::Rule, document: rule.clone(), targets, tags: found }))
    });
    stream::iter(calls).buffered(RULES_AT_ONCE).try_filter_map(async |found| Ok(found)).try_collect().await
}

fn group_of(schedule: &DesiredSchedule) -> &str {
    schedule.group.as_deref().unwrap_or("default")
}
