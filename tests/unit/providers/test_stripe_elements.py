"""Stripe Elements' strategy over a scripted wire: what is sent, and what is asked of whom."""

import asyncio
import re
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from app.domain.capabilities import Demand, objection
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import ConfigError, Protocol, Rejected, Unavailable
from app.providers.kind import AccountSetup
from app.providers.kinds.stripe_elements import KIND, StripeElements
from app.providers.strategy import HasOwnPage
from tests.conftest import ExpectedLogs
from tests.parts.clock import VirtualClock
from tests.parts.stripe import REFERENCE, SECRET, Raw, Wire, intent, refusal, request

ACCOUNT = {"id": "acct_1", "object": "account"}
NOT_FOUND = Raw(404, b"404: Not Found")
OPEN = "requires_payment_method"


def own(status: str = OPEN, **changes: Any) -> dict[str, Any]:
    metadata = {"reference": str(REFERENCE), "page": "elements"}
    return intent(status, metadata=metadata, client_secret="pi_1_secret_x", **changes)


def listed(*found: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(found), "has_more": False, "url": "/v1/x"}


def strategy(wire: Wire, *, adopted: bool = True, **changes: Any) -> StripeElements:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_secrets": (SECRET,)}
    made = StripeElements("main", "sk_test_1", "pk_test_1", transport=wire, **usual | changes)
    made.serve_pages("https://till.example")
    if adopted:
        made.adopt("acct_1")
    return made


def sent(request: httpx.Request) -> dict[str, list[str]]:
    return parse_qs(request.content.decode())


def asked(wire: Wire) -> list[str]:
    return [f"{each.method} {each.url.path}" for each in wire.requests]


async def opened(till: StripeElements) -> Any:
    return await till.open_session(await till.prepare_session(request()), key="t11111-key-1")


def test_an_intent_is_asked_for_with_our_reference_and_under_our_key() -> None:
    wire = Wire(own())
    session = asyncio.run(opened(strategy(wire)))
    (call,) = wire.requests
    assert sent(call) == {
        "amount": ["500"],
        "currency": ["eur"],
        "automatic_payment_methods[enabled]": ["true"],
        "metadata[reference]": [str(REFERENCE)],
        "metadata[page]": ["elements"],
    }
    assert call.headers["Idempotency-Key"] == "t11111-key-1"
    assert session.session_id == "pi_1"


def test_the_address_holds_128_random_bits_and_is_the_same_for_the_same_parameters() -> None:
    wire = Wire(own(), own(), own())
    till = strategy(wire)

    async def story() -> list[str]:
        first, second = [await till.prepare_session(request()) for _ in range(2)]
        return [(await till.open_session(p, key="k" * 10)).url for p in (first, first, second)]

    first, again, other = asyncio.run(story())
    assert first == again != other
    assert re.fullmatch(rf"https://till\.example/pay/{REFERENCE}-[0-9a-f]{{32}}", first)


def test_the_address_of_the_page_is_not_told_to_the_provider() -> None:
    wire = Wire(own())
    asyncio.run(opened(strategy(wire)))
    assert b"pay" not in wire.requests[0].content.replace(b"payment", b"")


def test_without_an_address_for_customers_nothing_is_begun() -> None:
    wire = Wire()
    till = StripeElements("main", "sk_test_1", "pk_test_1", clock=VirtualClock(), transport=wire)
    with pytest.raises(Rejected, match="no address"):
        asyncio.run(till.prepare_session(request()))
    assert wire.requests == []


def test_what_is_to_be_charged_again_is_refused_in_words_before_anything_is_made() -> None:
    wire = Wire()
    till = strategy(wire)
    monthly = PresentedLine("Club", 500, BillingInterval.MONTHLY.value)
    with pytest.raises(Rejected, match="takes no subscriptions"):
        asyncio.run(till.prepare_session(request(lines=(monthly,))))
    assert asked(wire) == []
    demand = Demand(Money(500, "EUR"), intervals=frozenset({BillingInterval.MONTHLY}))
    assert objection(till.capabilities, demand) == "It takes no subscriptions."


