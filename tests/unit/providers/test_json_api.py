"""One call of a JSON API: what is sent, and what is made of each kind of answer."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.errors import Protocol, ProviderError, Rejected, Unavailable
from app.providers.json_api import JsonApi
from app.providers.transport import Transport
from tests.parts.clock import VirtualClock
from tests.parts.stripe import Raw, Wire


def answer(status: int, document: Any = None, body: bytes = b"", **headers: str) -> Raw:
    said = body if document is None else json.dumps(document).encode()
    return Raw(status, said, {name.replace("_", "-"): value for name, value in headers.items()})


def api_of(*answers: Raw) -> tuple[JsonApi, Wire]:
    def refusing(status: int, body: Mapping[str, Any]) -> ProviderError:
        return Rejected("It said no", str(body.get("message", "")), status=status)

    wire = Wire(*answers)
    transport = Transport("https://pay.example", clock=VirtualClock(), transport=wire)
    return JsonApi("Paywell", "https://pay.example/", transport, refusing), wire


def call(*answers: Raw, **changes: Any) -> tuple[dict[str, Any], httpx.Request]:
    api, wire = api_of(*answers)
    asked = {"method": "POST", "path": "/v1/things", "headers": {"Authorization": "Bearer k"}}
    return asyncio.run(api.call(**asked | changes)), wire.requests[0]


def test_an_object_goes_out_and_one_comes_back() -> None:
    document, request = call(answer(201, {"id": "t_1"}), body={"name": "Kaffee à la crème"})
    assert document == {"id": "t_1"}
    assert str(request.url) == "https://pay.example/v1/things"
    assert request.headers["content-type"].startswith("application/json")
    assert request.headers["authorization"] == "Bearer k"
    assert json.loads(request.content) == {"name": "Kaffee à la crème"}


def test_a_form_goes_out_as_one_and_a_query_in_the_address() -> None:
    _, request = call(answer(200, {}), form={"grant_type": "client_credentials"})
    assert request.content == b"grant_type=client_credentials"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    _, request = call(answer(200, {}), method="GET", query={"from": "1", "q": "a b"})
    assert str(request.url) == "https://pay.example/v1/things?from=1&q=a+b"
    assert not request.content


def test_an_empty_answer_is_an_empty_object() -> None:
    assert call(answer(204))[0] == {}


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503, 599])
def test_later_is_no_answer_and_keeps_the_wait_and_the_words(status: int) -> None:
    busy = answer(status, {"errors": [{"detail": "busy"}]}, Retry_After="7")
    with pytest.raises(Unavailable, match="Paywell asks to try again later") as later:
        call(busy)
    assert later.value.retry_after_s == 7
    assert later.value.detail == f"HTTP {status}. busy"


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"nonsense", b"[" * 100_000])
@pytest.mark.parametrize("status", [200, 400])
def test_what_is_no_object_proves_nothing(status: int, body: bytes) -> None:
    with pytest.raises(Protocol, match="Paywell's answer cannot be understood"):
        call(answer(status, body=body))


def test_an_answer_from_elsewhere_proves_nothing() -> None:
    with pytest.raises(Protocol):
        call(answer(302, {}, Location="https://elsewhere.example"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_put_into_the_providers_own_words(status: int) -> None:
    with pytest.raises(Rejected, match="It said no") as refused:
        call(answer(status, {"message": "no"}))
    assert (refused.value.status, refused.value.detail) == (status, "no")


@pytest.mark.parametrize(
    "body, words",
    [
        ({"message": "a"}, "a"),
        ({"error": {"description": "b"}}, "b"),
        ({"error": "invalid", "error_description": "c"}, "c"),
        ({"errors": []}, ""),
        ({"error": "invalid"}, ""),
        ({}, ""),
    ],
)
def test_what_it_says_to_people_is_found_wherever_it_says_it(
    body: dict[str, Any], words: str
) -> None:
    with pytest.raises(Unavailable) as later:
        call(answer(500, body))
    assert later.value.detail == f"HTTP 500. {words}"


def test_a_page_that_is_down_is_no_answer_either() -> None:
    with pytest.raises(Unavailable) as later:
        call(answer(502, body=b"<html>bad gateway</html>"))
    assert later.value.detail == "HTTP 502. "


def test_a_picture_is_fetched_without_the_keys() -> None:
    api, wire = api_of(answer(200, body=b"\x89PNG"), answer(404))
    assert asyncio.run(api.picture("https://img.example/1.png")) == b"\x89PNG"
    assert "authorization" not in wire.requests[0].headers
    with pytest.raises(Unavailable):
        asyncio.run(api.picture("https://img.example/1.png"))
