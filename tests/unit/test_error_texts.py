"""Every error's words are whole sentences: what happened, the particulars, what to do."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import errors
from app.errors import Rejected, ScantillError, StoreError

APP = Path(__file__).parents[2] / "app"
SOURCES = sorted(APP.rglob("*.py"))
ERRORS = {
    name
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ScantillError)
} | {"OtherKeys"}
ENDS = (".", "!", "?", "…")


def literal_end(node: ast.expr) -> str | None:
    """Give the text that an expression surely ends with; None where that is not written there."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=ast.Name(id="Message"), args=[first, *_]):
            return literal_end(first)
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))]):
            return text
    return None


def branches(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from branches(body)
            yield from branches(orelse)
        case ast.BoolOp(values=values):
            for value in values:
                yield from branches(value)
        case _:
            yield node


def parts(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Give the title, detail and action of an error that is made, each way that it may be."""
    named = dict(zip(("title", "detail"), call.args, strict=False))
    named |= {str(word.arg): word.value for word in call.keywords}
    for name in ("title", "detail", "action"):
        if name in named:
            yield from ((name, branch) for branch in branches(named[name]))


def made(source: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in ERRORS - {"CatalogError", "WebhookRejected"}:
                yield node


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_each_sentence_of_an_error_that_is_written_there_ends_as_one(source: Path) -> None:
    wrong = []
    for call in made(source):
        for name, node in parts(call):
            end = literal_end(node)
            if end and end.endswith("}"):
                # Ends with a value; the words see to the full stop, or it is a command.
                continue
            if end and (name == "title") is end.endswith("."):
                wrong.append(f"{call.lineno}: {name} {end!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "detail, words",
    [
        ("ConnectError: refused", "It failed. ConnectError: refused. Try again."),
        ("ConnectError: refused.", "It failed. ConnectError: refused. Try again."),
        ("Sure?", "It failed. Sure? Try again."),
        ("(It is.)", "It failed. (It is.) Try again."),
        ("", "It failed. Try again."),
    ],
)
def test_particulars_that_others_wrote_end_as_a_sentence_before_what_to_do(
    detail: str, words: str
) -> None:
    error = StoreError("It failed", detail, action="Try again.")
    assert str(error) == str(error.words) == words
    assert error.words.template.count("{") == len(error.words.parameters)


def test_why_a_provider_refused_is_a_sentence_of_its_own() -> None:
    assert Rejected("Your card was declined", "insufficient_funds").reason == (
        "Your card was declined. insufficient_funds."
    )
    assert Rejected("It said no", "Not today.").reason == "It said no. Not today."
    assert Rejected("It said no").reason == "It said no."
