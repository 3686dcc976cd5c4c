"""The ways of payment for a cart or an order: what the router says of every account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.breaker import Standing
from app.domain.capabilities import Demand, Method, demand_for
from app.domain.cart import CartContent
from app.domain.catalog import Shop
from app.domain.decision import Decision, Said
from app.domain.money import EXPONENTS, Money
from app.domain.order import Order, snapshot_of
from app.errors import Message
from app.gateway import Gateway
from app.routing import Candidate, Choice, FeeEstimate, LeftOut, Route, Rule, known, route


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of an account: whether it is used, and what it is thought to keep.

    `fee_percent` and `fee_fixed` are decimals as people write them, None where nothing is said;
    the fixed sum is in whatever currency is paid.
    """

    is_enabled: bool = True
    fee_percent: str | None = None
    fee_fixed: str | None = None

    def fee_in(self, currency: str) -> FeeEstimate | None:
        """Give what it keeps of a payment in a currency, or None where that is not known."""
        if self.fee_percent is None and self.fee_fixed is None:
            return None
        percent = Fraction(self.fee_percent or 0)
        return FeeEstimate(int(percent * 100), minor_of(self.fee_fixed or "0", currency))


def minor_of(decimal: str, currency: str) -> int:
    """Give a decimal in minor units of a currency, rounded up to a whole one."""
    units: int = 10 ** EXPONENTS[currency]
    exact = Fraction(decimal) * units
    return -(-exact.numerator // exact.denominator)


class Ways:
    """Asks the router, with how each account stands just now."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        terms: Mapping[str, Terms] | None = None,
        rules: Sequence[Rule] = (),
        unready: Mapping[str, Message] | None = None,
    ) -> None:
        self._gateway = gateway
        self._terms = terms or {}
        self._rules = tuple(rules)
        self._unready = dict(unready or {})

    @property
    def are_several(self) -> bool:
        """Say whether there is anything to choose between: more than one account can be used."""
        return len(self._enabled) > 1

    @property
    def methods(self) -> frozenset[Method]:
        """Give how customers may pay at all, at one account or another."""
        strategies = map(self._gateway.strategy, self._enabled)
        return frozenset().union(*(each.capabilities.methods for each in strategies))

    def of_cart(self, content: CartContent, shop: Shop, method: Method | None = None) -> Route:
        """Say where a cart could be paid; it must not be empty."""
        snapshot = snapshot_of(content, shop)
        return self._route(demand_for(snapshot, snapshot.total, method))

    def of_order(self, order: Order, amount: Money, method: Method | None = None) -> Route:
        """Say where `amount` of an order could be paid."""
        return self._route(demand_for(order.snapshot, amount, method))

    def refusals(self, content: CartContent, shop: Shop) -> tuple[LeftOut, ...]:
        """Say why no account takes a cart, however well each of them answers; empty if one does.

        The cart must not be empty.
        """
        snapshot = snapshot_of(content, shop)
        way = self._route(demand_for(snapshot, snapshot.total, None), is_hopeful=True)
        return () if way.choices else way.left_out

    @property
    def _enabled(self) -> list[str]:
        return [name for name in self._gateway.accounts if self._terms_of(name).is_enabled]

    def _terms_of(self, account: str) -> Terms:
        return self._terms.get(account, Terms())

    def _route(self, demand: Demand, *, is_hopeful: bool = False) -> Route:
        asks_health = self.are_several and not is_hopeful
        candidates = [
            Candidate(
                name,
                self._gateway.strategy(name).capabilities,
                is_enabled=self._terms_of(name).is_enabled,
                # Where there is no other to go to, asking it costs nothing and may help.
                standing=self._gateway.standing(name) if asks_health else Standing.WELL,
                fee=self._terms_of(name).fee_in(demand.amount.currency),
            )
            for name in self._gateway.accounts
        ]
        return route(demand, candidates, self._rules, self._unready)


def decision_for(way: Route, choice: Choice, tried: Sequence[Said] = ()) -> Decision:
    """Write down why the till took an account, after those that were tried."""
    return Decision(
        choice.account,
        choice.reason,
        tried=tuple(tried),
        others=_others(way.choices, choice.account, tried),
        left_out=_said(way.left_out),
    )


def operators_decision(way: Route, account: str) -> Decision:
    """Write down that a person took an account. Raises ConfigError where it may not be used."""
    choice = known(account, way)
    return Decision(
        account,
        choice.reason,
        is_operators=True,
        others=_others(way.choices, account),
        left_out=_said(way.left_out),
    )


def _said(said: Sequence[Choice | LeftOut]) -> tuple[Said, ...]:
    return tuple(Said(each.account, each.reason) for each in said)


def _others(
    choices: Sequence[Choice], account: str, tried: Sequence[Said] = ()
) -> tuple[Said, ...]:
    done = {account, *(each.account for each in tried)}
    return _said([each for each in choices if each.account not in done])
