//! One import: what it may read, and what the tools have added so far.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::findings::{Finding, FindingKind, Findings};
use super::images::ImageNames;
use super::source::{self, SourceFiles};
use super::{REWRITTEN_FOLDER, stage_names, tools};
use crate::adopt::names::without_stage;
use crate::document::problem::{InvalidFiles, Problems};
use crate::document::source::Sources;
use crate::error::{Failure, Result};
use crate::jsonnet::{self, JsonnetFiles, imported_name, is_jsonnet};

/// How files are imported.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The folder of the manifest, relative to the working folder; empty for the working folder.
    pub folder: String,
    /// The variables of templates, for what has to be known while the files are read, such as a path.
    pub environment: BTreeMap<String, String>,
    /// The stages that were given, each with its file or folder.
    pub stages: Vec<(String, String)>,
    /// The external variables of Jsonnet.
    pub ext_vars: BTreeMap<String, String>,
    /// Whether the services of a Compose file become the containers of one task.
    pub one_task: bool,
}

/// A part of a manifest that came from one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageDraft {
    /// The stage that it is for; none for all stages.
    pub stage: Option<String>,
    /// The file that it came from, for messages.
    pub file: String,
    pub draft: Draft,
}

/// A file to write beside the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedFile {
    /// Relative to the folder of the manifest, with `/`.
    pub path: String,
    pub text: String,
}

/// An import in progress.
pub struct Session<'a> {
    files: &'a dyn SourceFiles,
    pub options: &'a ImportOptions,
    pub findings: Findings,
    pub drafts: Vec<StageDraft>,
    pub outputs: Vec<ImportedFile>,
    /// Commands to run in place of those of the other tool.
    pub commands: Vec<String>,
    /// Differences of files that the user changes, to show.
    pub diffs: Vec<String>,
    pub images: ImageNames,
    stages: BTreeMap<String, String>,
    states: Vec<StateName>,
    families: Vec<KnownFamily>,
    used: BTreeSet<String>,
}

/// A family of task definitions that the manifest has.
#[derive(Clone, Debug)]
struct KnownFamily {
    stage: Option<String>,
    family: String,
    service: String,
}

/// A Terraform state and its name under `lookups:`.
#[derive(Clone, Debug)]
struct StateName {
    stage: Option<String>,
    name: String,
    location: String,
}

impl<'a> Session<'a> {
    /// Returns an import of files.
    pub fn new(
        files: &'a dyn SourceFiles,
        options: &'a ImportOptions,
        found: &[tools::FoundFile],
    ) -> Session<'a> {
        Session {
            files,
            options,
            findings: Findings::default(),
            drafts: Vec::new(),
            outputs: Vec::new(),
            commands: Vec::new(),
            diffs: Vec::new(),
            images: ImageNames::default(),
            stages: stage_names::assign(found, &options.stages),
            states: Vec::new(),
            families: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// Returns the text of a file that another file names; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, path: &str) -> Result<Option<String>> {
        let text = self.files.read(path)?;
        self.used.insert(path.to_owned());
        Ok(text)
    }

    /// Returns the text of a file that has to exist.
    ///
    /// # Errors
    /// The file cannot be read, or does not exist.
    pub fn read_named(&mut self, path: &str, named_by: &str) -> Result<String> {
        let text = self.read(path)?;
        text.ok_or_else(|| {
            Failure::error(format!("no file `{path}`"))
                .with_hint(format!("`{named_by}` names it: check the path there"))
        })
    }

