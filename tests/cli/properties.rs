//! Property tests over documents that are generated from ECS's model with all its shapes and members: they are read,
//! normalised and compared.
//!
//! The documents are the same in each run; `PROPTEST_RNG_SEED=7 PROPTEST_CASES=5000` generates others, and more.

use std::collections::BTreeSet;

use ecsail::document::layer::{merge, remove_nulls};
use ecsail::document::model::{DocumentKind, Shape, ShapeSchema, model};
use ecsail::document::normalize::lists::ignores_order;
use ecsail::document::normalize::values::default_value;
use ecsail::document::normalize::{item_name, normalize};
use ecsail::document::problem::Problems;
use ecsail::document::reader::DocumentReader;
use ecsail::document::rendered_text::{RESERVED_CHARACTERS, RenderedText};
use ecsail::document::required::check_required;
use ecsail::document::shape_facts::{PAIR_SHAPES, item_identity};
use ecsail::document::source::Sources;
use ecsail::document::tree::{Node, parse};
use ecsail::plan::diff::diff;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestRng, TestRunner};
use serde_json::{Map, Number, Value, json};

/// The prefix of the values that no difference may show. It is used only under names that look secret.
const SECRET: &str = "s3cr3t-";

/// Texts that YAML, JSON or a template could interpret.
const ODD: &[&str] = &[
    "",
    " ",
    "NO",
    "yes",
    "~",
    "null",
    "true",
    "1",
    "1.10",
    "0x1F",
    "0o17",
    "1e3",
    ".inf",
    "=",
    "<<",
    "-",
    "- a",
    "a: b",
    " #c",
    "{{ x }}",
    "{% x %}",
    "'",
    "\"",
    "\\",
    "\\u0041",
    "!!int 3",
    "&a",
    "*a",
    "%",
    "@",
    "`",
    " lead",
    "trail ",
    "---",
    "...",
    "? a",
    "|",
    ">",
    "[",
    "{",
    "}",
    ",",
    "a\nb",
    "a\r\nb",
    "\n",
    "\t",
    "a\tb",
    "\u{0}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "😀",
    "a=b",
    "postgres://h/db",
    "1970-01-01",
    "12:30",
    "-0",
    "007",
];

const ROOTS: [DocumentKind; 2] = [DocumentKind::TaskDefinition, DocumentKind::Service];

fn text() -> BoxedStrategy<String> {
    let odd = select(ODD).prop_map(str::to_owned);
    let any = any::<String>().prop_filter("reserved", |text| !text.contains(RESERVED_CHARACTERS));
    prop_oneof![6 => "[a-zA-Z0-9/_.:-]{1,12}", 2 => odd, 1 => any].boxed()
}

/// Generates names: never empty, sometimes odd, sometimes such that their values are masked.
fn name() -> BoxedStrategy<String> {
    let secret =
        select(&["DB_PASSWORD", "api-token", "STRIPE_KEY", "client.secret"][..]).prop_map(str::to_owned);
    let odd = text().prop_filter("empty", |text| !text.is_empty());
    prop_oneof![6 => "[a-zA-Z][a-zA-Z0-9_.-]{0,8}", 1 => secret, 1 => odd].boxed()
}

fn integer(schema: &ShapeSchema) -> BoxedStrategy<Value> {
    let (low, high) = (schema.minimum.unwrap_or(-1), schema.maximum.unwrap_or(i64::from(i32::MAX)));
    prop_oneof![low..=high, low..=(low + 5).min(high)].prop_map(Value::from).boxed()
}

/// Generates values of the named shape.
fn value(shape: &str) -> BoxedStrategy<Value> {
    match model().shape(shape) {
        Shape::Structure(schema) => structure(shape, schema),
        Shape::List(item) => list(item),
        Shape::Map(_) => vec((name(), text()), 0..4).prop_map(|entries| Value::Object(map(entries))).boxed(),
        Shape::String(schema) if schema.values.is_empty() => text().prop_map(Value::from).boxed(),
        Shape::String(schema) => select(schema.values.clone()).prop_map(Value::from).boxed(),
        Shape::Integer(schema) => integer(schema),
        Shape::Number => prop_oneof![
            (0.0..100.0).prop_map(|number: f64| Value::from((number * 100.0).round() / 100.0)),
            (0..100i64).prop_map(Value::from),
        ]
        .boxed(),
        Shape::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Any => {
            let scalar = prop_oneof![text().prop_map(Value::from), any::<i32>().prop_map(Value::from)];
            vec((name(), scalar), 0..3).prop_map(|entries| Value::Object(hidden(entries))).boxed()
        }
    }
}

