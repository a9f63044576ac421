//! Compares the model file of ECS with the schemas in the SDK: both are generated from the same service model, but by
//! different tools and at different times.
//!
//! A schema names its members and their kinds, but not the structures behind them, so each structure is listed here.
//! The model shows that none is missing: every structure that the four requests reach must be in the list, or be newer
//! than the SDK.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::create_express_gateway_service::CreateExpressGatewayServiceInput;
use aws_sdk_ecs::operation::create_service::CreateServiceInput;
use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::run_task::RunTaskInput;
use aws_sdk_ecs::operation::update_express_gateway_service::UpdateExpressGatewayServiceInput;
use aws_sdk_ecs::operation::update_service::UpdateServiceInput;
use aws_sdk_ecs::types;
use aws_smithy_schema::{Schema, ShapeType};

use crate::document::model::{Shape, model};

const REQUESTS: [&str; 6] = [
    "RegisterTaskDefinitionRequest",
    "CreateServiceRequest",
    "UpdateServiceRequest",
    "CreateExpressGatewayServiceRequest",
    "UpdateExpressGatewayServiceRequest",
    "RunTaskRequest",
];

/// Structures that the model has and this SDK does not have yet; remove each when the SDK has it.
const NEWER_THAN_THE_SDK: &[&str] = &["GatewayConnectorDeregistrationDelay", "TrustedExecutionConfiguration"];

macro_rules! schemas {
    ($($shape:path,)*) => { &[$(<$shape>::SCHEMA),*] };
}

#[allow(deprecated, reason = "ECS still accepts them")]
const SCHEMAS: &[&Schema<'static>] = schemas![
    CreateExpressGatewayServiceInput,
    UpdateExpressGatewayServiceInput,
    types::ExpressGatewayContainer,
    types::ExpressGatewayRepositoryCredentials,
    types::ExpressGatewayScalingTarget,
    types::ExpressGatewayServiceAwsLogsConfiguration,
    types::ExpressGatewayServiceNetworkConfiguration,
    RegisterTaskDefinitionInput,
    CreateServiceInput,
    UpdateServiceInput,
    RunTaskInput,
    types::AdvancedConfiguration,
    types::AwsVpcConfiguration,
    types::CanaryConfiguration,
    types::CapacityProviderStrategyItem,
    types::ContainerDefinition,
    types::ContainerDependency,
    types::ContainerOverride,
    types::ContainerRestartPolicy,
    types::DeploymentAlarms,
    types::DeploymentCircuitBreaker,
    types::DeploymentConfiguration,
    types::DeploymentController,
    types::DeploymentEarlySuccessCriteria,
    types::DeploymentLifecycleHook,
    types::DeploymentLifecycleHookTimeoutConfiguration,
    types::Device,
    types::DockerVolumeConfiguration,
    types::EbsTagSpecification,
    types::EfsAuthorizationConfig,
    types::EfsVolumeConfiguration,
    types::EnvironmentFile,
    types::EphemeralStorage,
    types::FSxWindowsFileServerAuthorizationConfig,
    types::FSxWindowsFileServerVolumeConfiguration,
    types::FirelensConfiguration,
    types::GatewayConnector,
    types::GatewayConnectorFilters,
    types::GatewayConnectorHealthCheck,
    types::GatewayConnectorHealthCheckMatcher,
    types::HealthCheck,
    types::HostEntry,
    types::HostVolumeProperties,
    types::InferenceAccelerator,
    types::InferenceAcceleratorOverride,
    types::KernelCapabilities,
    types::KeyValuePair,
    types::LinearConfiguration,
    types::LinuxParameters,
    types::LoadBalancer,
    types::LogConfiguration,
    types::MetricConfiguration,
    types::MonitoringConfiguration,
    types::MountPoint,
    types::NetworkConfiguration,
    types::NvidiaMpsAllocation,
    types::PlacementConstraint,
    types::PlacementStrategy,
    types::PortMapping,
    types::ProxyConfiguration,
    types::RepositoryCredentials,
    types::ResourceRequirement,
    types::RuntimePlatform,
    types::S3FilesVolumeConfiguration,
    types::Secret,
    types::ServiceConnectAccessLogConfiguration,
    types::ServiceConnectClientAlias,
    types::ServiceConnectConfiguration,
    types::ServiceConnectContainerConfiguration,
    types::ServiceConnectService,
    types::ServiceConnectTestTrafficHeaderMatchRules,
    types::ServiceConnectTestTrafficHeaderRules,
    types::ServiceConnectTestTrafficRules,
    types::ServiceConnectTlsCertificateAuthority,
    types::ServiceConnectTlsConfiguration,
    types::ServiceManagedEbsVolumeConfiguration,
    types::ServiceRegistry,
    types::ServiceVolumeConfiguration,
    types::SharingStrategy,
    types::SystemControl,
    types::Tag,
    types::TaskDefinitionPlacementConstraint,
    types::TaskManagedEbsVolumeConfiguration,
    types::TaskManagedEbsVolumeTerminationPolicy,
    types::TaskOverride,
    types::TaskVolumeConfiguration,
    types::ThresholdConfiguration,
    types::TimeoutConfiguration,
    types::Tmpfs,
    types::Ulimit,
    types::Volume,
    types::VolumeFrom,
    types::VpcLatticeAdvancedConfiguration,
    types::VpcLatticeConfiguration,
];

