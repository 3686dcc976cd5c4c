"""Whether an object is as the classes of Stripe's package say: names, types, and the words."""

import ast
import inspect
import sys
import typing
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from stripe._list_object import ListObject
from stripe._object_classes import get_object_class
from stripe._stripe_object import StripeObject


def object_faults(value: Any, kind: Any, way: str) -> list[str]:
    """Say what in an object is not as its class says, each with the way to it.

    A word that stands in no list of the package's is a fault, though the package takes any text.
    """
    if not isinstance(value, Mapping):
        return [f"{way}: {value!r} is no {kind.__name__}"]
    known = dict(_fields_of(kind))
    if not known:
        return []
    found = [f"{way}.{name} is not known" for name in sorted(set(value) - set(known))]
    for name, hint in known.items():
        if name in value:
            found += _faults(value[name], hint, f"{way}.{name}", kind)
        elif not _may_be_left_out(hint, kind):
            found.append(f"{way}.{name} is missing")
    return found


@cache
def _fields_of(kind: Any) -> tuple[tuple[str, Any], ...]:
    named = {
        name: hint
        for base in reversed(kind.__mro__)
        if issubclass(base, StripeObject) and base is not StripeObject
        for name, hint in vars(base).get("__annotations__", {}).items()
        if not name.startswith("_") and "ClassVar" not in str(hint)
    }
    return tuple(named.items())


def _resolved(hint: Any, kind: Any) -> Any:
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    return eval(hint, _names_in(kind.__module__, kind)) if isinstance(hint, str) else hint


@cache
def _names_in(module: str, kind: Any) -> dict[str, Any]:
    """Give the names that a module has, and those that it imports for type checkers alone."""
    source = inspect.getsource(sys.modules[module])
    names: dict[str, Any] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("stripe"):
            for each in node.names:
                found = getattr(import_module(str(node.module)), each.name, None)
                if found is not None:
                    names[each.asname or each.name] = found
    outer = vars(sys.modules[module])
    within = {name: each for name, each in vars(kind).items() if isinstance(each, type)}
    return {**vars(typing), **names, **outer, **within}


def _may_be_left_out(hint: Any, kind: Any) -> bool:
    hint = _resolved(hint, kind)
    return type(None) in typing.get_args(hint)


def _faults(value: Any, hint: Any, way: str, kind: Any) -> list[str]:
    hint = _resolved(hint, kind)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return []
    if origin is typing.Literal:
        return [] if value in arguments else [f"{way}: {value!r} is none of {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{way}: {value!r} is no list"]
        return [
            fault
            for at, each in enumerate(value)
            for fault in _faults(each, arguments[0], f"{way}[{at}]", kind)
        ]
    if origin is ListObject:
        if not isinstance(value, Mapping) or value.get("object") != "list":
            return [f"{way}: {value!r} is no list"]
        return [
            fault
            for at, each in enumerate(value["data"])
            for fault in _faults(each, arguments[0], f"{way}[{at}]", kind)
        ]
    if origin is dict or (inspect.isclass(origin) and issubclass(origin, StripeObject)):
        return [] if isinstance(value, Mapping) else [f"{way}: {value!r} is no object"]
    if arguments:
        words = [each for each in arguments if typing.get_origin(each) is typing.Literal]
        tries = [each for each in arguments if not (words and each is str)]
        return min((_faults(value, each, way, kind) for each in tries), key=len)
    if inspect.isclass(hint) and issubclass(hint, StripeObject):
        return object_faults(value, hint, way)
    if hint in (int, str, bool, float):
        return [] if type(value) is hint else [f"{way}: {value!r} is no {hint.__name__}"]
    if hint is type(None):
        return [] if value is None else [f"{way}: {value!r} is not null"]
    return [] if isinstance(value, str) else [f"{way}: {value!r} is no {hint}"]


def class_of(name: str) -> Any:
    """Give the package's class for what an object calls itself."""
    return get_object_class("V1", name)
