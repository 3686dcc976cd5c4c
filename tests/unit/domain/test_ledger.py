"""Double entry: every posting sums to zero."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.domain.cart import CartContent
from app.domain.catalog import Shop, Tax
from app.domain.ledger import (
    acceptance_entries,
    holding_entries,
    keeping_entries,
    money_account,
    of_surplus,
    payment_entries,
    refund_entries,
    rounding_entries,
    sale_entries,
    write_off_entries,
)
from app.domain.order import snapshot_of
from tests.parts.strategies import contents
from tests.parts.values import CAKE, COFFEE, content_of


@given(contents(), st.booleans(), st.integers(-2, 2))
def test_a_sale_sums_to_zero_whatever_was_sold(
    content: CartContent, inclusive: bool, rounding: int
) -> None:
    sold = snapshot_of(content, Shop(prices_include_tax=inclusive))
    sold = replace(sold, rounding_minor=rounding, total_minor=max(0, sold.total_minor + rounding))
    entries = sale_entries(sold)
    assert sum(entries.values()) == 0
    assert entries["orders"] == sold.total_minor
    taxes = sum(minor for name, minor in entries.items() if name.startswith("tax:"))
    assert taxes == -sold.tax_minor


def test_cash_lies_in_the_drawer_and_other_money_with_its_account() -> None:
    assert money_account("cash", "drawer2") == "cash"
    assert money_account("terminal", "machine2") == "clearing:machine2"
    assert money_account("stripe", "cash") == "clearing:cash"


@given(st.integers(-(10**9), 10**9))
def test_rounding_sums_to_zero_between_drawer_and_its_own_line(minor: int) -> None:
    assert rounding_entries(minor) == {"cash": minor, "rounding": -minor}


@given(st.integers(-(10**9), 10**9), st.booleans())
def test_a_payment_sums_to_zero_held_or_not(minor: int, held: bool) -> None:
    entries = payment_entries("clearing:main", minor, is_held=held)
    assert sum(entries.values()) == 0
    assert entries["clearing:main"] == minor
    assert ("held" in entries) is held and ("orders" in entries) is not held


@given(st.integers(-(10**9), 10**9), st.sampled_from(["refunds", "held"]))
def test_a_refund_sums_to_zero_and_takes_from_what_the_provider_owes(
    minor: int, out_of: str
) -> None:
    entries = refund_entries("clearing:main", minor, out_of=out_of)
    assert sum(entries.values()) == 0
    assert entries[out_of] == minor
    assert entries["clearing:main"] == -minor


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_money_that_a_person_lets_count_leaves_what_is_held_with_all_that_is_left_of_it(
    minor: int, back: int
) -> None:
    entries = acceptance_entries(minor, back)
    assert sum(entries.values()) == 0
    # As it was held: all of it, less what was given back.
    held = -minor + back + entries["held"]
    assert (held, entries["orders"], entries["refunds"]) == (0, -minor, back)


@given(*[st.integers(0, 10**9)] * 4)
def test_what_was_kept_goes_back_before_the_sale_does(
    owed: int, above: int, before: int, after: int
) -> None:
    """Whatever was given back before the money was let count, and whatever after it."""
    accepted = acceptance_entries(owed + above, before, above_minor=above)
    of_surplus_minor = of_surplus(above, before + after) - of_surplus(above, before)
    back = refund_entries(
        "clearing:fake", after, out_of="refunds", of_surplus_minor=of_surplus_minor
    )
    assert sum(accepted.values()) == sum(back.values()) == 0
    went = before + after
    surplus = -above + accepted["surplus"] + back["surplus"]
    assert surplus == -max(0, above - went)
    assert accepted["refunds"] + back["refunds"] == max(0, went - above)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_what_counted_and_is_held_again_is_as_if_it_had_never_counted(
    minor: int, back: int
) -> None:
    counted, again = acceptance_entries(minor, back), holding_entries(minor, back)
    assert all(counted[account] + again[account] == 0 for account in counted)


@given(st.integers(-(10**9), 10**9))
def test_what_is_kept_or_written_off_sums_to_zero(minor: int) -> None:
    assert keeping_entries(minor) == {"held": minor, "surplus": -minor}
    account = "write_offs" if minor > 0 else "surplus"
    assert write_off_entries(minor) == {account: minor, "orders": -minor}


def test_a_sale_is_split_into_sales_taxes_and_tip() -> None:
    vat = Tax("standard", "VAT", Fraction(19, 100))
    content = replace(content_of(replace(COFFEE, tax=vat), CAKE), tip_minor=40)
    assert sale_entries(snapshot_of(content, Shop())) == {
        "orders": 850,
        "sales": -748,
        "tips": -40,
        "rounding": 0,
        "tax:standard": -62,
    }


def test_one_tax_at_two_rates_is_posted_as_their_sum() -> None:
    """The catalog changed a rate while the cart was rung up."""
    old = replace(COFFEE, tax=Tax("vat", "VAT", Fraction(19, 100)))
    new = replace(CAKE, tax=Tax("vat", "VAT", Fraction(7, 100)))
    entries = sale_entries(snapshot_of(content_of(old, new), Shop()))
    assert entries["tax:vat"] == -(62 + 27)
    assert sum(entries.values()) == 0
