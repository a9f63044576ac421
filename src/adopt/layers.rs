//! Splits documents into what they share and what each has beside it, so that merging both as layers gives the document
//! again. Pure.
//!
//! What is shared is part of every document: a layer above it only adds, and never has to remove anything.

use serde_json::{Map, Value};

use crate::document::model::{Shape, model};
use crate::document::normalize::item_name;
use crate::document::rendered_text::{TOKEN_END, TOKEN_START};
use crate::document::shape_facts::{ItemIdentity, PAIR_SHAPES, item_identity};
use crate::yaml_writer::expression;

/// One of several documents, and the word that its stage puts into names; none where no stage is chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StageDocument<'a> {
    pub(crate) value: &'a Value,
    pub(crate) stage: Option<&'a str>,
}

/// Returns what all documents have in common, or `None` if that is nothing. A text that differs only by the stage's name
/// is common to all, with the stage as an expression.
pub(crate) fn shared(documents: &[StageDocument<'_>], shape: &str) -> Option<Value> {
    let (first, others) = documents.split_first()?;
    if others.iter().all(|other| other.value == first.value) {
        return Some(first.value.clone());
    }
    match first.value {
        Value::String(_) => shared_text(documents),
        Value::Object(members) => {
            let mut kept = Map::new();
            for name in members.keys() {
                let inner: Option<Vec<StageDocument<'_>>> = documents
                    .iter()
                    .map(|document| Some(StageDocument { value: document.value.get(name)?, ..*document }))
                    .collect();
                let common = inner.and_then(|inner| shared(&inner, member_shape(shape, name)));
                kept.extend(common.map(|common| (name.clone(), common)));
            }
            Some(Value::Object(kept)).filter(|kept| kept.as_object().is_some_and(|kept| !kept.is_empty()))
        }
        Value::Array(items) => shared_items(items, documents, shape),
        _ => None,
    }
}

/// Returns the shape of a member of a structure, or of the entries of a map.
fn member_shape<'a>(shape: &'a str, name: &str) -> &'a str {
    match model().shape(shape) {
        Shape::Map(value) => value,
        _ => model().member_shape(shape, name).unwrap_or_default(),
    }
}

fn shared_text(documents: &[StageDocument<'_>]) -> Option<Value> {
    let mut found: Option<String> = None;
    for document in documents {
        let text = with_stage_expression(document.value.as_str()?, document.stage?)?;
        if found.get_or_insert_with(|| text.clone()) != &text {
            return None;
        }
    }
    found.map(Value::String)
}

/// Returns a text with the name of the stage as an expression, or `None` if the text does not contain the name as a word.
pub(crate) fn with_stage_expression(text: &str, stage: &str) -> Option<String> {
    let mut written = String::new();
    let mut rest = text;
    let mut before = None;
    let mut is_found = false;
    while let Some(at) = rest.find(stage).filter(|_| !stage.is_empty()) {
        let after = rest[at + stage.len()..].chars().next();
        let last = rest[..at].chars().last().or(before);
        // An expression is no text.
        let is_in_expression = rest[at..].find(TOKEN_END) < rest[at..].find(TOKEN_START).or(Some(usize::MAX))
            && rest[at..].contains(TOKEN_END);
        let is_word = !is_in_expression && ![last, after].into_iter().flatten().any(char::is_alphanumeric);
        written.push_str(&rest[..at]);
        written.push_str(&if is_word { expression("stage") } else { stage.to_owned() });
        is_found |= is_word;
        before = stage.chars().last();
        rest = &rest[at + stage.len()..];
    }
    written.push_str(rest);
    is_found.then_some(written)
}

fn shared_items(items: &[Value], documents: &[StageDocument<'_>], shape: &str) -> Option<Value> {
    let Shape::List(item_shape) = model().shape(shape) else { return None };
    let identity = item_identity(item_shape)?;
    if !documents.iter().all(|document| has_unique_names(document.value, identity)) {
        return None;
    }
    let mut kept = Vec::new();
    for item in items {
        let name = item_name(item, identity);
        let inner: Option<Vec<StageDocument<'_>>> = documents
            .iter()
            .map(|document| {
                Some(StageDocument { value: named_item(document.value, &name, identity)?, ..*document })
            })
            .collect();
        let common = inner.and_then(|inner| shared(&inner, item_shape));
        kept.extend(common.filter(|common| is_worth_an_item(common, item, item_shape, identity)));
    }
    Some(Value::Array(kept)).filter(|kept| kept.as_array().is_some_and(|kept| !kept.is_empty()))
}

/// Returns whether the common part of an item has its name, and more than its name.
fn is_worth_an_item(common: &Value, item: &Value, shape: &str, identity: &ItemIdentity) -> bool {
    let is_named = identity.members.iter().all(|(member, _)| common[*member] == item[*member]);
    let is_pair = PAIR_SHAPES.iter().any(|(pair, ..)| *pair == shape);
    let has = |value: &Value| value.as_object().map_or(0, Map::len);
    let names = identity.members.iter().filter(|(member, _)| !item[*member].is_null()).count();
    // A pair without its value would be an entry that is to be removed.
    let is_whole = !is_pair || has(common) == has(item);
    is_named && is_whole && (has(common) > names || has(common) == has(item))
}

fn has_unique_names(list: &Value, identity: &ItemIdentity) -> bool {
    let names: Vec<String> =
        list.as_array().into_iter().flatten().map(|item| item_name(item, identity)).collect();
    let is_unique = |(at, name): (usize, &String)| !name.is_empty() && !names[..at].contains(name);
    list.is_array() && names.iter().enumerate().all(is_unique)
}

fn named_item<'a>(list: &'a Value, name: &str, identity: &ItemIdentity) -> Option<&'a Value> {
    list.as_array()?.iter().find(|item| item_name(item, identity) == name)
}

