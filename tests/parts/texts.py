"""Reads the source for texts that a person would see and that no catalog would know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MARKS = frozenset({"_", "_n", "ngettext", "pgettext", "Message"})
"""Calls whose text `make texts` finds."""

SINKS = {
    **dict.fromkeys(
        "setText setToolTip setWindowTitle setAccessibleName setAccessibleDescription "
        "setPlaceholderText setStatusTip setWhatsThis setInformativeText setDetailedText addButton "
        "addAction addItem addTab set_text set_label set_placeholder_text".split(),
        (0,),
    ),
    **dict.fromkeys(
        "Text ElidedText Button Chip StateChip Field RailButton Figure QLabel QPushButton".split(),
        (0, 1),
    ),
    **dict.fromkeys(["tell", "Wording"], (0, 1)),
    **dict.fromkeys(["IconLabel", "text_in", "drawText"], (2, 3)),
    "Entry": (1, 2),
    "emit": (0, 1, 2),
    "set_state": (0,),
}
"""What puts words before a person, and at which places."""

NOT_WORDS = frozenset(
    "Scantill Fusion Inter Stripe Checkout Links Elements PayPal Square Razorpay Metrics".split()
)
"""Names, the same in every language; the last is a class's."""

_PROSE = re.compile(r"[A-Za-z]{2,},? [A-Za-z]{2,}|^[A-Z][a-z]{2,}$")
_ON_THE_TEXT = frozenset({"format", "strip", "upper", "lower", "replace", "join"})
_ERRORS = frozenset(
    "ConfigError CartRefused CheckoutRefused ProviderError Unavailable Rejected Protocol "
    "StoreError".split()
)


def unmarked_in_window(source: str) -> list[str]:
    """Give the texts in a module of `ui` that would be shown as they stand, in English."""
    tree = ast.parse(source)
    found = {text for call in _calls(tree, SINKS) for text in _shown_by(call)}
    found |= {text for text in _prose(tree) if text not in NOT_WORDS}
    return sorted(found)


def unmarked_in_errors(source: str) -> list[str]:
    """Give the texts in a module of `app` that an error would bring to the window unmarked."""
    found: set[str] = set()
    for call in _calls(ast.parse(source), _ERRORS):
        told = {"title", "detail", "action"}
        given = [*call.args[:2], *(one.value for one in call.keywords if one.arg in told)]
        found.update(text for part in given for text in _loose(part))
    return sorted(found)


def unmarked_in_the_books(source: str) -> list[str]:
    """Give the texts in a module that writes the books which a person would read in English."""
    tree = ast.parse(source)
    return sorted({*_prose(tree), *_composed(tree)})


def _calls(tree: ast.AST, names: object) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in names:  # type: ignore[operator]
            yield node


def _name(func: ast.expr) -> str:
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _shown_by(call: ast.Call) -> Iterator[str]:
    for place in SINKS[_name(call.func)]:
        if place < len(call.args):
            yield from _loose(call.args[place])


def _loose(node: ast.expr) -> Iterator[str]:
    """Give what of an expression's own words is marked by nothing."""
    match node:
        case ast.Constant(value=str(text)):
            if re.search(r"[^\W\d_]{2}", text) and text not in NOT_WORDS:
                yield text
        case ast.JoinedStr(values=parts):
            whole = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
            if not set(re.findall(r"[^\W\d_]{2,}", whole)) <= NOT_WORDS:
                yield whole
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from _loose(part.value)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from _loose(one)
            yield from _loose(other)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _loose(part)
        case ast.Call(func=ast.Attribute(value=on, attr=name)) if name in _ON_THE_TEXT:
            yield from _loose(on)
        case ast.Subscript(value=ast.Dict(values=parts)):
            for part in parts:
                yield from _loose(part)


def _prose(node: ast.AST) -> Iterator[str]:
    """Give every text that reads like a sentence or a label, wherever it stands."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr(value=ast.Constant()) | ast.Raise() | ast.Assert():
                continue
            case ast.Call(func=func) if _name(func) in MARKS or _is_log(func):
                # What is filled in is no text of the catalog, but may hold one.
                continue
            case ast.Constant(value=str(text)) if _PROSE.search(text):
                yield text
        yield from _prose(child)


def _composed(node: ast.AST) -> Iterator[str]:
    """Give the f-strings that say something, but for those of logs and of errors of our own."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Raise() | ast.Assert():
                continue
            case ast.Call(func=func) if _is_log(func):
                continue
            case ast.JoinedStr(values=parts):
                texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
                if any(re.search(r"[A-Za-z]{3,}[ ,]|[ ,][A-Za-z]{3,}", text) for text in texts):
                    yield "…".join(texts)
        yield from _composed(child)


def _is_log(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and _name(func.value) in {"_log", "log", "logging"}
