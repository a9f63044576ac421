//! The definition files of genova and `ecs_deployer` as ecsail reads them: expressions in place of `{{tag}}`, other braces
//! escaped, and secrets in place of values that were encrypted with KMS. Comments, order and everything else stay. Pure.

use std::ops::Range;

use serde_json::Value;

use super::images::AppImages;
use super::spelling::ruby_text;
use crate::document::tree::Node;
use crate::import::edits;
use crate::import::yaml_file::{YamlFile, entries};

/// A value of the environment that is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EncryptedValue {
    pub(super) container: String,
    pub(super) name: String,
    pub(super) line: usize,
    /// The value as it is written.
    pub(super) text: String,
}

/// A definition file as ecsail reads it.
#[derive(Clone, Debug, Default)]
pub(super) struct RewrittenDefinition {
    pub(super) text: String,
    pub(super) encrypted: Vec<EncryptedValue>,
    /// The lines with braces of other tools.
    pub(super) escaped: Vec<usize>,
    /// The lines with scalars that Ruby reads otherwise, and what it reads.
    pub(super) respelled: Vec<(usize, String)>,
    /// The variables `{{x}}` that became `vars.x`.
    pub(super) variables: Vec<String>,
}

/// What the braces of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variables {
    /// genova's: only `{{tag}}`.
    TagOnly,
    /// `ecs_deployer`'s: `{{x}}` of any name is a variable.
    Any,
}

/// Returns the file as ecsail reads it. `secret_path` gives the place of a secret by its name.
pub(super) fn rewrite(
    file: &YamlFile,
    images: &AppImages,
    variables: Variables,
    secret_path: &dyn Fn(&str) -> String,
) -> RewrittenDefinition {
    let mut result = RewrittenDefinition::default();
    let mut changes = Vec::new();
    for container in file.root.get("container_definitions").map_or(&[][..], Node::items) {
        image_edit(file, container, images, &mut changes);
        secret_edits(file, container, secret_path, &mut changes, &mut result);
        for variable in container.get("environment").map_or(&[][..], Node::items) {
            if let Some(value) = variable.get("value") {
                spelling_edit(file, value, true, &mut changes, &mut result);
            }
        }
    }
    spelling_edits(file, &file.root, &mut changes, &mut result);
    brace_edits(file, variables, &mut changes, &mut result);
    result.text = edits::apply(&file.text, changes);
    result
}

type Edits = Vec<(Range<usize>, String)>;

fn image_edit(file: &YamlFile, container: &Node, images: &AppImages, changes: &mut Edits) {
    let Some(image) = container.get("image") else { return };
    if let Some(name) = image.text().and_then(|text| images.name_of(text)) {
        changes.push((file.scalar_range(image.span), format!("{{{{ image.{name} }}}}")));
    }
}

/// Returns whether a value is encrypted: Ruby's anchors are those of lines, so that one line is enough.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.lines().any(|line| line.len() > 3 && line.starts_with("${") && line.ends_with('}'))
}

/// Moves encrypted values of a container to its secrets.
fn secret_edits(
    file: &YamlFile,
    container: &Node,
    secret_path: &dyn Fn(&str) -> String,
    changes: &mut Edits,
    result: &mut RewrittenDefinition,
) {
    let Some((key, environment)) = entries(Some(container)).iter().find(|(key, _)| key.name == "environment")
    else {
        return;
    };
    let text = |node: &Node, name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    let items = environment.items();
    let encrypted: Vec<&Node> =
        items.iter().filter(|item| text(item, "value").is_some_and(|value| is_encrypted(&value))).collect();
    let Some(first) = encrypted.first() else { return };
    for item in &encrypted {
        if encrypted.len() < items.len() {
            changes.push((lines_of(file, item), String::new()));
        }
        result.encrypted.push(EncryptedValue {
            container: text(container, "name").unwrap_or_default(),
            name: text(item, "name").unwrap_or_default(),
            line: file.line(item.span),
            text: text(item, "value").unwrap_or_default(),
        });
    }
    let names = encrypted.iter().filter_map(|item| text(item, "name"));
    let known = container.get("secrets").and_then(|secrets| secrets.items().last());
    let indent = match known {
        Some(known) => " ".repeat(file.indentation(known.span).saturating_sub(2)),
        None => " ".repeat(file.indentation(first.span).saturating_sub(2)),
    };
    let written: String = names
        .map(|name| format!("{indent}- name: {name}\n{indent}  value_from: {}\n", secret_path(&name)))
        .collect();
    let head = format!("{}secrets:\n", " ".repeat(file.indentation(key.span)));
    match known {
        Some(known) => {
            let end = lines_of(file, known).end;
            changes.push((end..end, with_line_end(file, end, &written)));
            if encrypted.len() == items.len() {
                changes
                    .push((line_start(file, key.span.start)..lines_of(file, environment).end, String::new()));
            }
        }
        None if encrypted.len() == items.len() => {
            changes
                .push((line_start(file, key.span.start)..lines_of(file, environment).end, head + &written));
        }
        None => {
            let end = lines_of(file, environment).end;
            changes.push((end..end, with_line_end(file, end, &(head + &written))));
        }
    }
}

