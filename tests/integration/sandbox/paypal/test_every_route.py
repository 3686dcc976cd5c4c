"""Every route of the simulated PayPal that a description knows answers as it says."""

import json
import re
from typing import Any

from app.sandbox.paypal.api import _ROUTES
from tests.integration.sandbox.paypal.official import check_answer
from tests.integration.sandbox.paypal.shop import PayPalShop, money
from tests.integration.sandbox.paypal.test_subscriptions import _page, _plan, _product, _subscribe
from tests.integration.sandbox.shop import Receiver
from tests.parts.described import paypal_operation

HOOKS = "/v1/notifications/webhooks"
VERIFY = "/v1/notifications/verify-webhook-signature"
NOT_DESCRIBED = {
    r"/v1/oauth2/token",
    r"/v1/payments/sale/([^/]+)",
    r"/v1/reporting/transactions",
    r"/v1/customer/disputes",
    r"/v1/customer/disputes/([^/]+)",
    r"/v1/customer/disputes/([^/]+)/accept-claim",
}
"""Where PayPal has no description at hand: the routes that answer by its reference's words."""


class Asking:
    """Asks one route after the other; each answer has to be as described."""

    def __init__(self, paypal: PayPalShop) -> None:
        self._paypal = paypal
        self.described: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self._paypal.api(method, path, body, **more)
        assert answer.is_success, answer.text
        return self.check(method, path, answer)

    def check(self, method: str, path: str, answer: Any) -> Any:
        plain = path.partition("?")[0]
        found = paypal_operation(method, plain)
        assert found is not None, path
        check_answer(found[0], method.lower(), found[1], answer)
        [route] = [p for verb, p, _ in ROUTES if verb == method and re.fullmatch(p, plain)]
        self.described.add((method, route))
        return answer.json() if answer.content else None


ROUTES = [*_ROUTES, ("POST", VERIFY, None)]


def _sales(ask: Asking, paypal: PayPalShop) -> None:
    orders = "/v2/checkout/orders"
    sold = paypal.sell()
    change = {"op": "replace", "path": "/purchase_units/@reference_id=='default'/custom_id"}
    ask("PATCH", f"{orders}/{sold['id']}", [{**change, "value": "till1-8-1"}])
    paypal.approve(sold)
    ask("GET", f"{orders}/{sold['id']}")
    captured = ask("POST", f"{orders}/{sold['id']}/capture", {}, id="c-1")
    capture = captured["purchase_units"][0]["payments"]["captures"][0]["id"]
    ask("GET", f"/v2/payments/captures/{capture}")
    back = ask("POST", f"/v2/payments/captures/{capture}/refund", {"amount": money("1.00")})
    ask("GET", f"/v2/payments/refunds/{back['id']}")


def _webhooks(ask: Asking, paypal: PayPalShop, receiver: Receiver) -> None:
    body = {"url": receiver.url, "event_types": [{"name": "*"}]}
    hook = ask("POST", HOOKS, body)["id"]
    ask("GET", HOOKS)
    ask("GET", f"{HOOKS}/{hook}")
    ask("GET", f"{HOOKS}/{hook}/event-types")
    ask("GET", f"{HOOKS}-event-types")
    paypal.sold()
    receiver.wait(2)
    event = ask("GET", f"{HOOKS}-events?page_size=10")["events"][0]["id"]
    ask("GET", f"{HOOKS}-events/{event}")
    ask("POST", f"{HOOKS}-events/{event}/resend", {})
    headers, told = receiver.received[0]
    lowered = {name.lower(): value for name, value in headers.items()}
    said = ("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time")
    asked = {name: lowered[f"paypal-{name.replace('_', '-')}"] for name in said}
    asked["webhook_id"] = hook
    spliced = json.dumps(asked).encode()[:-1] + b',"webhook_event":' + told + b"}"
    assert ask.check("POST", VERIFY, paypal.raw("POST", VERIFY, spliced)) == {
        "verification_status": "SUCCESS"
    }
    mock = {"webhook_id": hook, "event_type": "PAYMENT.CAPTURE.COMPLETED"}
    ask("POST", "/v1/notifications/simulate-event", mock)
    change = [{"op": "replace", "path": "/event_types", "value": [{"name": "*"}]}]
    ask("PATCH", f"{HOOKS}/{hook}", change)
    ask("DELETE", f"{HOOKS}/{hook}")


def _subscriptions(ask: Asking, paypal: PayPalShop) -> None:
    products, plans = "/v1/catalogs/products", "/v1/billing/plans"
    product = _product(paypal)
    ask.check("POST", products, product)
    ask("GET", products)
    ask("GET", f"{products}/{product.json()['id']}")
    plan = _plan(paypal, product.json()["id"])
    ask.check("POST", plans, plan)
    one = f"{plans}/{plan.json()['id']}"
    ask("GET", plans)
    ask("GET", one)
    ask("POST", f"{one}/deactivate")
    ask("POST", f"{one}/activate")
    made = _subscribe(paypal, plan.json()["id"])
    ask.check("POST", "/v1/billing/subscriptions", made)
    paypal.http.post(_page(made.json()), data={"funding": "balance"})
    club = f"/v1/billing/subscriptions/{made.json()['id']}"
    ask("GET", f"{club}?fields=plan,last_failed_payment")
    span = "start_time=2020-01-01T00:00:00Z&end_time=2040-01-01T00:00:00Z"
    ask("GET", f"{club}/transactions?{span}")
    for verb in ("suspend", "activate", "cancel"):
        ask("POST", f"{club}/{verb}", {"reason": "asked for"})


def test_every_route_answers_as_described(paypal: PayPalShop, receiver: Receiver) -> None:
    ask = Asking(paypal)
    ask("POST", "/v2/checkout/orders", {"intent": "CAPTURE", "purchase_units": [_unit()]})
    _sales(ask, paypal)
    _webhooks(ask, paypal, receiver)
    _subscriptions(ask, paypal)
    left = {(method, path) for method, path, _ in ROUTES} - ask.described
    assert {path for _, path in left} == NOT_DESCRIBED
    for method, path in left:
        assert paypal_operation(method, path.replace("([^/]+)", "X")) is None


def test_plans_are_listed_by_their_product_page_by_page(new_paypal: PayPalShop) -> None:
    products = [_product(new_paypal).json()["id"] for _ in range(2)]
    plans = [_plan(new_paypal, products[0]).json()["id"] for _ in range(3)]
    _plan(new_paypal, products[1])

    def page(number: int) -> Any:
        query = {"product_id": products[0], "page_size": "2", "page": str(number)}
        return new_paypal.http_get("/v1/billing/plans", query).json()

    found = [[plan["id"] for plan in page(number)["plans"]] for number in (1, 2)]
    assert found == [plans[:0:-1], plans[:1]]
    rels = [[link["rel"] for link in page(number)["links"]] for number in (1, 2)]
    assert rels == [["self", "next"], ["self"]]
    for query in ({"page_size": "21"}, {"page": "0"}, {"page": "x"}):
        assert new_paypal.http_get("/v1/billing/plans", query).status_code == 400


def _unit() -> Any:
    return {"custom_id": "till1-7-1", "amount": money()}
