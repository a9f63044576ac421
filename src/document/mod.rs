//! ECS documents: task definitions, services and `RunTask` requests as data.
//!
//! A text is parsed into a [`tree`] and [`read`] against the [`model`] of the ECS API; layers are [merged](layer), and
//! results are compared in their [normal form](normal). The members of ECS are not listed in code: they all come from
//! the generated model file. This module does no IO and never calls AWS.

pub mod arn;
pub mod hidden_values;
pub mod json_comments;
pub mod layer;
pub(crate) mod member_walk;
pub mod model;
pub mod normalize;
pub mod placeholder;
pub mod problem;
pub mod reader;
pub mod rendered_text;
pub mod required;
pub mod schema;
pub mod shape_facts;
pub mod source;
pub mod tree;
