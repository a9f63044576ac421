//! Expressions of GitHub (`${{ … }}`) and variables of shells, as far as their values are in the workflow. Pure.

use std::collections::BTreeMap;

use super::workflow::{Job, Step};

/// The rounds in which a text is resolved: a variable may name another one.
const ROUNDS: usize = 8;

/// An image reference of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkflowImage {
    /// With `${{ … }}` where a part is not known.
    pub(super) repository: String,
    /// An expression or a text; none where the image has no tag.
    pub(super) tag: Option<String>,
}

/// Returns a text in which `${{ env.X }}` is what the workflow sets.
pub(super) fn resolve(text: &str, step: &Step) -> String {
    let mut resolved = text.to_owned();
    for _ in 0..ROUNDS {
        let next = replace_expressions(&resolved, |inner| {
            let name = inner.strip_prefix("env.")?;
            step.env.get(name).cloned()
        });
        if next == resolved || next.len() > 10_000 {
            break;
        }
        resolved = next;
    }
    resolved
}

/// Returns a text with some of its expressions replaced; the others are spelled `${{ inner }}`.
fn replace_expressions(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((inner, after)) = after.split_once("}}") else { break };
        written.push_str(before);
        let inner = inner.trim();
        written.push_str(&value(inner).unwrap_or_else(|| format!("${{{{ {inner} }}}}")));
        rest = after;
    }
    written + rest
}

/// Returns whether a text has an expression in it.
pub(super) fn has_expression(text: &str) -> bool {
    text.contains("${{")
}

/// Returns the expressions of a text, without their braces.
pub(super) fn inner_expressions(text: &str) -> Vec<String> {
    let found = text.split("${{").skip(1).filter_map(|rest| rest.split_once("}}"));
    found.map(|(inner, _)| inner.trim().to_owned()).collect()
}

/// Returns the output that an expression names: the id of the step and the name of the output.
pub(super) fn step_output(text: &str) -> Option<(String, String)> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let (id, output) = inner.strip_prefix("steps.")?.split_once(".outputs.")?;
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    (is_name(id) && is_name(output)).then(|| (id.to_owned(), output.to_owned()))
}

/// Returns the image that an input names. An output of a step is looked for in the script of that step.
pub(super) fn image(text: &str, step: &Step, job: &Job) -> Option<WorkflowImage> {
    let resolved = resolve(text, step);
    let written = match step_output(&resolved) {
        Some((id, output)) => {
            let source = job.steps.iter().find(|step| step.id.as_deref() == Some(&id))?;
            output_of(source, &output)?
        }
        None => resolved,
    };
    if written.contains(['$']) && has_unknown_shell(&written) {
        return None;
    }
    Some(split_image(&written))
}

/// Returns whether a text has a variable or a command of a shell in it.
fn has_unknown_shell(text: &str) -> bool {
    replace_expressions(text, |_| Some(String::new())).contains('$')
}

/// Returns what a script writes as an output of its step, with the variables that the workflow sets.
fn output_of(step: &Step, name: &str) -> Option<String> {
    let script = step.run.as_deref()?;
    let value = script.lines().rev().find_map(|line| {
        let line = line.trim().trim_start_matches("echo").trim();
        let (new, old) = (format!("{name}="), format!("::set-output name={name}::"));
        let text = line.strip_prefix(['"', '\'']).unwrap_or(line);
        let value = text
            .strip_prefix(&new)
            .filter(|_| line.contains("GITHUB_OUTPUT"))
            .or_else(|| text.strip_prefix(&old))?;
        let ends = [value.find(['"', '\'']), value.find(" >>")];
        let end = ends.into_iter().flatten().min().unwrap_or(value.len());
        Some(value[..end].to_owned())
    })?;
    let mut variables = step.env.clone();
    for line in script.lines() {
        // A variable that the script itself sets to a plain text.
        if let Some((name, value)) = line.trim().split_once('=').filter(|(name, _)| is_variable(name)) {
            variables.insert(name.to_owned(), value.trim_matches(['"', '\'']).to_owned());
        }
    }
    let mut resolved = value;
    for _ in 0..ROUNDS {
        let next = resolve(&replace_variables(&resolved, &variables), step);
        if next == resolved || next.len() > 10_000 {
            break;
        }
        resolved = next;
    }
    Some(resolved)
}

fn is_variable(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.chars().all(is_letter)
}

