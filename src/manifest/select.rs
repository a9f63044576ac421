//! Selects the part of the manifest that a run uses: services, schedules, a task, or everything.

use super::keys::ManifestKeys;
use super::request::{Request, Scope};
use super::schedules::{ManifestSchedule, TargetTask};
use super::service_names::{adopt_place, has_cluster, is_named};
use super::task_spec::TaskSpec;
use super::types::{Manifest, ManifestService, on_the_fly};
use crate::document::problem::did_you_mean;
use crate::error::Failure;
use crate::error::Result;
use crate::settings::Settings;
use std::collections::BTreeSet;

/// Removes everything that is not in the scope of a request, and keeps the services that tasks are `like` as lenders.
///
/// Services and schedules are in the order of the request.
pub(super) fn select_scope(manifest: &mut Manifest, settings: &Settings, request: &Request) -> Result<()> {
    if settings.cluster.is_some() {
        manifest.cluster = settings.cluster.clone();
        manifest.services.iter_mut().for_each(|service| service.cluster = None);
        task_specs_mut(manifest).for_each(|work| work.cluster = None);
    }
    let whole = manifest.services.clone();
    manifest.release_tasks = tasks_of_services(manifest).collect();
    manifest.service_names = whole.iter().map(|service| service.name.clone()).collect();
    manifest.keys = ManifestKeys::of(manifest);
    match &request.scope {
        Scope::Services => {
            select_services(manifest, settings, request, &request.services)?;
            manifest.schedules.clear();
            retain_tasks_of_services(manifest);
        }
        Scope::Release => select_services(manifest, settings, request, &request.services)?,
        Scope::Named(names) => select_named(manifest, settings, request, names)?,
        Scope::Schedules(names) => {
            manifest.services.clear();
            select_schedules(manifest, names)?;
            retain_tasks_of_schedules(manifest);
        }
        Scope::Task { name, like } => {
            manifest.services.clear();
            manifest.schedules.clear();
            select_task(manifest, name.as_deref())?;
            manifest.keep_running_definitions = request.tags.is_empty();
            let found = like.as_ref().map(|like| find_like_service(like, &whole, manifest));
            manifest.like_services.extend(found);
        }
    }
    add_like_services(manifest, &whole);
    adopt_place(manifest, settings, &request.service_names())
}

/// Returns the task specifications of the manifest: those of its tasks, and those in targets of schedules.
fn task_specs_mut(manifest: &mut Manifest) -> impl Iterator<Item = &mut TaskSpec> {
    let targets = manifest.schedules.iter_mut().flat_map(|schedule| &mut schedule.targets);
    let scheduled = targets.filter_map(|target| match &mut target.spec {
        TargetTask::Inline(work) => Some(work.as_mut()),
        _ => None,
    });
    manifest.tasks.iter_mut().map(|task| &mut task.spec).chain(scheduled)
}

/// Returns the named service of the manifest, or else one that is in the cluster only.
fn find_like_service(name: &str, whole: &[ManifestService], manifest: &Manifest) -> ManifestService {
    let (region, cluster) = (manifest.region.as_deref(), manifest.cluster.as_deref());
    let found = whole.iter().find(|service| is_named(service, name, region, cluster));
    found.cloned().unwrap_or_else(|| on_the_fly(name))
}

/// Keeps the services and schedules of these names, and their tasks.
fn select_named(
    manifest: &mut Manifest,
    settings: &Settings,
    request: &Request,
    names: &[String],
) -> Result<()> {
    let (mut services, mut schedules) = (Vec::new(), Vec::new());
    for name in names {
        match kind_of_name(name, manifest, settings)? {
            NamedKind::Service => services.push(name.clone()),
            NamedKind::Schedule => schedules.push(name.clone()),
        }
    }
    if services.is_empty() {
        manifest.services.clear();
    } else {
        select_services(manifest, settings, request, &services)?;
    }
    if schedules.is_empty() {
        manifest.schedules.clear();
    } else {
        select_schedules(manifest, &schedules)?;
    }
    let needed: BTreeSet<String> = tasks_of_services(manifest).chain(tasks_of_schedules(manifest)).collect();
    manifest.tasks.retain(|task| needed.contains(&task.key));
    Ok(())
}

