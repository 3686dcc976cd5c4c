"""Genuine webhook deliveries: attempts that wait for them, their bodies, and who sends them."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import stripe

from app.domain.attempt import Attempt, AttemptState, Reference
from app.domain.cart import Cart
from app.domain.catalog import Product, Shop
from app.domain.ids import ORDER_ID_LENGTH, Ids
from app.domain.money import Money
from app.domain.order import Order, OrderState, snapshot_of
from app.store import Transaction
from app.store.attempts import insert_attempt, mark_attempt
from app.store.orders import insert_order
from app.store.store import next_number

SECRET = "whsec_bench"  # noqa: S105 - of nobody
ACCOUNT = "acct_bench"
PRICE = Money(390, "EUR")


def make_attempts(tx: Transaction, till_id: str, count: int, seed: int) -> list[str]:
    """Make orders whose sessions are open, and give their references."""
    cart = Cart()
    cart.add(Product("bench", "Flat white", PRICE))
    snapshot = snapshot_of(cart.content, Shop())
    ids = Ids(random.Random(seed))
    references = []
    for _ in range(count):
        order_id = ids.new(ORDER_ID_LENGTH)
        number = next_number(tx, "order")
        insert_order(tx, Order(order_id, number, OrderState.OPEN, 1, snapshot, tx.at))
        attempt = insert_attempt(tx, _open_attempt(Reference(till_id, order_id, 1), tx.at))
        mark_attempt(tx, attempt, session_id=f"cs_{order_id}", state=AttemptState.OPEN.value)
        references.append(str(attempt.reference))
    return references


def event_body(event_id: str, reference: str) -> bytes:
    """Build an event of about 3 KB, as Stripe's are."""
    session = {
        "id": f"cs_{reference.split('-')[1]}",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": PRICE.minor,
        "currency": "eur",
        "client_reference_id": reference,
        "livemode": False,
        "payment_intent": f"pi_{event_id}",
        "metadata": {"reference": reference},
        "padding": "x" * 2500,
    }
    event = {
        "id": event_id,
        "object": "event",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {"object": session},
    }
    return json.dumps(event).encode()


def signature_of(body: bytes) -> str:
    """Sign a body as the provider would now."""
    return str(
        stripe.WebhookSignature.generate_signature_header(
            body.decode(), SECRET, int(datetime.now(UTC).timestamp())
        )
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What the senders saw: each acknowledgement's wait in ms, and how long all took."""

    waits_ms: list[float]
    seconds: float


def be_ready() -> None:
    """Do nothing, in a process that has loaded this module by then."""


def send(address: str, references: list[str], connections: int, seconds: float) -> Sent:
    """Send an event for each reference over some connections at once, for so long at most."""
    waits: list[float] = []
    host, port = address.removeprefix("http://").split(":")

    async def one(work: Iterator[str], until: float) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for reference in work:
            body = event_body(f"evt_{reference}", reference)
            request = _request(host, body, signature_of(body))
            began = time.perf_counter()
            if began >= until:
                break
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            waits.append((time.perf_counter() - began) * 1000)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
        writer.close()

    async def every() -> float:
        work = iter(references)
        began = time.perf_counter()
        await asyncio.gather(*(one(work, began + seconds) for _ in range(connections)))
        return time.perf_counter() - began

    return Sent(seconds=asyncio.run(every()), waits_ms=waits)


def _request(host: str, body: bytes, signature: str) -> bytes:
    head = (
        f"POST /webhooks/bench HTTP/1.1\r\nHost: {host}\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _open_attempt(reference: Reference, at: datetime) -> Attempt:
    return Attempt(
        id=0,
        order_id=reference.order_id,
        number=1,
        account="bench",
        provider="stripe",
        provider_account=ACCOUNT,
        live=False,
        reference=reference,
        amount=PRICE,
        state=AttemptState.CREATING,
        version=1,
        created_at=at,
        deadline_at=at + timedelta(minutes=15),
    )
