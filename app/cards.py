"""Cards for later: a set-up is begun, shown, looked at, and closed; it never is about money.

As with a sale, every call with an effect has its intent committed before it is made. An answer
that does not come leaves the set-up `unknown`; it is asked for again under the same key.
"""

import logging
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from app.asking import answer_to
from app.card_answers import (
    settle_card,
    strangeness_of_card,
    write_card_close_intent,
    write_card_closing,
    write_card_doubt,
    write_card_gone,
    write_opened,
    write_unmade,
    write_wanted,
)
from app.card_refusals import check_words, no_page, not_answered, not_asked, unfit
from app.checkout import ReturnPages
from app.clock import Clock
from app.deadlines import Deadlines
from app.domain.card_setup import CardClosing, CardSetup, CardState, card_reference
from app.domain.catalog import Shop
from app.domain.ids import Ids
from app.domain.observation import Source
from app.errors import CheckoutRefused, Message, MoneyMoved, Protocol, ProviderError, Rejected
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.pages import may_be_shown
from app.providers.retry import Jitter
from app.providers.saving import OpenedSetup, SavesCards, SeenSetup, SetupRequest
from app.providers.strategy import PaymentStrategy
from app.store import Store, Transaction
from app.store.accounts import KnownAccount
from app.store.card_setups import (
    card_news_is_known,
    card_setups_page,
    find_card_setup,
    known_card_setup,
    mark_card_setup,
    tell_of_card,
    unanswered_of_card,
)
from app.store.intents import Intent, Operation, Outcome
from app.store.transaction import stamp
from app.turns import Turns

_ASK_BUDGET_S: Final = 10.0
_NOT_FOUND: Final = 404

_log = logging.getLogger(__name__)


