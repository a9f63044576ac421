//! Checks Service Connect and VPC Lattice against the port mappings of the task definition.

use serde_json::Value;

use super::{CheckResult, items, member_text, port_names};
use crate::api::invalid_if;
use crate::model::TaskDefinition;

/// The longest DNS name of an alias (API reference, ServiceConnectClientAlias.dnsName).
const MAX_DNS_NAME: usize = 127;

pub(super) fn check(config: &Value, definition: &TaskDefinition) -> CheckResult {
    let connect = &config["serviceConnectConfiguration"];
    if connect["enabled"] == true {
        items(connect, "services").try_for_each(|service| check_service(service, definition))?;
    }
    items(config, "vpcLatticeConfigurations").try_for_each(|lattice| check_port(lattice, definition))
}

fn check_port(given: &Value, definition: &TaskDefinition) -> CheckResult {
    let name = member_text(given, "portName");
    invalid_if(
        !port_names(definition).any(|known| known == name),
        format!("portName({name}) does not refer to any named PortMapping in the container definitions."),
    )
}

fn check_service(service: &Value, definition: &TaskDefinition) -> CheckResult {
    check_port(service, definition)?;
    let aliases = items(service, "clientAliases").count();
    invalid_if(aliases > 1, format!("{aliases} clientAliases exceeds the max limit of 1"))?;
    for alias in items(service, "clientAliases") {
        let name = member_text(alias, "dnsName");
        invalid_if(!name.is_empty() && !is_dns_name(name), "The DNS name that you provided is invalid.")?;
    }
    Ok(())
}

fn is_dns_name(name: &str) -> bool {
    let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    name.len() <= MAX_DNS_NAME && !name.starts_with('-') && name.bytes().all(valid)
}
