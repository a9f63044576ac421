//! The permissions of the role, the identity of the caller, look-ups, locks and approvals.

use super::{LOCKED, row};
use crate::permissions::Need::{Always, Optional, Where};
use crate::permissions::{ALL, Feature, LOOKUPS, Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(ALL, &["sts:AssumeRole"], Where("the manifest or stage has `role:`, or the profile assumes a role")),
    row(
        ALL,
        &["sts:GetCallerIdentity"],
        Optional(
            "AWS allows it by default. Where a policy denies it, `ecsail:deployed-by` is missing, a manifest with `account:` is refused, schedules are not deployed, and a protected stage is neither approved nor changed",
        ),
    ),
    row(
        &["check", "render"],
        &["sts:AssumeRole"],
        Where("something is looked up (`check` with `--lookups`), and the manifest or stage has `role:`"),
    ),
    row(
        &["check", "render"],
        &["sts:GetCallerIdentity"],
        Where("a template has `aws.account`; AWS allows it by default"),
    ),
    row(
        LOOKUPS,
        &[
            "ssm:GetParameters",
            "kms:Decrypt",
            "secretsmanager:DescribeSecret",
            "cloudformation:DescribeStacks",
            "cloudformation:ListExports",
            "s3:GetObject",
        ],
        Where(
            "templates look up parameters (`SecureString` ones need the key), secrets, outputs, exports, or a Terraform state in S3: on what they name. Commands that render nothing look up only what names the cluster, the services and the lock",
        ),
    ),
    row(
        &["check", "render", "verify", "plan", "deploy", "run", "schedule diff", "secret diff"],
        &["kms:Decrypt"],
        Where("the manifest has `kms_environment: decrypt`: on the keys of the ciphertexts"),
    )
    .on(ResourceKind::CiphertextKeys)
    .only_with(Feature::Ciphertexts),
    row(LOCKED, &["dynamodb:PutItem"], Where("the stage has `lock:`: on its table")),
    row(
        &["scale", "schedule enable", "schedule disable", "schedule prune"],
        &["ecs:ListTasks", "ecs:DescribeTasks"],
        Where("the lock of a command that is gone is taken over: what it began must have ended"),
    ),
    row(
        &["deploy"],
        &["ssm:GetParameter"],
        Where("`notify:` names a parameter; without the permission a note says who was not told"),
    ),
    row(
        &["deploy", "rollback", "scale", "delete", "prune", "secret put", "secret from-kms"],
        &["dynamodb:Scan"],
        Where(
            "the stage is protected and has `lock:`, and approvals are missing: those in its table are read",
        ),
    )
    .only_with(Feature::Protection),
    row(&["approve"], &["dynamodb:PutItem"], Where("`--record` is given: on the table of the lock")),
    row(&["lock init"], &["dynamodb:DescribeTable"], Always),
    row(&["lock init"], &["dynamodb:CreateTable"], Where("there is no such table")),
    row(&["lock status", "lock hold", "lock release"], &["dynamodb:GetItem"], Always),
    row(&["lock hold"], &["dynamodb:PutItem"], Always),
    row(&["lock release"], &["dynamodb:PutItem"], Where("the lock is held")),
];