/// Returns a text in which `$NAME` and `${NAME}` are the values of known variables.
fn replace_variables(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        written.push_str(before);
        let braced = after.strip_prefix('{').filter(|inner| !inner.starts_with('{'));
        let inner = braced.unwrap_or(after);
        let length = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        let closes = braced.is_none() || inner[length..].starts_with('}');
        if let Some(value) = variables.get(&inner[..length]).filter(|_| closes && length > 0) {
            written.push_str(value);
            rest = &inner[length + usize::from(braced.is_some())..];
        } else {
            written.push('$');
            rest = after;
        }
    }
    written + rest
}

/// Splits an image at the colon of its tag, which is behind the last slash and in no expression.
fn split_image(text: &str) -> WorkflowImage {
    let mut depth = 0_usize;
    let mut colon = None;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => colon = None,
            ':' if depth == 0 => colon = Some(at),
            _ => {}
        }
    }
    match colon {
        Some(at) => WorkflowImage { repository: text[..at].to_owned(), tag: Some(text[at + 1..].to_owned()) },
        None => WorkflowImage { repository: text.to_owned(), tag: None },
    }
}

#[cfg(test)]
mod tests {
    use super::super::workflow::Workflow;
    use super::*;

    /// Returns the image of the last step of the only job, whose `image` input it is.
    fn image_of(steps: &str) -> Option<WorkflowImage> {
        let text = format!("env:\n  REPO: shop/app\n  SERVICE: web\njobs:\n  deploy:\n    steps:\n{steps}");
        let workflow = Workflow::read("w.yml", &text).expect("YAML");
        let job = workflow.jobs.first().expect("a job");
        let step = job.steps.last().expect("a step");
        image(step.with.get("image").expect("an image"), step, job)
    }

    #[allow(clippy::unnecessary_wraps, reason = "it is compared with what is found")]
    fn found(repository: &str, tag: &str) -> Option<WorkflowImage> {
        Some(WorkflowImage { repository: repository.to_owned(), tag: Some(tag.to_owned()) })
    }

    #[test]
    fn images_are_followed_to_the_script_that_pushes_them() {
        let build = |echo: &str| {
            format!(
                "    - id: b\n      env:\n        REGISTRY: ${{{{ steps.ecr.outputs.registry }}}}\n        TAG: ${{{{ github.sha }}}}\n      \
            run: |\n        docker push x\n        {echo}\n    - with:\n        image: ${{{{ steps.b.outputs.image }}}}\n"
            )
        };
        let expected = found("${{ steps.ecr.outputs.registry }}/shop/app", "${{ github.sha }}");
        assert_eq!(image_of(&build("echo \"image=$REGISTRY/$REPO:$TAG\" >> $GITHUB_OUTPUT")), expected);
        assert_eq!(image_of(&build("echo \"::set-output name=image::${REGISTRY}/$REPO:$TAG\"")), expected);
        assert_eq!(
            image_of(&build("echo image=$REGISTRY/$REPO:v-$TAG >> \"$GITHUB_OUTPUT\"")),
            found("${{ steps.ecr.outputs.registry }}/shop/app", "v-${{ github.sha }}")
        );
        assert_eq!(image_of(&build("echo \"image=$REGISTRY/$REPO:$(date +%s)\" >> $GITHUB_OUTPUT")), None);
        assert_eq!(image_of(&build("echo done")), None);
    }

    #[test]
    fn images_in_the_input_itself() {
        assert_eq!(
            image_of("    - with:\n        image: host:5000/app:latest\n"),
            found("host:5000/app", "latest")
        );
        assert_eq!(
            image_of("    - with:\n        image: r/${{env.REPO}}:${{ needs.a.outputs.tag }}\n"),
            found("r/shop/app", "${{ needs.a.outputs.tag }}")
        );
        assert_eq!(
            image_of("    - with:\n        image: nginx\n"),
            Some(WorkflowImage { repository: "nginx".to_owned(), tag: None })
        );
    }

    #[test]
    fn a_loop_of_variables_ends() {
        let text = "env:\n  A: ${{ env.B }}x\n  B: ${{ env.A }}y\njobs:\n  d:\n    steps:\n    - run: x\n";
        let workflow = Workflow::read("w.yml", text).expect("YAML");
        assert!(resolve("${{ env.A }}", &workflow.jobs[0].steps[0]).contains("env."));
    }
}
