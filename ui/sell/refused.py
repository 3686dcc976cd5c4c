"""Why no account takes a cart, in words."""

from collections.abc import Sequence

from app.routing import LeftOut
from ui.accounts import label_among
from ui.bidi import isolated
from ui.format import Formats


def refusal_lines(refusals: Sequence[LeftOut], formats: Formats) -> list[str]:
    """Say why accounts are left out, those together whose reason is the same."""
    by_reason: dict[str, list[str]] = {}
    names = [each.account for each in refusals]
    for each in refusals:
        label = isolated(label_among(each.account, names))
        by_reason.setdefault(formats.message(each.reason), []).append(label)
    return [f"{', '.join(labels)}: {reason}" for reason, labels in by_reason.items()]
