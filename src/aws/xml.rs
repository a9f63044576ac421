//! Reads the XML of the query protocol and of S3 into JSON: an element with elements is a mapping, a list of `member`s or `item`s a list, and
//! anything else a text. Attributes and namespaces are left out.

use serde_json::{Map, Value};
use xmlparser::{ElementEnd, Token, Tokenizer};

/// The names of the items of a list, in the query protocol and in that of EC2.
const ITEMS: &[&str] = &["member", "item"];
/// Answers of AWS are far flatter.
const MAX_DEPTH: usize = 32;

/// An element that is being read.
#[derive(Default)]
struct OpenElement {
    name: String,
    text: String,
    members: Map<String, Value>,
    items: Vec<Value>,
}

impl OpenElement {
    fn into_value(self) -> Value {
        if !self.items.is_empty() {
            return Value::Array(self.items);
        }
        if !self.members.is_empty() {
            return Value::Object(self.members);
        }
        Value::String(self.text)
    }
}

/// Returns the document as a mapping with the root element; `None` where the text is no XML.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut open = vec![OpenElement::default()];
    for token in Tokenizer::from(text) {
        match token.ok()? {
            Token::ElementStart { local, .. } if open.len() < MAX_DEPTH => {
                open.push(OpenElement { name: local.as_str().to_owned(), ..OpenElement::default() });
            }
            Token::ElementStart { .. } => return None,
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => {
                let closed = open.pop()?;
                let name = closed.name.clone();
                let parent = open.last_mut()?;
                if ITEMS.contains(&name.as_str()) {
                    parent.items.push(closed.into_value());
                } else {
                    parent.members.insert(name, closed.into_value());
                }
            }
            Token::Text { text } => open.last_mut()?.text.push_str(&unescaped(text.as_str())),
            Token::Cdata { text, .. } => open.last_mut()?.text.push_str(text.as_str()),
            _ => {}
        }
    }
    let root = open.pop().filter(|_| open.is_empty())?;
    (!root.members.is_empty()).then_some(Value::Object(root.members))
}

/// Returns a text with the predefined entities and the references to characters replaced.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        let reference = rest[start + 1..].split_once(';');
        let Some((character, behind)) = reference.and_then(|(name, behind)| Some((character(name)?, behind)))
        else {
            plain.push('&');
            rest = &rest[start + 1..];
            continue;
        };
        plain.push(character);
        rest = behind;
    }
    plain + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_mappings_and_texts_are_read() {
        let text = "<?xml version=\"1.0\"?>\n<R xmlns=\"http://x/\"><List><member><K>a &amp; b</K><V>&#x41;&#66;</V></member>\
                    <member><K/><V><![CDATA[<c>]]></V></member></List><Empty/></R>";
        let expected =
            json!({ "R": { "List": [{ "K": "a & b", "V": "AB" }, { "K": "", "V": "<c>" }], "Empty": "" } });
        assert_eq!(parse(text), Some(expected));
    }

    #[test]
    fn what_is_no_xml_is_none() {
        for text in ["", "{}", "<a>", "<a><b></a>x", &"<a>".repeat(100)] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
