"""A session of the fake provider."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState


@dataclass
class FakeSession:
    """A session as the provider has it."""

    id: str
    reference: str
    amount: Money
    made_at: datetime
    state: SessionState = SessionState.OPEN
    payments: list[SeenPayment] = field(default_factory=list)
    decline: str = ""
    closed_at: datetime | None = None
