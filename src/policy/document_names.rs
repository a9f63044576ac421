//! What the documents of a manifest name: families, roles, images and log groups.

use std::collections::BTreeSet;

use serde_json::Value;

use super::PolicyNames;
use super::names::{ANY, cluster_name};
use crate::image::{EcrRepository, ImageReference, images};
use crate::render::express::express_images;
use crate::render::{DefinitionSource, DesiredTaskSpec, ImageReplacements};

impl PolicyNames {
    /// Adds what a definition names. `owner` is the service, task or schedule of the definition, in words.
    pub(super) fn add_definition(&mut self, owner: &str, definition: &DefinitionSource) {
        match definition {
            DefinitionSource::Rendered(document) => self.add_task_definition(owner, document),
            DefinitionSource::Express(document) => self.add_express(document),
            DefinitionSource::RunningWithTags(replacements) => self.add_running(owner, Some(replacements)),
            DefinitionSource::RunningUnchanged | DefinitionSource::Registered(_) => {
                self.add_running(owner, None);
            }
        }
    }

    /// Adds what a task names, which a definition of its own does not.
    pub(super) fn add_task(&mut self, owner: &str, spec: &DesiredTaskSpec) {
        if let Some(definition) = &spec.definition {
            self.add_definition(owner, definition);
        }
        if let Some(cluster) = &spec.cluster {
            self.clusters.insert(cluster_name(cluster));
        }
        for member in spec.run_task_members.values() {
            self.add_roles_below(member);
        }
    }

    /// Adds what a service document names; `None` where the manifest has none, so that the service may have anything.
    pub(super) fn add_service_document(&mut self, document: Option<&Value>) {
        let Some(document) = document else {
            self.has_target_groups = true;
            return;
        };
        let has_items = |name: &str| document[name].as_array().is_some_and(|items| !items.is_empty());
        self.has_target_groups |= has_items("loadBalancers") || document["loadBalancers"].is_string();
        self.has_service_connect |= document.get("serviceConnectConfiguration").is_some();
        if let Some(role) = document["role"].as_str() {
            self.service_roles.insert(self.home.role_arn(role));
        }
        self.add_roles_below(document);
    }

    fn add_task_definition(&mut self, owner: &str, document: &Value) {
        let family = document["family"].as_str().map(str::to_owned);
        if family.is_none() {
            self.unknown.push(format!("the family of {owner}"));
        }
        self.families.insert(family.unwrap_or_else(|| ANY.to_owned()));
        for name in ["taskRoleArn", "executionRoleArn"] {
            match document.get(name) {
                Some(Value::String(role)) => {
                    self.task_roles.insert(self.home.role_arn(role));
                }
                // A look-up without an answer.
                Some(_) => self.add_any_role(&format!("`{name}` of {owner}")),
                None => {}
            }
        }
        for image in images(document) {
            self.add_image(&image);
        }
        self.add_values_below(document);
        for container in document["containerDefinitions"].as_array().into_iter().flatten() {
            self.add_log_group(owner, &container["logConfiguration"]);
        }
    }

    /// Adds the secrets, parameters and objects that a document refers to, wherever it does.
    fn add_values_below(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.add_values_below(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if name == "valueFrom" => self.add_secret_value(text),
                        Value::String(text) if name == "credentialsParameter" => self.add_secret(text),
                        Value::String(text) if text.contains(":s3:::") => {
                            self.document_objects.insert(text.clone());
                        }
                        value => self.add_values_below(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds what a `valueFrom` names: a secret, with or without a key of it, or a parameter.
    fn add_secret_value(&mut self, text: &str) {
        let parts: Vec<&str> = text.split(':').collect();
        if !matches!(parts.as_slice(), ["arn", _, "secretsmanager", ..]) {
            self.document_parameters.insert(self.parameter_arn(text));
            return;
        }
        self.add_secret(&parts.iter().take(7).copied().collect::<Vec<_>>().join(":"));
    }

    /// Adds a secret by its name or its ARN.
    fn add_secret(&mut self, given: &str) {
        let secret = if given.starts_with("arn:") {
            given.to_owned()
        } else {
            self.home.arn("secretsmanager", &format!("secret:{given}"))
        };
        let has_suffix =
            given.starts_with("arn:") && secret.rsplit_once('-').is_some_and(|(_, suffix)| suffix.len() == 6);
        // AWS adds a hyphen and six characters to the name, and checks the whole ARN.
        self.document_secrets.insert(if has_suffix { secret } else { format!("{secret}-??????") });
    }

    fn add_log_group(&mut self, owner: &str, configuration: &Value) {
        if configuration["logDriver"] != "awslogs" {
            return;
        }
        let options = &configuration["options"];
        let region = options["awslogs-region"].as_str().unwrap_or(&self.home.region);
        let home = super::Home { region: region.to_owned(), ..self.home.clone() };
        let group = options["awslogs-group"].as_str();
        if group.is_none() {
            self.unknown.push(format!("a log group of {owner}"));
        }
        // The streams of a group are below it.
        let below = group.map_or_else(|| "log-group:*".to_owned(), |group| format!("log-group:{group}:*"));
        self.log_groups.insert(home.arn("logs", &below));
    }

    fn add_express(&mut self, document: &Value) {
        self.has_target_groups = true;
        for name in ["executionRoleArn", "taskRoleArn"] {
            if let Some(role) = document[name].as_str() {
                self.task_roles.insert(self.home.role_arn(role));
            }
        }
        if let Some(role) = document["infrastructureRoleArn"].as_str() {
            self.service_roles.insert(self.home.role_arn(role));
        }
        self.add_values_below(document);
        for image in express_images(document) {
            self.add_image(&image);
        }
        // ECS chooses the log group where the document names none.
        let group = document["primaryContainer"]["awsLogsConfiguration"]["logGroup"].as_str();
        let below = group.map_or_else(|| "log-group:*".to_owned(), |group| format!("log-group:{group}:*"));
        self.log_groups.insert(self.home.arn("logs", &below));
    }

    /// Adds what a definition may name that only ECS has.
    fn add_running(&mut self, owner: &str, replacements: Option<&ImageReplacements>) {
        self.unknown.push(format!("the definition of {owner}"));
        self.families.insert(ANY.to_owned());
        self.task_roles.insert(self.home.role_arn(ANY));
        self.log_groups.insert(self.home.arn("logs", "log-group:*"));
        let known: BTreeSet<&ImageReference> = replacements
            .into_iter()
            .flat_map(|replacements| replacements.definition_images.iter().chain(&replacements.untagged))
            .collect();
        if known.is_empty() {
            self.repositories.insert(self.home.arn("ecr", "repository/*"));
        }
        for image in known {
            self.add_image(image);
        }
    }

    fn add_image(&mut self, image: &ImageReference) {
        if let Some(EcrRepository { account, region, name }) = image.ecr_repository() {
            let home = super::Home { region, account };
            self.repositories.insert(home.arn("ecr", &format!("repository/{name}")));
        }
    }

    fn add_any_role(&mut self, what: &str) {
        self.unknown.push(what.to_owned());
        self.task_roles.insert(self.home.role_arn(ANY));
    }

    /// Adds the roles that ECS uses itself: all members named `roleArn`.
    fn add_roles_below(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(role) = members.get("roleArn").and_then(Value::as_str) {
                    self.service_roles.insert(self.home.role_arn(role));
                }
                members.values().for_each(|member| self.add_roles_below(member));
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_roles_below(item)),
            _ => {}
        }
    }
}
