"""Subscriptions: approved on a page, paid by PayPal itself, again and again.

Nothing is captured: each payment is a sale that PayPal makes when its time has come. Whether the
payer's word begins that, or only the shop's call, the shop says when it makes one.
"""

from typing import Final

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import billing, captures, catalog, events
from app.sandbox.paypal.checks import Fields, Rule, Text, WebAddress
from app.sandbox.paypal.errors import Detail, PayPalRefusal, not_found
from app.sandbox.paypal.money import minor_of, money
from app.sandbox.paypal.workbench import Call, Workbench, time_text

KIND = billing.KIND
PAGE: Final = "/webapps/billing/subscriptions"

_CONTEXT: dict[str, Rule] = {
    "brand_name": Text(127),
    "locale": Text(10, 2),
    "shipping_preference": Text(24, words=("GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS")),
    "user_action": Text(24, words=("CONTINUE", "SUBSCRIBE_NOW")),
    "return_url": WebAddress(4000),
    "cancel_url": WebAddress(4000),
}
_RULES = Fields(
    {
        "plan_id": Text(50, 3),
        "quantity": Text(32, pattern="[0-9]+"),
        "custom_id": Text(127, pattern=r"[\x20-\x7E]+"),
        "application_context": Fields(_CONTEXT, ("return_url", "cancel_url")),
        "subscriber": Fields({"email_address": Text(254, 3)}),
    },
    ("plan_id",),
)
_REASON = Fields({"reason": Text(128)}, ("reason",))
_REASON_IF_ANY = Fields({"reason": Text(128)})


