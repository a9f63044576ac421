//! Checks that numbers, booleans and dates reach ECS as they are written, or that the user is told to quote them.

use serde_json::Value;

use crate::support::{Folder, Run};

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
services: { web: { task_definition: web.yml } }
";

/// Returns a definition whose container has these members.
fn definition(members: &str) -> String {
    format!(
        "family: web\nmemory: 128\nnetworkMode: bridge\ncontainerDefinitions:\n- name: web\n  image: nginx:1.27\n{members}\n"
    )
}

fn folder(manifest: &str, members: &str) -> Folder {
    Folder::new(&[("ecsail.yml", &format!("{MANIFEST}{manifest}")), ("web.yml", &definition(members))])
}

fn rendered(manifest: &str, members: &str) -> Run {
    folder(manifest, members).run(&["render", "service", "web", "--output", "json"])
}

/// Returns the value of the variable `V` of the container.
fn variable(run: &Run) -> String {
    let container = &run.event("document")["document"]["containerDefinitions"][0];
    let variables: Vec<&Value> = container["environment"].as_array().into_iter().flatten().collect();
    let found = variables.iter().find(|variable| variable["name"] == "V");
    found.and_then(|variable| variable["value"].as_str()).unwrap_or("(none)").to_owned()
}

#[track_caller]
fn becomes(manifest: &str, value: &str, expected: &str) {
    let run = rendered(manifest, &format!("  environment: {{ V: {value} }}")).exits(0);
    assert_eq!(variable(&run), expected, "{manifest}{value}");
}

#[test]
fn a_scalar_of_a_definition_is_sent_as_it_is_written() {
    for value in [
        "1.10",
        "1e3",
        "1E5",
        "3.0",
        "+5",
        "-0",
        "0x1F",
        "0o17",
        "0755",
        "012345678901",
        "12e4567",
        ".inf",
        "-.inf",
        ".nan",
        "1_000",
        "True",
        "FALSE",
        "yes",
        "on",
        "22:22",
        "1:30:00",
        "2026-01-01",
        "2026-01-01T10:00:00Z",
        "12345678901234567890123",
        "18446744073709551616",
    ] {
        becomes("", value, value);
    }
}

#[test]
fn a_scalar_of_the_vars_is_printed_as_it_is_written() {
    for value in ["1.10", "1e3", "3.0", "0755", "0x1F", ".inf", "True", "FALSE", "2026-01-01", "012345678901"]
    {
        let vars = format!("vars: {{ v: {value}, l: [{value}], m: {{ k: {value} }} }}\n");
        becomes(&vars, "{{ vars.v }}", value);
        becomes(&vars, "\"a-{{ vars.v }}-b\"", &format!("a-{value}-b"));
        becomes(&vars, "{{ 'v' ~ vars.v }}", &format!("v{value}"));
        becomes(&vars, "\"{{ vars.l | join(',') }}\"", value);
        becomes(&vars, "\"{% for x in vars.l %}{{ x }};{% endfor %}\"", &format!("{value};"));
        becomes(&vars, "{{ vars.m.k }}", value);
    }
}

#[test]
fn a_boolean_of_the_vars_is_printed_as_it_is_written_in_a_joined_text() {
    becomes("vars: { debug: true }\n", "{{ 'debug=' ~ vars.debug }}", "debug=true");
}

#[test]
fn a_tag_of_the_vars_is_deployed_as_it_is_written() {
    let run = folder(
        "vars: { release: 1.10 }\nimages: { web: nginx }\n",
        "  dockerLabels: { release: \"{{ vars.release }}\" }",
    );
    run.write("web.yml", &definition("").replace("nginx:1.27", "nginx:{{ vars.release }}"));
    let run = run.run(&["render", "service", "web", "--output", "json"]).exits(0);
    let image = run.event("document")["document"]["containerDefinitions"][0]["image"].clone();
    assert_eq!(image, "nginx:1.10");
}

#[test]
fn vars_are_numbers_and_booleans_in_calculations_and_conditions() {
    let vars = "vars: { n: 3, half: 0.5, yes: true, no: False }\n";
    becomes(vars, "{{ vars.n * 2 }}", "6");
    becomes(vars, "{{ vars.half * 2 }}", "1.0");
    becomes(vars, "\"{% if vars.yes and not vars.no %}a{% endif %}\"", "a");
    becomes(vars, "\"{% if vars.yes == true and vars.n > 2 %}a{% endif %}\"", "a");
}

#[test]
fn a_number_that_is_calculated_with_must_be_written_as_such() {
    let members = "  environment: { V: \"{{ vars.f * 2 }}\" }";
    let run = folder("vars: { f: 0.50 }\n", members).run(&["check"]).exits(1);
    run.says("uses `vars.f` as a number, so that `0.50` would become `0.5`")
        .says("put it in quotes if it is text");
}

#[test]
fn a_number_that_json_cannot_spell_is_told_to_be_quoted() {
    let hook = "schedules: {}\n";
    let service = "service:\n  deploymentConfiguration:\n    lifecycleHooks:\n    - hookTargetArn: arn:aws:lambda:us-east-1:123456789012:function:f\n      roleArn: arn:aws:iam::123456789012:role/r\n      lifecycleStages: [PRE_SCALE_UP]\n      hookDetails: { mode: 0755 }\n";
    let folder = folder(hook, "");
    let services =
        format!("services:\n  web:\n    task_definition: web.yml\n    {}", service.replace('\n', "\n    "));
    folder.write(
        "ecsail.yml",
        &MANIFEST.replace("services: { web: { task_definition: web.yml } }\n", &services),
    );
    folder.run(&["check"]).exits(1).says("the number `0755` cannot be written in JSON").says("in quotes");
}

#[test]
fn a_whole_number_with_a_leading_zero_is_refused_because_it_may_be_octal() {
    let run = folder("", "  portMappings: [ { containerPort: 0080 } ]").run(&["check"]).exits(1);
    run.says("`containerPort` must be a whole number, found the number `0080`").says("write `80`");
}

#[test]
fn a_value_that_ends_in_a_colon_is_told_to_be_quoted() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::";
    for members in [
        format!("  secrets:\n    P: {arn}"),
        format!("  secrets:\n    P: {arn} # the password"),
        format!("  secrets: {{ P: {arn} }}"),
        format!("  secrets:\n  - name: P\n    valueFrom: {arn}"),
        format!("  secrets:\n  - {{ name: P, valueFrom: {arn} }}"),
        format!("  command: {arn}"),
    ] {
        let run = folder("", &members).run(&["check"]).exits(1);
        assert!(run.stderr.contains("a value that ends in `:` needs quotes"), "{members}:\n{}", run.stderr);
    }
    for members in [format!("  command:\n  - {arn}"), format!("  command: [{arn}, b]")] {
        let run = folder("", &members).run(&["check"]).exits(1);
        assert!(run.stderr.contains("put a value that ends in `:` in quotes"), "{members}:\n{}", run.stderr);
    }
}

#[test]
fn a_boolean_of_a_schedule_may_have_any_spelling_of_yaml() {
    let schedule = "schedule_role: starter\nschedules: { nightly: { expression: rate(1 day), enabled: True, flexible_window: False, task: { like: web } } }\n";
    folder(schedule, "").run(&["check"]).exits(0);
}

#[test]
fn a_value_that_yaml_takes_for_a_comment_or_an_anchor_is_a_warning() {
    let run = folder("", "  environment:\n    COLOR: #fff\n    NAME: &x").run(&["check"]).exits(0);
    run.says("`COLOR` has no value, because `#` begins a comment")
        .says("`NAME` has no value, because `&` begins an anchor");
}
