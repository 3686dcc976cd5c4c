"""What a provider's simulator offers to the rest, and all of them as one.

Whoever asks about a session, a payment or an event asks them in turn: the first that knows of it
answers. Ids of different providers never meet, as in life.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

from starlette.routing import Route

from app.sandbox.books import Books, JsonObject
from app.sandbox.control_request import Handler, Refused
from app.sandbox.deliveries import Letter, Postman

T = TypeVar("T")
Landing: TypeAlias = Literal["paid", "processing", "failed"]


class Dashboard(Protocol):
    """What the owner does at the provider's own dashboard, and what banks decide.

    None means that there is nothing of that id. Each raises `Refused` for an order that makes no
    sense or that the provider refuses.
    """

    def refund(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None: ...

    def set_refunds(self, order: JsonObject) -> JsonObject: ...

    def set_fees(self, order: JsonObject) -> JsonObject: ...


class Provider(Protocol):
    """One provider's simulator. None means that it has nothing of that id."""

    @property
    def name(self) -> str: ...

    @property
    def dashboard(self) -> Dashboard: ...

    @property
    def postman(self) -> Postman: ...

    def routes(self) -> list[Route]:
        """Give its API and its pages."""
        ...

    def page_routes(self) -> list[Route]:
        """Give the customer's pages alone."""
        ...

    def control_table(self) -> Sequence[tuple[str, str, Handler]]:
        """Give what only this provider can be told by the control API."""
        ...

    def catch_up(self) -> None:
        """Let happen what was due before now."""
        ...

    def pay(self, session_id: str, order: JsonObject) -> JsonObject | None:
        """Pay as a customer would, or oddly."""
        ...

    def expire(self, session_id: str) -> JsonObject | None: ...

    def authenticate(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Answer the bank's challenge."""
        ...

    def settle(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Decide a payment that is on its way."""
        ...

    def landing(self, session_id: str) -> Landing | None:
        """Say what a payer who comes back to the shop is to be told."""
        ...

    def books_of(self, account: str) -> JsonObject | None:
        """Say what was captured, given back and disputed, in the provider's own words."""
        ...


class Providers:
    """All providers as one; the first is meant where an order names none."""

    def __init__(self, providers: Sequence[Provider], books: Books) -> None:
        self._providers = tuple(providers)
        self._books = books

    def routes(self) -> list[Route]:
        return [route for provider in self._providers for route in provider.routes()]

    def page_routes(self) -> list[Route]:
        return [route for provider in self._providers for route in provider.page_routes()]

    def control_table(self) -> list[tuple[str, str, Handler]]:
        return [line for provider in self._providers for line in provider.control_table()]

    def catch_up(self) -> None:
        for provider in self._providers:
            provider.catch_up()

    def pay(self, session_id: str, order: JsonObject) -> JsonObject | None:
        return self._whose(session_id, lambda each: each.pay(session_id, order))

    def expire(self, session_id: str) -> JsonObject | None:
        return self._whose(session_id, lambda each: each.expire(session_id))

    def authenticate(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        return self._whose(
            session_id, lambda each: each.authenticate(session_id, succeeded=succeeded)
        )

    def settle(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        return self._whose(session_id, lambda each: each.settle(session_id, succeeded=succeeded))

    def landing(self, session_id: str) -> Landing:
        return self._first(lambda each: each.landing(session_id)) or "paid"

    def books_of(self, account: str) -> JsonObject:
        """Give an account's books with whose they are: ids are unique at a provider alone."""
        for each in self._providers:
            if (books := each.books_of(account)) is not None:
                return {"provider": each.name, **books}
        return {}

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        return self._whose(id, lambda each: each.dashboard.refund(id, order))

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None:
        return self._whose(id, lambda each: each.dashboard.settle_refund(id, order))

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        return self._whose(id, lambda each: each.dashboard.dispute(id, order))

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        return self._whose(id, lambda each: each.dashboard.move_dispute(id, order))

    def set_refunds(self, order: JsonObject) -> JsonObject:
        provider, rest = self._named(order)
        return provider.dashboard.set_refunds(rest)

    def set_fees(self, order: JsonObject) -> JsonObject:
        provider, rest = self._named(order)
        return provider.dashboard.set_fees(rest)

    def letter(
        self, event: str, endpoint: str, age_s: int = 0, changes: JsonObject | None = None
    ) -> Letter | None:
        return self._first(lambda each: each.postman.letter(event, endpoint, age_s, changes))

    def endpoints(self, event: str) -> list[str]:
        knowing = (each.postman for each in self._providers if each.postman.knows(event))
        return next((postman.endpoints(event) for postman in knowing), [])

    def knows(self, event: str) -> bool:
        return any(each.postman.knows(event) for each in self._providers)

    def _whose(self, id: str, ask: Callable[[Provider], T | None]) -> T | None:
        """Ask the provider in whose books something of that id is; where in none's, all in turn."""
        kinds = self._books.kinds_of(id)
        for provider in self._providers:
            if any(kind.startswith(f"{provider.name}.") for kind in kinds):
                return ask(provider)
        return ask(self._providers[0]) if kinds else self._first(ask)

    def _first(self, ask: Callable[[Provider], T | None]) -> T | None:
        refusal: Refused | None = None
        for provider in self._providers:
            try:
                answer = ask(provider)
            except Refused as error:
                # It may not be its own that is meant: another one has other words.
                refusal = error
                continue
            if answer is not None:
                return answer
        if refusal is not None:
            raise refusal
        return None

    def _named(self, order: JsonObject) -> tuple[Provider, JsonObject]:
        name = order.get("provider", self._providers[0].name)
        for provider in self._providers:
            if provider.name == name:
                return provider, {key: order[key] for key in order if key != "provider"}
        known = ", ".join(provider.name for provider in self._providers)
        raise Refused(f"provider must be one of {known}")
