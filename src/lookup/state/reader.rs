//! Reads the JSON of a state in one pass. The attributes of resources that no address can name are skipped, so that a state of 50
//! MB takes little memory.

use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The most names that are kept for suggestions.
const MAX_OTHER_NAMES: usize = 2000;

/// The parts of a state that addresses name.
#[derive(Debug, Default)]
pub(super) struct StateFile {
    pub(super) version: Option<u64>,
    pub(super) outputs: Map<String, Value>,
    pub(super) resources: Vec<StateResource>,
    pub(super) other_names: Vec<String>,
}

/// A resource or data source.
#[derive(Debug, Default)]
pub(super) struct StateResource {
    pub(super) module: String,
    pub(super) mode: String,
    pub(super) kind: String,
    name: String,
    pub(super) instances: Vec<StateInstance>,
}

/// An instance of a resource.
#[derive(Debug, Deserialize)]
pub(super) struct StateInstance {
    pub(super) index_key: Option<Value>,
    pub(super) attributes: Option<Value>,
    pub(super) attributes_flat: Option<Value>,
    #[serde(default)]
    sensitive_attributes: Value,
}

impl StateInstance {
    /// Returns the first members of the paths that Terraform marks as sensitive.
    pub(super) fn sensitive_members(&self) -> Vec<String> {
        let paths = self.sensitive_attributes.as_array().into_iter().flatten();
        paths.filter_map(|path| path[0]["value"].as_str().map(str::to_owned)).collect()
    }
}

impl StateResource {
    /// Returns the name without an index, such as `module.a.data.aws_vpc.main`.
    pub(super) fn name(&self) -> String {
        let module = if self.module.is_empty() { String::new() } else { format!("{}.", self.module) };
        let data = if self.mode == "data" { "data." } else { "" };
        format!("{module}{data}{}.{}", self.kind, self.name)
    }

    /// Returns whether an address may name it; true as long as its own name has not been read.
    fn may_be_named(&self, addresses: &[String]) -> bool {
        if self.kind.is_empty() || self.name.is_empty() {
            return true;
        }
        let name = format!("{}.{}", self.kind, self.name);
        addresses.iter().any(|address| address.contains(&name))
    }
}

impl StateFile {
    /// Reads the JSON of a state.
    ///
    /// # Errors
    /// It is no JSON, or a part of it has another type than Terraform writes.
    pub(super) fn parse(text: &[u8], addresses: &[String]) -> Result<StateFile, serde_json::Error> {
        let reader = FileReader { addresses, other_names: RefCell::default() };
        let mut json = serde_json::Deserializer::from_slice(text);
        let mut file = (&reader).deserialize(&mut json)?;
        json.end()?;
        file.other_names = reader.other_names.take();
        Ok(file)
    }
}

/// Reads a file, its list of resources, or one resource.
struct FileReader<'a> {
    addresses: &'a [String],
    other_names: RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for &FileReader<'_> {
    type Value = StateFile;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<StateFile, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &FileReader<'_> {
    type Value = StateFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<StateFile, A::Error> {
        let mut file = StateFile::default();
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "version" => file.version = members.next_value()?,
                "outputs" => {
                    file.outputs = members.next_value::<Option<Map<String, Value>>>()?.unwrap_or_default();
                }
                "resources" => file.resources = members.next_value_seed(ListReader(self))?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(file)
    }
}

/// Reads the list of resources.
struct ListReader<'a>(&'a FileReader<'a>);

impl<'de> DeserializeSeed<'de> for ListReader<'_> {
    type Value = Vec<StateResource>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ListReader<'_> {
    type Value = Vec<StateResource>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resources")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(resource) = items.next_element_seed(ResourceReader(self.0))? {
            if resource.may_be_named(self.0.addresses) {
                kept.push(resource);
                continue;
            }
            let mut others = self.0.other_names.borrow_mut();
            if others.len() < MAX_OTHER_NAMES {
                others.push(resource.name());
            }
        }
        Ok(kept)
    }
}

/// Reads one resource.
struct ResourceReader<'a>(&'a FileReader<'a>);

impl<'de> DeserializeSeed<'de> for ResourceReader<'_> {
    type Value = StateResource;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<StateResource, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ResourceReader<'_> {
    type Value = StateResource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<StateResource, A::Error> {
        let mut resource = StateResource::default();
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "module" => resource.module = members.next_value()?,
                "mode" => resource.mode = members.next_value()?,
                "type" => resource.kind = members.next_value()?,
                "name" => resource.name = members.next_value()?,
                // Terraform writes the instances last.
                "instances" if resource.may_be_named(self.0.addresses) => {
                    resource.instances = members.next_value()?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(resource)
    }
}
