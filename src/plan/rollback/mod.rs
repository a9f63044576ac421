//! Chooses what a service is rolled back to, from what it ran before. Pure.
//!
//! ECS's deployment history decides. Without it, the deployments that the service still lists decide, then the tags
//! that a deploy leaves on its revisions, then the order of the revisions. The choice records which of them decided.

pub mod attributes;
mod choose_target;
pub mod images;
pub mod in_progress;
mod new_choice;
mod past;
pub mod selector;
pub mod service;
pub mod states;
mod target;

pub use attributes::normal_attributes;
pub use choose_target::choose;
pub use images::PinnedImage;
pub use new_choice::{Choice, LeftOut, Source, Why};
pub use past::DeploymentHistory;
pub use selector::RollbackSelector;
pub use states::{DeployedState, DeployedStates, deployed_states};
pub use target::{ImageSummary, ReleaseSummary, Target, are_apart, summarize, unrestored_note};

#[cfg(test)]
mod tests;
