//! Checks of commands: one word that is meant as several. Warnings only, because a program may have blanks in its name.

use super::CheckProblems;
use super::document_view::{ContainerView, TaskDefinitionView, member_items, member_text};
use super::task_run::TaskRunView;
use crate::document::tree::Node;

/// Returns whether a word has blanks between other characters, as a command line does.
pub fn is_one_word(word: &str) -> bool {
    word.trim().contains(char::is_whitespace)
}

/// Returns whether the last word of an entry point is an option that takes the command as its value, such as `sh -c`.
pub fn takes_command_line(entry_point: &[&str]) -> bool {
    entry_point.last().is_some_and(|last| last.starts_with('-'))
}

pub(super) fn several_words_in_one(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    // On Windows, the words are joined to one command line.
    if task.runs_windows() != Some(false) {
        return;
    }
    for container in &task.containers {
        if starts_command(container) {
            check_member("command", container, findings);
        }
        check_member("entryPoint", container, findings);
    }
}

/// The words are not repeated in the message: an expression may have given them.
pub(super) fn override_words(run: &TaskRunView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(overrides) = run.overrides else { return };
    let task = run.task_definition.as_ref();
    if task.is_some_and(|task| task.runs_windows() != Some(false)) {
        return;
    }
    for container in member_items(overrides, "containerOverrides") {
        let name = member_text(container, "name");
        let defined = task.zip(name).and_then(|(task, name)| task.container(name));
        let [word] = member_items(container, "command") else { continue };
        if defined.is_some_and(|defined| !starts_command(defined)) || !word.text().is_some_and(is_one_word) {
            continue;
        }
        let message = "`command` of the overrides is one word with blanks, which is the name of a program";
        let hint = "write it as a list of words, such as `[bin/rails, \"db:migrate\"]`, or as `[sh, -c, \"…\"]` for a shell";
        findings.add(word, "", message, hint.to_owned());
    }
}

/// Returns whether the first word of the command of a container is taken for a program.
fn starts_command(container: &ContainerView<'_>) -> bool {
    let Some(entry_point) = container.node.get("entryPoint") else { return !container.node.is_undefined() };
    let words: Vec<&str> = entry_point.items().iter().filter_map(Node::text).collect();
    !entry_point.has_undefined() && !takes_command_line(&words)
}

fn check_member(member: &str, container: &ContainerView<'_>, findings: &mut CheckProblems<'_>) {
    let [word] = member_items(container.node, member) else { return };
    let Some(text) = word.text().filter(|text| is_one_word(text)) else { return };
    let message = format!(
        "`{member}` of {} is one word with blanks, which is the name of a program",
        container.label()
    );
    let hint = if word.span.from_expression {
        "write it as a list of words".to_owned()
    } else {
        format!("write `{}`, or `[\"sh\", \"-c\", \"…\"]` for a shell", word_list(text))
    };
    findings.add(word, container.member_path(member), message, hint);
}

/// Returns the words of a text as a list in JSON.
fn word_list(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}
