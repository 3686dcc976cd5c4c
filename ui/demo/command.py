"""`scantill demo`: plays the journey and says whether it came to its end."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path
from typing import Final

from app.bootstrap import Till
from app.settings import AccountTable, Mode, Settings, load_settings
from app.store.connection import private_directory
from ui.demo.by_hand import BY_HAND, ByHand
from ui.demo.customer import make_customer
from ui.demo.ends import CLOSED_DEADLINE, Ends
from ui.demo.journey import StepFailed
from ui.start import prepare_screen, run_in_qt, running_window

_SHOW_END_S: Final = 4.0


def run_demo(arguments: argparse.Namespace) -> int:
    """Play the journey; status 1 where a step did not happen."""
    out: Path = arguments.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]-*.png"):
        old.unlink()
    if prepare_screen():
        print("There is no screen: the window draws itself unseen.")
    with tempfile.TemporaryDirectory(prefix="scantill-demo-") as own:
        root = private_directory((arguments.data_dir or Path(own)).absolute())
        settings = with_provider(load_settings(root, Mode.TRAINING), arguments.provider)
        status = run_in_qt(lambda _: _play(arguments, settings, out))
    print(f"The pictures are in {out}")
    return status


def with_provider(settings: Settings, kind: str) -> Settings:
    """Have the till sell by one account of this kind alone; none leaves the settings alone."""
    if not kind:
        return settings
    file = settings.file.model_copy(update={"accounts": {kind: AccountTable(kind=kind)}})
    return settings.model_copy(update={"file": file})


async def _play(arguments: argparse.Namespace, settings: Settings, out: Path) -> int:
    customer = await make_customer()
    print(f"The customer is {customer.name}.")
    try:
        till = await asyncio.to_thread(
            lambda: Till(
                settings,
                register_webhooks=not arguments.no_webhooks,
                deadline=CLOSED_DEADLINE if arguments.end == "closed" else None,
            )
        )
        async with running_window(till, settings, display="window") as window:
            kind = ByHand if arguments.provider in BY_HAND else Ends
            journey = kind(
                till,
                window,
                customer,
                out=out,
                chance=random.Random(arguments.seed),
                is_shown=arguments.show,
            )
            try:
                if isinstance(journey, ByHand):
                    await journey.play()
                elif arguments.end:
                    await journey.play(arguments.end)
                else:
                    await journey.run(arguments.card.replace(" ", ""))
            except StepFailed as failed:
                print(f"NOT DONE: {failed}", file=sys.stderr)
                return 1
            if arguments.show:
                await asyncio.sleep(_SHOW_END_S)
        print("Done: every step happened.")
        return 0
    finally:
        await customer.close()
