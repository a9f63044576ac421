//! Chooses what a service is rolled back to, from what it ran before. Pure.
//!
//! ECS's deployment history decides. Without it, the deployments that the service still lists decide, then the tags
//! that a deploy leaves on its revisions, then the order of the revisions. The choice records which of them decided.

pub mod attributes;
mod choice;
mod choose;
pub mod images;
mod past;
pub mod releases;
pub mod service;
mod target;
pub mod wanted;

pub use choice::{Choice, LeftOut, Source, Why};
pub use choose::choose;
pub use images::Pinned;
pub use past::Past;
pub use releases::{Release, Releases, releases};
pub use target::{Target, Told, ToldImage, are_apart, told};
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
