"""What only this provider can be told by the control API: `/_control/razorpay/...`.

It stands for Razorpay's dashboard, where webhooks and keys are made, and for its support, which
switches features on.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from starlette.requests import Request

from app.sandbox.books import JsonObject
from app.sandbox.control_request import Handler, Refused, flag, found, json_of, only
from app.sandbox.razorpay import accounts, events, subscriptions, webhooks
from app.sandbox.razorpay.features import set_features
from app.sandbox.razorpay.workbench import Workbench


class RazorpayControl:
    """Acts on all accounts; `changed` is called after each commit."""

    def __init__(self, bench: Workbench, changed: Callable[[], None]) -> None:
        self._bench = bench
        self._changed = changed

    def table(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", "razorpay/webhooks", self._put_webhook),
            ("GET", "razorpay/webhooks", self._list_webhooks),
            ("GET", "razorpay/events", self._list_events),
            ("POST", "razorpay/keys", self._put_key),
            ("POST", "razorpay/features", self._put_features),
            ("POST", "razorpay/subscriptions/{id}", self._put_subscription),
        )

    async def _put_webhook(self, request: Request) -> JsonObject:
        """`key_id` whose account it is, `url`, `secret`, `events` (all), `active` (yes).

        With `owner` it replaces what that one had at other addresses.
        """
        names = ("key_id", "url", "secret", "events", "active", "owner")
        order = only(await json_of(request), names)
        url, secret = _text(order, "url"), _text(order, "secret")
        if not url.startswith(("http://", "https://")):
            raise Refused("url must begin with http:// or https://")
        wanted = order.get("events", ["*"])
        if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
            raise Refused("events must be a list of names")
        with self._bench.books.transaction():
            webhook = webhooks.put(
                self._bench,
                accounts.account_of(self._bench.books, _key_id(order, "key_id")),
                url,
                secret=secret,
                events=wanted,
                active="active" not in order or flag(order, "active"),
                owner=_text(order, "owner") if "owner" in order else "",
            )
        self._changed()
        return webhooks.line(webhook)

    async def _list_webhooks(self, _: Request) -> JsonObject:
        every = self._bench.books.select("kind = ?", (webhooks.KIND,))
        return {"webhooks": [webhooks.line(each) for each in every]}

    async def _list_events(self, _: Request) -> JsonObject:
        """All that was ever told, oldest first: no API of Razorpay's does."""
        every = self._bench.books.select("kind = ?", (events.KIND,))
        return {"events": [events.line(each) for each in every]}

    async def _put_key(self, request: Request) -> JsonObject:
        """`key_id`, `key_secret`, and `of`: a key of the account whose other key this is to be."""
        order = only(await json_of(request), ("key_id", "key_secret", "of"))
        books, key_id = self._bench.books, _key_id(order, "key_id")
        account = accounts.account_of(books, _key_id(order, "of")) if "of" in order else None
        return {"account": accounts.put_key(books, key_id, _text(order, "key_secret"), account)}

    async def _put_features(self, request: Request) -> JsonObject:
        order = only(await json_of(request), ("qr_codes", "subscriptions", "image_content"))
        changes: JsonObject = {name: flag(order, name) for name in order}
        return asdict(set_features(self._bench, changes))

    async def _put_subscription(self, request: Request) -> JsonObject:
        """`fails`: whether the payer's bank refuses the periods to come."""
        order = only(await json_of(request), ("fails",))
        record = self._bench.books.get(subscriptions.KIND, request.path_params["id"])
        if record is None:
            return found(None)
        record.private["fails"] = flag(order, "fails")
        with self._bench.books.transaction():
            self._bench.books.save(record)
        return {"id": record.id, "fails": record.private["fails"]}


def _text(order: JsonObject, name: str) -> str:
    value = order.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"{name} must be a text")
    return value


def _key_id(order: JsonObject, name: str) -> str:
    key_id = _text(order, name)
    if not accounts.is_key_id(key_id):
        raise Refused(f"{name} must be a test key's (rzp_test_...)")
    return key_id
