"""Idempotency keys stand in the body; an empty one is none."""

from concurrent.futures import ThreadPoolExecutor

from app.sandbox import SandboxServer
from tests.integration.sandbox.conftest import QUICK
from tests.integration.sandbox.square.shop import LINKS, SquareShop, line


def test_the_same_key_and_body_give_the_same_link(merchant: SquareShop) -> None:
    body = merchant.link_body(key="once")
    first, second = (merchant.api("POST", LINKS, body) for _ in range(2))
    assert first == second
    assert len(merchant.api("GET", LINKS)["payment_links"]) == 1


def test_the_same_key_for_another_body_is_refused(merchant: SquareShop) -> None:
    merchant.api("POST", LINKS, merchant.link_body(key="once"))
    other = merchant.link_body(key="once", line_items=[line(amount=381)])
    assert merchant.refused("POST", LINKS, other) == (
        400,
        "IDEMPOTENCY_KEY_REUSED",
        "idempotency_key",
    )


def test_an_empty_key_is_none(merchant: SquareShop) -> None:
    body = {**merchant.link_body(), "idempotency_key": ""}
    ids = {merchant.api("POST", LINKS, body)["payment_link"]["id"] for _ in range(2)}
    assert len(ids) == 2


def test_a_header_is_no_key(merchant: SquareShop) -> None:
    body = {**merchant.link_body(), "idempotency_key": ""}
    headers = {"Idempotency-Key": "header"}
    ids = {
        merchant.api("POST", LINKS, body, headers=headers)["payment_link"]["id"] for _ in range(2)
    }
    assert len(ids) == 2


def test_a_reply_that_was_lost_is_given_again(square: SquareShop) -> None:
    fault = {"match": {"path": f"/square{LINKS}"}, "fault": {"drop": "after_effect"}}
    square.control("POST", "faults", fault)
    body = square.link_body(key="lost")
    with ThreadPoolExecutor(1) as pool:
        failure = pool.submit(square.ask, "POST", LINKS, body).exception()
    assert failure is not None
    square.api("POST", LINKS, body)
    assert len(square.books()["sessions"]) == 1
    seen = square.control("GET", "requests")["requests"]
    posts = [each for each in seen if each["path"] == f"/square{LINKS}"]
    assert [each["idempotency_key"] for each in posts] == ["lost", "lost"]
    assert posts[1]["replayed"]


def test_an_error_from_inside_is_not_kept(square: SquareShop) -> None:
    fault = {"match": {"path": f"/square{LINKS}"}, "fault": {"status": 500}}
    square.control("POST", "faults", fault)
    body = square.link_body(key="again")
    assert square.refused("POST", LINKS, body) == (500, "INTERNAL_SERVER_ERROR", None)
    assert square.api("POST", LINKS, body)["payment_link"]


def test_a_refusal_is_not_kept(merchant: SquareShop) -> None:
    bad = merchant.link_body(key="again", line_items=[])
    assert merchant.refused("POST", LINKS, bad)[1] == "BAD_REQUEST"
    assert merchant.api("POST", LINKS, merchant.link_body(key="again"))


def test_two_requests_with_one_key_at_once_make_one_link(square: SquareShop) -> None:
    slow = {"match": {"path": f"/square{LINKS}"}, "fault": {"latency_ms": 1000}, "times": 2}
    square.control("POST", "faults", slow)
    body = square.link_body(key="race")
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(square.ask, "POST", LINKS, body) for _ in range(2)]
        statuses = sorted(answer.result().status_code for answer in answers)
    assert statuses == [200, 409]
    assert len(square.books()["sessions"]) == 1


def test_another_merchant_may_have_the_same_key(merchant: SquareShop) -> None:
    other = SquareShop(merchant.origin, merchant.token + "other")
    merchant.api("POST", LINKS, merchant.link_body(key="same"))
    other.api("POST", LINKS, other.link_body(key="same"))
    other.close()


def test_after_a_restart_the_link_is_the_same_at_the_new_address(
    server: SandboxServer, square: SquareShop
) -> None:
    body = square.link_body(key="kept")
    first = square.api("POST", LINKS, body)["payment_link"]
    path = server.books_path
    server.stop()
    moved = SandboxServer(books_path=path, retries=QUICK, public_origin="http://127.0.0.1:4")
    with moved:
        again = SquareShop(f"http://127.0.0.1:{moved.listening_port}")
        second = again.api("POST", LINKS, body)["payment_link"]
        again.close()
    assert second["id"] == first["id"]
    assert second["url"].startswith("http://127.0.0.1:4/square/u/")
