//! Where a command changes something: stage, account, region and clusters. Pure; never asks AWS, it reads ARNs.

use crate::document::arn::Arn;
use crate::service_arn::cluster_name;
use crate::settings::Settings;

/// The variable that sets the stage.
const STAGE_VARIABLE: &str = "ECSAIL_STAGE";
/// The variable that sets the profile.
const PROFILE_VARIABLE: &str = "AWS_PROFILE";

/// Where a command changes something. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    pub stage: Option<String>,
    /// Whether the stage comes from the environment instead of a flag.
    is_stage_from_environment: bool,
    pub account: Option<String>,
    pub region: Option<String>,
    /// The names of the clusters, sorted.
    pub clusters: Vec<String>,
    /// The profile that the environment sets.
    profile: Option<String>,
}

impl Destination {
    /// Returns the destination of a command on these clusters. The ARN is of anything in the account and the region.
    pub fn new<'a>(
        settings: &Settings,
        stage: Option<&str>,
        arn: Option<&str>,
        clusters: impl Iterator<Item = &'a str>,
    ) -> Destination {
        let arn = arn.and_then(Arn::parse);
        let part = |part: fn(&Arn) -> String| arn.as_ref().map(part).filter(|part| !part.is_empty());
        let mut clusters: Vec<String> = clusters.map(|cluster| cluster_name(cluster).to_owned()).collect();
        clusters.sort();
        clusters.dedup();
        let from_environment = settings.profile.is_none() && settings.sandbox.is_none();
        let profile = settings.process_variable(PROFILE_VARIABLE).filter(|_| from_environment);
        Destination {
            stage: stage.map(str::to_owned),
            is_stage_from_environment: stage.is_some() && !is_stage_given(&settings.arguments),
            account: part(|arn| arn.account.to_owned()),
            region: part(|arn| arn.region.to_owned()).or_else(|| settings.region.clone()),
            clusters,
            profile: profile.map(str::to_owned),
        }
    }

    /// Returns it in one line, such as `production · 123456789012 · eu-west-1 · cluster main`; empty if nothing is known.
    pub fn line(&self) -> String {
        let origin =
            if self.is_stage_from_environment { format!(" (from {STAGE_VARIABLE})") } else { String::new() };
        let stage = self.stage.as_ref().map(|stage| format!("{stage}{origin}"));
        let clusters = match self.clusters.as_slice() {
            [] => None,
            [one] => Some(format!("cluster {one}")),
            several => Some(format!("clusters {}", several.join(", "))),
        };
        let profile =
            self.profile.as_ref().map(|profile| format!("profile {profile} (from {PROFILE_VARIABLE})"));
        let parts = [stage, self.account.clone(), self.region.clone(), clusters, profile];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// Returns its line, where anything is known.
    pub fn known_line(&self) -> Option<String> {
        Some(self.line()).filter(|line| !line.is_empty())
    }

    /// Returns its name in a question: the stage, else the cluster, else the region.
    pub fn in_question(&self) -> String {
        match (&self.stage, self.clusters.as_slice(), &self.region) {
            (Some(stage), ..) => stage.clone(),
            (None, [one], _) => format!("cluster {one}"),
            (None, [], Some(region)) => region.clone(),
            (None, [], None) => "AWS".to_owned(),
            (None, several, _) => format!("{} clusters", several.len()),
        }
    }
}

fn is_stage_given(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--stage" || argument.starts_with("--stage="))
}

/// Returns what a question is about: the name of a single item, else how many there are of each kind.
///
/// Each kind is its noun and the names of its items.
pub fn counted(kinds: &[(&str, Vec<&str>)]) -> String {
    let kinds: Vec<_> = kinds.iter().filter(|(_, names)| !names.is_empty()).collect();
    if let [(noun, names)] = kinds.as_slice()
        && let [one] = names.as_slice()
    {
        return format!("{noun} {one}");
    }
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let parts: Vec<String> =
        kinds.iter().map(|(noun, names)| format!("{} {noun}{}", names.len(), plural(names.len()))).collect();
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1";

    fn settings(arguments: &[&str], profile: &str) -> Settings {
        let variables = [(PROFILE_VARIABLE.to_owned(), profile.to_owned())];
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Settings { arguments, process_environment: variables.into(), ..Settings::default() }
    }

    #[test]
    fn line_has_stage_account_region_and_clusters() {
        let clusters = ["arn:aws:ecs:eu-west-1:123456789012:cluster/main", "jobs", "jobs"];
        let given = settings(&["deploy", "--stage", "production"], "");
        let destination = Destination::new(&given, Some("production"), Some(ARN), clusters.into_iter());
        assert_eq!(destination.line(), "production · 123456789012 · eu-west-1 · clusters jobs, main");
        assert_eq!(destination.in_question(), "production");
    }

    #[test]
    fn what_the_environment_sets_is_named() {
        let destination =
            Destination::new(&settings(&["deploy"], "ops"), Some("production"), None, ["main"].into_iter());
        assert_eq!(
            destination.line(),
            "production (from ECSAIL_STAGE) · cluster main · profile ops (from AWS_PROFILE)"
        );
    }

    #[test]
    fn without_a_stage_the_question_names_the_cluster() {
        let question = |clusters: &[&str], arn: Option<&str>| {
            Destination::new(&settings(&[], ""), None, arn, clusters.iter().copied()).in_question()
        };
        assert_eq!(question(&["main"], None), "cluster main");
        assert_eq!(question(&["main", "jobs"], None), "2 clusters");
        assert_eq!(question(&[], Some(ARN)), "eu-west-1");
    }

    #[test]
    fn one_item_is_named_and_several_are_counted() {
        assert_eq!(counted(&[("service", vec!["web"]), ("schedule", vec![])]), "service web");
        assert_eq!(counted(&[("service", vec!["a", "b"])]), "2 services");
        let kinds = [("service", vec!["a", "b"]), ("schedule", vec!["c"]), ("task", vec!["d"])];
        assert_eq!(counted(&kinds), "2 services, 1 schedule and 1 task");
    }
}
