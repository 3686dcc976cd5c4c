"""Which account a payment goes to, and why: a ranked list, and every account that was left out.

Pure: given the demand, the accounts with how they stand, and the shop's rules, the same comes out
each time. The operator may always choose another of the ranked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.breaker import Standing
from app.domain.capabilities import Capabilities, Demand, Method, Shows, objection
from app.domain.money import Money
from app.errors import ConfigError, Message

_BASIS: Final = 10_000


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """What an account is thought to keep of a payment: a share in basis points, and a sum.

    `fixed_minor` is in the payment's currency. An estimate for choosing, never booked.
    """

    basis_points: int
    fixed_minor: int = 0

    def of(self, amount: Money) -> Money:
        """Estimate the fee of an amount, rounded up."""
        share = -(-amount.minor * self.basis_points // _BASIS)
        return Money(share + self.fixed_minor, amount.currency)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that is set up, and how it stands just now."""

    account: str
    takes: Capabilities
    is_enabled: bool = True
    standing: Standing = Standing.WELL
    fee: FeeEstimate | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the shop's rules: when it fits a demand, `use` comes first and `avoid` is left out.

    What is not said fits everything. Amounts are minor units of `currency`, which they need.
    """

    use: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    currency: str = ""
    method: Method | None = None
    least_minor: int = 0
    most_minor: int | None = None
    recurring: bool | None = None

    def fits(self, demand: Demand) -> bool:
        """Say whether the rule is about this demand."""
        amount = demand.amount
        return (
            self.currency in ("", amount.currency)
            and self.method in (None, demand.method)
            and self.least_minor <= amount.minor
            and (self.most_minor is None or amount.minor <= self.most_minor)
            and self.recurring in (None, bool(demand.intervals))
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """An account that may be used, and why it stands where it stands.

    `is_by_hand` marks what only a person chooses: cash, and a card machine beside the till, unless
    the settings use nothing else.
    """

    account: str
    reason: Message
    fee: Money | None = None
    is_trial: bool = False
    is_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account that may not be used, and why."""

    account: str
    reason: str
    is_down: bool = False
    is_unready: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """What was decided: the first that is not by hand is taken, unless the operator chooses.

    `method` is how the customer wishes to pay, None where nothing was said.
    """

    choices: tuple[Choice, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())
    method: Method | None = None

    @property
    def by_itself(self) -> tuple[Choice, ...]:
        """Give what the till may choose by itself, the first first."""
        return tuple(choice for choice in self.choices if not choice.is_by_hand)

    @property
    def is_none_set_up(self) -> bool:
        """Say whether the settings alone keep every account from being used."""
        return not self.choices and all(each.is_unready for each in self.left_out)

    @property
    def problem(self) -> Message | None:
        """Say why there is no way that the till may take by itself, as a title, or None."""
        if self.by_itself:
            return None
        if not self.left_out:
            return Message("No account is set up")
        if self.is_none_set_up:
            return Message("No account can be used as it is set up")
        if any(each.is_down for each in self.left_out):
            return Message("No provider that could take this answers just now")
        return Message("No account that is set up takes this")


def route(
    demand: Demand,
    candidates: Sequence[Candidate],
    rules: Sequence[Rule] = (),
    unready: Mapping[str, Message] | None = None,
) -> Route:
    """Rank the accounts for a demand; `candidates` stand in the order of the settings.

    The shop's rules count first, then whether a person has to do it by hand, then how an account
    stands, then the estimated fee, then the order of the settings. `unready` are those that cannot
    be used as they are set up. Raises ConfigError where a rule names an account that is not there.
    """
    unready = unready or {}
    names = [candidate.account for candidate in candidates]
    refuse_unknown([*names, *unready], rules)
    fitting = [rule for rule in rules if rule.fits(demand)]
    wanted = [name for rule in fitting for name in rule.use]
    avoided = {name for rule in fitting for name in rule.avoid if name not in wanted}
    left_out: list[LeftOut] = []
    able: list[Candidate] = []
    for candidate in candidates:
        reason = _why_not(candidate, demand, avoided)
        if reason is None:
            able.append(candidate)
        else:
            left_out.append(reason)
    left_out += [LeftOut(name, reason, is_unready=True) for name, reason in unready.items()]
    are_compared = all(each.fee is not None for each in able)
    trial = next((each for each in able if each.standing is Standing.TRIAL), None)

    def rank(candidate: Candidate) -> tuple[int, bool, int, int, int]:
        name = candidate.account
        place = wanted.index(name) if name in wanted else len(wanted)
        fee = candidate.fee.of(demand.amount).minor if candidate.fee and are_compared else 0
        # An account that may be back is tried by one customer, who may still choose another.
        shaky = 0 if candidate is trial else int(candidate.standing is not Standing.WELL)
        return place, _is_by_hand(candidate, wanted), shaky, fee, names.index(name)

    ranked = sorted(able, key=rank)
    choices = tuple(_choice(each, ranked, demand, wanted) for each in ranked)
    if all(each.takes.shows is Shows.NOTHING for each in candidates if each.is_enabled):
        # There is nothing that the till could take instead.
        choices = tuple(replace(choice, is_by_hand=False) for choice in choices)
    return Route(choices, tuple(left_out), demand.method)


