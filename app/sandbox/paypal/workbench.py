"""What all parts of this provider work with, and the request that they work for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.sandbox import bench
from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import ROOT
from app.sandbox.paypal.errors import not_found


@dataclass(frozen=True)
class Workbench(bench.Bench):
    """A bench at which what is missing is refused in PayPal's words."""

    def need(self, account: str, kind: str, id: str) -> Record:
        """The account's own object, or PayPal's 404."""
        record = self.books.get(kind, id, account)
        if record is None:
            raise not_found()
        return record

    def new_code(self, kind: str, length: int = 17, prefix: str = "") -> str:
        """An id of capitals and digits that no object of this kind has."""
        stream = f"{kind}:"
        while True:
            id = prefix + self.ids(stream, length).removeprefix(stream).upper()
            if not self.books.exists(kind, id):
                return id

    def payer_id(self) -> str:
        """Thirteen capitals and digits without those that look alike."""
        id = self.ids("payer:", 13).removeprefix("payer:").upper()
        return id.translate(str.maketrans("01IO", "2345"))

    def put(
        self, account: str, kind: str, body: JsonObject, private: JsonObject | None = None
    ) -> Record:
        """Add an object that keeps its time as text, as PayPal's do."""
        record = Record(kind, body["id"], account, self.now(), body, private or {})
        self.books.add(record)
        return record

    def time(self) -> str:
        """Now, as PayPal writes it."""
        return time_text(self.now())

    def api_url(self, path: str) -> str:
        """An address of the API itself, which is on this computer only."""
        return f"{self.home()}{ROOT}{path}"

    def page_url(self, path: str) -> str:
        """An address of a customer's page."""
        return f"{self.origin()}{ROOT}{path}"

    def link(self, path: str, rel: str, method: str = "GET") -> JsonObject:
        return {"href": self.api_url(path), "rel": rel, "method": method}


@dataclass(frozen=True)
class Call(bench.Call):
    """A request to PayPal's API: its JSON, the bytes that it came as, and its query."""

    body: Any = None
    raw: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)
    wants_all: bool = False
    """Whether `Prefer: return=representation` was asked for."""

    @property
    def digest(self) -> str:
        """Nothing: a request id brings back what it first brought about, whatever else is said."""
        return ""

    @property
    def given(self) -> JsonObject:
        """What the body says; nothing where it is empty."""
        return {} if self.body is None else self.body


def time_text(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
