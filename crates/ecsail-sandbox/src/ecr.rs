//! Amazon ECR: repositories and the images in them. Owns their operations; keeps no layers.

use serde_json::{Map, Value, json};

use crate::ids::digest_of;
use crate::params::{list, need, overlay, page, set, text, texts};
use crate::state::{Env, Image, Realm, Repository, seconds};
use crate::wire::{ApiError, invalid_if};

pub(crate) const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Answers an ECR operation.
pub(crate) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "CreateRepository" => create(env, input),
        "DescribeRepositories" => describe(env, input),
        "PutImage" => put(env, input),
        "DescribeImages" => describe_images(env, input),
        "ListImages" => list_images(env, input),
        "BatchGetImage" => get(env, input),
        "BatchDeleteImage" => delete(env, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn create(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need(input, "repositoryName")?;
    if env.realm.repositories.contains_key(name) {
        let account = &env.realm.account;
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
    let repository = Repository { name: name.to_owned(), created: env.now, settings, images: Vec::new() };
    let out = json!({ "repository": repository_view(env, &repository) });
    env.realm.repositories.insert(name.to_owned(), repository);
    Ok(out)
}

fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let mut views = Vec::new();
    let asked = texts(input, "repositoryNames");
    if asked.is_empty() {
        views.extend(env.realm.repositories.values().map(|r| repository_view(env, r)));
    }
    for name in asked {
        views.push(repository_view(env, found(env, name)?));
    }
    page(input, "repositories", &views, 100)
}

fn repository_view(env: &Env<'_>, repository: &Repository) -> Value {
    let (account, region, name) = (&env.realm.account, &env.realm.region, &repository.name);
    let mut out = json!({
        "repositoryArn": format!("arn:aws:ecr:{region}:{account}:repository/{name}"),
        "registryId": account,
        "repositoryName": name,
        "repositoryUri": format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
        "createdAt": seconds(repository.created),
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": { "scanOnPush": false },
        "encryptionConfiguration": { "encryptionType": "AES256" },
    });
    overlay(&mut out, &repository.settings);
    out
}

/// Returns a repository that must exist.
fn found<'a>(env: &'a Env<'_>, name: &str) -> Result<&'a Repository, ApiError> {
    env.realm.repositories.get(name).ok_or_else(|| not_found(&env.realm.account, name))
}

fn found_mut<'a>(env: &'a mut Env<'_>, name: &str) -> Result<&'a mut Repository, ApiError> {
    let Realm { repositories, account, .. } = &mut *env.realm;
    repositories.get_mut(name).ok_or_else(|| not_found(account, name))
}

fn not_found(account: &str, name: &str) -> ApiError {
    let message =
        format!("The repository with name '{name}' does not exist in the registry with id '{account}'");
    ApiError::new("RepositoryNotFoundException", message)
}

/// Returns an `imageId` of this digest, and of this tag where there is one.
fn id_of(digest: &str, tag: Option<&str>) -> Value {
    let mut id = json!({ "imageDigest": digest });
    set(&mut id, "imageTag", tag);
    id
}

/// Returns the image that an `imageId` names.
fn image<'a>(repository: &'a Repository, id: &Value) -> Option<&'a Image> {
    let (digest, tag) = (text(id, "imageDigest"), text(id, "imageTag"));
    repository.images.iter().find(|image| {
        (digest.is_some() || tag.is_some())
            && digest.is_none_or(|digest| image.digest == digest)
            && tag.is_none_or(|tag| image.tags.iter().any(|t| t == tag))
    })
}

fn put(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need(input, "repositoryName")?;
    let manifest = need(input, "imageManifest")?.to_owned();
    let digest = text(input, "imageDigest").map_or_else(|| digest_of(&manifest), str::to_owned);
    let tag = text(input, "imageTag");
    let now = env.now;
    let account = env.realm.account.clone();
    let repository = found_mut(env, name)?;
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
    push(repository, &digest, tag, now, Some(&manifest), media_type);
    Ok(json!({ "image": {
        "registryId": account, "repositoryName": name, "imageId": id_of(&digest, tag),
        "imageManifest": manifest, "imageManifestMediaType": media_type,
    } }))
}

