"""Square's official API description, and whether a value is as it says."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_TYPES: dict[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}
_NEWER = {
    "FulfillmentType": {"DIGITAL"},  # as the description's own example of a payment link has it
}
"""What Square answers though its description does not list it."""


@cache
def description() -> Any:
    """Needs SCANTILL_API_SPECS, the folder of the providers' official descriptions."""
    folder = os.environ.get("SCANTILL_API_SPECS")
    if folder is None:
        pytest.skip("SCANTILL_API_SPECS is not set")
    return json.loads((Path(folder) / "square" / "api.json").read_text("utf-8"))


def faults(value: Any, name: str) -> list[str]:
    """What is not as the schema of this name says, each with the way to it."""
    return faults_of(value, {"$ref": f"#/components/schemas/{name}"}, name)


def answer_of(method: str, path: str) -> str:
    """The name of the schema of an operation's answer."""
    operation = description()["paths"][path][method.lower()]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return str(schema["$ref"]).rpartition("/")[2]


def request_of(method: str, path: str) -> Any:
    operation = description()["paths"][path][method.lower()]
    return operation["requestBody"]["content"]["application/json"]["schema"]


def resolved(schema: Any) -> tuple[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return name, description()["components"]["schemas"][name] if name else schema


def faults_of(value: Any, schema: Any, way: str) -> list[str]:
    """What is not as a schema says, each with the way to it."""
    name, rules = resolved(schema)
    if "enum" in rules:
        known = {*rules["enum"], *_NEWER.get(name, ())}
        return [] if value in known else [f"{way}: {value!r} is no {name}"]
    kind = rules.get("type", "object" if "properties" in rules else None)
    if kind is not None and (
        not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool))
    ):
        return [f"{way}: {value!r} is no {kind}"]
    found = []
    if isinstance(value, str):
        longest = rules.get("maxLength", len(value))
        if not rules.get("minLength", 0) <= len(value) <= longest:
            found.append(f"{way}: {len(value)} characters, at most {longest}")
    if isinstance(value, list):
        items = rules.get("items", {})
        for at, each in enumerate(value):
            found += faults_of(each, items, f"{way}[{at}]")
    if isinstance(value, dict):
        properties = rules.get("properties")
        if properties is None:
            return found
        # The description once asks for a field that it does not have (RiskEvaluation's status).
        needed = set(rules.get("required", ())) & set(properties)
        found += [f"{way}.{each} is missing" for each in sorted(needed - set(value))]
        for key, each in value.items():
            if key not in properties:
                found.append(f"{way}.{key} is not described")
            else:
                found += faults_of(each, properties[key], f"{way}.{key}")
    return found
