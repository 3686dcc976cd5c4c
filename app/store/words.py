"""Texts for people as the books keep them: in English, and with what they were made of.

A `Message` that was written down is read back as one, so that a window can say it in its own
language, whatever language the till spoke when it happened.
"""

import json
from typing import Any, Final

from app.domain.money import Money
from app.errors import Message

_MESSAGE: Final = frozenset({"text", "template", "parameters"})
_MONEY: Final = frozenset({"minor", "currency"})


def to_json(data: object) -> str:
    """Write plain data as JSON, keys in order; a `Message` in it keeps its parts."""
    return json.dumps(_plain(data), sort_keys=True)


def from_json(text: str) -> Any:
    """Read what `to_json` wrote."""
    return json.loads(text, object_hook=_revived)


def _plain(value: object) -> object:
    match value:
        case Message():
            parameters = {name: _plain(part) for name, part in value.parameters.items()}
            return {"text": str(value), "template": value.template, "parameters": parameters}
        case Money():
            return {"minor": value.minor, "currency": value.currency}
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case None | bool() | int() | str():
            return value
    return str(value)


def _revived(data: dict[str, Any]) -> object:
    try:
        if data.keys() == _MONEY:
            return Money(data["minor"], data["currency"])
        if data.keys() == _MESSAGE:
            template, parameters = data["template"], data["parameters"]
            message = Message(template, **parameters)
            return message if message == data["text"] else data["text"]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # Another version's: its English still says it.
        return str(data.get("text", data))
    return data
