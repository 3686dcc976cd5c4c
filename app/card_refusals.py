"""What saving a card is refused for, in words; no money moves by any of it."""

from app.domain.card_numbers import holds_card_number
from app.domain.card_setup import MAX_LABEL, CardSetup
from app.errors import CheckoutRefused, Message, MoneyMoved, Protocol, ProviderError


def check_words(label: str, by: str) -> None:
    """Raise CheckoutRefused where nobody is named who does it, or the name is none."""
    if not by:
        raise CheckoutRefused(
            Message("Nobody is named who saves this card"), action=Message("Say who does it.")
        )
    if len(label) > MAX_LABEL or not label.isprintable():
        raise CheckoutRefused(
            Message("The customer's name is not usable"),
            action=Message("Give one line of at most {count} characters.", count=MAX_LABEL),
        )
    if holds_card_number(label):
        raise CheckoutRefused(
            Message("That is a card's number"),
            Message("It was not kept: this till must never have one."),
            action=Message("Give a name. The card itself is given on the provider's page."),
        )


def not_asked(error: ProviderError) -> CheckoutRefused:
    """Say that the provider could not be asked for a page: nothing was written down."""
    return CheckoutRefused(
        error.title,
        Message("No card was asked for. {detail}", detail=error.detail),
        action=Message("Check the network and the keys, then try again."),
    )


def unfit(setup: CardSetup) -> Protocol:
    """Say that the provider's page is not its own; the set-up is to be closed."""
    return Protocol(
        Message("The provider's page for the card must not be shown"),
        Message("It is closed again and was not shown ({reference}).", reference=setup.reference),
        money=MoneyMoved.NO,
        action=Message("Try again, or look at the account's settings."),
    )


def no_page() -> CheckoutRefused:
    """Say that a customer's phone would have nowhere to go afterwards."""
    return CheckoutRefused(
        Message("There is no page for the customer to come back to"),
        action=Message("Set success_url in the catalog's [shop], or the till's public address."),
    )


def not_answered() -> ProviderError:
    """Say that no page is there to be shown, and none will be."""
    return ProviderError(
        Message("The provider did not answer"),
        Message("No card was saved, and nothing can come of it any more."),
        money=MoneyMoved.NO,
        action=Message("Try again."),
    )
