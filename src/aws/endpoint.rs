//! Where the addresses of AWS's APIs come from: a flag, a variable, a profile, or the region. Checks those that are set.

use super::environment::Machine;
use super::http_client;
use super::login::ProfileFiles;
use super::regions;
use crate::error::{Failure, Result};
use crate::settings::Settings;

const VARIABLE: &str = "AWS_ENDPOINT_URL";
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// The sources of the addresses of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints {
    /// The addresses that are set, each with what sets it.
    set: Vec<(String, String)>,
    region: String,
    region_source: String,
    /// The proxy variables for HTTPS and for HTTP.
    https_proxy: Option<String>,
    http_proxy: Option<String>,
}

impl Endpoints {
    /// Returns the sources for a run. `region` is the region of the calls, `of_manifest` that of the manifest.
    ///
    /// # Errors
    /// An address is no URL, or the region cannot be a region.
    pub(super) fn new(
        settings: &Settings,
        machine: &Machine,
        files: &ProfileFiles,
        region: &str,
        of_manifest: Option<&str>,
    ) -> Result<Endpoints> {
        let set = set_addresses(settings, machine, files);
        for (address, source) in &set {
            check_address(address, source)?;
        }
        let region_source = region_source(settings, machine, files, of_manifest);
        if !regions::is_possible(region) {
            let failure = Failure::usage(format!("`{region}` is not the name of an AWS region"));
            return Err(failure.with_hint(format!("correct {region_source}")));
        }
        Ok(Endpoints {
            set,
            region: region.to_owned(),
            region_source,
            https_proxy: http_client::proxy_variable(&machine.variables, "https:"),
            http_proxy: http_client::proxy_variable(&machine.variables, "http:"),
        })
    }

    /// Returns what to do about an address that cannot be reached, for this reason.
    pub(super) fn advice(&self, address: &str, cause: &str) -> String {
        if cause.contains("certificate") {
            return "if a proxy replaces certificates, set `AWS_CA_BUNDLE` to the PEM file of its authority"
                .to_owned();
        }
        let proxy = if address.starts_with("https:") { &self.https_proxy } else { &self.http_proxy };
        if let Some(variable) = proxy {
            return format!("calls go through the proxy of `{variable}`: check it, and `NO_PROXY`");
        }
        let set = self.set.iter().find(|(known, _)| is_same_host(known, address));
        if let Some((_, source)) = set {
            return format!("the address is that of {source}: check it, and that a server listens there");
        }
        let (region, source) = (&self.region, &self.region_source);
        if regions::is_known(region) {
            return format!("the address follows from region `{region}`, set by {source}: check the network");
        }
        let nearest = regions::nearest(region).map(|nearest| format!("; did you mean `{nearest}`?"));
        format!("there is no AWS region `{region}`, set by {source}{}", nearest.unwrap_or_default())
    }
}

/// Returns the addresses that are set, the most important first.
fn set_addresses(settings: &Settings, machine: &Machine, files: &ProfileFiles) -> Vec<(String, String)> {
    if let Some(endpoint) = &settings.endpoint_url {
        return vec![(endpoint.clone(), "`--endpoint-url`".to_owned())];
    }
    let ignored = machine
        .variables
        .get(IGNORE)
        .map(String::as_str)
        .or(files.selected_value("ignore_configured_endpoint_urls"));
    if ignored.is_some_and(|ignored| ignored.eq_ignore_ascii_case("true")) {
        return Vec::new();
    }
    let mut set: Vec<(String, String)> = Vec::new();
    for (name, address) in &machine.variables {
        if name == VARIABLE || name.starts_with("AWS_ENDPOINT_URL_") {
            set.push((address.clone(), format!("`{name}`")));
        }
    }
    if let Some(address) = files.selected_value("endpoint_url") {
        set.push((address.to_owned(), format!("`endpoint_url` in profile `{}`", files.selected())));
    }
    set
}

