"""The pay page at the public door: who may ask what, and what it is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.errors import Rejected, Unavailable
from app.webhooks import pay_desk, pay_pages
from app.webhooks.pay_desk import PayDesk
from app.webhooks.pay_pages import MAX_BODY_BYTES, PayPages
from app.webhooks.pay_sale import find_sale
from app.webhooks.receiver import Receiver
from tests.conftest import ExpectedLogs
from tests.parts.own_page import LOST, PagedStrategy
from tests.parts.pay_door import SHOP, Door, minimal, sold
from tests.parts.provider import Call
from tests.parts.till import Counter, begun, until_state


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, strategy=PagedStrategy, shop=SHOP)
    yield till
    till.close()


@pytest.fixture
def door(till: Counter) -> Door:
    return Door(till)


def wrong_addresses(path: str) -> list[str]:
    last = "0" if path[-1] != "0" else "1"
    return [
        path[:-1] + last,
        path[:-1],
        path + "0",
        "/pay/" + path.removeprefix("/pay/").upper(),
        path[: path.rindex("-")],
        path[: path.rindex("-") + 1] + "0" * 32,
        path.replace("/pay/", "/pay/zzzzzz-"),
        "/pay/" + "0" * 32,
        "/pay/%00",
        "/pay/'%20OR%201=1",
    ]


def test_an_address_that_is_not_ours_is_unknown_whatever_is_asked(
    till: Counter, door: Door
) -> None:
    _, _, path = sold(till)
    for wrong in wrong_addresses(path):
        assert door.ask("GET", wrong).status_code == 404, wrong
        for what in ("config", "state"):
            answer = door.ask("GET", f"{wrong}/{what}")
            assert (answer.status_code, list(answer.json())) == (404, ["error"])
        for what in ("intent", "confirm"):
            answer = door.ask("POST", f"{wrong}/{what}", json={"payment_method": "pm_x"})
            assert (answer.status_code, list(answer.json())) == (404, ["error"])
    assert till.strategy.count("client_secret") == till.strategy.count("confirm") == 0
    assert door.looks == []


def test_a_session_whose_page_is_the_providers_has_none_here(tmp_path: Path) -> None:
    till = Counter(tmp_path)
    try:
        _, attempt = asyncio.run(till.show())
        answer = Door(till).ask("GET", f"/pay/{attempt.reference}-{'0' * 32}")
        assert answer.status_code == 404
    finally:
        till.close()


def test_the_page_shows_shop_amount_and_lines_as_plain_text(till: Counter, door: Door) -> None:
    _, _, path = sold(till, 500, 250)
    answer = door.ask("GET", path)
    assert answer.status_code == 200
    text = answer.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Caf\u00e9 &lt;b&gt;\u202eNoir&lt;/b&gt;" in text and "<b>\u202e" not in text
    assert "€7.50" in text and "€5.00" in text and "€2.50" in text
    assert "Item 0" in text and "Item 1" in text
    assert "no real money" in text


def test_the_page_loads_from_the_provider_alone_and_holds_no_secret(
    till: Counter, door: Door
) -> None:
    _, _, path = sold(till)
    answer = door.ask("GET", path)
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert policy["script-src"].split(" ")[1:] == ["https://js.fake.example"]
    assert policy["frame-src"] == "https://frames.fake.example"
    assert policy["connect-src"] == "'self' https://api.fake.example"
    assert "unsafe" not in str(policy)
    assert answer.headers["Cache-Control"] == "no-store"
    # What comes after the host in an address lets somebody pay: no other site is told.
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "secret_x" not in answer.text and "sk_" not in answer.text


def test_the_page_is_told_the_publishable_key_and_its_own_intents_secret(
    till: Counter, door: Door
) -> None:
    _, attempt, path = sold(till)
    assert door.ask("GET", f"{path}/config").json() == {
        "publishableKey": "pk_test_fake",
        "apiBase": "https://api.fake.example",
        "scriptUrl": "https://js.fake.example/v3/",
        "isMinimal": False,
        "locale": "auto",
    }
    answers = [door.ask("POST", f"{path}/intent", json={}).json() for _ in range(2)]
    assert answers == [{"clientSecret": f"{attempt.session_id}_secret_x"}] * 2
    assert len(till.provider.sessions) == 1


@pytest.mark.parametrize(
    "told", [{"amount": 1}, {"currency": "usd"}, {"state": "paid"}, {"order_id": "x"}]
)
def test_a_caller_says_nothing_of_amounts_states_or_orders(
    till: Counter, door: Door, told: dict[str, Any]
) -> None:
    _, _, path = sold(till)
    minimal(till)
    for what in ("intent", "confirm"):
        answer = door.ask("POST", f"{path}/{what}", json={"payment_method": "pm_x", **told})
        assert answer.status_code == 400
    assert till.strategy.count("confirm") == 0
    assert door.ask("GET", f"{path}/state").json()["state"] == "open"


def test_an_intent_whose_answer_was_lost_is_asked_for_again_and_is_the_same(
    till: Counter, door: Door
) -> None:
    _, attempt = begun(till)
    # Its address was never shown; who has it all the same finds the one session there is.
    page = f"/pay/{attempt.reference}-{'0' * 32}"
    till.store.write_now(
        lambda tx: tx.execute(
            "UPDATE attempts SET url = ? WHERE id = ?", (f"https://till.example{page}", attempt.id)
        )
    )
    assert door.ask("GET", f"{page}/state").json()["state"] == "wait"
    assert door.ask("POST", f"{page}/intent", json={}).json() == {"clientSecret": "fs_1_secret_x"}
    assert len(till.provider.sessions) == 1
    assert till.attempt(attempt.id).state is AttemptState.OPEN


def test_what_was_cancelled_or_paid_cannot_be_paid_and_says_so(till: Counter, door: Door) -> None:
    minimal(till)
    order, _, path = sold(till)
    asyncio.run(till.checkout.cancel(order.id))
    assert door.ask("GET", f"{path}/state").json()["state"] == "closed"
    _, attempt, other = sold(till)
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    assert door.ask("GET", f"{other}/state").json()["state"] == "paid"
    for over, state in ((path, "closed"), (other, "paid")):
        for what, told in (("intent", {}), ("confirm", {"payment_method": "pm_x"})):
            answer = door.ask("POST", f"{over}/{what}", json=told)
            assert (answer.status_code, answer.json()["state"]) == (409, state)
        assert door.ask("GET", over).status_code == 200
    assert till.strategy.count("confirm") == 0


def test_what_the_provider_has_paid_is_not_called_paid_before_the_books_say_so(
    till: Counter, door: Door
) -> None:
    _, attempt, path = sold(till)
    till.provider.pay(attempt.session_id or "")
    assert door.ask("GET", f"{path}/state?look").json()["state"] == "open"
    assert door.looks == [attempt.id]
    answer = door.ask("POST", f"{path}/intent", json={})
    assert (answer.status_code, answer.json()["state"]) == (409, "closed")
    asyncio.run(till.look(attempt))
    assert door.ask("GET", f"{path}/state").json()["state"] == "paid"


def test_an_intent_that_the_provider_does_not_know_is_an_error_and_never_paid(
    till: Counter, door: Door, expected_logs: ExpectedLogs
) -> None:
    minimal(till)
    _, _, path = sold(till)
    till.provider.sessions.clear()
    for what, told in (("intent", {}), ("confirm", {"payment_method": "pm_x"})):
        answer = door.ask("POST", f"{path}/{what}", json=told)
        assert answer.status_code == 409 and "counter" in answer.json()["error"]
    assert door.ask("GET", f"{path}/state").json()["state"] == "failed"
    assert len(expected_logs.take_all("was refused by its provider")) == 2
    assert till.count("payments") == 0


def test_a_double_is_confirmed_by_the_till_and_the_books_say_paid(
    till: Counter, door: Door
) -> None:
    minimal(till)
    order, _, path = sold(till)
    answer = door.ask("POST", f"{path}/confirm", json={"payment_method": "pm_card_visa"})
    assert (answer.status_code, answer.json()) == (200, {"state": "paid", "decline": ""})
    assert asyncio.run(till.state(order)) == "paid"


def test_a_confirmation_whose_answer_was_lost_has_still_been_seen(
    till: Counter, door: Door
) -> None:
    minimal(till)
    order, _, path = sold(till)
    till.strategy.answers["confirm"] = [LOST]
    answer = door.ask("POST", f"{path}/confirm", json={"payment_method": "pm_card_visa"})
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert asyncio.run(till.state(order)) == "paid"
    assert door.ask("GET", f"{path}/state").json()["state"] == "paid"


def test_a_declined_card_is_told_in_the_banks_words_and_another_may_pay(
    till: Counter, door: Door
) -> None:
    minimal(till)
    order, _, path = sold(till)
    answer = door.ask("POST", f"{path}/confirm", json={"payment_method": "pm_declined"})
    assert (answer.status_code, answer.json()["error"]) == (402, "Your card was declined.")
    assert door.ask("GET", f"{path}/state").json() == {"state": "open", "decline": "card_declined"}
    door.ask("POST", f"{path}/confirm", json={"payment_method": "pm_card_visa"})
    assert asyncio.run(till.state(order)) == "paid"


def test_where_the_providers_script_confirms_the_till_does_not(till: Counter, door: Door) -> None:
    _, _, path = sold(till)
    answer = door.ask("POST", f"{path}/confirm", json={"payment_method": "pm_card_visa"})
    assert answer.status_code == 409
    assert till.strategy.count("confirm") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"payment_method": 4242424242424242}',
        b'{"payment_method": "4242 4242 4242 4242"}',
        b'{"payment_method": "pm_"}',
        b'{"payment_method": "pm_1/../../refunds"}',
        b'{"payment_method": "tok_1\\n"}',
        b'{"payment_method": null}',
        b'{"payment_method": "pm_1", "payment_method": "pm_2"}',
        b"[]",
        b"pm_1",
        b'{"payment_method": NaN}',
        b"[" * 2000,
    ],
)
def test_what_is_no_way_to_pay_is_refused_before_anybody_is_asked(
    till: Counter, door: Door, body: bytes
) -> None:
    minimal(till)
    _, _, path = sold(till)
    assert door.ask("POST", f"{path}/confirm", content=body).status_code == 400
    assert till.strategy.count("confirm") == 0


def test_a_body_that_is_too_large_or_compressed_is_refused(till: Counter, door: Door) -> None:
    _, _, path = sold(till)
    large = b" " * (MAX_BODY_BYTES + 1)
    assert door.ask("POST", f"{path}/intent", content=large).status_code == 413
    packed = {"Content-Encoding": "gzip"}
    assert door.ask("POST", f"{path}/intent", content=b"{}", headers=packed).status_code == 415
    assert till.strategy.count("client_secret") == 0


def test_an_order_without_lines_is_refused(
    till: Counter, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, path = sold(till)
    found = find_sale

    def emptied(*arguments: Any) -> Any:
        sale = found(*arguments)
        assert sale is not None
        snapshot = replace(sale.order.snapshot, lines=())
        return replace(sale, order=replace(sale.order, snapshot=snapshot))

    monkeypatch.setattr(pay_pages, "find_sale", emptied)
    answer = door.ask("POST", f"{path}/intent", json={})
    assert (answer.status_code, answer.json()["error"]) == (400, "There is nothing to pay")
    assert till.strategy.count("client_secret") == 0


def test_a_provider_that_does_not_answer_makes_the_page_wait(till: Counter, door: Door) -> None:
    _, _, path = sold(till)
    till.strategy.answers["client_secret"] = [Unavailable("The line is cut")]
    answer = door.ask("POST", f"{path}/intent", json={})
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "line is cut" not in answer.text
    assert door.ask("POST", f"{path}/intent", json={}).status_code == 200


def test_a_till_that_is_closing_makes_the_page_wait(till: Counter) -> None:
    _, _, path = sold(till)
    desk = PayDesk(till.gateway, till.sessions, loop=lambda: None)
    door = Door(till)
    pages = PayPages(till.store, desk, clock=till.clock, look=lambda attempt_id: None)
    door.receiver = Receiver(
        till.store, {}, clock=till.clock, on_received=lambda: None, pages=pages.routes()
    )
    assert door.ask("GET", path).status_code == 503
    assert door.ask("GET", f"{path}/state").json()["state"] == "open"


def test_who_waits_too_long_is_put_off_and_what_was_begun_goes_on(
    till: Counter, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    minimal(till)
    order, _, path = sold(till)
    monkeypatch.setattr(pay_desk, "_PATIENCE_S", 0.01)

    async def story() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(call: Call) -> None:
            if call.verb == "confirm":
                begun.set()
                await go_on.wait()

        till.strategy.pause = slow
        answer = await door.asked("POST", f"{path}/confirm", json={"payment_method": "pm_1"})
        assert answer.status_code == 503 and begun.is_set()
        go_on.set()
        await until_state(till, order, "paid")

    asyncio.run(story())


def test_keys_that_are_refused_tell_a_customer_nothing_of_them(
    till: Counter, door: Door, expected_logs: ExpectedLogs
) -> None:
    _, _, path = sold(till)
    till.strategy.answers["client_secret"] = [Rejected("No such key sk_test_x", status=401)]
    answer = door.ask("POST", f"{path}/intent", json={})
    assert answer.status_code == 409 and "sk_test" not in answer.text
    expected_logs.take_all("refused")