class Cards:
    """Speaks to the providers about cards to be kept: one call at a time for each set-up."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        *,
        shop: Callable[[], Shop],
        pages: Mapping[str, ReturnPages],
        clock: Clock,
        ids: Ids,
        jitter: Jitter,
        deadline: timedelta,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._shop = shop
        self._pages = pages
        self._clock = clock
        self._ids = ids
        self._jitter = jitter
        self._deadline = deadline
        self._deadlines = Deadlines(clock)
        self._turns = Turns()

    @property
    def accounts(self) -> tuple[str, ...]:
        """Name the accounts that keep cards, the default first."""
        named = self._gateway.accounts
        return tuple(each for each in named if _saves(self._gateway.strategy(each)))

    async def page(self, *, before: int | None = None, limit: int = 50) -> list[CardSetup]:
        """Give a page of all set-ups, newest first, from below the row `before`."""
        return await self._store.read(lambda db: card_setups_page(db, before=before, limit=limit))

    async def one(self, row_id: int) -> CardSetup:
        """Give a set-up as the books have it. Raises CheckoutRefused without one."""
        found = await self._store.read(lambda db: find_card_setup(db, row_id))
        if found is None:
            raise CheckoutRefused(
                Message("That card is not in the books"),
                action=Message("Look at the list of saved cards again."),
            )
        return found

    async def begin(self, label: str, account: str | None = None, *, by: str) -> CardSetup:
        """Ask a provider for a page on which a customer gives a card; the intent is written first.

        `label` is what the operator calls the customer, and may be empty. Without an account it is
        the first that keeps cards. Gives a set-up that is open (then it has a URL) or unknown (then
        the till keeps asking). Raises CheckoutRefused before anything is done, Rejected where the
        provider refuses, and Protocol where its page must not be shown.
        """
        label, by = label.strip(), by.strip()
        check_words(label, by)
        if (trouble := self._store.trouble) is not None:
            raise CheckoutRefused(trouble.title, trouble.detail, action=trouble.action)
        strategy = self._saving(account)
        reference = card_reference(self._store.till_id, self._ids)
        request = self._request(reference, strategy)
        try:
            known = await self._gateway.identified(strategy)
            parameters = await self._gateway.asked_if_needed(
                strategy.account, lambda: strategy.prepare_setup(request)
            )
        except ProviderError as error:
            raise not_asked(error) from error

        def write(tx: Transaction) -> CardSetup:
            limit = min(self._deadline, strategy.capabilities.session_lifetime)
            new = _new_setup(tx, reference, known, limit, label=label, by=by)
            return write_wanted(tx, new, parameters)

        setup = await self._store.write(write)
        self._deadlines.keep(setup)
        reach("card.intended")
        async with self._turns.alone_with(setup.id):
            opened = await self._create(setup, is_first=True)
        if opened.state is CardState.OPEN and not opened.url:
            raise unfit(opened)
        return opened

    async def show(self, label: str, account: str | None = None, *, by: str) -> CardSetup:
        """Begin a set-up and write down that its code can be seen, for who shows it at once.

        Raises what `begin` does, and ProviderError without an answer; then it is closed as soon as
        the provider is heard of.
        """
        setup = await self.begin(label, account, by=by)
        if not setup.is_open:
            await self.close(setup.id, by=by)
            raise not_answered()
        return await self.mark_shown(setup.id)

    async def mark_shown(self, row_id: int) -> CardSetup:
        """Write down that a customer can see the code; to be called before it is painted.

        Raises CheckoutRefused where it must not be shown, or not any more.
        """
        takes = self._gateway.strategy((await self.one(row_id)).account).capabilities

        def write(tx: Transaction) -> CardSetup:
            setup = known_card_setup(tx.connection, row_id)
            is_fit = setup.is_open and may_be_shown(setup.url, takes)
            if not is_fit or self._deadlines.is_over(setup):
                raise CheckoutRefused(Message("This code must not be shown any more"))
            if setup.shown_at is not None:
                return setup
            shown = mark_card_setup(tx, setup, shown_at=stamp(tx.at))
            tell_of_card(tx, shown, "shown", by=shown.asked_by)
            return shown

        return await self._store.write(write)

    def is_over(self, setup: CardSetup) -> bool:
        """Say whether the deadline of a set-up has passed while it is not being closed."""
        can_expire = setup.is_unfinished and setup.close_reason is None
        is_waited_for = setup.state is CardState.PROCESSING
        return can_expire and not is_waited_for and self._deadlines.is_over(setup)

    async def look(self, row_id: int, source: Source) -> CardSetup:
        """Ask the provider how a set-up stands and write down what it says.

        News of it that was heard before is looked at by that. Raises ProviderError where no usable
        answer came; nothing was changed then.
        """
        async with self._turns.alone_with(row_id):
            before = await self.one(row_id)
            now = await self._look(before, source)
            if before.heard:
                await self._store.write(lambda tx: card_news_is_known(tx, before))
            return now

    async def close(
        self, row_id: int, reason: CardClosing = CardClosing.CANCELLED, *, by: str = ""
    ) -> CardSetup:
        """Take a set-up's page away, and say what became of it: a card may have come first.

        `by` is who wants it, nobody where its time is over. Without an answer it becomes `unknown`
        and the till keeps asking; it is never called cancelled before that is known. Raises
        CheckoutRefused where its account cannot be asked.
        """
        wanted = await self.one(row_id)
        await self._store.write(lambda tx: write_card_closing(tx, wanted, reason, by))
        reach("card.closing")
        async with self._turns.alone_with(row_id):
            setup = await self.one(row_id)
            if not setup.setup_id:
                setup = await self._made_sure_of(setup)
            if not setup.setup_id or not setup.is_unfinished:
                return setup
            return await self._close(setup)

    async def _look(self, setup: CardSetup, source: Source) -> CardSetup:
        if not setup.setup_id:
            setup = await self._create(setup)
            if not setup.setup_id:
                return setup
        strategy = await self._strategy_of(setup)
        setup_id = setup.setup_id
        try:
            seen = await self._gateway.asked(
                setup.account, lambda: strategy.fetch_setup(setup_id, source=source)
            )
        except Rejected as refused:
            if refused.status != _NOT_FOUND:
                raise
            return await self._store.write(lambda tx: write_card_gone(tx, setup.id))
        reach("card.looked")
        return await self._settled(setup, seen)

    async def _create(self, setup: CardSetup, *, is_first: bool = False) -> CardSetup:
        """Ask for the page of an unanswered intent; only who wrote it knows of a first call."""
        row_id = setup.id
        intent = await self._store.read(
            lambda db: unanswered_of_card(db, row_id, Operation.SAVE_CARD)
        )
        if intent is None:
            return await self.one(row_id)
        try:
            strategy = await self._strategy_of(setup)
            takes = strategy.capabilities
            if intent.may_be_forgotten(self._clock.now(), takes.key_lifetime):
                # Nobody has seen its page, whose own time is long over.
                return await self._store.write(
                    lambda tx: write_unmade(tx, row_id, intent, Outcome.SUPERSEDED, {})
                )
            was_asked = not is_first or setup.state is not CardState.CREATING
            opened = await self._asked_to_open(setup, intent, strategy, was_asked=was_asked)
        except Rejected as refused:
            result = {"code": refused.code, "detail": refused.detail}
            await self._store.write(
                lambda tx: write_unmade(tx, row_id, intent, Outcome.REJECTED, result)
            )
            raise
        except ProviderError as error:
            _log.info("no answer about %s: %s", intent.key, error)
            return await self._store.write(lambda tx: write_card_doubt(tx, row_id))
        reach("card.called")
        url = opened.url if may_be_shown(opened.url, takes) else ""
        saved = await self._store.write(lambda tx: write_opened(tx, row_id, intent, opened, url))
        reach("card.opened")
        return saved

    async def _asked_to_open(
        self, setup: CardSetup, intent: Intent, strategy: "_Strategy", *, was_asked: bool
    ) -> OpenedSetup:
        async def call() -> OpenedSetup:
            reach("card.calling")
            return await strategy.open_setup(intent.parameters, key=intent.key)

        return await answer_to(
            call,
            gateway=self._gateway,
            account=setup.account,
            clock=self._clock,
            jitter=self._jitter,
            budget_s=_ASK_BUDGET_S,
            was_asked=was_asked,
        )

    async def _made_sure_of(self, setup: CardSetup) -> CardSetup:
        """Find out whether there is a page to be closed; a refusal says that there is none."""
        try:
            return await self._create(setup)
        except Rejected as refused:
            _log.info("nothing to close for %s: %s", setup.reference, refused)
            return await self.one(setup.id)

    async def _close(self, setup: CardSetup) -> CardSetup:
        try:
            strategy = await self._strategy_of(setup)
            intent = await self._store.write(lambda tx: write_card_close_intent(tx, setup))
            seen = await self._gateway.asked(
                setup.account, lambda: strategy.close_setup(setup.setup_id, key=intent.key)
            )
        except ProviderError as error:
            if isinstance(error, Rejected) and error.status == _NOT_FOUND:
                return await self._store.write(lambda tx: write_card_gone(tx, setup.id))
            _log.info("no answer about closing %s: %s", setup.reference, error)
            return await self._store.write(lambda tx: write_card_doubt(tx, setup.id))
        return await self._settled(setup, seen, intent)

    async def _settled(
        self, setup: CardSetup, seen: SeenSetup, intent: Intent | None = None
    ) -> CardSetup:
        """Write a look down. Raises Protocol where it does not belong to the set-up at all."""
        if stranger := strangeness_of_card(setup, seen):
            raise Protocol(
                Message("What the provider answered does not belong to this card"),
                stranger,
                money=MoneyMoved.NO,
                action=Message("Nothing was written down. Look for it at the provider."),
            )
        now = await self._store.write(lambda tx: settle_card(tx, setup.id, seen, intent))
        reach("card.settled")
        return now

    async def _strategy_of(self, setup: CardSetup) -> "_Strategy":
        """Give the strategy that speaks for the set-up's own account."""
        speaking = await self._gateway.speaking_for(setup.account, setup.provider_account)
        return _checked(speaking)

    def _saving(self, account: str | None) -> "_Strategy":
        """Give the strategy of an account, or of the first that keeps cards."""
        if account is not None:
            return _checked(self._gateway.strategy(account))
        if not self.accounts:
            raise CheckoutRefused(
                Message("No account of this till can save a card"),
                action=Message("Set up an account that does, such as Stripe Checkout."),
            )
        return _checked(self._gateway.strategy(self.accounts[0]))

    def _request(self, reference: str, strategy: "_Strategy") -> SetupRequest:
        shop = self._shop()
        own = self._pages.get(strategy.account, ReturnPages())
        success = shop.success_url or own.success_url
        if not success:
            raise no_page()
        return SetupRequest(
            reference=reference,
            currency=shop.currency,
            success_url=success,
            cancel_url=shop.cancel_url or own.cancel_url or success,
        )


class _Strategy(PaymentStrategy, SavesCards, typing.Protocol):
    """A provider that keeps cards."""


def _saves(strategy: PaymentStrategy) -> typing.TypeGuard[_Strategy]:
    return isinstance(strategy, SavesCards) and strategy.capabilities.saves_cards


def _checked(strategy: PaymentStrategy) -> _Strategy:
    if _saves(strategy):
        return strategy
    raise CheckoutRefused(
        Message("{account} cannot save a card", account=strategy.account),
        action=Message("Name an account that does, such as Stripe Checkout."),
    )


def _new_setup(
    tx: Transaction,
    reference: str,
    known: KnownAccount,
    limit: timedelta,
    *,
    label: str,
    by: str,
) -> CardSetup:
    return CardSetup(
        id=0,
        reference=reference,
        account=known.name,
        provider=known.provider,
        provider_account=known.provider_account,
        live=known.live,
        label=label,
        asked_by=by,
        state=CardState.CREATING,
        version=1,
        created_at=tx.at,
        deadline_at=tx.at + limit,
    )
