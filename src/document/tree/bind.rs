//! Replaces the tokens of a raw tree by the values that they stand for.

use serde_saphyr::Spanned;

use super::super::problem::Problem;
use super::super::rendered_text::{RenderedPart, RenderedText, find_reserved};
use super::super::source::SourceSpan;
use super::raw_node::RawNode;
use super::{Node, NodeKey, NodeKind, Scalar};

/// Returns the tree with every token replaced by its value.
pub(super) fn bind_node(raw: Spanned<RawNode>, text: &RenderedText, problems: &mut Vec<Problem>) -> Node {
    let range = reference_range(&raw);
    let span = text.span(range.clone());
    // The span of an alias is where it is used; the spelling of its value is where the anchor is defined.
    let written = || text.text.get(definition_range(&raw)).unwrap_or_default();
    let kind = match raw.value {
        RawNode::Null => NodeKind::Null,
        RawNode::Bool(value) => NodeKind::Scalar(Scalar::Bool(value, spelling(written(), value.to_string()))),
        RawNode::Number(ref value) => {
            NodeKind::Scalar(Scalar::Number(value.clone(), spelling(written(), value.to_string())))
        }
        // No number of a document is infinite: the text stays as it is written.
        RawNode::NonFinite => NodeKind::Scalar(Scalar::String(written().to_owned())),
        RawNode::String(value) => return bind_string(value, span, text, problems),
        RawNode::Seq(items) => {
            NodeKind::Seq(items.into_iter().map(|item| bind_node(item, text, problems)).collect())
        }
        RawNode::Map(entries) => NodeKind::Map(bind_map(entries, text, problems)),
    };
    Node { kind, span }
}

/// Returns the entries of a map with bound keys, and reports keys that become equal.
fn bind_map(
    entries: Vec<(Spanned<String>, Spanned<RawNode>)>,
    text: &RenderedText,
    problems: &mut Vec<Problem>,
) -> Vec<(NodeKey, Node)> {
    let mut bound: Vec<(NodeKey, Node)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let span = text.span(reference_range(&key));
        let node = bind_node(value, text, problems);
        let name = match bind_string(key.value, span, text, problems) {
            Node { kind: NodeKind::Undefined, .. } => continue,
            name => name.text().map(str::to_owned),
        };
        match name {
            None => problems.push(Problem::error(span, "a key must be a string")),
            Some(name) if bound.iter().any(|(key, _)| key.name == name) => {
                problems.push(Problem::error(span, format!("duplicate key `{name}`")));
            }
            Some(name) => bound.push((NodeKey { name, span }, node)),
        }
    }
    bound
}

/// Returns the spelling of a boolean or number, or its canonical form if the text contains anything else.
fn spelling(written: &str, canonical: String) -> String {
    let alone = !written.is_empty()
        && written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
    if alone { written.to_owned() } else { canonical }
}

/// Returns a string with its tokens replaced; a string that is a single token becomes a value of the token's type.
fn bind_string(value: String, span: SourceSpan, text: &RenderedText, problems: &mut Vec<Problem>) -> Node {
    let Some(parts) = text.parts(&value) else {
        if find_reserved(&value).is_some() {
            problems.push(token_problem(span));
        }
        return Node::string(value, span);
    };
    if let [RenderedPart::Bound(bound)] = parts[..] {
        if has_token(bound) {
            problems.push(token_problem(span));
        }
        return bound.with_span(span);
    }
    let mut joined = String::new();
    for part in parts {
        match part {
            RenderedPart::Literal(literal) => joined.push_str(literal),
            RenderedPart::Bound(bound) if bound.is_undefined() => {
                return Node { kind: NodeKind::Undefined, span };
            }
            // Lists, mappings and `none` have no text.
            RenderedPart::Bound(bound) => match bound.text() {
                Some(piece) => joined.push_str(piece),
                None => problems.push(join_problem(bound, span)),
            },
        }
    }
    if find_reserved(&joined).is_some() {
        problems.push(token_problem(span));
    }
    Node::string(joined, span)
}

/// Returns whether a value contains a token, which happens when a filter splits captured text.
fn has_token(value: &Node) -> bool {
    match &value.kind {
        NodeKind::Scalar(Scalar::String(text)) => find_reserved(text).is_some(),
        NodeKind::Seq(items) => items.iter().any(has_token),
        NodeKind::Map(entries) => {
            entries.iter().any(|(key, value)| find_reserved(&key.name).is_some() || has_token(value))
        }
        _ => false,
    }
}

fn token_problem(span: SourceSpan) -> Problem {
    let hint =
        "apply filters to values, not to the output of `{% set %}` blocks, `{% filter %}` blocks and macros";
    Problem::error(span, "a filter was applied to text that contains bound values").hint(hint.to_owned())
}

fn join_problem(value: &Node, span: SourceSpan) -> Problem {
    let (what, hint) = match value.kind {
        NodeKind::Seq(_) => ("a list", "use `| join(',')`, or make the expression the whole value"),
        NodeKind::Map(_) => ("a mapping", "use `| tojson`, or make the expression the whole value"),
        _ => ("`none`", "set a default with `| default('…', true)`"),
    };
    Problem::error(span, format!("{what} cannot be part of a string")).hint(hint.to_owned())
}

fn reference_range<T>(spanned: &Spanned<T>) -> std::ops::Range<usize> {
    location_range(spanned.referenced)
}

fn definition_range<T>(spanned: &Spanned<T>) -> std::ops::Range<usize> {
    location_range(spanned.defined)
}

fn location_range(location: serde_saphyr::Location) -> std::ops::Range<usize> {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    start..start + span.byte_len().unwrap_or(0) as usize
}
