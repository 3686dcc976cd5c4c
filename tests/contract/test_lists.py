"""What every provider lists of its sessions, as far as it does: one suite for all of them."""

import asyncio
from datetime import timedelta

from app.domain.observation import Observation, SessionState, Source
from app.providers.strategy import PaymentStrategy
from tests.contract.looks import looked
from tests.contract.rigs import Rig, a_request, opened, tried


def test_what_happened_since_is_listed_with_its_references(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        requests = [a_request(currency=rig.currency) for _ in range(3)]
        sessions = [await opened(strategy, request) for request in requests]
        await asyncio.to_thread(rig.pay, sessions[1].session_id)
        await looked(strategy, sessions[1].session_id)
        takes = strategy.capabilities
        await asyncio.to_thread(rig.let_pass, takes.lists_after)
        seen = [s async for s in strategy.list_since(since, source=Source.SWEEP)]
        told = requests if takes.lists_unpaid else requests[1:2]
        assert {s.reference for s in seen} == {str(r.reference) for r in told}
        assert [
            s.reference for s in seen if isinstance(s, Observation) and s.state is SessionState.PAID
        ] == [str(requests[1].reference)]
        later = strategy.list_since(rig.now() + timedelta(hours=1), source=Source.SWEEP)
        assert [s async for s in later] == []

    tried(rig, story)


def test_listed_spans_leave_nothing_out_and_give_nothing_twice(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        began = rig.now() - timedelta(minutes=1)
        request = a_request(currency=rig.currency)
        session = await opened(strategy, request)
        await asyncio.to_thread(rig.pay, session.session_id)
        await looked(strategy, session.session_id)
        until = rig.now() + timedelta(minutes=1)
        await asyncio.to_thread(rig.let_pass, strategy.capabilities.lists_after)
        inside = strategy.list_since(began, source=Source.SWEEP, until=until)
        assert [s.reference async for s in inside] == [str(request.reference)]
        before = strategy.list_since(began - timedelta(days=1), source=Source.SWEEP, until=began)
        assert [s async for s in before] == []

    tried(rig, story)