fn map(entries: Vec<(String, String)>) -> Map<String, Value> {
    hidden(entries.into_iter().map(|(name, text)| (name, Value::from(text))).collect())
}

/// Returns the entries as a map. Values under names that look secret are secrets.
fn hidden(entries: Vec<(String, Value)>) -> Map<String, Value> {
    let secret = |(name, value): (String, Value)| {
        let value = if looks_secret(&name) { json!(format!("{SECRET}{value}")) } else { value };
        (name, value)
    };
    entries.into_iter().map(secret).collect()
}

fn looks_secret(name: &str) -> bool {
    ecsail::secrets::hides(name)
}

fn structure(shape: &str, schema: &'static ShapeSchema) -> BoxedStrategy<Value> {
    let members = schema.properties.iter().map(|(member, target)| {
        let values = value_of_member(shape, member, target.target_shape().expect("a shape"));
        let there = is_named_by(shape, member) || schema.required.contains(member);
        let values = if there { values.prop_map(Some).boxed() } else { weighted(0.4, values).boxed() };
        values.prop_map(move |value| Some((member.clone(), value?))).boxed()
    });
    let members: Vec<_> = members.collect();
    if schema.max_properties == Some(1) {
        let one = proptest::strategy::Union::new(schema.properties.iter().map(|(member, target)| {
            value(target.target_shape().expect("a shape"))
                .prop_map(move |value| json!({ member.as_str(): value }))
        }));
        return one.boxed();
    }
    let pair = PAIR_SHAPES.iter().find(|(item, ..)| *item == shape);
    members
        .prop_map(move |members| {
            let mut members: Map<String, Value> = members.into_iter().flatten().collect();
            if let Some((_, key, value)) = pair.filter(|(item, ..)| *item == "KeyValuePair") {
                let secret = members[*key].as_str().is_some_and(looks_secret);
                if let Some(text) = members.get_mut(*value).filter(|_| secret) {
                    *text = json!(format!("{SECRET}{}", text.as_str().unwrap_or_default()));
                }
            }
            Value::Object(members)
        })
        .boxed()
}

/// Returns whether a single member identifies an item. A port mapping has several.
fn is_named_by(shape: &str, member: &str) -> bool {
    item_identity(shape).is_some_and(|identity| identity.members[0].0 == member)
}

fn value_of_member(shape: &str, member: &str, target: &str) -> BoxedStrategy<Value> {
    let is_text = matches!(model().shape(target), Shape::String(schema) if schema.values.is_empty());
    let root = ROOTS.iter().any(|root| root.input_shape() == shape);
    match (shape, member) {
        // With `awsvpc`, equal host and container ports mean the same as the container port alone.
        ("PortMapping", "containerPort") => (1..1024i64).prop_map(Value::from).boxed(),
        ("PortMapping", "hostPort") => prop_oneof![Just(0), 1024..65535i64].prop_map(Value::from).boxed(),
        // An empty text means "not set" at the top level.
        _ if is_text && (root || is_named_by(shape, member)) => name().prop_map(Value::from).boxed(),
        _ => value(target),
    }
}

fn list(item: &str) -> BoxedStrategy<Value> {
    let identity = item_identity(item);
    vec(value(item), 0..4)
        .prop_map(move |mut items| {
            let mut seen = BTreeSet::new();
            items.retain(|item| identity.is_none_or(|identity| seen.insert(item_name(item, identity))));
            Value::Array(items)
        })
        .boxed()
}

fn documents() -> BoxedStrategy<(DocumentKind, Value)> {
    let of = |root: DocumentKind| value(root.input_shape()).prop_map(move |document| (root, document));
    prop_oneof![of(DocumentKind::TaskDefinition), of(DocumentKind::Service)].boxed()
}

