//! Owns ECS documents: task definitions, services and whatever else is sent as ECS's own JSON.
//!
//! A text becomes a [`tree`], is [`read`] against ECS's own [`model`], layers are
//! [merged](layer), and the result is compared in [normal form](normal). No list of ECS fields stands in code: they all
//! come from the generated model file. This module does no IO and never talks to AWS.

pub mod json;
pub mod layer;
pub mod model;
pub mod normal;
pub mod problem;
pub mod read;
pub mod rules;
pub mod schema;
pub mod source;
pub mod text;
pub mod tree;
