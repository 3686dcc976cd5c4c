"""All accounts of a day's shop as one: every provider's books, asked about by session."""

from collections.abc import Callable
from typing import Final

from app.clock import Clock
from app.domain.delivery import Delivery
from app.domain.observation import SessionState
from app.store.verify import TakenPayment
from tests.parts.provider import FakeSession
from tests.simulation.capturing import CapturingBank
from tests.simulation.provider import Bank, Shared
from tests.simulation.shop import ACCOUNTS, Taking, Ways

_WHOSE: Final = {"fake": "acct_fake", "second": "acct_second"}
OWN_ACCOUNTS: Final = frozenset(_WHOSE[name] for name in ACCOUNTS)
"""The providers' names of the shop's accounts."""


class Banks:
    """The books of every account, `each` in the order of the settings."""

    def __init__(
        self,
        ways: Ways,
        clock: Clock,
        hear: Callable[[Delivery], None],
        end_later: Callable[[float, str], None],
    ) -> None:
        self.shared = Shared()
        self.sessions = self.shared.sessions
        self.each: tuple[Bank, ...] = tuple(
            (CapturingBank if taking is Taking.TILL else Bank)(
                clock,
                hear,
                end_later,
                shared=self.shared,
                account=_WHOSE[name],
                name=name,
                tag="" if place == 0 else f"{place + 1}_",
                terms=ways.terms[place] if ways.terms else None,
                saves_cards=ways.saves_cards and taking is Taking.BANK,
            )
            for place, (name, taking) in enumerate(zip(ways.accounts, ways.takings, strict=True))
        )

    @property
    def go_on(self) -> bool:
        """Say whether anything goes on after a sale: a subscription, or a card that is kept."""
        return any(bank.has_subscriptions or bank.saves_cards for bank in self.each)

    def of(self, session_id: str) -> Bank:
        """Give the books that a session is in."""
        return self.shared.whose[session_id]

    def owner_of(self, thing_id: str) -> Bank | None:
        """Give the books that a session, a refund or a payment is in, if any still has it."""
        return next((bank for bank in self.each if bank.owns(thing_id)), None)

    def is_payable(self, session: FakeSession) -> bool:
        return self.of(session.id).is_payable(session)

    def is_over(self, session: FakeSession) -> bool:
        return self.of(session.id).is_over(session)

    def over(self) -> set[str]:
        """Give the sessions that nobody can pay now."""
        return {each.id for each in self.sessions.values() if not self.is_payable(each)}

    def undecided(self) -> list[FakeSession]:
        """Give the sessions whose payment is under way."""
        return [s for s in self.sessions.values() if s.state is SessionState.PROCESSING]

    def send_back(self) -> str:
        """Have a bank refuse a refund that had succeeded."""
        return next(filter(None, (bank.send_back() for bank in self.each)), "")

    def taken(self) -> list[TakenPayment]:
        """Give what was captured and given back, by payment, at all accounts."""
        return [taken for bank in self.each for taken in bank.taken()]

    @property
    def elsewhere(self) -> list[TakenPayment]:
        """Give the money of accounts that are not the shop's, which the till was told of."""
        return [taken for bank in self.each for taken in bank.elsewhere]

    def forget_elsewhere(self, payment_ids: set[str]) -> None:
        for bank in self.each:
            bank.forget_elsewhere(payment_ids)
