//! Checks the names for templates: the hints for wrong ones, and those of what a definition belongs to.

use crate::support::{Folder, Run};

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
images:
  api: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api
  job: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/job
vars: { log_level: info, port: 80 }
services: { web: { task_definition: web.yml } }
";

/// Returns the hints of `check` for a definition with a value.
fn hints(manifest: &str, value: &str) -> Vec<String> {
    let definition =
        format!("family: web\nmemory: 128\ncontainerDefinitions:\n- name: web\n  image: {value}\n");
    let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", &definition)]);
    let folder = folder.env("HOME", "/");
    hints_of(&folder.run(&["check"]).exits(1))
}

fn hints_of(run: &Run) -> Vec<String> {
    let hints = run.stderr.lines().filter_map(|line| line.trim().strip_prefix("= help: "));
    hints.map(str::to_owned).collect()
}

#[test]
fn an_image_without_its_name_is_answered_with_the_images_that_there_are() {
    let expected = "name one image: `image.api` or `image.job`, with its tag";
    for value in ["{{ image }}", "{{image}}", "x{{ image }}"] {
        assert_eq!(hints(MANIFEST, value), [expected], "{value}");
    }
    let one = MANIFEST.replace("  job: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/job\n", "");
    assert_eq!(hints(&one, "{{ image }}"), ["name the image: `image.api`, with its tag"]);
    let none = "ecsail: 1\napp: shop\ncluster: main\nservices: { web: { task_definition: web.yml } }\n";
    let expected =
        "name an image: `image.NAME`, with its tag, after adding it under `images:` in the manifest";
    assert_eq!(hints(none, "{{ image }}"), [expected]);
    let inline =
        MANIFEST.replace("web.yml }", "{ family: web, containerDefinitions: [{ image: 'x{{ image }}' }] } }");
    let folder = Folder::new(&[("ecsail.yml", &inline)]);
    let expected = "name one image: `image.api` or `image.job`, with its tag";
    assert_eq!(hints_of(&folder.run(&["check"]).exits(1)), [expected]);
}

#[test]
fn every_first_name_without_a_member_is_answered_with_its_members() {
    assert_eq!(hints(MANIFEST, "{{ vars }}"), ["name one value: `vars.log_level` or `vars.port`"]);
    assert_eq!(hints(MANIFEST, "{{ env }}"), ["name one variable: `env.NAME`"]);
    assert_eq!(hints(MANIFEST, "{{ service }}"), ["name one value: `service.key` or `service.name`"]);
}

#[test]
fn a_member_without_its_first_name_is_answered_with_its_path() {
    assert_eq!(hints(MANIFEST, "{{ log_level }}"), ["did you mean `vars.log_level`?"]);
    assert_eq!(hints(MANIFEST, "{{ lgo_level }}"), ["did you mean `vars.log_level`?"]);
    assert_eq!(hints(MANIFEST, "{{ api }}"), ["did you mean `image.api`?"]);
    assert_eq!(hints(MANIFEST, "{{ images.api }}"), ["did you mean `image`?"]);
    assert_eq!(hints(MANIFEST, "{{ HOME }}"), ["did you mean `env.HOME`?"]);
}

#[test]
fn a_name_that_resembles_nothing_is_answered_with_the_way_to_define_it() {
    let expected =
        "set the environment variable `NOPE`, or put it into a file that you give with `--env-file`";
    assert_eq!(hints(MANIFEST, "{{ env.NOPE }}"), [expected]);
    let expected = "add it under `vars:` in the manifest, or set it with `--set colour=VALUE`";
    assert_eq!(hints(MANIFEST, "{{ vars.colour }}"), [expected]);
    let expected = "name one of its values: `image.api` or `image.job`";
    assert_eq!(hints(MANIFEST, "{{ image.frontend }}"), [expected]);
    assert_eq!(hints(MANIFEST, "{{ image.api.tag }}"), ["`image.api` is one value, without members"]);
}

#[test]
fn one_undefined_name_makes_no_other_undefined() {
    let definition = "family: web\nmemory: 128\ncontainerDefinitions:\n- name: web\n  image: {{ image.api }}\n  \
                      environment:\n    A: {{ vars.nope }}\n    B: {{ vars.log_level }}\n    C: {{ vars.log_level.x }}\n";
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", definition)]);
    let run = folder.run(&["check"]).exits(1);
    let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: `")).collect();
    assert_eq!(errors, ["error: `vars.nope` is not defined", "error: `vars.log_level.x` is not defined"]);
}

const SHARED: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
services:
  web: { name: shop-web, task_definition: shared.yml }
  worker: { task_definition: shared.yml }
tasks:
  migrate: { task_definition: task.yml }
schedules:
  nightly:
    expression: rate(1 day)
    role: arn:aws:iam::123456789012:role/scheduler
    task: { task_definition: schedule.yml }
";

/// Returns a definition with a family.
fn definition(family: &str) -> String {
    format!("family: {family}\nmemory: 128\ncontainerDefinitions: [{{ name: app, image: nginx:1.27 }}]\n")
}

fn shared_folder() -> Folder {
    let shared = format!("{{% include 'head.yml' %}}\n{}", definition("{{ service.name }}"));
    Folder::new(&[
        ("ecsail.yml", SHARED),
        ("shared.yml", &shared),
        ("head.yml", "tags: [{ key: service, value: {{ service.key }} }]"),
        ("task.yml", &definition("{{ app }}-{{ task.key }}")),
        ("schedule.yml", &definition("{{ schedule.name }}-{{ schedule.key }}")),
    ])
}

#[test]
fn services_with_one_file_have_their_own_key_and_name_in_it() {
    let folder = shared_folder();
    let web = folder.run(&["render", "service", "web"]).exits(0);
    web.answers("family: shop-web\n").answers("value: web\n");
    let worker = folder.run(&["render", "service", "worker"]).exits(0);
    worker.answers("family: worker\n").answers("value: worker\n");
    folder.run(&["check"]).exits(0).answers("2 services checked, no problems");
}

#[test]
fn a_task_and_a_schedule_have_their_key_in_their_definitions() {
    let all = shared_folder().run(&["render"]).exits(0);
    all.answers("family: shop-migrate\n").answers("family: nightly-nightly\n");
}

#[test]
fn a_name_of_another_kind_of_owner_says_where_it_is_known() {
    let expected = "`service.name` is known in the files of definitions of a service";
    let manifest = SHARED.replace("task_definition: task.yml", "task_definition: shared.yml");
    let folder = Folder::new(&[
        ("ecsail.yml", &manifest),
        ("shared.yml", &definition("{{ service.key }}")),
        ("schedule.yml", &definition("nightly")),
    ]);
    assert_eq!(hints_of(&folder.run(&["check"]).exits(1).says("`service` is not defined")), [expected]);
    let manifest = SHARED.replace("name: shop-web", "name: '{{ service.key }}'");
    let folder = Folder::new(&[("ecsail.yml", &manifest)]);
    assert_eq!(hints_of(&folder.run(&["check"]).exits(1))[0], expected);
    let folder = Folder::new(&[("web.yml", &definition("{{ service.key }}"))]);
    let run = folder.run(&["check", "--definition", "web.yml"]).exits(1);
    run.says("check this definition with `ecsail check` and its manifest, which has the service");
}
