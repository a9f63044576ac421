//! Cases of the forms of values, and of the entries of lists.

use super::{Case, CaseBase, case};

pub(super) const VALUES: &[Case] = &[
    case(
        "image-syntax",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, image: 'ghcr.io/shop/app:V1' } ] }",
            "{ containerDefinitions: [ { name: app, image: '123456789012.dkr-ecr.eu-west-1.on.aws/app:1' } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, image: 'shop app:1' } ] }",
            "{ containerDefinitions: [ { name: app, image: 'Shop/app:1' } ] }",
            "{ containerDefinitions: [ { name: app, image: 'app:' } ] }",
            "{ containerDefinitions: [ { name: app, image: 'app@sha256:00' } ] }",
            "{ containerDefinitions: [ { name: app, image: 'https://ghcr.io/app:1' } ] }",
        ],
    ),
    case(
        "arn-syntax",
        CaseBase::Ec2,
        &[
            "{ containerDefinitions: [ { name: app, environmentFiles: [ { type: s3, value: 'arn:aws-cn:s3:::b/a.env' } ] } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, environmentFiles: [ { type: s3, value: 's3://b/a.env' } ] } ] }",
        ],
    ),
    case(
        "arn-syntax",
        CaseBase::FargateService,
        &["{}"],
        &["{ loadBalancers: [ { targetGroupArn: web, containerName: app, containerPort: 80 } ] }"],
    ),
    case(
        "role-syntax",
        CaseBase::Ec2,
        &["{ taskRoleArn: app, executionRoleArn: 'arn:aws:iam::123456789012:role/a/b' }"],
        &[
            "{ taskRoleArn: '' }",
            "{ taskRoleArn: 'arn:aws:iam::1234:role/app' }",
            "{ executionRoleArn: 'arn:aws:iam::123456789012:user/app' }",
        ],
    ),
    case(
        "secret-reference",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, secrets: { A: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password::', B: /shop/db } } ] }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, secrets: { A: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password' } } ] }",
            "{ containerDefinitions: [ { name: app, secrets: { A: 'shop db' } } ] }",
            "{ containerDefinitions: [ { name: app, secrets: { A: 'arn:aws:ssm:eu-west-1:123456789012' } } ] }",
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: splunk, secretOptions: [ { name: token, valueFrom: 'a b' } ] } } ] }",
        ],
    ),
    case(
        "placeholder",
        CaseBase::Fargate,
        &[
            "{ containerDefinitions: [ { name: app, command: ['echo', '${HOME}', '<html>'], environment: { URL: 'https://<host>/', A: __A__ }, dockerLabels: { a: '${a}' }, logConfiguration: { logDriver: splunk, options: { splunk-url: '${url}' } } } ] }",
            "{ family: __NAME__ }",
        ],
        &[
            "{ containerDefinitions: [ { name: app, image: '<IMAGE>' } ] }",
            "{ containerDefinitions: [ { name: app, image: '${REGISTRY}/app:1' } ] }",
            "{ containerDefinitions: [ { name: app, image: ACCOUNT_ID.dkr.ecr.eu-west-1.amazonaws.com/app } ] }",
            "{ executionRoleArn: 'arn:aws:iam::YOUR_ACCOUNT:role/app' }",
            "{ taskRoleArn: '<role>' }",
            "{ containerDefinitions: [ { name: app, secrets: { A: 'arn:aws:secretsmanager:region:aws_account_id:secret:db' } } ] }",
            "{ containerDefinitions: [ { name: app, logConfiguration: { logDriver: awslogs, options: { awslogs-group: '/ecs/<name>', awslogs-region: eu-west-1, awslogs-stream-prefix: p } } } ] }",
            "{ containerDefinitions: [ { name: app, dockerSecurityOptions: [] , user: '${UID}' } ] }",
            "{ family: '${name}' }",
            "{ containerDefinitions: [ { name: '<name>', image: 'b:1' } ] }",
        ],
    ),
    case("placeholder", CaseBase::Ec2, &["{ cpu: 128 }"], &["{ cpu: __CPU__ }"]),
    case(
        "placeholder",
        CaseBase::FargateService,
        &["{ networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1, mine] } } }"],
        &[
            "{ networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-XXXXXXXX] } } }",
            "{ networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1], securityGroups: [YOUR_GROUP] } } }",
        ],
    ),
    case(
        "entry-incomplete",
        CaseBase::Fargate,
        &["{ containerDefinitions: [ { name: app, environment: [ { name: A, value: '' } ] } ] }"],
        &[
            "{ containerDefinitions: [ { name: app, environment: [ { name: A } ] } ] }",
            "{ containerDefinitions: [ { name: app, environment: [ { name: ' ', value: x } ] } ] }",
            "{ containerDefinitions: [ { name: app, environment: [ { value: x } ] } ] }",
            "{ containerDefinitions: [ { name: app, secrets: [ { name: A, valueFrom: '' } ] } ] }",
            "{ volumes: [ { name: d } ], containerDefinitions: [ { name: app, mountPoints: [ { sourceVolume: d } ] } ] }",
            "{ containerDefinitions: [ { name: app, systemControls: [ { namespace: net.core.somaxconn } ] } ] }",
        ],
    ),
    case(
        "duplicate-entry",
        CaseBase::Ec2,
        &["{ volumes: [ { name: a }, { name: b } ] }"],
        &[
            "{ volumes: [ { name: a }, { name: a } ] }",
            "{ containerDefinitions: [ { name: app, ulimits: [ { name: core, softLimit: 1, hardLimit: 1 }, { name: core, softLimit: 2, hardLimit: 2 } ] } ] }",
        ],
    ),
];
