"""How many genuine webhooks a second the till takes, the full way, beside one commit per event.

Everything is real: an SQLite file, signed bodies, HTTP over loopback. Run on an idle computer:
`python -m bench.webhooks [--count N] [--connections N]`.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import stripe

from app.clock import SystemClock
from app.domain.attempt import Attempt, AttemptState, Reference
from app.domain.cart import Cart
from app.domain.catalog import Product, Shop
from app.domain.delivery import Delivery
from app.domain.ids import ORDER_ID_LENGTH, Ids
from app.domain.money import Money
from app.domain.order import Order, OrderState, snapshot_of
from app.providers.stripe_checkout import StripeCheckout
from app.settings import Mode
from app.store import Store, Transaction
from app.store.attempts import insert_attempt, mark_attempt
from app.store.inbox import receive
from app.store.orders import insert_order
from app.store.store import next_number
from app.webhooks import PublicDoor

SECRET = "whsec_bench"  # noqa: S105 - of nobody
ACCOUNT = "acct_bench"
PRICE = Money(390, "EUR")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        print(f"fsync of this disk      {fsync_ms(root):8.2f} ms (median)")
        one_by_one = commits_per_s(root / "single", 300)
        print(f"one commit per event    {one_by_one:8.0f} /s")
        asyncio.run(through_the_door(root / "door", arguments, one_by_one))


def fsync_ms(root: Path) -> float:
    """Measure the disk: 4 KiB written and synced, the median of a hundred."""
    times = []
    with (root / "probe").open("wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = time.perf_counter()
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def commits_per_s(directory: Path, count: int) -> float:
    """Write deliveries to the inbox, each waited for on its own."""
    store = new_store(directory)
    bodies = [event_body(f"evt_{n}", "x-x-1") for n in range(count)]
    began = time.perf_counter()
    for n, body in enumerate(bodies):
        delivery = Delivery(
            "bench", "stripe", ACCOUNT, False, f"evt_{n}", "checkout.session.completed", body
        )
        store.write_now(partial(receive, delivery=delivery))
    elapsed = time.perf_counter() - began
    store.close()
    return count / elapsed


async def through_the_door(
    directory: Path, arguments: argparse.Namespace, one_by_one: float
) -> None:
    """Post signed deliveries over HTTP and wait until each has settled its order."""
    store = new_store(directory)
    references = store.write_now(lambda tx: make_attempts(tx, store.till_id, arguments.count))
    strategy = StripeCheckout(
        "bench", "sk_test_bench", clock=SystemClock(), webhook_secrets=(SECRET,)
    )
    strategy.adopt(ACCOUNT)
    door = PublicDoor(
        store,
        {"bench": strategy},
        host="127.0.0.1",
        port=0,
        clock=SystemClock(),
        recheck=lambda _: None,
    )
    address = await asyncio.to_thread(door.start)
    requests = [
        raw_request(address, body, header) for body, header in signed_deliveries(references)
    ]
    # The senders are a process of their own: their work is not the till's.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, int)
        began = time.perf_counter()
        waits = await asyncio.get_running_loop().run_in_executor(
            pool, send_all, address, requests, arguments.connections
        )
        acknowledged = time.perf_counter() - began
        await until_paid(store, arguments.count)
        settled = time.perf_counter() - began
    await asyncio.to_thread(door.stop)
    store.close()
    waits.sort()
    rate = arguments.count / settled
    print(f"acknowledged            {arguments.count / acknowledged:8.0f} /s")
    print(f"settled, the full way   {rate:8.0f} /s   {rate / one_by_one:.1f} x one commit each")
    print(f"acknowledgement p50/p99 {quantile(waits, 50):8.1f} / {quantile(waits, 99):.1f} ms")


def raw_request(address: str, body: bytes, signature: str) -> bytes:
    """Write a whole HTTP request."""
    head = (
        f"POST /webhooks/bench HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_all(address: str, requests: list[bytes], connections: int) -> list[float]:
    """Send requests over some connections at once; give each one's wait in milliseconds."""
    waits: list[float] = []

    async def one(work: Iterator[bytes]) -> None:
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for request in work:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            waits.append((time.perf_counter() - began) * 1000)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
        writer.close()

    async def every() -> None:
        work = iter(requests)
        await asyncio.gather(*(one(work) for _ in range(connections)))

    asyncio.run(every())
    return waits


def new_store(directory: Path) -> Store:
    """Open empty books."""
    return Store(directory, mode=Mode.TEST, clock=SystemClock(), ids=Ids(random.Random(1)))


def make_attempts(tx: Transaction, till_id: str, count: int) -> list[str]:
    """Make orders whose sessions are open, and give their references."""
    cart = Cart()
    cart.add(Product("bench", "Flat white", PRICE))
    snapshot = snapshot_of(cart.content, Shop())
    ids = Ids(random.Random(2))
    references = []
    for _ in range(count):
        order_id = ids.new(ORDER_ID_LENGTH)
        number = next_number(tx, "order")
        insert_order(tx, Order(order_id, number, OrderState.OPEN, 1, snapshot, tx.at))
        attempt = insert_attempt(tx, open_attempt(Reference(till_id, order_id, 1), tx.at))
        mark_attempt(tx, attempt, session_id=f"cs_{order_id}", state=AttemptState.OPEN.value)
        references.append(str(attempt.reference))
    return references


def open_attempt(reference: Reference, at: datetime) -> Attempt:
    """Build an attempt that waits for its customer."""
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


def signed_deliveries(references: list[str]) -> Iterator[tuple[bytes, str]]:
    """Sign a genuine event for each reference."""
    for n, reference in enumerate(references):
        body = event_body(f"evt_{n}", reference)
        header = stripe.WebhookSignature.generate_signature_header(
            body.decode(), SECRET, int(datetime.now(UTC).timestamp())
        )
        yield body, header


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


async def until_paid(store: Store, count: int) -> None:
    """Wait until so many orders are paid."""
    while await asyncio.to_thread(paid, store) < count:  # noqa: ASYNC110 - only the books know
        await asyncio.sleep(0.01)


def paid(store: Store) -> int:
    """Count the orders that are paid."""
    sql = "SELECT count(*) FROM orders WHERE state = 'paid'"
    return int(store.read_now(lambda db: db.execute(sql).fetchone()[0]))


def quantile(ordered: list[float], per_cent: int) -> float:
    """Give the value below which `per_cent` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, len(ordered) * per_cent // 100)]


if __name__ == "__main__":
    main()
