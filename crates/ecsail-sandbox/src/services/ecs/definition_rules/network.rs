//! Checks the members of containers that some network modes do not support.

use super::{CheckResult, DefinitionInput, is_set};
use crate::api::client_if;

/// The members that `awsvpc` does not support, and how ECS's message begins.
const AWSVPC_MEMBERS: &[(&str, &str)] = &[
    ("hostname", "hostname is"),
    ("dnsServers", "DNS servers are"),
    ("extraHosts", "Extra hosts are"),
    ("disableNetworking", "Disable Networking is"),
];

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    let mode = definition.mode;
    for container in definition.containers {
        let bridge = matches!(mode, "" | "bridge");
        client_if(
            !bridge && is_set(&container["links"]),
            format!("Links are not supported when networkMode={mode}."),
        )?;
        for (member, subject) in AWSVPC_MEMBERS {
            client_if(
                mode == "awsvpc" && is_set(&container[*member]),
                format!("{subject} not supported on container when networkMode=awsvpc."),
            )?;
        }
    }
    Ok(())
}
