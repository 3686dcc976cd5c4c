"""When the period of a plan ends; months and years are as long as the calendar says."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

_DAYS = {"daily": 1, "weekly": 7}
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


def period_end(start: int, period: str, interval: int) -> int:
    begin = datetime.fromtimestamp(start, UTC)
    if period in _DAYS:
        return int((begin + timedelta(days=_DAYS[period] * interval)).timestamp())
    return months_later(start, _MONTHS[period] * interval)


def months_later(start: int, count: int) -> int:
    begin = datetime.fromtimestamp(start, UTC)
    year, month = divmod(begin.year * 12 + begin.month - 1 + count, 12)
    day = min(begin.day, monthrange(year, month + 1)[1])
    return int(begin.replace(year=year, month=month + 1, day=day).timestamp())
