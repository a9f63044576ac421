//! The images of a deploy step: entries of the manifest, and the tags of the command. Pure.

use serde_json::{Value, json};

use super::deploy::DeployImport;
use super::expressions::{self, inner_expressions, resolve};
use super::render::{RenderedImage, RenderedLayer};
use crate::image::ImageReference;
use crate::shell::quote;
use crate::yaml_writer::expression;

impl DeployImport<'_, '_, '_> {
    /// Adds an image to the manifest and its tag to the command. Returns the image as the layer has it; none where the
    /// manifest puts it into the container.
    pub(super) fn image(
        &mut self,
        layer: &RenderedLayer,
        image: &RenderedImage,
        definition: Option<&str>,
    ) -> Option<String> {
        let known = definition.and_then(|text| image_in(text, &image.container));
        let repository = match &image.image {
            Some(found) => self.repository(&found.repository, known.as_deref()),
            None => known.clone()?,
        };
        let fixed = image.fixed_tag();
        if let Some(tag) =
            fixed.as_deref().filter(|_| !layer.images.iter().all(|other| other.fixed_tag().is_some()))
        {
            return Some(format!("{repository}:{tag}"));
        }
        let stage = self.deploy.stage.clone();
        let name = self.session.images.claim(stage.as_deref(), &repository, None, &image.container);
        let is_inline = self.deploy.has_own_images || image.container.contains('\u{E000}');
        let is_known = self.draft.get(&["images", &name]).is_some();
        if is_inline {
            self.draft.set(&["images", &name], repository);
        } else {
            self.add_container_image(&name, repository, &image.container);
        }
        if !is_known {
            self.add_tag(&name, image, fixed);
        }
        is_inline.then(|| expression(&format!("image.{name}")))
    }

    /// Adds an image that takes the place of that of a container.
    fn add_container_image(&mut self, name: &str, repository: String, container: &str) {
        let known = self.draft.get(&["images", name]).and_then(|image| image.get("container")).cloned();
        let containers = match known {
            Some(Value::String(first)) => json!([first, container]),
            Some(Value::Array(mut several)) => {
                several.push(container.into());
                several.into()
            }
            _ => container.into(),
        };
        self.draft.set(&["images", name], json!({ "repository": repository, "container": containers }));
    }

    /// Adds the flag with the tag of an image.
    fn add_tag(&mut self, name: &str, image: &RenderedImage, fixed: Option<String>) {
        let is_first =
            self.draft.get(&["images"]).and_then(Value::as_object).is_none_or(|images| images.len() == 1);
        let prefix = if is_first { "TAG".to_owned() } else { format!("{}_TAG", name.to_ascii_uppercase()) };
        let tag = image.image.as_ref().and_then(|found| found.tag.clone());
        let value = match (fixed, tag) {
            (Some(tag), _) => {
                self.changed("image", &format!("the tag `{tag}` is fixed, so that only `--force` starts new tasks: give each build a tag of its own"));
                if !self.flags.iter().any(|flag| flag == "--force") {
                    self.flags.push("--force".to_owned());
                }
                quote(&tag)
            }
            (None, Some(tag)) => format!("\"${}\"", self.variables.claim(&prefix, &tag)),
            (None, None) => {
                let wish = prefix.replace("TAG", "IMAGE");
                format!("\"${{{}##*:}}\"", self.variables.claim(&wish, &image.input))
            }
        };
        let several = self.deploy_images() > 1;
        self.flags.push(if several { format!("--tag {name}={value}") } else { format!("--tag {value}") });
    }

    /// Returns the number of images whose tags are given.
    fn deploy_images(&self) -> usize {
        let steps = self.deploy.renders.iter().map(|at| &self.job.steps[*at]);
        let images = steps.filter_map(|step| Some((step, step.with.get("image")?)));
        let images = images.filter(|(step, image)| expressions::has_expression(&resolve(image, step)));
        images.map(|(_, image)| image).collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Returns a repository of the workflow as the manifest has it. The registry of the login is that of the definition, else
    /// that of the account and the region of the deploy.
    fn repository(&mut self, text: &str, known: Option<&str>) -> String {
        let registry = inner_expressions(text).into_iter().find(|inner| inner.ends_with(".outputs.registry"));
        let Some(registry) = registry else { return self.variables.manifest_text(text) };
        let path = text.replace(&format!("${{{{ {registry} }}}}"), "");
        let path = self.variables.manifest_text(path.trim_start_matches('/'));
        let is_it = |known: &&str| {
            known.split_once('/').is_some_and(|(_, own)| own == path)
                && ImageReference::parse(known).ecr_repository().is_some()
        };
        if let Some(known) = known.filter(is_it) {
            return known.to_owned();
        }
        format!("{}.dkr.ecr.{}.amazonaws.com/{path}", expression("aws.account"), expression("aws.region"))
    }
}

/// Returns the repository of a container's image in a definition.
fn image_in(text: &str, container: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let definition = value.get("taskDefinition").unwrap_or(&value);
    let containers = definition.get("containerDefinitions")?.as_array()?;
    let image = containers.iter().find(|known| known["name"] == container)?.get("image")?.as_str()?;
    let repository = ImageReference::parse(image).repository;
    (!repository.is_empty() && !repository.contains(['<', '{', '$'])).then_some(repository)
}
