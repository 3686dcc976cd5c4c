"""Bank debits by SEPA: the test IBANs, and what each of them brings about later.

Numbers and outcomes follow docs.stripe.com/payments/sepa-debit (test account numbers). An IBAN
lives here only as long as one request: what is kept of it is country, bank and last four digits.
"""

import hashlib
import re
from dataclasses import dataclass

from app.sandbox.stripe.cards import Decline, Unusable

METHOD = "sepa_debit"
CURRENCY = "eur"

NOT_DEBITED = Decline(
    "payment_intent_payment_attempt_failed",
    None,
    "The bank account could not be debited.",
)

_SLOW_S = 180
_SEPARATORS = re.compile(r"[\s\-]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_TEST_ACCOUNTS = {
    "DE89370400440532013000": (True, 0),
    "DE08370400440532013003": (True, _SLOW_S),
    "DE62370400440532013001": (False, 0),
    "DE78370400440532013004": (False, _SLOW_S),
}


@dataclass(frozen=True)
class Debit:
    """What is left of an IBAN once it has been read, and how the debit will end."""

    country: str
    bank_code: str
    last4: str
    fingerprint: str
    succeeds: bool
    slower_s: int = 0
    """How much longer than others this account takes."""


@dataclass(frozen=True)
class Mandate:
    """What the payer typed; never shown in a log or a traceback."""

    iban: str
    holder: str | None

    def __repr__(self) -> str:
        return "Mandate(...)"


def read(mandate: Mandate) -> Debit | Unusable:
    """The account and how its debit will end, or why the form cannot be used."""
    iban = _SEPARATORS.sub("", mandate.iban).upper()
    if not iban:
        return Unusable("iban", "incomplete_iban", "Enter your IBAN.")
    if not passes_mod97(iban):
        return Unusable("iban", "invalid_iban", "Your IBAN is invalid.")
    if iban not in _TEST_ACCOUNTS:
        return Unusable(
            "iban",
            "not_a_test_iban",
            "Only test IBANs work here. Never enter a real one: try DE89 3704 0044 0532 0130 00.",
        )
    if not mandate.holder:
        return Unusable("name", "incomplete_name", "Enter the name of the account holder.")
    succeeds, slower_s = _TEST_ACCOUNTS[iban]
    return Debit(
        country=iban[:2],
        bank_code=iban[4:12],
        last4=iban[-4:],
        fingerprint=hashlib.sha256(f"scantill sandbox {iban}".encode()).hexdigest()[:16],
        succeeds=succeeds,
        slower_s=slower_s,
    )


def passes_mod97(iban: str) -> bool:
    """ISO 13616: its first four characters put last and letters read as 10 to 35, 1 mod 97."""
    if _IBAN.fullmatch(iban) is None:
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
