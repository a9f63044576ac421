//! Reports an import: what was found, what became of each part, and what was written.

use std::path::Path;

use super::discover::Found;
use super::place::Place;
use crate::context::CommandContext;
use crate::events::JsonEvent;
use crate::events::import::{ImportFile, ImportFinding, ImportFound, ImportedKind};
use crate::import::{Finding, FindingKind, ImportedFile, Session};
use crate::report::Event;

/// Reports the files that were found.
pub(super) fn found(found: &[Found], context: &CommandContext) {
    for Found { tool, files, .. } in found {
        for file in files {
            let text = format!("found {}: {}", tool.file, file.path);
            let event = ImportFound { tool: tool.name.to_owned(), path: file.path.clone() };
            answer(&text, JsonEvent::ImportFound(event), context);
        }
    }
}

/// Reports what became of each part.
pub(super) fn findings(session: &Session<'_>, context: &CommandContext) {
    for kind in [FindingKind::CarriedOver, FindingKind::Changed, FindingKind::Missing] {
        let findings: Vec<&Finding> = session.findings.of(kind).collect();
        for (index, finding) in findings.iter().enumerate() {
            let heading = if index == 0 { format!("\n{}:\n", kind.heading()) } else { String::new() };
            let text = format!("{heading}  {}", line(finding));
            let event = ImportFinding {
                kind: event_kind(kind),
                file: Some(finding.file.clone()).filter(|file| !file.is_empty()),
                line: finding.line,
                what: finding.what.clone(),
                why: finding.why.clone(),
            };
            answer(&text, JsonEvent::ImportFinding(event), context);
        }
    }
    for diff in &session.diffs {
        let event = ImportFinding {
            kind: ImportedKind::Difference,
            file: None,
            line: None,
            what: diff.clone(),
            why: String::new(),
        };
        answer(&format!("\n{diff}"), JsonEvent::ImportFinding(event), context);
    }
    for (index, command) in session.commands.iter().enumerate() {
        let heading = if index == 0 { "\ninstead of the commands:\n" } else { "" };
        let event = ImportFinding {
            kind: ImportedKind::Command,
            file: None,
            line: None,
            what: command.clone(),
            why: String::new(),
        };
        answer(&format!("{heading}  {command}"), JsonEvent::ImportFinding(event), context);
    }
}

fn line(finding: &Finding) -> String {
    let place = match (finding.file.as_str(), finding.line) {
        ("", _) => String::new(),
        (file, Some(line)) => format!("{file}:{line}: "),
        (file, None) => format!("{file}: "),
    };
    format!("{place}{}: {}", finding.what, finding.why)
}

fn event_kind(kind: FindingKind) -> ImportedKind {
    match kind {
        FindingKind::CarriedOver => ImportedKind::CarriedOver,
        FindingKind::Changed => ImportedKind::Changed,
        FindingKind::Missing => ImportedKind::Missing,
    }
}

/// Prints the files of a dry run.
pub(super) fn print_files(files: &[ImportedFile], context: &CommandContext) {
    for file in files.iter().filter(|file| !is_schema(file)) {
        let text = format!("\n# {}\n{}", file.path, file.text);
        let event = ImportFile { path: file.path.clone(), written: false, text: Some(file.text.clone()) };
        answer(&text, JsonEvent::ImportFile(event), context);
    }
}

/// Reports a file that was written, or is as it would be written.
pub(super) fn file(path: &Path, file: &ImportedFile, is_written: bool, context: &CommandContext) {
    let verb = if is_written { "wrote" } else { "unchanged:" };
    let text = format!("{verb} {}", path.display());
    let event = ImportFile { path: file.path.clone(), written: is_written, text: None };
    answer(&text, JsonEvent::ImportFile(event), context);
}

/// Reports the next command.
pub(super) fn next(session: &Session<'_>, files: &[ImportedFile], place: &Place, context: &CommandContext) {
    if session.drafts.is_empty() || files.is_empty() {
        return;
    }
    let gaps = session.findings.of(FindingKind::Missing).count();
    let what = match gaps {
        0 => "everything is carried over".to_owned(),
        1 => "1 thing is not carried over".to_owned(),
        gaps => format!("{gaps} things are not carried over"),
    };
    let manifest = place.folder.join(&place.manifest);
    let flag = match (place.relative.is_empty(), place.manifest.as_str()) {
        (true, "ecsail.yml") => String::new(),
        _ => format!(" -f {}", crate::shell::quote(&manifest.display().to_string())),
    };
    let text = format!("{what}; check the files with `ecsail{flag} check`");
    context.reporter.report(&Event::Note(&text));
}

fn is_schema(file: &ImportedFile) -> bool {
    file.path.starts_with(crate::adopt::SCHEMA_FOLDER)
}

fn answer(text: &str, event: JsonEvent, context: &CommandContext) {
    context.reporter.report(&Event::Answer { text, event });
}
