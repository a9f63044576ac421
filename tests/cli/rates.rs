//! Tests of releases that make more calls than ECS allows at once.

use std::fmt::Write;

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

/// More registrations than the burst of ECS, so that the last ones wait for longer than the SDK lets an upload stand still.
const SERVICES: usize = 32;

#[test]
fn definitions_that_wait_for_their_turn_are_all_registered() {
    let (mut manifest, mut names) =
        (MANIFEST.replace("  web:\n    task_definition: web.yml\n", ""), Vec::new());
    for number in 0..SERVICES {
        let name = format!("web-{number:02}");
        writeln!(manifest, "  {name}: {{ task_definition: {name}.yml }}").expect("a String can be written");
        names.push(name);
    }
    let definitions: Vec<(String, String)> = names
        .iter()
        .map(|name| (format!("{name}.yml"), DEFINITION.replace("family: web", &format!("family: {name}"))))
        .collect();
    let mut files = vec![("ecsail.yml", manifest.as_str())];
    files.extend(definitions.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let seeded: Vec<_> = names.iter().map(|name| service(name, json!({}))).collect();
    let world = World::with(Scenario::Steady, &files, &seeded);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    assert_eq!(world.calls("RegisterTaskDefinition").len(), SERVICES);
}
