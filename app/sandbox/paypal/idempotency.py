"""What PayPal says about request ids: the first one's effect, as it stands now, for a while.

A repeated `PayPal-Request-Id` is answered with the object's latest state and 200; errors are not
kept. What another body under the same id does is nowhere said; here the first one counts.
"""

from app.sandbox.bench import Bench, Call
from app.sandbox.keys import Answer, Keys
from app.sandbox.paypal import ROOT
from app.sandbox.paypal.errors import Detail, PayPalRefusal

LONGEST = 108
ORDERS_KEPT_S = 6 * 3600
REFUNDS_KEPT_S = 45 * 86_400
PLANS_KEPT_S = 72 * 3600


class _Rules:
    """One kind of request ids. The API has put the path behind each, so that none meet."""

    page_paths = (ROOT,)

    def __init__(self, provider: str, kept_s: int) -> None:
        self.provider = provider
        self.kept_s = kept_s

    def too_long(self, key: str) -> PayPalRefusal | None:
        id = key.partition(" ")[0]
        if len(id) <= LONGEST:
            return None
        return PayPalRefusal(400, Detail("INVALID_STRING_LENGTH", "PayPal-Request-Id", id))

    def in_use(self, key: str) -> PayPalRefusal:
        return PayPalRefusal(409, Detail("PREVIOUS_REQUEST_IN_PROGRESS"))

    def other_path(self, key: str, path: str, first_path: str) -> PayPalRefusal:
        return self.in_use(key)

    def other_parameters(self, key: str) -> PayPalRefusal:
        return self.in_use(key)


class RequestIds(Keys):
    """Request ids, each kept for as long as PayPal keeps those of its kind."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench, _Rules("paypal", ORDERS_KEPT_S))
        self._refunds = Keys(bench, _Rules("paypal.refunds", REFUNDS_KEPT_S))
        self._plans = Keys(bench, _Rules("paypal.plans", PLANS_KEPT_S))

    def answer(self, call: Call, key: str) -> Answer | None:
        kept = self._apart(call)
        return super().answer(call, key) if kept is None else kept.answer(call, key)

    def keep(self, call: Call, key: str, status: int, body: str) -> None:
        if status >= 400:
            return
        kept = self._apart(call)
        if kept is None:
            super().keep(call, key, status, body)
        else:
            kept.keep(call, key, status, body)

    def _apart(self, call: Call) -> Keys | None:
        if call.path.endswith("/refund"):
            return self._refunds
        return None if call.path.startswith("/v2/") else self._plans
