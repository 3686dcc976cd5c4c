"""What all parts of this provider work with, and the request that they work for."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.sandbox import bench
from app.sandbox.books import JsonObject, Record
from app.sandbox.square.errors import not_found

LINK = "square.link"
ORDER = "square.order"
PAYMENT = "square.payment"
REFUND = "square.refund"
DISPUTE = "square.dispute"
EVENT = "square.event"
WEBHOOK = "square.webhook"
CATALOG = "square.catalog"
CUSTOMER = "square.customer"
INVOICE = "square.invoice"
SUBSCRIPTION = "square.subscription"


@dataclass(frozen=True)
class Workbench(bench.Bench):
    """A bench at which what is missing is refused in Square's words."""

    def keep(
        self, account: str, kind: str, id: str, body: JsonObject, private: JsonObject | None = None
    ) -> Record:
        """Put a new object into the books; the caller commits."""
        record = Record(kind, id, account, self.now(), body, private or {})
        self.books.add(record)
        return record

    def need(self, account: str, kind: str, id: str, field: str | None = None) -> Record:
        """The merchant's own object, or Square's 404."""
        record = self.books.get(kind, id, account)
        if record is None:
            raise not_found(kind.removeprefix("square."), id, field)
        return record

    def known(self, kind: str, id: str) -> Record:
        """An object that another one names."""
        record = self.books.get(kind, id)
        if record is None:
            raise LookupError(f"{kind} {id} is named and not there")
        return record

    def stamp(self, ahead_s: float = 0) -> str:
        """The time in Square's own form, in milliseconds: comparable as text."""
        return stamped(self.clock.precise() + ahead_s)

    def unique(self, kind: str) -> str:
        """A UUID for an object of this kind."""
        seed = self.new_id(kind, "uuid", 32)
        return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16], version=4))

    def code(self, kind: str, length: int) -> str:
        """An id in capital letters and digits."""
        while self.books.exists(kind, id := self.ids("", length).upper()):
            continue
        return id


@dataclass(frozen=True)
class Call(bench.Call):
    """A request to Square's API: its JSON body and its query."""

    method: str = "GET"
    body: JsonObject = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()


def stamped(at: float) -> str:
    """Seconds since the epoch in Square's own form."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
