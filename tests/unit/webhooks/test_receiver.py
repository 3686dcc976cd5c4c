"""The application behind the public port, without its port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.delivery import Delivery
from app.errors import StoreError, WebhookRejected
from app.providers.strategy import WebhookRequest
from app.webhooks import receiver
from app.webhooks.receiver import MAX_BODY_BYTES, Receiver, paths_of
from tests.parts.provider import FakeProvider, FakeStrategy
from tests.parts.till import Counter

SIGNED = {"X-Signed": "yes"}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    till.close()


class Door:
    def __init__(self, till: Counter) -> None:
        self.till = till
        self.received = 0
        self.receiver = Receiver(
            till.store,
            {till.strategy.account: till.strategy},
            clock=till.clock,
            on_received=self._count,
        )

    def _count(self) -> None:
        assert self.till.count("inbox") > self.received, "told before the commit"
        self.received += 1

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self.asked(method, path, **options))

    async def asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.receiver.application())
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.request(method, path, **options)


@pytest.fixture
def door(till: Counter) -> Door:
    return Door(till)


def an_event(till: Counter) -> bytes:
    _, attempt = asyncio.run(till.show())
    till.provider.decline(attempt.session_id or "")
    return till.provider.events[-1].body


@pytest.mark.parametrize("path", ["/webhooks/fake", "/webhooks/FAKE", "/webhooks/fakepay"])
def test_a_genuine_delivery_is_in_the_inbox_and_acknowledged(
    till: Counter, door: Door, path: str
) -> None:
    answer = door.ask("POST", path, content=an_event(till), headers=SIGNED)
    assert (answer.status_code, door.received) == (200, 1)
    assert till.rows("SELECT event_id, standing FROM inbox") == [("fe_1", None)]


def test_the_same_event_again_is_acknowledged_and_kept_once(till: Counter, door: Door) -> None:
    body = an_event(till)
    for _ in range(3):
        till.store.write_now(lambda tx: tx.execute("DELETE FROM inbox WHERE event_id = 'never'"))
        door.received = 0
        assert door.ask("POST", "/webhooks/fake", content=body, headers=SIGNED).is_success
    assert till.count("inbox") == 1


def test_a_delivery_that_is_not_genuine_leaves_no_trace(till: Counter, door: Door) -> None:
    body = an_event(till)
    changes = till.store.read_now(lambda db: db.execute("PRAGMA data_version").fetchone()[0])
    answer = door.ask("POST", "/webhooks/fake", content=body)
    assert answer.status_code == 400
    assert "signature" in answer.text
    assert till.count("inbox") == 0 and door.received == 0
    assert till.store.read_now(lambda db: db.execute("PRAGMA data_version").fetchone()[0]) == (
        changes
    )


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("POST", "/webhooks/other", 404),
        ("POST", "/webhooks/", 404),
        ("POST", "/webhooks/fake/more", 404),
        ("POST", "/", 404),
        ("GET", "/", 404),
        ("GET", "/health", 404),
        ("GET", "/api/v1/status", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/webhooks/fake", 405),
        ("PUT", "/webhooks/fake", 405),
        ("DELETE", "/webhooks/fake", 405),
        ("POST", "/success", 405),
        ("POST", "/cancelled", 405),
        ("GET", "/success", 200),
        ("GET", "/cancelled", 200),
    ],
)
def test_only_webhooks_and_two_plain_pages_are_there(
    door: Door, method: str, path: str, status: int
) -> None:
    assert door.ask(method, path).status_code == status


def test_the_pages_load_nothing_and_repeat_nothing(door: Door) -> None:
    for path in ("/success", "/cancelled"):
        page = door.ask("GET", path, params={"session_id": "<script>x</script>"}).text
        assert "<script" not in page and "http" not in page and "src=" not in page


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
def test_a_compressed_delivery_is_refused(door: Door, encoding: str) -> None:
    headers = {**SIGNED, "Content-Encoding": encoding}
    assert door.ask("POST", "/webhooks/fake", content=b"x", headers=headers).status_code == 415


@pytest.mark.parametrize("length", [str(MAX_BODY_BYTES + 1), "9" * 30, "-1", "1e3", "x"])
def test_a_length_that_is_too_much_or_none_is_refused_before_reading(
    door: Door, length: str
) -> None:
    headers = {**SIGNED, "Content-Length": length}
    assert door.ask("POST", "/webhooks/fake", content=b"x", headers=headers).status_code == 413


def test_a_body_without_a_length_is_refused_when_it_grows_too_large(door: Door) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 65_536
            yield b"x" * 65_536

    answer = door.ask("POST", "/webhooks/fake", content=endless(), headers=SIGNED)
    assert answer.status_code == 413
    assert given <= MAX_BODY_BYTES + 2 * 65_536


def test_the_largest_body_is_read(door: Door) -> None:
    body = b"x" * MAX_BODY_BYTES
    assert door.ask("POST", "/webhooks/fake", content=body).status_code == 400


def test_a_body_that_takes_too_long_is_given_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "BODY_DEADLINE_S", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    answer = door.ask("POST", "/webhooks/fake", content=trickle(), headers=SIGNED)
    assert answer.status_code == 408


def test_a_sender_that_hangs_up_is_forgotten(till: Counter, door: Door) -> None:
    sent: list[dict[str, Any]] = []

    async def story() -> None:
        messages = [
            {"type": "http.request", "body": b"x", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def hear() -> Any:
            return messages.pop(0)

        async def say(message: Any) -> None:
            sent.append(dict(message))

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/webhooks/fake",
            "headers": [],
            "query_string": b"",
        }
        await door.receiver.application()(scope, hear, say)

    asyncio.run(story())
    assert sent[0]["status"] == 400
    assert till.count("inbox") == 0


def test_an_overloaded_door_asks_to_come_later_and_recovers(
    till: Counter, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "MOST_UNDER_WAY", 0)
    body = an_event(till)
    busy = door.ask("POST", "/webhooks/fake", content=body, headers=SIGNED)
    assert (busy.status_code, busy.headers.get("Retry-After")) == (503, "5")
    assert till.count("inbox") == 0
    monkeypatch.setattr(receiver, "MOST_UNDER_WAY", 1)
    for _ in range(3):
        assert door.ask("POST", "/webhooks/fake", content=b"x").status_code == 400
    assert door.ask("POST", "/webhooks/fake", content=body, headers=SIGNED).status_code == 200


def test_without_a_commit_there_is_no_acknowledgement(
    till: Counter, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(work: Any) -> Any:
        raise StoreError("The disk is full")

    body = an_event(till)
    monkeypatch.setattr(till.store, "write", full)
    answer = door.ask("POST", "/webhooks/fake", content=body, headers=SIGNED)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5")
    assert door.received == 0


def test_a_providers_name_alone_leads_to_its_first_account_and_names_win(till: Counter) -> None:
    books = FakeProvider(till.clock)
    first, second = FakeStrategy(books, account="Main"), FakeStrategy(books, account="Fakepay")
    assert paths_of({"Main": first}) == {"main": first, "fakepay": first}
    assert paths_of({"Main": first, "Fakepay": second}) == {"main": first, "fakepay": second}


class LearningStrategy(FakeStrategy):
    """Knows no signer before it was let learn one; `learned` are the bodies that it was for."""

    def __init__(self, books: FakeProvider) -> None:
        super().__init__(books)
        self.learned: list[bytes] = []

    async def learn_signer(self, request: WebhookRequest) -> None:
        await asyncio.sleep(0)
        self.learned.append(request.body)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        if request.body not in self.learned:
            raise WebhookRejected("The signature cannot be checked yet", status=425)
        return super().read_webhook(request)


def test_what_a_delivery_is_checked_with_is_learned_before_it_is_read(tmp_path: Path) -> None:
    till = Counter(tmp_path, strategy=LearningStrategy)
    answer = Door(till).ask("POST", "/webhooks/fake", content=an_event(till), headers=SIGNED)
    assert answer.status_code == 200 and till.count("inbox") == 1
    till.close()
