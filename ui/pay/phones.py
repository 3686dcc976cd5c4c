"""What is said beside the switch that lets customers' phones on this network reach the code."""

from app.status import PhonesState
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _
from ui.till import Phones


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


def moved_words(address: str, phones: PhonesState) -> tuple[str, str] | None:
    """Say that phones which were allowed at an address find the code elsewhere, or no more."""
    if not address or not phones.is_allowed or phones.address == address:
        return None
    if not phones.address:
        return (
            _("Phones cannot come any more"),
            _("The network is gone. The code works on this computer until it is back."),
        )
    return (
        _("The network has changed"),
        _("The code leads to the new address. Whoever scanned the old one scans again."),
    )


async def switch_phones(phones: Phones | None) -> None:
    """Let phones in, or no more."""
    if phones is None:
        return
    if phones.state.is_allowed:
        await phones.forbid()
    else:
        await phones.allow()
