//! Amazon ECR: repositories and images, without layers.

use serde_json::{Map, Value, json};

use super::pull_through;
use crate::api::{ApiError, invalid_if};
use crate::ids::digest_of;
use crate::model::{Image, Repository};
use crate::params::{list, merge_members, page, required_text, set_some, text, texts};
use crate::state::{CallContext, Resources};
use crate::time::epoch_seconds;

/// The media type of an index (OCI image specification).
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// The platforms on which ECS runs tasks.
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64", "windows/amd64"];
pub(crate) const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "CreateRepository" => create(context, input),
        "DescribeRepositories" => describe(context, input),
        "PutImage" => put(context, input),
        "DescribeImages" => describe_images(context, input),
        "ListImages" => list_images(context, input),
        "BatchGetImage" => get(context, input),
        "GetDownloadUrlForLayer" => layer_address(context, input),
        "BatchDeleteImage" => delete(context, input),
        "CreatePullThroughCacheRule" => pull_through::create(context, input),
        "DescribePullThroughCacheRules" => pull_through::describe(context, input),
        "DeletePullThroughCacheRule" => pull_through::delete(context, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_text(input, "repositoryName")?;
    if context.resources.repositories.contains_key(name) {
        let account = &context.resources.account;
        return Err(ApiError::new(
            "RepositoryAlreadyExistsException",
            format!("The repository with name '{name}' already exists in the registry with id '{account}'"),
        ));
    }
    let mut settings = Map::new();
    for key in ["imageTagMutability", "imageScanningConfiguration", "encryptionConfiguration"] {
        if !input[key].is_null() {
            settings.insert(key.to_owned(), input[key].clone());
        }
    }
    let repository = Repository { name: name.to_owned(), created: context.now, settings, images: Vec::new() };
    let out = json!({ "repository": repository_view(context, &repository) });
    context.resources.repositories.insert(name.to_owned(), repository);
    Ok(out)
}

fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let mut views = Vec::new();
    let asked = texts(input, "repositoryNames");
    if asked.is_empty() {
        views.extend(context.resources.repositories.values().map(|r| repository_view(context, r)));
    }
    for name in asked {
        views.push(repository_view(context, find_repository(context, name)?));
    }
    page(input, "repositories", &views, 100)
}

fn repository_view(context: &CallContext<'_>, repository: &Repository) -> Value {
    let account = &context.resources.account;
    let region = &context.resources.region;
    let name = &repository.name;
    let mut out = json!({
        "repositoryArn": format!("arn:aws:ecr:{region}:{account}:repository/{name}"),
        "registryId": account,
        "repositoryName": name,
        "repositoryUri": format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
        "createdAt": epoch_seconds(repository.created),
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": { "scanOnPush": false },
        "encryptionConfiguration": { "encryptionType": "AES256" },
    });
    merge_members(&mut out, &repository.settings);
    out
}

/// Returns a repository that must exist.
fn find_repository<'a>(context: &'a CallContext<'_>, name: &str) -> Result<&'a Repository, ApiError> {
    context.resources.repositories.get(name).ok_or_else(|| not_found(&context.resources.account, name))
}

fn find_repository_mut<'a>(
    context: &'a mut CallContext<'_>,
    name: &str,
) -> Result<&'a mut Repository, ApiError> {
    let Resources { repositories, account, .. } = &mut *context.resources;
    repositories.get_mut(name).ok_or_else(|| not_found(account, name))
}

fn not_found(account: &str, name: &str) -> ApiError {
    let message =
        format!("The repository with name '{name}' does not exist in the registry with id '{account}'");
    ApiError::new("RepositoryNotFoundException", message)
}

/// Returns an `imageId`.
fn image_id(digest: &str, tag: Option<&str>) -> Value {
    let mut id = json!({ "imageDigest": digest });
    set_some(&mut id, "imageTag", tag);
    id
}

/// Returns the image that an `imageId` names.
fn find_image<'a>(repository: &'a Repository, id: &Value) -> Option<&'a Image> {
    let digest = text(id, "imageDigest");
    let tag = text(id, "imageTag");
    repository.images.iter().find(|image| {
        (digest.is_some() || tag.is_some())
            && digest.is_none_or(|digest| image.digest == digest)
            && tag.is_none_or(|tag| image.tags.iter().any(|t| t == tag))
    })
}

