//! Owns what a service goes back to, and why: the choice among what it ran before. Pure.
//!
//! ECS's history of deployments decides. Where it says nothing, the deployments that the service still shows do, then the
//! tags that a deploy leaves on what it registers, then the order of the revisions; which of them did is always said.

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
