"""What the till does with a strategy at a look and at a delivery, where that is more than one call.

Where the customer's word moves no money it takes what they agreed to; where a delivery is checked
by what has to be fetched it has that fetched first.
"""

import itertools

from app.domain.delivery import Delivery
from app.domain.observation import Observation, SessionState, Source
from app.providers.strategy import Captures, LearnsSigners, PaymentStrategy, WebhookRequest

_numbers = itertools.count(1)


async def looked(
    strategy: PaymentStrategy, session_id: str, source: Source = Source.POLL
) -> Observation:
    """Look at a session as the till does."""
    seen = await strategy.fetch(session_id, source=source)
    if seen.state is SessionState.APPROVED and isinstance(strategy, Captures):
        return await strategy.capture(session_id, key=f"contract-capture-{next(_numbers)}")
    return seen


async def read(strategy: PaymentStrategy, request: WebhookRequest) -> Delivery:
    """Take a delivery in as the public door does."""
    if isinstance(strategy, LearnsSigners):
        await strategy.learn_signer(request)
    return strategy.read_webhook(request)
