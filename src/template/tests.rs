//! Tests of templates: hostile values in every position, types, captures, and the spans of problems.

use super::*;
use crate::document::tree::{Node, parse};
use serde_json::json;
/// Renders one template with `v` bound to a value, and returns the tree's plain value.
fn rendered(template: &str, v: serde_json::Value) -> serde_json::Value {
    try_rendered(&[("t", template)], v).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn try_rendered(templates: &[(&str, &str)], v: serde_json::Value) -> Result<serde_json::Value, Vec<Problem>> {
    let mut sources = Sources::default();
    let names = templates.iter().map(|(name, text)| (name.to_string(), sources.add(*name, *text))).collect();
    let mut context = TemplateContext::default();
    context.set("v", &v);
    context.set("vars", &json!({"log_level": "info", "n": 3}));
    let mut engine = TemplateEngine::new(context, &names, &sources);
    match engine.render(templates[0].0, &sources, UndefinedNames::Strict) {
        (Some(text), problems) if problems.is_empty() => parse(&text).map(|node: Node| node.to_value()),
        (_, problems) => Err(problems),
    }
}

const HOSTILE: &str = "a: b # \"c'\nessential: false\n- x\t&y *z !t {[]} {{ v }} {% raw %} \\ | > %";

#[test]
fn a_hostile_value_stays_a_value_in_every_yaml_position() {
    let h = HOSTILE;
    let cases = [
        ("k: {{ v }}", json!({"k": h})),
        ("k: \"{{ v }}\"", json!({"k": h})),
        ("k: '{{ v }}'", json!({"k": h})),
        ("k: pre-{{ v }}-post", json!({"k": format!("pre-{h}-post")})),
        ("k: \"pre {{ v }}\"", json!({"k": format!("pre {h}")})),
        ("k: |\n  one {{ v }}\n  two\n", json!({"k": format!("one {h}\ntwo\n")})),
        ("k: >-\n  one\n  {{ v }}\n", json!({"k": format!("one {h}")})),
        ("{{ v }}: 1", json!({h: 1})),
        ("\"{{ v }}\": 1", json!({h: 1})),
        ("k: [a, {{ v }}, \"{{ v }}\"]", json!({"k": ["a", h, h]})),
        ("k: {a: {{ v }}}", json!({"k": {"a": h}})),
        ("- {{ v }}\n- b", json!([h, "b"])),
        ("k: 1 # {{ v }}\nl: 2", json!({"k": 1, "l": 2})),
        ("k: &a {{ v }}\nl: *a", json!({"k": h, "l": h})),
    ];
    for (template, expected) in cases {
        assert_eq!(rendered(template, json!(h)), expected, "{template}");
    }
}

#[test]
fn a_hostile_value_stays_a_value_through_loops_macros_captures_and_includes() {
    let h = HOSTILE;
    let looped = rendered("k:\n{% for x in v %}\n  - name: {{ x }}\n{% endfor %}", json!([h, "b"]));
    assert_eq!(looped, json!({"k": [{"name": h}, {"name": "b"}]}));
    let called = "{% macro env(x) %}{name: {{ x }}, value: \"={{ x }}\"}{% endmacro %}k: [{{ env(v) }}]";
    assert_eq!(rendered(called, json!(h)), json!({"k": [{"name": h, "value": format!("={h}")}]}));
    let captured = "{% set c %}[{{ v }}]{% endset %}k: {{ c }}";
    assert_eq!(rendered(captured, json!(h)), json!({"k": [h]}));
    let joined = "{% macro m(x) %}<{{ x }}>{% endmacro %}k: {{ 'a' ~ v ~ m('b') }}";
    assert_eq!(rendered(joined, json!(h))["k"], json!(format!("a{h}<b>")));
    let included = [("t", "a: 1\n{% include 'part' %}"), ("part", "k: {{ v }}\n")];
    assert_eq!(try_rendered(&included, json!(h)), Ok(json!({"a": 1, "k": h})));
}

#[test]
fn a_single_expression_keeps_its_type() {
    for value in
        [json!(1), json!(1.5), json!(true), json!(null), json!("3"), json!([1, "a"]), json!({"a": {"b": 1}})]
    {
        assert_eq!(rendered("k: {{ v }}", value.clone()), json!({"k": value}));
        assert_eq!(rendered("k: \"{{ v }}\"", value.clone()), json!({"k": value}));
    }
}

#[test]
fn json_text_is_a_value_too() {
    let value = json!({"a": [1, "b: c # \""]});
    let rendered =
        rendered("k: {{ v | tojson }}\nl: { m: {{ v | tojson }} }\nn: \"{{ v | tojson }}\"", value.clone());
    for text in [&rendered["k"], &rendered["l"]["m"], &rendered["n"]] {
        let parsed: serde_json::Value = serde_json::from_str(text.as_str().expect("a text")).expect("JSON");
        assert_eq!(parsed, value);
    }
}

#[test]
fn macro_output_can_be_compared_and_assigned() {
    let template =
        "{% macro n() %}web{% endmacro %}k: {{ n() == 'web' }}\nl: {{ {n(): 'x'} }}\nm: {{ n() | length }}";
    assert_eq!(rendered(template, json!(1)), json!({"k": true, "l": {"web": "x"}, "m": 3}));
}

#[test]
fn a_filter_that_splits_a_token_is_a_problem() {
    for filter in ["c | reverse", "c[:2]"] {
        let template = format!("{{% set c %}}{{{{ v }}}}{{% endset %}}k: {{{{ {filter} }}}}");
        let problems = try_rendered(&[("t", &template)], json!("x")).expect_err("apart");
        assert!(problems[0].message.contains("a filter was applied to text"), "{problems:?}");
    }
}

#[test]
fn a_list_inside_text_is_a_problem() {
    let problems = try_rendered(&[("t", "k: a{{ v }}")], json!([1])).expect_err("a list");
    assert!(problems[0].message.contains("a list cannot be part of a string"), "{problems:?}");
}

#[test]
fn every_undefined_name_is_reported_at_its_expression() {
    let template =
        "a: {{ vars.lgo_level }}\nb: {{ vars.n }}\nc: x{{ nope | upper }}\nd: \"{{ vars.other }}\"\n";
    let problems = try_rendered(&[("t", template)], json!(1)).expect_err("undefined");
    let shown: Vec<_> = problems
        .iter()
        .map(|problem| {
            let span = problem.span.expect("a place");
            (&template[span.start..span.end], problem.hint.as_deref())
        })
        .collect();
    assert_eq!(shown[0], ("vars.lgo_level", Some("did you mean `log_level`?")));
    assert!(shown.iter().any(|(text, _)| *text == "vars.other"), "{shown:?}");
}

#[test]
fn an_error_in_an_included_template_points_into_it() {
    let problems =
        try_rendered(&[("t", "a: 1\n{% include 'p' %}"), ("p", "b: 2\nc: {{ nope }}\n")], json!(1));
    let problems = problems.expect_err("undefined");
    let span = problems[0].span.expect("a place");
    assert_eq!((span.source.index(), span.start), (1, 11), "{problems:?}");
    assert_eq!(problems[0].message, "`nope` is not defined");
}

#[test]
fn an_endless_loop_ends_with_a_problem() {
    let problems = try_rendered(
        &[("t", "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}")],
        json!(1),
    );
    assert!(
        problems.expect_err("out of fuel")[0].hint.as_deref()
            == Some("check the template for an endless loop")
    );
}

#[test]
fn a_template_that_prints_too_much_is_a_problem() {
    let template = "{% for a in range(9999) %}{{ 'x' * 99999 }}{% endfor %}";
    let problems = try_rendered(&[("t", template)], json!(1)).expect_err("too large");
    assert!(problems[0].message.contains("larger than 8 MiB in total"), "{problems:?}");
}

#[test]
fn an_oversized_tag_is_a_problem() {
    let chain = |link: &str| format!("k: {{{{ 1{} }}}}", link.repeat(100_000));
    for template in [chain(" ~ 1"), chain(" | string"), "{#".repeat(100_000), "{% raw %}x".repeat(50_000)] {
        let problems = try_rendered(&[("t", &template)], json!(1)).expect_err("too long");
        assert!(problems[0].message.contains("does not end"), "{problems:?}");
        let included = [("t", "{% include 'p' %}"), ("p", template.as_str())];
        let problems = try_rendered(&included, json!(1)).expect_err("too long");
        assert!(problems[0].message.contains("does not end"), "{problems:?}");
    }
}

#[test]
fn every_undefined_name_of_a_large_file_is_reported() {
    let template: String = (0..2000).map(|n| format!("k{n}: {{{{ u{n} }}}}\n")).collect();
    let problems = try_rendered(&[("t", &template)], json!(1)).expect_err("undefined");
    assert_eq!(problems.len(), 2000);
}

#[test]
fn undefined_has_defaults_and_tests() {
    assert_eq!(
        rendered("k: {{ nope | default('d') }}\nl: {{ vars.x is defined }}", json!(1)),
        json!({"k": "d", "l": false})
    );
}

#[test]
fn a_value_cannot_imitate_a_token() {
    let problems = try_rendered(&[("t", "k: {{ vars.n }}{{ v }}")], json!("\u{E000}0\u{E001}"));
    assert_eq!(problems.expect_err("undefined")[0].message, "`v` is not defined");
}

#[test]
fn reserved_characters_are_refused() {
    assert!(try_rendered(&[("t", "k: \u{E000}1\u{E001}")], json!("x")).is_err());
}
