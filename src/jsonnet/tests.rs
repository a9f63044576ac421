use super::*;
use crate::document::tree;
use crate::lookup::Lookup;
use serde_json::{Value as Json, json};

/// Evaluates `web.jsonnet` among files, and returns its value or the message and hint of its problem.
fn evaluated(files: &[(&str, &str)], context: &TemplateContext) -> Result<Option<Json>, (String, String)> {
    let mut sources = Sources::default();
    let names = files.iter().map(|(name, text)| ((*name).to_owned(), sources.add(*name, *text))).collect();
    let found = evaluate("web.jsonnet", context, JsonnetFiles { names: &names, sources: &sources });
    match found {
        Ok(text) => Ok(text.map(|text| tree::parse(&text).expect("JSON").to_value())),
        Err(problem) => {
            let source = problem.span.map(|span| sources.get(span.source).name.clone()).unwrap_or_default();
            Err((format!("{source}: {}", problem.message), problem.hint.clone().unwrap_or_default()))
        }
    }
}

fn context() -> TemplateContext {
    let mut context = TemplateContext::default();
    context.set("tag", &json!("v2"));
    context.set("vars", &json!({"memory": 512}));
    context.set("env", &json!({"LEVEL": "debug"}));
    context
}

fn value_of(text: &str) -> Json {
    evaluated(&[("web.jsonnet", text)], &context()).expect("it runs").expect("it is known")
}

fn problem_of(text: &str) -> (String, String) {
    evaluated(&[("web.jsonnet", text)], &context()).expect_err("it fails")
}

#[test]
fn names_of_templates_are_external_variables() {
    let text =
        "local tag = std.extVar('tag'); { image: 'web:' + tag, memory: std.extVar('vars').memory * 2 }";
    assert_eq!(value_of(text), json!({"image": "web:v2", "memory": 1024}));
}

#[test]
fn the_environment_is_read_by_native_functions() {
    let text = "local env = std.native('env'); [env('LEVEL', 'info'), env('OTHER', 'info'), std.native('must_env')('LEVEL')]";
    assert_eq!(value_of(text), json!(["debug", "info", "debug"]));
    let (message, _) = problem_of("{ a: std.native('must_env')('OTHER') }");
    assert_eq!(message, "web.jsonnet: environment variable `OTHER` is not set");
}

#[test]
fn files_are_imported_relative_to_the_importing_file() {
    let files = [
        ("web.jsonnet", "(import 'lib/app.libsonnet') { b: importstr 'note.txt' }"),
        ("lib/app.libsonnet", "{ a: import 'port.libsonnet' }"),
        ("lib/port.libsonnet", "8080"),
        ("note.txt", "text"),
    ];
    assert_eq!(evaluated(&files, &context()), Ok(Some(json!({"a": 8080, "b": "text"}))));
}

#[test]
fn what_is_looked_up_is_recorded_and_unknown_until_it_is_answered() {
    let context = context();
    let text = "local state = std.native('tfstate'); { a: state('aws_subnet.a.id'), b: [std.native('ssm')('/b/' + state('x'))] }";
    let files = [("web.jsonnet", text)];
    assert_eq!(evaluated(&files, &context), Ok(Some(json!({"a": null, "b": [null]}))));
    let state = |address: &str| Lookup::State { state: "default".to_owned(), address: address.to_owned() };
    assert_eq!(context.lookups().unanswered(), [state("aws_subnet.a.id"), state("x")].into());
    context
        .lookups()
        .add_answers([(state("aws_subnet.a.id"), Ok(json!("subnet-1"))), (state("x"), Ok(json!(5)))]);
    context.lookups().begin_pass();
    assert_eq!(evaluated(&files, &context), Ok(Some(json!({"a": "subnet-1", "b": [null]}))));
    assert_eq!(context.lookups().unanswered(), [Lookup::Parameter("/b/5".to_owned())].into());
}

#[test]
fn an_operation_on_an_unknown_value_leaves_the_whole_unknown() {
    let context = context();
    let files =
        [("web.jsonnet", "{ port: std.native('tfstate')('x.port') + 1, n: std.native('tfstate')('y') * 2 }")];
    assert_eq!(evaluated(&files, &context), Ok(None));
}

#[test]
fn problems_say_what_failed_and_in_which_file() {
    for (text, message) in [
        ("{ a: 1,, }", "web.jsonnet: invalid Jsonnet: unexpected simple"),
        ("{ a: b }", "web.jsonnet: no variable named `b`"),
        ("error 'no ' + 'stage'", "web.jsonnet: no stage"),
        ("{ assert 1 == 2 : 'must be equal' }", "web.jsonnet: assertion failed: must be equal"),
        ("({ a: 1 }).b", "web.jsonnet: no field named `b`"),
        ("local f(x) = f(x + 1) + 1; f(1)", "web.jsonnet: the program calls itself without an end"),
        ("{ a: import 'no.libsonnet' }", "web.jsonnet: failed to import `no.libsonnet`: no such file"),
        ("{ a(x): x }", "web.jsonnet: the result has a function in it"),
        ("std.extVar('cluster')", "web.jsonnet: external variable `cluster` is not set"),
    ] {
        assert_eq!(problem_of(text).0, message, "{text}");
    }
    assert_eq!(problem_of("std.extVar('cluster')").1, "the variables are env, tag, vars");
}

#[test]
fn a_problem_in_an_imported_file_is_in_that_file() {
    let files = [("web.jsonnet", "import 'lib.libsonnet'"), ("lib.libsonnet", "{ a: error 'broken' }")];
    assert_eq!(evaluated(&files, &context()).expect_err("it fails").0, "lib.libsonnet: broken");
}
