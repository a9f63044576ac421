#!/usr/bin/env python3
"""Proxy between a client and an emulator: refuse what ECS refuses, answer in ECS's spelling.

The emulators take nearly every definition and return it as it was written. This proxy refuses
definitions with ECS's own words, refuses members that an input does not have, and rewrites the
answers: role names become ARNs, a FireLens container has user 0, host ports are filled in, and
the lists whose order ECS does not keep come back in another order.

Sources: the API reference; terraform-provider-aws#41394; aws-sdk-java#3043;
go-to-k/cdk-real-drift (noise.ts) and go-to-k/cdkd (ecs-provider.ts), both observed live.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import botocore.session
from botocore.model import Shape

from watching_proxy import Handler, main

MODEL = botocore.session.get_session().get_service_model("ecs")
# Operations whose inputs are checked for members that they do not have.
CHECKED = {"RegisterTaskDefinition", "CreateService", "UpdateService", "RunTask"}
ROLES = ("taskRoleArn", "executionRoleArn")


class StrictHandler(Handler):
    """One call."""

    def refusal(self, operation: str, body: bytes) -> bytes | None:
        """ECS's error for a call that it would refuse."""
        if operation not in CHECKED:
            return None
        call = json.loads(body)
        unknown = list(unknown_members(MODEL.operation_model(operation).input_shape, call, ""))
        if unknown:
            return error("SerializationException", f"unknown members: {', '.join(unknown)}")
        found = definition_problem(call) if operation == "RegisterTaskDefinition" else None
        return error("ClientException", found) if found else None

    def respelled(self, operation: str, answer: bytes) -> bytes:
        """The answer in ECS's spelling."""
        if operation not in CHECKED | {"DescribeTaskDefinition", "DescribeServices", "DescribeTasks"}:
            return answer
        whole = json.loads(answer)
        if definition := whole.get("taskDefinition"):
            respell_definition(definition)
        for service in whole.get("services", []) + [whole.get("service") or {}]:
            respell_service(service)
        for task in whole.get("tasks", []):
            respell_roles(task.get("overrides", {}), task.get("taskArn", ""))
        return json.dumps(whole).encode()


def error(code: str, message: str) -> bytes:
    """The body of an error."""
    return json.dumps({"__type": code, "message": message}).encode()


def unknown_members(shape: Shape, value: object, path: str) -> Iterator[str]:
    """The members of an input that its shape does not have."""
    if shape.type_name == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        for name, member in value.items():
            if name in shape.members:
                yield from unknown_members(shape.members[name], member, f"{path}.{name}".lstrip("."))
            else:
                yield f"{path}.{name}".lstrip(".")
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from unknown_members(shape.member, item, f"{path}[]")


def definition_problem(call: dict) -> str | None:
    """The first reason for which ECS refuses a definition."""
    return next(definition_problems(call), None)


def definition_problems(call: dict) -> Iterator[str]:
    """The reasons for which ECS refuses a definition, in its words."""
    containers, mode = call.get("containerDefinitions", []), call.get("networkMode", "bridge")
    fargate = "FARGATE" in call.get("requiresCompatibilities", [])
    if call.get("tags") == []:
        yield "Tags can not be empty."
    if fargate and mode != "awsvpc":
        yield "Fargate only supports network mode \u2018awsvpc\u2019."
    names = [container.get("name") for container in containers]
    volumes = [volume.get("name") for volume in call.get("volumes", [])]
    for container in containers:
        yield from container_problems(call, container, names, volumes, mode)
    routed = any(container.get("logConfiguration", {}).get("logDriver") == "awsfirelens" for container in containers)
    router = any("firelensConfiguration" in container for container in containers)
    if router and not routed:
        yield ("When a firelensConfiguration object is specified, at least one container has to be configured "
               "with the awsfirelens log driver.")
    if routed and not router:
        yield ("When awsfirelens log driver is specified in log configuration, a firelens configuration object "
               "must be configured in one of the containers.")
    for volume in call.get("volumes", []):
        docker = volume.get("dockerVolumeConfiguration", {})
        if docker.get("scope", "task") == "task" and "autoprovision" in docker:
            yield "The autoprovision parameter is not valid for volumes of scope task."


