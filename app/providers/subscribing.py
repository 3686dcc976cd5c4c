"""What a provider with subscriptions can be asked beside the verbs of every strategy."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from app.domain.observation import Source
from app.domain.subscription import PlanTerms, SubscriptionObservation
from app.errors import Rejected


@dataclass(frozen=True, slots=True)
class SubscriptionNews:
    """An event that says something happened to a subscription; what, the next look tells.

    `payment_id` is the payment that it tells of, where it does.
    """

    subscription_id: str
    payment_id: str = ""


class PlanGone(Rejected):
    """A session was refused since nobody may subscribe by its plan: it is gone, or switched off."""

    def __init__(self, refused: Rejected) -> None:
        super().__init__(
            refused.title,
            refused.detail,
            action=refused.action,
            code=refused.code,
            status=refused.status,
        )


@runtime_checkable
class KeepsPlans(Protocol):
    """A provider where a subscription needs a plan that was made before.

    The session's request has the plan's id; the plan costs nothing and moves nothing. Where that
    can be told from other refusals, `open_session` raises PlanGone for a plan that is dead.
    """

    async def open_plan(self, terms: PlanTerms, *, key: str) -> str:
        """Make a plan of these terms and give its id; under the same key it is the same plan.

        Where the provider has no such keys, a plan that was made before is looked for by it.
        """
        ...


@runtime_checkable
class Subscribes(Protocol):
    """A provider that charges again at each interval what a session began.

    The session's `Observation` names the subscription that it began as its `subscription_id`. So
    the list of sessions finds what books that were restored from a backup know nothing of; such a
    one is looked at each day from then on, since no provider but Stripe lists what came after.
    """

    async def fetch_subscription(
        self, subscription_id: str, *, source: Source
    ) -> SubscriptionObservation:
        """Look at a subscription, and at every payment that it took."""
        ...

    async def cancel_subscription(
        self, subscription_id: str, *, at_period_end: bool, key: str
    ) -> SubscriptionObservation:
        """End a subscription, now or when what was paid for is over, and look at it again.

        One that is over already is answered with what it is. Which of the two a provider can do,
        its capabilities say.
        """
        ...


@runtime_checkable
class ReadsOn(Protocol):
    """A provider where each payment of a subscription costs calls of its own to be read.

    What was read once need not be read again: it is in the books.
    """

    async def fetch_subscription_on(
        self, subscription_id: str, *, read_to: str, source: Source
    ) -> SubscriptionObservation:
        """Look at a subscription, and at the payments after `read_to`, which an earlier look gave.

        Where that does not stand there any more, at every payment.
        """
        ...
