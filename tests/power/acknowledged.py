"""Marks in a till's recording, at its borders: what somebody outside may rely on from then on.

* `fact`: told on the bus, as the screens hear of it (`order.paid` is PAID on a screen).
* `webhook`: a delivery answered with 2xx.
* `call`: a call with an effect leaves for the provider, so that its intent must be in the books.
* `till`, `order`, `session`, `shown`, `ended`: what a use case has returned to its caller.
* `closed`: the older program has closed its books.
"""

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.bootstrap import Till
from app.domain.attempt import Attempt
from app.domain.order import Order
from app.events import Fact
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.webhooks.receiver import Receiver
from tests.power.recording import set_mark


def mark_borders() -> None:
    """Have every till of this process mark its answers to deliveries and its calls."""
    for verb in ("open_session", "close_session", "refund"):
        _mark_calls(verb)
    build: Callable[[Receiver], Starlette] = Receiver.application

    def application(self: Receiver) -> Any:
        return _Answers(build(self))

    Receiver.application = application  # type: ignore[method-assign]


def mark_facts(till: Till) -> None:
    """Have a till mark each fact as it is published, on the thread that publishes it."""

    def listen(fact: Fact) -> None:
        set_mark(ack="fact", seq=fact.seq, name=fact.name, order=fact.order_id)

    till.store.bus.subscribe(listen)


def mark_till(till_id: str) -> None:
    set_mark(ack="till", id=till_id)


def mark_closed() -> None:
    set_mark(ack="closed")


def mark_order(order: Order) -> None:
    set_mark(ack="order", id=order.id, number=order.number)


def mark_session(attempt: Attempt) -> None:
    set_mark(ack="session", attempt=attempt.id, session=attempt.session_id, url=attempt.url)


def mark_shown(attempt: Attempt) -> None:
    set_mark(ack="shown", attempt=attempt.id)


def mark_ended(order: Order) -> None:
    set_mark(ack="ended", id=order.id, state=order.state.value)


def _mark_calls(verb: str) -> None:
    original = getattr(StripeCheckout, verb)

    async def called(*arguments: Any, **options: Any) -> Any:
        key = options["key"] if "key" in options else arguments[1].key
        set_mark(ack="call", key=key)
        return await original(*arguments, **options)

    setattr(StripeCheckout, verb, called)


class _Answers:
    """Marks each delivery that is answered with 2xx, before the answer leaves."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def received() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            is_answer = message["type"] == "http.response.start" and message["status"] < 300
            if is_answer and scope["method"] == "POST":
                set_mark(ack="webhook", event=json.loads(bytes(body))["id"])
            await send(message)

        await self._application(scope, received, sent)
