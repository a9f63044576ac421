//! Checks every folder in `examples/`, and deploys it in the sandbox.

use std::path::{Path, PathBuf};

use crate::support::Folder;

/// Returns the folders with a manifest; `ci` has pipelines for one of them.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found: Vec<_> =
        folder.read_dir().expect("there are examples").map(|entry| entry.expect("readable").path()).collect();
    found.retain(|path| path.join("ecsail.yml").exists());
    found.sort();
    found
}

/// Copies an example, so that the sandbox's state is not written to the repository.
pub(crate) fn copy(example: &Path) -> Folder {
    let folder = Folder::new(&[]).env("ECSAIL_POLL_INTERVAL", "20ms");
    let mut open = vec![example.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in path.read_dir().expect("a folder") {
            let path = entry.expect("readable").path();
            let name = path.strip_prefix(example).expect("inside").to_str().expect("text").to_owned();
            match path.is_dir() {
                true if name.starts_with(".ecsail") => {}
                true => open.push(path),
                false => folder.write(&name, &std::fs::read_to_string(&path).expect("text")),
            }
        }
    }
    folder
}

#[test]
fn every_example_checks() {
    for example in examples() {
        copy(&example).run(&["check"]).exits(0);
    }
}

#[test]
fn quickstart_succeeds_and_crashes_as_its_readme_says() {
    let folder = copy(&examples().into_iter().find(|path| path.ends_with("quickstart")).expect("quickstart"));
    folder
        .run(&["--sandbox", "deploy", "service", "web", "--tag", "v2"])
        .exits(0)
        .answers("deployed quickstart-web:2");
    let run = folder.run(&["--sandbox=crash", "deploy", "service", "web", "--tag", "v3"]).exits(3);
    run.answers("was rolled back, quickstart-web:2 is running").says("exit code 1");
}

#[test]
fn shop_deploys_both_services_in_each_stage() {
    let folder = copy(&examples().into_iter().find(|path| path.ends_with("shop")).expect("shop"));
    for stage in ["staging", "production"] {
        let run = folder.run(&["--sandbox", "--stage", stage, "deploy", "--tag", "v2"]).exits(0);
        let run = run.answers("web: deployed ").answers("worker: deployed ");
        assert!(run.stderr.contains(&format!("shop-{stage}-web:1")), "{}", run.stderr);
    }
}

#[test]
fn release_migrates_rolls_out_both_services_and_puts_the_schedule_on_one_revision() {
    let folder = copy(&examples().into_iter().find(|path| path.ends_with("release")).expect("release"));
    let run = folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0);
    let run = run.answers("migrate: books:3 ended with exit code 0").answers("web: deployed books:3");
    let run = run.answers("worker: deployed books:3").answers("of v2: succeeded");
    assert_eq!(run.stderr.matches("registered ").count(), 1, "{}", run.stderr);
    let scheduled = folder.run(&["--sandbox", "plan", "--tag", "v2", "--exit-code"]).exits(0);
    scheduled.answers("schedule nightly-report: no changes");
}

#[test]
fn from_genova_deploys_the_service_and_both_targets_of_the_rule() {
    let folder =
        copy(&examples().into_iter().find(|path| path.ends_with("from-genova")).expect("from-genova"));
    let stage = ["--sandbox", "--stage", "development"];
    let run = folder.run(&[&stage[..], &["deploy", "--tag", "v2"]].concat()).exits(0);
    let run = run.answers("backend: deployed development-backend:2").answers("of v2: succeeded");
    run.says("targets[sweep].command: + [\"bin/rails\",\"sessions:sweep\"]")
        .says("targets[digest].environment[BATCH]");
    let plan = folder.run(&[&stage[..], &["plan", "--tag", "v2", "--exit-code"]].concat()).exits(0);
    plan.answers("rule housekeeping: no changes");
}

#[test]
fn express_creates_the_service_and_prints_its_url() {
    let folder = copy(&examples().into_iter().find(|path| path.ends_with("express")).expect("express"));
    let run = folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0);
    run.answers("web: deployed hello-web:1").answers("web: https://web.ecs.us-east-1.on.aws/");
    let plan = folder.run(&["--sandbox", "plan", "--tag", "v2", "--exit-code"]).exits(0);
    plan.answers("no changes");
}
