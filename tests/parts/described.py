"""Whether what the till sends is what a provider's official description or package takes.

Stripe's types are those of its package; PayPal and Square have descriptions (SCANTILL_API_SPECS).
"""

import ast
import inspect
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import stripe
from typing_extensions import is_typeddict

from tests.integration.sandbox.paypal.official import check_schema, document_of
from tests.integration.sandbox.square.description import description, faults_of

PAYPALS = (
    "checkout_orders_v2",
    "payments_payment_v2",
    "notifications_webhooks_v1",
    "billing_subscriptions_v1",
    "catalogs_products_v1",
)
OPTIONS = frozenset(stripe.RequestOptions.__annotations__)


class Sent(NamedTuple):
    """A request: its path is below the provider's API, its body is read."""

    method: str
    path: str
    query: str
    body: Any

    @property
    def names(self) -> set[str]:
        return {name for name, _ in parse_qsl(self.query, keep_blank_values=True)}


def matches(template: str, path: str) -> bool:
    """Say whether a path is one of a described operation's."""
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None


# --- Square ------------------------------------------------------------------------------------


def square_faults(sent: Sent) -> tuple[str, list[str]]:
    """Name the operation that a request is, and what is not as it is described."""
    template, operation = _found(description()["paths"], sent)
    known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    found = [f"{sent.path}: {name} is not described" for name in sorted(sent.names - known)]
    asked = operation.get("requestBody")
    if asked is not None:
        schema = asked["content"]["application/json"]["schema"]
        found += faults_of(sent.body, schema, f"{sent.method} {template}")
    return f"{sent.method} {template}", found


# --- PayPal ------------------------------------------------------------------------------------


def paypal_operation(method: str, path: str) -> tuple[str, str] | None:
    """Find the document and the path that describe an operation, None where none does."""
    for name in PAYPALS:
        paths = document_of(name)["paths"]
        for template in sorted(paths, key=lambda each: each.count("{")):
            if method.lower() in paths[template] and matches(template, path):
                return name, template
    return None


def paypal_check(sent: Sent) -> str:
    """Compare a request with its description, and name the operation; fails where it differs.

    What none of the documents has is named by nothing.
    """
    found = paypal_operation(sent.method, sent.path)
    if found is None:
        return ""
    name, template = found
    operation = document_of(name)["paths"][template][sent.method.lower()]
    parameters = [_resolved(name, each) for each in operation.get("parameters", ())]
    known = {each["name"] for each in parameters if each["in"] == "query"}
    assert sent.names <= known, f"{template}: {sorted(sent.names - known)}"
    if "requestBody" in operation:
        asked = _resolved(name, operation["requestBody"])
        if asked.get("required") or sent.body is not None:
            check_schema(name, asked["content"]["application/json"]["schema"], sent.body)
    return f"{sent.method} {template}"


def _resolved(name: str, value: Any) -> Any:
    if "$ref" not in value:
        return value
    found = document_of(name)
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _found(paths: Any, sent: Sent) -> tuple[str, Any]:
    for template in sorted(paths, key=lambda each: each.count("{")):
        if sent.method.lower() in paths[template] and matches(template, sent.path):
            return template, paths[template][sent.method.lower()]
    raise AssertionError(f"{sent.method} {sent.path} is not described")


# --- Stripe ------------------------------------------------------------------------------------


def params_of(service: Any, verb: str) -> Any:
    """Give the type that the package has for the parameters of a service's call."""
    said = getattr(type(service), verb).__annotations__.get("params", "")
    name = re.search(r"(\w+Params)", str(said))
    assert name is not None, f"{type(service).__name__}.{verb} takes no parameters"
    # It is imported for type checkers alone.
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[type(service).__module__]))):
        if isinstance(node, ast.ImportFrom) and name[1] in [each.name for each in node.names]:
            return getattr(import_module(str(node.module)), name[1])
    raise AssertionError(f"{name[1]} is nowhere in the package")


def stripe_faults(value: Any, hint: Any, way: str, home: str = "") -> list[str]:
    """Say what in a value is not as a type of the package's says, each with the way to it.

    A word that stands in no list of the package's is a fault, though the package takes any text.
    """
    if isinstance(hint, str | typing.ForwardRef):
        text = hint if isinstance(hint, str) else hint.__forward_arg__
        space = vars(import_module(home)) | {"Decimal": object}
        hint = eval(text, space)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.NotRequired, typing.Required):
        return stripe_faults(value, arguments[0], way, home)
    if is_typeddict(hint):
        return list(_fields(value, hint, way))
    if origin is typing.Literal:
        return [] if value in arguments else [f"{way}: {value!r} is none of {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{way}: {value!r} is no list"]
        return [
            fault
            for at, each in enumerate(value)
            for fault in stripe_faults(each, arguments[0], f"{way}[{at}]", home)
        ]
    if origin is dict:
        fits = isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())
        return [] if fits else [f"{way}: {value!r} is no object of texts"]
    if arguments:
        closed = [each for each in arguments if each is not str] if _has_words(arguments) else None
        tries = [stripe_faults(value, each, way, home) for each in closed or arguments]
        return min(tries, key=len)
    if hint in (int, str, bool, float):
        return [] if type(value) is hint else [f"{way}: {value!r} is no {hint.__name__}"]
    return [] if value is None and hint is type(None) else [f"{way}: {value!r} is no {hint}"]


def _has_words(arguments: tuple[Any, ...]) -> bool:
    return any(typing.get_origin(each) is typing.Literal for each in arguments)


def _fields(value: Any, hint: Any, way: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{way}: {value!r} is no object"
        return
    known = {name: each for name, each in hint.__annotations__.items() if name not in OPTIONS}
    yield from (f"{way}.{name} is not known" for name in sorted(set(value) - set(known)))
    for name, each in known.items():
        text = each.__forward_arg__ if isinstance(each, typing.ForwardRef) else str(each)
        if name in value:
            yield from stripe_faults(value[name], each, f"{way}.{name}", hint.__module__)
        elif "NotRequired" not in text:
            yield f"{way}.{name} is missing"
