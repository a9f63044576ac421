//! Tests of image references.

use super::*;

#[test]
fn references_are_parsed_and_formatted() {
    for (text, repository, tag, digest) in [
        ("nginx", "nginx", None, None),
        ("nginx:1.27", "nginx", Some("1.27"), None),
        ("localhost:5000/a/b", "localhost:5000/a/b", None, None),
        ("localhost:5000/a/b:c", "localhost:5000/a/b", Some("c"), None),
        ("a/b@sha256:00", "a/b", None, Some("sha256:00")),
        ("a/b:1@sha256:00", "a/b", Some("1"), Some("sha256:00")),
    ] {
        let reference = ImageReference::parse(text);
        assert_eq!(reference.repository, repository, "{text}");
        assert_eq!((reference.tag.as_deref(), reference.digest.as_deref()), (tag, digest), "{text}");
        assert_eq!(reference.to_string(), text);
    }
}

const REGISTRY_HOSTS: &[(&str, &str)] = &[
    ("dkr.ecr.ap-northeast-1.amazonaws.com", "ap-northeast-1"),
    ("dkr.ecr-fips.us-east-1.amazonaws.com", "us-east-1"),
    ("dkr.ecr.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
    ("dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ("dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
    ("dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    ("dkr.ecr-fips.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    ("dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
    ("dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
    ("dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
    ("dkr-ecr.us-east-2.on.aws", "us-east-2"),
    ("dkr-ecr-fips.us-east-2.on.aws", "us-east-2"),
    ("dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", "cn-northwest-1"),
    ("dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu", "eusc-de-east-1"),
    ("dkr-ecr.eusc-de-east-1.amazonwebservices.eu", "eusc-de-east-1"),
    ("dkr-ecr.us-iso-west-1.on.aws.ic.gov", "us-iso-west-1"),
    ("dkr-ecr.us-isob-east-1.on.aws.scloud", "us-isob-east-1"),
    ("dkr-ecr.eu-isoe-west-1.on.cloud-aws.adc-e.uk", "eu-isoe-west-1"),
    ("dkr-ecr.us-isof-south-1.on.aws.hci.ic.gov", "us-isof-south-1"),
    ("DKR.ECR.EU-West-1.AmazonAWS.com", "eu-west-1"),
    ("dkr.ecr.eu-west-1.amazonaws.com:443", "eu-west-1"),
];

#[test]
fn every_spelling_of_a_registry_names_its_account_and_region() {
    for (host, region) in REGISTRY_HOSTS {
        let image = ImageReference::parse(&format!("123456789012.{host}/shop/app:1"));
        let expected = EcrRepository {
            account: "123456789012".to_owned(),
            region: (*region).to_owned(),
            name: "shop/app".to_owned(),
        };
        assert_eq!(image.ecr_repository(), Some(expected), "{host}");
    }
}

#[test]
fn other_registries_are_not_ecr() {
    for text in [
        "nginx",
        "public.ecr.aws/nginx/nginx:1",
        "ecr-public.aws.com/nginx/nginx:1",
        "123456789012.dkr.ecr.us-east-1.example.com/app",
        "123456789012.dkr.ecr.us-east-1.on.aws/app",
        "123456789012.dkr-ecr.us-east-1.amazonaws.com/app",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/app",
        "123456789012.ecr.us-east-1.amazonaws.com/app",
        "1234.dkr.ecr.us-east-1.amazonaws.com/app",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    ] {
        assert_eq!(ImageReference::parse(text).ecr_repository(), None, "{text}");
    }
}

#[test]
fn two_spellings_of_a_registry_have_the_same_repositories() {
    let image = |host: &str, name: &str| ImageReference::parse(&format!("123456789012.{host}/{name}"));
    let plain = image("dkr.ecr.us-east-1.amazonaws.com", "app:1");
    assert!(plain.is_in_repository_of(&image("dkr-ecr.us-east-1.on.aws", "app:2")));
    assert!(!plain.is_in_repository_of(&image("dkr-ecr.us-east-1.on.aws", "other:1")));
    assert!(!plain.is_in_repository_of(&image("dkr-ecr.us-east-2.on.aws", "app:1")));
    assert!(ImageReference::parse("nginx:1").is_in_repository_of(&ImageReference::parse("nginx:2")));
    assert!(!ImageReference::parse("nginx:1").is_in_repository_of(&ImageReference::parse("httpd:1")));
}

#[test]
fn the_grammar_of_references_is_checked() {
    let digest = format!("app@sha256:{}", "0f".repeat(32));
    for valid in [
        "nginx",
        "nginx:1.27",
        "localhost:5000/a/b_c-d.e:V1",
        "public.ecr.aws/docker/library/busybox:1.36",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/app:v1",
        "123456789012.dkr-ecr.us-east-1.on.aws/app:v1",
        "ghcr.io/Shop.Example/app",
        &digest,
    ] {
        let expected = valid.contains("Shop").then(|| "its repository has capital letters".to_owned());
        assert_eq!(syntax_error(valid), expected, "{valid}");
    }
    for invalid in [
        "my app",
        "$REGISTRY/app",
        "https://example.com/app",
        "app:",
        "app:-1",
        "/app",
        "app/",
        "a//b",
        "app@sha256:00",
        "app:sha256:00",
        &digest.to_uppercase().replace("APP@SHA256", "app@sha256"),
        &"a".repeat(256),
    ] {
        assert!(syntax_error(invalid).is_some(), "{invalid}");
    }
}

#[test]
fn a_host_of_ecr_has_an_account_and_a_region() {
    for valid in ["nginx", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "ghcr.io/app"] {
        assert!(has_valid_ecr_host(valid), "{valid}");
    }
    for invalid in [
        "1234.dkr.ecr.us-east-1.amazonaws.com/app",
        "123456789012.dkr.ecr.REGION.amazonaws.com/app",
        "YOUR-ACCOUNT.dkr-ecr.eu-west-1.on.aws/app",
    ] {
        assert!(!has_valid_ecr_host(invalid), "{invalid}");
    }
}

#[test]
fn a_version_is_a_tag_a_digest_or_both() {
    let image = ImageReference::parse("a/b:1@sha256:11");
    for (version, expected) in [
        ("2", "a/b:2"),
        ("sha256:00", "a/b@sha256:00"),
        ("@sha256:00", "a/b@sha256:00"),
        ("2@sha256:00", "a/b:2@sha256:00"),
    ] {
        assert_eq!(image.with_version(version).to_string(), expected, "{version}");
    }
}