/// Runs a property over this number of documents.
fn holds<T: std::fmt::Debug>(
    cases: u32,
    values: BoxedStrategy<T>,
    property: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    if let Err(error) = TestRunner::new(config).run(&values, property) {
        panic!("{error}");
    }
}

/// Reads a text, and fails if there is any problem.
fn read(text: &str, root: DocumentKind) -> Result<Node, TestCaseError> {
    let mut sources = Sources::default();
    let id = sources.add("document", text);
    let tree = parse(&RenderedText::from_source(id, text))
        .map_err(|problems| TestCaseError::fail(format!("{problems:?}\n{text}")))?;
    let mut problems = Problems::default();
    let node = DocumentReader::new(root, &[], &mut problems).read_document(&tree);
    check_required(&node, root, &[], &mut problems);
    prop_assert!(problems.is_empty(), "{:?}\n{}", problems, text);
    Ok(node)
}

/// Returns a JSON text with these characters escaped.
fn escaped(text: &str, escapes: fn(char) -> bool) -> String {
    let mut units = [0; 2];
    let escaped = |c: char| {
        if escapes(c) {
            c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escaped).collect()
}

/// Returns a document as JSON, with the characters escaped that YAML does not accept.
fn written(document: &Value) -> String {
    escaped(&document.to_string(), |c| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// Returns a document as ASCII JSON, as Python writes it.
fn ascii(document: &Value) -> String {
    escaped(&document.to_string(), |c| !c.is_ascii() || c == '\u{7f}')
}

/// Returns a document with other spellings of its members, and mappings instead of lists of pairs where possible.
fn respelled(value: &Value, shape: &str, spell: &dyn Fn(&str) -> String, mappings: bool) -> Value {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => {
            let member = |(name, value): (&String, &Value)| {
                let target = model().member_shape(shape, name).unwrap_or_default();
                (spell(name), respelled(value, target, spell, mappings))
            };
            Value::Object(members.iter().map(member).collect())
        }
        (Value::Array(items), Shape::List(item)) => {
            let pair = PAIR_SHAPES.iter().find(|(shape, ..)| mappings && *shape == item);
            let entry = |(_, key, value): &(&str, &str, &str), item: &Value| {
                Some((item.get(*key)?.as_str()?.to_owned(), item.get(*value)?.clone()))
            };
            let mapping =
                pair.and_then(|pair| items.iter().map(|item| entry(pair, item)).collect::<Option<_>>());
            match mapping {
                Some(mapping) => Value::Object(mapping),
                None => items.iter().map(|value| respelled(value, item, spell, mappings)).collect(),
            }
        }
        _ => value.clone(),
    }
}

fn snake_case(name: &str) -> String {
    let letter = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(letter).collect()
}

fn pascal_case(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn every_document_of_the_model_is_read_as_it_is() {
    holds(60, documents(), |(root, document)| {
        let yaml = serde_saphyr::to_string(&document).expect("YAML");
        for text in [written(&document), ascii(&document), yaml] {
            prop_assert_eq!(read(&text, root)?.to_value(), document.clone());
        }
        Ok(())
    });
}

#[test]
fn every_spelling_of_a_document_is_read_the_same() {
    holds(60, documents(), |(root, document)| {
        let same: &dyn Fn(&str) -> String = &str::to_owned;
        for (spell, mappings) in [(same, true), (&snake_case, false), (&pascal_case, true)] {
            let respelled = respelled(&document, root.input_shape(), spell, mappings);
            prop_assert_eq!(read(&written(&respelled), root)?.to_value(), document.clone());
        }
        Ok(())
    });
}

#[test]
fn a_document_laid_over_itself_is_the_same() {
    holds(60, documents(), |(root, document)| {
        let node = read(&written(&document), root)?;
        let merged = remove_nulls(merge(node.clone(), node, root.input_shape()), root.input_shape());
        prop_assert_eq!(normalize(&merged.to_value(), root), normalize(&document, root));
        Ok(())
    });
}

#[test]
fn a_normal_form_is_its_own() {
    holds(200, documents(), |(root, document)| {
        let once = normalize(&document, root);
        prop_assert_eq!(normalize(&once, root).to_string(), once.to_string());
        Ok(())
    });
}

/// Returns a copy as ECS may describe it: with another order where the order has no meaning, and with defaults.
fn described(value: &Value, shape: &str, random: &mut TestRng) -> Value {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(schema)) => {
            let mut copy: Vec<(String, Value)> = Vec::new();
            for (name, target) in &schema.properties {
                let target = target.target_shape().unwrap_or_default();
                let mut value = match members.get(name) {
                    Some(value) => described(value, target, random),
                    None => filled_in(shape, name, target),
                };
                if let Some(items) = value.as_array_mut().filter(|_| ignores_order(shape, name)) {
                    shuffle(items, random);
                }
                copy.push((name.clone(), value));
            }
            copy.retain(|(_, value)| !value.is_null());
            shuffle(&mut copy, random);
            Value::Object(copy.into_iter().collect())
        }
        (Value::Object(members), _) => {
            let mut members: Vec<_> = members.clone().into_iter().collect();
            shuffle(&mut members, random);
            Value::Object(members.into_iter().collect())
        }
        (Value::Array(items), Shape::List(item)) => {
            items.iter().map(|value| described(value, item, random)).collect()
        }
        (Value::Number(number), Shape::Number) => json!(number.as_f64()),
        _ => value.clone(),
    }
}

/// Returns the default that ECS may describe for a member; `null` if there is none.
fn filled_in(shape: &str, member: &str, target: &str) -> Value {
    match (default_value(shape, member), model().shape(target)) {
        (Some(default), _) => default,
        (None, Shape::List(_)) => json!([]),
        (None, Shape::Map(_)) => json!({}),
        (None, Shape::String(schema)) if !schema.values.is_empty() => json!(""),
        _ => Value::Null,
    }
}

fn shuffle<T>(items: &mut [T], random: &mut TestRng) {
    for end in (1..items.len()).rev() {
        items.swap(end, random.next_u32() as usize % (end + 1));
    }
}

#[test]
fn a_document_does_not_differ_from_itself_as_ecs_describes_it() {
    let cases = (documents(), any::<[u8; 32]>()).boxed();
    holds(200, cases, |((root, document), seed)| {
        let mut random = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &seed);
        let other = described(&document, root.input_shape(), &mut random);
        let changes = diff(&normalize(&document, root), &normalize(&other, root), root.input_shape());
        prop_assert!(changes.is_empty(), "{:?}", changes);
        Ok(())
    });
}

