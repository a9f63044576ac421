//! Tests of parsed trees: spans, spellings, and texts that cannot be parsed.

use super::super::source::Sources;
use super::*;

fn tree(yaml: &str) -> Result<Node, Vec<Problem>> {
    let mut sources = Sources::default();
    let id = sources.add("t.yml", yaml);
    parse(&RenderedText::from_source(id, yaml))
}

#[test]
fn spans_cover_scalars_and_keys() {
    let yaml = "a: hello\n\"b\": 'x y'\nc: [1, two]\n";
    let node = tree(yaml).expect("valid");
    let shown: Vec<_> = node
        .entries()
        .iter()
        .map(|(key, node)| (&yaml[key.span.start..key.span.end], &yaml[node.span.start..node.span.end]))
        .collect();
    assert_eq!(shown[0], ("a", "hello"));
    assert_eq!(shown[1], ("\"b\"", "'x y'"));
    let two = node.get("c").expect("c").items()[1].span;
    assert_eq!(&yaml[two.start..two.end], "two");
}

#[test]
fn numbers_and_booleans_keep_their_spelling() {
    let node = tree("a: 1.10\nb: true\nc: 0o17\n").expect("valid");
    assert_eq!(node.get("a").and_then(Node::text), Some("1.10"));
    assert_eq!(node.get("b").and_then(Node::text), Some("true"));
    assert_eq!(node.get("c").and_then(Node::text), Some("0o17"));
}

#[test]
fn an_alias_has_the_spelling_of_its_anchor() {
    let node =
        tree("a: &a 1.10\nb: *a\nc: &c { P: 80, Q: true }\nd: { <<: *c }\ne: !!int \"5\"\n").expect("valid");
    assert_eq!(node.get("b").and_then(Node::text), Some("1.10"));
    let inner = |name: &str| node.get("d").and_then(|d| d.get(name)).and_then(Node::text);
    assert_eq!((inner("P"), inner("Q")), (Some("80"), Some("true")));
    assert_eq!(node.get("e").and_then(Node::text), Some("5"));
}

#[test]
fn yes_and_no_are_strings() {
    let node = tree("a: NO\nb: yes\n").expect("valid");
    assert_eq!(node.to_value(), serde_json::json!({"a": "NO", "b": "yes"}));
}

#[test]
fn duplicate_keys_are_a_problem_at_the_second() {
    let problems = tree("a: 1\nb: 2\na: 3\n").expect_err("duplicate");
    assert!(problems[0].message.to_lowercase().contains("duplicate"), "{problems:?}");
    assert_eq!(problems[0].span.map(|span| span.start), Some(10));
}

#[test]
fn merge_keys_apply() {
    let node = tree("base: &b { x: 1 }\nweb: { <<: *b, y: 2 }\n").expect("valid");
    assert_eq!(node.get("web").map(Node::to_value), Some(serde_json::json!({"x": 1, "y": 2})));
}

#[test]
fn a_billion_laughs_attack_is_a_problem() {
    let mut yaml = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for n in 1..10 {
        let refs = vec![format!("*a{}", n - 1); 10].join(",");
        yaml.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
    }
    assert!(tree(&yaml).is_err());
}

#[test]
fn several_documents_are_a_problem() {
    assert!(tree("a: 1\n---\nb: 2\n").is_err());
}

#[test]
fn numbers_that_json_cannot_spell_keep_their_text() {
    let node = tree("a: 12345678901234567890123\nb: 0755\nc: .inf\nd: 12e4567\ne: 1.10\n").expect("valid");
    let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    assert_eq!(text("a").as_deref(), Some("12345678901234567890123"));
    assert_eq!(text("b").as_deref(), Some("0755"));
    assert_eq!(text("c").as_deref(), Some(".inf"));
    assert_eq!(text("d").as_deref(), Some("12e4567"));
    let lost: Vec<_> = node.numbers_without_json().into_iter().filter_map(Node::text).collect();
    assert_eq!(lost, ["12345678901234567890123", "0755"]);
}

#[test]
fn every_syntax_error_of_a_file_is_a_problem() {
    let problems = tree("a: b: c\nd: 1\ne: @f\n  g: 1\nh: *i\nj: [1]\n").expect_err("errors");
    let starts: Vec<_> = problems.iter().filter_map(|problem| Some(problem.span?.start)).collect();
    assert_eq!(starts, [4, 16, 29], "{problems:?}");
}

#[test]
fn an_error_in_an_open_bracket_hides_what_follows() {
    let problems = tree("a: [1, 2\nb: 3\nc: }\n").expect_err("errors");
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_tab_is_reported_where_it_is() {
    let text = "a:\n  b: c\n\td: e\n";
    let problems = tree(text).expect_err("a tab");
    assert_eq!(problems[0].span.map(|span| span.start), text.find('\t'));
    assert_eq!(problems[0].message, "this line is indented with a tab");
}
