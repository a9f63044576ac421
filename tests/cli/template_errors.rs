//! Checks what happens to text in templates that is no template, and that every error of a file is reported once, at its
//! own line.

use crate::support::{Folder, Run};

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
vars: { level: info }
services: { web: { task_definition: web.yml } }
";

/// The lines of a definition before those of a test, which begin at line 7.
const DEFINITION: &str = "\
family: web
memory: 128
containerDefinitions:
- name: web
  image: nginx:1.27
  environment:
";

fn folder(lines: &str) -> Folder {
    Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", &format!("{DEFINITION}{lines}"))])
}

fn checked(lines: &str) -> Run {
    folder(lines).run(&["check"])
}

/// Returns the lines and columns of the errors in the definition.
fn places(run: &Run) -> Vec<&str> {
    run.stderr.lines().filter_map(|line| line.trim().strip_prefix("--> web.yml:")).collect()
}

#[test]
fn the_length_of_a_shell_variable_is_no_comment() {
    let lines =
        "    A: if [ ${#NAME} -eq 0 ]; then exit 1; fi\n    B: kept {# a comment #}\n    C: ${#list[@]}\n";
    let run = folder(lines).run(&["render", "service", "web"]).exits(0);
    run.answers("if [ ${#NAME} -eq 0 ]").answers("value: kept").answers("${#list[@]}");
}

#[test]
fn a_comment_that_swallows_another_is_an_error_at_its_own_line() {
    let run = checked("    A: location / {#main\n    B: b {# the second #}\n").exits(1);
    assert_eq!(places(&run), ["7:19"]);
    run.says("another `{#` follows before it ends").says("{% raw %}");
}

#[test]
fn a_comment_inside_a_line_that_removes_lines_is_a_warning() {
    let run = checked("    A: server {#main\n    B: b #}\n").exits(0);
    run.says("`{#` begins a comment, which removes the text up to `#}`, 1 lines below");
}

#[test]
fn text_of_other_programs_is_an_error_at_its_own_line_with_the_way_to_keep_it() {
    for text in [
        "{{.Name}}",
        "{{ .Name }}",
        "%{%Y-%m-%d}",
        "{{#if x}}",
        "{{{x}}}",
        "{{> part}}",
        "{{ x",
        "{# x",
        "{{ 'a }}",
        "{{ printf(1) }}",
    ] {
        let run = checked(&format!("    A: a\n    B: b {text}\n    C: c\n")).exits(1);
        assert_eq!(places(&run).len(), 1, "{text}:\n{}", run.stderr);
        assert!(places(&run)[0].starts_with("8:"), "{text}:\n{}", run.stderr);
        assert!(run.stderr.contains("between `{% raw %}` and `{% endraw %}`"), "{text}:\n{}", run.stderr);
    }
}

#[test]
fn every_undefined_name_of_a_line_is_reported() {
    let run = checked("    A: \"{{ one }}-{{ vars.two }}\"\n    B: \"{{ three ~ four }}\"\n").exits(1);
    assert_eq!(places(&run), ["7:12", "7:22", "8:12", "8:20"]);
}

#[test]
fn an_undefined_name_is_named_and_not_the_filter_after_it() {
    checked("    A: \"{{ one | upper }}\"\n").exits(1).says("`one` is not defined");
}

#[test]
fn an_undefined_item_of_a_list_is_no_empty_text() {
    for value in ["{{ [vars.level, one] | join(',') }}", "{{ {'a': one} | tojson }}", "{{ [one] }}"] {
        let run = checked(&format!("    A: \"{value}\"\n")).exits(1);
        assert!(run.stderr.contains("`one` is not defined"), "{value}:\n{}", run.stderr);
        assert_eq!(places(&run).len(), 1, "{}", run.stderr);
    }
}

#[test]
fn an_undefined_name_has_no_further_errors() {
    for lines in [
        "    A: {{ one.two.three }}\n",
        "    A: {{ one + 1 }}\n",
        "    A: \"{% for x in one %}{{ x }}{% endfor %}\"\n",
        "    A: \"{% set x = one %}{{ x }}{{ x }}\"\n",
        "    A: a\n{% if one %}\n  cpu: x\n{% endif %}\n",
        "    A: a\n  cpu: {{ one }}\n",
    ] {
        let run = checked(lines).exits(1);
        assert_eq!(places(&run).len(), 1, "{lines}:\n{}", run.stderr);
        assert!(run.stderr.contains("`one` is not defined"), "{lines}:\n{}", run.stderr);
    }
}

#[test]
fn every_syntax_error_of_the_templates_is_reported() {
    let lines = "    A: {{ a b }}\n    B: \"{{ vars.one }}\"\n    C: {% fi x %}\n    D: {{.Name}}\n";
    assert_eq!(places(&checked(lines).exits(1)), ["7:13", "8:12", "9:8", "10:10"]);
}

#[test]
fn every_syntax_error_of_the_yaml_is_reported() {
    let lines = "    A: a: b\n    B: @b\n      C: c\n    D: *d\n    E: \"e\" f\n";
    assert_eq!(places(&checked(lines).exits(1)), ["7:9", "8:8", "10:8", "11:12"]);
}

#[test]
fn a_block_without_an_end_is_reported_where_it_begins() {
    let run = checked("    A: a\n{% if vars.level %}\n    B: b\n").exits(1);
    assert_eq!(places(&run), ["8:1"]);
    run.says("this `if` has no `{% endif %}`");
}

#[test]
fn tabs_are_reported_where_they_are() {
    let run = checked("    A: a\n\tB: b\n").exits(1);
    assert_eq!(places(&run), ["8:1"]);
    run.says("this line is indented with a tab");
}

#[test]
fn recursion_is_reported_in_words_at_its_place() {
    let run = checked("    A: &a [*a]\n").exits(1);
    run.says("the alias `*a` is inside the value of its own anchor `&a`").says("--> web.yml:7:12");
    let run = checked("    A: a\n{% include 'web.yml' %}\n").exits(1);
    run.says("`web.yml` includes itself").says("--> web.yml:8:4");
    let run = checked("    A: a\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}\n").exits(1);
    run.says("this macro calls itself without an end").says("--> web.yml:8:");
}