#[test]
fn a_difference_never_shows_a_secret_and_is_empty_only_between_equals() {
    let of = |root: DocumentKind| (Just(root), value(root.input_shape()), value(root.input_shape()));
    holds(
        100,
        prop_oneof![of(DocumentKind::TaskDefinition), of(DocumentKind::Service)].boxed(),
        |(root, before, after)| {
            let (before, after) = (normalize(&before, root), normalize(&after, root));
            let nothing = json!({});
            for (before, after) in [(&before, &after), (&nothing, &after), (&before, &nothing)] {
                let changes = diff(before, after, root.input_shape());
                prop_assert_eq!(changes.is_empty(), before == after);
                for change in changes {
                    let shown = serde_json::to_string(&[&change.before, &change.after]).expect("JSON");
                    prop_assert!(!shown.contains(SECRET), "{:?}", change);
                }
            }
            Ok(())
        },
    );
}

/// One step of a path into a document.
#[derive(Clone, Debug)]
enum Step {
    Member(String),
    Item(usize),
}

/// Returns the path of every scalar in a document.
fn scalars(value: &Value, way: &[Step], found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| scalars(value, &[way, &[Step::Member(name.clone())]].concat(), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| scalars(value, &[way, &[Step::Item(index)]].concat(), found)),
        _ => found.push(way.to_vec()),
    }
}

