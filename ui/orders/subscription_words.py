"""Subscriptions in plain words: what one costs, how it stands, how it is ended; free of Qt."""

from datetime import datetime
from typing import Any, Final

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.renewal import EndWanted, Subscription
from app.domain.subscription import SubscriptionState
from app.orders import OrderDetail
from ui.bidi import isolated
from ui.decide.words import Ask, End, Outcome
from ui.format import Formats
from ui.i18n import _, _n
from ui.orders.telling import Told, amount_in, detail_in, joined, nothing_more, telling
from ui.pay.declines import decline_words
from ui.pay.recurring import price_words
from ui.theme import Tone


def subscription_words(subscription: Subscription) -> tuple[str, Tone]:
    """Give a subscription's state as a word and a tone."""
    if subscription.is_ending:
        return _("Being ended"), Tone.WARNING
    if subscription.ends_at is not None and not subscription.is_over:
        return _("Ends"), Tone.NEUTRAL
    return {
        SubscriptionState.PENDING: (_("Beginning"), Tone.BUSY),
        SubscriptionState.ACTIVE: (_("Running"), Tone.GOOD),
        SubscriptionState.PAST_DUE: (_("Payment refused"), Tone.DANGER),
        SubscriptionState.PAUSED: (_("Paused"), Tone.WARNING),
        SubscriptionState.ENDED: (_("Ended"), Tone.NEUTRAL),
    }[subscription.state]


def what_comes(subscription: Subscription, formats: Formats) -> str:
    """Say when a subscription is paid next, or when it ends or ended."""
    if subscription.is_over:
        ended = subscription.ended_at
        return "" if ended is None else _("Ended on {date}").format(date=formats.date(ended))
    if subscription.is_ending:
        return _("The provider has not confirmed the end yet. The till keeps asking.")
    if subscription.ends_at is not None:
        return _("Ends on {date}; no further payment").format(
            date=formats.date(subscription.ends_at)
        )
    due = subscription.current_until
    if due is None:
        return ""
    return _("Next payment on {date}").format(date=formats.date(due))


# --- ending one -----------------------------------------------------------------------------


def end_of_subscription(
    detail: OrderDetail, ends: dict[int, tuple[EndWanted, ...]], formats: Formats
) -> Ask | None:
    """Say what a form asks for the end of an order's subscription; None where there is no end.

    `ends` are those that its provider can do, by the subscription's row.
    """
    for subscribed in detail.subscriptions:
        subscription = subscribed.subscription
        possible = ends.get(subscription.id, ())
        if possible:
            return Ask(
                None,
                _("End the subscription of order {number}").format(number=detail.order.number),
                _("What was paid stays paid. To give money back, refund it as well."),
                subscription.amount,
                _("End subscription"),
                subscription_id=subscription.id,
                ends=tuple(
                    End(wanted, _end_label(wanted, subscription, formats)) for wanted in possible
                ),
            )
    return None


def _end_label(wanted: EndWanted, subscription: Subscription, formats: Formats) -> str:
    if wanted is EndWanted.NOW:
        return _("At once")
    if subscription.current_until is None:
        return _("When what was paid for is over")
    return _("When what was paid for is over: {date}").format(
        date=formats.date(subscription.current_until)
    )


def outcome_of_end(subscription: Subscription, formats: Formats) -> Outcome:
    """Say how a subscription stands after its end was asked for, as the books have it."""
    if subscription.is_over:
        return Outcome(
            _("The subscription has ended"),
            _("The customer pays nothing more by it."),
            Tone.GOOD,
            "done",
        )
    if subscription.is_ending:
        return Outcome(
            _("The provider has not answered yet"),
            _(
                "The subscription may still go on. The till keeps asking until it knows, and tells "
                "of it here."
            ),
            Tone.WARNING,
            "unknown",
        )
    ends_at: datetime | None = subscription.ends_at
    return Outcome(
        _("The subscription ends"),
        ""
        if ends_at is None
        else _("On {date}, with what was paid for. No further payment is taken.").format(
            date=formats.date(ends_at)
        ),
        Tone.GOOD,
        "done",
    )


# --- its facts ------------------------------------------------------------------------------


def _started(data: Any, formats: Formats) -> Told:
    price = amount_in(data, formats)
    if (interval := str(data.get("interval", ""))) in set(BillingInterval) and price:
        amount = Money(data["amount_minor"], data["currency"])
        price = price_words(amount, BillingInterval(interval), formats)
    return _("Subscription begun"), price, Tone.GOOD


def _renewed(data: Any, formats: Formats) -> Told:
    return _("Subscription renewed"), amount_in(data, formats), Tone.GOOD


def _refused(data: Any, formats: Formats) -> str:
    return decline_words(str(data.get("decline", "")))


def _wanted(data: Any, formats: Formats) -> str:
    when = _("When what was paid for is over") if data.get("at_period_end") else _("At once")
    who, why = str(data.get("who", "")), formats.message(data.get("reason", ""))
    words = _("{name}: {reason}").format(name=isolated(who), reason=isolated(why))
    return joined(when, words)


def _ends_on(data: Any, formats: Formats) -> str:
    try:
        return formats.date(datetime.fromisoformat(str(data.get("ends_at"))))
    except ValueError:
        return ""


SUBSCRIPTION_TELLERS: Final = {
    "subscription.started": _started,
    "subscription.active": telling(_n("Subscription runs"), nothing_more, Tone.GOOD),
    "subscription.past_due": telling(_n("Subscription is past due"), nothing_more, Tone.DANGER),
    "subscription.paused": telling(_n("Subscription paused"), nothing_more, Tone.WARNING),
    "subscription.ended": telling(_n("Subscription ended"), nothing_more),
    "subscription.renewed": _renewed,
    "subscription.renewal_refused": telling(_n("Renewal refused"), _refused, Tone.DANGER),
    "subscription.end_wanted": telling(_n("Its end was asked for"), _wanted),
    "subscription.end_refused": telling(
        _n("The provider would not end it"), detail_in, Tone.WARNING
    ),
    "subscription.ending": telling(_n("Subscription will end"), _ends_on),
    "subscription.goes_on": telling(
        _n("Subscription goes on after all"), nothing_more, Tone.WARNING
    ),
}
