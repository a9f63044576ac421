//! Reads whether a service is in the Service Connect namespace that the manifest names in another form than ECS: one by
//! its name, the other by its ARN. ECS returns either form, and the ARN does not contain the name.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::aws::Aws;
use crate::aws::lookup::in_time;
use crate::aws::types::{ObservedState, ServiceRef};
use crate::plan::service::observed_member;
use crate::render::DesiredState;

/// The namespaces that were found, as the manifest names them.
#[derive(Debug, Default)]
pub(super) struct ObservedNamespaces {
    pub(super) found: BTreeMap<ServiceRef, String>,
    /// What could not be read, one note each.
    pub(super) notes: Vec<String>,
}

/// A service whose namespace the manifest and ECS name in different forms.
struct OtherForm {
    service: ServiceRef,
    arn: String,
    /// The namespace in the manifest.
    namespace: String,
}

/// Asks ECS for the services of each namespace that is named in different forms.
pub(super) async fn observe(
    aws: &Aws,
    desired: &DesiredState,
    observed: &ObservedState,
) -> ObservedNamespaces {
    let asked = other_forms(desired, observed);
    let answers = join_all(asked.iter().map(|asked| {
        let call = aws.is_in_namespace(&asked.namespace, &asked.arn);
        in_time("ecs:ListServicesByNamespace", call)
    }));
    let answers = answers.await;
    let mut namespaces = ObservedNamespaces::default();
    for (asked, answer) in asked.into_iter().zip(answers) {
        match answer {
            Ok(true) => drop(namespaces.found.insert(asked.service, asked.namespace)),
            Ok(false) => {}
            Err(error) => namespaces.notes.push(format!(
                "could not check whether service `{}` is in namespace `{}` already: {error}",
                asked.service.name, asked.namespace
            )),
        }
    }
    namespaces
}

fn other_forms(desired: &DesiredState, observed: &ObservedState) -> Vec<OtherForm> {
    let other_form = |service: &crate::render::DesiredService| {
        let name = ServiceRef::new(&service.cluster, &service.name);
        let written =
            service.service.as_ref()?["serviceConnectConfiguration"]["namespace"].as_str()?.to_owned();
        let seen = observed.services.get(&name)?;
        let running = observed_member("serviceConnectConfiguration", seen);
        let running = running["namespace"].as_str()?;
        let arn = seen.service.service_arn.clone();
        (is_arn(&written) != is_arn(running)).then_some(OtherForm { service: name, arn, namespace: written })
    };
    desired.services.iter().filter_map(other_form).collect()
}

fn is_arn(namespace: &str) -> bool {
    namespace.starts_with("arn:")
}
