//! The pull-through cache of ECR: its rules, and what a pull of an image does to the repositories.
//!
//! A repository or tag that is not cached yet does not exist for `DescribeImages`; the first pull by tag adds it. A pull
//! by digest adds nothing (aws/containers-roadmap 2837).

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::arn::last_segment;
use crate::ids::digest_of;
use crate::model::{PullThroughRule, Repository};
use crate::params::{page, required_text, texts};
use crate::services::ecr::{MEDIA_TYPE, push_image};
use crate::state::{CallContext, Resources};
use crate::time::{Millis, epoch_seconds};

/// The prefix that stands for all repositories without another rule.
const ROOT: &str = "ROOT";

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = required_text(input, "ecrRepositoryPrefix")?.trim_end_matches('/').to_owned();
    let upstream_url = required_text(input, "upstreamRegistryUrl")?.to_owned();
    if context.resources.pull_through_rules.contains_key(&prefix) {
        let account = &context.resources.account;
        return Err(ApiError::new(
            "PullThroughCacheRuleAlreadyExistsException",
            format!(
                "The pull through cache rule with the prefix '{prefix}' already exists in the registry with id '{account}'"
            ),
        ));
    }
    let rule = PullThroughRule { prefix: prefix.clone(), upstream_url, created: context.now };
    let view = rule_view(context.resources, &rule);
    context.resources.pull_through_rules.insert(prefix, rule);
    Ok(view)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let rules = &context.resources.pull_through_rules;
    let asked = texts(input, "ecrRepositoryPrefixes");
    let mut views = Vec::new();
    for prefix in &asked {
        let rule = rules.get(prefix.trim_end_matches('/')).ok_or_else(|| not_found(context, prefix))?;
        views.push(rule_view(context.resources, rule));
    }
    if asked.is_empty() {
        views.extend(rules.values().map(|rule| rule_view(context.resources, rule)));
    }
    page(input, "pullThroughCacheRules", &views, 100)
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let prefix = required_text(input, "ecrRepositoryPrefix")?;
    let known = context.resources.pull_through_rules.remove(prefix.trim_end_matches('/'));
    let rule = known.ok_or_else(|| not_found(context, prefix))?;
    let mut view = rule_view(context.resources, &rule);
    if let Some(members) = view.as_object_mut() {
        members.retain(|name, _| !["upstreamRegistry", "updatedAt"].contains(&name.as_str()));
    }
    Ok(view)
}

fn not_found(context: &CallContext<'_>, prefix: &str) -> ApiError {
    let account = &context.resources.account;
    ApiError::new(
        "PullThroughCacheRuleNotFoundException",
        format!(
            "Pull through cache rule with prefix '{prefix}' does not exist in the registry with id '{account}'"
        ),
    )
}

fn rule_view(resources: &Resources, rule: &PullThroughRule) -> Value {
    let upstream = match rule.upstream_url.as_str() {
        "public.ecr.aws" => "ecr-public",
        "registry-1.docker.io" => "docker-hub",
        "quay.io" => "quay",
        "registry.k8s.io" => "k8s",
        "ghcr.io" => "github-container-registry",
        "registry.gitlab.com" => "gitlab-container-registry",
        "cgr.dev" => "chainguard",
        url if url.ends_with(".azurecr.io") => "azure-container-registry",
        _ => "ecr",
    };
    json!({
        "ecrRepositoryPrefix": rule.prefix,
        "upstreamRegistryUrl": rule.upstream_url,
        "upstreamRegistry": upstream,
        "upstreamRepositoryPrefix": ROOT,
        "registryId": resources.account,
        "createdAt": epoch_seconds(rule.created),
    })
}

/// What an image names in a repository of the registry.
struct OwnImage<'a> {
    repository: &'a str,
    /// A digest decides, whatever the tag.
    digest: Option<&'a str>,
    tag: &'a str,
}

impl Resources {
    /// Returns the digest of an image; none if its repository has no such image, and no rule fetches it. For a repository
    /// that does not exist, and for other registries, it is made from the name.
    pub(crate) fn image_digest(&self, image: &str) -> Option<String> {
        let (written, digest) =
            image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
        let made_up = || digest.map_or_else(|| digest_of(written), str::to_owned);
        let Some(own) = self.own_image(image) else { return Some(made_up()) };
        match (self.find_own(&own), self.rule_for(own.repository)) {
            (Some(known), _) => Some(known),
            (None, Some(_)) if digest.is_some() => None,
            (None, Some(_)) => Some(made_up()),
            (None, None) if self.repositories.contains_key(own.repository) => None,
            (None, None) => Some(made_up()),
        }
    }

    /// Adds the image to its repository if a rule fetches it, as its first pull does.
    pub(crate) fn cache_image(&mut self, image: &str, now: Millis) {
        let Some(digest) = self.image_digest(image) else { return };
        let Some(own) = self.own_image(image) else { return };
        if self.rule_for(own.repository).is_none() || self.find_own(&own).is_some() {
            return;
        }
        let (name, tag) = (own.repository.to_owned(), own.tag.to_owned());
        let repository = self.repositories.entry(name.clone()).or_insert_with(|| Repository {
            name,
            created: now,
            settings: serde_json::Map::new(),
            images: Vec::new(),
        });
        push_image(repository, &digest, Some(&tag), now, None, MEDIA_TYPE);
    }

    /// Returns the rule that a repository belongs to: the one with the longest prefix.
    fn rule_for(&self, repository: &str) -> Option<&PullThroughRule> {
        let is_below = |rule: &&PullThroughRule| {
            repository.strip_prefix(&rule.prefix).is_some_and(|rest| rest.starts_with('/'))
        };
        let below = self.pull_through_rules.values().filter(is_below).max_by_key(|rule| rule.prefix.len());
        below.or_else(|| self.pull_through_rules.get(ROOT))
    }

    /// Returns the parts of an image in the registry of this account and region.
    fn own_image<'a>(&self, image: &'a str) -> Option<OwnImage<'a>> {
        let (host, path) = image.split_once('/')?;
        let (account, region) = (&self.account, &self.region);
        let hosts = [
            format!("{account}.dkr.ecr.{region}.amazonaws.com"),
            format!("{account}.dkr.ecr-fips.{region}.amazonaws.com"),
            format!("{account}.dkr-ecr.{region}.on.aws"),
            format!("{account}.dkr-ecr-fips.{region}.on.aws"),
        ];
        if !hosts.iter().any(|known| known == host) {
            return None;
        }
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
        let tag = last_segment(path).split_once(':').map_or("latest", |(_, tag)| tag);
        Some(OwnImage { repository: path.split(':').next().unwrap_or(path), digest, tag })
    }

    /// Returns the digest of an image that its repository has.
    fn find_own(&self, own: &OwnImage<'_>) -> Option<String> {
        let repository = self.repositories.get(own.repository)?;
        let found = repository.images.iter().find(|image| match own.digest {
            Some(digest) => image.digest == digest,
            None => image.tags.iter().any(|tag| tag == own.tag),
        });
        found.map(|image| image.digest.clone())
    }
}
