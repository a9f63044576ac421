//! MiniStack and moto create, update and delete services. Ignored in a plain run, as `conformance` says.

use crate::support::emulator::Emulator;
use crate::support::{DEFINITION, MANIFEST};

/// Adds the service `api` to the manifest, which the emulator does not have.
fn with_new_service(emulator: &Emulator, members: &str) {
    let manifest = format!(
        "{MANIFEST}  api:
    task_definition: api.yml
    service:
      launchType: FARGATE
      desiredCount: 1
      networkConfiguration: {{ awsvpcConfiguration: {{ subnets: [{}], securityGroups: [{}] }} }}
{members}",
        network(emulator, "subnets"),
        // moto fails without one.
        network(emulator, "securityGroups"),
    );
    emulator.write("ecsail.yml", &manifest);
    emulator.write("api.yml", &DEFINITION.replace("family: web", "family: api"));
}

/// Returns the first subnet or security group of the running service.
pub(crate) fn network(emulator: &Emulator, member: &str) -> String {
    let query = format!("services[0].networkConfiguration.awsvpcConfiguration.{member}[0]");
    let arguments = ["ecs", "describe-services", "--cluster", "main", "--services", "web", "--query", &query];
    emulator.aws(&arguments).trim().to_owned()
}

fn status(emulator: &Emulator) -> String {
    let arguments = [
        "ecs",
        "describe-services",
        "--cluster",
        "main",
        "--services",
        "api",
        "--query",
        "services[0].status",
    ];
    emulator.aws(&arguments).trim().to_owned()
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_service_is_created_and_kept_and_deleted() {
    let emulator = Emulator::ministack(&[]);
    with_new_service(&emulator, "      tags: { team: shop }\n");
    let deploy = |tag: &str| emulator.folder.run(&["deploy", "api", "--tag", tag]);
    deploy("v1").exits(0).says("api: created, deploying api:1").answers("api: deployed api:1");
    deploy("v1").exits(0).answers("api: unchanged, api:1 stays");
    deploy("v2").exits(0).answers("api: deployed api:2");
    emulator.folder.run(&["delete", "api"]).exits(0).answers("api: deleted in");
    assert!(["INACTIVE", "None"].contains(&status(&emulator).as_str()), "{}", status(&emulator));
    deploy("v2").exits(0).says("api: created").answers("api: deployed api:2");
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_service_is_created_and_deleted() {
    let emulator = Emulator::moto(&[]);
    with_new_service(&emulator, "      tags: { team: shop }\n");
    let run = emulator.folder.run(&["deploy", "api", "--tag", "v1", "--no-wait"]).exits(0);
    run.says("api: created, deploying api:1");
    assert_eq!(status(&emulator), "ACTIVE");
    emulator.folder.run(&["plan", "api", "--tag", "v1", "--exit-code"]).exits(0);
    emulator.folder.run(&["delete", "api"]).exits(0).answers("api: deleted in");
    assert!(["INACTIVE", "None"].contains(&status(&emulator).as_str()), "{}", status(&emulator));
}
