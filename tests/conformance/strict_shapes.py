"""Strict comparison of raw answers with botocore's models.

botocore's own parsers are lenient: they drop unknown members and accept incomplete
answers. These functions compare the bytes of an answer with the output shape of its
operation, and return where and how the two differ.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from botocore.model import OperationModel, Shape

# Documented by ECS, but missing from the model's enums.
DOCUMENTED_VALUES = {"PRE_PRODUCTION_TRAFFIC_SHIFT"}

NUMBERS = {"integer": int, "long": int, "float": (int, float), "double": (int, float),
           "timestamp": (int, float)}


def differences(model: OperationModel, body: bytes) -> Iterator[str]:
    """The deviations of a successful answer, as `path: what`."""
    try:
        if model.service_model.metadata["protocol"] == "query":
            yield from xml_answer(model, ElementTree.fromstring(body))
        else:
            yield from json_value(model.output_shape, json.loads(body), "")
    except (ValueError, ElementTree.ParseError) as error:
        yield f"the body cannot be read: {error}"


def json_value(shape: Shape | None, value: object, path: str) -> Iterator[str]:
    """Differences of one JSON value from its shape."""
    if shape is None:
        if value != {}:
            yield f"{path or 'answer'}: the operation answers nothing, found {brief(value)}"
    elif shape.type_name == "structure":
        yield from json_structure(shape, value, path)
    elif shape.type_name == "list":
        yield from json_list(shape, value, path)
    elif shape.type_name == "map":
        yield from json_map(shape, value, path)
    elif problem := scalar_problem(shape, value):
        yield f"{path}: {problem}"


def json_structure(shape: Shape, value: object, path: str) -> Iterator[str]:
    """Differences of an object: unknown and missing members, then each member's own."""
    if not isinstance(value, dict):
        yield f"{path or 'answer'}: {shape.name} is an object, found {brief(value)}"
        return
    known = {member.serialization.get("name", name): member
             for name, member in shape.members.items()}
    for name, member in value.items():
        where = f"{path}.{name}".lstrip(".")
        if name in known:
            yield from json_value(known[name], member, where)
        else:
            yield f"{where}: unknown member of {shape.name}"
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name}".lstrip(".") + f": required member of {shape.name} is missing"


def json_list(shape: Shape, value: object, path: str) -> Iterator[str]:
    """Differences of a list, item by item."""
    if not isinstance(value, list):
        yield f"{path}: a list of {shape.member.name}, found {brief(value)}"
        return
    for index, item in enumerate(value):
        yield from json_value(shape.member, item, f"{path}[{index}]")


def json_map(shape: Shape, value: object, path: str) -> Iterator[str]:
    """Differences of a map, entry by entry."""
    if not isinstance(value, dict):
        yield f"{path}: a map to {shape.value.name}, found {brief(value)}"
        return
    for key, item in value.items():
        yield from json_value(shape.value, item, f"{path}[{key!r}]")


def scalar_problem(shape: Shape, value: object) -> str | None:
    """What is wrong with a number, a boolean, a string, a time or a blob."""
    kind = shape.type_name
    if kind in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, NUMBERS[kind]):
            return f"a number ({kind}) is wanted, found {brief(value)}"
        if kind == "timestamp" and not 1e9 < value < 1e10:
            return f"a time in seconds since 1970 is wanted, found {brief(value)}"
        return None
    if kind == "boolean":
        return None if isinstance(value, bool) else f"true or false is wanted, found {brief(value)}"
    if not isinstance(value, str):
        return f"a {kind} is wanted, found {brief(value)}"
    if kind == "blob":
        return blob_problem(value)
    allowed = getattr(shape, "enum", [])
    if allowed and value not in allowed and value not in DOCUMENTED_VALUES:
        return f"{brief(value)} is not one of {', '.join(allowed)}"
    return None


def blob_problem(value: str) -> str | None:
    """What is wrong with a blob, which JSON carries in base64."""
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return f"base64 is wanted, found {brief(value)}"
    return None


def xml_answer(model: OperationModel, root: ElementTree.Element) -> Iterator[str]:
    """Differences of an answer of the query protocol: its envelope, then its result."""
    namespace = model.service_model.metadata["xmlNamespace"]
    if root.tag != f"{{{namespace}}}{model.name}Response":
        yield f"the outermost element is {root.tag}"
    wrapper = (model.output_shape.serialization or {}).get("resultWrapper")
    parts = {local_name(child): child for child in root}
    if set(parts) != {wrapper, "ResponseMetadata"}:
        yield f"{model.name}Response holds {sorted(parts)}"
    elif [local_name(child) for child in parts["ResponseMetadata"]] != ["RequestId"]:
        yield "ResponseMetadata holds no RequestId"
    else:
        yield from xml_structure(model.output_shape, parts[wrapper], wrapper)


def xml_structure(shape: Shape, element: ElementTree.Element, path: str) -> Iterator[str]:
    """Differences of an element with members; STS answers with these and scalars only."""
    names = [local_name(child) for child in element]
    for child in element:
        name, member = local_name(child), shape.members.get(local_name(child))
        if member is None:
            yield f"{path}.{name}: unknown member of {shape.name}"
        elif names.count(name) > 1:
            yield f"{path}.{name}: given more than once"
        elif member.type_name == "structure":
            yield from xml_structure(member, child, f"{path}.{name}")
        elif problem := xml_scalar_problem(member, child.text or ""):
            yield f"{path}.{name}: {problem}"
    for name in shape.required_members:
        if name not in names:
            yield f"{path}.{name}: required member of {shape.name} is missing"


def xml_scalar_problem(shape: Shape, text: str) -> str | None:
    """What is wrong with the text of an element."""
    patterns = {"integer": r"-?\d+", "boolean": "true|false", "string": r"(?s).+",
                "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"}
    if re.fullmatch(patterns[shape.type_name], text):
        return None
    return f"a {shape.type_name} is wanted, found {brief(text)}"


def local_name(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def brief(value: object) -> str:
    """A value for a message, shortened if it is long."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
