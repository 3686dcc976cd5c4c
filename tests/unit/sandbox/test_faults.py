"""Which request a fault hits, and how often."""

import asyncio
import time

import pytest

from app.sandbox.faults import FaultRefused, Faults


def test_a_fault_hits_what_matches_as_often_as_it_was_asked_to() -> None:
    faults = Faults()
    match = {"method": "post", "path": "/v1/checkout/sessions/*/expire"}
    fault = faults.add({"match": match, "fault": {"status": 503}, "times": 2})
    assert faults.take("POST", "/v1/checkout/sessions") is None
    assert faults.take("GET", "/v1/checkout/sessions/cs_1/expire") is None
    hits = [faults.take("POST", "/v1/checkout/sessions/cs_1/expire") for _ in range(3)]
    assert hits == [fault, fault, None]
    assert fault.as_json()["fired"] == 2


def test_a_fault_may_be_one_accounts_alone() -> None:
    faults = Faults()
    fault = faults.add({"match": {"account": "acct_1"}, "fault": {"status": 503}, "times": None})
    hits = [faults.take("POST", "/v1/x", whose) for whose in ("acct_2", "acct_1", None)]
    assert hits == [None, fault, None]


def test_a_fault_without_an_end_goes_on_until_it_is_deleted() -> None:
    faults = Faults()
    fault = faults.add({"fault": {"drop": "before"}, "times": None})
    assert all(faults.take("GET", "/x") is fault for _ in range(100))
    assert faults.remove(fault.id) == 1
    assert faults.take("GET", "/x") is None
    assert faults.remove(fault.id) == 0


def test_the_next_fault_takes_over_when_the_first_is_spent() -> None:
    faults = Faults()
    first = faults.add({"fault": {"status": 500}})
    second = faults.add({"fault": {"status": 429}})
    assert [faults.take("GET", "/") for _ in range(3)] == [first, second, None]
    assert first.store and not second.store


@pytest.mark.parametrize("fault", [None, {}, "drop", {"status": "503"}, {"status": True}])
def test_a_fault_must_say_what_it_is(fault: object) -> None:
    with pytest.raises(FaultRefused):
        Faults().add({"fault": fault})


def test_a_delay_ends_early_when_the_simulator_stops() -> None:
    async def wait() -> float:
        faults = Faults()
        fault = faults.add({"fault": {"latency_ms": 60_000}})
        asyncio.get_running_loop().call_later(0.02, faults.stop)
        started = time.monotonic()
        await faults.delay(fault)
        return time.monotonic() - started

    assert asyncio.run(wait()) < 5
