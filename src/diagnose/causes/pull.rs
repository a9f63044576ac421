//! The rows for images that cannot be pulled.

use super::{CauseRow, Retry, TaskEndKind, row};

const PULL: &str = "cannotpull";
/// Beside these, "not found" is not about the image.
const NOT_THE_IMAGE: &str = "connection issue between|i/o timeout|no such host|deadline exceeded|\
     request canceled|pull access denied|platform";

pub(super) const ROWS: &[CauseRow] = &[
    row(
        TaskEndKind::NotStarted,
        &["toomanyrequests|pull rate limit|429 too many requests"],
        (
            "the registry refuses more pulls for now",
            "log in to it with `repositoryCredentials`, or mirror the image to ECR",
        ),
        Retry::Yes,
    ),
    row(
        TaskEndKind::NotStarted,
        &["descriptor matching platform|no matching manifest for|no match for platform"],
        WRONG_PLATFORM,
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "connection issue between the task and|check your network configuration"],
        (
            UNREACHABLE,
            "give the subnet a NAT gateway or the ECR and S3 endpoints, or `assignPublicIp: ENABLED` in a \
             public subnet",
        ),
        Retry::Sometimes,
    ),
    row(
        TaskEndKind::NotStarted,
        &[
            PULL,
            "i/o timeout|request canceled|context canceled|deadline exceeded|connection refused|\
             connection reset|no route to host|handshake timeout",
        ],
        (UNREACHABLE, "check routes, DNS and security groups of the task's subnets"),
        Retry::Yes,
    ),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "no such host"],
        (
            "the registry's host name cannot be resolved",
            "correct the image's registry; check that the VPC resolves names",
        ),
        Retry::Sometimes,
    ),
    row(
        TaskEndKind::NotStarted,
        &["no space left on device|thin pool has"],
        ("the disk is full", "raise `ephemeralStorage.sizeInGiB`, or clean the instance's disk"),
        Retry::No,
    ),
    row(
        TaskEndKind::NotStarted,
        &["can't pull the image. check that the role"],
        (
            "the role may not pull the image, or the image does not exist",
            "allow the execution role (on EC2 the instance role) to pull from the repository; check the \
             image's name and tag",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "403 forbidden|accessdenied|not authorized to perform: ecr:"],
        (
            "the role may not pull the image",
            "allow the execution role to pull from the repository; check the image's name",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[
            PULL,
            "pull access denied|requested access to the resource is denied|unauthorized|authentication \
             required|no basic auth credentials",
        ],
        (
            "the registry denies access to the image: no valid credentials, or no such repository",
            "check the image's name; set `repositoryCredentials`, and allow the execution role to read their \
             secret",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "manifest unknown|not found|api error (404)|404 not found|repository does not exist"],
        ("the image is not in the registry", "push the image, or correct its tag"),
        Retry::No,
    )
    .unless(NOT_THE_IMAGE)
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "failed to unpack image|failed to extract layer|failed to register layer"],
        (
            "the image cannot be unpacked",
            "rebuild it without attestations or layer types that the host does not support",
        ),
        Retry::No,
    )
    .unless("no space left"),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "failed to resolve ref"],
        (
            "the image is not in the registry, or the registry cannot be reached",
            "push the image, or correct its tag; check the subnet's route to the registry",
        ),
        Retry::Sometimes,
    )
    .general(),
    row(
        TaskEndKind::NotStarted,
        &[PULL, "failed to copy|runtime error|api error (500)|error pulling image conf|failed to do request"],
        (
            UNREACHABLE,
            "check routes, DNS and security groups of the task's subnets, also to S3, where ECR keeps layers",
        ),
        Retry::Sometimes,
    )
    .general(),
    row(
        TaskEndKind::NotStarted,
        &["cannotpullimagemanifesterror"],
        (
            "the image's tag could not be resolved to a digest",
            "push the image, or correct its tag; check the login to the registry",
        ),
        Retry::No,
    )
    .general(),
    row(
        TaskEndKind::NotStarted,
        &[PULL],
        (
            "the image could not be pulled",
            "check its name and tag, the role's permissions, and the route to the registry",
        ),
        Retry::Sometimes,
    )
    .general(),
];

const UNREACHABLE: &str = "the task cannot reach the registry";
pub(super) const WRONG_PLATFORM: (&str, &str) = (
    "the image is for another CPU architecture than the task",
    "build the image for it, or set `runtimePlatform.cpuArchitecture`",
);
