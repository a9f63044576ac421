//! Finds the services that a command line names: by their key in the manifest, or by their ARN.

use super::fields::LocatedValue;
use super::types::{Manifest, ManifestService};
use crate::document::source::{SourceId, SourceSpan};
use crate::error::{Failure, Result};
use crate::service_arn::{ServiceArn, cluster_name};
use crate::settings::Settings;

/// Returns whether a service of the manifest is the named one.
///
/// `region` and `cluster` are those of the manifest; where they are unknown, the name decides.
pub(super) fn is_named(
    service: &ManifestService,
    name: &str,
    region: Option<&str>,
    cluster: Option<&str>,
) -> bool {
    let Some(arn) = ServiceArn::parse(name) else { return service.key == name };
    arn.is_of(&service.name, service.cluster.as_deref().or(cluster))
        && region.is_none_or(|region| region == arn.region)
}

/// Returns whether a name says in which cluster its service is.
pub(super) fn has_cluster(name: &str) -> bool {
    ServiceArn::parse(name).is_some_and(|arn| arn.cluster.is_some())
}

/// Sets the region and the account of the manifest to those of the ARNs among the names.
///
/// # Errors
/// An ARN is of another region or cluster than the command line or another ARN says, or of another account than the
/// manifest or another ARN says.
pub(super) fn adopt_place(manifest: &mut Manifest, settings: &Settings, names: &[String]) -> Result<()> {
    let mut wanted = settings.region.clone();
    for name in names {
        let Some(arn) = ServiceArn::parse(name) else { continue };
        if let Some(region) = wanted.as_ref().filter(|region| **region != arn.region) {
            return Err(Failure::usage(format!("`{name}` is in region `{}`, not `{region}`", arn.region)));
        }
        let asked = settings.cluster.as_deref().map(cluster_name);
        if let (Some(asked), Some(cluster)) =
            (asked, arn.cluster.as_deref().filter(|own| Some(*own) != asked))
        {
            return Err(Failure::usage(format!("`{name}` is in cluster `{cluster}`, not `{asked}`")));
        }
        if let Some(other) = manifest.account.as_ref().filter(|known| known.value != arn.account) {
            let (account, other) = (&arn.account, &other.value);
            return Err(Failure::usage(format!("`{name}` is in account `{account}`, not `{other}`")));
        }
        wanted = Some(arn.region.clone());
        manifest.region = Some(arn.region);
        let span = SourceSpan::new(SourceId::from_index(0), 0..0);
        manifest.account = Some(LocatedValue { value: arn.account, span });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::types::on_the_fly;
    use super::*;

    const WEB: &str = "arn:aws:ecs:us-east-1:123456789012:service/main/web";

    #[test]
    fn a_service_is_named_by_key_or_arn() {
        let shop = ManifestService { key: "shop".to_owned(), ..on_the_fly("web") };
        assert!(is_named(&shop, "shop", None, None));
        assert!(!is_named(&shop, "web", None, None));
        assert!(is_named(&shop, WEB, Some("us-east-1"), Some("main")));
        assert!(is_named(&shop, WEB, None, Some("arn:aws:ecs:us-east-1:123456789012:cluster/main")));
        assert!(!is_named(&shop, WEB, Some("eu-west-1"), Some("main")));
        assert!(!is_named(&shop, WEB, None, Some("other")));
    }

    #[test]
    fn region_and_account_are_those_of_the_arn() {
        let adopted = |settings: Settings| {
            let mut manifest = Manifest { region: Some("eu-west-1".to_owned()), ..Manifest::default() };
            adopt_place(&mut manifest, &settings, &["web".to_owned(), WEB.to_owned()])
                .map(|()| manifest.region)
        };
        assert_eq!(adopted(Settings::default()).expect("adopted").as_deref(), Some("us-east-1"));
        let region = Settings { region: Some("eu-west-1".to_owned()), ..Settings::default() };
        let error = adopted(region).expect_err("another region").to_string();
        assert_eq!(error, format!("`{WEB}` is in region `us-east-1`, not `eu-west-1`"));
        let mut manifest = Manifest::default();
        adopt_place(&mut manifest, &Settings::default(), &[WEB.to_owned()]).expect("adopted");
        assert_eq!(manifest.account.as_ref().map(|account| account.value.as_str()), Some("123456789012"));
        let other = WEB.replace("123456789012", "999999999999");
        let error = adopt_place(&mut manifest, &Settings::default(), std::slice::from_ref(&other))
            .expect_err("another account");
        assert_eq!(error.to_string(), format!("`{other}` is in account `999999999999`, not `123456789012`"));
        let cluster = Settings { cluster: Some("other".to_owned()), ..Settings::default() };
        let error = adopted(cluster).expect_err("another cluster").to_string();
        assert_eq!(error, format!("`{WEB}` is in cluster `main`, not `other`"));
    }
}
