//! The rules of ECR's pull-through cache: which repositories are filled from another registry when an image is pulled.

/// A pull-through cache rule of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullThroughRule {
    /// The prefix of the repositories; `ROOT` for all that have no other rule.
    pub prefix: String,
    /// The host of the registry that is cached.
    pub upstream: String,
}

/// The prefix that stands for every repository without another rule (ECR user guide, "Customizing repository prefixes for
/// ECR to ECR pull through cache").
const ROOT: &str = "ROOT";

/// The prefixes that the ECR console suggests and the user guide uses ("Creating a pull through cache rule"), and hosts of
/// registries, which are the other common choice.
const USUAL_PREFIXES: &[&str] = &[
    "ecr-public",
    "docker-hub",
    "quay",
    "kubernetes",
    "github",
    "gitlab",
    "azure",
    "chainguard",
    "docker.io",
    "registry-1.docker.io",
    "public.ecr.aws",
    "quay.io",
    "registry.k8s.io",
    "k8s.gcr.io",
    "ghcr.io",
    "gcr.io",
    "registry.gitlab.com",
    "mcr.microsoft.com",
    "cgr.dev",
];

/// Returns the rule that a repository belongs to: the one with the longest prefix. A slash always follows a prefix, written
/// or not (API reference, `CreatePullThroughCacheRule`).
pub fn rule_for<'a>(rules: &'a [PullThroughRule], repository: &str) -> Option<&'a PullThroughRule> {
    let is_below = |rule: &&PullThroughRule| {
        let prefix = rule.prefix.trim_end_matches('/');
        repository.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
    };
    let below = rules.iter().filter(is_below).max_by_key(|rule| rule.prefix.trim_end_matches('/').len());
    below.or_else(|| rules.iter().find(|rule| rule.prefix == ROOT))
}

/// Returns whether a repository is named like those of a pull-through cache, for a registry whose rules cannot be read.
pub fn is_usual_name(repository: &str) -> bool {
    let first = repository.split_once('/').map_or("", |(first, _)| first);
    USUAL_PREFIXES.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(rules: &[(&str, &str)], repository: &str) -> Option<String> {
        let rule = |(prefix, upstream): &(&str, &str)| PullThroughRule {
            prefix: (*prefix).to_owned(),
            upstream: (*upstream).to_owned(),
        };
        let rules: Vec<PullThroughRule> = rules.iter().map(rule).collect();
        rule_for(&rules, repository).map(|rule| rule.upstream.clone())
    }

    #[test]
    fn a_rule_applies_below_its_prefix() {
        let rules = [("docker-hub", "registry-1.docker.io"), ("team/quay/", "quay.io")];
        assert_eq!(upstream(&rules, "docker-hub/library/nginx").as_deref(), Some("registry-1.docker.io"));
        assert_eq!(upstream(&rules, "team/quay/a").as_deref(), Some("quay.io"));
        assert_eq!(upstream(&rules, "docker-hub"), None);
        assert_eq!(upstream(&rules, "docker-hub-copy/nginx"), None);
        assert_eq!(upstream(&rules, "team/app"), None);
    }

    #[test]
    fn the_longest_prefix_decides_and_root_is_for_the_rest() {
        let rules = [("ROOT", "root"), ("a", "short"), ("a/b", "long")];
        assert_eq!(upstream(&rules, "a/b/c").as_deref(), Some("long"));
        assert_eq!(upstream(&rules, "a/c").as_deref(), Some("short"));
        assert_eq!(upstream(&rules, "shop").as_deref(), Some("root"));
    }

    #[test]
    fn a_repository_below_a_usual_prefix_has_a_usual_name() {
        assert!(is_usual_name("docker-hub/library/nginx") && is_usual_name("ghcr.io/a/b"));
        assert!(!is_usual_name("shop/app") && !is_usual_name("docker-hub") && !is_usual_name("app"));
    }
}
