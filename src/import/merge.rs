//! Makes one manifest of what several files say: equal parts once, what differs between stages under each stage. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::session::StageDraft;
use crate::adopt::layers::{StageDocument, rest, shared};
use crate::error::{Failure, Result};

/// The mappings whose entries are compared one by one.
const SECTIONS: &[&str] = &["images", "vars", "lookups", "services", "tasks", "schedules"];
/// The sections in which a name can be used once.
const UNIQUE: &[&str] = &["services", "tasks", "schedules"];
/// The settings that a service or task may have of its own.
const OWN_SETTINGS: &[&str] = &["cluster", "timeout", "schedule_role"];

/// Returns the manifest of an app.
///
/// # Errors
/// Two files describe a service of the same name in one stage, or say different things that a manifest has once.
pub fn merge(drafts: &[StageDraft], app: Option<&str>) -> Result<Draft> {
    let stages: Vec<&str> = stage_names(drafts);
    let mut merged = Draft::default();
    merged.set(&["ecsail"], 1);
    if let Some(app) = app {
        merged.set(&["app"], app);
    }
    if stages.is_empty() {
        let draft = of_one_stage(&drafts.iter().collect::<Vec<_>>())?;
        merged.members.extend(draft.members);
        merged.comments.add_all(&draft.comments, <[String]>::to_vec);
        return Ok(merged);
    }
    let mut of_stages: Vec<(&str, Draft)> = Vec::new();
    for stage in stages {
        let own: Vec<&StageDraft> =
            drafts.iter().filter(|draft| draft.stage.as_deref().is_none_or(|own| own == stage)).collect();
        of_stages.push((stage, of_one_stage(&own)?));
    }
    let (common, own) = split(&of_stages);
    merged.members.extend(common);
    let own: Map<String, Value> =
        own.into_iter().map(|(stage, members)| (stage, Value::Object(members))).collect();
    merged.members.insert("stages".to_owned(), Value::Object(own));
    for (stage, draft) in &of_stages {
        let members = merged.members.clone();
        merged.comments.add_all(&draft.comments, |path| place(path, stage, &members));
    }
    Ok(merged)
}

/// Returns the path of a comment: where its member is in the whole manifest.
fn place(path: &[String], stage: &str, members: &Map<String, Value>) -> Vec<String> {
    if path.is_empty() || has(members, path) {
        return path.to_vec();
    }
    let of_stage = [vec!["stages".to_owned(), stage.to_owned()], path.to_vec()].concat();
    if has(members, &of_stage) { of_stage } else { place(&path[..path.len() - 1], stage, members) }
}

fn has(members: &Map<String, Value>, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let found = rest.iter().try_fold(members.get(first), |value, name| {
        let value = value?;
        let item = name.parse::<usize>().ok().and_then(|index| value.get(index));
        Some(item.or_else(|| value.get(name)))
    });
    found.flatten().is_some()
}

fn stage_names(drafts: &[StageDraft]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for stage in drafts.iter().filter_map(|draft| draft.stage.as_deref()) {
        if !found.contains(&stage) {
            found.push(stage);
        }
    }
    found
}

/// Merges the drafts of one stage.
fn of_one_stage(drafts: &[&StageDraft]) -> Result<Draft> {
    let mut merged = Draft::default();
    for name in settings(drafts) {
        let values: Vec<(&StageDraft, &Value)> =
            drafts.iter().filter_map(|draft| Some((*draft, draft.draft.members.get(&name)?))).collect();
        if let Some(value) = common_setting(&name, &values)? {
            merged.members.insert(name, value);
        }
    }
    for draft in drafts {
        let own = own_settings(draft, &merged.members);
        for (name, value) in &draft.draft.members {
            if !SECTIONS.contains(&name.as_str()) {
                continue;
            }
            let Value::Object(entries) = value else { continue };
            for (key, entry) in entries {
                let entry = with_settings(name, entry, &own);
                add_entry(&mut merged.members, name, key, entry, draft, drafts)?;
            }
        }
        merged.comments.add_all(&draft.draft.comments, <[String]>::to_vec);
    }
    Ok(merged)
}

