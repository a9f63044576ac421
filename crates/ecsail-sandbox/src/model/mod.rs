//! The resources that the sandbox stores. They hold data and simple queries; the simulation and the
//! operations change them.

mod cluster;
mod definition;
mod deployment;
mod event_bus;
mod express;
mod image;
mod inventory;
mod log_stream;
mod scaling;
mod schedule;
mod service;
mod service_deployment;
mod table;
mod task;

pub(crate) use cluster::Cluster;
pub(crate) use definition::TaskDefinition;
pub(crate) use deployment::{CircuitBreaker, Deployment, RolloutState};
pub(crate) use event_bus::{EventBus, Rule};
pub(crate) use express::ExpressService;
pub(crate) use image::{Image, PullThroughRule, Repository};
pub(crate) use inventory::{Inventory, InventoryKind};
pub(crate) use log_stream::LogStream;
pub(crate) use scaling::{ScalableTarget, ScalingPolicy, ScheduledAction};
pub(crate) use schedule::{Schedule, ScheduleGroup};
pub(crate) use service::{Service, ServiceEvent, ServiceRevision};
pub(crate) use service_deployment::{
    HookStatus, LifecycleHook, RollbackRecord, ServiceDeployment, ServiceDeploymentStatus,
};
pub(crate) use table::Table;
pub(crate) use task::{Container, StopDetails, Task, TaskStatus, TaskTimes};
