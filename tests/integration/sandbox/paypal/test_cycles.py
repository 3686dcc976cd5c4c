"""When a subscription's next cycle begins."""

from datetime import UTC, datetime

import pytest

from app.sandbox.paypal.billing import later


@pytest.mark.parametrize(
    "unit, count, end",
    [
        ("MONTH", 1, "2027-02-28"),
        ("MONTH", 2, "2027-03-31"),
        ("MONTH", 14, "2028-03-31"),
        ("YEAR", 1, "2028-01-31"),
        ("WEEK", 2, "2027-02-14"),
        ("DAY", 1, "2027-02-01"),
    ],
)
def test_a_cycle_keeps_its_day_as_far_as_the_month_has_it(unit: str, count: int, end: str) -> None:
    start = int(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(later(start, unit, count), UTC).date().isoformat() == end
