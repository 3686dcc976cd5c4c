"""From an HTTP request to one transaction, and its answer back, whichever provider is asked.

Order of work: account -> route and parameters -> idempotency key held -> fault -> one transaction
with the effect, its events and the kept answer -> reply. How things are said is each provider's
own: it says who asks, what is asked, and how it refuses.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from app.sandbox.bench import Bench, Call, Cause
from app.sandbox.books import JsonObject
from app.sandbox.distortion import distorted
from app.sandbox.faults import Fault, Faults
from app.sandbox.keys import Answer, Keys
from app.sandbox.limits import Limits
from app.sandbox.refusal import Refusal
from app.sandbox.traffic import Seen, Traffic
from app.sandbox.wire import BodyTooLarge, CutConnection, body_of, from_loopback, names_loopback

AnyCall = TypeVar("AnyCall", bound=Call)
Answering = Callable[[AnyCall], tuple[int, JsonObject | None]]
"""Does what is asked, in the caller's transaction: a status and a body, None for an empty one."""


AnyRefusal = TypeVar("AnyRefusal", bound=Refusal)


@dataclass
class Reply:
    """What goes back, unless a fault cuts the connection first."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False
    is_kept: bool = False
    """Whether an idempotency key gives this answer again."""
    fault: Fault | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What every provider's API stands in; `changed` is called after each commit."""

    faults: Faults
    traffic: Traffic
    limits: Limits
    changed: Callable[[], None]


class Exchange(ABC, Generic[AnyCall, AnyRefusal]):
    """One provider's API. `refusal` is the class of its refusals."""

    refusal: type[AnyRefusal]
    key_header = "Idempotency-Key"
    request_id = ("req_", 14)
    keeps_faults = True
    """Whether an idempotency key gives an error from inside again, instead of a new try."""

    def __init__(self, bench: Bench, keys: Keys, surroundings: Surroundings) -> None:
        self._bench = bench
        self._keys = keys
        self._faults = surroundings.faults
        self._traffic = surroundings.traffic
        self._limits = surroundings.limits
        self._changed = surroundings.changed

    @abstractmethod
    def account_of(self, request: Request) -> str:
        """Say whose request this is, or raise the provider's refusal."""

    @abstractmethod
    def read(
        self, request: Request, body: bytes, account: str, cause: Cause
    ) -> tuple[Answering[AnyCall], AnyCall]:
        """Route and decode a request, or raise the provider's refusal."""

    @abstractmethod
    def refused(self, refusal: AnyRefusal, account: str | None, cause: Cause) -> Reply:
        """Put a refusal into the provider's words."""

    @abstractmethod
    def plain_refusal(self, status: int) -> AnyRefusal:
        """Give the refusal that the provider words so: 403 elsewhere, 413, 429, 5xx."""

    @abstractmethod
    def headers(
        self, request: Request, reply: Reply, account: str | None, cause: Cause
    ) -> dict[str, str]:
        """Give the headers of every reply."""

    @abstractmethod
    def catch_up(self) -> None:
        """Let happen what was due before now."""

    def key_of(self, request: Request, call: AnyCall) -> str | None:
        """Give the idempotency key by which this call is known, if it is."""
        return call.cause.idempotency_key if request.method == "POST" else None

    def replay(self, kept: Answer, call: AnyCall) -> Reply:
        """Answer again what was answered before."""
        return Reply(kept.status, kept.body, replayed=True)

    async def answer(self, request: Request) -> Response:
        """Answer a request to the API."""
        key = request.headers.get(self.key_header) or None
        cause = Cause(self._bench.ids(*self.request_id), key)
        seen = self._traffic.note(
            Seen(
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                idempotency_key=key,
                at=self._bench.now(),
            )
        )
        account: str | None = None
        reply: Reply | None
        try:
            body = await body_of(request)
            if not (from_loopback(request) and names_loopback(request)):
                raise self.plain_refusal(403)
            account = seen.account = self.account_of(request)
            if wait_s := self._limits.wait_for(account):
                reply = self._too_fast(wait_s, account, cause)
            else:
                handler, call = self.read(request, body, account, cause)
                seen.idempotency_key = call.cause.idempotency_key
                reply = await self._served(request, handler, call)
        except BodyTooLarge:
            reply = self.refused(self.plain_refusal(413), account, cause)
        except self.refusal as refusal:
            reply = self.refused(refusal, account, cause)
        if reply is None:
            return CutConnection()
        seen.status, seen.replayed = reply.status, reply.replayed
        headers = {**self.headers(request, reply, account, cause), **reply.headers}
        response = Response(
            reply.body, reply.status, headers=headers, media_type="application/json"
        )
        return distorted(response, reply.fault, self._faults)

    async def _served(
        self, request: Request, handler: Answering[AnyCall], call: AnyCall
    ) -> Reply | None:
        """The reply, or None where the connection is to be cut."""
        key = self.key_of(request, call)
        if key is not None:
            self._keys.claim(call.account, key)
        try:
            fault = self._faults.take(request.method, request.url.path, call.account)
            await self._faults.delay(fault)
            if fault is not None and fault.drop == "before":
                return None
            if fault is not None and fault.status is not None:
                reply = self._faulty(fault, fault.status, call, key)
            else:
                reply = self._executed(handler, call, key)
            reply.fault = fault
            return None if fault is not None and fault.drop == "after_effect" else reply
        finally:
            if key is not None:
                self._keys.release(call.account, key)

    def _executed(self, handler: Answering[AnyCall], call: AnyCall, key: str | None) -> Reply:
        self.catch_up()
        try:
            with self._bench.books.transaction():
                if key is not None and (kept := self._keys.answer(call, key)):
                    return self.replay(kept, call)
                status, body = handler(call)
                reply = Reply(status, "" if body is None else _text(body))
                if key is not None:
                    self._keys.keep(call, key, reply.status, reply.body)
        except self.refusal as refusal:
            reply = self.refused(refusal, call.account, call.cause)
            if key is None or not refusal.stored:
                return reply
            with self._bench.books.transaction():
                self._keys.keep(call, key, reply.status, reply.body)
        self._changed()
        reply.is_kept = key is not None
        return reply

    def _faulty(self, fault: Fault, status: int, call: AnyCall, key: str | None) -> Reply:
        headers = dict(fault.headers)
        if status == 429:
            headers = {**self.waiting_headers(1), **headers}
        if fault.text is not None:
            text = fault.text
        elif fault.body is not None:
            text = _text(fault.body)
        else:
            text = self.refused(self.plain_refusal(status), call.account, call.cause).body
        if key is not None and fault.store and self.keeps_faults:
            with self._bench.books.transaction():
                if kept := self._keys.answer(call, key):
                    return self.replay(kept, call)
                self._keys.keep(call, key, status, text)
        return Reply(status, text, headers)

    def waiting_headers(self, wait_s: int) -> dict[str, str]:
        """Say for how long to wait."""
        return {"Retry-After": str(wait_s)}

    def _too_fast(self, wait_s: int, account: str, cause: Cause) -> Reply:
        reply = self.refused(self.plain_refusal(429), account, cause)
        reply.headers = {**reply.headers, **self.waiting_headers(wait_s)}
        return reply


def _text(body: JsonObject) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
