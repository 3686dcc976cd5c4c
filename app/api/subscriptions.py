"""Subscriptions at the private door: the list, one with its money, and its end."""

from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from app.domain.payment import Payment
from app.domain.renewal import Subscription
from app.errors import CheckoutRefused, ProviderError, ScantillError
from app.subscription_detail import SubscriptionDetail
from app.subscriptions import Subscriptions

_REFUSED = 409
_NOT_DONE = 502


class SubscriptionView(BaseModel):
    """A subscription; its amount is what each interval costs, in minor units.

    `is_ending` says that an end is wanted which the provider has not told of.
    """

    id: int
    account: str
    subscription_id: str
    reference: str
    order_id: str
    state: str
    amount_minor: int
    currency: str
    interval: str
    started_at: datetime
    looked_at: datetime | None
    current_until: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    decline: str
    is_ending: bool


class TakenView(BaseModel):
    """Money that a subscription took; `held_as` says why it waits for a person, if it does."""

    payment_id: str
    amount_minor: int
    currency: str
    held_as: str | None


class SubscriptionDetailView(SubscriptionView):
    """A subscription with its order's number, that order's payments, and its renewals."""

    order_number: int
    payments: list[TakenView]
    renewals: list[TakenView]


class EndRequest(BaseModel):
    """How a subscription is to end, who decides it, and why."""

    at_period_end: bool = False
    by: str
    reason: str


def add_subscriptions(application: FastAPI, subscriptions: Subscriptions) -> None:
    """Add the routes to an application."""

    async def listed(
        before: int | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> list[SubscriptionView]:
        return [view_of(each) for each in await subscriptions.page(before=before, limit=limit)]

    async def one(row_id: int) -> SubscriptionDetailView:
        try:
            return _detail_view(await subscriptions.detail(row_id))
        except CheckoutRefused as error:
            raise HTTPException(404, str(error)) from error

    async def cancel(row_id: int, asked: EndRequest) -> Response:
        try:
            ended = await subscriptions.cancel(
                row_id, at_period_end=asked.at_period_end, by=asked.by, reason=asked.reason
            )
        except CheckoutRefused as error:
            return _refused(error, _REFUSED)
        except ProviderError as error:
            return _refused(error, _NOT_DONE)
        return JSONResponse(view_of(ended).model_dump(mode="json"))

    application.get("/api/v1/subscriptions")(listed)
    application.get("/api/v1/subscriptions/{row_id}")(one)
    application.post("/api/v1/subscriptions/{row_id}/cancel", response_model=SubscriptionView)(
        cancel
    )


def view_of(subscription: Subscription) -> SubscriptionView:
    """Give a subscription as the door shows it."""
    return SubscriptionView(
        id=subscription.id,
        account=subscription.account,
        subscription_id=subscription.subscription_id,
        reference=str(subscription.reference),
        order_id=subscription.order_id,
        state=subscription.state.value,
        amount_minor=subscription.amount.minor,
        currency=subscription.amount.currency,
        interval=subscription.interval.value,
        started_at=subscription.started_at,
        looked_at=subscription.looked_at,
        current_until=subscription.current_until,
        ends_at=subscription.ends_at,
        ended_at=subscription.ended_at,
        decline=subscription.decline,
        is_ending=subscription.is_ending,
    )


def _detail_view(detail: SubscriptionDetail) -> SubscriptionDetailView:
    return SubscriptionDetailView(
        **view_of(detail.subscription).model_dump(),
        order_number=detail.order.number,
        payments=[_taken(payment) for payment in detail.payments],
        renewals=[_taken(payment) for payment in detail.renewals],
    )


def _taken(payment: Payment) -> TakenView:
    return TakenView(
        payment_id=payment.payment_id,
        amount_minor=payment.amount.minor,
        currency=payment.amount.currency,
        held_as=payment.held_as.value if payment.held_as is not None and payment.is_held else None,
    )


def _refused(error: ScantillError, status: int) -> JSONResponse:
    return JSONResponse(
        {
            "title": str(error.title),
            "detail": str(error.detail),
            "money": error.money.value,
            "action": str(error.action),
        },
        status_code=status,
    )
