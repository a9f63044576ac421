//! Cases of services: load balancers, Service Connect, deployments.

use super::{Case, CaseBase, case};

pub(super) const SERVICES: &[Case] = &[
    case(
        "load-balancer-kind",
        CaseBase::FargateService,
        &["{}"],
        &[
            "{ loadBalancers: [ { loadBalancerName: lb, targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 } ] }",
            "{ loadBalancers: [ { loadBalancerName: lb, containerName: app, containerPort: 80 } ] }",
        ],
    ),
    case(
        "load-balancer-target",
        CaseBase::Ec2Service,
        &["{}"],
        &[
            "{ loadBalancers: [ { loadBalancerName: lb, containerName: app, containerPort: 80 } ] }",
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerPort: 80 } ] }",
        ],
    ),
    case(
        "advanced-configuration",
        CaseBase::FargateService,
        &[
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80, advancedConfiguration: { alternateTargetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/0', productionListenerRule: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/a/b/c/d', roleArn: 'arn:aws:iam::123456789012:role/lb' } } ], deploymentConfiguration: { strategy: BLUE_GREEN } }",
            "{ deploymentConfiguration: { strategy: CANARY } }",
        ],
        &[
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 } ], deploymentConfiguration: { strategy: BLUE_GREEN } }",
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80, advancedConfiguration: { alternateTargetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/0', productionListenerRule: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/a/b/c/d', roleArn: 'arn:aws:iam::123456789012:role/lb' } }, { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/c/0', containerName: app, containerPort: 80 } ] }",
            "{ loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80, advancedConfiguration: { alternateTargetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', productionListenerRule: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/a/b/c/d', roleArn: 'arn:aws:iam::123456789012:role/lb' } } ] }",
        ],
    ),
    case(
        "service-connect-port",
        CaseBase::FargateService,
        &[
            "{ vpcLatticeConfigurations: [ { roleArn: 'arn:aws:iam::123456789012:role/l', targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', portName: http } ] }",
        ],
        &[
            "{ vpcLatticeConfigurations: [ { roleArn: 'arn:aws:iam::123456789012:role/l', targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', portName: grpc } ] }",
        ],
    ),
    case(
        "service-connect",
        CaseBase::FargateService,
        &[
            "{ serviceConnectConfiguration: { enabled: true, services: [ { portName: http, discoveryName: web_1, clientAliases: [ { port: 80, dnsName: web.shop } ] } ] } }",
        ],
        &[
            "{ serviceConnectConfiguration: { enabled: true, services: [ { portName: http, clientAliases: [ { port: 80 }, { port: 81 } ] } ] } }",
            "{ serviceConnectConfiguration: { enabled: true, services: [ { portName: http, clientAliases: [ { port: 80, dnsName: Web } ] } ] } }",
            "{ serviceConnectConfiguration: { enabled: true, services: [ { portName: http, discoveryName: web.shop } ] } }",
        ],
    ),
    case(
        "service-registries",
        CaseBase::FargateService,
        &[
            "{ serviceRegistries: [ { registryArn: 'arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-a', port: 80 } ] }",
        ],
        &[
            "{ serviceRegistries: [ { registryArn: 'arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-a' }, { registryArn: 'arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-b' } ] }",
            "{ serviceRegistries: [ { registryArn: 'arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-a', containerName: nope } ] }",
        ],
    ),
    case(
        "service-registry-port",
        CaseBase::FargateService,
        &["{}"],
        &[
            "{ serviceRegistries: [ { registryArn: 'arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-a', containerName: app, containerPort: 80 } ] }",
        ],
    ),
    case(
        "percent-bounds",
        CaseBase::FargateService,
        &["{ deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 } }"],
        &[
            "{ deploymentConfiguration: { minimumHealthyPercent: 101, maximumPercent: 300 } }",
            "{ deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 99 } }",
        ],
    ),
    case(
        "percent-bounds",
        CaseBase::Ec2Service,
        &[
            "{ desiredCount: null, schedulingStrategy: DAEMON, deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 } }",
        ],
        &[
            "{ desiredCount: null, schedulingStrategy: DAEMON, deploymentConfiguration: { maximumPercent: 200 } }",
        ],
    ),
    case(
        "daemon",
        CaseBase::Ec2Service,
        &["{ desiredCount: null, schedulingStrategy: DAEMON, placementStrategy: [] }"],
        &[
            "{ schedulingStrategy: DAEMON }",
            "{ desiredCount: null, schedulingStrategy: DAEMON, placementStrategy: [ { type: spread, field: host } ] }",
            "{ desiredCount: null, schedulingStrategy: DAEMON, availabilityZoneRebalancing: ENABLED }",
            "{ desiredCount: null, schedulingStrategy: DAEMON, capacityProviderStrategy: [ { capacityProvider: a, weight: 1 } ] }",
        ],
    ),
    case(
        "traffic-shift",
        CaseBase::FargateService,
        &[
            "{ deploymentConfiguration: { strategy: LINEAR, bakeTimeInMinutes: 1440, linearConfiguration: { stepPercent: 3.0, stepBakeTimeInMinutes: 0 } } }",
            "{ deploymentConfiguration: { strategy: CANARY, canaryConfiguration: { canaryPercent: 0.1 } } }",
        ],
        &[
            "{ deploymentConfiguration: { strategy: CANARY, linearConfiguration: { stepPercent: 10 } } }",
            "{ deploymentConfiguration: { strategy: ROLLING, canaryConfiguration: { canaryPercent: 10 } } }",
            "{ deploymentConfiguration: { strategy: LINEAR, linearConfiguration: { stepPercent: 2.5 } } }",
            "{ deploymentConfiguration: { strategy: CANARY, canaryConfiguration: { canaryBakeTimeInMinutes: 1441 } } }",
            "{ deploymentConfiguration: { strategy: BLUE_GREEN, bakeTimeInMinutes: -1 } }",
        ],
    ),
    case(
        "lifecycle-hooks",
        CaseBase::FargateService,
        &[
            "{ deploymentConfiguration: { lifecycleHooks: [ { roleArn: 'arn:aws:iam::123456789012:role/h', hookTargetArn: 'arn:aws:lambda:eu-west-1:123456789012:function:h', lifecycleStages: [POST_SCALE_UP] }, { targetType: PAUSE, lifecycleStages: [POST_TEST_TRAFFIC_SHIFT] } ] } }",
        ],
        &[
            "{ deploymentConfiguration: { lifecycleHooks: [ { roleArn: 'arn:aws:iam::123456789012:role/h', hookTargetArn: 'arn:aws:lambda:eu-west-1:123456789012:function:h' } ] } }",
            "{ deploymentConfiguration: { lifecycleHooks: [ { lifecycleStages: [POST_SCALE_UP] } ] } }",
            "{ deploymentConfiguration: { lifecycleHooks: [ { targetType: PAUSE, lifecycleStages: [TEST_TRAFFIC_SHIFT] } ] } }",
        ],
    ),
    case(
        "early-success",
        CaseBase::FargateService,
        &[
            "{ deploymentConfiguration: { minimumHealthyPercent: 50, earlySuccessCriteria: { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: DEFERRED } } }",
            "{ deploymentConfiguration: { strategy: CANARY, earlySuccessCriteria: { enable: false } } }",
        ],
        &[
            "{ deploymentConfiguration: { earlySuccessCriteria: { enable: true, healthyPercent: 50 } } }",
            "{ deploymentConfiguration: { minimumHealthyPercent: 60, earlySuccessCriteria: { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: DEFERRED } } }",
            "{ deploymentConfiguration: { strategy: CANARY, earlySuccessCriteria: { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: DEFERRED } } }",
        ],
    ),
    case(
        "deployment-controller",
        CaseBase::FargateService,
        &[
            "{ deploymentController: { type: ECS }, deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } }",
        ],
        &[
            "{ deploymentController: { type: CODE_DEPLOY }, deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } }",
            "{ deploymentController: { type: EXTERNAL }, loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 } ] }",
        ],
    ),
    case(
        "code-deploy-balancer",
        CaseBase::Ec2Service,
        &["{ deploymentController: { type: CODE_DEPLOY } }"],
        &["{ launchType: EC2, deploymentController: { type: CODE_DEPLOY } }"],
    ),
    case(
        "execute-command-role",
        CaseBase::FargateService,
        &["{ enableExecuteCommand: false }"],
        &["{ enableExecuteCommand: true }"],
    ),
    case(
        "service-role",
        CaseBase::FargateService,
        &["{}"],
        &[
            "{ role: app, loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 } ] }",
        ],
    ),
    case(
        "service-role",
        CaseBase::Ec2Service,
        &[
            "{ role: app, loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/0', containerName: app, containerPort: 80 } ] }",
        ],
        &["{ role: app }"],
    ),
    case(
        "grace-period",
        CaseBase::Ec2Service,
        &["{ launchType: EC2, healthCheckGracePeriodSeconds: 0 }", "{ healthCheckGracePeriodSeconds: 60 }"],
        &["{ launchType: EC2, healthCheckGracePeriodSeconds: 60 }"],
    ),
];
