"""The accounts of the settings in words: how each stands, and where its keys are."""

from collections.abc import Collection

from app.account_desk import AccountsStanding, AccountStanding, KeyStanding
from app.provider_check import Finding
from ui.accounts import label_among
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _
from ui.strip import mode_label
from ui.theme import Tone


def name_of(account: AccountStanding, accounts: Collection[AccountStanding]) -> str:
    """Name an account as people know it, told apart from the others."""
    return label_among(account.account, [each.account for each in accounts])


def state_of(account: AccountStanding) -> tuple[str, Tone]:
    """Say in a word whether an account can be used."""
    if not account.is_enabled:
        return _("Switched off"), Tone.NEUTRAL
    if account.problem:
        return _("Not ready"), Tone.WARNING
    return _("Ready"), Tone.GOOD


def row_words(account: AccountStanding, name: str, formats: Formats) -> str:
    """Say in the list why an account cannot be used, or else by which key it is known."""
    if account.is_by_hand:
        return _("By hand")
    if account.problem and account.is_enabled:
        return formats.message(account.problem)
    hint = next((key.hint for key in account.keys if key.hint), "")
    kind = formats.message(account.kind)
    return isolated(hint) if hint else kind if kind != name else ""


def about_words(account: AccountStanding, standing: AccountsStanding, formats: Formats) -> str:
    """Say what an account is, what the settings call it, and whose money it takes."""
    kind = formats.message(account.kind)
    is_said = kind == name_of(account, standing.accounts)
    parts = ("" if is_said else kind, account.account)
    return " · ".join([*map(isolated, filter(None, parts)), mode_label(standing.mode)])


def keeping_words(standing: AccountsStanding) -> str:
    """Say where a key goes that is set here, and what is seen of it; a file is told apart."""
    seen = _("A key is never shown again, but for how it begins and its last four characters.")
    if not standing.store:
        return seen
    kept = _("Keys are kept in {store}.").format(store=isolated(standing.store))
    return f"{kept} {seen}"


def place_words(key: KeyStanding, formats: Formats) -> str:
    """Say where a key is taken from, and what may be seen of it."""
    if not key.place:
        return _("There is none.") if key.is_needed else _("There is none; it is not needed.")
    place = isolated(formats.message(key.place))
    words = f"{isolated(key.hint)} · {place}" if key.hint else place
    if not key.may_be_two:
        return words
    return _("{place} · while it is changed, old and new may stand here, parted by a comma").format(
        place=words
    )


def shadow_words(key: KeyStanding, formats: Formats) -> str:
    """Say that one which was set here does not count, where that is so."""
    if not key.kept or key.kept == key.place:
        return ""
    return _("What was set here stands {place} and does not count: the other one does.").format(
        place=isolated(formats.message(key.kept))
    )


def subject_words(subject: str) -> str:
    """Name what of an account was looked at."""
    return {
        "key": _("Key"),
        "account": _("Account"),
        "mode": _("Mode"),
        "currency": _("Currency"),
        "clock": _("Clock"),
        "session": _("Session"),
        "webhook": _("Webhook"),
    }.get(subject, subject)


def finding_words(finding: Finding, formats: Formats) -> str:
    """Say what was found."""
    if finding.subject == "session" and finding.is_good is None:
        return _("Not tried here: scantill provider test --with-session opens a small one.")
    return formats.message(finding.words)


def mark_words(finding: Finding) -> str:
    """Say in a word whether it is as it should be, for who cannot see the mark."""
    if finding.is_good is None:
        return _("not looked at")
    return _("ok") if finding.is_good else _("not ok")


def verdict(findings: Collection[Finding]) -> tuple[str, Tone]:
    """Say what a test comes to."""
    if any(finding.is_good is False for finding in findings):
        return _("Something does not work"), Tone.DANGER
    return _("It works"), Tone.GOOD