/// Returns the name of a shape in the service model.
fn name<'a>(schema: &'a Schema<'a>) -> &'a str {
    schema.original_name().unwrap_or(schema.shape_id().shape_name())
}

/// Returns the structures that the requests reach in the model.
fn reached() -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = REQUESTS.to_vec();
    while let Some(shape) = open.pop() {
        match model().shape(shape) {
            Shape::Structure(_) if reached.insert(shape) => {
                open.extend(
                    model().member_names(shape).filter_map(|member| model().member_shape(shape, member)),
                );
            }
            Shape::List(inner) | Shape::Map(inner) => open.push(inner),
            _ => {}
        }
    }
    reached
}

/// Returns how the model and the SDK differ on one member, or `None` if they agree.
fn difference(sdk: &Schema<'_>, shape: &str) -> Option<String> {
    let ours = model().shape(shape);
    let same = match (sdk.shape_type(), &ours) {
        (ShapeType::Structure | ShapeType::Union, Shape::Structure(_))
        | (ShapeType::String | ShapeType::Timestamp, Shape::String(_))
        | (ShapeType::Integer | ShapeType::Long, Shape::Integer(_))
        | (ShapeType::Float | ShapeType::Double, Shape::Number)
        | (ShapeType::Boolean, Shape::Boolean)
        | (ShapeType::Document, Shape::Any) => true,
        (ShapeType::List, Shape::List(item)) => return sdk.member().and_then(|sdk| difference(sdk, item)),
        (ShapeType::Map, Shape::Map(_)) => true,
        _ => false,
    };
    (!same).then(|| format!("{:?} in the SDK, {ours:?} in the model", sdk.shape_type()))
}

#[test]
fn every_member_that_the_sdk_knows_is_in_the_model() {
    let mut problems = Vec::new();
    let mut compared = 0;
    for schema in SCHEMAS {
        let structure = name(schema);
        for sdk in schema.members() {
            let member = sdk.member_name().expect("a member has a name");
            compared += 1;
            match model().member_shape(structure, member) {
                None => problems.push(format!("`{structure}.{member}` is not in the model")),
                Some(shape) => {
                    let found = difference(sdk, shape);
                    problems.extend(found.map(|found| format!("`{structure}.{member}`: {found}")));
                }
            }
        }
    }
    assert!(problems.is_empty(), "update the model, see CONTRIBUTING.md:\n{}", problems.join("\n"));
    report(compared);
    assert!(compared > 300, "{compared} members were compared");
}

#[allow(clippy::print_stdout, reason = "for `cargo test -- --nocapture`")]
fn report(compared: usize) {
    println!("{compared} members of {} structures compared", SCHEMAS.len());
}

#[test]
fn every_structure_that_a_request_reaches_is_compared() {
    let compared: BTreeSet<&str> = SCHEMAS.iter().map(|schema| name(schema)).collect();
    let newer: BTreeSet<&str> = NEWER_THAN_THE_SDK.iter().copied().collect();
    let missing: Vec<_> = reached().difference(&compared).copied().collect();
    assert_eq!(missing, newer.iter().copied().collect::<Vec<_>>());
    assert_eq!(compared.difference(&reached()).collect::<Vec<_>>(), [&""; 0]);
}