def known(account: str, route: Route) -> Choice:
    """Give the operator's own choice. Raises ConfigError for what may not be used, with why."""
    for choice in route.choices:
        if choice.account == account:
            return choice
    for left in route.left_out:
        if left.account == account:
            raise ConfigError(Message("{account} cannot take this", account=account), left.reason)
    raise ConfigError(
        Message("There is no account {account}", account=account),
        action=Message(
            "Choose one of these: {accounts}.",
            accounts=", ".join(choice.account for choice in route.choices),
        ),
    )


def _why_not(candidate: Candidate, demand: Demand, avoided: set[str]) -> LeftOut | None:
    name = candidate.account
    if not candidate.is_enabled:
        return LeftOut(name, Message("It is switched off in the settings."), is_unready=True)
    if name in avoided:
        return LeftOut(name, Message("The shop's rules say not to use it for this."))
    if reason := objection(candidate.takes, demand):
        return LeftOut(name, reason)
    if candidate.standing is Standing.REFUSED:
        return LeftOut(name, Message("The provider refuses its keys."), is_down=True)
    if candidate.standing is Standing.DOWN:
        return LeftOut(name, Message("The provider does not answer."), is_down=True)
    return None


def _choice(
    candidate: Candidate, ranked: Sequence[Candidate], demand: Demand, wanted: Sequence[str]
) -> Choice:
    fee = candidate.fee.of(demand.amount) if candidate.fee else None
    return Choice(
        candidate.account,
        _reason(candidate, ranked, wanted, fee),
        fee,
        is_trial=candidate.standing is Standing.TRIAL,
        is_by_hand=_is_by_hand(candidate, wanted),
    )


def _is_by_hand(candidate: Candidate, wanted: Sequence[str]) -> bool:
    """Say whether only a person takes it, unless the shop's rules name it."""
    return candidate.takes.shows is Shows.NOTHING and candidate.account not in wanted


def _reason(
    candidate: Candidate, ranked: Sequence[Candidate], wanted: Sequence[str], fee: Money | None
) -> Message:
    if len(ranked) == 1:
        return Message("It is the only one that takes this.")
    if candidate.account in wanted:
        return Message("The shop's rules name it for this.")
    if candidate.takes.shows is Shows.NOTHING:
        return Message("You take it by hand.")
    if candidate.standing is Standing.TRIAL:
        return Message("It did not answer a while ago; this shows whether it is back.")
    if candidate.standing is Standing.SHAKY:
        return Message("It did not answer the last time.")
    if fee is not None and len({each.fee for each in ranked if each.fee}) > 1:
        return Message("It keeps about {fee} of this.", fee=fee)
    return Message("It comes in the order of the settings.")


def refuse_unknown(names: Sequence[str], rules: Sequence[Rule]) -> None:
    """Raise ConfigError where a rule names an account that is not there."""
    for rule in rules:
        for name in (*rule.use, *rule.avoid):
            if name not in names:
                raise ConfigError(
                    Message("A rule names the account {name}, which is not set up", name=name),
                    action=Message(
                        "Set up one of that name, or name one of these: {names}.",
                        names=", ".join(names),
                    ),
                )
