"""What is on a provider's list or in its events beside payments: read alike at every provider."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation, SeenDispute
from app.domain.observation import Source
from app.errors import Protocol

T = TypeVar("T")

_log = logging.getLogger(__name__)


def understood(
    what: str, document: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]
) -> T | None:
    """Read one of a list; one that cannot be read is logged, and None: it hides no other."""
    try:
        return read(document)
    except Protocol as error:
        _log.error("%s %r cannot be understood: %s", what, document.get("id"), error)
        return None


def dispute_told(
    dispute: SeenDispute, delivery: Delivery, *, told_at: datetime, at: datetime
) -> DisputeObservation:
    """Make what an event tells of a dispute an observation."""
    return DisputeObservation(
        source=Source.WEBHOOK,
        provider=delivery.provider,
        provider_account=delivery.provider_account,
        live=delivery.live,
        dispute=dispute,
        told_at=told_at,
        observed_at=at,
        event_id=delivery.event_id,
    )
