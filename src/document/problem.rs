//! Problems in the user's files: a [`Problem`] describes one, [`Problems`] collects them.
//!
//! Reading a file does not stop at the first problem, so that one run reports all of them. Only `report` formats them.

use super::source::{SourceSpan, Sources};
use crate::secrets::masked_message;

/// The weight of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Information; does not stop the run.
    Note,
    /// Probably a mistake; does not stop the run.
    Warning,
    /// Stops the run before anything is changed.
    Error,
}

/// One problem: what is wrong, where it is, and how to fix it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub severity: Severity,
    pub message: String,
    /// The place in the user's file; `None` only if there is no file.
    pub span: Option<SourceSpan>,
    /// The text beside the caret, such as `expected a list`.
    pub label: Option<String>,
    /// The path inside the document, such as `containerDefinitions[web].cpu`.
    pub path: Option<String>,
    pub hint: Option<String>,
    /// The id of the check that found the problem, as `ecsail explain` and `ignore` take it.
    pub check_id: Option<&'static str>,
    /// Whether the source line must not be shown, because it may contain a secret.
    pub hide_source_line: bool,
    /// The stages in which the problem was found, by a run over several stages; otherwise empty.
    pub stages: Vec<String>,
}

impl Problem {
    /// Returns an error at a place.
    pub fn error(span: impl Into<Option<SourceSpan>>, message: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            message: masked_message(&message.into()),
            span: span.into(),
            label: None,
            path: None,
            hint: None,
            check_id: None,
            hide_source_line: false,
            stages: Vec::new(),
        }
    }

    /// Returns a warning at a place.
    pub fn warning(span: impl Into<Option<SourceSpan>>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(span, message) }
    }

    /// Returns a note at a place.
    pub fn note(span: impl Into<Option<SourceSpan>>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Note, ..Problem::error(span, message) }
    }

    /// Sets the text beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(masked_message(&label.into()));
        self
    }

    /// Sets the path inside the document.
    pub fn path(mut self, path: impl Into<String>) -> Problem {
        self.path = Some(path.into()).filter(|path: &String| !path.is_empty());
        self
    }

    /// Sets the hint, or removes it with `None`.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Problem {
        self.hint = hint.into().map(|hint| masked_message(&hint));
        self
    }
}

/// A collection of problems without duplicates.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    items: Vec<Problem>,
}

impl Problems {
    /// Adds a problem, unless it is already there: a file that two services use may be read twice.
    pub fn push(&mut self, problem: Problem) {
        if !self.items.contains(&problem) {
            self.items.push(problem);
        }
    }

    /// Adds a problem of one stage: to the stages of the problem if another stage has the same.
    pub fn push_of_stage(&mut self, problem: Problem, stage: &str) {
        let is_same = |known: &&mut Problem| {
            let stages = known.stages.clone();
            **known == Problem { stages, ..problem.clone() }
        };
        match self.items.iter_mut().find(is_same) {
            Some(known) if known.stages.iter().any(|known| known == stage) => {}
            Some(known) => known.stages.push(stage.to_owned()),
            None => self.items.push(Problem { stages: vec![stage.to_owned()], ..problem }),
        }
    }

    /// Adds all problems of another collection.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Problem>) {
        others.into_iter().for_each(|problem| self.push(problem));
    }

    /// Returns whether any of the problems is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Returns the number of errors.
    pub fn error_count(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Returns how many problems there are of each severity, such as `1 error, 2 warnings`; `None` if there are none.
    pub fn counts(&self) -> Option<String> {
        let severities =
            [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
        let counts: Vec<String> = severities
            .into_iter()
            .map(|(severity, noun)| (self.count(severity), noun))
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
            .collect();
        (!counts.is_empty()).then(|| counts.join(", "))
    }

    fn count(&self, severity: Severity) -> usize {
        self.items.iter().filter(|problem| problem.severity == severity).count()
    }

    /// Returns the problems, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.items.iter()
    }

    /// Keeps the problems for which `is_kept` returns true.
    pub fn retain(&mut self, is_kept: impl FnMut(&Problem) -> bool) {
        self.items.retain(is_kept);
    }

    /// Returns whether there are no problems.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the problems sorted by file, then by position.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut sorted: Vec<_> = self.items.iter().collect();
        sorted.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
        sorted
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// The error of a run whose files have problems: the problems, and the texts that they refer to.
#[derive(Clone, Debug, Default)]
pub struct InvalidFiles {
    pub problems: Problems,
    pub sources: Sources,
}

impl InvalidFiles {
    /// Returns the problems as they may be shown, sorted by file, then by position: of a file outside the project the place alone,
    /// since it may be any file of the machine.
    pub fn shown(&self) -> Vec<Problem> {
        self.problems.sorted().into_iter().map(|problem| self.without_foreign_text(problem)).collect()
    }

    fn without_foreign_text(&self, problem: &Problem) -> Problem {
        let is_foreign = problem.span.is_some_and(|span| self.sources.get(span.source).is_foreign);
        if !is_foreign {
            return problem.clone();
        }
        let hint = "put the file into the folder of the manifest, or into its git repository, to see more"
            .to_owned();
        Problem {
            severity: problem.severity,
            hide_source_line: true,
            stages: problem.stages.clone(),
            ..Problem::error(problem.span, "this file is outside the project and cannot be used as it is")
        }
        .hint(hint)
    }
}

impl std::fmt::Display for InvalidFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.problems.error_count() {
            1 => write!(f, "1 problem in the files"),
            n => write!(f, "{n} problems in the files"),
        }
    }
}

impl std::error::Error for InvalidFiles {}

/// Returns the name in `known` that is most similar to `found`, if one is similar enough.
pub fn most_similar<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = found.to_lowercase();
    let length = lowered.chars().count();
    let distance = |name: &'a str| {
        let known = name.chars().count();
        let most = max_distance(known.min(length));
        // An expression can produce a text of any length, so texts whose lengths alone differ too much are not compared.
        let near = known.abs_diff(length) <= most;
        let distance = near.then(|| strsim::damerau_levenshtein(&lowered, &name.to_lowercase()))?;
        (distance <= most).then_some((distance, name))
    };
    known.into_iter().filter_map(distance).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Returns how many letters of a name may differ for a name to be suggested in its place: a third of the shorter of the two, as
/// compilers do, and one of two to five. More would suggest `HOME` for `NOPE`.
fn max_distance(length: usize) -> usize {
    if length < 2 { 0 } else { (length / 3).max(1) }
}

/// Returns the name in `known` of which `found` is most likely a typing error: at most two letters differ, and fewer of a
/// short name.
pub fn likely_typo<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const MOST: usize = 2;
    let similar = most_similar(found, known)?;
    (strsim::damerau_levenshtein(&found.to_lowercase(), &similar.to_lowercase()) <= MOST).then_some(similar)
}

/// Returns the hint ``did you mean `x`?`` for `found`, if a name in `known` is similar enough.
pub fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    most_similar(found, known).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_name_is_found_and_long_texts_are_not_compared() {
        let known = ["family", "cpu", "memory", "taskRoleArn"];
        assert_eq!(most_similar("famly", known), Some("family"));
        assert_eq!(most_similar("TaskRoleARM", known), Some("taskRoleArn"));
        assert_eq!(most_similar("volumes", known), None);
        assert_eq!(most_similar("NOPE", ["HOME", "PATH"]), None);
        assert_eq!(most_similar("x", ["y", "xy"]), None);
        // A comparison would take minutes and gigabytes.
        assert_eq!(most_similar(&"x".repeat(50_000_000), known), None);
    }
}
