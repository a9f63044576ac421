//! ecsail deploys to Amazon ECS and tells the truth about it.
pub mod document;
pub mod render;
