"""A card that is being saved in words: on the operator's screen, in the list, on the display."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.card_setup import CardClosing, CardSetup, CardState, KeptCard
from app.errors import MoneyMoved, Unavailable
from tests.conftest import ExpectedLogs
from tests.ui.fake_cards import CARD_URL, VISA
from ui.cards.errors import card_error
from ui.cards.state import (
    ENDS,
    SHOWS_CODE,
    CardAction,
    CardModel,
    CardPhase,
    card_action_label,
    card_phase_of,
    card_wording,
)
from ui.cards.words import by_words, name_of, particulars_of, row_words, standing_of
from ui.display.cards import card_shown
from ui.display.model import Ending, Face
from ui.display.words import words_of
from ui.format import Formats

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
P = CardPhase
S = CardState


def setup(state: CardState, **changes: Any) -> CardSetup:
    made = CardSetup(
        id=1,
        reference="abcdef-card-0123456789",
        account="stripe_checkout",
        provider="stripe",
        provider_account="acct_1",
        live=False,
        label="Ada",
        asked_by="counter",
        state=state,
        version=1,
        created_at=NOW,
        deadline_at=NOW + timedelta(minutes=15),
        setup_id="cs_test_1",
        url=CARD_URL if state is S.OPEN else "",
    )
    return replace(made, **changes)


def model(phase: CardPhase, **more: Any) -> CardModel:
    url = CARD_URL if phase in SHOWS_CODE else None
    return CardModel(phase, "Corner Café", label="Ada Lovelace", url=url, **more)


# --- where it stands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state, phase",
    [
        (S.CREATING, P.OPENING),
        (S.OPEN, P.WAITING),
        (S.PROCESSING, P.PROCESSING),
        (S.SAVED, P.SAVED),
        (S.FAILED, P.FAILED),
        (S.EXPIRED, P.EXPIRED),
        (S.CANCELLED, P.CANCELLED),
        (S.UNKNOWN, P.UNKNOWN),
    ],
)
def test_every_state_has_a_phase(state: CardState, phase: CardPhase) -> None:
    assert card_phase_of(setup(state), is_shown=True) is phase


@pytest.mark.parametrize("state", CardState)
def test_no_code_stands_while_anything_speaks_against_it(state: CardState) -> None:
    one = setup(state)
    assert card_phase_of(one) not in SHOWS_CODE
    for doubt in ("is_over", "is_closing", "is_unsure"):
        assert card_phase_of(one, is_shown=True, **{doubt: True}) not in SHOWS_CODE
    closing = replace(one, close_reason=CardClosing.EXPIRED)
    assert card_phase_of(closing, is_shown=True) not in SHOWS_CODE


def test_before_it_is_in_the_books_it_is_opening_refused_or_being_closed() -> None:
    assert card_phase_of(None) is P.OPENING
    assert card_phase_of(None, is_closing=True) is P.CLOSING
    assert card_phase_of(None, is_closing=True, is_refused=True) is P.REFUSED


def test_what_the_bank_has_cannot_be_cancelled_and_an_end_is_an_end() -> None:
    assert card_phase_of(setup(S.PROCESSING), is_closing=True, is_over=True) is P.PROCESSING
    assert card_phase_of(setup(S.SAVED), is_closing=True, is_over=True) is P.SAVED
    declined = setup(S.OPEN, decline="expired_card")
    assert card_phase_of(declined, is_shown=True) is P.DECLINED


# --- the operator's words ------------------------------------------------------------------------


@pytest.mark.parametrize("phase", CardPhase)
def test_that_no_card_was_saved_is_said_only_where_it_is_known(phase: CardPhase) -> None:
    words = card_wording(model(phase))
    said = f"{words.title}. {words.sentence}"
    known = (ENDS - {P.SAVED}) | {P.DECLINED}
    assert ("No card was saved" in said or "no card was saved" in said) is (
        phase in known or phase is P.CLOSING
    )
    if phase is P.CLOSING:
        assert words.title.startswith("Making sure")
    assert words.actions and words.icon


@pytest.mark.parametrize("phase", CardPhase)
def test_from_every_phase_there_is_a_way_on(phase: CardPhase) -> None:
    actions = set(card_wording(model(phase)).actions)
    assert actions & {CardAction.CANCEL, CardAction.LEAVE}
    # Where a code stands, or comes, it can only be cancelled; afterwards it can be left.
    assert (CardAction.LEAVE in actions) is not model(phase).has_screens
    label = card_action_label(CardAction.LEAVE, model(phase))
    assert label == ("Done" if phase in ENDS else "Back to the list")


def test_only_in_training_the_operator_may_play_the_customer() -> None:
    for phase in CardPhase:
        in_training = card_wording(model(phase), is_training=True).actions
        assert (CardAction.SAVE_AS_CUSTOMER in in_training) is (phase in SHOWS_CODE)
        assert CardAction.SAVE_AS_CUSTOMER not in card_wording(model(phase)).actions


def test_a_saved_card_is_named_and_a_refused_one_says_why() -> None:
    assert card_wording(model(P.SAVED, card=VISA)).sentence == (
        "Visa ···· 4242, 12/34. No money was taken."
    )
    assert card_wording(model(P.SAVED)).sentence == "No money was taken."
    declined = card_wording(model(P.DECLINED, decline="incorrect_cvc")).sentence
    assert declined.startswith("The security code was wrong. No card was saved.")


def test_a_lost_answer_before_and_after_the_code_was_seen_are_told_apart() -> None:
    before = card_wording(model(P.UNKNOWN, was_shown=False))
    after = card_wording(model(P.UNKNOWN))
    assert "no card can be saved yet" in before.sentence
    assert after.title == "We do not know yet" and "or not" in after.sentence
    stuck = card_wording(model(P.OPENING, error=Unavailable("It does not answer")))
    assert stuck.title == "The code cannot be shown"


def test_no_error_about_a_card_leaves_it_open_whether_money_moved(
    expected_logs: ExpectedLogs,
) -> None:
    assert Unavailable("It does not answer").money is MoneyMoved.UNKNOWN
    assert card_error(Unavailable("It does not answer")).money is MoneyMoved.NO
    bug = card_error(KeyError("row"))
    expected_logs.take("an unexpected error")
    assert bug.money is MoneyMoved.NO
    assert "list of cards" in bug.action and "order" not in bug.action


# --- the list and the detail ---------------------------------------------------------------------

STANDINGS = [
    (setup(S.SAVED, card=VISA), "Saved"),
    (setup(S.CANCELLED), "Cancelled"),
    (setup(S.EXPIRED), "Expired"),
    (setup(S.FAILED), "Not saved"),
    (setup(S.PROCESSING), "Being checked"),
    (setup(S.OPEN, close_reason=CardClosing.CANCELLED), "Being closed"),
    (setup(S.UNKNOWN, close_reason=CardClosing.CANCELLED), "Being closed"),
    (setup(S.OPEN, decline="expired_card", shown_at=NOW), "Declined"),
    (setup(S.OPEN), "Not shown"),
    (setup(S.OPEN, shown_at=NOW), "Open"),
    (setup(S.UNKNOWN, shown_at=NOW), "Not known yet"),
    (setup(S.UNKNOWN), "No answer yet"),
    (setup(S.CREATING), "No answer yet"),
]


@pytest.mark.parametrize("one, word", STANDINGS, ids=[word for _, word in STANDINGS])
def test_each_has_a_word_and_a_sentence(one: CardSetup, word: str) -> None:
    standing = standing_of(one)
    assert standing.word == word and standing.icon
    is_known = one.state in {S.CANCELLED, S.EXPIRED, S.FAILED} or bool(one.decline)
    assert ("No card was saved." in standing.sentence) is is_known


def test_every_standing_has_a_sign_of_its_own_beside_its_colour() -> None:
    """Two of one colour are told apart by their signs."""
    seen = {(standing_of(one).tone, standing_of(one).icon) for one, _ in STANDINGS}
    words = {standing_of(one).word for one, _ in STANDINGS}
    assert len(seen) == len(words)


def test_a_row_names_the_card_and_its_account_only_where_there_are_several() -> None:
    saved = setup(S.SAVED, card=VISA)
    assert row_words(saved, ("stripe_checkout",)) == "Visa ···· 4242"
    several = ("stripe_checkout", "stripe_stand")
    assert row_words(saved, several) == "Visa ···· 4242 · Stripe Checkout"
    assert row_words(setup(S.OPEN), ("stripe_checkout",)) == ""
    nameless = setup(S.SAVED, card=KeptCard("cus_1", "pm_1"))
    assert row_words(nameless, ("stripe_checkout",)) == ""
    assert name_of(replace(saved, label="")) == "No name"


def test_the_detail_says_who_began_it_whose_it_is_and_how_long_the_code_stands() -> None:
    formats = Formats("en", UTC)
    open_one = setup(S.OPEN, shown_at=NOW, asked_by="Bea")
    rows = dict(particulars_of(open_one, ("stripe_checkout",), NOW, formats))
    assert rows["Begun by"] == "Bea" and rows["Account"] == "Stripe"
    assert "Card" not in rows and "Saved" not in rows
    assert rows["Code stands until"].startswith("March 14, 2026, 10:15")
    later = particulars_of(open_one, ("stripe_checkout",), NOW + timedelta(hours=1), formats)
    assert "Code stands until" not in dict(later)
    saved = setup(S.SAVED, card=VISA, saved_at=NOW + timedelta(minutes=2))
    rows = dict(particulars_of(saved, ("stripe_checkout",), NOW, formats))
    assert rows["Card"] == "Visa ···· 4242, 12/34"
    assert rows["Customer at the provider"] == "cus_QxYz1234567890"
    assert rows["Saved"].startswith("March 14, 2026, 10:02")
    assert by_words("counter") == "The counter"


# --- the customer's display ----------------------------------------------------------------------


@pytest.mark.parametrize("phase", CardPhase)
def test_the_display_has_a_face_for_every_phase_and_nobodys_name(phase: CardPhase) -> None:
    shown = card_shown(model(phase, card=VISA, ends_at=300.0, decline="incorrect_cvc"))
    assert (shown.code is not None) is (phase in SHOWS_CODE)
    assert not any(private in repr(shown) for private in ("Ada", "4242", "cus_", "cvc"))
    assert shown.amount is None
    known = ENDS - {P.SAVED}
    assert (shown.face is Face.CARD_NOT_SAVED) is (phase in known)
    assert (shown.face is Face.CARD_SAVED) is (phase is P.SAVED)
    if shown.code is not None:
        assert (shown.code.host, shown.code.ends_at) == ("checkout.stripe.com", 300.0)
        assert shown.code.is_for_card
        assert shown.code.was_declined is (phase is P.DECLINED)


@pytest.mark.parametrize(
    "phase, ending, title",
    [
        (P.CANCELLED, Ending.CANCELLED, "Cancelled"),
        (P.EXPIRED, Ending.EXPIRED, "The code has expired"),
        (P.FAILED, Ending.FAILED, "Your card was not saved"),
        (P.REFUSED, Ending.FAILED, "Your card was not saved"),
    ],
)
def test_the_customer_is_told_that_it_was_not_saved_and_that_nothing_was_charged(
    phase: CardPhase, ending: Ending, title: str
) -> None:
    shown = card_shown(model(phase))
    words = words_of(shown)
    assert shown.ending is ending and words.title == title
    assert "Nothing was charged" in words.sentence


def test_the_customer_waits_calmly_where_it_is_not_known() -> None:
    for phase in (P.UNKNOWN, P.CLOSING, P.PROCESSING, P.MAKING_SURE):
        words = words_of(card_shown(model(phase)))
        assert words.title == "Please wait" and "not saved" not in words.sentence
    assert card_shown(model(P.UNKNOWN, was_shown=False)).face is Face.PREPARING
    assert words_of(card_shown(model(P.SAVED))).title == "Your card is saved"
