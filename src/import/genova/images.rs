//! The images that genova built: those of definitions whose tag is `{{tag}}`, and their names in the manifest. Pure.

use serde_json::{Map, Value};

use crate::adopt::names::identifier;
use crate::yaml_writer::expression;

/// The only variable of genova.
pub(super) const TAG: &str = "{{tag}}";

/// An image of a container of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UsedImage {
    cluster: usize,
    container: String,
    repository: String,
}

/// The images of an app.
#[derive(Clone, Debug, Default)]
pub(super) struct AppImages {
    used: Vec<UsedImage>,
    /// The repositories and their names. Two repositories have the same name where no cluster uses both.
    names: Vec<(String, String)>,
}

impl AppImages {
    /// Adds the images of a definition, or of overrides of one, that a cluster uses.
    pub(super) fn add(&mut self, cluster: usize, definition: &Value) {
        for container in definition["container_definitions"].as_array().into_iter().flatten() {
            let Some(repository) = container["image"].as_str().and_then(repository) else { continue };
            let container = container["name"].as_str().unwrap_or_default().to_owned();
            let used = UsedImage { cluster, container, repository: repository.to_owned() };
            if !self.used.contains(&used) {
                self.used.push(used);
            }
        }
    }

    /// Names all images, after they were added.
    pub(super) fn name_all(&mut self) {
        for image in self.used.clone() {
            if self.names.iter().any(|(known, _)| *known == image.repository) {
                continue;
            }
            let last = image.repository.rsplit('/').next().unwrap_or_default();
            let wished = [identifier(&image.container), identifier(last), identifier(&image.repository)];
            let name = wished.into_iter().find(|name| self.is_free(name, &image.repository));
            self.names.push((image.repository, name.unwrap_or_default()));
        }
    }

    /// Returns whether no cluster that uses a repository uses another one of the name.
    fn is_free(&self, name: &str, repository: &str) -> bool {
        let clusters = |repository: &str| -> Vec<usize> {
            self.used
                .iter()
                .filter(|image| image.repository == repository)
                .map(|image| image.cluster)
                .collect()
        };
        let own = clusters(repository);
        let taken = self.names.iter().filter(|(_, known)| known == name);
        !taken.flat_map(|(other, _)| clusters(other)).any(|cluster| own.contains(&cluster))
    }

    /// Returns the name of an image `REPOSITORY:{{tag}}`.
    pub(super) fn name_of(&self, image: &str) -> Option<&str> {
        let repository = repository(image)?;
        self.names.iter().find(|(known, _)| known == repository).map(|(_, name)| name.as_str())
    }

    /// Returns the images of a cluster as the manifest has them.
    pub(super) fn of_cluster(&self, cluster: usize) -> Map<String, Value> {
        let used = self.used.iter().filter(|image| image.cluster == cluster);
        let named = used.filter_map(|image| self.names.iter().find(|(known, _)| *known == image.repository));
        named.map(|(repository, name)| (name.clone(), repository.clone().into())).collect()
    }

    /// Returns a value of `deploy.yml` with expressions of ecsail in place of genova's variable.
    pub(super) fn with_expressions(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.name_of(text) {
                Some(name) => expression(&format!("image.{name}")).into(),
                None => text.replace(TAG, &expression("tag")).into(),
            },
            Value::Array(items) => items.iter().map(|item| self.with_expressions(item)).collect(),
            Value::Object(members) => {
                let written = |(name, value): (&String, &Value)| (name.clone(), self.with_expressions(value));
                Value::Object(members.iter().map(written).collect())
            }
            other => other.clone(),
        }
    }
}

/// Returns the repository of an image whose tag is genova's.
pub(super) fn repository(image: &str) -> Option<&str> {
    let repository = image.strip_suffix(TAG)?.strip_suffix(':')?;
    (!repository.is_empty() && !repository.contains(['{', ' '])).then_some(repository)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn images_are_named_after_their_containers() {
        let one = json!({"container_definitions": [{"name": "my-app", "image": "r/a:{{tag}}"}, {"name": "nginx", "image": "nginx:1"}]});
        let other = json!({"container_definitions": [{"name": "my-app", "image": "r/b:{{tag}}"}]});
        let mut images = AppImages::default();
        images.add(0, &one);
        images.add(1, &other);
        images.name_all();
        assert_eq!(json!(images.of_cluster(0)), json!({"my_app": "r/a"}));
        assert_eq!(json!(images.of_cluster(1)), json!({"my_app": "r/b"}));
        images = AppImages::default();
        images.add(0, &one);
        images.add(0, &other);
        images.name_all();
        assert_eq!(json!(images.of_cluster(0)), json!({"my_app": "r/a", "b": "r/b"}));
        assert_eq!(
            images.with_expressions(&json!(["r/b:{{tag}}", "v-{{tag}}", "{{x}}"])),
            json!([expression("image.b"), format!("v-{}", expression("tag")), "{{x}}"])
        );
    }
}