/// Returns lines that are added at an offset: behind the end of the last line where that has none.
fn with_line_end(file: &YamlFile, at: usize, lines: &str) -> String {
    if file.text[..at].ends_with('\n') { lines.to_owned() } else { format!("\n{lines}") }
}

fn line_start(file: &YamlFile, at: usize) -> usize {
    file.text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Returns the whole lines of a node.
fn lines_of(file: &YamlFile, node: &Node) -> Range<usize> {
    let end = last_end(node);
    let line_end = file.text[end..].find('\n').map_or(file.text.len(), |at| end + at + 1);
    line_start(file, node.span.start)..line_end
}

/// Returns the end of the last scalar in a node: that of a block may be the start of what follows.
fn last_end(node: &Node) -> usize {
    let inner = node.items().iter().chain(node.entries().iter().map(|(_, value)| value)).map(last_end).max();
    inner.unwrap_or(node.span.end)
}

fn spelling_edits(file: &YamlFile, node: &Node, changes: &mut Edits, result: &mut RewrittenDefinition) {
    for inner in node.items().iter().chain(node.entries().iter().map(|(_, value)| value)) {
        spelling_edits(file, inner, changes, result);
    }
    spelling_edit(file, node, false, changes, result);
}

/// Writes a plain scalar as Ruby reads it, where ecsail would read something else.
fn spelling_edit(
    file: &YamlFile,
    node: &Node,
    is_text: bool,
    changes: &mut Edits,
    result: &mut RewrittenDefinition,
) {
    let range = file.scalar_range(node.span);
    let is_plain = node.text().is_some_and(|text| file.text.get(range.clone()) == Some(text));
    let Some(read) = node.text().and_then(ruby_text).filter(|_| is_plain) else { return };
    if changes.iter().any(|(known, _)| *known == range) {
        return;
    }
    result.respelled.push((file.line(node.span), read.clone()));
    changes.push((range, if is_text { format!("\"{read}\"") } else { read }));
}

/// Escapes what is no variable of the tool, and what a template would read as a tag.
fn brace_edits(file: &YamlFile, variables: Variables, changes: &mut Edits, result: &mut RewrittenDefinition) {
    let text = &file.text;
    let mut at = 0;
    while let Some(start) = next_tag(text, at) {
        at = start + 2;
        let inner =
            text[start..].strip_prefix("{{").and_then(|rest| rest.split_once("}}")).map(|(inner, _)| inner);
        let inner = inner.filter(|inner| !inner.contains('\n'));
        if changes.iter().any(|(range, _)| range.contains(&start)) {
            continue;
        }
        let end = inner.map_or(start + 2, |inner| start + 2 + inner.len() + 2);
        match inner {
            Some("tag") => {
                at = end;
            }
            Some(name) if variables == Variables::Any && is_name(name) => {
                result.variables.push(name.to_owned());
                changes.push((start..end, format!("{{{{ vars.{name} }}}}")));
                at = end;
            }
            _ => {
                result.escaped.push(text[..start].matches('\n').count() + 1);
                changes.push((start..end, format!("{{% raw %}}{}{{% endraw %}}", &text[start..end])));
                at = end;
            }
        }
    }
}

/// Returns where a template would see a tag begin next. The length of a shell variable, `${#NAME}`, is text.
fn next_tag(text: &str, from: usize) -> Option<usize> {
    let found = ["{{", "{%", "{#"].iter().filter_map(|tag| Some(from + text[from..].find(tag)?)).min()?;
    if text[found..].starts_with("{#") && text[..found].ends_with('$') {
        return next_tag(text, found + 2);
    }
    Some(found)
}

/// Returns whether a text is a name that a template takes.
pub(super) fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && text.chars().all(is_letter)
}

/// Returns a definition as genova read it: values of the environment are texts, as Ruby prints them.
pub(super) fn value_of(file: &YamlFile) -> Value {
    let mut value = file.root.to_value();
    let containers = file.root.get("container_definitions").map_or(&[][..], Node::items);
    for (at, container) in containers.iter().enumerate() {
        for (index, variable) in container.get("environment").map_or(&[][..], Node::items).iter().enumerate()
        {
            let Some(node) = variable.get("value") else { continue };
            let range = file.scalar_range(node.span);
            let plain = node.text().filter(|text| file.text.get(range.clone()) == Some(*text));
            let read = plain.and_then(ruby_text).or_else(|| node.text().map(str::to_owned));
            value["container_definitions"][at]["environment"][index]["value"] =
                read.unwrap_or_default().into();
        }
    }
    value
}

