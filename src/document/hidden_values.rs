//! Finds values that YAML takes for a comment or an anchor, so that a key silently has no value: `COLOR: #fff`.

use super::problem::Problem;
use super::source::Sources;
use super::tree::{Node, NodeKey, NodeKind};

/// Returns the warnings about the keys of a tree whose value is hidden.
pub fn hidden_value_warnings(node: &Node, sources: &Sources) -> Vec<Problem> {
    match &node.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .flat_map(|(key, value)| {
                if value.is_null() {
                    hidden_value(key, sources).into_iter().collect()
                } else {
                    hidden_value_warnings(value, sources)
                }
            })
            .collect(),
        NodeKind::Seq(items) => items.iter().flat_map(|item| hidden_value_warnings(item, sources)).collect(),
        _ => Vec::new(),
    }
}

fn hidden_value(key: &NodeKey, sources: &Sources) -> Option<Problem> {
    let text = sources.get(key.span.source).text.get(key.span.end..)?;
    let after = text.lines().next()?.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim();
    let mark = after.chars().next().filter(|mark| matches!(mark, '#' | '&'))?;
    let is_value = after[1..].starts_with(|next: char| !next.is_whitespace() && next != '#');
    if !is_value || key.span.from_expression {
        return None;
    }
    let what = if mark == '#' { "a comment" } else { "an anchor" };
    let message = format!("`{}` has no value, because `{mark}` begins {what}", key.name);
    Some(Problem::warning(key.span, message).hint("put the value in quotes".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::rendered_text::RenderedText;
    use super::super::tree;
    use super::*;

    fn warned_keys(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let id = sources.add("a.yml", text);
        let node = tree::parse(&RenderedText::from_source(id, text)).expect("valid");
        let problems = hidden_value_warnings(&node, &sources);
        problems
            .into_iter()
            .map(|problem| problem.message.split('`').nth(1).unwrap_or("").to_owned())
            .collect()
    }

    #[test]
    fn a_value_that_yaml_takes_for_a_comment_or_an_anchor_is_found() {
        assert_eq!(warned_keys("a: #fff\nb: { c: &d }\ne:\n- f: #g\n\"h\": #i\n"), ["a", "c", "f", "h"]);
    }

    #[test]
    fn comments_anchors_of_values_and_empty_values_are_fine() {
        let text = "a: # none\nb: &c\n  d: 1\ne:\nf: ~\ng: 'x' #y\nh: ## i\n";
        assert_eq!(warned_keys(text), Vec::<String>::new());
    }
}