fn put(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_text(input, "repositoryName")?;
    let manifest = required_text(input, "imageManifest")?.to_owned();
    let digest = text(input, "imageDigest").map_or_else(|| digest_of(&manifest), str::to_owned);
    let tag = text(input, "imageTag");
    let now = context.now;
    let account = context.resources.account.clone();
    let repository = find_repository_mut(context, name)?;
    let immutable = repository.settings.get("imageTagMutability").is_some_and(|m| m == "IMMUTABLE");
    let taken = tag.and_then(|tag| repository.images.iter().find(|i| i.tags.iter().any(|t| t == tag)));
    if let (Some(old), Some(tag)) = (taken, tag) {
        if old.digest == digest {
            return Err(ApiError::new(
                "ImageAlreadyExistsException",
                format!(
                    "Image with digest '{digest}' and tag '{tag}' already exists in the \
                         repository with name '{name}' in registry with id '{account}'"
                ),
            ));
        }
        if immutable {
            return Err(ApiError::new(
                "ImageTagAlreadyExistsException",
                format!(
                    "The image tag '{tag}' already exists in the '{name}' repository and cannot \
                         be overwritten because the tag is immutable."
                ),
            ));
        }
    }
    let media_type = text(input, "imageManifestMediaType").unwrap_or(MEDIA_TYPE);
    push_image(repository, &digest, tag, now, Some(&manifest), media_type);
    Ok(json!({ "image": {
        "registryId": account, "repositoryName": name, "imageId": image_id(&digest, tag),
        "imageManifest": manifest, "imageManifestMediaType": media_type,
    } }))
}

/// Adds an image to a repository, or moves the tag to it.
pub(crate) fn push_image(
    repository: &mut Repository,
    digest: &str,
    tag: Option<&str>,
    pushed: i64,
    manifest: Option<&str>,
    media_type: &str,
) {
    if let Some(tag) = tag {
        repository.images.iter_mut().for_each(|image| image.tags.retain(|t| t != tag));
    }
    let tags: Vec<String> = tag.map(str::to_owned).into_iter().collect();
    match repository.images.iter_mut().find(|image| image.digest == digest) {
        Some(image) => image.tags.extend(tags),
        None => repository.images.push(Image {
            digest: digest.to_owned(),
            tags,
            pushed,
            manifest: manifest.map(str::to_owned),
            media_type: media_type.to_owned(),
            findings: None,
        }),
    }
}

fn describe_images(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_text(input, "repositoryName")?;
    let repository = find_repository(context, name)?;
    let asked = list(input, "imageIds");
    invalid_if(
        asked.len() > 100,
        "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have \
                 length less than or equal to 100'",
    )?;
    let mut details = Vec::new();
    for id in &asked {
        let image = find_image(repository, id).ok_or_else(|| image_not_found(context, name, id))?;
        let detail = image_detail(context, name, image);
        if !details.contains(&detail) {
            details.push(detail);
        }
    }
    if asked.is_empty() {
        let wanted = repository.images.iter().filter(|i| has_requested_tag_status(input, i));
        details.extend(wanted.map(|i| image_detail(context, name, i)));
    }
    page(input, "imageDetails", &details, 100)
}

fn image_not_found(context: &CallContext<'_>, name: &str, id: &Value) -> ApiError {
    let part = |key: &str| text(id, key).unwrap_or("null").to_owned();
    ApiError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository \
             with name '{name}' in the registry with id '{}'",
            part("imageDigest"),
            part("imageTag"),
            context.resources.account
        ),
    )
}

fn has_requested_tag_status(input: &Value, image: &Image) -> bool {
    match input["filter"]["tagStatus"].as_str() {
        Some("TAGGED") => !image.tags.is_empty(),
        Some("UNTAGGED") => image.tags.is_empty(),
        _ => true,
    }
}

fn image_detail(context: &CallContext<'_>, name: &str, image: &Image) -> Value {
    let mut out = json!({
        "registryId": context.resources.account,
        "repositoryName": name,
        "imageDigest": image.digest,
        "imageSizeInBytes": 41_943_040,
        "imagePushedAt": epoch_seconds(image.pushed),
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    });
    set_some(&mut out, "imageTags", Some(&image.tags).filter(|tags| !tags.is_empty()).cloned());
    if let Some(findings) = &image.findings {
        // The result of a basic scan on push.
        out["imageScanStatus"] =
            json!({ "status": "COMPLETE", "description": "The scan was completed successfully." });
        out["imageScanFindingsSummary"] = json!({
            "imageScanCompletedAt": epoch_seconds(image.pushed),
            "vulnerabilitySourceUpdatedAt": epoch_seconds(image.pushed),
            "findingSeverityCounts": findings,
        });
    }
    out
}