fn down<'a>(value: &'a Value, shape: &'a str, step: &Step) -> (Option<&'a Value>, &'a str) {
    match (step, model().shape(shape)) {
        (Step::Member(name), Shape::Map(inner)) => (value.get(name), inner),
        (Step::Member(name), _) => (value.get(name), model().member_shape(shape, name).unwrap_or_default()),
        (Step::Item(index), Shape::List(item)) => (value.get(*index), item),
        (Step::Item(index), _) => (value.get(*index), ""),
    }
}

/// Returns another value of the same shape, if there is one.
fn another(value: &Value, shape: &str) -> Option<Value> {
    match (value, model().shape(shape)) {
        (Value::String(text), Shape::String(schema)) if !schema.values.is_empty() => {
            let at = schema.values.iter().position(|known| known == text)?;
            let other = &schema.values[(at + 1) % schema.values.len()];
            (other != text).then(|| json!(other))
        }
        (Value::String(text), _) => Some(json!(format!("{text}x"))),
        (Value::Number(number), Shape::Integer(schema)) => {
            let number = number.as_i64()?;
            let up = schema.maximum.is_none_or(|high| number < high);
            Some(json!(if up { number + 1 } else { number - 1 }))
        }
        (Value::Number(number), _) => Some(Value::Number(Number::from_f64(number.as_f64()? + 1.0)?)),
        (Value::Bool(value), _) => Some(json!(!value)),
        _ => None,
    }
}

/// Returns the document with one scalar changed or removed, if possible.
fn changed(document: &Value, root: DocumentKind, way: &[Step], remove: bool) -> Option<Value> {
    let (mut seen, mut shape) = (document, root.input_shape());
    for step in way {
        let (next, target) = down(seen, shape, step);
        (seen, shape) = (next?, target);
    }
    let new = if remove { None } else { Some(another(seen, shape)?) };
    let mut copy = document.clone();
    let (last, above) = way.split_last()?;
    let parent = above.iter().try_fold(&mut copy, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Item(index) => value.get_mut(*index),
    })?;
    match (last, new) {
        (Step::Member(name), Some(new)) => parent[name] = new,
        (Step::Item(index), Some(new)) => parent[*index] = new,
        (Step::Member(name), None) => {
            parent.as_object_mut()?.remove(name);
        }
        (Step::Item(_), None) => return None,
    }
    Some(copy)
}

/// Returns whether a value means the same as its absence, by the rules table.
fn says_nothing(value: &Value, shape: &str) -> bool {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => members.iter().all(|(name, value)| {
            let target = model().member_shape(shape, name).unwrap_or_default();
            is_default(shape, name, value) || says_nothing(value, target)
        }),
        (Value::Array(items), Shape::List(item)) => items.iter().all(|value| says_nothing(value, item)),
        (Value::Object(members), _) => members.is_empty(),
        (Value::Array(items), _) => items.is_empty(),
        _ => value.is_null(),
    }
}

fn is_default(shape: &str, member: &str, value: &Value) -> bool {
    default_value(shape, member)
        .is_some_and(|default| default.as_f64() == value.as_f64() && default.is_number() || default == *value)
}

/// Returns whether a change inside an item of a list changes the meaning of the item.
fn shows(before: Option<&Value>, after: Option<&Value>, item: &str, way: &[Step]) -> bool {
    let Some((Step::Item(index), rest)) = way.split_first() else { return true };
    let at = |list: Option<&'_ Value>| list.and_then(|list| list.get(*index)).cloned();
    !expected(at(before).as_ref(), at(after).as_ref(), item, "item", rest).is_empty()
}

