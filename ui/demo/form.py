"""The customer without a browser: reads the page's forms and posts them."""

import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import httpx

from ui.demo.purse import Means
from ui.demo.steps import StepFailed


class FormCustomer:
    """Reads the page's forms and posts one, as the simplest of browsers would."""

    name = "an HTTP client that posts the page's form"

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=10)
        self._url = ""
        self._page = _Page()

    async def open(self, url: str) -> str:
        return self._read(await self._client.get(url))

    async def fill(self, means: Means) -> None:
        return

    async def pay(self, means: Means) -> str:
        if not self._page.forms:
            raise StepFailed(f"the page has no form to pay by: {self._page.title}")
        return await self._post(self._page.forms[0], {**means.typed, **means.chosen})

    async def answer_bank(self, *, is_me: bool) -> str:
        verdict = "complete" if is_me else "fail"
        asked = (form for form in self._page.forms if form.fields.get("verdict") == verdict)
        form = next(asked, None)
        if form is None:
            raise StepFailed(f"the bank asks nothing: {self._page.title}")
        return await self._post(form, {})

    async def go_back(self) -> str:
        if not self._page.leave:
            return ""
        return await self.open(urllib.parse.urljoin(self._url, self._page.leave))

    async def give_up(self, means: Means) -> None:
        self._page = _Page()

    async def picture(self, path: Path) -> bool:
        return False

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, form: "_Form", answers: dict[str, str]) -> str:
        action = urllib.parse.urljoin(self._url, form.action)
        return self._read(await self._client.post(action, data={**form.fields, **answers}))

    def _read(self, reply: httpx.Response) -> str:
        self._url = str(reply.url)
        self._page = _Page()
        self._page.feed(reply.text)
        return self._page.title


class _Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}


class _Page(HTMLParser):
    """The title of a page, its forms with their fields, and the way back."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.leave = ""
        self.forms: list[_Form] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_title = tag == "title"
        if tag == "form":
            self.forms.append(_Form(given.get("action") or ""))
        elif tag == "a" and given.get("class") == "leave":
            self.leave = given.get("href") or ""
        elif tag == "input" and self.forms and given.get("name"):
            is_left_out = given.get("type") == "radio" and "checked" not in given
            if not is_left_out:
                self.forms[-1].fields[given["name"] or ""] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