fn list_images(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let repository = find_repository(context, required_text(input, "repositoryName")?)?;
    let mut ids = Vec::new();
    for image in repository.images.iter().filter(|i| has_requested_tag_status(input, i)) {
        if image.tags.is_empty() {
            ids.push(image_id(&image.digest, None));
        }
        ids.extend(image.tags.iter().map(|tag| image_id(&image.digest, Some(tag))));
    }
    page(input, "imageIds", &ids, 100)
}

fn get(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_text(input, "repositoryName")?;
    let repository = find_repository(context, name)?;
    let mut images = Vec::new();
    let mut failures = Vec::new();
    for id in list(input, "imageIds") {
        let Some(image) = find_image(repository, &id) else {
            failures.push(failure(&id));
            continue;
        };
        let manifest = image.manifest.clone().map(|manifest| (manifest, image.media_type.clone()));
        let (manifest, media_type) = manifest.unwrap_or_else(|| made_up_manifest(context, name, image));
        images.push(json!({
            "registryId": context.resources.account,
            "repositoryName": name,
            "imageId": image_id(&image.digest, text(&id, "imageTag")),
            "imageManifest": manifest,
            "imageManifestMediaType": media_type,
        }));
    }
    Ok(json!({ "images": images, "failures": failures }))
}

/// Returns the manifest of an image that was not pushed, and its media type: the manifest of its platform, or an index of several.
fn made_up_manifest(context: &CallContext<'_>, name: &str, image: &Image) -> (String, String) {
    let platforms = platforms_of(context.resources, name, image);
    if let [platform] = platforms.as_slice() {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MEDIA_TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest(platform), "size": 100,
            },
            "layers": [],
        });
        return (manifest.to_string(), MEDIA_TYPE.to_owned());
    }
    let manifest = |platform: &String| {
        let (os, architecture) = platform.split_once('/').unwrap_or((platform, "amd64"));
        json!({
            "mediaType": MEDIA_TYPE, "digest": digest_of(&format!("{}{platform}", image.digest)), "size": 500,
            "platform": { "os": os, "architecture": architecture },
        })
    };
    let manifests: Vec<Value> = platforms.iter().map(manifest).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests });
    (index.to_string(), INDEX_TYPE.to_owned())
}

/// Returns the platforms of an image: those that were declared for one of its tags, else all that ECS runs.
fn platforms_of(resources: &Resources, name: &str, image: &Image) -> Vec<String> {
    let declared = |tag: &String| resources.inventory.get("images", &format!("{name}:{tag}"))?.as_array();
    let texts = |list: &Vec<Value>| list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let all = || PLATFORMS.iter().map(|platform| (*platform).to_owned()).collect();
    image.tags.iter().find_map(declared).map_or_else(all, texts)
}

fn config_digest(platform: &str) -> String {
    digest_of(&format!("config of {platform}"))
}

/// Returns the path at which the server has the config of an image; the server puts its own address before it.
fn layer_address(context: &CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_text(input, "repositoryName")?;
    let repository = find_repository(context, name)?;
    let digest = required_text(input, "layerDigest")?;
    let mut platforms =
        repository.images.iter().flat_map(|image| platforms_of(context.resources, name, image));
    let Some(platform) = platforms.find(|platform| config_digest(platform) == digest) else {
        let message = format!(
            "The layer with digest '{digest}' does not exist within the repository with name '{name}' in the registry with \
             id '{}'",
            context.resources.account
        );
        return Err(ApiError::new("LayersNotFoundException", message));
    };
    Ok(json!({ "downloadUrl": format!("/_layers/{platform}"), "layerDigest": digest }))
}

fn failure(id: &Value) -> Value {
    if text(id, "imageTag").is_none() && text(id, "imageDigest").is_none() {
        return json!({ "imageId": id, "failureCode": "MissingDigestAndTag", "failureReason":
            "Invalid request parameters: both tag and digest cannot be null" });
    }
    json!({ "imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found" })
}

fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_text(input, "repositoryName")?;
    let repository = find_repository_mut(context, name)?;
    let mut gone = Vec::new();
    let mut failures = Vec::new();
    for id in list(input, "imageIds") {
        let Some(digest) = find_image(repository, &id).map(|image| image.digest.clone()) else {
            failures.push(failure(&id));
            continue;
        };
        let tag = text(&id, "imageTag");
        for image in repository.images.iter_mut().filter(|i| i.digest == digest) {
            image.tags.retain(|t| tag.is_some_and(|tag| tag != t));
        }
        repository.images.retain(|i| i.digest != digest || !i.tags.is_empty());
        gone.push(image_id(&digest, tag));
    }
    Ok(json!({ "imageIds": gone, "failures": failures }))
}
