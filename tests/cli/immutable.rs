//! Members of a service that `UpdateService` does not take: refused with the steps that create the service again.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

fn world(members: &str) -> World {
    let manifest = format!("{MANIFEST}    service: {members}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    World::with(Scenario::Steady, &files, &[service("web", json!({"launchType": "FARGATE"}))])
}

#[test]
fn each_member_is_refused_with_the_ordered_steps_and_the_flags_that_were_given() {
    let world = world("{ schedulingStrategy: DAEMON, launchType: EXTERNAL }");
    let run = world.run(&["plan", "web", "--tag", "v2", "--region", "us-east-1"]).exits(1);
    let run = run
        .says("`schedulingStrategy` of service `web` cannot be changed after the service is created")
        .says("`launchType` of service `web` cannot be changed after the service is created");
    let steps =
        "first `ecsail --region us-east-1 delete web`, then `ecsail --region us-east-1 deploy web --tag v2`";
    assert_eq!(run.stderr.matches(steps).count(), 2, "{}", run.stderr);
    world.unchanged();
}

#[test]
fn steps_create_the_service_anew() {
    let world = world(
        "{ schedulingStrategy: DAEMON, launchType: EC2, networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } } }",
    );
    world.folder.write("web.yml", &DEFINITION.replace("[FARGATE]", "[EC2]"));
    world.deploy("v2").exits(1).says("`schedulingStrategy`");
    world.run(&["delete", "web", "--yes"]).exits(0);
    world.deploy("v2").exits(0);
    assert_eq!(world.service("web")["schedulingStrategy"], "DAEMON");
}
