"""The `scantill` command: the till's window, the demo, and every command of `app.cli`.

Qt is imported only by the commands that need it, and the rest only once Ctrl+C means an end
without a traceback: loading it all takes half a second.
"""

import os
import sys

TYPE_CHECKING = False  # typing's own would have to be loaded first
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import FrameType

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
_INTERRUPTED = 130


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the command; with none named, open the till."""
    try:
        return _main(argv)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except RuntimeError as error:
        # Python 3.11 says so of one that falls into the making of a class.
        if isinstance(error.__cause__, KeyboardInterrupt):
            return _INTERRUPTED
        raise


class _Loading:
    """Has Ctrl+C end the process there and then, as long as there is nothing to be ended.

    Of what falls into their loading libraries make other errors: Qt's an ImportError.
    """

    def __enter__(self) -> None:
        import signal
        from threading import current_thread, main_thread

        self._before = signal.getsignal(signal.SIGINT)
        # Where it is ignored, or somebody else's, it stays so.
        if self._before is signal.default_int_handler and current_thread() is main_thread():
            signal.signal(signal.SIGINT, self._end)

    def __exit__(self, *_: object) -> None:
        import signal

        if signal.getsignal(signal.SIGINT) == self._end:
            signal.signal(signal.SIGINT, self._before)

    @staticmethod
    def _end(number: int, frame: "FrameType | None") -> None:
        os._exit(_INTERRUPTED)


def _main(argv: "Sequence[str] | None") -> int:
    with _Loading():
        from app.cli import run

        parser = _parser()
    return run(parser, argv)


def _parser() -> "argparse.ArgumentParser":
    from pathlib import Path

    from app.cli import build_parser
    from app.cli_options import add_data_dir, add_till_options

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
    return parser


def _window(arguments: "argparse.Namespace") -> int:
    import gc

    # What is loaded now stays loaded. Looking for garbage among it takes 50 ms of the start, and
    # each time later on would stop the window for as long.
    gc.disable()
    with _Loading():
        from ui.start import open_window

    gc.freeze()
    gc.enable()

    return open_window(arguments)


def _demo(arguments: "argparse.Namespace") -> int:
    with _Loading():
        from ui.demo.command import run_demo

    return run_demo(arguments)


if __name__ == "__main__":
    sys.exit(main())
