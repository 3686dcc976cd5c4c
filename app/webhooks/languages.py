"""In which language a customer's phone is spoken to, and what is said in it.

A phone says what its owner reads (`Accept-Language`, RFC 9110); of that the first language which
has a catalog is spoken (the lookup of RFC 4647), else English. How money is written is the
owner's own country's way ("de-AT", "en-IN") where the language has one.
"""

import asyncio
import gettext
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from babel import Locale

from app.domain.money import Money
from app.errors import Message
from app.money_text import locale_of, money_text
from app.text_catalogs import FOLDER, SOURCE, catalog_of, languages_in

_MOST_HEADER: Final = 500
_MOST_RANGES: Final = 20
_RANGE: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,5})"
    r"\s*(?:;\s*[Qq]\s*=\s*(?P<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
_TERRITORY: Final = re.compile(r"[A-Z]{2}|\d{3}")


@dataclass(frozen=True)
class Language:
    """One language: its catalog's name ("de", "pt_BR"), its texts, and the reader's own country.

    `territory` is "" where the phone names none.
    """

    name: str = SOURCE
    texts: gettext.NullTranslations = field(default_factory=gettext.NullTranslations)
    territory: str = ""

    @property
    def tag(self) -> str:
        """Name it as HTML does."""
        return self.name.replace("_", "-")

    @property
    def direction(self) -> str:
        """Say from which side it is read: "ltr" or "rtl"."""
        direction: str = locale_of(self.name).text_direction
        return direction

    @cached_property
    def locale(self) -> Locale:
        """Give the locale that money is written in."""
        own = locale_of(self.name)
        there = locale_of(f"{own.language}_{self.territory}") if self.territory else own
        # One that is not known came out as English.
        is_known = there.language == own.language and there.script in {None, own.script}
        return there if is_known else own

    def say(self, text: str) -> str:
        """Say a text of `app` in this language; one that is no Message stays as it is."""
        if not isinstance(text, Message):
            return text
        template = self.texts.gettext(text.template)
        shown = {name: self._shown(value) for name, value in text.parameters.items()}
        return template.format(**shown) if shown else template

    def money(self, amount: Money) -> str:
        """Write an amount as the reader's country does."""
        return money_text(amount, self.locale)

    def script_locale(self, spoken: tuple[str, ...]) -> str:
        """Choose what a provider's script is to speak, of what it can; "auto" leaves it to it."""
        language = locale_of(self.name).language
        wanted = (f"{language}-{self.territory}", self.tag, language)
        return next((tag for tag in wanted if tag in spoken), "auto")

    def _shown(self, value: object) -> str:
        if isinstance(value, Money):
            return self.money(value)
        return self.say(value) if isinstance(value, str) else str(value)


class Languages:
    """The languages that have a catalog in `folder`; each is read once, when it is first asked for.

    What catalogs there are is looked up when this is made.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._names = {name.replace("_", "-").lower(): name for name in languages_in(folder)}
        self._texts: dict[str, gettext.NullTranslations] = {SOURCE: gettext.NullTranslations()}

    async def of(self, accepted: str) -> Language:
        """Give the language for an `Accept-Language` header, whatever that says."""
        name, territory = self._chosen(accepted)
        if name not in self._texts:
            # The door's loop has webhooks to answer meanwhile.
            self._texts[name] = await asyncio.to_thread(catalog_of, name, self._folder)
        return Language(name, self._texts[name], territory)

    def _chosen(self, accepted: str) -> tuple[str, str]:
        for tag in _wanted(accepted):
            parts = tag.split("-")
            for length in range(len(parts), 0, -1):
                name = self._names.get("-".join(parts[:length]).lower())
                if name is not None:
                    own = (part.upper() for part in parts[1:])
                    return name, next(filter(_TERRITORY.fullmatch, own), "")
        return SOURCE, ""


def _wanted(accepted: str) -> list[str]:
    """Give the tags of a header, the dearest first; what is none is passed over."""
    found: list[tuple[int, str]] = []
    for part in accepted[:_MOST_HEADER].split(",")[:_MOST_RANGES]:
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        weight = int((match["weight"] or "1").replace(".", "").ljust(4, "0"))
        if weight:
            found.append((weight, match["tag"]))
    found.sort(key=lambda each: -each[0])
    return [tag for _, tag in found]
