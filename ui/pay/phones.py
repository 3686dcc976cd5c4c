"""What is said beside the switch that lets customers' phones on this network reach the code."""

from app.status import PhonesState
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _


def phones_words(phones: PhonesState, formats: Formats) -> tuple[str, str, str]:
    """Say how the phones' switch stands: a line on it, a sentence beside it, and a hint."""
    if not phones.is_allowed:
        return _("Off: this computer only"), "", ""
    if phones.problem:
        return _("On, but no phone can come"), formats.message(phones.problem), ""
    if not phones.address:
        return _("One moment …"), "", ""
    return (
        _("On: {address}").format(address=isolated(phones.address)),
        _("Phones on the same Wi-Fi can scan it now. Only training; no real money."),
        _("If this computer's firewall asks, allow it."),
    )
