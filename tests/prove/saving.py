"""Guards of saved cards: one page under one key, whose it is, and that no news is lost."""

from typing import Final

from tests.prove.guard import Guard

_C: Final = "tests/unit/test_cards.py::"
_E: Final = "tests/unit/test_cards_ended.py::"
_W: Final = "tests/unit/watch/test_card_watch.py::"

SAVING: Final = (
    Guard(
        "one card, one key",
        "a page whose answer was lost is asked for again, never anew",
        "app/cards.py",
        "open_setup(intent.parameters, key=intent.key)",
        "open_setup(intent.parameters, key=self._ids.new(20))",
        (f"{_C}test_a_lost_answer_is_asked_for_again_under_the_same_key",),
    ),
    Guard(
        "whose card it is",
        "another account's word, another mode's, or another reference's is not written down",
        "app/cards.py",
        "        if stranger := strangeness_of_card(setup, seen):\n",
        "        if stranger := strangeness_of_card(setup, seen)[:0]:\n",
        (
            f"{_E}test_an_answer_about_another_is_not_written_down",
            f"{_E}test_a_test_card_is_none_of_a_live_till",
        ),
    ),
    Guard(
        "a card's page is its provider's",
        "an address of anybody else's is never shown",
        "app/cards.py",
        'url = opened.url if may_be_shown(opened.url, takes) else ""\n',
        "url = opened.url\n",
        (f"{_C}test_a_page_that_is_not_the_providers_own_is_never_shown_and_closed",),
    ),
    Guard(
        "news of a card is kept",
        "its event is handled only with what makes the till look",
        "app/store/card_setups.py",
        '"UPDATE card_setups SET heard = heard + 1 WHERE',
        '"UPDATE card_setups SET heard = heard WHERE',
        (f"{_W}test_a_webhook_is_heard_of_and_leads_to_a_look",),
    ),
    Guard(
        "news of a card that comes during a look",
        "it is not taken for looked at",
        "app/store/card_setups.py",
        "WHERE id = ? AND heard = ?",
        "WHERE id = ? AND heard >= ?",
        (f"{_E}test_news_stands_until_a_look_came_after_it",),
    ),
    Guard(
        "a kept card stays",
        "nothing that comes later makes it unsaved",
        "app/domain/card_setup.py",
        "    CardState.SAVED: frozenset(),\n",
        "    CardState.SAVED: frozenset(CardState),\n",
        (f"{_C}test_what_the_provider_does_not_have_has_failed_and_a_kept_card_stays",),
    ),
)
