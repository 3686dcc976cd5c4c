"""The demo, played as a user plays it: the command in a process of its own, a browser as phone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
XVFB = shutil.which("xvfb-run") if shutil.which("xauth") else None
needs_virtual_screen = pytest.mark.skipif(XVFB is None, reason="xvfb-run or xauth is not installed")

pytestmark = pytest.mark.e2e


def play(out: Path, *options: str, on_xvfb: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui.cli", "demo", "--out", str(out), *options]
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if on_xvfb:
        environment.pop("QT_QPA_PLATFORM", None)
        command = [str(XVFB), "-a", "-s", "-screen 0 1280x800x24", *command]
    else:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def names(out: Path) -> list[str]:
    return [path.stem[3:] for path in sorted(out.glob("*.png"))]


def test_the_demo_sells_and_is_paid_by_webhook(tmp_path: Path) -> None:
    done = play(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "learned by webhook" in done.stdout
    assert "Done: every step happened." in done.stdout
    assert "the customer's display shows the same code" in done.stdout
    assert "PAID on both screens" in done.stdout
    wanted = {"sell-empty", "sell-cart", "pay-qr", "paid", "orders"}
    wanted |= {"display-idle", "display-cart", "display-qr", "display-paid"}
    assert wanted <= set(names(tmp_path))
    assert str(tmp_path) in done.stdout.splitlines()[-1]


def test_the_demo_is_paid_by_polling_alone(tmp_path: Path) -> None:
    done = play(tmp_path, "--no-webhooks", "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "learned by poll" in done.stdout


def test_a_declined_card_is_seen_at_the_counter_and_another_one_pays(tmp_path: Path) -> None:
    done = play(tmp_path, "--card", "4000000000000002")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the till says that the card was declined" in done.stdout
    assert "pay-declined" in names(tmp_path)


@needs_virtual_screen
def test_the_demo_passes_on_a_real_x_server_with_the_qr_taken_from_its_screen(
    tmp_path: Path,
) -> None:
    done = play(tmp_path, on_xvfb=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is read from the pixels" in done.stdout


@pytest.mark.slow
def test_the_demo_fails_loudly_where_a_step_does_not_happen(tmp_path: Path) -> None:
    done = play(tmp_path, "--card", "4000000000000259")
    assert done.returncode == 1
    assert "NOT DONE" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_takes_cash_by_keypad_and_gives_change(tmp_path: Path) -> None:
    done = play(tmp_path, "--provider", "cash")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "received by keypad, the till says: change" in done.stdout
    assert "PAID on both screens" in done.stdout
    wanted = {"pay-by-hand", "pay-change", "paid", "display-to-pay", "display-paid"}
    assert wanted <= set(names(tmp_path))


def test_the_demo_takes_a_card_on_a_machine_apart_by_its_slip(tmp_path: Path) -> None:
    done = play(tmp_path, "--provider", "terminal")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reference 0815 4711" in done.stdout
    assert "PAID on both screens" in done.stdout
    assert "learned by the operator; the books are clean" in done.stdout
    assert {"pay-slip", "display-to-pay", "paid"} <= set(names(tmp_path))