def container_problems(call: dict, container: dict, names: list, volumes: list, mode: str) -> Iterator[str]:
    """The reasons for which ECS refuses a container."""
    name = container.get("name")
    if not container.get("image"):
        yield "Container.image should not be null or empty."
    if not any((call.get("memory"), container.get("memory"), container.get("memoryReservation"))):
        yield (f"Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' "
               "must be specified.")
    if "firelensConfiguration" in container and container.get("user", "0").split(":")[0] != "0":
        yield "If 'user' field is specified on firelens container, then 'UID' has to be '0'."
    for port in container.get("portMappings", []):
        if mode in ("awsvpc", "host") and port.get("hostPort", 0) not in (0, port.get("containerPort")):
            yield f"When networkMode={mode}, the host ports and container ports in port mappings must match."
        if "containerPortRange" in port and ("containerPort" in port or "hostPort" in port):
            yield "cannot specify both single port and port range"
    own = {pair.get("name") for pair in container.get("environment", [])}
    for secret in container.get("secrets", []):
        if secret.get("name") in own:
            yield ("The secret name must be unique and not shared with any new or existing environment variables "
                   f"set on the container, such as '{secret['name']}'.")
    if container.get("secrets") and not call.get("executionRoleArn"):
        yield ("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'")
    for mount in container.get("mountPoints", []):
        if mount.get("sourceVolume") not in volumes:
            yield f"Unknown volume '{mount.get('sourceVolume')}'."
    for other in container.get("volumesFrom", []):
        if other.get("sourceContainer") not in names:
            yield f"Invalid 'volumesFrom' setting. Unknown container: '{other.get('sourceContainer')}'"


def respell_roles(members: dict, arn: str) -> None:
    """Role names become the ARNs of the roles."""
    account = arn.split(":")[4] if arn.count(":") > 4 else "123456789012"
    for name in ROLES:
        if members.get(name) and not members[name].startswith("arn:"):
            members[name] = f"arn:aws:iam::{account}:role/{members[name]}"


def respell_definition(definition: dict) -> None:
    """A task definition as DescribeTaskDefinition returns it."""
    respell_roles(definition, definition.get("taskDefinitionArn", ""))
    if definition.get("requiresCompatibilities"):
        definition["requiresCompatibilities"].sort()
    shares = definition.get("networkMode") in ("awsvpc", "host")
    for container in definition.get("containerDefinitions", []):
        respell_container(container, shares)


def respell_container(container: dict, shares_ports: bool) -> None:
    """A container as DescribeTaskDefinition returns it."""
    container.setdefault("versionConsistency", "enabled")
    if "firelensConfiguration" in container and not container.get("user"):
        container["user"] = "0"
    for port in container.get("portMappings", []):
        port.setdefault("protocol", "tcp")
        if not port.get("hostPort") and "containerPort" in port:
            port["hostPort"] = port["containerPort"] if shares_ports else 0
    if linux := container.get("linuxParameters"):
        linux.setdefault("capabilities", {"add": [], "drop": []})
        linux.setdefault("devices", [])
        linux.setdefault("tmpfs", [])
    if container.get("links"):
        container["links"].sort()
    for name, number in (("environment", 4), ("secrets", 4), ("portMappings", 2), ("volumesFrom", 2)):
        if len(container.get(name) or []) >= number:
            container[name].reverse()


def respell_service(service: dict) -> None:
    """A service as DescribeServices returns it."""
    for strategy in service.get("placementStrategy", []):
        if strategy.get("field") == "host":
            strategy["field"] = "instanceId"
    if deployment := service.get("deploymentConfiguration"):
        breaker = deployment.setdefault("deploymentCircuitBreaker", {"enable": False, "rollback": False})
        breaker.setdefault("resetOnHealthyTask", True)
        breaker.setdefault("thresholdConfiguration", {"type": "BOUNDED_PERCENT", "value": 50})
        deployment.setdefault("alarms", {"alarmNames": [], "enable": False, "rollback": False})
        deployment.setdefault("strategy", "ROLLING")
        deployment.setdefault("bakeTimeInMinutes", 0)


if __name__ == "__main__":
    main(StrictHandler)
