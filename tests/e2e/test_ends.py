"""Every end of a payment, played as a user plays it; the command itself checks screen and books."""

from pathlib import Path

import pytest

from tests.e2e.test_demo import names, play

pytestmark = pytest.mark.e2e


def ended(out: Path, end: str, *options: str) -> str:
    done = play(out, "--end", end, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Done: every step happened." in done.stdout
    return done.stdout


def test_a_challenge_is_failed_then_passed(tmp_path: Path) -> None:
    said = ended(tmp_path, "challenge")
    assert "The customer did not confirm with the bank." in said
    assert "order 1 is paid" in said
    # Declined is taken back while the bank asks about the next try.
    refused, again = map(said.index, ("did not confirm", "Waiting for the customer"))
    assert refused < again < said.index("PAID on both screens")
    assert {"pay-not-proven", "display-challenge-again", "paid"} <= set(names(tmp_path))


def test_a_processing_error_is_seen_and_another_card_pays(tmp_path: Path) -> None:
    said = ended(tmp_path, "error")
    assert "The bank had a problem with the card." in said
    assert "order 1 is paid" in said


def test_late_money_is_told_while_the_next_customer_is_served(tmp_path: Path) -> None:
    said = ended(tmp_path, "late")
    assert said.index("Order 1 is set aside") < said.index("Order 1 is paid")
    assert {"pay-processing", "display-processing", "sell-paid-later", "orders"} <= set(
        names(tmp_path)
    )


@pytest.mark.slow
def test_late_money_is_found_by_polling_alone(tmp_path: Path) -> None:
    assert "Order 1 is paid" in ended(tmp_path, "late", "--no-webhooks")


@pytest.mark.slow
def test_a_debit_that_fails_late_is_told_and_needs_no_money(tmp_path: Path) -> None:
    said = ended(tmp_path, "late-fail")
    assert "Order 1 was not paid" in said
    assert "order 1 is cancelled, 0 taken" in said


def test_a_session_that_ran_out_is_said_on_both_sides(tmp_path: Path) -> None:
    said = ended(tmp_path, "expired")
    assert "and sees: This code has expired" in said
    assert "order 1 is expired, 0 taken" in said


def test_a_customer_who_goes_back_has_paid_nothing(tmp_path: Path) -> None:
    said = ended(tmp_path, "cancel")
    assert "the customer goes back and sees: Nothing was paid" in said
    assert "order 1 is cancelled, 0 taken" in said


@pytest.mark.slow
def test_a_page_closed_half_way_ends_at_the_deadline(tmp_path: Path) -> None:
    said = ended(tmp_path, "closed")
    assert "order 1 is expired, 0 taken" in said


@pytest.mark.parametrize(
    "end, words", [("challenge", "bei der Bank nicht bestätigt"), ("late", "ist bezahlt")]
)
def test_an_end_is_checked_in_the_language_that_the_till_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, words: str
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert words in ended(tmp_path, end)