/// Returns the paths at which a change to the scalar at `way` must be shown.
fn expected(
    before: Option<&Value>,
    after: Option<&Value>,
    shape: &str,
    path: &str,
    way: &[Step],
) -> Vec<String> {
    let item = match model().shape(shape) {
        Shape::List(item) => Some(item),
        _ => None,
    };
    if item.is_some_and(|item| !shows(before, after, item, way)) {
        return Vec::new();
    }
    if let Some((item, identity)) = item.and_then(|item| Some((item, item_identity(item)?))) {
        let items = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
        let names = |list: Option<&Value>| -> Option<Vec<String>> {
            let items = items(list).into_iter().filter(|value| !says_nothing(value, item));
            let names: Vec<_> = items.map(|item| item_name(&item, identity)).collect();
            let distinct = names.iter().collect::<BTreeSet<_>>().len() == names.len();
            (distinct && names.iter().all(|name| !name.is_empty())).then_some(names)
        };
        let (Some(names_before), Some(names_after)) = (names(before), names(after)) else {
            return vec![path.to_owned()];
        };
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|name| !those.contains(name)).map(|name| format!("{path}[{name}]")).collect()
        };
        let renamed = [only(&names_before, &names_after), only(&names_after, &names_before)].concat();
        let Some((Step::Item(index), rest)) = way.split_first() else { return vec![path.to_owned()] };
        if !renamed.is_empty() {
            return renamed;
        }
        let (before, after) = (&items(before)[*index], &items(after)[*index]);
        let here = format!("{path}[{}]", item_name(before, identity));
        return if PAIR_SHAPES.iter().any(|(shape, ..)| *shape == item) {
            vec![here]
        } else {
            expected(Some(before), Some(after), item, &here, rest)
        };
    }
    if let Some(item) = item.filter(|item| matches!(model().shape(item), Shape::Structure(_))) {
        let Some((Step::Item(index), _)) = way.split_first() else { return vec![path.to_owned()] };
        let sides = [before, after].into_iter().flatten().filter_map(|list| list.get(*index));
        let sides = sides.filter(|value| !says_nothing(value, item)).count();
        // A list that exists on one side only is shown as a whole.
        let whole = [before, after].iter().any(|list| list.is_none_or(|list| says_nothing(list, shape)));
        return if whole && sides > 0 { vec![path.to_owned()] } else { vec![format!("{path}[]"); sides] };
    }
    let (before, after) = (
        before.filter(|value| !says_nothing(value, shape)),
        after.filter(|value| !says_nothing(value, shape)),
    );
    match (before, after, way.split_first()) {
        (None, None, _) => Vec::new(),
        (Some(before), Some(after), Some((step @ Step::Member(name), rest))) => {
            let (before, target) = down(before, shape, step);
            let (after, _) = down(after, shape, step);
            let here = match model().shape(shape) {
                Shape::Map(_) => format!("{path}[{name}]"),
                _ if path.is_empty() => name.clone(),
                _ => format!("{path}.{name}"),
            };
            let said = |value: Option<&'_ Value>| value.is_some_and(|value| !is_default(shape, name, value));
            match (said(before), said(after)) {
                (false, false) => Vec::new(),
                (true, true) => expected(before, after, target, &here, rest),
                (true, false) => expected(before, None, target, &here, rest),
                (false, true) => expected(None, after, target, &here, rest),
            }
        }
        _ => vec![path.to_owned()],
    }
}

#[test]
fn a_single_change_shows_as_exactly_its_path() {
    let cases = (documents(), vec((any::<Index>(), any::<bool>()), 1..12)).boxed();
    let (seen, shown) = (std::cell::Cell::new(0u32), std::cell::Cell::new(0u32));
    holds(150, cases, |((root, document), picks)| {
        let mut ways = Vec::new();
        scalars(&document, &[], &mut ways);
        let before = normalize(&document, root);
        for (pick, remove) in picks {
            let Some(way) = (!ways.is_empty()).then(|| pick.get(&ways)) else { continue };
            let Some(after) = changed(&document, root, way, remove) else { continue };
            let mut expected = expected(Some(&document), Some(&after), root.input_shape(), "", way);
            let changes = diff(&before, &normalize(&after, root), root.input_shape());
            let mut paths: Vec<_> = changes.iter().map(|change| change.path.clone()).collect();
            expected.sort();
            paths.sort();
            prop_assert_eq!(&paths, &expected, "{:?} remove: {}, {:?}", way, remove, changes);
            seen.set(seen.get() + 1);
            shown.set(shown.get() + u32::from(!paths.is_empty()));
        }
        Ok(())
    });
    assert!(shown.get() * 10 > seen.get() * 8, "{} of {} changes were to be seen", shown.get(), seen.get());
}
