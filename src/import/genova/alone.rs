//! A definition of `ecs_deployer`: one file, in which any `{{name}}` is a variable. Pure.

use super::app::report_encrypted;
use super::definition::{self, RewrittenDefinition, Variables};
use super::images::AppImages;
use crate::import::Session;
use crate::import::yaml_file::YamlFile;

/// A rewritten definition and the images in it.
#[derive(Clone, Debug)]
pub(in crate::import) struct DefinitionAlone {
    pub(in crate::import) text: String,
    /// The variables, each once; `tag` is none of them.
    pub(in crate::import) variables: Vec<String>,
    images: AppImages,
    rewritten: RewrittenDefinition,
}

/// Returns a definition as ecsail reads it.
pub(in crate::import) fn rewrite_alone(file: &YamlFile) -> DefinitionAlone {
    let mut images = AppImages::default();
    images.add(0, &definition::value_of(file));
    images.name_all();
    let rewritten = definition::rewrite(file, &images, Variables::Any, &|name| format!("/app/{name}"));
    let mut variables: Vec<String> = Vec::new();
    for name in &rewritten.variables {
        if !variables.contains(name) {
            variables.push(name.clone());
        }
    }
    DefinitionAlone { text: rewritten.text.clone(), variables, images, rewritten }
}

/// Returns the images of a definition.
pub(in crate::import) fn images_alone(definition: &DefinitionAlone) -> Vec<(String, String)> {
    let images = definition.images.of_cluster(0).into_iter();
    images.map(|(name, image)| (name, image.as_str().unwrap_or_default().to_owned())).collect()
}

/// Reports what is different in a definition.
pub(in crate::import) fn report_alone(
    session: &mut Session<'_>,
    file: &YamlFile,
    definition: &DefinitionAlone,
) {
    for value in &definition.rewritten.encrypted {
        report_encrypted(
            session,
            &file.path,
            Some(value.line),
            &value.name,
            &value.text,
            &format!("/app/{}", value.name),
        );
    }
    for (line, read) in &definition.rewritten.respelled {
        session.carried(
            &file.path,
            Some(*line),
            "value",
            &format!("written as `{read}`, which is how Ruby reads it"),
        );
    }
}

/// Returns whether a text has `{{name}}` in it, without blanks.
pub(in crate::import) fn has_variables(text: &str) -> bool {
    text.split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .any(|(name, _)| definition::is_name(name))
}
