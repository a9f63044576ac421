//! Parses YAML into raw nodes: the tree as the YAML library returns it, with tokens in its strings.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::Spanned;

/// The maximum number of nodes in a file: more than any definition has, and a limit for a "billion laughs" attack.
const MAX_NODES: usize = 100_000;

/// A node as the YAML library returns it.
pub(super) enum RawNode {
    Null,
    Bool(bool),
    Number(Number),
    /// A plain scalar that YAML reads as infinite or as no number, such as `.inf` or `12e4567`.
    NonFinite,
    String(String),
    Seq(Vec<Spanned<RawNode>>),
    Map(Vec<(Spanned<String>, Spanned<RawNode>)>),
}

/// Returns the raw tree of a YAML or JSON text.
pub(super) fn parse_raw(text: &str) -> Result<Spanned<RawNode>, serde_saphyr::Error> {
    let mut options = serde_saphyr::options! {
        strict_booleans: true,
        legacy_octal_numbers: false,
        reject_unsupported_tags: true,
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
    };
    if let Some(budget) = options.budget.as_mut() {
        budget.max_nodes = MAX_NODES;
    }
    serde_saphyr::from_str_with_options(text, options)
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawNode, D::Error> {
        deserializer.deserialize_any(RawNodeVisitor)
    }
}

struct RawNodeVisitor;

impl<'de> Visitor<'de> for RawNodeVisitor {
    type Value = RawNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<RawNode, E> {
        Ok(RawNode::Null)
    }

    fn visit_none<E>(self) -> Result<RawNode, E> {
        Ok(RawNode::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawNode, D::Error> {
        RawNode::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawNode, E> {
        Ok(RawNode::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawNode, E> {
        Ok(RawNode::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawNode, E> {
        Ok(RawNode::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawNode, E> {
        Ok(Number::from_f64(value).map_or(RawNode::NonFinite, RawNode::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawNode, E> {
        Ok(RawNode::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<RawNode, E> {
        Ok(RawNode::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawNode, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(RawNode::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawNode, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(RawNode::Map(entries))
    }
}
