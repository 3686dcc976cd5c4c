"""Subscriptions as rows: written once, moved by compare-and-set, each move with its journal row.

Beside them what was heard of them and not looked at yet, so that a crash loses no news.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.attempt import Attempt, Reference
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.renewal import (
    SUBSCRIPTION_MOVES,
    Agreed,
    EndWanted,
    Subscription,
    next_look,
)
from app.domain.subscription import SubscriptionState
from app.errors import InvariantError
from app.store.decisions import payment_from
from app.store.transaction import (
    Row,
    Transaction,
    Value,
    maybe_stamp,
    maybe_stamped,
    read_stamp,
    stamp,
)

_ENDS_AN_EPOCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class HeardOf:
    """A subscription of which there is news that nobody has looked at yet: `heard` so often.

    `since` tells it from news that comes once this was looked at.
    """

    account: str
    subscription_id: str
    heard: int
    since: str


def subscription_from(row: Row) -> Subscription:
    """Read a subscription from its row."""
    reference = Reference.parse(row["reference"])
    if reference is None:
        raise InvariantError(f"Subscription {row['id']} has no readable reference")
    return Subscription(
        id=row["id"],
        account=row["account"],
        provider=row["provider"],
        provider_account=row["provider_account"],
        live=bool(row["live"]),
        subscription_id=row["subscription_id"],
        reference=reference,
        order_id=row["order_id"],
        attempt_id=row["attempt_id"],
        state=SubscriptionState(row["state"]),
        version=row["version"],
        amount=Money(row["amount_minor"], row["currency"]),
        interval=BillingInterval(row["interval"]),
        started_at=read_stamp(row["started_at"]),
        looked_at=maybe_stamp(row["looked_at"]),
        current_until=maybe_stamp(row["current_until"]),
        ends_at=maybe_stamp(row["ends_at"]),
        ended_at=maybe_stamp(row["ended_at"]),
        decline=row["decline"],
        end_wanted=None if row["end_wanted"] is None else EndWanted(row["end_wanted"]),
        end_wanted_by=row["end_wanted_by"],
        read_to=row["read_to"],
    )


def find_subscription(connection: sqlite3.Connection, row_id: int) -> Subscription | None:
    """Find a subscription by its row."""
    row = connection.execute("SELECT * FROM subscriptions WHERE id = ?", (row_id,)).fetchone()
    return None if row is None else subscription_from(row)


def subscription_called(
    connection: sqlite3.Connection, provider: str, subscription_id: str
) -> Subscription | None:
    """Find a subscription by the provider's own name of it."""
    row = connection.execute(
        "SELECT * FROM subscriptions WHERE provider = ? AND subscription_id = ?",
        (provider, subscription_id),
    ).fetchone()
    return None if row is None else subscription_from(row)


def subscriptions_of(connection: sqlite3.Connection, order_id: str) -> tuple[Subscription, ...]:
    """Give what an order began, oldest first: one subscription, unless it was paid twice."""
    rows = connection.execute(
        "SELECT * FROM subscriptions WHERE order_id = ? ORDER BY id", (order_id,)
    )
    return tuple(map(subscription_from, rows))


def oldest_of_account(connection: sqlite3.Connection, alike: Subscription) -> Subscription:
    """Give the oldest subscription that goes on with the account of another, or that one itself."""
    row = connection.execute(
        "SELECT * FROM subscriptions WHERE state <> 'ended' AND account = ? "
        "AND provider_account = ? ORDER BY id LIMIT 1",
        (alike.account, alike.provider_account),
    ).fetchone()
    return alike if row is None else subscription_from(row)


