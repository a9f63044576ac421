//! Hints for names that are not defined, and for names of many values where one belongs.

use super::TemplateContext;
use super::tags::printed_expressions;
use crate::document::problem::{Problem, Problems, did_you_mean, most_similar};
use crate::document::source::Sources;
use crate::document::tree::NodeKind;

/// The first names whose members are looked for where a member is written alone, in this order.
const SEARCHED_ROOTS: &[&str] = &["vars", "image", "env", "git"];

/// The most members that a hint names.
const MAX_NAMED: usize = 5;

impl TemplateContext {
    /// Returns the hint for an undefined expression such as `vars.lgo_level`.
    pub(super) fn undefined_hint(&self, expression: &str) -> Option<String> {
        let mut path = expression.split('.').map(str::trim);
        let first = path.next()?;
        let Some(mut node) = self.root(first) else { return self.unknown_root_hint(expression, first) };
        let mut full = first.to_owned();
        for name in path {
            if !matches!(node.kind, NodeKind::Map(_)) {
                return Some(format!("`{full}` is one value, without members"));
            }
            let is_member_of_root = full == first;
            full = format!("{full}.{name}");
            if let Some(next) = node.get(name) {
                node = next;
                continue;
            }
            return self
                .missing_name_hint(&full)
                .cloned()
                .or_else(|| did_you_mean(name, node.entries().iter().map(|(key, _)| key.name.as_str())))
                .or_else(|| is_member_of_root.then(|| self.unknown_member_hint(first, name)).flatten());
        }
        None
    }

    /// Returns the hint for an expression whose first name is not defined.
    fn unknown_root_hint(&self, expression: &str, first: &str) -> Option<String> {
        if let Some(hint) = self.missing_name_hint(expression).or(self.missing_name_hint(first)) {
            return Some(hint.clone());
        }
        let members: Vec<String> = SEARCHED_ROOTS.iter().flat_map(|root| self.member_paths(root)).collect();
        if let Some(path) = members.iter().find(|path| last_name(path) == first) {
            return Some(format!("did you mean `{path}`?"));
        }
        if let Some(root) = most_similar(first, self.roots()) {
            let whole = format!("{root}{}", &expression[first.len()..]);
            let meant = if self.is_defined(&whole) { &whole } else { root };
            return Some(format!("did you mean `{meant}`?"));
        }
        // The names of the environment are many, and none of the user's choice.
        let own = members.iter().filter(|path| !path.starts_with("env."));
        let near = most_similar(first, own.clone().map(|path| last_name(path)))?;
        own.clone().find(|path| last_name(path) == near).map(|path| format!("did you mean `{path}`?"))
    }

    /// Returns the hint for a member that is not defined, and that resembles none that is.
    fn unknown_member_hint(&self, root: &str, name: &str) -> Option<String> {
        match root {
            "env" => Some(format!(
                "set the environment variable `{name}`, or put it into a file that you give with `--env-file`"
            )),
            "vars" => {
                Some(format!("add it under `vars:` in the manifest, or set it with `--set {name}=VALUE`"))
            }
            "image" if self.member_paths(root).is_empty() => {
                Some(format!("add the image under `images:` in the manifest: `{name}: REPOSITORY`"))
            }
            _ if self.member_paths(root).is_empty() => None,
            _ => Some(format!("name one of its values: {}", named(&self.member_paths(root)))),
        }
    }

    /// Adds hints to problems of a mapping where one value belongs, if an expression names a first name alone, such as
    /// `{{ image }}`.
    pub fn add_member_hints(&self, problems: &mut Problems, sources: &Sources) {
        for problem in std::mem::take(problems) {
            let hint = self.member_hint_of(&problem, sources);
            problems.push(match hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            });
        }
    }

    fn member_hint_of(&self, problem: &Problem, sources: &Sources) -> Option<String> {
        let span = problem.span.filter(|span| span.from_expression)?;
        let is_of_mapping = problem.message.ends_with("found a mapping")
            || problem.message == "a mapping cannot be part of a string";
        let expressions = printed_expressions(sources.span_text(span));
        let whole = expressions.into_iter().filter(|_| is_of_mapping).find(|name| self.is_mapping(name))?;
        Some(self.member_hint(whole))
    }

    fn is_mapping(&self, name: &str) -> bool {
        self.root(name).is_some_and(|node| matches!(node.kind, NodeKind::Map(_)))
    }

    /// Returns the hint for a first name that stands where one of its members belongs.
    fn member_hint(&self, root: &str) -> String {
        let members = self.member_paths(root);
        match (root, members.as_slice()) {
            ("image", []) => {
                "name an image: `image.NAME`, with its tag, after adding it under `images:` in the manifest"
                    .to_owned()
            }
            ("image", [one]) => format!("name the image: `{one}`, with its tag"),
            ("image", several) => format!("name one image: {}, with its tag", named(several)),
            ("env", _) => "name one variable: `env.NAME`".to_owned(),
            (_, []) => format!("`{root}` has no values here"),
            (_, members) => format!("name one value: {}", named(members)),
        }
    }
}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Returns names for a sentence, the first of them where there are many.
fn named(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(MAX_NAMED).map(|name| format!("`{name}`")).collect();
    if names.len() > MAX_NAMED {
        shown.push("…".to_owned());
    }
    match shown.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} or {last}", start.join(", ")),
    }
}