def test_its_pages_are_the_tills_own_and_no_others() -> None:
    till = strategy(Wire())
    assert isinstance(till, HasOwnPage)
    assert till.capabilities.page_hosts == {"till.example"}
    till.serve_pages("http://127.0.0.1:4711")
    assert till.capabilities.page_hosts == frozenset()
    assert till.capabilities.page_origin == "http://127.0.0.1:4711"


def test_at_stripe_itself_nobody_is_asked_what_it_knows() -> None:
    wire = Wire()
    setup = asyncio.run(strategy(wire).page_setup())
    assert (setup.is_minimal, setup.script_url) == (False, "https://js.stripe.com/v3/")
    assert setup.connect_origins == ("https://api.stripe.com",)
    assert "https://hooks.stripe.com" in setup.frame_origins
    assert {"de", "en-GB", "fr-CA", "he"} <= set(setup.script_locales)
    assert setup.publishable_key == "pk_test_1" and "sk_test" not in repr(setup)
    assert wire.requests == []


@pytest.mark.parametrize("answer, is_minimal", [(ACCOUNT, False), (NOT_FOUND, True)])
def test_whether_it_is_a_double_its_own_answer_tells_once(answer: Any, is_minimal: bool) -> None:
    wire = Wire(answer)
    till = strategy(wire, adopted=False, api_base="http://127.0.0.1:8420")

    async def story() -> list[Any]:
        return [await till.page_setup() for _ in range(3)]

    setups = asyncio.run(story())
    assert {setup.is_minimal for setup in setups} == {is_minimal}
    # A double's script knows nothing of languages.
    assert {bool(setup.script_locales) for setup in setups} == {not is_minimal}
    way = "/js.stripe.com/v3/" if is_minimal else "/v3/"
    assert setups[0].script_url == f"http://127.0.0.1:8420{way}"
    assert asked(wire) == ["GET /v1/account"]
    assert till.provider_account == ("name:main" if is_minimal else "acct_1")


def test_a_double_that_does_not_answer_is_not_taken_for_anything() -> None:
    wire = Wire(httpx.ConnectError("cut"), refusal(401), ACCOUNT)
    till = strategy(wire, adopted=False, api_base="http://127.0.0.1:8420")
    for error in (Unavailable, Rejected):
        with pytest.raises(error):
            asyncio.run(till.page_setup())
    assert asyncio.run(till.page_setup()).is_minimal is False


def test_a_key_that_may_not_read_its_account_is_told_apart_by_name() -> None:
    till = strategy(Wire(refusal(403)), adopted=False)
    assert asyncio.run(till.identify()).id == "name:main"
    with pytest.raises(Protocol):
        asyncio.run(strategy(Wire(Raw(200, b"[]")), adopted=False).identify())


def test_the_secret_is_given_while_somebody_may_pay_and_not_after() -> None:
    wire = Wire(own(), own("succeeded"), own("canceled"), own("processing"))
    till = strategy(wire)
    told = [asyncio.run(till.client_secret("pi_1")) for _ in range(4)]
    assert told == ["pi_1_secret_x", "", "", ""]


def test_stripes_own_script_confirms_and_the_till_never_does() -> None:
    wire = Wire()
    with pytest.raises(Rejected):
        asyncio.run(strategy(wire).confirm("pi_1", "pm_1"))
    assert wire.requests == []


def test_slow_money_that_failed_is_closed_before_it_is_called_failed() -> None:
    error = {"code": "x", "payment_method": {"type": "sepa_debit"}}
    wire = Wire(
        own(last_payment_error=error),
        own("canceled", last_payment_error=error),
        own("canceled", last_payment_error=error),
    )
    seen = asyncio.run(strategy(wire).fetch("pi_1", source=Source.POLL))
    assert (seen.state, seen.is_final) == (SessionState.FAILED, True)
    assert asked(wire)[1] == "POST /v1/payment_intents/pi_1/cancel"


