"""What Razorpay's support switches on for an account on demand, for all accounts at once here."""

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import Final

from app.sandbox.books import JsonObject
from app.sandbox.razorpay.errors import unrecognized
from app.sandbox.razorpay.workbench import Workbench

_FEATURES: Final = "razorpay_features"
_PATHS: Final = {
    "qr_codes": re.compile(r"/v1/payments/qr_codes(/.*)?"),
    "subscriptions": re.compile(r"/v1/(plans|subscriptions)(/.*)?"),
}


@dataclass(frozen=True, kw_only=True)
class Features:
    """Without `qr_codes` or `subscriptions` the addresses of these are not there.

    With `image_content` the text of a code is told beside its picture.
    """

    qr_codes: bool = True
    subscriptions: bool = True
    image_content: bool = False


def features(bench: Workbench) -> Features:
    kept = bench.books.fact(_FEATURES)
    return Features() if kept is None else Features(**json.loads(kept))


def set_features(bench: Workbench, changes: JsonObject) -> Features:
    """Switch on or off, in a transaction of its own."""
    changed = replace(features(bench), **changes)
    with bench.books.transaction():
        bench.books.set_fact(_FEATURES, json.dumps(asdict(changed)))
    return changed


def check_enabled(bench: Workbench, path: str) -> None:
    """Refuse an address of what is not switched on."""
    on = features(bench)
    for name, pattern in _PATHS.items():
        if pattern.fullmatch(path) and not getattr(on, name):
            raise unrecognized()
