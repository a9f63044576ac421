"""Call the operations of ECS on Express services.

Part of `drive_sandbox.py`, whose `Driver` makes the calls and compares the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drive_sandbox import Driver

OPERATIONS = """CreateExpressGatewayService UpdateExpressGatewayService
    DescribeExpressGatewayService DeleteExpressGatewayService""".split()
CREATE = "ECS.CreateExpressGatewayService"
DESCRIBE = "ECS.DescribeExpressGatewayService"
UPDATE = "ECS.UpdateExpressGatewayService"
DELETE = "ECS.DeleteExpressGatewayService"


def drive_express(drive: Driver, cluster: str, image: str, account: str) -> None:
    """An Express service, from its creation to its deletion, and invalid ones."""
    given = {"cluster": cluster, "serviceName": "express",
             "infrastructureRoleArn": f"arn:aws:iam::{account}:role/infrastructure",
             "executionRoleArn": f"arn:aws:iam::{account}:role/execution",
             "primaryContainer": {"image": f"{image}:v1", "containerPort": 8080,
                                  "environment": [{"name": "A", "value": "1"}]}}
    drive.refuse(CREATE, "InvalidParameterException", "taskDefinitionArn",
                 **given, taskDefinitionArn="web:1")
    made = drive.call(CREATE, **given, tags=[{"key": "team", "value": "shop"}])["service"]
    arn = made["serviceArn"]
    drive.expect(made["status"]["statusCode"] == "ACTIVE", f"{CREATE}: {made['status']}")
    drive.refuse(CREATE, "InvalidParameterException", "not idempotent", **given)
    found = drive.call(DESCRIBE, serviceArn=arn, include=["TAGS"])["service"]
    drive.demand(DESCRIBE, found, "activeConfigurations[].ingressPaths[].endpoint",
                 "activeConfigurations[].serviceRevisionArn", "activeConfigurations[].scalingTarget",
                 "currentDeployment", "tags[].key")
    described = drive.call("ECS.DescribeServices", cluster=cluster, services=["express"])["services"][0]
    drive.expect(described["resourceManagementType"] == "ECS", "ECS.DescribeServices: no Express service")
    updated = drive.call(UPDATE, serviceArn=arn, scalingTarget={"minTaskCount": 2})["service"]
    target = updated["targetConfiguration"]["scalingTarget"]
    drive.expect(target["minTaskCount"] == 2, f"{UPDATE}: {target}")
    drive.call(UPDATE, serviceArn=arn, primaryContainer={"image": f"{image}:v2"})
    drive.refuse("ECS.DeleteService", "InvalidParameterException", "DeleteExpressGatewayService",
                 cluster=cluster, service="express")
    gone = drive.call(DELETE, serviceArn=arn)["service"]
    drive.expect(gone["status"]["statusCode"] == "DRAINING", f"{DELETE}: {gone['status']}")
    drive.refuse(DELETE, "ServiceNotActiveException", "DRAINING", serviceArn=arn)
    drive.refuse(DESCRIBE, "InvalidParameterException", "not found", serviceArn=arn + "-none")
