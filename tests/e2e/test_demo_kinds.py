"""The demo by every kind of account: whoever pays, and whoever tells the till of it."""

import re
from pathlib import Path

import pytest

from app.accounts import accounts_of
from app.clock import SystemClock
from app.domain.capabilities import Capabilities
from app.providers.kinds import KINDS
from app.settings import Mode, load_settings
from tests.e2e.test_demo import names, play
from ui.demo.command import with_provider
from ui.demo.customer import find_browser
from ui.demo.purse import PURSES, Page

pytestmark = pytest.mark.e2e
slow = pytest.mark.slow
with_browser = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium")

OTHERS = [kind for kind in PURSES if kind != "stripe_checkout"]
WITH_PAGES = [kind for kind in OTHERS if PURSES[kind].page is not Page.APP]
ENDS = [(kind, end) for kind in OTHERS for end in PURSES[kind].ends]
CHALLENGES = [kind for kind in WITH_PAGES if not PURSES[kind].sends_away]
SUBSCRIPTIONS = [
    kind if kind in {"stripe_checkout", "razorpay_upi"} else pytest.param(kind, marks=slow)
    for kind in PURSES
]
_LAST = re.compile(
    r"^Done: every step happened\. (?:The payment was learned by (?P<who>.+)|Nothing was paid);"
    r" the books are clean and agree with the simulator's\.$",
    re.MULTILINE,
)


def sold(out: Path, kind: str, *options: str) -> tuple[str, str]:
    """Play the demo to its end, and give all that it said and who learned of the payment."""
    done = play(out, "--provider", kind, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    last = _LAST.search(done.stdout)
    assert last is not None, done.stdout
    return done.stdout, last["who"] or ""


def capabilities(folder: Path, kind: str) -> Capabilities:
    """Say what an account of this kind takes in training."""
    settings = with_provider(load_settings(folder, Mode.TRAINING), kind)
    return accounts_of(settings, "http://127.0.0.1:9", SystemClock()).strategies[kind].capabilities


def test_every_kind_that_shows_a_code_has_a_customer() -> None:
    assert set(PURSES) == {name for name, kind in KINDS.items() if not kind.is_by_hand}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_sale_is_paid_by_the_form_of_each_kind_and_a_webhook_tells_of_it(
    tmp_path: Path, kind: str
) -> None:
    said, who = sold(tmp_path, kind, "--no-browser")
    assert "webhook" in who
    assert "Chromium" not in said
    assert "the customer's display shows the same code" in said
    assert "PAID on both screens" in said
    assert {"pay-qr", "display-qr", "paid", "display-paid", "orders"} <= set(names(tmp_path))
    if PURSES[kind].page is Page.APP:
        # An app has nothing but the pixels: it says what they say.
        total = re.search(r"the cart holds 4 lines, ([0-9.]+) INR", said)
        assert total is not None
        assert f"the customer sees: Pay INR {total[1]} to Chai Junction" in said


@slow
@pytest.mark.parametrize("kind", OTHERS)
def test_by_polling_alone_each_kind_is_paid_too(tmp_path: Path, kind: str) -> None:
    _, who = sold(tmp_path, kind, "--no-browser", "--no-webhooks", "--seed", "3")
    assert who == "poll"


@slow
@with_browser
@pytest.mark.parametrize("kind", WITH_PAGES)
def test_a_browser_pays_on_the_page_of_each_kind(tmp_path: Path, kind: str) -> None:
    said, who = sold(tmp_path, kind)
    assert "The customer is Chromium at phone size." in said
    assert "webhook" in who
    assert {"customer-page", "customer-paid"} <= set(names(tmp_path))


@slow
@pytest.mark.parametrize("kind, end", ENDS)
def test_each_kind_comes_to_every_end_that_it_has(tmp_path: Path, kind: str, end: str) -> None:
    said, who = sold(tmp_path, kind, "--end", end, "--no-browser")
    is_paid = end in {"declined", "challenge", "error", "late"}
    assert ("webhook" in who) is is_paid
    taken = re.search(r"the books: order 1 is (paid|cancelled|expired), ([0-9]+) taken", said)
    assert taken is not None and (taken[1] == "paid", int(taken[2]) > 0) == (is_paid, is_paid)


@slow
@with_browser
@pytest.mark.parametrize("kind", CHALLENGES)
def test_a_browser_answers_the_bank_of_each_kind(tmp_path: Path, kind: str) -> None:
    said, who = sold(tmp_path, kind, "--end", "challenge")
    assert "the customer passes the challenge" in said
    assert "webhook" in who
    assert {"customer-challenge", "customer-not-proven", "pay-not-proven"} <= set(names(tmp_path))


@pytest.mark.parametrize("kind", SUBSCRIPTIONS)
def test_a_subscription_is_sold_where_the_kind_has_it_and_refused_in_words_elsewhere(
    tmp_path: Path, kind: str
) -> None:
    if not capabilities(tmp_path, kind).takes_recurring:
        done = play(tmp_path, "--provider", kind, "--subscription", "--no-browser")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert "no subscription to sell" in done.stderr
        return
    said, who = sold(tmp_path, kind, "--subscription", "--no-browser")
    assert "webhook" in who
    assert re.search(r"the books hold a subscription: .+, (weekly|monthly|yearly)", said)
    lines = 2 if capabilities(tmp_path, kind).mixes_recurring else 1
    assert f"the cart holds {lines} {'line' if lines == 1 else 'lines'}," in said


@pytest.mark.parametrize(
    "kind, options, words",
    [
        ("cash", ("--subscription",), "no subscription to sell"),
        ("paypal", ("--card", "4000000000000002"), "types in no card"),
        ("square", ("--end", "expired"), "It has these: declined, challenge, error"),
        ("terminal", ("--end", "cancel"), "It has these: none"),
        ("stripe_links", ("--end", "cancel", "--subscription"), "with a sale of goods"),
    ],
)
def test_what_a_kind_has_not_is_refused_in_words(
    tmp_path: Path, kind: str, options: tuple[str, ...], words: str
) -> None:
    done = play(tmp_path / "pictures", "--provider", kind, *options)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