/// What a name of the command line stands for.
enum NamedKind {
    Service,
    Schedule,
}

/// Returns what a name is in the manifest; one that it does not have is a service, where a cluster to look in is given.
fn kind_of_name(name: &str, manifest: &Manifest, settings: &Settings) -> Result<NamedKind> {
    let (region, cluster) = (manifest.region.as_deref(), manifest.cluster.as_deref());
    let is_service = manifest.services.iter().any(|service| is_named(service, name, region, cluster));
    let is_schedule = manifest.schedules.iter().any(|schedule| schedule.key == name);
    match (is_service, is_schedule) {
        (true, true) => {
            let message = format!("`{name}` is a service and a schedule of the manifest");
            let hint = format!("write `service {name}` or `schedule {name}` after the command");
            Err(Failure::usage(message).with_hint(hint))
        }
        (true, false) => Ok(NamedKind::Service),
        (false, true) => Ok(NamedKind::Schedule),
        (false, false) if settings.cluster.is_some() || has_cluster(name) => Ok(NamedKind::Service),
        (false, false) => Err(unknown_target_error(name, manifest)),
    }
}

/// Returns the error for a name that is neither a service nor a schedule of the manifest.
fn unknown_target_error(name: &str, manifest: &Manifest) -> Failure {
    let services = manifest.services.iter().map(|service| service.key.as_str());
    if manifest.schedules.is_empty() {
        return unknown_name_error("service", name, services, &manifest.keys);
    }
    let schedules = manifest.schedules.iter().map(|schedule| schedule.key.as_str());
    let listed = || {
        let [services, schedules] = [services.clone().collect::<Vec<_>>(), schedules.clone().collect()];
        format!("services: {}; schedules: {}", services.join(", "), schedules.join(", "))
    };
    let similar = || did_you_mean(name, services.clone().chain(schedules.clone()));
    let hint = manifest.keys.kind_hint(name).or_else(similar).unwrap_or_else(listed);
    Failure::usage(format!("no service or schedule named `{name}` in the manifest")).with_hint(hint)
}

/// Keeps the requested services, in the order of the request.
fn select_services(
    manifest: &mut Manifest,
    settings: &Settings,
    request: &Request,
    asked: &[String],
) -> Result<()> {
    if asked.is_empty() {
        // Without `--cluster`, duplicate services were reported when the manifest was read.
        return if settings.cluster.is_some() { check_duplicate_services(manifest) } else { Ok(()) };
    }
    let mut selected: Vec<ManifestService> = Vec::new();
    for name in asked {
        let (region, cluster) = (manifest.region.as_deref(), manifest.cluster.as_deref());
        match manifest.services.iter().find(|service| is_named(service, name, region, cluster)) {
            Some(service) if !selected.iter().any(|known: &ManifestService| known.key == service.key) => {
                selected.push(service.clone());
            }
            Some(_) => {}
            // With `--cluster`, a service need not be in the manifest.
            None if settings.cluster.is_some()
                || has_cluster(name)
                || (request.or_in_cluster && manifest.cluster.is_some()) =>
            {
                selected.push(on_the_fly(name));
            }
            None => {
                let known = manifest.services.iter().map(|service| service.key.as_str());
                return Err(unknown_name_error("service", name, known, &manifest.keys));
            }
        }
    }
    manifest.services = selected;
    check_duplicate_services(manifest)
}

