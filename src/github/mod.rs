//! What is sent to GitHub and what its answers mean: comments on pull requests, labels, deployments, tags, and the commits
//! between two deploys. Pure; [`crate::github_api`] sends the requests.

pub mod access;
pub mod comment;
pub mod compare;
pub mod deployment;
pub mod event;
pub mod git_tag;
pub mod label;
pub mod request;
pub mod response;
pub mod run_review;
