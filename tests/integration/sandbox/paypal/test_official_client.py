"""PayPal's own package, pointed at the simulator, creates, reads, captures and refunds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from apimatic_core.exceptions.auth_validation_exception import AuthValidationException
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.cancel_subscription_request import CancelSubscriptionRequest
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.create_subscription_request import CreateSubscriptionRequest
from paypalserversdk.models.frequency import Frequency
from paypalserversdk.models.money import Money
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.payment_preferences import PaymentPreferences
from paypalserversdk.models.payment_source import PaymentSource
from paypalserversdk.models.paypal_wallet import PaypalWallet
from paypalserversdk.models.paypal_wallet_experience_context import PaypalWalletExperienceContext
from paypalserversdk.models.plan_request import PlanRequest
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.models.subscription_billing_cycle import SubscriptionBillingCycle
from paypalserversdk.models.subscription_pricing_scheme import SubscriptionPricingScheme
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from app.sandbox import SandboxServer
from app.sandbox.paypal import ROOT, TRAINING_CLIENT_ID, TRAINING_SECRET
from tests.integration.sandbox.paypal.shop import PayPalShop

ALL = "return=representation"


@pytest.fixture
def environment(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package has no option for its address: what it knows is replaced."""
    known = {Environment.SANDBOX: {Server.DEFAULT: server.origin + ROOT}}
    monkeypatch.setattr(Configuration, "environments", known)


def _client(secret: str) -> Any:
    credentials = ClientCredentialsAuthCredentials(
        o_auth_client_id=TRAINING_CLIENT_ID, o_auth_client_secret=secret
    )
    return PaypalServersdkClient(client_credentials_auth_credentials=credentials)


@pytest.fixture
def client(environment: None) -> Iterator[Any]:
    client = _client(TRAINING_SECRET)
    yield client
    client.config.http_client.session.close()


def _request(value: str = "12.34", custom_id: str = "till1-7-1") -> Any:
    context = PaypalWalletExperienceContext(
        return_url="https://shop.example/thanks", cancel_url="https://shop.example/back"
    )
    unit = PurchaseUnitRequest(
        amount=AmountWithBreakdown(currency_code="EUR", value=value), custom_id=custom_id
    )
    return OrderRequest(
        intent=CheckoutPaymentIntent.CAPTURE,
        purchase_units=[unit],
        payment_source=PaymentSource(paypal=PaypalWallet(experience_context=context)),
    )


def _create(client: Any, key: str = "k", **changes: Any) -> Any:
    options = {"body": _request(**changes), "paypal_request_id": key, "prefer": ALL}
    return client.orders.create_order(options)


def _pages(order: Any) -> dict[str, str]:
    return {link.rel: link.href for link in order.links}


def test_it_sells_and_gives_back(client: Any) -> None:
    made = _create(client)
    assert (made.status_code, made.body.status) == (201, "PAYER_ACTION_REQUIRED")
    assert _create(client).status_code == 200
    back = httpx.post(_pages(made.body)["payer-action"], data={"funding": "balance"})
    assert back.headers["Location"].startswith("https://shop.example/thanks?token=")
    id = made.body.id
    assert client.orders.get_order({"id": id}).body.status == "APPROVED"
    captured = client.orders.capture_order({"id": id, "paypal_request_id": "c", "prefer": ALL})
    (capture,) = captured.body.purchase_units[0].payments.captures
    assert (captured.body.status, capture.status) == ("COMPLETED", "COMPLETED")
    assert capture.seller_receivable_breakdown.net_amount.value == "11.42"
    part = RefundRequest(amount=Money(currency_code="EUR", value="2.34"))
    refund = client.payments.refund_captured_payment(
        {"capture_id": capture.id, "body": part, "paypal_request_id": "r", "prefer": ALL}
    ).body
    assert (refund.status, refund.amount.value) == ("COMPLETED", "2.34")
    assert client.payments.get_refund({"refund_id": refund.id}).body.id == refund.id
    read = client.payments.get_captured_payment({"capture_id": capture.id}).body
    assert (read.status, read.custom_id) == ("PARTIALLY_REFUNDED", "till1-7-1")


def test_it_subscribes_reads_and_cancels(client: Any, paypal: PayPalShop) -> None:
    product = paypal.api("POST", "/v1/catalogs/products", {"name": "Club", "type": "SERVICE"})
    cycle = SubscriptionBillingCycle(
        frequency=Frequency(interval_unit="MONTH", interval_count=1),
        tenure_type="REGULAR",
        sequence=1,
        total_cycles=0,
        pricing_scheme=SubscriptionPricingScheme(
            fixed_price=Money(currency_code="EUR", value="10.00")
        ),
    )
    asked: Any = PlanRequest(
        product_id=product.json()["id"],
        name="Monthly",
        billing_cycles=[cycle],
        payment_preferences=PaymentPreferences(),
    )
    plan = client.subscriptions.create_billing_plan({"body": asked, "prefer": ALL}).body
    asked = CreateSubscriptionRequest(plan_id=plan.id, custom_id="till1-7-1")
    made = client.subscriptions.create_subscription({"body": asked, "prefer": ALL}).body
    assert made.status == "APPROVAL_PENDING"
    httpx.post(_pages(made)["approve"], data={"funding": "balance"})
    read = client.subscriptions.get_subscription({"id": made.id}).body
    assert (read.status, read.billing_info.last_payment.amount.value) == ("ACTIVE", "10.00")
    reason = CancelSubscriptionRequest(reason="enough")
    client.subscriptions.cancel_subscription({"id": made.id, "body": reason})
    assert client.subscriptions.get_subscription({"id": made.id}).body.status == "CANCELLED"
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    now = datetime.now(UTC)
    span = {"start_date": now - timedelta(days=1), "end_date": now + timedelta(days=1)}
    written = {name: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in span.items()}
    report = client.transaction_search.search_transactions(written).body
    (line,) = [each.transaction_info for each in report.transaction_details]
    assert (line.custom_field, line.paypal_reference_id) == ("till1-7-1", made.id)


def test_it_understands_the_refusals(client: Any) -> None:
    with pytest.raises(ErrorException) as error:
        _create(client, value="0.00")
    assert (error.value.response_code, error.value.name) == (422, "UNPROCESSABLE_ENTITY")
    assert error.value.details[0].issue == "CANNOT_BE_ZERO_OR_NEGATIVE"
    made = _create(client).body
    with pytest.raises(ErrorException) as error:
        client.orders.capture_order({"id": made.id})
    assert error.value.details[0].issue == "ORDER_NOT_APPROVED"
    with pytest.raises(ErrorException) as error:
        client.orders.get_order({"id": "0NOSUCHORDER00000"})
    assert (error.value.response_code, error.value.name) == (404, "RESOURCE_NOT_FOUND")


def test_wrong_credentials_are_an_exception_without_a_status(environment: None) -> None:
    client = _client("wrong")
    with pytest.raises(AuthValidationException) as error:
        _create(client)
    assert not hasattr(error.value, "response_code")
    client.config.http_client.session.close()
