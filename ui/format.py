"""Money, times and rates as a person reads them in the window.

What a locale writes from right to left is shielded, so that it can be filled into any text.
"""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal, format_percent

from app.domain.money import Money
from app.errors import AccountName, Message
from app.money_text import locale_of, money_text
from ui.accounts import account_label
from ui.bidi import isolated
from ui.i18n import _, template_of


class Formats:
    """Writes values in one locale and one time zone (the computer's own where none is given)."""

    def __init__(self, locale: str = "en", zone: tzinfo | None = None) -> None:
        self.locale = locale_of(locale)
        self._zone = zone

    def money(self, amount: Money) -> str:
        """Write an amount with its currency: €12.40, 12,40 €, ¥1,240."""
        return isolated(money_text(amount, self.locale))

    def message(self, text: str) -> str:
        """Say a text of `app` in the language in use; one that is no Message stays as it is."""
        if not isinstance(text, Message):
            return text
        if not text.parameters:
            return template_of(text)
        shown = {name: self._shown(value) for name, value in text.parameters.items()}
        return template_of(text).format(**shown)

    def count(self, number: int) -> str:
        """Write a whole number with the locale's grouping."""
        text: str = format_decimal(number, locale=self.locale)
        return text

    def percent(self, rate: Fraction) -> str:
        """Write a rate with as many decimals as it needs, three at most."""
        number = Decimal(rate.numerator) / Decimal(rate.denominator)
        pattern = self.locale.percent_formats[None].pattern.replace("#,##0", "#,##0.###")
        return format_percent(number, format=pattern, locale=self.locale)

    def time(self, moment: datetime) -> str:
        """Write the time of day to the minute."""
        return isolated(format_time(self._local(moment), "short", locale=self.locale))

    def exact_time(self, moment: datetime) -> str:
        """Write the time of day to the second."""
        return isolated(format_time(self._local(moment), "medium", locale=self.locale))

    def exact_moment(self, moment: datetime, since: datetime) -> str:
        """Write a time of day to the second, with the day before it where it is not `since`'s."""
        if self.days_between(since, moment) == 0:
            return self.exact_time(moment)
        return isolated(format_datetime(self._local(moment), "medium", locale=self.locale))

    def moment(self, moment: datetime, now: datetime) -> str:
        """Write a moment of the past: only the time today, with the date before."""
        local = self._local(moment)
        if local.date() == self._local(now).date():
            return isolated(format_time(local, "short", locale=self.locale))
        return isolated(format_datetime(local, "short", locale=self.locale))

    def date(self, moment: datetime) -> str:
        """Write a day in full."""
        return isolated(format_date(self._local(moment), "long", locale=self.locale))

    def days_between(self, moment: datetime, later: datetime) -> int:
        """Count the midnights from one moment to a later one."""
        return (self._local(later).date() - self._local(moment).date()).days

    def ago(self, moment: datetime, now: datetime) -> str:
        """Say how long something has been, in words: "12 seconds ago"."""
        past = max(timedelta(0), now - moment)
        if past < timedelta(seconds=1):
            return _("just now")
        words = format_timedelta(-past, add_direction=True, threshold=1.2, locale=self.locale)
        return isolated(words)

    def countdown(self, left: timedelta) -> str:
        """Write what is left as minutes and seconds, never below zero."""
        seconds = max(0, round(left.total_seconds()))
        return f"{seconds // 60}:{seconds % 60:02}"

    def _shown(self, value: object) -> str:
        if isinstance(value, Money):
            return self.money(value)
        if isinstance(value, AccountName):
            return isolated(account_label(value))
        return isolated(self.message(value)) if isinstance(value, str) else str(value)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)