/// Puts an image into a repository, or moves the tag to it.
pub(crate) fn push(
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

fn describe_images(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need(input, "repositoryName")?;
    let repository = found(env, name)?;
    let asked = list(input, "imageIds");
    invalid_if(
        asked.len() > 100,
        "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have \
                 length less than or equal to 100'",
    )?;
    let mut details = Vec::new();
    for id in &asked {
        let image = image(repository, id).ok_or_else(|| image_not_found(env, name, id))?;
        let detail = detail(env, name, image);
        if !details.contains(&detail) {
            details.push(detail);
        }
    }
    if asked.is_empty() {
        let wanted = repository.images.iter().filter(|i| tag_status(input, i));
        details.extend(wanted.map(|i| detail(env, name, i)));
    }
    page(input, "imageDetails", &details, 100)
}

fn image_not_found(env: &Env<'_>, name: &str, id: &Value) -> ApiError {
    let part = |key: &str| text(id, key).unwrap_or("null").to_owned();
    ApiError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository \
             with name '{name}' in the registry with id '{}'",
            part("imageDigest"),
            part("imageTag"),
            env.realm.account
        ),
    )
}

fn tag_status(input: &Value, image: &Image) -> bool {
    match input["filter"]["tagStatus"].as_str() {
        Some("TAGGED") => !image.tags.is_empty(),
        Some("UNTAGGED") => image.tags.is_empty(),
        _ => true,
    }
}

fn detail(env: &Env<'_>, name: &str, image: &Image) -> Value {
    let mut out = json!({
        "registryId": env.realm.account,
        "repositoryName": name,
        "imageDigest": image.digest,
        "imageSizeInBytes": 41_943_040,
        "imagePushedAt": seconds(image.pushed),
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    });
    set(&mut out, "imageTags", Some(&image.tags).filter(|tags| !tags.is_empty()).cloned());
    if let Some(findings) = &image.findings {
        // A basic scan, made when the image was pushed.
        out["imageScanStatus"] =
            json!({ "status": "COMPLETE", "description": "The scan was completed successfully." });
        out["imageScanFindingsSummary"] = json!({
            "imageScanCompletedAt": seconds(image.pushed),
            "vulnerabilitySourceUpdatedAt": seconds(image.pushed),
            "findingSeverityCounts": findings,
        });
    }
    out
}

fn list_images(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let repository = found(env, need(input, "repositoryName")?)?;
    let mut ids = Vec::new();
    for image in repository.images.iter().filter(|i| tag_status(input, i)) {
        if image.tags.is_empty() {
            ids.push(id_of(&image.digest, None));
        }
        ids.extend(image.tags.iter().map(|tag| id_of(&image.digest, Some(tag))));
    }
    page(input, "imageIds", &ids, 100)
}

fn get(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need(input, "repositoryName")?;
    let repository = found(env, name)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in list(input, "imageIds") {
        let Some(image) = image(repository, &id) else {
            failures.push(failure(&id));
            continue;
        };
        let made_up = || json!({ "schemaVersion": 2, "mediaType": image.media_type }).to_string();
        images.push(json!({
            "registryId": env.realm.account,
            "repositoryName": name,
            "imageId": id_of(&image.digest, text(&id, "imageTag")),
            "imageManifest": image.manifest.clone().unwrap_or_else(made_up),
            "imageManifestMediaType": image.media_type,
        }));
    }
    Ok(json!({ "images": images, "failures": failures }))
}

fn failure(id: &Value) -> Value {
    if text(id, "imageTag").is_none() && text(id, "imageDigest").is_none() {
        return json!({ "imageId": id, "failureCode": "MissingDigestAndTag", "failureReason":
            "Invalid request parameters: both tag and digest cannot be null" });
    }
    json!({ "imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found" })
}

fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need(input, "repositoryName")?;
    let repository = found_mut(env, name)?;
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    for id in list(input, "imageIds") {
        let Some(digest) = image(repository, &id).map(|image| image.digest.clone()) else {
            failures.push(failure(&id));
            continue;
        };
        let tag = text(&id, "imageTag");
        for image in repository.images.iter_mut().filter(|i| i.digest == digest) {
            image.tags.retain(|t| tag.is_some_and(|tag| tag != t));
        }
        repository.images.retain(|i| i.digest != digest || !i.tags.is_empty());
        gone.push(id_of(&digest, tag));
    }
    Ok(json!({ "imageIds": gone, "failures": failures }))
}
