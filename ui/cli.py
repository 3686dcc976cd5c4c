"""The `scantill` command: the till's window, the demo, and every command of `app.cli`.

Qt is imported only by the commands that need it.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from app.cli import build_parser, run
from app.cli_options import add_data_dir, add_till_options

_PROVIDERS = (
    "stripe_checkout",
    "stripe_elements",
    "stripe_links",
    "paypal",
    "square",
    "razorpay",
    "razorpay_upi",
    "cash",
    "terminal",
)
_ENDS = ("declined", "challenge", "error", "late", "late-fail", "expired", "cancel", "closed")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; with none named, open the till."""
    parser, commands = build_parser()
    add_till_options(parser)
    parser.set_defaults(run=_window)
    demo = commands.add_parser("demo", help="play one sale from the first tap to PAID")
    add_data_dir(demo)
    demo.add_argument(
        "--out", type=Path, default=Path("demo-pictures"), metavar="DIR", help="for the pictures"
    )
    demo.add_argument("--card", default="", metavar="NUMBER", help="pay with this test card first")
    demo.add_argument("--end", choices=_ENDS, help="play one of the other ends of a payment")
    demo.add_argument(
        "--provider", choices=_PROVIDERS, default="", help="sell by this kind of account"
    )
    demo.add_argument(
        "--subscription", action="store_true", help="sell a subscription of the catalog"
    )
    demo.add_argument("--no-webhooks", action="store_true", help="learn of it by polling alone")
    demo.add_argument(
        "--no-browser", action="store_true", help="post the page's form, Chromium or not"
    )
    demo.add_argument("--show", action="store_true", help="slowly, for somebody who watches")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="which goods are sold")
    demo.set_defaults(run=_demo)
    return run(parser, argv)


def _window(arguments: argparse.Namespace) -> int:
    # What is loaded now stays loaded. Looking for garbage among it takes 50 ms of the start, and
    # each time later on would stop the window for as long.
    gc.disable()
    from ui.start import open_window

    gc.freeze()
    gc.enable()

    return open_window(arguments)


def _demo(arguments: argparse.Namespace) -> int:
    from ui.demo.command import run_demo

    return run_demo(arguments)


if __name__ == "__main__":
    sys.exit(main())
