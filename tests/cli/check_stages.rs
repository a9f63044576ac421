//! Checks what `check` reports of several stages: each finding once, the counts, and images that nothing uses.

use crate::support::{DEFINITION, Folder, MANIFEST};

/// Returns a manifest with three stages.
fn staged(rest: &str) -> String {
    format!("{MANIFEST}{rest}stages: {{ dev: {{}}, staging: {{}}, production: {{ vars: {{ x: 1 }} }} }}\n")
}

fn folder(manifest: &str, definition: &str) -> Folder {
    Folder::new(&[("ecsail.yml", manifest), ("web.yml", definition)])
}

#[test]
fn a_finding_of_several_stages_is_shown_once_with_the_stages_and_the_counts_follow() {
    let definition = format!(
        "{DEFINITION}    environment: {{ X: '{{{{ vars.x }}}}' }}\n    cpux: 1\n    user: ${{{{ app }}}}\n"
    );
    let run = folder(&staged(""), &definition).run(&["check"]).exits(1);
    insta::assert_snapshot!(run.stderr, @"
    error: `vars.x` is not defined
      --> web.yml:10:27
       |
    10 |     environment: { X: '{{ vars.x }}' }
       |                           ^^^^^^ undefined
       |
       = note: in dev, staging
       = help: add it under `vars:` in the manifest, or set it with `--set x=VALUE`

    error: unknown key `cpux`
      --> web.yml:11:5
       |
    11 |     cpux: 1
       |     ^^^^
       |
       = note: at `containerDefinitions[app].cpux`
       = note: in dev, staging, production
       = help: did you mean `cpu`?

    warning: the `$` before `{{ … }}` stays in the text
      --> web.yml:12:11
       |
    12 |     user: ${{ app }}
       |           ^^^^^^^^^^
       |
       = note: in production
       = help: remove the `$` if you mean the value alone

    2 errors, 1 warning in the files
    ");
}

#[test]
fn warnings_of_several_stages_are_counted_once() {
    let definition = format!("{DEFINITION}    user: ${{{{ app }}}}\n");
    let run = folder(&staged(""), &definition).run(&["check"]).exits(0);
    insta::assert_snapshot!(run.stderr, @"
    warning: the `$` before `{{ … }}` stays in the text
      --> web.yml:10:11
       |
    10 |     user: ${{ app }}
       |           ^^^^^^^^^^
       |
       = note: in dev, staging, production
       = help: remove the `$` if you mean the value alone
    ");
    assert_eq!(run.stdout, "1 service checked in dev, staging, production, 1 warning\n");
}

#[test]
fn a_finding_as_json_has_its_stages() {
    let definition = format!("{DEFINITION}    environment: {{ X: '{{{{ vars.x }}}}' }}\n");
    let folder = folder(&staged(""), &definition);
    let error = folder.run(&["check", "--output", "json"]).exits(1).event("error");
    assert_eq!(error["problems"].as_array().expect("problems").len(), 1);
    assert_eq!(error["problems"][0]["message"], "`vars.x` is not defined");
    assert_eq!(error["problems"][0]["stages"], serde_json::json!(["dev", "staging"]));
    let one = folder.run(&["check", "--output", "json", "--stage", "dev"]).exits(1).event("error");
    assert_eq!(one["problems"][0].get("stages"), None);
}

#[test]
fn definitions_that_are_checked_alone_are_counted_too() {
    let definition = DEFINITION.replace("{{ image.app }}", "nginx:1.27") + "    user: ${{ tag }}\n";
    let folder = Folder::new(&[("web.yml", &definition)]);
    folder.run(&["check", "--definition", "web.yml"]).exits(0).answers("1 definition checked, 1 warning\n");
}

const OTHER: &str = "  job: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/job\nservices:\n";

#[test]
fn an_image_that_no_definition_uses_is_a_warning_that_can_be_ignored() {
    let manifest = MANIFEST.replace("services:\n", OTHER);
    let run = folder(&manifest, DEFINITION).run(&["check"]).exits(0);
    insta::assert_snapshot!(run.stderr, @"
    warning[unused-image]: no definition uses the image `job`
     --> ecsail.yml:7:8
      |
    7 |   job: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/job
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: at `images.job`
      = help: use it as `{{ image.job }}`, or remove it from `images:`
    ");
    run.answers("1 service checked, 1 warning\n");
    let ignored = format!("{manifest}ignore: [unused-image]\n");
    folder(&ignored, DEFINITION).run(&["check"]).exits(0).answers("1 service checked, no problems\n");
}

#[test]
fn an_image_that_may_be_used_is_no_finding() {
    let manifest = MANIFEST.replace("services:\n", OTHER);
    // Of a part of the manifest nothing is known.
    folder(&manifest, DEFINITION).run(&["check", "web"]).exits(0).answers("no problems");
    for used in ["{{ image['job'] }}", "{{ image.job | upper }}", "{{ image.job[:3] }}"] {
        let definition = format!("{DEFINITION}    environment: {{ IMAGE: \"{used}\" }}\n");
        folder(&manifest, &definition).run(&["check"]).exits(0).answers("no problems");
    }
    // A service that keeps its definition may run any of the images.
    let keeping = manifest.replace("    task_definition: web.yml\n", "    name: web\n");
    folder(&keeping, DEFINITION).run(&["check"]).exits(0).answers("no problems");
    let stages = "stages:\n  dev: {}\n  production: { services: { job: { task_definition: job.yml } } }\n";
    let folder = folder(&format!("{manifest}{stages}"), DEFINITION);
    folder.write("job.yml", &DEFINITION.replace("image.app", "image.job"));
    folder.run(&["check"]).exits(0).answers("no problems");
    folder.run(&["check", "--stage", "dev"]).exits(0).answers("no problems");
}