def subscriptions_page(
    connection: sqlite3.Connection, *, before: int | None, limit: int
) -> list[Subscription]:
    """Give a page of all subscriptions, newest first, from below the row `before`."""
    rows = connection.execute(
        "SELECT * FROM subscriptions WHERE (:before IS NULL OR id < :before) "
        "ORDER BY id DESC LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return list(map(subscription_from, rows))


def renewals_of(connection: sqlite3.Connection, row_id: int) -> tuple[Payment, ...]:
    """Give the renewals of a subscription, held ones too, oldest first."""
    rows = connection.execute("SELECT * FROM payments WHERE renewal_of = ? ORDER BY id", (row_id,))
    return tuple(map(payment_from, rows))


def insert_subscription(
    tx: Transaction, attempt: Attempt, subscription_id: str, agreed: Agreed
) -> Subscription:
    """Write down what an attempt began, and tell of it; nothing was looked at yet."""
    row_id = tx.insert(
        "subscriptions",
        account=attempt.account,
        provider=attempt.provider,
        provider_account=attempt.provider_account,
        live=int(attempt.live),
        subscription_id=subscription_id,
        reference=str(attempt.reference),
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        state=SubscriptionState.PENDING.value,
        version=1,
        amount_minor=agreed.amount.minor,
        currency=agreed.amount.currency,
        interval=agreed.interval.value,
        started_at=stamp(tx.at),
        due_at=stamp(tx.at),
        looked_in=epoch_of(tx.connection),
    )
    subscription = _again(tx, row_id)
    tell_of_subscription(
        tx,
        subscription,
        "started",
        version=subscription.version,
        amount_minor=agreed.amount.minor,
        currency=agreed.amount.currency,
        interval=agreed.interval.value,
    )
    return subscription


def move_subscription(
    tx: Transaction, subscription: Subscription, to: SubscriptionState
) -> Subscription:
    """Move a subscription to another state by compare-and-set, with its one journal row."""
    if to not in SUBSCRIPTION_MOVES[subscription.state]:
        raise InvariantError(
            f"A subscription does not go from {subscription.state.value} to {to.value}"
        )
    count = tx.execute(
        "UPDATE subscriptions SET state = ?, version = version + 1 "
        "WHERE id = ? AND state = ? AND version = ?",
        (to.value, subscription.id, subscription.state.value, subscription.version),
    ).rowcount
    if count != 1:
        raise InvariantError(f"Subscription {subscription.id} was changed by someone else")
    moved = _due_anew(tx, subscription.id)
    tell_of_subscription(tx, moved, to.value, version=moved.version)
    return moved


def mark_subscription(
    tx: Transaction, subscription: Subscription, **changes: Value
) -> Subscription:
    """Change what is not a state: when it was looked at, its dates, a decline, an end wanted.

    By these it is known when it is looked at next.
    """
    names = ", ".join(f"{name} = ?" for name in changes)
    tx.execute(
        f"UPDATE subscriptions SET {names} WHERE id = ?", (*changes.values(), subscription.id)
    )
    return _due_anew(tx, subscription.id)


def tell_of_subscription(
    tx: Transaction,
    subscription: Subscription,
    what: str,
    *,
    by: str = "",
    version: int | None = None,
    **data: Any,
) -> None:
    """Write a fact of a subscription into the journal and the audit.

    `by` is the person who did it; else its provider tells of it.
    """
    told: Mapping[str, Any] = {
        "row": subscription.id,
        "subscription": subscription.subscription_id,
        **data,
    }
    name = f"subscription.{what}"
    tx.record(
        name,
        order_id=subscription.order_id,
        attempt_id=subscription.attempt_id,
        version=version,
        data=told,
    )
    tx.audit(by or f"provider:{subscription.provider}", name, subscription.subscription_id, told)


def next_end_number(connection: sqlite3.Connection, subscription: Subscription) -> int:
    """Give the place of the next call that ends what an attempt began: part of its key.

    After a restoration it is one that no call of the lost time can have had.
    """
    made, epoch = connection.execute(
        "SELECT (SELECT count(*) FROM intents WHERE attempt_id = ? AND subscription IS NOT NULL), "
        "(SELECT epoch FROM till)",
        (subscription.attempt_id,),
    ).fetchone()
    return _ENDS_AN_EPOCH * (int(epoch) - 1) + int(made) + 1


def unanswered_since(connection: sqlite3.Connection, row_id: int) -> datetime | None:
    """Say when the end was asked for whose answer is missing; None where none is."""
    row = connection.execute(
        "SELECT created_at FROM intents WHERE subscription = ? AND outcome IS NULL", (row_id,)
    ).fetchone()
    return None if row is None else read_stamp(row["created_at"])


def ends_waited_for(connection: sqlite3.Connection, *, asked_before: datetime) -> list[int]:
    """Give the rows whose end was asked for before a moment and is not there, agreed to or not."""
    rows = connection.execute(
        "SELECT id FROM subscriptions WHERE state <> 'ended' AND end_wanted IS NOT NULL "
        "AND (end_wanted = 'now' OR ends_at IS NULL) AND "
        "(SELECT max(created_at) FROM intents WHERE subscription = subscriptions.id) <= ? "
        "ORDER BY id",
        (stamp(asked_before),),
    )
    return [int(row["id"]) for row in rows]


def hear_of(tx: Transaction, account: str, subscription_id: str) -> None:
    """Write down that there is news of a subscription, to be looked at."""
    tx.execute(
        "INSERT INTO subscription_news (account, subscription_id, heard, heard_at) "
        "VALUES (?, ?, 1, ?) ON CONFLICT (account, subscription_id) DO UPDATE "
        "SET heard = heard + 1",
        (account, subscription_id, stamp(tx.at)),
    )


def news_of_subscriptions(connection: sqlite3.Connection) -> list[HeardOf]:
    """Give what was heard and not looked at yet, oldest first."""
    rows = connection.execute("SELECT * FROM subscription_news ORDER BY heard_at, rowid")
    return [
        HeardOf(row["account"], row["subscription_id"], row["heard"], row["heard_at"])
        for row in rows
    ]


def news_is_known(tx: Transaction, news: HeardOf) -> None:
    """Let go of news that was looked at, unless more was heard since that look began."""
    tx.execute(
        "DELETE FROM subscription_news "
        "WHERE account = ? AND subscription_id = ? AND heard = ? AND heard_at = ?",
        (news.account, news.subscription_id, news.heard, news.since),
    )


def epoch_of(connection: sqlite3.Connection) -> int:
    """Give the epoch of the books: each restoration begins the next one."""
    return int(connection.execute("SELECT epoch FROM till").fetchone()[0])


def _due_anew(tx: Transaction, row_id: int) -> Subscription:
    """Write down when a subscription is looked at next by what is known of it now."""
    subscription = _again(tx, row_id)
    tx.execute(
        "UPDATE subscriptions SET due_at = ? WHERE id = ?",
        (maybe_stamped(next_look(subscription)), row_id),
    )
    return subscription


def _again(tx: Transaction, row_id: int) -> Subscription:
    subscription = find_subscription(tx.connection, row_id)
    if subscription is None:
        raise InvariantError(f"Subscription {row_id} is gone")
    return subscription