/// Returns the names of all members that are no section.
fn settings(drafts: &[&StageDraft]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in drafts.iter().flat_map(|draft| draft.draft.members.keys()) {
        if !SECTIONS.contains(&name.as_str()) && !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}

/// Returns the value that most drafts have.
fn common_setting(name: &str, values: &[(&StageDraft, &Value)]) -> Result<Option<Value>> {
    let count = |value: &Value| values.iter().filter(|(_, other)| *other == value).count();
    // Of equally many the first one.
    let Some((first, most)) = values.iter().rev().max_by_key(|(_, value)| count(value)) else {
        return Ok(None);
    };
    let other = values.iter().find(|(_, value)| value != most);
    match other {
        Some((draft, _)) if !OWN_SETTINGS.contains(&name) => Err(Failure::error(format!(
            "`{}` and `{}` have different values of `{name}`, which a manifest has once",
            first.file, draft.file
        ))
        .with_hint("name the stage of each with `--stage NAME=PATH`, or import them one by one".to_owned())),
        _ => Ok(Some((*most).clone())),
    }
}

/// Returns the settings of a draft that are not those of the manifest.
fn own_settings(draft: &StageDraft, common: &Map<String, Value>) -> Map<String, Value> {
    let other = |name: &&&str| {
        let own = draft.draft.members.get(**name);
        own.is_some() && own != common.get(**name)
    };
    let names = OWN_SETTINGS.iter().filter(other);
    names.filter_map(|name| Some(((*name).to_owned(), draft.draft.members.get(*name)?.clone()))).collect()
}

/// Returns an entry with the settings of its file, where they are not those of the manifest.
fn with_settings(section: &str, entry: &Value, own: &Map<String, Value>) -> Value {
    let mut entry = entry.clone();
    for (name, value) in own {
        let place = match (section, name.as_str()) {
            ("services" | "tasks", "cluster" | "timeout") => Some((entry.as_object_mut(), name.as_str())),
            ("schedules", "cluster") => {
                Some((entry.get_mut("task").and_then(Value::as_object_mut), "cluster"))
            }
            ("schedules", "schedule_role") => Some((entry.as_object_mut(), "role")),
            // The task of a schedule is not watched.
            _ => None,
        };
        if let Some((Some(target), name)) = place
            && !target.contains_key(name)
        {
            // Behind the name in ECS.
            let index = usize::from(target.contains_key("name"));
            target.shift_insert(index, name.to_owned(), value.clone());
        }
    }
    entry
}

fn add_entry(
    members: &mut Map<String, Value>,
    section: &str,
    key: &str,
    entry: Value,
    draft: &StageDraft,
    drafts: &[&StageDraft],
) -> Result<()> {
    let entries = members.entry(section).or_insert_with(|| json!({}));
    let Some(known) = entries.get_mut(key) else {
        entries[key] = entry;
        return Ok(());
    };
    if *known == entry {
        return Ok(());
    }
    if UNIQUE.contains(&section) || !deep_merge(known, &entry) {
        let has_it = |other: &&&StageDraft| other.draft.get(&[section, key]).is_some();
        let files: Vec<String> =
            drafts.iter().filter(has_it).map(|draft| format!("`{}`", draft.file)).collect();
        let files = if files.is_empty() { vec![format!("`{}`", draft.file)] } else { files };
        let what = section.trim_end_matches('s');
        return Err(Failure::error(format!("{} describe {what} `{key}` differently", files.join(" and ")))
            .with_hint(
                "name the stage of each with `--stage NAME=PATH`, or import them one by one".to_owned(),
            ));
    }
    Ok(())
}

/// Adds the members of a value to another. Returns whether they do not contradict each other.
fn deep_merge(into: &mut Value, from: &Value) -> bool {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => from.iter().all(|(name, value)| {
            if let Some(known) = into.get_mut(name) {
                return deep_merge(known, value);
            }
            into.insert(name.clone(), value.clone());
            true
        }),
        (into, from) => into == from,
    }
}

type StageMembers = Vec<(String, Map<String, Value>)>;

/// Splits the members of all stages into those that all have in common, and the rest of each.
fn split(stages: &[(&str, Draft)]) -> (Map<String, Value>, StageMembers) {
    let mut common = Map::new();
    let mut own: StageMembers = stages.iter().map(|(stage, _)| ((*stage).to_owned(), Map::new())).collect();
    let names: BTreeSet<(usize, &String)> = stages.iter().flat_map(|(_, draft)| names_of(draft)).collect();
    let mut done: Vec<&String> = Vec::new();
    for (_, name) in names {
        if done.contains(&name) {
            continue;
        }
        done.push(name);
        if !SECTIONS.contains(&name.as_str()) {
            let values = stages.iter().map(|(_, draft)| draft.members.get(name)).collect();
            split_value(&[name.as_str()], values, stages, &mut common, &mut own);
            continue;
        }
        let mut keys: Vec<&String> = Vec::new();
        for key in
            stages.iter().filter_map(|(_, draft)| draft.members.get(name)?.as_object()).flat_map(Map::keys)
        {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for key in keys {
            let values = stages.iter().map(|(_, draft)| draft.get(&[name.as_str(), key.as_str()])).collect();
            split_value(&[name.as_str(), key.as_str()], values, stages, &mut common, &mut own);
        }
    }
    (common, own)
}

fn names_of(draft: &Draft) -> impl Iterator<Item = (usize, &String)> {
    draft.members.keys().enumerate()
}

/// Splits one value of all stages. One that a stage does not have is in no other stage's.
fn split_value(
    path: &[&str],
    values: Vec<Option<&Value>>,
    stages: &[(&str, Draft)],
    common: &mut Map<String, Value>,
    own: &mut StageMembers,
) {
    let all: Option<Vec<&Value>> = values.iter().copied().collect();
    let documents: Option<Vec<StageDocument<'_>>> = all.map(|all| {
        all.into_iter()
            .zip(stages)
            .map(|(value, (stage, _))| StageDocument { value, stage: Some(stage) })
            .collect()
    });
    let in_common = documents.as_deref().and_then(|documents| shared(documents, ""));
    // The manifest is one template: an image that only some stages have is a name in all of them.
    let is_name = matches!(path, ["images" | "vars", _]);
    let in_common = in_common.or_else(|| only_value(&values).filter(|_| is_name && documents.is_none()));
    // A service that has nothing in common is still one of all stages.
    let is_entry =
        path.len() > 1 && documents.as_deref().is_some_and(|all| all.iter().all(|one| one.value.is_object()));
    let in_common = in_common.or_else(|| (is_entry && path[0] != "images").then(|| json!({})));
    if let Some(value) = &in_common {
        insert(common, path, value.clone());
    }
    for (index, (stage, _)) in stages.iter().enumerate() {
        let Some(value) = values.get(index).copied().flatten() else { continue };
        let left = rest(StageDocument { value, stage: Some(stage) }, in_common.as_ref(), "");
        if let (Some(left), Some((_, members))) = (left, own.get_mut(index)) {
            insert(members, path, left);
        }
    }
}