def create(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = catalog.checked(call.given, _RULES)
    plan = bench.books.get(catalog.PLAN, given["plan_id"], call.account)
    if plan is None:
        raise not_found("plan_id")
    if plan.body["status"] != "ACTIVE":
        words = "Invalid plan status for subscription creation; plan status should be active."
        raise PayPalRefusal(422, Detail("PLAN_STATUS_INVALID", "/plan_id", description=words))
    if "quantity" in given and not plan.body["quantity_supported"]:
        words = "Subscription can't have quantity as the plan does not support quantity."
        issue = "SUBSCRIPTION_CANNOT_HAVE_QUANTITY"
        raise PayPalRefusal(422, Detail(issue, "/quantity", description=words))
    quantity = given.get("quantity", "1")
    cycle = plan.body["billing_cycles"][0]
    price = cycle["pricing_scheme"]["fixed_price"]
    body: JsonObject = {
        "id": bench.new_code(KIND, 12, "I-"),
        "status": "APPROVAL_PENDING",
        "status_update_time": bench.time(),
        "plan_id": plan.id,
        "plan_overridden": False,
        "start_time": bench.time(),
        "quantity": quantity,
        "shipping_amount": money(0, price["currency_code"]),
        "subscriber": {
            name: value
            for name, value in (given.get("subscriber") or {}).items()
            if name in ("email_address", "name")
        },
        "create_time": bench.time(),
        "update_time": bench.time(),
    }
    if given.get("custom_id"):
        body["custom_id"] = given["custom_id"]
    private: JsonObject = {
        "context": given.get("application_context") or {},
        "ba_token": bench.new_code("paypal.ba", 17, "BA-"),
        "minor": minor_of(price) * int(quantity),
        "currency": price["currency_code"],
        "cycle": cycle,
        "name": plan.body["name"],
        "bills_outstanding": plan.body["payment_preferences"].get("auto_bill_outstanding", True),
        "owed_minor": 0,
        "most_failures": plan.body["payment_preferences"].get("payment_failure_threshold", 0),
        "done": 0,
        "failures": 0,
        "sales": [],
        "funding": "balance",
    }
    subscription = bench.put(call.account, KIND, body, private)
    tell(bench, subscription, "CREATED")
    return 201, answered(bench, subscription, call)


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    subscription = need(bench, call.account, call.id)
    shown, fields = presented(bench, subscription), call.query.get("fields", "").split(",")
    if "plan" in fields:
        plan = catalog.shown_plan(bench, bench.need(call.account, catalog.PLAN, shown["plan_id"]))
        shown["plan"] = {name: value for name, value in plan.items() if name != "links"}
    if "last_failed_payment" in fields and subscription.private.get("failed_at"):
        shown["billing_info"]["last_failed_payment"] = {
            "amount": money(subscription.private["minor"], subscription.private["currency"]),
            "time": time_text(subscription.private["failed_at"]),
            "reason_code": "PAYMENT_DENIED",
        }
    return 200, shown


def need(bench: Workbench, account: str, id: str) -> Record:
    """A subscription that still is one, or PayPal's 404."""
    subscription = bench.need(account, KIND, id)
    if subscription.private.get("is_over"):
        raise not_found()
    return subscription


def approve(bench: Workbench, subscription: Record, funding: str = "balance") -> bool:
    """Let the payer agree, and begin it unless the shop does that; the caller commits.

    False where there is nothing to approve, or the payer's money is not taken. Of an agreement
    alone no event tells.
    """
    is_open = subscription.body["status"] == "APPROVAL_PENDING"
    if not is_open or subscription.private.get("is_over") or funding == "unusable":
        return False
    email = subscription.body["subscriber"].get("email_address", "buyer@example.com")
    subscription.body["subscriber"] = {
        "name": {"given_name": "Ada", "surname": "Sample"},
        **subscription.body["subscriber"],
        "email_address": email,
        "payer_id": bench.payer_id(),
    }
    subscription.private.update(funding=funding)
    put(bench, subscription, "APPROVED")
    if not is_begun_by_shop(subscription):
        begin(bench, subscription)
    return True


def is_begun_by_shop(subscription: Record) -> bool:
    """Say whether the payer's word only approves it, so that the shop has to activate it."""
    return bool(subscription.private["context"].get("user_action") == "CONTINUE")


def begin(bench: Workbench, subscription: Record) -> None:
    """Activate what was approved, and take the first payment; the caller commits."""
    subscription.private.update(next_at=bench.now())
    put(bench, subscription, "ACTIVE")
    tell(bench, subscription, "ACTIVATED")
    _charge(bench, subscription)


def cancel(bench: Workbench, call: Call) -> tuple[int, None]:
    return _changed(bench, call, "CANCELLED", ("ACTIVE", "SUSPENDED"), "cancel", "CANCELLED")


def suspend(bench: Workbench, call: Call) -> tuple[int, None]:
    return _changed(bench, call, "SUSPENDED", ("ACTIVE",), "suspend", "SUSPENDED")


def activate(bench: Workbench, call: Call) -> tuple[int, None]:
    """Begin what was approved, or go on with what was suspended; only that needs a reason."""
    subscription = need(bench, call.account, call.id)
    if subscription.body["status"] == "APPROVED":
        given = catalog.checked(call.given, _REASON_IF_ANY)
        if "reason" in given:
            subscription.body["status_change_note"] = given["reason"]
        begin(bench, subscription)
        return 204, None
    return _changed(bench, call, "ACTIVE", ("SUSPENDED",), "activate", "RE-ACTIVATED")


def transactions(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer the payments of a subscription in a span of time."""
    subscription = need(bench, call.account, call.id)
    for name in ("start_time", "end_time"):
        if name not in call.query:
            words = "A required field is missing."
            fault = Detail("MISSING_REQUIRED_PARAMETER", name, location="query", description=words)
            raise PayPalRefusal(400, fault)
    first, last = (events.moment(call, name) for name in ("start_time", "end_time"))
    sales = [bench.need(call.account, captures.KIND, id) for id in subscription.private["sales"]]
    lines = [_transaction(subscription, sale) for sale in sales if first <= sale.created <= last]
    path = f"/v1/billing/subscriptions/{subscription.id}/transactions"
    return 200, {"transactions": lines, "links": [bench.link(path, "self")]}


def charge_due(bench: Workbench) -> bool:
    """Take the payments whose time has come, in a transaction of its own."""
    due = billing.due(bench)
    if not due:
        return False
    with bench.books.transaction():
        for subscription in due:
            _charge(bench, subscription)
    return True


def settle(bench: Workbench, subscription: Record, *, succeeded: bool) -> bool:
    """Decide the payment that pends; the caller commits. False without one."""
    was = subscription.body["status"]
    is_settled = billing.settle(bench, subscription, succeeded=succeeded)
    _tell_change(bench, subscription, was)
    return is_settled


def put(bench: Workbench, subscription: Record, status: str) -> None:
    subscription.body.update(
        status=status, status_update_time=bench.time(), update_time=bench.time()
    )
    bench.books.save(subscription)


def tell(bench: Workbench, subscription: Record, verb: str) -> None:
    type = f"BILLING.SUBSCRIPTION.{verb}"
    resource = presented(bench, subscription)
    summary = f"Subscription {verb.lower()}"
    events.record(bench, subscription.account, type, "subscription", resource, summary)


def answered(bench: Workbench, subscription: Record, call: Call) -> JsonObject:
    whole = presented(bench, subscription)
    if call.wants_all:
        return whole
    return {name: whole[name] for name in ("id", "status", "create_time", "links")}


def presented(bench: Workbench, subscription: Record) -> JsonObject:
    body, path = dict(subscription.body), f"/v1/billing/subscriptions/{subscription.id}"
    links = [bench.link(path, "self"), bench.link(path, "edit", "PATCH")]
    if body["status"] == "APPROVED":
        return {**body, "links": [links[0], bench.link(f"{path}/activate", "activate", "POST")]}
    if body["status"] == "APPROVAL_PENDING":
        page = bench.page_url(f"{PAGE}?ba_token={subscription.private['ba_token']}")
        links.insert(0, {"href": page, "rel": "approve", "method": "GET"})
    else:
        body["billing_info"] = _billing_info(subscription)
    if body["status"] == "ACTIVE":
        links += [bench.link(f"{path}/{verb}", verb, "POST") for verb in ("suspend", "cancel")]
    if body["status"] == "SUSPENDED":
        links += [bench.link(f"{path}/{verb}", verb, "POST") for verb in ("activate", "cancel")]
    return {**body, "links": links}


def _charge(bench: Workbench, subscription: Record) -> None:
    was = subscription.body["status"]
    billing.charge(bench, subscription)
    _tell_change(bench, subscription, was)


def _tell_change(bench: Workbench, subscription: Record, was: str) -> None:
    now = subscription.body["status"]
    if now != was:
        tell(bench, subscription, now)


def _changed(
    bench: Workbench, call: Call, status: str, allowed: tuple[str, ...], action: str, verb: str
) -> tuple[int, None]:
    catalog.checked(call.given, _REASON)
    subscription = need(bench, call.account, call.id)
    if subscription.body["status"] not in allowed:
        words = (
            f"Invalid subscription status for {action} action; subscription status should be"
            f" {' or '.join(each.lower() for each in allowed)}."
        )
        raise PayPalRefusal(422, Detail("SUBSCRIPTION_STATUS_INVALID", description=words))
    subscription.body["status_change_note"] = call.given["reason"]
    if status == "CANCELLED":
        subscription.private.pop("next_at", None)
    put(bench, subscription, status)
    tell(bench, subscription, verb)
    return 204, None


def _billing_info(subscription: Record) -> JsonObject:
    private = subscription.private
    total = private["cycle"]["total_cycles"]
    info: JsonObject = {
        "outstanding_balance": money(private["owed_minor"], private["currency"]),
        "cycle_executions": [
            {
                "tenure_type": "REGULAR",
                "sequence": private["cycle"]["sequence"],
                "cycles_completed": private["done"],
                "cycles_remaining": max(0, total - private["done"]) if total else 0,
                "current_pricing_scheme_version": 1,
                "total_cycles": total,
            }
        ],
        "failed_payments_count": private["failures"],
    }
    if private.get("paid_at"):
        amount = money(private["paid_minor"], private["currency"])
        info["last_payment"] = {"amount": amount, "time": time_text(private["paid_at"])}
    if private.get("next_at"):
        info["next_billing_time"] = time_text(private["next_at"])
    return info


def _transaction(subscription: Record, sale: Record) -> JsonObject:
    amounts = {"gross_amount": sale.body["amount"]}
    if breakdown := sale.body.get("seller_receivable_breakdown"):
        amounts["fee_amount"] = breakdown["paypal_fee"]
        amounts["net_amount"] = breakdown["net_amount"]
    return {
        "id": sale.id,
        "status": sale.body["status"],
        "payer_email": subscription.body["subscriber"]["email_address"],
        "payer_name": subscription.body["subscriber"]["name"],
        "amount_with_breakdown": amounts,
        "time": sale.body["create_time"],
    }