fn region_source(
    settings: &Settings,
    machine: &Machine,
    files: &ProfileFiles,
    of_manifest: Option<&str>,
) -> String {
    if settings.region.is_some() {
        return "`--region`".to_owned();
    }
    if of_manifest.is_some() {
        return "`region:` in the manifest".to_owned();
    }
    let named =
        ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find(|name| machine.variables.contains_key(*name));
    match named {
        Some(name) => format!("`{name}`"),
        None if files.selected_value("region").is_some() => {
            format!("`region` in profile `{}`", files.selected())
        }
        None => "the instance".to_owned(),
    }
}

/// Refuses an address that is not a URL of HTTP.
fn check_address(address: &str, source: &str) -> Result<()> {
    let Some((scheme, rest)) = address.split_once("://") else {
        let local = address.starts_with("localhost") || address.starts_with("127.");
        let scheme = if local { "http" } else { "https" };
        return Err(Failure::usage(format!("endpoint `{address}` has no scheme"))
            .with_hint(format!("set {source} to `{scheme}://{address}`")));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let has_host = !host.is_empty() && !host.starts_with(':');
    let is_plain = !address.contains(|character: char| character.is_whitespace() || character.is_control());
    if is_http && has_host && is_plain && has_valid_port(host) {
        return Ok(());
    }
    Err(Failure::usage(format!("endpoint `{address}` is not a URL of HTTP"))
        .with_hint(format!("set {source} to a URL such as `http://localhost:4566`")))
}

fn has_valid_port(host: &str) -> bool {
    // The colons of an IPv6 address are in brackets.
    let after = host.rsplit(']').next().unwrap_or_default();
    after.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok())
}

/// Returns whether two URLs have the same scheme, host and port.
fn is_same_host(a: &str, b: &str) -> bool {
    fn origin(url: &str) -> Option<&str> {
        let host = url.find("://")? + 3;
        let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
        Some(&url[..end])
    }
    origin(a)
        .is_some_and(|origin_a| origin(b).is_some_and(|origin_b| origin_a.eq_ignore_ascii_case(origin_b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_url_of_http() {
        for address in
            ["http://localhost:4566", "https://ecs.example.com/base", "http://[::1]:80", "HTTP://a"]
        {
            check_address(address, "`AWS_ENDPOINT_URL`").expect(address);
        }
        for address in ["http://", "http://:80", "ftp://a", "http://a b", "http://a:port", "http://a:99999"] {
            let failure = check_address(address, "`AWS_ENDPOINT_URL`").expect_err(address);
            assert!(failure.message.ends_with("is not a URL of HTTP"), "{failure}");
        }
    }

    #[test]
    fn an_address_without_a_scheme_gets_one_in_the_hint() {
        let failure = check_address("localhost:4566", "`--endpoint-url`").expect_err("no scheme");
        assert_eq!(failure.hints, ["set `--endpoint-url` to `http://localhost:4566`"]);
        let failure = check_address("ecs.example.com", "`--endpoint-url`").expect_err("no scheme");
        assert_eq!(failure.hints, ["set `--endpoint-url` to `https://ecs.example.com`"]);
    }

    #[test]
    fn what_sets_an_address_is_named() {
        let set = vec![("http://localhost:1".to_owned(), "`AWS_ENDPOINT_URL`".to_owned())];
        let endpoints = Endpoints {
            set,
            region: "eu-wst-1".to_owned(),
            region_source: "`--region`".to_owned(),
            ..Endpoints::default()
        };
        assert!(endpoints.advice("http://localhost:1/", "refused").contains("that of `AWS_ENDPOINT_URL`"));
        assert_eq!(
            endpoints.advice("https://ecs.eu-wst-1.amazonaws.com/", "no such host"),
            "there is no AWS region `eu-wst-1`, set by `--region`; did you mean `eu-west-1`?"
        );
    }
}
