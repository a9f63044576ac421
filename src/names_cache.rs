//! Caches the names of services by cluster, for shell completion.
//! The file is `ecsail/names.json` below `XDG_CACHE_HOME`, or else below `~/.cache`. It contains only names and can be
//! removed at any time. Nothing is decided by it: errors of reading and writing are ignored.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The number of clusters that are kept (the latest ones), and the number of services of each.
const CLUSTERS: usize = 50;
const NAMES: usize = 1000;

/// The cache of names. Without a path (the user has no cache folder) it stays empty.
#[derive(Clone, Debug, Default)]
pub struct NamesCache {
    path: Option<PathBuf>,
}

/// A cluster and the names of its services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Known {
    pub cluster: String,
    pub services: Vec<String>,
}

/// The content of the file: the clusters, latest first.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct File {
    clusters: Vec<Known>,
}

impl NamesCache {
    /// Returns the cache of the user, found by the environment.
    pub fn of(environment: &BTreeMap<String, String>) -> NamesCache {
        let folder = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        NamesCache { path: cache.map(|cache| cache.join("ecsail").join("names.json")) }
    }

    /// Returns a cache that stores nothing.
    pub fn nowhere() -> NamesCache {
        NamesCache::default()
    }

    /// Adds services of a cluster.
    pub fn remember(&self, cluster: &str, names: &[String]) {
        let before = self.known();
        let known = before.iter().find(|known| known.cluster == cluster);
        let older = known.map(|known| known.services.clone()).unwrap_or_default();
        let mut services = names.to_vec();
        services.extend(older.into_iter().filter(|name| !names.contains(name)));
        self.keep(before, cluster, services);
    }

    /// Replaces all services of a cluster.
    pub fn replace(&self, cluster: &str, names: &[String]) {
        self.keep(self.known(), cluster, names.to_vec());
    }

    /// Returns the cached clusters, latest first.
    pub fn known(&self) -> Vec<Known> {
        let text = self.path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let file: Option<File> = text.and_then(|text| serde_json::from_str(&text).ok());
        file.unwrap_or_default().clusters
    }

    fn keep(&self, before: Vec<Known>, cluster: &str, mut services: Vec<String>) {
        services.truncate(NAMES);
        services.sort();
        let first = Known { cluster: cluster.to_owned(), services };
        let others = before.iter().filter(|known| known.cluster != cluster).cloned();
        let clusters: Vec<Known> = std::iter::once(first).chain(others).take(CLUSTERS).collect();
        if clusters != before {
            self.write(&File { clusters });
        }
    }

    /// Writes a temporary file and renames it, so that two processes at once leave one complete file.
    fn write(&self, file: &File) -> Option<()> {
        let path = self.path.as_ref()?;
        fs::create_dir_all(path.parent()?).ok()?;
        let fresh = path.with_extension(format!("json.{}", std::process::id()));
        let text = serde_json::to_string(file).ok()?;
        let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
        written.or_else(|_| fs::remove_file(&fresh)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, NamesCache) {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let home = folder.path().to_str().expect("text").to_owned();
        let cache = NamesCache::of(&BTreeMap::from([("HOME".to_owned(), home)]));
        (folder, cache)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn services_are_remembered_by_cluster_and_the_last_cluster_comes_first() {
        let (_folder, cache) = cache();
        cache.remember("main", &names(&["web"]));
        cache.remember("batch", &names(&["job"]));
        cache.remember("main", &names(&["api"]));
        let known = |cluster: &str, services: &[&str]| Known {
            cluster: cluster.to_owned(),
            services: names(services),
        };
        assert_eq!(cache.known(), [known("main", &["api", "web"]), known("batch", &["job"])]);
        cache.replace("main", &names(&["worker"]));
        assert_eq!(cache.known()[0], known("main", &["worker"]));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let (_folder, cache) = cache();
        for number in 0..60 {
            cache.remember(&format!("cluster-{number}"), &names(&["web"]));
        }
        assert_eq!(cache.known().len(), CLUSTERS);
        assert_eq!(cache.known()[0].cluster, "cluster-59");
    }

    #[test]
    fn what_cannot_be_read_or_written_is_not_there() {
        let (folder, cache) = cache();
        let path = folder.path().join(".cache/ecsail");
        fs::create_dir_all(&path).expect("a folder");
        fs::write(path.join("names.json"), "no JSON").expect("a file");
        assert_eq!(cache.known(), []);
        cache.remember("main", &names(&["web"]));
        assert_eq!(cache.known().len(), 1);
        let nowhere = NamesCache::of(&BTreeMap::from([("HOME".to_owned(), "/dev/null".to_owned())]));
        nowhere.remember("main", &names(&["web"]));
        assert_eq!(nowhere.known(), []);
        NamesCache::nowhere().remember("main", &names(&["web"]));
    }

    #[test]
    fn a_relative_cache_folder_counts_as_none() {
        let relative = BTreeMap::from([("XDG_CACHE_HOME".to_owned(), "cache".to_owned())]);
        assert_eq!(NamesCache::of(&relative).path, None);
    }
}
