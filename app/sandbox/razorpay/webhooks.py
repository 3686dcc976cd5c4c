"""Webhooks of an account: set at the dashboard, which is the control API here, for there is no API.

One that took nothing for a day is switched off, and hears of nothing until it is switched on.
"""

from collections.abc import Sequence

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Refused
from app.sandbox.razorpay.workbench import Workbench

KIND = "razorpay.webhook"
SCHEMA = """
CREATE INDEX IF NOT EXISTS razorpay_failed_deliveries ON deliveries (endpoint, seq)
    WHERE state = 'failed';
"""
MOST = 30

_MINUTE, _HOUR = 60, 3600
PAUSES_S = (
    _MINUTE,
    4 * _MINUTE,
    10 * _MINUTE,
    45 * _MINUTE,
    *(2 * _HOUR,) * 2,
    *(4 * _HOUR,) * 2,
    11 * _HOUR,
)
"""Growing pauses that end a day after the first try; Razorpay tells the day, not the pauses."""
TIMEOUT_S = 5.0


def put(
    bench: Workbench,
    account: str,
    url: str,
    *,
    secret: str,
    events: Sequence[str],
    active: bool,
    owner: str = "",
) -> Record:
    """Set the webhook at this address, or change it; what waits keeps the secret of its time.

    It replaces those of the same `owner`, who listens elsewhere now. The caller commits. Raises
    `Refused`.
    """
    known = _without_earlier(bench, account, url, owner)
    webhook = next((each for each in known if each.body["url"] == url), None)
    if webhook is None:
        if len(known) >= MOST:
            raise Refused(f"an account has at most {MOST} webhooks")
        body = {"id": bench.id_for(KIND, "hook_"), "url": url, "created_at": bench.now()}
        webhook = bench.keep(account, KIND, body)
    webhook.body.update(events=list(events), active=active, disabled_at=None)
    webhook.private.update(secret=secret, owner=owner, since=_last_delivery(bench))
    bench.books.save(webhook)
    return webhook


def of_account(bench: Workbench, account: str) -> list[Record]:
    return bench.books.select("account = ? AND kind = ?", (account, KIND))


def wanting(bench: Workbench, account: str, event: str) -> list[Record]:
    """The webhooks that are on and want to hear of this."""
    return [
        webhook
        for webhook in of_account(bench, account)
        if webhook.body["active"]
        and ("*" in webhook.body["events"] or event in webhook.body["events"])
    ]


def switch_off_failing(bench: Workbench) -> bool:
    """Switch off what has not taken a notice for a day, in a transaction of its own."""
    gone = [
        webhook
        for webhook in bench.books.select("kind = ?", (KIND,))
        if webhook.body["active"] and _has_given_up(bench, webhook)
    ]
    if not gone:
        return False
    with bench.books.transaction():
        for webhook in gone:
            webhook.body.update(active=False, disabled_at=bench.now())
            bench.books.save(webhook)
    return True


def line(webhook: Record) -> JsonObject:
    """A webhook without its secret."""
    return {**webhook.body, "account": webhook.account}


def _without_earlier(bench: Workbench, account: str, url: str, owner: str) -> list[Record]:
    """Take away what an owner had at other addresses; answers what is left."""
    kept = []
    for webhook in of_account(bench, account):
        if owner and webhook.private.get("owner") == owner and webhook.body["url"] != url:
            bench.books.remove(webhook)
        else:
            kept.append(webhook)
    return kept


def _has_given_up(bench: Workbench, webhook: Record) -> bool:
    row = bench.books.connection.execute(
        "SELECT 1 FROM deliveries WHERE endpoint = ? AND state = 'failed' AND seq > ?",
        (webhook.id, webhook.private["since"]),
    ).fetchone()
    return row is not None


def _last_delivery(bench: Workbench) -> int:
    """What failed until now is forgiven when a webhook is set anew."""
    row = bench.books.connection.execute("SELECT COALESCE(MAX(seq), 0) FROM deliveries").fetchone()
    return int(row[0])