    /// Returns the readers of files, for what evaluates imports by itself.
    pub fn files(&self) -> &'a dyn SourceFiles {
        self.files
    }

    /// Returns whether another file has named this one.
    pub fn is_used(&self, path: &str) -> bool {
        self.used.contains(path)
    }

    /// Records that a file is a part of what another one says.
    pub fn mark_used(&mut self, path: &str) {
        self.used.insert(path.to_owned());
    }

    /// Returns the stage that a file is for; none for all stages.
    pub fn stage(&self, path: &str) -> Option<String> {
        self.stages.get(path).cloned()
    }

    /// Returns the key of a service, task or schedule with a name: the name without its stage.
    pub fn key(&self, name: &str, stage: Option<&str>) -> String {
        without_stage(name, stage)
    }

    /// Returns the path of a file as the manifest has it.
    pub fn reference(&self, path: &str) -> String {
        source::relative(&self.options.folder, path)
    }

    /// Adds a file to write in place of one that cannot be used as it is. Returns its path as the manifest has it.
    pub fn rewritten(&mut self, path: &str, text: String) -> String {
        let reference = self.reference(path);
        let inner = reference.trim_start_matches("../").trim_start_matches('/');
        let path = format!("{REWRITTEN_FOLDER}/{inner}");
        self.add_output(&path, text);
        path
    }

    /// Adds a file to write; its path is relative to the folder of the manifest.
    pub fn add_output(&mut self, path: &str, text: String) {
        self.outputs.retain(|known| known.path != path);
        self.outputs.push(ImportedFile { path: path.to_owned(), text });
    }

    /// Adds what a file says to the manifest.
    pub fn add_draft(&mut self, stage: Option<String>, file: &str, draft: Draft) {
        self.drafts.push(StageDraft { stage, file: file.to_owned(), draft });
    }

    /// Returns the name of a Terraform state under `lookups:`: `wish`, or another name where that is another state.
    pub fn state_name(&mut self, stage: Option<&str>, wish: &str, location: &str) -> String {
        let of_stage = |known: &&StateName| known.stage.as_deref() == stage;
        let known = self.states.iter().filter(of_stage).find(|known| known.location == location);
        if let Some(known) = known.filter(|known| known.name == wish || wish == "default") {
            return known.name.clone();
        }
        let is_free = |name: &str| !self.states.iter().filter(of_stage).any(|known| known.name == name);
        let mut name = wish.to_owned();
        let mut number = 2;
        while !is_free(&name) {
            name = format!("{wish}_{number}");
            number += 1;
        }
        self.states.push(StateName {
            stage: stage.map(str::to_owned),
            name: name.clone(),
            location: location.to_owned(),
        });
        name
    }

    /// Records the family of a service.
    pub fn add_family(&mut self, stage: Option<&str>, family: &str, key: &str, is_service: bool) {
        if is_service {
            let stage = stage.map(str::to_owned);
            self.families.push(KnownFamily { stage, family: family.to_owned(), service: key.to_owned() });
        }
    }

    /// Returns the service of a family, where exactly one has it.
    pub fn service_of_family(&self, stage: Option<&str>, family: &str) -> Option<String> {
        let is_it = |known: &&KnownFamily| {
            known.family == family
                && (stage.is_none() || known.stage.is_none() || known.stage.as_deref() == stage)
        };
        let mut services: Vec<&String> =
            self.families.iter().filter(is_it).map(|known| &known.service).collect();
        services.dedup();
        match services.as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        }
    }

    /// Returns the text of a file, and of Jsonnet what it gives as JSON: what it looks up stays as the Go template that asks for it.
    ///
    /// # Errors
    /// The program fails, or a file that it imports cannot be read.
    pub fn evaluated(&mut self, file: &tools::FoundFile) -> Result<String> {
        if !is_jsonnet(&file.path) {
            return Ok(file.text.clone());
        }
        let (mut sources, mut names) = (Sources::default(), BTreeMap::new());
        let mut waiting = vec![(file.path.clone(), file.text.clone())];
        while let Some((path, text)) = waiting.pop() {
            for import in jsonnet::imports(&text) {
                let name = imported_name(&path, &import.path);
                if names.contains_key(&name)
                    || waiting.iter().any(|(known, _)| *known == name)
                    || name == path
                {
                    continue;
                }
                // What is missing is reported where the program imports it.
                if let Some(text) = self.read(&name)? {
                    waiting.push((name, text));
                }
            }
            names.insert(path.clone(), sources.add(path, text));
        }
        let files = JsonnetFiles { names: &names, sources: &sources };
        jsonnet::evaluate_to_go_tags(&file.path, &self.options.ext_vars, files).map_err(|problem| {
            let mut problems = Problems::default();
            problems.push(*problem);
            Failure::from(InvalidFiles { problems, sources })
        })
    }

    /// Reports what means the same as before.
    pub fn carried(&mut self, file: &str, line: Option<usize>, what: &str, why: &str) {
        self.report(FindingKind::CarriedOver, file, line, what, why);
    }

    /// Reports what means something else now.
    pub fn changed(&mut self, file: &str, line: Option<usize>, what: &str, why: &str) {
        self.report(FindingKind::Changed, file, line, what, why);
    }

    /// Reports what is not carried over.
    pub fn missing(&mut self, file: &str, line: Option<usize>, what: &str, why: &str) {
        self.report(FindingKind::Missing, file, line, what, why);
    }

    fn report(&mut self, kind: FindingKind, file: &str, line: Option<usize>, what: &str, why: &str) {
        let (file, what, why) = (file.to_owned(), what.to_owned(), why.to_owned());
        self.findings.add(Finding { kind, file, line, what, why });
    }
}

/// Returns the line of an offset in a text, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
