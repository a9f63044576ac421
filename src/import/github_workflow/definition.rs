//! A definition file that the workflow changes with `sed` or `envsubst` before it is used: what these put in is a variable. Pure.

use super::expressions::{has_expression, inner_expressions, resolve};
use super::render::{StepVariables, variable_name};
use super::workflow::Job;
use crate::import::genova::escaped_braces;

/// A replacement of `sed`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Replacement {
    from: String,
    to: String,
}

/// A definition as ecsail reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkflowDefinition {
    pub(super) text: String,
    /// What became a variable or a text.
    pub(super) replaced: Vec<String>,
    /// Placeholders whose values the workflow does not say.
    pub(super) unknown: Vec<String>,
}

/// Returns the text of a definition after the steps of a job, as ecsail reads it.
pub(super) fn definition(
    text: &str,
    path: &str,
    job: &Job,
    variables: &mut StepVariables,
) -> WorkflowDefinition {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut replaced = Vec::new();
    // What stands for an expression while other braces are escaped.
    let mut expressions: Vec<String> = Vec::new();
    let mut result = text.to_owned();
    for step in &job.steps {
        let Some(script) = step.run.as_deref().map(|script| resolve(script, step)) else { continue };
        if script.contains("sed") && script.contains(name) {
            for Replacement { from, to } in replacements(&script) {
                if !result.contains(&from) {
                    continue;
                }
                let to = match &*inner_expressions(&to) {
                    [inner] => placeholder(&mut expressions, &variables.claim(&variable_name(inner), &to)),
                    _ => match to.strip_prefix('$').map(|name| name.trim_matches(['{', '}'])) {
                        Some(name) => {
                            let value =
                                step.env.get(name).map(|value| resolve(value, step)).unwrap_or_default();
                            placeholder(&mut expressions, &variables.claim(name, &value))
                        }
                        None if has_expression(&to) => continue,
                        None => to,
                    },
                };
                result = result.replace(&from, &to);
                replaced.push(from);
            }
        }
        if script.contains("envsubst") && script.contains(name) {
            for name in shell_variables(&result) {
                let value = step.env.get(&name).map(|value| resolve(value, step)).unwrap_or_default();
                let to = placeholder(&mut expressions, &variables.claim(&name, &value));
                result = result.replace(&format!("${{{name}}}"), &to).replace(&format!("${name}"), &to);
                replaced.push(format!("${{{name}}}"));
            }
        }
    }
    let unknown = unknown_placeholders(&result);
    result = escaped_braces(&result);
    for (index, name) in expressions.iter().enumerate() {
        result = result.replace(&mark(index), &format!("{{{{ env.{name} }}}}"));
    }
    WorkflowDefinition { text: result, replaced, unknown }
}

fn mark(index: usize) -> String {
    format!("\u{E003}{index}\u{E003}")
}

fn placeholder(expressions: &mut Vec<String>, name: &str) -> String {
    expressions.push(name.to_owned());
    mark(expressions.len() - 1)
}

/// Returns the replacements of the `sed` commands of a script.
fn replacements(script: &str) -> Vec<Replacement> {
    let mut found = Vec::new();
    for line in script.lines() {
        let mut rest = line;
        while let Some(at) = rest.find(['"', '\'', ' ', ';']) {
            rest = &rest[at + 1..];
            let Some(delimiter) = rest.strip_prefix('s').and_then(|rest| rest.chars().next()) else {
                continue;
            };
            if !"/|#@,:!".contains(delimiter) {
                continue;
            }
            let parts = split_unescaped(&rest[1 + delimiter.len_utf8()..], delimiter);
            if let [from, to, ..] = parts.as_slice()
                && parts.len() > 2
                && !from.is_empty()
            {
                found.push(Replacement { from: from.replace("\\$", "$"), to: to.clone() });
            }
        }
    }
    found
}

fn split_unescaped(text: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for c in text.chars() {
        if c == delimiter && !is_escaped {
            if parts.len() == 3 {
                break;
            }
            parts.push(String::new());
            continue;
        }
        let Some(last) = parts.last_mut() else { break };
        if is_escaped && c == delimiter {
            last.pop();
        }
        last.push(c);
        is_escaped = c == '\\' && !is_escaped;
    }
    parts
}

/// Returns the names of `${NAME}` in a text.
fn shell_variables(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, _) in text.split("${").skip(1).filter_map(|rest| rest.split_once('}')) {
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Returns `<NAME>`, `${NAME}` and `{{NAME}}` that are left.
fn unknown_placeholders(text: &str) -> Vec<String> {
    let mut found: Vec<String> =
        shell_variables(text).into_iter().map(|name| format!("${{{name}}}")).collect();
    for (open, close) in [("<", ">"), ("{{", "}}")] {
        for (name, _) in text.split(open).skip(1).filter_map(|rest| rest.split_once(close)) {
            let is_name =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c));
            if is_name {
                found.push(format!("{open}{name}{close}"));
            }
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::workflow::Workflow;
    use super::*;

    fn read(text: &str, script: &str) -> (WorkflowDefinition, StepVariables) {
        let workflow = Workflow::read("w.yml", &format!("jobs:\n  d:\n    steps:\n    - env: {{ TAG: \"${{{{ github.sha }}}}\" }}\n      run: |\n        {script}\n")).expect("YAML");
        let mut variables = StepVariables::default();
        (definition(text, "ecs/task.json", &workflow.jobs[0], &mut variables), variables)
    }

    #[test]
    fn what_sed_puts_in_is_a_variable() {
        let (found, variables) = read(
            r#"{"a": "{{ACCOUNT}}", "b": "<tag>", "c": "{{.Name}}", "d": "x"}"#,
            "sed -i \"s/{{ACCOUNT}}/${{ secrets.AWS_ACCOUNT }}/g\" ecs/task.json && sed -i 's|<tag>|$TAG|; s/x/y\\/z/' ecs/task.json",
        );
        assert_eq!(
            found.text,
            r#"{"a": "{{ env.AWS_ACCOUNT }}", "b": "{{ env.TAG }}", "c": "{% raw %}{{.Name}}{% endraw %}", "d": "y/z"}"#
        );
        assert_eq!(variables.all().get("TAG").map(String::as_str), Some("${{ github.sha }}"));
        assert_eq!(found.unknown, Vec::<String>::new());
        let (found, _) = read(r#"{"a": "${TAG}", "b": "<name>"}"#, "envsubst < task.json > x");
        assert_eq!(
            (found.text.as_str(), found.unknown),
            (r#"{"a": "{{ env.TAG }}", "b": "<name>"}"#, vec!["<name>".to_owned()])
        );
    }
}
