"""The watch: asks providers about every session by which money can still come."""

from app.watch.card_watch import CardWatch
from app.watch.pace import Pace
from app.watch.reconciler import Reconciler
from app.watch.subscription_watch import SubscriptionWatch
from app.watch.watch import Watch

__all__ = ["CardWatch", "Pace", "Reconciler", "SubscriptionWatch", "Watch"]
