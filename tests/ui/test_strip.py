"""The status strip where there is little room: what is left out, and what never is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from PySide6.QtWidgets import QApplication

from app.domain.reconciliation import Report
from app.settings import Mode
from app.status import AccountHealth
from tests.ui.fakes import START, FakeTill
from ui.kit.iconlabel import IconLabel
from ui.window import Window

Make = Callable[..., Window]


def is_whole(label: IconLabel) -> bool:
    return label.isVisible() and label.width() >= label.sizeHint().width()


def make_busy(window: Window, till: FakeTill) -> None:
    """Tell of all that the strip can have to say at once."""
    health = AccountHealth("stripe_checkout", is_reachable=False, since=START, detail="timeout")
    till.answers = replace(till.answers, accounts=(health,), needs_person=12)
    window._on_status()
    QApplication.processEvents()


def test_with_room_everything_is_said(make_window: Make, till: FakeTill) -> None:
    window = make_window(till)
    make_busy(window, till)
    strip = window.strip
    for label in (strip._provider, strip._door, strip._person, strip._mode, strip._shop):
        assert is_whole(label), label.text


def test_what_is_said_elsewhere_goes_before_anything_is_shortened(
    make_window: Make, till: FakeTill
) -> None:
    window = make_window(till, ui_scale=1.5)
    make_busy(window, till)
    strip = window.strip
    for label in (strip._provider, strip._door, strip._person):
        assert is_whole(label), label.text
    assert not strip._shop.isVisible()
    till.answers = replace(till.answers, needs_person=0, accounts=())
    window._on_status()
    QApplication.processEvents()
    assert is_whole(strip._shop)
    assert is_whole(strip._mode)


def compared(window: Window, till: FakeTill, report: Report, **more: object) -> IconLabel:
    till.answers = replace(till.answers, reconciled=report, **more)  # type: ignore[arg-type]
    window._on_status()
    QApplication.processEvents()
    return window.strip._compared


def test_it_says_when_the_books_were_compared_and_what_was_found(
    make_window: Make, till: FakeTill
) -> None:
    window = make_window(till)
    assert not window.strip._compared.isVisible()
    at = till.clock.now() - timedelta(minutes=3)
    label = compared(window, till, Report("timer", at, at, payments=2))
    assert is_whole(label) and label.text == "Compared 3 minutes ago"
    assert label.toolTip() == "Found: payments 2, refunds 0, disputes 0."
    asleep = compared(window, till, Report("timer", at, at), is_making_sure=True)
    assert asleep.text == "Making sure what was paid"


def test_what_could_not_be_compared_is_said_before_the_shops_name(
    make_window: Make, till: FakeTill
) -> None:
    window = make_window(till, ui_scale=1.5)
    at = till.clock.now()
    label = compared(window, till, Report("timer", at, at, problems=["No answer."]))
    assert is_whole(label) and label.text == "Not all could be compared"
    assert label.accessibleDescription() == "No answer."
    make_busy(window, till)
    assert is_whole(window.strip._person) and not window.strip._shop.isVisible()
    # Where all is well it is what makes room.
    well = compared(window, till, Report("timer", at, at))
    assert not well.isVisible() and is_whole(window.strip._person)


def test_what_needs_a_person_is_whole_where_the_rest_cannot_be(
    make_window: Make, till: FakeTill
) -> None:
    window = make_window(till, ui_scale=1.5)
    make_busy(window, till)
    strip = window.strip
    strip._provider.set_text("Stripe " * 12)
    strip._arrange()
    QApplication.processEvents()
    assert is_whole(strip._person)
    assert not is_whole(strip._provider)
    assert not strip._mode.isVisible()


def test_a_till_that_takes_money_always_says_so(make_window: Make) -> None:
    till = FakeTill(mode=Mode.LIVE)
    window = make_window(till, ui_scale=1.5)
    make_busy(window, till)
    assert window.strip._mode.isVisible()
    assert is_whole(window.strip._person)


def provider_words(window: Window, till: FakeTill, *accounts: AccountHealth) -> tuple[str, str]:
    till.answers = replace(till.answers, accounts=accounts)
    window._on_status()
    return window.strip._provider.text, window.strip._provider.toolTip()


def test_cash_answers_nobody_and_is_passed_over_for_a_provider(
    make_window: Make, till: FakeTill
) -> None:
    window = make_window(till)
    cash = AccountHealth("cash", is_reachable=True, since=START, is_by_hand=True)
    links = AccountHealth("stripe_links", is_reachable=True, since=START)
    words, hint = provider_words(window, till, cash, links)
    assert words == "Stripe Links answers"
    assert hint == "Cash: taken by hand\nStripe Links answers"
    assert provider_words(window, till, cash) == ("Money is taken by hand", "")
    assert provider_words(window, till) == ("No payment account", "")


def test_two_accounts_of_one_brand_are_told_apart(make_window: Make, till: FakeTill) -> None:
    window = make_window(till)
    links = AccountHealth("stripe_links", is_reachable=True, since=START)
    hosted = AccountHealth("stripe_checkout", is_reachable=False, since=START, is_refused=True)
    words, hint = provider_words(window, till, links, hosted)
    assert words == "Stripe Checkout refuses the till's keys"
    assert hint.startswith("Stripe Links answers\nStripe Checkout")
