//! Every scenario that the sandbox can play, end to end through the binary.

use ecsail::sandbox::{Scenario, scenarios};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, behind_target_group, service};

#[test]
fn explore() {
    for info in scenarios() {
        let mut members = behind_target_group();
        let mut seeded = service("web", members);
        seeded.task_definition["containerDefinitions"][0]["portMappings"] = json!([{"containerPort": 80}]);
        let log = "logDriver: awslogs, options: { awslogs-group: /shop, awslogs-region: us-east-1, awslogs-stream-prefix: web }";
        let definition = format!(
            "{DEFINITION}    portMappings: [ {{ containerPort: 80 }} ]\n    logConfiguration: {{ {log} }}\n"
        );
        let world =
            World::with(info.scenario, &[("ecsail.yml", MANIFEST), ("web.yml", &definition)], &[seeded]);
        let run = world.run(&["deploy", "service", "web", "--tag", "v2", "--timeout", "4s"]);
        println!("=== {} rc {}\n--- stdout\n{}--- stderr\n{}", info.name, run.code, run.stdout, run.stderr);
    }
}
