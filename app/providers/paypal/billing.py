"""PayPal's subscriptions over its API: made, begun, looked at, ended.

Source: PayPal's REST reference, Subscriptions v1. Their payments stand in a list of their own, by
a span of time.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.observation import Observation, SessionState
from app.domain.subscription import SubscriptionObservation
from app.errors import Message, Protocol, ProviderError, Rejected
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.declines import Declines
from app.providers.paypal.documents import moment_from, objects_in, pages_of, text_of, time_text
from app.providers.paypal.orders import Look
from app.providers.paypal.subscriptions import (
    Payments,
    closed,
    is_over,
    is_unapproved,
    payments_in,
    session_from,
    subscription_from,
    was_left,
)
from app.providers.subscribing import PlanGone

_SUBSCRIPTIONS: Final = "/v1/billing/subscriptions"
_ROOM: Final = timedelta(days=1)
_WANTED: Final = "The sale goes on at the till."
_CALLED_OFF: Final = "The payment was called off at the till."
_ASKED_FOR: Final = "The subscription was ended at the till."
_GONE: Final = 404
_REFUSED: Final = 422
_NO_WORD: Final = "TRANSACTION_REFUSED"
_REMEMBERED: Final = 256
_PLAN_GONE: Final = frozenset(
    {"INVALID_RESOURCE_ID", "PLAN_STATUS_INACTIVE", "PLAN_STATUS_INVALID", "RESOURCE_NOT_FOUND"}
)
"""How the making of a subscription is refused by its plan: nothing else that it names has an id."""
_NOT_NOW: Final = frozenset({"SUBSCRIPTION_STATUS_INVALID", "SUBSCRIPTION_CANNOT_BE_ACTIVATED"})
_CLOSES: Final = frozenset({SessionState.OPEN, SessionState.APPROVED, SessionState.FAILED})

_log = logging.getLogger(__name__)


class Billing:
    """One account's subscriptions. `now` is the provider's clock, as of its newest answer."""

    def __init__(
        self, client: PayPalClient, now: Callable[[], datetime], declines: Declines
    ) -> None:
        self._client = client
        self._now = now
        self._declines = declines
        self._asked: dict[str, None] = {}

    async def begin(self, parameters: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Create a subscription and give it whole, with its plan and its page.

        Raises PlanGone where nobody may subscribe by its plan, Protocol where PayPal holds another
        one under that key.
        """
        try:
            made = await self._client.post(_SUBSCRIPTIONS, parameters, key=key)
        except Rejected as refused:
            if refused.code in _PLAN_GONE:
                raise PlanGone(refused) from refused
            raise
        # What it costs stands in its plan alone, and somebody may have changed that at PayPal.
        whole = await self.retrieve(text_of(made, "id"))
        wanted = (parameters["custom_id"], parameters["plan_id"])
        if (whole.get("custom_id"), whole.get("plan_id")) != wanted:
            raise Protocol(Message("PayPal holds another request under the same key"))
        return {**whole, "links": [*objects_in(made, "links"), *objects_in(whole, "links")]}

    async def retrieve(self, subscription_id: str) -> dict[str, Any]:
        """Fetch a subscription with its plan, and with what was refused last."""
        query = {"fields": "plan,last_failed_payment"}
        return await self._client.get(f"{_SUBSCRIPTIONS}/{subscription_id}", query)

    async def session(self, session_id: str, look: Look) -> Observation:
        """Look at a subscription as the session that began it."""
        subscription = await self.retrieve(session_id)
        seen = await self._seen(subscription, look)
        if seen.state is SessionState.APPROVED:
            return self._declines.unless_declined(seen, subscription)
        return seen

    async def activate(self, session_id: str, look: Look) -> Observation:
        """Have what the customer agreed to begin, once, and look at it again.

        PayPal names no key for this, so what an earlier call came to is looked at first. What was
        agreed to so long ago that nobody waits for it is called off instead. One that PayPal will
        not begin is open again, with its word for why: whoever waits at the counter is told. Where
        an earlier call may have begun it, that it cannot be begun any more is no refusal.
        """
        subscription = await self.retrieve(session_id)
        seen = await self._seen(subscription, look)
        if seen.state is not SessionState.APPROVED:
            return seen
        if was_left(subscription, self._now()):
            return await self._called_off(session_id, look)
        path = f"{_SUBSCRIPTIONS}/{session_id}/activate"
        try:
            await self._client.post(path, {"reason": _WANTED})
        except Rejected as refused:
            again = await self.session(session_id, look) if refused.code in _NOT_NOW else seen
            if again.state is not SessionState.APPROVED:
                return again
            if refused.code in _NOT_NOW and session_id in self._asked:
                return replace(again, state=SessionState.PROCESSING)
            if refused.status != _REFUSED:
                raise
            return self._declines.add(again, subscription, refused.code or _NO_WORD)
        except ProviderError:
            self._note_asked(session_id)
            raise
        self._note_asked(session_id)
        again = await self.session(session_id, look)
        if again.state is SessionState.APPROVED:
            # PayPal agreed, and its own word for it may come later.
            return replace(again, state=SessionState.PROCESSING)
        return again

    def _note_asked(self, session_id: str) -> None:
        """Remember one that may have been begun by now, whatever PayPal goes on to call it."""
        self._asked[session_id] = None
        for oldest in list(self._asked)[:-_REMEMBERED]:
            del self._asked[oldest]

    async def subscription(self, subscription_id: str, look: Look) -> SubscriptionObservation:
        """Look at a subscription, and at every payment that it took."""
        subscription = await self.retrieve(subscription_id)
        return subscription_from(subscription, await self._payments(subscription), look)

    async def close(self, session_id: str, look: Look) -> Observation:
        """Cancel what nobody has paid, and look at it again; what is paid is left as it is."""
        seen = await self.session(session_id, look)
        if seen.state not in _CLOSES:
            return seen
        return await self._called_off(session_id, look)

    async def end(self, subscription_id: str, look: Look) -> SubscriptionObservation:
        """End a subscription now, and look at it again; one that is over is answered with that."""
        refused = await self._cancelled(subscription_id, _ASKED_FOR)
        if refused is not None and not is_over(await self.retrieve(subscription_id)):
            raise Rejected(
                Message("PayPal did not end the subscription"),
                refused.detail,
                action=Message("Try again later, or end it at PayPal."),
                code=refused.code,
                status=refused.status,
            ) from refused
        return await self.subscription(subscription_id, look)

    async def _called_off(self, session_id: str, look: Look) -> Observation:
        refused = await self._cancelled(session_id, _CALLED_OFF)
        if refused is not None:
            _log.info("%s was not cancelled: %s", session_id, refused)
        return closed(await self.session(session_id, look))

    async def _cancelled(self, subscription_id: str, reason: str) -> Rejected | None:
        """Cancel; a refusal is given back, since only a look says what it means."""
        path = f"{_SUBSCRIPTIONS}/{subscription_id}/cancel"
        try:
            await self._client.post(path, {"reason": reason})
        except Rejected as refused:
            if refused.is_of_the_key or refused.status == _GONE:
                raise
            return refused
        return None

    async def _seen(self, subscription: Mapping[str, Any], look: Look) -> Observation:
        payments = await self._payments(subscription)
        return session_from(subscription, payments, look, self._now())

    async def _payments(self, subscription: Mapping[str, Any]) -> Payments:
        """Read every payment of a subscription; before anybody agreed there is none."""
        if is_unapproved(subscription):
            return Payments()
        made_at = moment_from(subscription.get("create_time"))
        if made_at is None:
            raise Protocol(Message("PayPal sent a subscription without its time"))
        end_at = self._now() + _ROOM
        query = {"start_time": time_text(made_at - _ROOM), "end_time": time_text(end_at)}
        path = f"{_SUBSCRIPTIONS}/{text_of(subscription, 'id')}/transactions"
        try:
            lines = [
                line
                async for page in pages_of(self._client, path, query)
                for line in objects_in(page, "transactions")
            ]
        except Rejected as refused:
            if refused.status != _GONE:
                raise
            # The subscription is there: it must not be taken for one that is gone.
            _log.info("no payments of %s are known: %s", subscription["id"], refused)
            return Payments()
        return payments_in(lines)
