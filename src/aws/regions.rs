//! The names of AWS's regions, to suggest one for a name that is not among them. Never refuses a name: AWS adds regions.

/// The regions that the SDK's partitions list (aws-sdk-ecs 1.157).
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];

/// Returns whether a region is among those that are known.
pub(super) fn is_known(region: &str) -> bool {
    REGIONS.contains(&region)
}

/// Returns whether a text can be the name of a region: a part of a host name.
pub(super) fn is_possible(region: &str) -> bool {
    let inner = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    inner && (1..=63).contains(&region.len()) && !region.starts_with('-') && !region.ends_with('-')
}

/// Returns the known region whose name is the nearest.
pub(super) fn nearest(region: &str) -> Option<&'static str> {
    let distance = |known: &&&str| strsim::damerau_levenshtein(known, region);
    let nearest = REGIONS.iter().min_by_key(distance)?;
    (strsim::damerau_levenshtein(nearest, region) <= 3).then_some(*nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_region_has_a_neighbour() {
        assert_eq!(nearest("eu-wst-1"), Some("eu-west-1"));
        assert_eq!(nearest("us-esat-1"), Some("us-east-1"));
        assert_eq!(nearest("frankfurt"), None);
    }

    #[test]
    fn a_region_is_a_part_of_a_host_name() {
        assert!(is_possible("xx-new-9"));
        for region in ["", "eu west 1", "EU-WEST-1", "eu-west-1/", "eu.west", "-a", &"a".repeat(64)] {
            assert!(!is_possible(region), "{region}");
        }
    }
}