def test_a_customer_who_tries_again_before_that_is_closed_is_seen_paying() -> None:
    error = {"code": "x", "payment_method": {"type": "sepa_debit"}}
    refused = refusal(400, code="payment_intent_unexpected_state")
    wire = Wire(own(last_payment_error=error), refused, own("succeeded"))
    seen = asyncio.run(strategy(wire).fetch("pi_1", source=Source.POLL))
    assert seen.state is SessionState.PAID


@pytest.mark.parametrize("status, state", [("succeeded", "paid"), ("processing", "processing")])
def test_a_cancel_that_is_refused_is_answered_with_what_it_is_now(status: str, state: str) -> None:
    wire = Wire(refusal(400, code="payment_intent_unexpected_state"), own(status))
    seen = asyncio.run(strategy(wire).close_session("pi_1", key="t11111-close-1"))
    assert (seen.state.value, seen.source) == (state, Source.CLOSE)
    assert wire.requests[0].headers["Idempotency-Key"] == "t11111-close-1"


def test_listed_are_our_own_pages_and_not_the_intents_of_checkout_or_strangers(
    expected_logs: ExpectedLogs,
) -> None:
    error = {"code": "x", "payment_method": {"type": "sepa_debit"}}
    wire = Wire(
        listed(
            own("succeeded"),
            intent(),
            own() | {"metadata": {}},
            own(last_payment_error=error),
            own("unheard_of"),
        )
    )
    till = strategy(wire)

    async def story() -> list[Any]:
        since = VirtualClock().now()
        return [seen async for seen in till.list_since(since, source=Source.SWEEP)]

    first, *rest = asyncio.run(story())
    assert first.state is SessionState.PAID
    assert [type(each).__name__ for each in rest] == ["Recheck", "Recheck"]
    expected_logs.take("unheard_of")


def test_two_accounts_of_a_till_keep_their_webhook_addresses_apart() -> None:
    endpoint = {"id": "we_1", "object": "webhook_endpoint", "metadata": {}, "secret": SECRET}
    wire = Wire(listed(endpoint | {"metadata": {"owner": "t11111"}}), endpoint)
    asyncio.run(strategy(wire).register_webhook("http://127.0.0.1:1/w", owner="t11111"))
    assert asked(wire) == ["GET /v1/webhook_endpoints", "POST /v1/webhook_endpoints"]
    form = sent(wire.requests[-1])
    assert form["metadata[owner]"] == ["t11111 main"]
    events = {value for name, values in form.items() if "events" in name for value in values}
    assert "payment_intent.succeeded" in events
    assert not any(name.startswith("checkout.") for name in events)


@pytest.mark.parametrize(
    "secret, publishable",
    [
        ("sk_test_1", "sk_test_1"),
        ("sk_test_1", "rk_test_1"),
        ("sk_test_1", "pk_live_1"),
        ("sk_live_1", "pk_test_1"),
        ("sk_test_1", "test_1"),
    ],
)
def test_a_key_that_must_not_be_sent_to_a_browser_is_refused(secret: str, publishable: str) -> None:
    keys = {"secret_key": secret, "publishable_key": publishable}
    with pytest.raises(ConfigError) as refused:
        KIND.build(AccountSetup("shop", keys, VirtualClock()))
    assert publishable not in str(refused.value)


def test_keys_of_one_mode_make_an_account_of_that_mode() -> None:
    for mode in ("test", "live"):
        keys = {"secret_key": f"sk_{mode}_1", "publishable_key": f"pk_{mode}_1"}
        made = KIND.build(AccountSetup("shop", keys, VirtualClock()))
        assert made.live is (mode == "live")
        asyncio.run(made.aclose())
