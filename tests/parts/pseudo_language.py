"""Languages that nobody speaks, made of the pages' own texts: what is not marked stays English."""

import re
from collections.abc import Callable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from app.text_catalogs import DOMAIN
from tests.parts.texts import ROOT

SOURCES = ("app/webhooks/pay_words.py", "app/domain/presentation.py")
_PART = re.compile(r"(\{\w+\})")
_RIGHT = "אבגדהוזחטיכלמנסעפצקרשת"


def bracketed(text: str) -> str:
    """Lengthen a text by two fifths, and mark where it begins and ends."""
    return f"⟦{text}{'~' * (2 * len(text) // 5)}⟧"


def from_the_right(text: str) -> str:
    """Write a text in Hebrew letters; what is filled in stays."""
    return "".join(
        part if _PART.fullmatch(part) else re.sub("[A-Za-z]", _letter, part)
        for part in _PART.split(text)
    )


def texts_of_the_pages() -> list[str]:
    """Give every text that the pages at the public door can say."""
    return [
        str(message)
        for name in SOURCES
        for _line, message, _comments, _context in extract_from_file(
            "python", ROOT / name, keywords={"Message": None}
        )
    ]


def write_language(folder: Path, language: str, said: Callable[[str], str]) -> Path:
    """Drop a catalog in which the pages' texts are made by `said`; give the folder of catalogs."""
    catalog = Catalog(locale=language, domain=DOMAIN)
    for text in texts_of_the_pages():
        catalog.add(text, said(text))
    path = folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog)
    return folder


def _letter(match: re.Match[str]) -> str:
    return _RIGHT[ord(match[0].lower()) % len(_RIGHT)]
