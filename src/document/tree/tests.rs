//! Tests of parsed trees: spans, spellings, and texts that cannot be parsed.

use super::super::source::Sources;
use super::*;

fn tree(yaml: &str) -> Result<Node, Vec<Problem>> {
    let mut sources = Sources::default();
    let id = sources.add("t.yml", yaml);
    parse(&Text::plain(id, yaml))
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
fn an_alias_has_the_spelling_of_what_it_stands_for() {
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
fn a_billion_laughs_end_in_a_problem() {
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
fn a_number_beyond_64_bits_is_a_problem() {
    let problems = tree("a: 12345678901234567890123\n").expect_err("too large");
    assert!(problems[0].message.contains("too large"), "{problems:?}");
}
