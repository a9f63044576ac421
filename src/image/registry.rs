//! Recognizes the registries of private ECR by their host names. Knows no repository, and calls nothing.
//!
//! The spellings are those of "Amazon ECR endpoints and quotas" (AWS General Reference), of "Making requests to Amazon ECR
//! registries" (ECR user guide) and of the patterns in the container agent of ECS (`ecs-agent/utils/uri`, which also lists
//! the isolated regions); the DNS suffixes of the partitions are those of botocore's `partitions.json` (1.44).

use crate::document::arn::{is_account, is_region};

/// The DNS suffixes of registries that are reached over IPv4: `ACCOUNT.dkr.ecr.REGION.SUFFIX`.
const SUFFIXES: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];
/// The DNS suffixes of registries that are reached over IPv4 and IPv6: `ACCOUNT.dkr-ecr.REGION.SUFFIX`.
const DUAL_STACK_SUFFIXES: &[&str] = &[
    "on.aws",
    "on.amazonwebservices.com.cn",
    "on.amazonwebservices.eu",
    // As the container agent has it, beside the spelling above.
    "amazonwebservices.eu",
    "on.aws.ic.gov",
    "on.aws.scloud",
    "on.cloud-aws.adc-e.uk",
    "on.aws.hci.ic.gov",
];

/// The account and the region in the host name of a registry of ECR. They may not have their form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EcrHost {
    pub(super) account: String,
    pub(super) region: String,
}

impl EcrHost {
    /// Returns the parts of a host name, with or without a port, that is spelled like a registry of ECR.
    pub(super) fn parse(host: &str) -> Option<EcrHost> {
        let host = host.split(':').next().unwrap_or_default();
        let labels: Vec<&str> = host.split('.').collect();
        let (account, region, suffix, suffixes) = match &labels[..] {
            [account, dkr, ecr, region, suffix @ ..] if is_one_of(&[dkr, ecr], IPV4_NAMES) => {
                (account, region, suffix, SUFFIXES)
            }
            [account, name, region, suffix @ ..] if is_one_of(&[name], DUAL_STACK_NAMES) => {
                (account, region, suffix, DUAL_STACK_SUFFIXES)
            }
            _ => return None,
        };
        let suffix = suffix.join(".");
        let is_known = suffixes.iter().any(|known| known.eq_ignore_ascii_case(&suffix));
        is_known.then(|| EcrHost { account: (*account).to_owned(), region: (*region).to_owned() })
    }

    /// Returns whether the account is one, and the region too.
    pub(super) fn is_valid(&self) -> bool {
        is_account(&self.account) && is_region(&self.region.to_ascii_lowercase())
    }
}

const IPV4_NAMES: &[&str] = &["dkr.ecr", "dkr.ecr-fips"];
const DUAL_STACK_NAMES: &[&str] = &["dkr-ecr", "dkr-ecr-fips"];

fn is_one_of(labels: &[&str], names: &[&str]) -> bool {
    let name = labels.join(".");
    names.iter().any(|known| known.eq_ignore_ascii_case(&name))
}
