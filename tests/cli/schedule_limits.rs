//! Checks that the limits of AWS on schedules are reported before anything changes, with a position.

use crate::support::Folder;

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
schedule_role: starter
services:
  web: { task_definition: web.yml }
schedules:
  first:
    expression: rate(1 day)
    task: { like: web }
";
const DEFINITION: &str =
    "family: web\ncontainerDefinitions: [ { name: web, image: nginx:1, memory: 128 } ]\n";

/// Checks the manifest with more lines at its end, and expects one problem.
fn wrong(lines: &str, expected: &str) {
    checked(&format!("{MANIFEST}{lines}"), expected);
}

fn checked(manifest: &str, expected: &str) {
    let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", DEFINITION)]);
    folder.run(&["check"]).exits(1).says(expected).says("1 error");
}

#[test]
fn an_end_comes_after_its_start() {
    wrong("    start: 2030-01-02T00:00:00Z\n    end: 2030-01-02T00:00:00Z\n", "`end` must be after `start`");
}

#[test]
fn a_description_has_up_to_512_characters() {
    let described = |count: usize| format!("    description: {}\n", "d".repeat(count));
    wrong(&described(513), "the description has 513 characters: at most 512 are allowed");
    wrong(
        &format!("    via: rule\n{}", described(513)),
        "the description has 513 characters: at most 512 are allowed",
    );
    let folder =
        Folder::new(&[("ecsail.yml", &format!("{MANIFEST}{}", described(512))), ("web.yml", DEFINITION)]);
    folder.run(&["check"]).exits(0);
}

#[test]
fn the_id_of_a_target_and_the_name_of_a_group_are_names() {
    wrong("    via: rule\n    target: a b\n", "the id of a target must have 1 to 64 letters");
    wrong(&format!("    group: {}\n", "g".repeat(65)), "the schedule group must have 1 to 64 letters");
}

#[test]
fn roles_and_queues_have_valid_arns() {
    wrong("    role: arn:aws:iam::123456789012:user/me\n", "a role must be a name or an ARN");
    wrong(
        "    dead_letter: dead.fifo\n",
        "`dead_letter` must be the name or the ARN of a standard SQS queue",
    );
    checked(&MANIFEST.replace("starter", "not a role"), "a role must be a name or an ARN");
}

#[test]
fn a_rule_without_any_target_is_refused() {
    let manifest = MANIFEST.replace("    task: { like: web }\n", "    via: rule\n    targets: {}\n");
    checked(&manifest, "rule `first` has no target");
}

#[test]
fn the_apps_own_group_is_the_same_one_written_or_not() {
    wrong(
        "  second: { name: first, group: shop, expression: rate(1 day), task: { like: web } }\n",
        "`first` and `second` are the same schedule, `shop/first`",
    );
}

#[test]
fn an_app_whose_group_would_have_too_long_a_name_is_refused() {
    let manifest = MANIFEST.replace("app: shop", &format!("app: {}", "s".repeat(65)));
    checked(&manifest, "would have a name of 65 characters");
}
