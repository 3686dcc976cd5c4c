"""Card numbers where none belongs are found, and other figures left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.card_numbers import holds_card_number


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "5555-5555-5555-4444",
        "Amex 3782 822463 10005, Ada",
        "6011111111111117.",
        "4222222222222",
        "\u0664\u0662\u0664\u0662" * 4,
        "Ada 4242 4242 4242 4242 12/26",
        "4242424242424242 12/26 123",
        "7 4242-4242-4242-4242",
        "4242 - 4242 - 4242 - 4242",
        "4242\u20134242\u20134242\u20134242",
    ],
)
def test_a_card_number_is_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada Lovelace",
        "Table 12, 14.03.2026",
        "+49 30 1234 5678",
        "4242424242424241",
        "424242424242",
        "42424242424242424242424242",
        "Customer 4242",
    ],
)
def test_other_figures_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)


@given(st.text(alphabet="0123456789 -", max_size=40))
def test_any_figures_can_be_looked_at(text: str) -> None:
    assert holds_card_number(text) in {True, False}


@given(st.integers(min_value=10**14, max_value=10**15 - 1))
def test_of_ten_last_digits_one_makes_a_card_number(first: int) -> None:
    assert sum(holds_card_number(f"{first}{last}") for last in range(10)) == 1
