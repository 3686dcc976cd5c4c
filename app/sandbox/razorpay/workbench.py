"""What all parts of this provider work with, and the request that they work for."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.sandbox import bench
from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay.errors import malformed_id, unknown_id

_ID = re.compile(r"[a-z]+_[A-Za-z0-9]{14}")
_ID_LENGTH = 14
_OURS = "kind >= 'razorpay.' AND kind < 'razorpay/'"
_TIMERS = ("charges_at", "closes_at", "fee_at", "settles_at")
SCHEMA = "".join(
    f"CREATE INDEX IF NOT EXISTS razorpay_{timer}"
    f" ON objects (json_extract(private, '$.{timer}'))"
    f" WHERE {_OURS} AND json_extract(private, '$.{timer}') IS NOT NULL;\n"
    for timer in _TIMERS
)


@dataclass(frozen=True)
class Workbench(bench.Bench):
    """A bench at which what is missing is refused in Razorpay's words."""

    def id_for(self, kind: str, prefix: str) -> str:
        return self.new_id(kind, prefix, _ID_LENGTH)

    def keep(
        self,
        account: str,
        kind: str,
        body: JsonObject,
        private: JsonObject | None = None,
        *,
        id: str | None = None,
    ) -> Record:
        """A new object; `id` where its body does not tell it."""
        record = Record(kind, id or body["id"], account, self.now(), body, private or {})
        self.books.add(record)
        return record

    def need(self, account: str, kind: str, id: str) -> Record:
        """The account's own object, or Razorpay's refusal, which is no 404."""
        if _ID.fullmatch(id) is None:
            raise malformed_id(id)
        record = self.books.get(kind, id, account)
        if record is None:
            raise unknown_id()
        return record

    def of(self, account: str, kind: str, field: str, value: str) -> list[Record]:
        """The account's objects of a kind that say so, oldest first."""
        condition = f"account = ? AND kind = ? AND json_extract(body, '$.{field}') = ?"
        return self.books.select(condition, (account, kind, value))

    def due(self, kind: str, timer: str) -> list[Record]:
        """The objects of a kind whose time has come; `timer` is one of those kept in `private`."""
        at = f"json_extract(private, '$.{timer}')"
        condition = f"{_OURS} AND kind = ? AND {at} IS NOT NULL AND {at} <= ?"
        return self.books.select(condition, (kind, self.now()), index=f"razorpay_{timer}")


@dataclass(frozen=True)
class Call(bench.Call):
    """A request to Razorpay's API, with what its JSON or its query says."""

    params: JsonObject = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.params, sort_keys=True).encode()).hexdigest()


def collection(items: Sequence[JsonObject]) -> JsonObject:
    return {"entity": "collection", "count": len(items), "items": list(items)}
