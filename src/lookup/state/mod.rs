//! Terraform states of format 4: what an address names, as `tfstate-lookup` reads addresses (fujiwara/tfstate-lookup at 2cb4e35,
//! `tfstate/lookup.go`). Of a large state only what was asked for is kept.

use serde_json::{Map, Value};

use super::LookupFailure;
use crate::document::problem::most_similar;
use path::{PathStep, parse_path};
use reader::{StateFile, StateInstance, StateResource};

mod path;
mod reader;

/// The most instances of a resource that a hint names.
const MOST_INSTANCES: usize = 10;

/// What an address names.
#[derive(Clone, Debug, PartialEq)]
pub struct StateValue {
    pub value: Value,
    /// Whether Terraform marks it as sensitive.
    pub is_sensitive: bool,
}

/// A state, as far as some addresses need it.
#[derive(Debug)]
pub struct TerraformState {
    names: Vec<NamedValue>,
    /// The names of what no address needs, for suggestions.
    others: Vec<String>,
}

/// A name of the state, such as `aws_subnet.a[0]` or `output.vpc_id`, and its value.
#[derive(Debug)]
struct NamedValue {
    name: String,
    value: Value,
    is_sensitive: bool,
    /// The first members of the value that are sensitive.
    sensitive_members: Vec<String>,
}

impl TerraformState {
    /// Reads a state, and keeps what the addresses may name.
    ///
    /// # Errors
    /// The text is no state of format 4.
    pub fn parse(text: &[u8], addresses: &[&str]) -> Result<TerraformState, LookupFailure> {
        let addresses: Vec<String> = addresses.iter().map(|address| with_double_quotes(address)).collect();
        let file = StateFile::parse(text, &addresses).map_err(|error| not_read(&error))?;
        if file.version != Some(4) {
            let found = file.version.map_or("none".to_owned(), |version| version.to_string());
            let hint = "run `terraform apply` with Terraform 0.12 or newer, which writes format 4".to_owned();
            return Err(LookupFailure::new(format!("its format is {found}, not 4")).with_hint(hint));
        }
        let mut names = Vec::new();
        for (name, output) in file.outputs {
            let is_sensitive = output["sensitive"] == true;
            let value = output.get("value").cloned().unwrap_or_default();
            let name = format!("output.{name}");
            names.push(NamedValue { name, value, is_sensitive, sensitive_members: Vec::new() });
        }
        file.resources.into_iter().for_each(|resource| add_resource(resource, &mut names));
        Ok(TerraformState { names, others: file.other_names })
    }

    /// Returns what an address names.
    ///
    /// # Errors
    /// The state has nothing of this address, or its value is null.
    pub fn value(&self, address: &str) -> Result<StateValue, LookupFailure> {
        let address = with_double_quotes(address.trim());
        let Some((named, rest)) = self.find(&address) else { return Err(self.not_found(&address)) };
        let steps = parse_path(rest).ok_or_else(|| {
            let hint = "write a path such as `.id`, `[0]` or `[\"key\"]` behind the name".to_owned();
            LookupFailure::new(format!("`{rest}` in `{address}` is no path")).with_hint(hint)
        })?;
        let mut value = &named.value;
        for step in &steps {
            value = match step {
                PathStep::Member(name) => value.get(name.as_str()),
                PathStep::Item(index) => value.get(index),
            }
            .unwrap_or(&Value::Null);
        }
        if value.is_null() {
            return Err(self.member_not_found(named, &address, &steps));
        }
        let is_of_member = steps.iter().any(|step| match step {
            PathStep::Member(name) => named.sensitive_members.contains(name),
            PathStep::Item(_) => false,
        });
        Ok(StateValue { value: value.clone(), is_sensitive: named.is_sensitive || is_of_member })
    }

