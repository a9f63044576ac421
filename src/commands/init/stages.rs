//! Reads the stages of the command line: `--stage NAME=CLUSTER`, or one cluster without stages.

use crate::document::arn::Arn;
use crate::error::{Failure, Result};

/// A cluster to read, and the stage that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StageCluster {
    pub(super) stage: Option<String>,
    /// Its name or its ARN.
    pub(super) cluster: String,
}

impl StageCluster {
    /// Returns the region that the ARN of the cluster names.
    pub(super) fn region(&self) -> Option<&str> {
        Arn::parse(&self.cluster).map(|arn| arn.region).filter(|region| !region.is_empty())
    }
}

/// Returns the clusters of the command line; `cluster` is that of `--cluster`.
///
/// # Errors
/// There is none, a stage has no cluster or is named twice, or its name cannot be part of a file's name.
pub(super) fn stages(given: &[String], cluster: Option<&str>) -> Result<Vec<StageCluster>> {
    if given.is_empty() {
        let Some(cluster) = cluster else { return Err(no_cluster()) };
        return Ok(vec![StageCluster { stage: None, cluster: cluster.to_owned() }]);
    }
    let mut stages: Vec<StageCluster> = Vec::new();
    for argument in given {
        let (stage, own) = match argument.split_once('=') {
            Some((stage, own)) => (stage, Some(own).filter(|own| !own.is_empty())),
            None => (argument.as_str(), cluster),
        };
        let Some(own) = own else {
            let hint = format!("write it as `--stage {stage}=CLUSTER`");
            return Err(Failure::usage(format!("stage `{stage}` has no cluster")).with_hint(hint));
        };
        check_name(stage)?;
        if stages.iter().any(|known| known.stage.as_deref() == Some(stage)) {
            return Err(Failure::usage(format!("stage `{stage}` is given twice")));
        }
        stages.push(StageCluster { stage: Some(stage.to_owned()), cluster: own.to_owned() });
    }
    Ok(stages)
}

fn no_cluster() -> Failure {
    Failure::usage("no cluster to write the files of").with_hint(
        "name it with `--cluster NAME`, or one for each stage with `--stage NAME=CLUSTER`".to_owned(),
    )
}

fn check_name(stage: &str) -> Result<()> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !stage.is_empty() && stage.chars().all(is_name) {
        return Ok(());
    }
    let hint = "use letters, digits, `-` and `_`".to_owned();
    Err(Failure::usage(format!("`{stage}` is not a name for a stage")).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str], cluster: Option<&str>) -> Result<Vec<StageCluster>> {
        stages(&given.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), cluster)
    }

    #[test]
    fn each_stage_has_a_cluster() {
        let found = read(&["staging=a", "production"], Some("b")).expect("good");
        let found: Vec<_> =
            found.iter().map(|known| (known.stage.as_deref(), known.cluster.as_str())).collect();
        assert_eq!(found, [(Some("staging"), "a"), (Some("production"), "b")]);
        let alone = read(&[], Some("arn:aws:ecs:eu-west-1:123456789012:cluster/main")).expect("good");
        assert_eq!(alone[0].region(), Some("eu-west-1"));
    }

    #[test]
    fn what_is_no_stage_is_refused() {
        for given in [&["staging"][..], &["staging="], &["a=x", "a=y"], &["a/b=x"], &["=x"], &[]] {
            assert!(read(given, None).is_err(), "{given:?}");
        }
    }
}
