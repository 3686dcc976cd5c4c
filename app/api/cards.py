"""Saved cards at the private door: the list, one, a new one, and its cancellation."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Final

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from app.cards import Cards
from app.domain.card_setup import CardSetup
from app.errors import CheckoutRefused, ProviderError, ScantillError

_REFUSED: Final = 409
_NOT_DONE: Final = 502


class KeptCardView(BaseModel):
    """A card that was kept, as `words` and in parts; the ids are the provider's."""

    words: str
    customer_id: str
    method_id: str
    brand: str
    last4: str
    expiry_month: int | None
    expiry_year: int | None


class CardView(BaseModel):
    """A card's set-up; its `url` is there while a customer may be shown it."""

    id: int
    account: str
    reference: str
    label: str
    state: str
    created_at: datetime
    deadline_at: datetime
    url: str | None
    shown_at: datetime | None
    saved_at: datetime | None
    decline: str
    card: KeptCardView | None


class CardRequest(BaseModel):
    """What the operator calls the customer, where the card is to be kept, and who wants it."""

    label: str = ""
    account: str | None = None
    by: str


class CardEnd(BaseModel):
    """Who takes the page away."""

    by: str


def add_cards(application: FastAPI, cards: Cards) -> None:
    """Add the routes to an application."""

    async def listed(
        before: int | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> list[CardView]:
        return [view_of(each) for each in await cards.page(before=before, limit=limit)]

    async def one(row_id: int) -> CardView:
        try:
            return view_of(await cards.one(row_id))
        except CheckoutRefused as error:
            raise HTTPException(404, str(error)) from error

    async def show(asked: CardRequest) -> Response:
        return await _answered(cards.show(asked.label, asked.account, by=asked.by))

    async def cancel(row_id: int, asked: CardEnd) -> Response:
        return await _answered(cards.close(row_id, by=asked.by))

    application.get("/api/v1/cards")(listed)
    application.get("/api/v1/cards/{row_id}")(one)
    application.post("/api/v1/cards", response_model=CardView)(show)
    application.post("/api/v1/cards/{row_id}/cancel", response_model=CardView)(cancel)


def view_of(setup: CardSetup) -> CardView:
    """Give a set-up as the door shows it."""
    kept = setup.card
    return CardView(
        id=setup.id,
        account=setup.account,
        reference=setup.reference,
        label=setup.label,
        state=setup.state.value,
        created_at=setup.created_at,
        deadline_at=setup.deadline_at,
        url=setup.url if setup.is_open else None,
        shown_at=setup.shown_at,
        saved_at=setup.saved_at,
        decline=setup.decline,
        card=None
        if kept is None
        else KeptCardView(
            words=str(kept),
            customer_id=kept.customer_id,
            method_id=kept.method_id,
            brand=kept.brand,
            last4=kept.last4,
            expiry_month=kept.expiry_month,
            expiry_year=kept.expiry_year,
        ),
    )


async def _answered(doing: Awaitable[CardSetup]) -> Response:
    """Give what came of it, or in the till's own words why nothing did."""
    try:
        setup = await doing
    except CheckoutRefused as error:
        return _told(error, _REFUSED)
    except ProviderError as error:
        return _told(error, _NOT_DONE)
    return JSONResponse(view_of(setup).model_dump(mode="json"))


def _told(error: ScantillError, status: int) -> JSONResponse:
    said = {"title": error.title, "detail": error.detail, "action": error.action}
    words = {name: str(text) for name, text in said.items()}
    return JSONResponse({**words, "money": error.money.value}, status_code=status)