    /// Returns the longest name with which an address begins, and the rest of the address.
    fn find<'a>(&self, address: &'a str) -> Option<(&NamedValue, &'a str)> {
        let behind = |named: &NamedValue| {
            let rest = address.strip_prefix(named.name.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
        };
        let found = self.names.iter().filter_map(|named| Some((named, behind(named)?)));
        found.max_by_key(|(named, _)| named.name.len())
    }

    fn member_not_found(&self, named: &NamedValue, address: &str, steps: &[PathStep]) -> LookupFailure {
        let instances = self.instances(&named.name);
        if instances.is_empty() || steps.is_empty() {
            return member_failure(named, address, steps);
        }
        let shown: Vec<&str> = instances.iter().take(MOST_INSTANCES).copied().collect();
        let more = if instances.len() > shown.len() { ", …" } else { "" };
        let hint = format!("instances of `{}`: {}{more}", named.name, shown.join(", "));
        LookupFailure::new(format!("no `{address}` in the Terraform state")).with_hint(hint)
    }

    /// Returns the indexes of the instances of a resource, such as `["a"]` or `[0]`.
    fn instances(&self, resource: &str) -> Vec<&str> {
        let rests = self.names.iter().filter_map(|named| named.name.strip_prefix(resource));
        rests.filter(|rest| rest.starts_with('[') && rest.ends_with(']')).collect()
    }

    fn not_found(&self, address: &str) -> LookupFailure {
        let known = self.names.iter().map(|named| named.name.as_str());
        let known = known.chain(self.others.iter().map(String::as_str));
        let similar = most_similar(address, known.clone()).or_else(|| {
            // The address has an attribute behind the name.
            let (name, _) = address.rsplit_once('.')?;
            most_similar(name, known)
        });
        let hint = similar.map_or_else(
            || {
                "list the addresses with `terraform state list`, and outputs with `terraform output`"
                    .to_owned()
            },
            |name| format!("did you mean `{name}`?"),
        );
        LookupFailure::new(format!("no `{address}` in the Terraform state")).with_hint(hint)
    }
}

/// Returns the failure of a text that is no state, by its place alone: the file may be any file of the machine.
fn not_read(error: &serde_json::Error) -> LookupFailure {
    LookupFailure::new(format!("it is no Terraform state (line {}, column {})", error.line(), error.column()))
}

/// Returns the failure of a path behind a name that leads to nothing.
fn member_failure(named: &NamedValue, address: &str, steps: &[PathStep]) -> LookupFailure {
    let failure = LookupFailure::new(format!("`{address}` is null or absent in the Terraform state"));
    let (Some(PathStep::Member(name)), Value::Object(members)) = (steps.first(), &named.value) else {
        return failure;
    };
    let similar = most_similar(name, members.keys().map(String::as_str)).filter(|similar| similar != name);
    failure.with_hint(similar.map(|similar| format!("did you mean `{}.{similar}`?", named.name)))
}

fn with_double_quotes(address: &str) -> String {
    address.replace('\'', "\"")
}

/// Adds the names of a resource: itself, and each of its instances where it has `count` or `for_each`.
fn add_resource(resource: StateResource, names: &mut Vec<NamedValue>) {
    let name = resource.name();
    let is_remote_state = resource.kind == "terraform_remote_state" && resource.mode == "data";
    let mut list: Vec<(u64, Value)> = Vec::new();
    let mut map = Map::new();
    let mut sensitive_members = Vec::new();
    for instance in resource.instances {
        let sensitive = instance.sensitive_members();
        let index_key = instance.index_key.clone();
        let value = attributes(instance, is_remote_state);
        sensitive_members.extend(sensitive.iter().cloned());
        let own_name = match &index_key {
            None => {
                names.push(named(name.clone(), value, sensitive));
                continue;
            }
            Some(Value::String(key)) => {
                map.insert(key.clone(), value.clone());
                format!("{name}[{}]", Value::from(key.as_str()))
            }
            Some(key) => {
                list.push((key.as_u64().unwrap_or_default(), value.clone()));
                format!("{name}[{key}]")
            }
        };
        names.push(named(own_name, value, sensitive));
    }
    if !list.is_empty() {
        list.sort_by_key(|(index, _)| *index);
        let items = list.into_iter().map(|(_, value)| value).collect();
        names.push(named(name, Value::Array(items), sensitive_members));
    } else if !map.is_empty() {
        names.push(named(name, Value::Object(map), sensitive_members));
    }
}

fn named(name: String, value: Value, sensitive_members: Vec<String>) -> NamedValue {
    NamedValue { name, value, is_sensitive: false, sensitive_members }
}

/// Returns the attributes of an instance. Those of a remote state are values with their types, of which the types are left out.
fn attributes(instance: StateInstance, is_remote_state: bool) -> Value {
    let attributes = instance.attributes.or(instance.attributes_flat).unwrap_or_default();
    let Value::Object(members) = attributes else { return attributes };
    if !is_remote_state {
        return Value::Object(members);
    }
    let unwrapped = |value: Value| match value {
        Value::Object(mut pair) if pair.contains_key("value") && pair.contains_key("type") => {
            pair.remove("value").unwrap_or_default()
        }
        other => other,
    };
    Value::Object(members.into_iter().map(|(name, value)| (name, unwrapped(value))).collect())
}

#[cfg(test)]
mod tests;
