"""What is behind the public port: webhook paths, two plain pages and the pay page, nothing else.

Order of work: size cap, route, raw bytes, signature, strict envelope, inbox row committed, and
only then a 2xx. A delivery that is refused writes nothing and calls nobody; what a genuine one is
checked with may have to be fetched first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.clock import Clock
from app.errors import Message, StoreError, WebhookRejected
from app.failpoints import reach
from app.providers.strategy import LearnsSigners, PaymentStrategy, WebhookRequest
from app.store import Store, Transaction
from app.store.inbox import receive
from app.webhooks import pay_words as words
from app.webhooks.languages import Languages
from app.webhooks.pay_page import word_page

MAX_BODY_BYTES: Final = 256 * 1024
BODY_DEADLINE_S: Final = 10.0
MOST_UNDER_WAY: Final = 2_000


class Receiver:
    """Builds the application of the public port. `on_received` is called after each commit.

    `pages` are the routes of the pay page, none where no account has one. The two plain pages are
    where other providers' pages lead back to.
    """

    def __init__(
        self,
        store: Store,
        strategies: Mapping[str, PaymentStrategy],
        *,
        clock: Clock,
        on_received: Callable[[], None],
        pages: Sequence[Route] = (),
        languages: Languages | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_received = on_received
        self._pages = tuple(pages)
        self._languages = languages or Languages()
        self._under_way = 0
        self._by_path = paths_of(strategies)

    def application(self) -> Starlette:
        """Give the ASGI application."""
        return Starlette(
            routes=[
                Route("/webhooks/{name}", self._webhook, methods=["POST"]),
                Route("/success", self._plain(words.DONE)),
                Route("/cancelled", self._plain(words.CANCELLED)),
                *self._pages,
            ]
        )

    async def _webhook(self, request: Request) -> Response:
        if self._under_way >= MOST_UNDER_WAY:
            return _later()
        self._under_way += 1
        try:
            return await self._received(request)
        except WebhookRejected as rejected:
            return PlainTextResponse(rejected.title, status_code=rejected.status)
        except StoreError:
            return _later()
        finally:
            self._under_way -= 1

    def _plain(self, texts: tuple[Message, Message]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            accepted = request.headers.get("accept-language", "")
            return word_page(texts, await self._languages.of(accepted))

        return answer

    async def _received(self, request: Request) -> Response:
        strategy = self._by_path.get(request.path_params["name"].lower())
        if strategy is None:
            raise WebhookRejected("There is no such account", status=404)
        told = WebhookRequest(
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await body_of(request),
            received_at=self._clock.now(),
        )
        if isinstance(strategy, LearnsSigners):
            await strategy.learn_signer(told)
        delivery = strategy.read_webhook(told)
        reach("webhook.verified")

        def write(tx: Transaction) -> None:
            receive(tx, delivery)
            reach("webhook.saving")

        await self._store.write(write)
        reach("webhook.saved")
        self._on_received()
        return _Acknowledgement("received")


class _Acknowledgement(PlainTextResponse):
    """The 2xx: whoever reads it may forget the delivery."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        reach("webhook.answered")


def paths_of(strategies: Mapping[str, PaymentStrategy]) -> dict[str, PaymentStrategy]:
    """Say which path leads to which account: its name, or its provider's name alone.

    A provider's name leads to its only account, or to the first that is set up.
    """
    by_path: dict[str, PaymentStrategy] = {}
    for strategy in strategies.values():
        by_path.setdefault(strategy.provider.lower(), strategy)
    by_path.update({name.lower(): strategy for name, strategy in strategies.items()})
    return by_path


async def body_of(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """Read a body whole, small and in time. Raises WebhookRejected; keeps no more than it takes."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WebhookRejected("Compressed deliveries are not taken", status=415)
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 9 or int(length) > most:
        raise WebhookRejected("The delivery is too large", status=413)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise WebhookRejected("The delivery is too large", status=413)
    except TimeoutError as error:
        raise WebhookRejected("The delivery took too long", status=408) from error
    except ClientDisconnect as error:
        raise WebhookRejected("The delivery was cut off") from error
    return bytes(body)


def _later() -> Response:
    return PlainTextResponse("later", status_code=503, headers={"Retry-After": "5"})
