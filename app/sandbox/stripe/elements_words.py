"""What the simulator's Payment Element says, in the languages that it has.

Stripe.js speaks the locale that a page asks for, and the browser's own for "auto"; one that it does
not have is English. Declines come from the API in English, and the script says them in its own
words by their code.
"""

from typing import Final

RIGHT_TO_LEFT: Final = ("ar", "he")

WORDS: Final = {
    "en": {
        "simulator": "Simulator: no real money",
        "number": "Card number",
        "expiry": "Expiry",
        "cvc": "CVC",
        "month": "MM/YY",
        "bank": "Your bank asks: is it you who pays?",
        "complete": "Complete",
        "fail": "Fail",
        "incomplete_number": "Your card number is incomplete.",
        "incomplete_expiry": "Your card's expiration date is incomplete.",
        "incomplete_cvc": "Your card's security code is incomplete.",
        "no_connection": (
            "We are experiencing issues connecting to our payments provider. You have not been"
            " charged. Please check your internet connection and try again."
        ),
    },
    "de": {
        "simulator": "Simulator: kein echtes Geld",
        "number": "Kartennummer",
        "expiry": "Ablaufdatum",
        "cvc": "Prüfziffer",
        "month": "MM/JJ",
        "bank": "Ihre Bank fragt: Zahlen Sie selbst?",
        "complete": "Bestätigen",
        "fail": "Ablehnen",
        "incomplete_number": "Die Kartennummer ist unvollständig.",
        "incomplete_expiry": "Das Ablaufdatum der Karte ist unvollständig.",
        "incomplete_cvc": "Die Prüfziffer der Karte ist unvollständig.",
        "no_connection": (
            "Der Zahlungsanbieter ist nicht erreichbar. Es wurde nichts abgebucht. Bitte prüfen Sie"
            " Ihre Internetverbindung und versuchen Sie es erneut."
        ),
        "card_declined": "Ihre Karte wurde abgelehnt.",
        "payment_intent_authentication_failure": (
            "Die Zahlung konnte nicht bestätigt werden. Bitte wählen Sie eine andere Zahlungsart"
            " und versuchen Sie es erneut."
        ),
    },
}