/// Returns overrides with values of the environment as texts, and without the variable in another spelling.
pub(super) fn with_text_values(value: &Value) -> Value {
    let mut value = value.clone();
    let containers = value.get_mut("container_definitions").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let variables = container.get_mut("environment").and_then(Value::as_array_mut);
        for variable in variables.into_iter().flatten() {
            if let Some(written) = variable.get_mut("value")
                && !written.is_string()
            {
                *written = if written.is_null() { "".into() } else { written.to_string().into() };
            }
        }
    }
    value
}

/// Returns a text in which a template reads no tag.
pub(in crate::import) fn escaped_braces(text: &str) -> String {
    let mut changes = Vec::new();
    let mut at = 0;
    while let Some(start) = next_tag(text, at) {
        let inner =
            text[start..].strip_prefix("{{").and_then(|rest| rest.split_once("}}")).map(|(inner, _)| inner);
        let end =
            inner.filter(|inner| !inner.contains('\n')).map_or(start + 2, |inner| start + inner.len() + 4);
        changes.push((start..end, format!("{{% raw %}}{}{{% endraw %}}", &text[start..end])));
        at = end;
    }
    edits::apply(text, changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str, variables: Variables) -> RewrittenDefinition {
        let file = YamlFile::parse("web.yml", text).expect("YAML");
        let mut images = AppImages::default();
        images.add(0, &value_of(&file));
        images.name_all();
        rewrite(&file, &images, variables, &|name| format!("/app/{name}"))
    }

    #[test]
    fn only_what_must_change_changes() {
        let text = "# {{ a }} comment\nfamily: web\ncontainer_definitions:\n  - name: rails\n    image: 'r/rails:{{tag}}'  # kept\n    \
            essential: yes\n    environment:\n      - name: TAG\n        value: v-{{tag}}\n      - { name: MODE, value: 0755 }\n    \
            log_configuration:\n      options: { tag: \"{{.Name}}\" }\n    command: [sh, -c, 'echo ${#A}']\n";
        let result = rewritten(text, Variables::TagOnly);
        assert_eq!(
            result.text,
            "# {% raw %}{{ a }}{% endraw %} comment\nfamily: web\ncontainer_definitions:\n  - name: rails\n    \
             image: {{ image.rails }}  # kept\n    essential: true\n    environment:\n      - name: TAG\n        \
             value: v-{{tag}}\n      - { name: MODE, value: \"493\" }\n    log_configuration:\n      \
             options: { tag: \"{% raw %}{{.Name}}{% endraw %}\" }\n    command: [sh, -c, 'echo ${#A}']\n"
        );
        assert_eq!(result.escaped, [1, 12]);
        assert_eq!(result.respelled, [(10, "493".to_owned()), (6, "true".to_owned())]);
    }

    #[test]
    fn encrypted_values_become_secrets() {
        let text = "container_definitions:\n  - name: rails\n    environment:\n      - name: A\n        value: b\n      - name: PW\n        \
            value: ${QUJD}\n      - { name: KEY, value: \"${QUJE}\" }\n    memory: 512\n";
        let result = rewritten(text, Variables::TagOnly);
        assert_eq!(
            result.text,
            "container_definitions:\n  - name: rails\n    environment:\n      - name: A\n        value: b\n    secrets:\n      \
             - name: PW\n        value_from: /app/PW\n      - name: KEY\n        value_from: /app/KEY\n    memory: 512\n"
        );
        assert_eq!(result.encrypted.len(), 2);
        assert_eq!((result.encrypted[0].line, result.encrypted[0].text.as_str()), (6, "${QUJD}"));
    }

    #[test]
    fn encrypted_values_join_the_secrets_that_are_there() {
        let text = "container_definitions:\n- name: rails\n  environment:\n  - name: PW\n    value: ${QUJD}\n  secrets:\n  - name: A\n    value_from: /a";
        assert_eq!(
            rewritten(text, Variables::TagOnly).text,
            "container_definitions:\n- name: rails\n  secrets:\n  - name: A\n    value_from: /a\n  - name: PW\n    value_from: /app/PW\n"
        );
        let text =
            "container_definitions:\n- name: rails\n  environment:\n  - name: PW\n    value: ${QUJD}\n";
        assert_eq!(
            rewritten(text, Variables::TagOnly).text,
            "container_definitions:\n- name: rails\n  secrets:\n  - name: PW\n    value_from: /app/PW\n"
        );
    }

    #[test]
    fn variables_of_ecs_deployer_become_vars() {
        let result = rewritten("family: '{{env}}-web-{{ x }}'\n", Variables::Any);
        assert_eq!(result.text, "family: '{{ vars.env }}-web-{% raw %}{{ x }}{% endraw %}'\n");
        assert_eq!(result.variables, ["env"]);
    }
}
