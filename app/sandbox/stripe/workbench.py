"""What all parts of this provider work with, and the request that they work for."""

import hashlib
import json
from dataclasses import dataclass, field

from app.sandbox import bench
from app.sandbox.books import Record
from app.sandbox.stripe.errors import no_such
from app.sandbox.stripe.forms import Form


@dataclass(frozen=True)
class Workbench(bench.Bench):
    """A bench at which what is missing is refused in Stripe's words."""

    def need(self, account: str, kind: str, id: str, param: str) -> Record:
        """The account's own object, or Stripe's 404."""
        record = self.books.get(kind, id, account)
        if record is None:
            raise no_such(kind, id, param)
        return record


@dataclass(frozen=True)
class Call(bench.Call):
    """A request to Stripe's API, with what its form or its query says."""

    form: Form = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.form, sort_keys=True).encode()).hexdigest()
