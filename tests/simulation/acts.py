"""What is done on a day, by whom, and what lies over the network meanwhile."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verb(StrEnum):
    """What somebody does at the counter, at the provider, or to the computer."""

    SALE = "rings up and charges"
    CHARGE = "presses charge again"
    CANCEL = "presses cancel"
    CHANGE = "changes the cart"
    WITHDRAW = "chooses another way of payment"
    CHECK = "presses check now"
    PAY = "pays"
    PAY_OLD = "pays by an old code"
    DECLINE = "is declined"
    PAY_SLOWLY = "pays by a slow method"
    SUCCEED = "has the slow payment succeed"
    FAIL = "has the slow payment fail"
    PAY_OFF = "is taken another amount"
    PAY_CURRENCY = "is taken another currency"
    PAY_AGAIN = "is taken the money twice by one session"
    PAY_CLOSED = "is taken money on the closed session"
    GIVE_BACK = "gets money back from the dashboard"
    SEND_BACK = "has a refund come back"
    FORGET = "is forgotten by the provider"
    REFUND = "gives money back at the till"
    DECIDE = "decides what waits for a person"
    DISPUTE = "disputes the payment"
    PURSUE = "has the dispute go a step further"
    GHOST = "pays for an order that the books do not have"
    STRANGER = "buys in the web shop on the same account"
    OTHER_ACCOUNT = "makes another account tell of it"
    TEST_MODE = "makes the other mode tell of it"
    RECHECK = "makes the provider hint at it"
    CUT = "has the power cut"
    CLOSE = "closes the till"
    OPEN = "opens the till"
    SKEW = "moves the computer's clock"
    SLEEP = "lets the computer sleep"
    BACK_UP = "backs the books up"
    RESTORE = "restores the books of the last backup"
    BY_HAND = "takes it by hand"
    CONFIRM = "says what was taken by hand"
    SUBSCRIBE = "rings up a subscription and charges"
    UNSUBSCRIBE = "has the subscription ended at the till"
    LOOK = "looks at the subscription"
    END_THERE = "has the subscription ended in the dashboard"
    RESUME = "takes the end of the subscription back"
    CHARGE_LATE = "is charged for what has ended"
    KILL_PLAN = "has the plans switched off"
    SAVE_CARD = "asks for a card to be kept"
    CANCEL_CARD = "takes the card's code away"
    GIVE_CARD = "gives a card to be kept"
    GIVE_SLOWLY = "gives a card of a slow bank"
    FAIL_CARD = "has the slow bank refuse the card"
    REFUSE_CARD = "gives a card that is refused"
    FORGET_CARD = "has the card's page forgotten by the provider"


ABOUT_NO_SALE: Final = frozenset(
    {
        Verb.CUT,
        Verb.CLOSE,
        Verb.OPEN,
        Verb.SKEW,
        Verb.SLEEP,
        Verb.BACK_UP,
        Verb.RESTORE,
        Verb.GHOST,
        Verb.STRANGER,
        Verb.DECIDE,
    }
)


class Weather(StrEnum):
    """What lies over the network for a while."""

    OUTAGE = "the network is down"
    UNAUTHORISED = "the keys are refused"
    BUSY = "the provider asks for patience"
    SLOW = "the network is slow"
    NO_WEBHOOKS = "no webhook gets through"
    LOST_WEBHOOKS = "webhooks are lost for good"
    DOWN = "one provider does not answer"
    UNHEARD_CAPTURES = "nobody hears what came of captures"
    UNHEARD_ENDS = "nobody hears what came of ends"
    KEYS_REFUSED = "one account's keys are refused"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done `at` seconds into the day, about the `sale`-th sale."""

    name: str
    at: float
    verb: Verb
    sale: int = -1
    amounts: tuple[int, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        about = "" if self.verb in ABOUT_NO_SALE else f" (sale {self.sale})"
        values = "".join(f" {value}" for value in self.amounts)
        lasts = f" {self.seconds:+.0f} s" if self.seconds else ""
        return f"{self.verb.value}{about}{values}{lasts}"


@dataclass(frozen=True, slots=True)
class Spell:
    """A spell of weather, in seconds into the day; with `account` it is over that one alone."""

    name: str
    weather: Weather
    begins: float
    ends: float
    account: str = ""
