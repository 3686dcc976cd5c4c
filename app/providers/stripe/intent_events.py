"""What Stripe's events say of payment intents on a page of our own. Pure, over deliveries.

Refunds and disputes are read as those of any other payment.
"""

import json
from datetime import datetime
from typing import Final

from app.domain.delivery import Delivery
from app.domain.observation import Source
from app.errors import Protocol
from app.providers.strategy import Recheck, Seen
from app.providers.stripe.events import seen_in
from app.providers.stripe.intents import amount_of, has_failed_slowly, is_own, observation_from
from app.providers.stripe.sessions import reference_of
from app.providers.stripe.webhooks import subject_of

_INTENT: Final = "payment_intent."
_FAILED: Final = "payment_intent.payment_failed"
_CHALLENGED: Final = "payment_intent.requires_action"


def seen_in_intents(delivery: Delivery, *, at: datetime) -> Seen | None:
    """Read a delivery. What says something but not enough to judge money by is a Recheck.

    Nothing is said of the intents of Checkout sessions: their own events tell, under the session's
    name.
    """
    if not delivery.event_type.startswith(_INTENT):
        return seen_in(delivery, at=at)
    intent = subject_of(json.loads(delivery.body))
    if not is_own(intent):
        return None
    recheck = Recheck(reference_of(intent), amount_of(intent))
    is_unsure = delivery.event_type == _FAILED and has_failed_slowly(intent)
    if is_unsure or delivery.event_type == _CHALLENGED:
        return recheck
    try:
        return observation_from(
            intent,
            source=Source.WEBHOOK,
            provider_account=delivery.provider_account,
            at=at,
            event_id=delivery.event_id,
        )
    except Protocol:
        return recheck
