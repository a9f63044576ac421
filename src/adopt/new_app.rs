//! The files of a new app: one service on Fargate, which deploys in the sandbox at once. Pure.

use super::names::identifier;
use super::{AdoptedFile, SCHEMA_FOLDER};
use crate::image::ImageReference;
use crate::yaml_writer::scalar_text;

/// The longest name of a service (API reference, `CreateService`).
const LONGEST_NAME: usize = 255;
/// The region of an app whose image names none.
const DEFAULT_REGION: &str = "us-east-1";

/// What a new app is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewApp {
    /// The name of the app and of its service.
    pub name: String,
    /// The repository of its image; a tag is left out.
    pub image: String,
    /// The port on which the container listens; none for a worker.
    pub port: Option<u16>,
    pub cluster: String,
    /// None for the region of the image.
    pub region: Option<String>,
    /// The name of the manifest.
    pub manifest: String,
    /// Whether its service is one of Express Mode.
    pub express: bool,
}

/// Returns what is wrong with the name of a service; `None` if ECS takes it.
pub fn name_error(name: &str) -> Option<String> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_known) {
        return Some(format!("a name has up to {LONGEST_NAME} letters, digits, `-` and `_`"));
    }
    None
}

/// Returns a text as the name of a service.
pub fn as_name(text: &str) -> String {
    let is_known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = text.chars().map(|c| if is_known(c) { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() { "app".to_owned() } else { name }
}

impl NewApp {
    /// Returns the files, the manifest first.
    pub fn files(&self) -> Vec<AdoptedFile> {
        let manifest = AdoptedFile { path: self.manifest.clone(), text: self.manifest_text() };
        if self.express {
            return vec![manifest];
        }
        vec![
            manifest,
            AdoptedFile { path: format!("task/{}.yml", self.name), text: self.definition_text() },
            AdoptedFile { path: format!("service/{}.yml", self.name), text: self.service_text() },
        ]
    }

    /// Returns the region of the app: the given one, else that of its image, else a default.
    pub fn region_or_default(&self) -> String {
        let of_image =
            ImageReference::parse(&self.image).ecr_repository().map(|repository| repository.region);
        self.region.clone().or(of_image).unwrap_or_else(|| DEFAULT_REGION.to_owned())
    }

    /// Returns the name of the image in the manifest.
    fn image_name(&self) -> String {
        identifier(&self.name)
    }

    fn manifest_text(&self) -> String {
        let (name, cluster) = (scalar_text(&self.name), scalar_text(&self.cluster));
        let region = scalar_text(&self.region_or_default());
        let repository = scalar_text(&ImageReference::parse(&self.image).repository);
        format!(
            "# yaml-language-server: $schema={SCHEMA_FOLDER}/manifest.schema.json\n\
             # Try it without an account: ecsail --sandbox deploy --tag v2\n\
             ecsail: 1\napp: {name}\nregion: {region}\ncluster: {cluster}\n\n\
             images:\n  {image}: {repository}\n\n\
             services:\n  {name}:\n{service}",
            image = scalar_text(&self.image_name()),
            service = if self.express { self.express_text() } else { self.files_text() },
        )
    }

    /// Returns the files of the service, as the manifest names them.
    fn files_text(&self) -> String {
        let file = &self.name;
        format!("    task_definition: task/{file}.yml\n    service: service/{file}.yml\n")
    }

    /// Returns the service as Express Mode takes it.
    fn express_text(&self) -> String {
        let port = self.port.map(|port| format!("        containerPort: {port}\n"));
        format!(
            "    express:\n\
             \x20     # Replace the account in these roles by your own, before you deploy to AWS.\n\
             \x20     executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecutionRole\n\
             \x20     infrastructureRoleArn: arn:aws:iam::123456789012:role/ecsInfrastructureRoleForExpressServices\n\
             \x20     healthCheckPath: /\n\
             \x20     primaryContainer:\n\
             \x20       image: \"{{{{ image.{image} }}}}\"\n{port}\
             \x20       environment:\n\
             \x20         RELEASE: \"{{{{ tag }}}}\"\n\
             \x20     scalingTarget:\n\
             \x20       minTaskCount: 1\n\
             \x20       maxTaskCount: 4\n",
            image = self.image_name(),
            port = port.unwrap_or_default(),
        )
    }

    fn definition_text(&self) -> String {
        let name = scalar_text(&self.name);
        let port = self.port.map(|port| format!("    portMappings:\n      - containerPort: {port}\n"));
        format!(
            "# yaml-language-server: $schema=../{SCHEMA_FOLDER}/task-definition.schema.json\n\
             family: {name}\nnetworkMode: awsvpc\nrequiresCompatibilities: [FARGATE]\ncpu: \"256\"\nmemory: \"512\"\n\
             # The role that pulls the image and writes the logs.\n\
             executionRoleArn: ecsTaskExecutionRole\n\
             containerDefinitions:\n  - name: {name}\n    image: \"{{{{ image.{image} }}}}\"\n{port}    \
             # The tag that is deployed, for the app to report.\n    \
             environment:\n      RELEASE: \"{{{{ tag }}}}\"\n    \
             logConfiguration:\n      logDriver: awslogs\n      options:\n        \
             awslogs-group: {group}\n        awslogs-region: {region}\n        awslogs-stream-prefix: {name}\n",
            image = self.image_name(),
            port = port.unwrap_or_default(),
            group = scalar_text(&format!("/ecs/{}", self.name)),
            region = scalar_text(&self.region_or_default()),
        )
    }

    fn service_text(&self) -> String {
        format!(
            "# yaml-language-server: $schema=../{SCHEMA_FOLDER}/service.schema.json\n\
             # How many tasks the service begins with.\ndesiredCount: 2\nlaunchType: FARGATE\n\
             networkConfiguration:\n  awsvpcConfiguration:\n    \
             # Replace these by your own, before you deploy to AWS.\n    \
             subnets: [subnet-0123456789abcdef0]\n    securityGroups: [sg-0123456789abcdef0]\n    \
             assignPublicIp: ENABLED\n\
             deploymentConfiguration:\n  deploymentCircuitBreaker:\n    enable: true\n    rollback: true\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_what_ecs_takes() {
        assert_eq!([as_name("My App"), as_name("..."), as_name("api_2")], ["my-app", "app", "api_2"]);
        assert!(name_error("api").is_none() && name_error("").is_some() && name_error("a b").is_some());
    }

    #[test]
    fn the_region_is_that_of_the_image() {
        let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api:v1".to_owned();
        let app = NewApp { name: "api".to_owned(), image, ..NewApp::default() };
        let manifest = app.manifest_text();
        assert!(manifest.contains("region: eu-west-1\n"), "{manifest}");
        assert!(
            manifest.contains("api: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api\n"),
            "{manifest}"
        );
    }
}
