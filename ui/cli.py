"""The `scantill` command: the till's window, the demo, and every command of `app.cli`.

Qt is imported only by the commands that need it.
"""

import argparse
import sys
from collections.abc import Sequence

from app.cli import add_till_options, build_parser, run


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; with none named, open the till."""
    parser, _commands = build_parser()
    add_till_options(parser)
    parser.set_defaults(run=_window)
    return run(parser, argv)


def _window(arguments: argparse.Namespace) -> int:
    from ui.start import open_window

    return open_window(arguments)


if __name__ == "__main__":
    sys.exit(main())
