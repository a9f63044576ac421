//! The permissions of the commands of `secret`.

use super::row;
use crate::permissions::Need::{Always, Where};
use crate::permissions::{Permission, ResourceKind};

pub(super) const ROWS: &[Permission] = &[
    row(
        &["secret put", "secret from-kms"],
        &["ssm:DescribeParameters", "ssm:PutParameter"],
        Where("a parameter is written: `ssm:DescribeParameters` on `*`, `ssm:PutParameter` on it"),
    ),
    row(
        &["secret put", "secret from-kms"],
        &["ssm:GetParameter"],
        Where("the answer to the write of a parameter was lost: what is there is compared"),
    )
    .on(ResourceKind::Parameters),
    row(
        &["secret put", "secret from-kms"],
        &["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"],
        Where("a secret is written: on it, beside `secretsmanager:DescribeSecret`"),
    ),
    row(
        &["secret put", "secret from-kms"],
        &["kms:Encrypt", "kms:GenerateDataKey"],
        Where("the parameter or secret has a key of yours: on the key, beside `kms:Decrypt`"),
    )
    .on(ResourceKind::CiphertextKeys),
    row(&["secret from-kms", "secret decrypt"], &["kms:Decrypt"], Always).on(ResourceKind::CiphertextKeys),
    row(
        &["secret diff"],
        &["secretsmanager:DescribeSecret"],
        Where("the definitions refer to secrets: on these; without it their state is shown as unknown"),
    )
    .on(ResourceKind::DocumentSecrets),
    row(
        &["secret list"],
        &["ssm:DescribeParameters", "secretsmanager:ListSecrets"],
        Where("`--secretsmanager` or `--ssm` does not leave them out: on `*`"),
    ),
    row(
        &["secret diff"],
        &["ssm:DescribeParameters"],
        Where("the definitions refer to parameters: on `*`; without it their state is shown as unknown"),
    ),
    row(&["secret encrypt"], &["kms:Encrypt"], Always).on(ResourceKind::CiphertextKeys),
];
