//! Service ARNs, which are accepted wherever a service is named. Never calls AWS.

use crate::document::arn::Arn;

/// The parts of a service's ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceArn {
    pub region: String,
    pub account: String,
    /// Absent in the short form, which services from before 2021 may have.
    pub cluster: Option<String>,
    pub name: String,
}

impl ServiceArn {
    /// Returns the parts of `arn:PARTITION:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`, or of the short form
    /// `…:service/NAME`; `None` for any other text.
    ///
    /// ECS developer guide, "Amazon Resource Names (ARNs) and IDs".
    pub fn parse(text: &str) -> Option<ServiceArn> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "ecs")?;
        let path = arn.resource.strip_prefix("service/")?;
        let (cluster, name) = match path.split_once('/') {
            Some((cluster, name)) => (Some(cluster.to_owned()), name),
            None => (None, path),
        };
        let is_valid = !name.is_empty() && !name.contains('/') && cluster.as_deref() != Some("");
        let (region, account) = (arn.region.to_owned(), arn.account.to_owned());
        is_valid.then(|| ServiceArn { region, account, cluster, name: name.to_owned() })
    }

    /// Returns whether it is the ARN of a service with this name in this cluster, which is given by its name or its ARN.
    /// A cluster that is not known decides nothing.
    pub fn is_of(&self, name: &str, cluster: Option<&str>) -> bool {
        let cluster = cluster.map(cluster_name);
        self.name == name
            && (cluster.is_none() || self.cluster.is_none() || cluster == self.cluster.as_deref())
    }
}

/// Returns the name of a cluster that is given by its name or its ARN.
pub fn cluster_name(cluster: &str) -> &str {
    cluster.rsplit('/').next().unwrap_or(cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_understood() {
        let long = ServiceArn::parse("arn:aws:ecs:us-east-1:123456789012:service/main/web").expect("an ARN");
        assert_eq!(
            (long.region.as_str(), long.cluster.as_deref(), long.name.as_str()),
            ("us-east-1", Some("main"), "web")
        );
        let short = ServiceArn::parse("arn:aws-cn:ecs:cn-north-1:123456789012:service/web").expect("an ARN");
        assert_eq!(
            (short.region.as_str(), short.cluster.as_deref(), short.name.as_str()),
            ("cn-north-1", None, "web")
        );
    }

    #[test]
    fn other_texts_are_no_service_arns() {
        for text in [
            "web",
            "",
            "service/main/web",
            "arn:aws:ecs:us-east-1:123456789012:task/main/0123",
            "arn:aws:ecs:us-east-1:123456789012:service/",
            "arn:aws:ecs:us-east-1:123456789012:service//web",
            "arn:aws:ecs:us-east-1:123456789012:service/main/web/2",
            "arn:aws:s3:::service/main/web",
        ] {
            assert_eq!(ServiceArn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_cluster_has_a_name_and_an_arn() {
        assert_eq!(cluster_name("arn:aws:ecs:us-east-1:123456789012:cluster/main"), "main");
        assert_eq!(cluster_name("main"), "main");
    }
}