/// Returns what a document has beside what it shares, or `None` if that is nothing.
pub(crate) fn rest(document: StageDocument<'_>, shared: Option<&Value>, shape: &str) -> Option<Value> {
    let Some(shared) = shared else { return Some(document.value.clone()) };
    if shared == document.value {
        return None;
    }
    match (document.value, shared) {
        (Value::String(text), Value::String(shared)) => {
            let templated = document.stage.and_then(|stage| with_stage_expression(text, stage));
            (templated.as_ref() != Some(shared)).then(|| document.value.clone())
        }
        (Value::Object(members), Value::Object(_)) => {
            let mut kept = Map::new();
            for (name, value) in members {
                let inner = StageDocument { value, ..document };
                let left = rest(inner, shared.get(name), member_shape(shape, name));
                kept.extend(left.map(|left| (name.clone(), left)));
            }
            Some(Value::Object(kept)).filter(|kept| kept.as_object().is_some_and(|kept| !kept.is_empty()))
        }
        (Value::Array(items), Value::Array(_)) => rest_of_items(items, document, shared, shape),
        _ => Some(document.value.clone()),
    }
}

fn rest_of_items(items: &[Value], document: StageDocument<'_>, shared: &Value, shape: &str) -> Option<Value> {
    let Shape::List(item_shape) = model().shape(shape) else { return Some(document.value.clone()) };
    let Some(identity) = item_identity(item_shape) else { return Some(document.value.clone()) };
    let mut kept = Vec::new();
    for item in items {
        let known = named_item(shared, &item_name(item, identity), identity);
        let left = rest(StageDocument { value: item, ..document }, known, item_shape);
        kept.extend(left.map(|left| with_identity(left, item, identity)));
    }
    Some(Value::Array(kept)).filter(|kept| kept.as_array().is_some_and(|kept| !kept.is_empty()))
}

/// Returns a part of an item with the members that name it, in front.
fn with_identity(left: Value, item: &Value, identity: &ItemIdentity) -> Value {
    let Value::Object(left) = left else { return left };
    let mut named = Map::new();
    for (member, _) in identity.members.iter().filter(|(member, _)| !item[*member].is_null()) {
        named.insert((*member).to_owned(), item[*member].clone());
    }
    named.extend(left);
    Value::Object(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::model::DocumentKind;
    use serde_json::json;

    const SHAPE: &str = "RegisterTaskDefinitionRequest";

    fn split(one: &Value, other: &Value) -> (Option<Value>, [Option<Value>; 2]) {
        assert_eq!(DocumentKind::TaskDefinition.input_shape(), SHAPE);
        let of = |value, stage| StageDocument { value, stage: Some(stage) };
        let common = shared(&[of(one, "staging"), of(other, "production")], SHAPE);
        let left = [
            rest(of(one, "staging"), common.as_ref(), SHAPE),
            rest(of(other, "production"), common.as_ref(), SHAPE),
        ];
        (common, left)
    }

    #[test]
    fn what_differs_is_left_to_each() {
        let one = json!({"family": "web", "cpu": "256", "containerDefinitions": [
            {"name": "app", "image": "a", "command": ["x", "y"], "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}]});
        let other = json!({"family": "web", "cpu": "512", "containerDefinitions": [
            {"name": "app", "image": "a", "command": ["x"], "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "log", "image": "b"}]});
        let (common, [first, second]) = split(&one, &other);
        assert_eq!(
            common,
            Some(json!({"family": "web", "containerDefinitions": [
            {"name": "app", "image": "a", "environment": [{"name": "A", "value": "1"}]}]}))
        );
        assert_eq!(
            first,
            Some(json!({"cpu": "256", "containerDefinitions": [
            {"name": "app", "command": ["x", "y"], "environment": [{"name": "B", "value": "1"}]}]}))
        );
        assert_eq!(
            second,
            Some(json!({"cpu": "512", "containerDefinitions": [
            {"name": "app", "command": ["x"], "environment": [{"name": "B", "value": "2"}]}, {"name": "log", "image": "b"}]}))
        );
    }

    #[test]
    fn a_name_that_differs_by_the_stage_is_shared() {
        let (common, left) =
            split(&json!({"family": "shop-staging-web"}), &json!({"family": "shop-production-web"}));
        assert_eq!(common, Some(json!({"family": format!("shop-{}-web", expression("stage"))})));
        assert_eq!(left, [None, None]);
        let (common, _) = split(&json!({"family": "stagingweb"}), &json!({"family": "productionweb"}));
        assert_eq!(common, None, "only a whole word is the stage");
    }

    #[test]
    fn lists_in_which_a_name_occurs_twice_are_not_taken_apart() {
        let twice = json!({"containerDefinitions": [{"name": "a", "environment":
            [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]});
        let once =
            json!({"containerDefinitions": [{"name": "a", "environment": [{"name": "A", "value": "2"}]}]});
        assert_eq!(split(&twice, &once).0, None);
    }
}
