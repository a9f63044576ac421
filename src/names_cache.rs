//! Caches the names of services by cluster, and the image tags that `images` showed, for shell completion.
//! The file is `ecsail/names.json` below `XDG_CACHE_HOME`, or else below `~/.cache`. It contains only names and can be
//! removed at any time. Nothing is decided by it: errors of reading and writing are ignored.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::private_file;

/// The number of clusters that are kept (the latest ones), and the number of services of each.
const MAX_CLUSTERS: usize = 50;
const MAX_SERVICES: usize = 1000;
/// The number of image tags that are kept, the latest ones.
const MAX_TAGS: usize = 100;

/// The cache of names. Without a path (the user has no cache folder) it stays empty.
#[derive(Clone, Debug, Default)]
pub struct NamesCache {
    path: Option<PathBuf>,
}

/// A cluster and the names of its services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct CachedCluster {
    pub cluster: String,
    pub services: Vec<String>,
}

/// The content of the file: the clusters and tags, latest first.
#[derive(Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
struct CacheFile {
    clusters: Vec<CachedCluster>,
    tags: Vec<String>,
}

impl NamesCache {
    /// Returns the cache of the user, found by the environment.
    pub fn from_environment(environment: &BTreeMap<String, String>) -> NamesCache {
        let folder = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        NamesCache { path: cache.map(|cache| cache.join("ecsail").join("names.json")) }
    }

    /// Returns a cache that stores nothing.
    pub fn disabled() -> NamesCache {
        NamesCache::default()
    }

    /// Adds services of a cluster.
    pub fn add(&self, cluster: &str, names: &[String]) {
        let before = self.clusters();
        let known = before.iter().find(|known| known.cluster == cluster);
        let older = known.map(|known| known.services.clone()).unwrap_or_default();
        let mut services = names.to_vec();
        services.extend(older.into_iter().filter(|name| !names.contains(name)));
        self.store(before, cluster, services);
    }

    /// Replaces all services of a cluster.
    pub fn replace(&self, cluster: &str, names: &[String]) {
        self.store(self.clusters(), cluster, names.to_vec());
    }

    /// Adds image tags, the latest first.
    pub fn add_tags(&self, tags: &[String]) {
        let before = self.read();
        let older = before.tags.iter().filter(|tag| !tags.contains(tag)).cloned();
        let tags: Vec<String> = tags.iter().cloned().chain(older).take(MAX_TAGS).collect();
        if tags != before.tags {
            self.write(&CacheFile { tags, ..before });
        }
    }

    /// Returns the cached image tags, latest first.
    pub fn tags(&self) -> Vec<String> {
        self.read().tags
    }

    /// Returns the cached clusters, latest first.
    pub fn clusters(&self) -> Vec<CachedCluster> {
        self.read().clusters
    }

    fn read(&self) -> CacheFile {
        let text = self.path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let file: Option<CacheFile> = text.and_then(|text| serde_json::from_str(&text).ok());
        file.unwrap_or_default()
    }

    fn store(&self, before: Vec<CachedCluster>, cluster: &str, mut services: Vec<String>) {
        services.truncate(MAX_SERVICES);
        services.sort();
        let first = CachedCluster { cluster: cluster.to_owned(), services };
        let others = before.iter().filter(|known| known.cluster != cluster).cloned();
        let clusters: Vec<CachedCluster> = std::iter::once(first).chain(others).take(MAX_CLUSTERS).collect();
        if clusters != before {
            self.write(&CacheFile { clusters, tags: self.tags() });
        }
    }

    fn write(&self, file: &CacheFile) -> Option<()> {
        let path = self.path.as_ref()?;
        private_file::create_own_folder(path.parent()?).ok()?;
        private_file::write(path, &serde_json::to_string(file).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, NamesCache) {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let home = folder.path().to_str().expect("text").to_owned();
        let cache = NamesCache::from_environment(&BTreeMap::from([("HOME".to_owned(), home)]));
        (folder, cache)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn latest_cluster_comes_first() {
        let (_folder, cache) = cache();
        cache.add("main", &names(&["web"]));
        cache.add("batch", &names(&["job"]));
        cache.add("main", &names(&["api"]));
        let known = |cluster: &str, services: &[&str]| CachedCluster {
            cluster: cluster.to_owned(),
            services: names(services),
        };
        assert_eq!(cache.clusters(), [known("main", &["api", "web"]), known("batch", &["job"])]);
        cache.replace("main", &names(&["worker"]));
        assert_eq!(cache.clusters()[0], known("main", &["worker"]));
    }

    #[test]
    fn latest_tags_come_first_and_clusters_stay() {
        let (_folder, cache) = cache();
        cache.add("main", &names(&["web"]));
        cache.add_tags(&names(&["v2", "v1"]));
        cache.add_tags(&names(&["v3", "v2"]));
        assert_eq!(cache.tags(), ["v3", "v2", "v1"]);
        cache.add("batch", &names(&["job"]));
        assert_eq!((cache.tags().len(), cache.clusters().len()), (3, 2));
    }

    #[test]
    fn cache_keeps_at_most_50_clusters() {
        let (_folder, cache) = cache();
        for number in 0..60 {
            cache.add(&format!("cluster-{number}"), &names(&["web"]));
        }
        assert_eq!(cache.clusters().len(), MAX_CLUSTERS);
        assert_eq!(cache.clusters()[0].cluster, "cluster-59");
    }

    #[test]
    fn unreadable_cache_is_empty() {
        let (folder, cache) = cache();
        let path = folder.path().join(".cache/ecsail");
        fs::create_dir_all(&path).expect("a folder");
        fs::write(path.join("names.json"), "no JSON").expect("a file");
        assert_eq!(cache.clusters(), []);
        cache.add("main", &names(&["web"]));
        assert_eq!(cache.clusters().len(), 1);
        let nowhere =
            NamesCache::from_environment(&BTreeMap::from([("HOME".to_owned(), "/dev/null".to_owned())]));
        nowhere.add("main", &names(&["web"]));
        assert_eq!(nowhere.clusters(), []);
        NamesCache::disabled().add("main", &names(&["web"]));
    }

    #[test]
    fn relative_cache_folder_is_ignored() {
        let relative = BTreeMap::from([("XDG_CACHE_HOME".to_owned(), "cache".to_owned())]);
        assert_eq!(NamesCache::from_environment(&relative).path, None);
    }
}