/// Returns the value that all stages that have one have.
fn only_value(values: &[Option<&Value>]) -> Option<Value> {
    let mut found = values.iter().flatten();
    let first = found.next()?;
    found.all(|other| other == first).then(|| (*first).clone())
}

fn insert(members: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [name] => drop(members.insert((*name).to_owned(), value)),
        [section, name] => {
            members.entry(*section).or_insert_with(|| json!({}))[*name] = value;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(stage: Option<&str>, file: &str, members: Value) -> StageDraft {
        let members = members.as_object().cloned().expect("a mapping");
        StageDraft {
            stage: stage.map(str::to_owned),
            file: file.to_owned(),
            draft: Draft { members, ..Draft::default() },
        }
    }

    #[test]
    fn what_differs_between_stages_is_theirs() {
        let of = |stage: &str, count: u32| {
            draft(
                Some(stage),
                stage,
                json!({"region": "us-east-1", "cluster": format!("shop-{stage}"), "images": {"app": format!("{count}.x/app")},
                    "services": {"web": {"name": format!("web-{stage}"), "service": format!("{stage}/service.json"), "timeout": "5m"}}}),
            )
        };
        let merged = merge(&[of("staging", 1), of("production", 2)], Some("shop")).expect("they fit");
        assert_eq!(
            merged.to_text(),
            "# yaml-language-server: $schema=.schemas/manifest.schema.json\necsail: 1\napp: shop\nregion: us-east-1\n\
             cluster: \"shop-{{ stage }}\"\n\nstages:\n  staging:\n    images:\n      app: 1.x/app\n  production:\n    images:\n      \
             app: 2.x/app\n\nservices:\n  web:\n    name: \"web-{{ stage }}\"\n    service: \"{{ stage }}/service.json\"\n    \
             timeout: \"5m\"\n"
        );
    }

    #[test]
    fn the_stage_in_an_expression_is_no_word() {
        let of = |stage: &str| {
            let text = crate::yaml_writer::expression(&format!("env.C | default('shop-{stage}', true)"));
            draft(Some(stage), stage, json!({ "cluster": text }))
        };
        let text = merge(&[of("staging"), of("production")], None).expect("they fit").to_text();
        assert!(text.contains("    cluster: \"{{ env.C | default('shop-staging', true) }}\""), "{text}");
    }

    #[test]
    fn services_of_another_cluster_have_it_themselves() {
        let of = |file: &str, cluster: &str| {
            draft(None, file, json!({"cluster": cluster, "services": {file: {}}}))
        };
        let merged = merge(&[of("a", "main"), of("b", "other"), of("c", "main")], None).expect("they fit");
        assert_eq!(merged.get(&["cluster"]), Some(&json!("main")));
        assert_eq!(merged.get(&["services"]), Some(&json!({"a": {}, "b": {"cluster": "other"}, "c": {}})));
    }

    #[test]
    fn contradictions_are_refused() {
        let of = |value: Value| draft(None, "x.yml", value);
        let service = |name: &str| of(json!({"services": {"web": {"name": name}}}));
        assert!(merge(&[service("a"), service("b")], None).is_err());
        assert!(merge(&[service("a"), service("a")], None).is_ok());
        assert!(merge(&[of(json!({"region": "a"})), of(json!({"region": "b"}))], None).is_err());
    }

    #[test]
    fn a_comment_follows_its_member() {
        let mut one = draft(Some("a"), "a", json!({"services": {"web": {"x": 1, "z": 1}}}));
        one.draft.comment(&["services", "web", "z"], "of a");
        one.draft.comment(&["services", "web"], "of both");
        let other = draft(Some("b"), "b", json!({"services": {"web": {"x": 1, "z": 2}}}));
        let text = merge(&[one, other], None).expect("they fit").to_text();
        assert!(text.contains("  # of both\n  web:\n    x: 1\n"), "{text}");
        assert!(text.contains("        # of a\n        z: 1\n"), "{text}");
    }
}
