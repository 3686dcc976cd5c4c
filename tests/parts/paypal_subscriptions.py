"""PayPal's subscriptions in small: plans, subscriptions, the list of their payments, sales."""

from typing import Any

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.subscription import PlanTerms
from tests.parts.paypal import API, REFERENCE, REFUND, money

PLAN, SUBSCRIPTION = "P-5ML4271244454362WXNWU5NQ", "I-BW452GLLEP1G"
SALE, RENEWAL = "80021663DE681814L", "4NT64132VW0815914"
PAGE = "https://www.sandbox.paypal.com/webapps/billing/subscriptions?ba_token=BA-2M539689T3856352J"
SUBSCRIPTIONS = "/v1/billing/subscriptions"
ONE = f"{SUBSCRIPTIONS}/{SUBSCRIPTION}"
PAYMENTS = f"{ONE}/transactions"
ACTIVATE, CANCEL = f"{ONE}/activate", f"{ONE}/cancel"
TERMS = PlanTerms("Coffee club", Money(500, "EUR"), BillingInterval.MONTHLY)


def plan(value: str = "5.00", currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    """Give a plan of 5.00 EUR a month, for ever, as PayPal sends it."""
    return {
        "id": PLAN,
        "product_id": f"SCANTILL-{TERMS.digest}",
        "name": "Coffee club",
        "status": "ACTIVE",
        "usage_type": "LICENSED",
        "billing_cycles": [cycle(value, currency)],
        "payment_preferences": {"auto_bill_outstanding": False, "payment_failure_threshold": 3},
        **changes,
    }


def cycle(value: str = "5.00", currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    return {
        "pricing_scheme": {"version": 1, "fixed_price": money(value, currency)},
        "frequency": {"interval_unit": "MONTH", "interval_count": 1},
        "tenure_type": "REGULAR",
        "sequence": 1,
        "total_cycles": 0,
        **changes,
    }


def info(failures: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "outstanding_balance": money(f"{5 * failures}.00"),
        "failed_payments_count": failures,
        "next_billing_time": "2026-12-21T10:00:00Z",
        **changes,
    }


def subscription(status: str = "APPROVAL_PENDING", **changes: Any) -> dict[str, Any]:
    """Give a subscription that was made a minute ago, with its plan."""
    made = {
        "id": SUBSCRIPTION,
        "status": status,
        "status_update_time": "2026-11-21T08:59:30Z",
        "plan_id": PLAN,
        "custom_id": str(REFERENCE),
        "quantity": "1",
        "plan": plan(),
        "create_time": "2026-11-21T08:59:00Z",
        "links": [{"href": f"{API}{ONE}", "rel": "self"}],
    }
    if status == "APPROVAL_PENDING":
        made["links"] = [{"href": PAGE, "rel": "approve", "method": "GET"}]
    elif status != "APPROVED":
        made["billing_info"] = info()
    return made | changes


def transaction(
    id: str = SALE, status: str = "COMPLETED", at: str = "2026-11-21T08:59:31Z", **changes: Any
) -> dict[str, Any]:
    return {
        "id": id,
        "status": status,
        "time": at,
        "amount_with_breakdown": {
            "gross_amount": money(),
            "fee_amount": money("0.66"),
            "net_amount": money("4.34"),
        },
        **changes,
    }


def listed(*transactions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"transactions": list(transactions), "links": [], **changes}


def sale(**changes: Any) -> dict[str, Any]:
    """Give a payment as the older API and its events have it."""
    return {
        "id": SALE,
        "state": "completed",
        "amount": {"total": "5.00", "currency": "EUR"},
        "transaction_fee": {"value": "0.66", "currency": "EUR"},
        "billing_agreement_id": SUBSCRIPTION,
        "custom": str(REFERENCE),
        "create_time": "2026-11-21T08:59:31Z",
        **changes,
    }


def sale_refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": REFUND,
        "sale_id": SALE,
        "state": "completed",
        "amount": {"total": "-2.00", "currency": "EUR"},
        "custom": REFERENCE.key("refund-1"),
        **changes,
    }
