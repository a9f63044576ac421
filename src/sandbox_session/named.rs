//! What a sandbox has of what documents name in AWS: everything, as they need it, except for the kinds that the file beside the
//! manifest declares.

use std::collections::{BTreeMap, BTreeSet};

use ecsail_sandbox::{Seed, SeedKind, SeedObject, SeedParameter};
use serde_json::{Value, json};

use crate::document::arn::Arn;
use crate::service_arn::cluster_name;
use crate::verification::{Demand, Reference, Target};

/// The VPC of everything that is not declared.
const VPC: &str = "vpc-0a1b2c3d";
/// What the roles trust that are not declared.
const TRUSTED: &[&str] =
    &["ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "scheduler.amazonaws.com", "events.amazonaws.com"];

/// Returns the seeds for what documents name, one for each region; `declared` are the kinds that are left out.
pub(super) fn seeds(references: &[Reference], declared: &BTreeSet<String>, region: &str) -> Vec<Seed> {
    let mut seeds: BTreeMap<String, Seed> = BTreeMap::new();
    // The kinds are replaced as a whole, so that what a manifest no longer names is gone.
    let own = seeds.entry(region.to_owned()).or_default();
    for kind in KINDS.iter().filter(|kind| !declared.contains(**kind)) {
        own.inventory.insert((*kind).to_owned(), SeedKind::default());
    }
    for reference in references {
        let place = region_of(&reference.target).unwrap_or(region).to_owned();
        let seed = seeds.entry(place.clone()).or_default();
        seed.region = Some(place);
        add(reference, declared, seed);
    }
    seeds.into_values().collect()
}

/// The kinds of the inventory of the sandbox that documents name.
pub(super) const KINDS: &[&str] = &[
    "roles",
    "log_groups",
    "target_groups",
    "subnets",
    "security_groups",
    "capacity_providers",
    "file_systems",
    "access_points",
    "namespaces",
    "functions",
    "alarms",
    "secret_keys",
    "images",
];

fn region_of(target: &Target) -> Option<&str> {
    let (Target::Secret(id)
    | Target::SecretKeys(id)
    | Target::Parameter(id)
    | Target::TargetGroup(id)
    | Target::Namespace(id)
    | Target::Function(id)) = target
    else {
        let Target::LogGroup { region, .. } = target else { return None };
        return region.as_deref();
    };
    Arn::parse(id).map(|arn| arn.region).filter(|region| !region.is_empty())
}

fn add(reference: &Reference, declared: &BTreeSet<String>, seed: &mut Seed) {
    let mut exists = |kind: &str, name: &str, value: Value| {
        if !declared.contains(kind) {
            let kind = seed.inventory.entry(kind.to_owned()).or_default();
            kind.items.insert(name.to_owned(), value);
        }
    };
    match &reference.target {
        Target::Role(role) => exists("roles", last_part(role), json!(TRUSTED)),
        Target::LogGroup { name, .. } => exists("log_groups", name, Value::Null),
        Target::TargetGroup(arn) => exists("target_groups", arn, target_group(&reference.demand)),
        Target::Subnet(id) => exists("subnets", id, json!(VPC)),
        Target::SecurityGroup(id) => exists("security_groups", id, json!(VPC)),
        Target::FileSystem(id) => exists("file_systems", id, Value::Null),
        Target::AccessPoint(id) => {
            let Demand::IsOf(file_system) = &reference.demand else { return };
            exists("access_points", id, json!(file_system));
        }
        Target::Namespace(name) => exists("namespaces", name, Value::Null),
        Target::Function(arn) => exists("functions", function_name(arn), Value::Null),
        Target::Alarm(name) => exists("alarms", name, Value::Null),
        Target::CapacityProvider { cluster, name } => add_provider(cluster, name, declared, seed),
        Target::SecretKeys(id) => add_key(id, &reference.demand, declared, seed),
        Target::Secret(id) if !declared.contains("secrets") && !seed.secrets.contains(id) => {
            seed.secrets.push(id.clone());
        }
        Target::Parameter(id) if !declared.contains("parameters") => {
            let value = "of the sandbox".to_owned();
            let parameter =
                SeedParameter { name: parameter_name(id), kind: "SecureString".to_owned(), value };
            if !seed.parameters.contains(&parameter) {
                seed.parameters.push(parameter);
            }
        }
        Target::Object { bucket, key } if !declared.contains("objects") => {
            seed.objects.push(SeedObject { bucket: bucket.clone(), key: key.clone(), text: String::new() });
        }
        // The repositories have the tags that the manifest and the command line name.
        Target::Image(_) | Target::Secret(_) | Target::Parameter(_) | Target::Object { .. } => {}
    }
}

fn target_group(demand: &Demand) -> Value {
    let mut members = json!({ "VpcId": VPC });
    if let Demand::Takes(traffic) = demand {
        if let Some(target_type) = traffic.target_type {
            members["TargetType"] = json!(target_type);
        }
        if traffic.protocol == Some("udp") {
            members["Protocol"] = json!("UDP");
        }
    }
    members
}

fn add_provider(cluster: &str, name: &str, declared: &BTreeSet<String>, seed: &mut Seed) {
    if declared.contains("capacity_providers") {
        return;
    }
    let kind = seed.inventory.entry("capacity_providers".to_owned()).or_default();
    let names = kind.items.entry(cluster_name(cluster).to_owned());
    let names = names.or_insert_with(|| json!(["FARGATE", "FARGATE_SPOT"]));
    if let Some(names) = names.as_array_mut().filter(|names| !names.contains(&json!(name))) {
        names.push(json!(name));
    }
}

fn add_key(id: &str, demand: &Demand, declared: &BTreeSet<String>, seed: &mut Seed) {
    let Demand::HasKey(key) = demand else { return };
    if declared.contains("secret_keys") {
        return;
    }
    let kind = seed.inventory.entry("secret_keys".to_owned()).or_default();
    let full = id.split_once(":secret:").map_or(id, |(_, name)| name);
    // The ARN ends in a hyphen and six characters, unless it is a partial one.
    let bare = full.rsplit_once('-').filter(|(_, end)| end.len() == 6).map_or(full, |(bare, _)| bare);
    let keys = kind.items.entry(bare.to_owned()).or_insert_with(|| json!([]));
    if let Some(keys) = keys.as_array_mut() {
        keys.push(json!(key));
    }
}

fn last_part(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn function_name(arn: &str) -> &str {
    let name = arn.split_once(":function:").map_or(arn, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// Returns the name of a parameter that is given by its ARN: with a slash before it where the name has others.
fn parameter_name(id: &str) -> String {
    let Some(path) = Arn::parse(id).and_then(|arn| arn.resource.strip_prefix("parameter/")) else {
        return id.to_owned();
    };
    if path.contains('/') { format!("/{path}") } else { path.to_owned() }
}
