"""What runs all day must not grow: the soak's programs, each in a process that may abort."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.gauges import HEAP, MOST_GROWTH, Sample, grown
from tests.soak.ticks import Count, unsteady

ROOT = Path(__file__).resolve().parents[2]
IS_MORTAL = sys.version_info < (3, 12)


def soaked(program: str, *arguments: str, timeout: int) -> subprocess.CompletedProcess[str]:
    """Run a program of the soak; an abort leaves its trace in what is printed."""
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", f"tests.soak.{program}", *arguments],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_million_ticks_leave_the_references_to_none_true_and_false_where_they_were() -> None:
    done = soaked("ticks", timeout=580)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].endswith("ticks: steady")
    assert done.stdout.count(" ticks  None=") == 11


@pytest.mark.slow
def test_losing_one_reference_in_a_thousand_ticks_is_noticed() -> None:
    done = soaked("ticks", "--ticks=40000", "--section=20000", "--lose-each=1000", timeout=100)
    assert ("references to True between" in done.stdout) is IS_MORTAL, done.stdout
    assert done.returncode == (1 if IS_MORTAL else 0), done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_sales_leave_nothing_behind_and_ten_kibibytes_a_sale_would_be_seen() -> None:
    """The proof is made where it counts: in the same process, which has been flat until then."""
    done = soaked("sales", "--proof-kib=10", timeout=1180)
    assert done.returncode == 0, done.stdout
    assert "sales that keep 10 KiB each: ['heap in use, KiB: +" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(
        "1,250 payments at the provider: flat, books clean"
    )


def flat(**growing: float) -> list[Sample]:
    """Make up a thousand sales that add nothing but what is said, and some noise."""
    noise = (0, 3, -2, 1, -1, 2, -3, 0)
    return [
        Sample(
            sales,
            {
                gauge: 1000 + 100 * most * noise[at % 8] + growing.get(gauge, 0.0) * sales
                for gauge, most in MOST_GROWTH.items()
            },
        )
        for at, sales in enumerate(range(200, 1001, 50))
    ]


def test_noise_is_no_growth() -> None:
    assert grown(flat()) == []


@pytest.mark.parametrize("gauge", MOST_GROWTH)
def test_whatever_grows_by_twice_what_it_may_is_named(gauge: str) -> None:
    (fault,) = grown(flat(**{gauge: 2 * MOST_GROWTH[gauge]}))
    assert fault.startswith(f"{gauge}: +")


def test_the_limits_notice_ten_kibibytes_a_sale_and_one_handle_in_fifty() -> None:
    assert grown(flat(**{HEAP: 10.0}))
    assert grown(flat(handles=1 / 50))


def test_a_count_in_the_middle_of_something_is_no_loss() -> None:
    counts = [Count(100_000 * n, (9_000 - 50 * (n == 3), 1_300, 1_350)) for n in range(6)]
    assert unsteady(counts) == []


@pytest.mark.parametrize("gained", [30, -30])
def test_references_gained_or_lost_in_any_section_are_named(gained: int) -> None:
    counts = [Count(100_000 * n, (9_000, 1_300 + gained * (n > 2), 1_350)) for n in range(5)]
    assert unsteady(counts) == [f"{gained:+} references to True between 200,000 and 300,000 ticks"]
