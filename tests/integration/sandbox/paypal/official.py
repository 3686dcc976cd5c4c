"""PayPal's official API descriptions, to hold the simulator's answers against.

Needs SCANTILL_API_SPECS, the folder of the providers' official descriptions.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema.validators import validator_for

_SPECS = os.environ.get("SCANTILL_API_SPECS")
_ORDERS, _PAYMENTS = "checkout_orders_v2", "payments_payment_v2"


_NEWER = {"usage_type"}
"""What PayPal answers of a plan though its description, which is older, does not have it."""


@cache
def document_of(name: str) -> Any:
    """Give one of the descriptions."""
    if _SPECS is None:
        pytest.skip("SCANTILL_API_SPECS is not set")
    return json.loads((Path(_SPECS) / "paypal" / f"{name}.json").read_text("utf-8"))


def check_answer(document: str, method: str, path: str, answer: httpx.Response) -> None:
    """Compare an answer with what the description says of this status; fails where it differs."""
    described = document_of(document)["paths"][path][method]["responses"]
    status = str(answer.status_code)
    if status not in described and status == "200":
        status = "201"  # Older descriptions do not tell of a repeated call.
    known = described.get(status) or described["default"]
    if "$ref" in known:
        known = document_of(document)["components"]["responses"][known["$ref"].rsplit("/", 1)[1]]
    if "content" not in known:
        assert answer.content == b"" or status.startswith("5")
        return
    schema = known["content"]["application/json"]["schema"]
    assert answer.headers["Content-Type"] == "application/json"
    check_schema(document, schema, answer.json())


def check_event(event: Any) -> None:
    """Compare a notice and its resource with the descriptions."""
    check_named("notifications_webhooks_v1", "event", event)
    resources = {
        "capture": (_PAYMENTS, "capture-2"),
        "checkout-order": (_ORDERS, "order"),
        "refund": (_PAYMENTS, "refund"),
        "subscription": ("billing_subscriptions_v1", "subscription"),
    }
    if event["resource_type"] in resources and "SALE" not in event["event_type"]:
        check_named(*resources[event["resource_type"]], event["resource"])


def check_named(document: str, name: str, value: Any) -> None:
    check_schema(document, {"$ref": f"#/components/schemas/{name}"}, value)


def check_schema(document: str, schema: Any, value: Any) -> None:
    """Compare a value with a schema; a name that the schema does not have is a difference too."""
    whole = {
        **document_of(document),
        **schema,
        "$schema": "http://json-schema.org/draft-07/schema#",
    }
    found = list(validator_for(whole)(whole).iter_errors(value))
    assert not found, "\n".join(f"{each.json_path}: {each.message}" for each in found[:5])
    strange = list(_strange(document, [schema], value, "$"))
    assert not strange, "\n".join(strange)


def _strange(document: str, schemas: list[Any], value: Any, way: str) -> Iterator[str]:
    """Name what stands in a value and in none of its schemas; one without names takes any."""
    known = [part for schema in schemas for part in _parts(document, schema)]
    if isinstance(value, list):
        items = [part["items"] for part in known if isinstance(part.get("items"), dict)]
        for place, each in enumerate(value):
            yield from _strange(document, items, each, f"{way}[{place}]")
    if isinstance(value, dict):
        names = [part["properties"] for part in known if "properties" in part]
        for name, each in value.items():
            within = [properties[name] for properties in names if name in properties]
            if names and not within and name not in _NEWER:
                yield f"{way}.{name} is not described"
            yield from _strange(document, within, each, f"{way}.{name}")


def _parts(document: str, schema: Any) -> Iterator[Any]:
    """Give a schema with those that it consists of."""
    if "$ref" in schema:
        found = document_of(document)
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        yield from _parts(document, found)
        return
    yield schema
    for name in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(name, ()):
            yield from _parts(document, each)
