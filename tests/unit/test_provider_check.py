"""What is said of an account that is tested, line by line."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.ids import Ids
from app.errors import Protocol, Rejected, Unavailable
from app.provider_check import Finding, Trial, examine, least_of
from app.providers.strategy import ProviderAccount
from tests.parts.clock import VirtualClock
from tests.parts.provider import Call, FakeProvider, FakeStrategy

TRIAL = Trial("EUR", "https://shop.example/thanks", with_session=True)


@pytest.fixture
def strategy() -> FakeStrategy:
    return FakeStrategy(FakeProvider(VirtualClock()))


def findings(strategy: FakeStrategy, trial: Trial = TRIAL) -> dict[str, Finding]:
    async def run() -> list[Finding]:
        return [each async for each in examine(strategy, trial, Ids(random.Random(1)))]

    return {finding.subject: finding for finding in asyncio.run(run())}


def test_an_account_that_works_is_said_to_and_its_session_is_closed_again(
    strategy: FakeStrategy,
) -> None:
    found = findings(strategy)
    assert {name: str(each.words) for name, each in found.items()} == {
        "key": "The provider accepts it.",
        "account": "It is acct_fake.",
        "mode": "It moves no real money.",
        "currency": "It takes EUR.",
        "clock": "This computer's is right.",
        "session": "fs_1 over 0.50 EUR was opened and closed again.",
        "webhook": "Not looked at: payments are found without webhooks, too.",
    }
    assert [each.is_good for each in found.values()] == [True] * 6 + [None]
    (session,) = strategy.books.sessions.values()
    assert (session.state.value, session.payments) == ("expired", [])


def test_without_being_asked_to_no_session_is_made(strategy: FakeStrategy) -> None:
    found = findings(strategy, Trial("EUR", "https://shop.example/thanks"))
    assert found["session"].is_good is None
    assert strategy.books.sessions == {}


def test_a_key_that_is_refused_or_not_answered_ends_it(strategy: FakeStrategy) -> None:
    for error in (Rejected("It knows no such key", status=401), Unavailable("No network")):
        strategy.answers["identify"] = [error]
        found = findings(strategy)
        assert list(found) == ["key"]
        assert found["key"].is_good is False and error.title in found["key"].words


def test_a_provider_that_does_not_answer_is_told_in_words_that_fit_a_test(
    strategy: FakeStrategy,
) -> None:
    strategy.answers["identify"] = [Unavailable("Stripe cannot be reached", "No route")]
    assert findings(strategy)["key"].words == (
        "Stripe cannot be reached. No route. No money moved. "
        "See that this computer is online, and test again in a few minutes."
    )
    for call in ("open_session", "close_session"):
        strategy.answers[call] = [Unavailable("Stripe cannot be reached")]
        words = findings(strategy)["session"].words
        assert "No money moved." in words and "keeps asking" not in words


def test_a_key_that_may_not_ask_whose_it_is_still_works(strategy: FakeStrategy) -> None:
    strategy.books.account = "name:fake"
    assert "may not ask whose it is" in findings(strategy)["account"].words
    strategy.books.account, strategy.books.live = "acct_1", True
    assert findings(strategy)["mode"].words == "It moves real money."


def test_a_mode_that_does_not_fit_the_key_is_told(
    strategy: FakeStrategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def identify() -> ProviderAccount:
        return ProviderAccount("acct_fake", live=True)

    monkeypatch.setattr(strategy, "identify", identify)
    assert findings(strategy)["mode"].is_good is False


def test_a_currency_that_is_not_taken_is_told(strategy: FakeStrategy) -> None:
    found = findings(strategy, Trial("JPY", "https://shop.example/thanks"))
    assert (found["currency"].is_good, found["currency"].words) == (False, "It takes no JPY.")
    found = findings(strategy, replace(TRIAL, currency="JPY"))
    assert found["session"].is_good is None
    assert strategy.books.sessions == {}


@pytest.mark.parametrize("behind_s, words", [(600, "600 s fast"), (-600, "600 s slow")])
def test_a_clock_that_is_wrong_is_told(strategy: FakeStrategy, behind_s: float, words: str) -> None:
    strategy.books.behind_s = behind_s
    clock = findings(strategy)["clock"]
    assert clock.is_good is False and words in clock.words


def test_a_provider_that_tells_no_time_is_no_fault(
    strategy: FakeStrategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "clock_off", lambda: None)
    assert findings(strategy)["clock"].is_good is None


def test_a_session_that_may_not_or_cannot_be_opened_is_told(strategy: FakeStrategy) -> None:
    strategy.answers["open_session"] = [Rejected("No such right", status=403)]
    assert "may not open one. No such right." in findings(strategy)["session"].words
    strategy.answers["open_session"] = [Unavailable("No network")]
    assert findings(strategy)["session"].is_good is False
    found = findings(strategy, Trial("EUR", "", with_session=True))
    assert "no page for the customer" in found["session"].words


def test_a_session_that_could_not_be_closed_is_told_with_its_name(strategy: FakeStrategy) -> None:
    strategy.answers["close_session"] = [Protocol("Gibberish")]
    found = findings(strategy)["session"]
    assert found.is_good is False
    assert "fs_1 over 0.50 EUR was opened and could not be closed: Gibberish." in found.words


def test_a_session_that_is_not_closed_by_closing_it_is_told(strategy: FakeStrategy) -> None:
    def pay(call: Call) -> None:
        if call.verb == "close_session":
            strategy.books.pay(call.subject)

    strategy.before = pay
    found = findings(strategy)["session"]
    assert found.is_good is False and "calls it paid" in found.words


def test_the_least_amount_is_one_that_the_provider_takes(strategy: FakeStrategy) -> None:
    takes = strategy.capabilities
    assert [str(least_of(takes, code)) for code in ("EUR", "USD", "KWD")] == [
        "0.50 EUR",
        "1.00 USD",
        "0.100 KWD",
    ]


def test_it_stands_in_no_books(tmp_path: Path, strategy: FakeStrategy) -> None:
    findings(strategy)
    assert list(tmp_path.iterdir()) == []
