"""The test IBANs and the checks before them."""

import pytest

from app.sandbox.stripe.cards import Unusable
from app.sandbox.stripe.debits import Debit, Mandate, passes_mod97, read


@pytest.mark.parametrize(
    "iban, succeeds, slower_s",
    [
        ("DE89370400440532013000", True, 0),
        ("de89 3704 0044 0532 0130 00", True, 0),
        ("DE08370400440532013003", True, 180),
        ("DE62370400440532013001", False, 0),
        ("DE78370400440532013004", False, 180),
    ],
)
def test_each_test_iban_has_its_outcome(iban: str, succeeds: bool, slower_s: int) -> None:
    debit = read(Mandate(iban, "Ada"))
    assert isinstance(debit, Debit)
    assert (debit.succeeds, debit.slower_s) == (succeeds, slower_s)
    assert (debit.country, debit.bank_code) == ("DE", "37040044")


@pytest.mark.parametrize(
    "iban, holder, field, code",
    [
        ("", "Ada", "iban", "incomplete_iban"),
        ("DE89370400440532013001", "Ada", "iban", "invalid_iban"),
        ("DE٨٩370400440532013000", "Ada", "iban", "invalid_iban"),
        ("GB82WEST12345698765432", "Ada", "iban", "not_a_test_iban"),
        ("DE89370400440532013000", None, "name", "incomplete_name"),
    ],
)
def test_other_accounts_are_not_sent_on(
    iban: str, holder: str | None, field: str, code: str
) -> None:
    why = read(Mandate(iban, holder))
    assert isinstance(why, Unusable)
    assert (why.field, why.code) == (field, code)


def test_an_iban_proves_its_digits() -> None:
    assert passes_mod97("GB82WEST12345698765432")
    assert not passes_mod97("GB83WEST12345698765432")
    assert not passes_mod97("4242424242424242")


def test_an_iban_is_in_no_text_of_a_mandate() -> None:
    assert "3704" not in repr(Mandate("DE89370400440532013000", "Ada"))
