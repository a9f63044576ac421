//! The states that ECS gives of services, deployments and tasks. A state that this version does not know is kept as text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! states {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
            /// A state that this version does not know; empty where ECS gives none.
            Unknown(String),
        }

        impl $name {
            /// Returns the state as ECS writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)+
                    $name::Unknown(text) => text,
                }
            }

            /// Returns whether ECS gives no state at all.
            pub fn is_absent(&self) -> bool {
                self.as_str().is_empty()
            }

            /// Returns whether this version knows the state.
            pub fn is_known(&self) -> bool {
                !matches!(self, $name::Unknown(_))
            }

            /// Returns the state in words: `BAKE_TIME` is `bake time`.
            pub fn in_words(&self) -> String {
                self.as_str().to_lowercase().replace('_', " ")
            }
        }

        impl Default for $name {
            fn default() -> $name {
                $name::Unknown(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                match text {
                    $($text => $name::$variant,)+
                    other => $name::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                String::deserialize(deserializer).map(|text| $name::from(text.as_str()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

states! {
    /// The status of a service.
    ServiceStatus { Active = "ACTIVE", Draining = "DRAINING", Inactive = "INACTIVE" }

    /// The status of one of a service's deployments, or of a task set.
    DeploymentStatus { Primary = "PRIMARY", Active = "ACTIVE", Inactive = "INACTIVE" }

    /// The state of a rolling deployment.
    RolloutState { Completed = "COMPLETED", Failed = "FAILED", InProgress = "IN_PROGRESS" }

    /// The status of a service deployment.
    ServiceDeploymentStatus {
        Pending = "PENDING",
        InProgress = "IN_PROGRESS",
        Successful = "SUCCESSFUL",
        StopRequested = "STOP_REQUESTED",
        Stopped = "STOPPED",
        RollbackRequested = "ROLLBACK_REQUESTED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackSuccessful = "ROLLBACK_SUCCESSFUL",
        RollbackFailed = "ROLLBACK_FAILED",
    }

    /// The lifecycle stage of a service deployment, in their order (API reference, `ServiceDeployment`, `lifecycleStage`; the
    /// developer guide has `PRE_PRODUCTION_TRAFFIC_SHIFT` as well).
    LifecycleStage {
        ReconcileService = "RECONCILE_SERVICE",
        PreScaleUp = "PRE_SCALE_UP",
        ScaleUp = "SCALE_UP",
        PostScaleUp = "POST_SCALE_UP",
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        PreProductionTrafficShift = "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
        BakeTime = "BAKE_TIME",
        CleanUp = "CLEAN_UP",
    }

    /// The status of a lifecycle hook.
    LifecycleHookStatus {
        AwaitingAction = "AWAITING_ACTION",
        InProgress = "IN_PROGRESS",
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
        TimedOut = "TIMED_OUT",
    }

    /// The controller that performs a service's deployments.
    ControllerType { Ecs = "ECS", CodeDeploy = "CODE_DEPLOY", External = "EXTERNAL" }

    /// The last or desired status of a task, of a container or of an agent beside it.
    TaskStatus {
        Provisioning = "PROVISIONING",
        Pending = "PENDING",
        Activating = "ACTIVATING",
        Running = "RUNNING",
        Deactivating = "DEACTIVATING",
        Stopping = "STOPPING",
        Deprovisioning = "DEPROVISIONING",
        Stopped = "STOPPED",
        Deleted = "DELETED",
    }

    /// The health of a task or container; not checked while no health check has ended, or there is none.
    HealthStatus {
        Healthy = "HEALTHY",
        Unhealthy = "UNHEALTHY",
        NotChecked = "UNKNOWN",
    }

    /// What stopped a task.
    StopCode {
        TaskFailedToStart = "TaskFailedToStart",
        EssentialContainerExited = "EssentialContainerExited",
        UserInitiated = "UserInitiated",
        ServiceSchedulerInitiated = "ServiceSchedulerInitiated",
        SpotInterruption = "SpotInterruption",
        TerminationNotice = "TerminationNotice",
    }

    /// The infrastructure that a task runs on.
    LaunchType {
        Ec2 = "EC2",
        Fargate = "FARGATE",
        External = "EXTERNAL",
        ManagedInstances = "MANAGED_INSTANCES",
    }
}

impl ServiceDeploymentStatus {
    /// Returns whether ECS rolls back, or has tried to.
    pub fn is_rollback(&self) -> bool {
        self.as_str().starts_with("ROLLBACK")
    }

    /// Returns whether nothing more will happen.
    pub fn has_ended(&self) -> bool {
        use ServiceDeploymentStatus::{RollbackFailed, RollbackSuccessful, Stopped, Successful};
        matches!(self, Successful | Stopped | RollbackSuccessful | RollbackFailed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_is_read_and_written_as_ecs_writes_it_also_an_unknown_one() {
        for text in ["ROLLBACK_IN_PROGRESS", "SOMETHING_NEW", ""] {
            let state: ServiceDeploymentStatus = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(serde_json::to_value(&state).unwrap(), json!(text));
        }
        assert_eq!(TaskStatus::from("RUNNING"), TaskStatus::Running);
        assert_eq!(TaskStatus::from("running"), TaskStatus::Unknown("running".to_owned()));
    }

    #[test]
    fn a_rollback_of_any_kind_is_one() {
        assert!(ServiceDeploymentStatus::RollbackFailed.is_rollback());
        assert!(ServiceDeploymentStatus::from("ROLLBACK_PAUSED").is_rollback());
        assert!(!ServiceDeploymentStatus::StopRequested.is_rollback());
    }
}
