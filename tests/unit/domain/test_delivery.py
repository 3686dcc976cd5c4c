"""A delivery is what was signed, byte for byte."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from app.domain.delivery import Delivery


def test_a_delivery_keeps_its_body_as_it_came_and_cannot_be_changed() -> None:
    body = bytes(range(256))
    kept: Any = Delivery("main", "stripe", "acct_1", False, "evt_1", "some.event", body)
    assert kept.body == body
    with pytest.raises(FrozenInstanceError):
        kept.body = b""
