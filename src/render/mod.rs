//! Owns rendering.
pub mod markers;
pub mod template;