fn select_schedules(manifest: &mut Manifest, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let mut selected: Vec<ManifestSchedule> = Vec::new();
    for name in names {
        let Some(schedule) = manifest.schedules.iter().find(|schedule| &schedule.key == name) else {
            let known = manifest.schedules.iter().map(|schedule| schedule.key.as_str());
            return Err(unknown_name_error("schedule", name, known, &manifest.keys));
        };
        if !selected.iter().any(|known| known.key == schedule.key) {
            selected.push(schedule.clone());
        }
    }
    manifest.schedules = selected;
    Ok(())
}

fn select_task(manifest: &mut Manifest, name: Option<&str>) -> Result<()> {
    let Some(name) = name else {
        manifest.tasks.clear();
        return Ok(());
    };
    if !manifest.tasks.iter().any(|task| task.key == name) {
        let known = manifest.tasks.iter().map(|task| task.key.as_str());
        return Err(unknown_name_error("task", name, known, &manifest.keys));
    }
    manifest.tasks.retain(|task| task.key == name);
    Ok(())
}

/// Returns the error for a name that is not in the manifest.
fn unknown_name_error<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    keys: &ManifestKeys,
) -> Failure {
    let listed = || match known.clone().collect::<Vec<_>>() {
        known if known.is_empty() => format!("the manifest has no `{what}s`"),
        known => format!("{what}s: {}", known.join(", ")),
    };
    let similar = || did_you_mean(name, known.clone());
    let hint = keys.kind_hint(name).or_else(similar).unwrap_or_else(listed);
    Failure::usage(format!("no {what} named `{name}` in the manifest")).with_hint(hint)
}

fn retain_tasks_of_services(manifest: &mut Manifest) {
    let named: BTreeSet<String> = tasks_of_services(manifest).collect();
    manifest.tasks.retain(|task| named.contains(&task.key));
}

fn retain_tasks_of_schedules(manifest: &mut Manifest) {
    let named: BTreeSet<String> = tasks_of_schedules(manifest).collect();
    manifest.tasks.retain(|task| named.contains(&task.key));
}

/// Returns the keys of the tasks that run before or after the services.
fn tasks_of_services(manifest: &Manifest) -> impl Iterator<Item = String> {
    let named = manifest.services.iter().flat_map(|service| service.before.iter().chain(&service.after));
    named.map(|name| name.value.clone())
}

/// Returns the keys of the tasks that the schedules run.
fn tasks_of_schedules(manifest: &Manifest) -> impl Iterator<Item = String> {
    let targets = manifest.schedules.iter().flat_map(|schedule| &schedule.targets);
    targets.filter_map(|target| match &target.spec {
        TargetTask::Named(name) => Some(name.value.clone()),
        _ => None,
    })
}

/// Adds to the lenders the services that tasks are `like` and that are not selected.
fn add_like_services(manifest: &mut Manifest, whole: &[ManifestService]) {
    let mut names: Vec<String> = Vec::new();
    names.extend(task_specs_mut(manifest).filter_map(|work| Some(work.like.as_ref()?.value.clone())));
    for name in names {
        let there = |known: &ManifestService| known.key == name;
        if manifest.services.iter().chain(&manifest.like_services).any(there) {
            continue;
        }
        let found = whole.iter().find(|service| service.key == name).cloned();
        manifest.like_services.extend(found);
    }
}

/// Checks that no two entries are the same ECS service, because two deploys of it at the same time would conflict.
fn check_duplicate_services(manifest: &Manifest) -> Result<()> {
    for (index, service) in manifest.services.iter().enumerate() {
        let place = |service: &ManifestService| (manifest.cluster_of(service), service.name.clone());
        let same = |known: &&ManifestService| place(known) == place(service);
        if let Some(known) = manifest.services[..index].iter().find(same) {
            let message =
                format!("`{}` and `{}` are the same service, `{}`", known.key, service.key, service.name);
            return Err(Failure::usage(message)
                .with_hint("deploy them one by one, or without `--cluster`".to_owned()));
        }
    }
    Ok(())
}
